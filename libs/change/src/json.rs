//! The public JSON form of a change set: proto3 JSON.

use krepis_proto::v1::ChangeSet;
use serde_json::error::Category;

use crate::{Failure, errors};

/// Reads the public JSON form.
///
/// Only the form is judged here (known fields, right types); [`resolve`](crate::resolve) judges what it means.
///
/// # Errors
/// `KRP2001` if it is not JSON or a value has the wrong type, `KRP2002` for an unknown field; both with line and
/// column.
///
/// ```
/// let set = krepis_change::parse_json(br#"{ "files": [{ "path": "a.ts", "text": "export {};\n" }] }"#).unwrap();
/// assert_eq!(set.files[0].path, "a.ts");
/// let failure = krepis_change::parse_json(br#"{ "file": [] }"#).unwrap_err();
/// assert_eq!(failure.code.id, "KRP2002");
/// ```
pub fn parse_json(bytes: &[u8]) -> Result<ChangeSet, Failure> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| failure(bytes, &error))
}

/// Prints the public JSON form: two spaces of indentation, fields in the order of the message, a final newline.
/// Equal sets print equal texts, and [`parse_json`] reads them back.
///
/// ```
/// use krepis_change::{parse_json, print_json};
/// let set = parse_json(br#"{"title":"t","files":[{"path":"a","content":"AP8="}]}"#).unwrap();
/// assert_eq!(parse_json(print_json(&set).as_bytes()).unwrap(), set);
/// ```
pub fn print_json(set: &ChangeSet) -> String {
    // Maps with string keys and UTF-8 strings only: there is nothing in a ChangeSet that JSON cannot say.
    let mut text = serde_json::to_string_pretty(set).unwrap_or_default();
    text.push('\n');
    text
}

fn failure(bytes: &[u8], error: &serde_json::Error) -> Failure {
    let full = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let message = full.strip_suffix(&suffix).unwrap_or(&full);
    let column = characters(bytes, error.line(), error.column());
    let line = u32::try_from(error.line()).unwrap_or(0);
    let place = |failure: Failure, column: usize| {
        // The caller knows what the input is called.
        failure.at("", line, u32::try_from(column).unwrap_or(0))
    };
    if let Some(rest) = message.strip_prefix("unknown field `")
        && let Some((name, expected)) = rest.split_once('`')
    {
        return place(
            Failure::new(
                &errors::JSON_FIELD,
                format!("`{name}` is not a field of a change set here"),
            )
            .reason(expected.trim_start_matches([',', ' ']).to_owned())
            .hint("remove it, or correct its name"),
            // serde_json stands at the closing quote of the name, people look at its beginning.
            column.saturating_sub(name.chars().count() + 1),
        );
    }
    if let Some(name) = message.strip_prefix("duplicate field `") {
        return place(
            Failure::new(
                &errors::JSON_SYNTAX,
                format!(
                    "`{}` comes after a field that says the same",
                    name.trim_end_matches('`')
                ),
            )
            .reason("a file has exactly one of `text`, `content`, `edits`, `delete` and `symlink`, and no field stands twice"),
            column,
        );
    }
    let what = match error.classify() {
        Category::Eof => "the JSON ends too early",
        Category::Syntax | Category::Io => "the input is not JSON",
        Category::Data => "the JSON is not a change set",
    };
    place(
        Failure::new(&errors::JSON_SYNTAX, what)
            .reason(message.to_owned())
            .hint(
                "the form is { \"title\": …, \"files\": [{ \"path\": …, \"before\": …, \"text\": … }], \"reads\": […] }",
            ),
        column,
    )
}

/// `serde_json` counts bytes, people count characters.
fn characters(bytes: &[u8], line: usize, column: usize) -> usize {
    let text = bytes
        .split(|byte| *byte == b'\n')
        .nth(line.saturating_sub(1))
        .unwrap_or_default();
    String::from_utf8_lossy(&text[..column.min(text.len())])
        .chars()
        .count()
}

