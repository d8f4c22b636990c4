//! Messages made here go to a Node process, through the TypeScript types, and come back the same.
//!
//! The values are made from the descriptors: a new message or field is covered by itself.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::{Config, TestRunner};
use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

mod messages;

use messages::{MESSAGES, codec};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a tool of the workspace; it must be there.
fn tool(name: &str, arguments: &[&str]) {
    let output = Command::new(root().join("node_modules/.bin").join(name))
        .current_dir(root())
        .args(arguments)
        .output()
        .unwrap_or_else(|error| {
            panic!("node_modules/.bin/{name} does not run ({error}): install the workspace first")
        });
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

struct Descriptors {
    messages: BTreeMap<String, DescriptorProto>,
    enums: BTreeMap<String, Vec<i32>>,
}

fn descriptors() -> Descriptors {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("descriptors.binpb");
    tool(
        "buf",
        &["build", "--as-file-descriptor-set", "-o", file.to_str().unwrap()],
    );
    let set = FileDescriptorSet::decode(std::fs::read(&file).unwrap().as_slice()).unwrap();
    let files = || set.file.iter().filter(|file| file.package() == "krepis.v1");
    assert!(
        files()
            .flat_map(|file| &file.message_type)
            .all(|message| message.nested_type.is_empty()),
        "nested messages: teach this test about them"
    );
    Descriptors {
        messages: files()
            .flat_map(|file| &file.message_type)
            .map(|message| (message.name().to_owned(), message.clone()))
            .collect(),
        enums: files()
            .flat_map(|file| &file.enum_type)
            .map(|kind| {
                let numbers = kind
                    .value
                    .iter()
                    .map(prost_types::EnumValueDescriptorProto::number)
                    .collect();
                (kind.name().to_owned(), numbers)
            })
            .collect(),
    }
}

/// The process of `ts/testing/echo.ts`.
struct Echo {
    // Dropped before the process is waited for, so that it sees the end of its input.
    input: Option<ChildStdin>,
    output: ChildStdout,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Echo {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("echo.mjs");
        tool(
            "esbuild",
            &[
                "libs/proto/ts/testing/echo.ts",
                "--bundle",
                "--platform=node",
                "--format=esm",
                "--log-level=error",
                &format!("--outfile={}", bundle.display()),
            ],
        );
        let mut process = Command::new(root().join("node_modules/.bin/node"))
            .arg(&bundle)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        Self {
            input: process.stdin.take(),
            output: process.stdout.take().unwrap(),
            process,
            _folder: folder,
        }
    }

    fn ask(&mut self, what: &str, name: &str, content: &[u8]) -> Result<Vec<u8>, String> {
        let mut request = Vec::new();
        for part in [what.as_bytes(), name.as_bytes(), content] {
            request.extend(u32::try_from(part.len()).unwrap().to_le_bytes());
            request.extend(part);
        }
        self.input.as_mut().unwrap().write_all(&request).unwrap();
        let mut part = || {
            let mut length = [0; 4];
            self.output.read_exact(&mut length).expect("the process answers");
            let mut content = vec![0; u32::from_le_bytes(length) as usize];
            self.output.read_exact(&mut content).unwrap();
            content
        };
        let (status, content) = (part(), part());
        if status == b"ok" {
            Ok(content)
        } else {
            Err(String::from_utf8_lossy(&content).into_owned())
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        drop(self.input.take());
        drop(self.process.wait());
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
    out
}

fn tagged(number: i32, wire_type: u64, payload: &[u8]) -> Vec<u8> {
    let mut out = varint(u64::from(number.unsigned_abs()) << 3 | wire_type);
    out.extend(payload);
    out
}

fn delimited(number: i32, content: &[u8]) -> Vec<u8> {
    let mut payload = varint(content.len() as u64);
    payload.extend(content);
    tagged(number, 2, &payload)
}

impl Descriptors {
    /// A message in binary form.
    fn message(&self, name: &str, known_enums_only: bool) -> BoxedStrategy<Vec<u8>> {
        let descriptor = self
            .messages
            .get(name)
            .unwrap_or_else(|| panic!("no message {name}"));
        let mut parts: Vec<BoxedStrategy<Vec<u8>>> = Vec::new();
        let mut unions: BTreeMap<i32, Vec<BoxedStrategy<Vec<u8>>>> = BTreeMap::new();
        for field in &descriptor.field {
            let value = self.field(field, known_enums_only);
            match field.oneof_index {
                Some(index) if !field.proto3_optional() => unions.entry(index).or_default().push(value),
                _ if field.label() == Label::Repeated => parts.push(
                    proptest::collection::vec(value, 0..3)
                        .prop_map(|values| values.concat())
                        .boxed(),
                ),
                _ => parts.push(prop_oneof![1 => Just(Vec::new()), 3 => value].boxed()),
            }
        }
        for (_, mut values) in unions {
            values.push(Just(Vec::new()).boxed());
            parts.push(Union::new(values).boxed());
        }
        parts.prop_map(|parts| parts.concat()).boxed()
    }

    fn field(&self, field: &FieldDescriptorProto, known_enums_only: bool) -> BoxedStrategy<Vec<u8>> {
        let number = field.number();
        let short_name = || field.type_name().trim_start_matches(".krepis.v1.").to_owned();
        let numbers = |values: BoxedStrategy<u64>| {
            values
                .prop_map(move |value| tagged(number, 0, &varint(value)))
                .boxed()
        };
        match field.r#type() {
            Type::Uint32 => numbers(
                prop_oneof![Just(0), Just(1), Just(u32::MAX), any::<u32>()]
                    .prop_map(u64::from)
                    .boxed(),
            ),
            Type::Uint64 => {
                numbers(prop_oneof![Just(0), Just(1 << 53), Just(u64::MAX), any::<u64>()].boxed())
            }
            Type::Int64 => numbers(
                prop_oneof![Just(i64::MIN), Just(-1), Just(0), Just(i64::MAX), any::<i64>()]
                    .prop_map(i64::cast_unsigned)
                    .boxed(),
            ),
            Type::Bool => numbers(any::<bool>().prop_map(u64::from).boxed()),
            Type::Enum => {
                let known = proptest::sample::select(self.enums[&short_name()].clone());
                let numbered = if known_enums_only {
                    known.boxed()
                } else {
                    prop_oneof![3 => known, 1 => any::<i32>()].boxed()
                };
                numbers(
                    numbered
                        .prop_map(|value| i64::from(value).cast_unsigned())
                        .boxed(),
                )
            }
            Type::String => prop_oneof![Just(String::new()), any::<String>()]
                .prop_map(move |text| delimited(number, text.as_bytes()))
                .boxed(),
            Type::Bytes => prop_oneof![Just(vec![0xff, 0xfe, 0]), any::<Vec<u8>>()]
                .prop_map(move |bytes| delimited(number, &bytes))
                .boxed(),
            Type::Message => self
                .message(&short_name(), known_enums_only)
                .prop_map(move |content| delimited(number, &content))
                .boxed(),
            other => panic!("{}: teach this test about {other:?}", field.name()),
        }
    }
}

fn runner() -> TestRunner {
    TestRunner::new(Config {
        cases: 1000,
        failure_persistence: None,
        ..Config::default()
    })
}

#[test]
fn every_message_of_the_descriptors_is_known_here() {
    let described = descriptors();
    let mut known: Vec<_> = MESSAGES.iter().map(|codec| codec.name).collect();
    known.sort_unstable();
    assert_eq!(known, described.messages.keys().collect::<Vec<_>>());
}

#[test]
fn what_rust_encodes_typescript_decodes_and_sends_back_the_same() {
    let descriptors = descriptors();
    let echo = RefCell::new(Echo::start());
    for name in descriptors.messages.keys() {
        let codec = codec(name).unwrap();
        runner()
            .run(&descriptors.message(name, false), |bytes| {
                let encoded = (codec.binary)(&bytes).unwrap();
                let back = echo
                    .borrow_mut()
                    .ask("binary", name, &encoded)
                    .map_err(TestCaseError::fail)?;
                prop_assert_eq!((codec.same)(&encoded, &back), Ok(true), "{}", name);
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn both_sides_print_and_read_the_same_json() {
    let descriptors = descriptors();
    let echo = RefCell::new(Echo::start());
    for name in descriptors.messages.keys() {
        let codec = codec(name).unwrap();
        runner()
            .run(&descriptors.message(name, true), |bytes| {
                let json = (codec.to_json)(&bytes).unwrap();
                let theirs = echo
                    .borrow_mut()
                    .ask("toJson", name, &bytes)
                    .map_err(TestCaseError::fail)?;
                let value = |json: &[u8]| serde_json::from_slice::<serde_json::Value>(json).unwrap();
                prop_assert_eq!(value(&json), value(&theirs), "{}", name);
                let read = (codec.from_json)(&theirs).map_err(TestCaseError::fail)?;
                prop_assert_eq!((codec.same)(&read, &bytes), Ok(true), "{} read by Rust", name);
                let read = echo
                    .borrow_mut()
                    .ask("fromJson", name, &json)
                    .map_err(TestCaseError::fail)?;
                prop_assert_eq!(
                    (codec.same)(&read, &bytes),
                    Ok(true),
                    "{} read by TypeScript",
                    name
                );
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn unknown_fields_are_ignored_by_rust_and_kept_by_typescript() {
    let unknown = [delimited(1000, b"from the future"), tagged(1001, 0, &varint(7))].concat();
    let mut echo = Echo::start();
    for codec in MESSAGES {
        assert_eq!((codec.binary)(&unknown).unwrap(), b"", "{}", codec.name);
        let kept = echo.ask("binary", codec.name, &unknown).unwrap();
        assert_eq!(kept, unknown, "{}", codec.name);
    }
    // Inside another message as well.
    let inside = delimited(3, &unknown);
    assert_eq!(echo.ask("binary", "ChangeSet", &inside).unwrap(), inside);
}

#[test]
fn absent_and_empty_are_two_things() {
    let mut echo = Echo::start();
    let absent = krepis_proto::v1::FileChange::default();
    let empty = krepis_proto::v1::FileChange {
        before: Some(String::new()),
        ..absent.clone()
    };
    for message in [absent, empty] {
        let back = echo
            .ask("binary", "FileChange", &message.encode_to_vec())
            .unwrap();
        assert_eq!(
            krepis_proto::v1::FileChange::decode(back.as_slice()).unwrap(),
            message
        );
    }
}

#[test]
fn rust_refuses_text_that_is_not_utf_8() {
    let broken = delimited(2, b"\xff\xfe");
    let error = (codec("ChangeSet").unwrap().binary)(&broken).unwrap_err();
    assert!(error.contains("UTF-8"), "{error}");
}