#[cfg(test)]
mod tests {
    use krepis_proto::v1::{Edit, FileChange, Read, file_change::Body};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_unknown_field_is_refused_by_name_with_line_and_column() {
        let failure = parse_json("{\n  \"title\": \"ö\", \"fils\": []\n}".as_bytes()).unwrap_err();
        assert_eq!(failure.code, &errors::JSON_FIELD);
        assert!(failure.message.contains("`fils`"), "{failure}");
        let at = failure.at.unwrap();
        assert_eq!((at.line, at.column), (2, 17));
        let inner = parse_json(br#"{"files":[{"path":"a","edits":[{"from":1}]}]}"#).unwrap_err();
        assert!(inner.message.contains("`from`"), "{inner}");
    }

    #[test]
    fn broken_json_says_where() {
        for (input, line) in [("", 1), ("{", 1), ("{\n\"files\": 3}", 2), ("[]", 1), ("{} x", 1)] {
            let failure = parse_json(input.as_bytes()).unwrap_err();
            assert_eq!(failure.code, &errors::JSON_SYNTAX, "{input}");
            assert_eq!(failure.at.unwrap().line, line, "{input}");
        }
    }

    #[test]
    fn two_bodies_are_refused() {
        let failure = parse_json(br#"{"files":[{"path":"a","text":"x","delete":true}]}"#).unwrap_err();
        assert!(failure.reason.unwrap().contains("exactly one"));
    }

    #[test]
    fn base64_is_read_in_both_alphabets() {
        let body = |text: &str| {
            let json = format!(r#"{{"files":[{{"path":"a","content":"{text}"}}]}}"#);
            parse_json(json.as_bytes()).unwrap().files[0].body.clone()
        };
        assert_eq!(body("+/8="), Some(Body::Content(vec![0xfb, 0xff])));
        assert_eq!(body("-_8"), body("+/8="));
    }

    #[test]
    fn a_byte_order_mark_before_the_json_is_no_error() {
        assert_eq!(parse_json(b"\xef\xbb\xbf{}").unwrap(), ChangeSet::default());
    }

    fn edit() -> impl Strategy<Value = Edit> {
        let text = || proptest::option::of(any::<String>());
        (any::<Option<u32>>(), any::<Option<u32>>(), text(), text(), text()).prop_map(
            |(start, end, text, find, replace)| Edit {
                start,
                end,
                text,
                find,
                replace,
            },
        )
    }

    fn body() -> impl Strategy<Value = Option<Body>> {
        prop_oneof![
            Just(None),
            any::<String>().prop_map(|text| Some(Body::Text(text))),
            any::<Vec<u8>>().prop_map(|content| Some(Body::Content(content))),
            any::<bool>().prop_map(|delete| Some(Body::Delete(delete))),
            any::<String>().prop_map(|target| Some(Body::Symlink(target))),
        ]
    }

    fn file() -> impl Strategy<Value = FileChange> {
        let text = || proptest::option::of(any::<String>());
        (
            any::<String>(),
            text(),
            body(),
            proptest::collection::vec(edit(), 0..3),
            text(),
            text(),
        )
            .prop_map(|(path, before, body, edits, renamed_from, mode)| FileChange {
                path,
                before,
                body,
                edits,
                renamed_from,
                mode,
            })
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_as_the_same_set(
            schema in any::<Option<u32>>(),
            title in any::<String>(),
            files in proptest::collection::vec(file(), 0..4),
            reads in proptest::collection::vec((any::<String>(), any::<String>()), 0..3),
        ) {
            let reads = reads.into_iter().map(|(path, digest)| Read { path, digest }).collect();
            let set = ChangeSet { schema, title, files, reads };
            let text = print_json(&set);
            prop_assert_eq!(parse_json(text.as_bytes()).unwrap(), set.clone());
            prop_assert_eq!(print_json(&set), text);
        }

        #[test]
        fn no_input_makes_it_panic(bytes in any::<Vec<u8>>()) {
            let _ = parse_json(&bytes);
        }
    }
}
