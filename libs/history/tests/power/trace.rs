//! What a process asked of the disk, as strace(1) saw it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

/// One call that changes something, or makes a change durable. Failed calls change nothing and are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A new program: all descriptors are gone.
    Start,
    Open {
        path: PathBuf,
        create: bool,
        truncate: bool,
        append: bool,
        mode: u32,
        fd: i32,
    },
    Close(i32),
    Duplicate(i32, i32),
    Write(i32, Vec<u8>, Option<usize>),
    Length(i32, usize),
    Mode(i32, u32),
    ModeOf(PathBuf, u32),
    MakeFolder(PathBuf),
    RemoveFolder(PathBuf),
    Remove(PathBuf),
    Rename {
        from: PathBuf,
        to: PathBuf,
        exchange: bool,
    },
    Link(PathBuf, PathBuf),
    Symlink(Vec<u8>, PathBuf),
    Sync(i32),
    SyncAll,
}

/// Every call that can change a disk; what of these is not known below ends the test.
const TRACED: &str = "trace=execve,open,openat,openat2,creat,close,dup,dup2,dup3,fcntl,write,pwrite64,writev,pwritev,pwritev2,\
    truncate,ftruncate,fallocate,copy_file_range,sendfile,splice,chmod,fchmod,fchmodat,mkdir,mkdirat,rmdir,unlink,\
    unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mknod,mknodat,setxattr,fsetxattr,fsync,fdatasync,sync,\
    syncfs,sync_file_range,msync";

/// Runs a program and returns what it asked of the disk.
pub fn trace(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (ExitStatus, Vec<Call>) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let output = Command::new("strace")
        .args([
            "-f",
            "-q",
            "-xx",
            "-s",
            "100000000",
            "-e",
            TRACED,
            "-e",
            "signal=none",
            "-o",
        ])
        .arg(file.path())
        .arg(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .expect("strace(1) is needed by this test: apt-get install strace");
    let text = std::fs::read_to_string(file.path()).expect("the trace");
    let calls = parse(&text);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(calls.len() > 1, "strace could not trace: {told}");
    (output.status, calls)
}

fn parse(text: &str) -> Vec<Call> {
    let mut unfinished: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let (thread, rest) = line.split_once(' ').expect("a thread and a call");
        let rest = rest.trim_start();
        if rest.starts_with("+++") || rest.starts_with("---") {
            continue;
        }
        if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
            if begun.starts_with("close(") {
                // Another thread may have the number again before this one is told.
                calls.extend(one(&format!("{begun}) = 0")));
            }
            unfinished.insert(thread, begun);
            continue;
        }
        let joined = rest.strip_prefix("<... ").map(|rest| {
            let (_, end) = rest.split_once(" resumed>").expect("resumed");
            let begun = unfinished.remove(thread).expect("begun");
            format!("{begun}{end}")
        });
        if joined.as_deref().is_some_and(|call| call.starts_with("close(")) {
            continue;
        }
        let call = joined.as_deref().unwrap_or(rest);
        calls.extend(one(call));
    }
    calls
}

fn one(call: &str) -> Option<Call> {
    let (name, rest) = call.split_once('(').unwrap_or_else(|| panic!("no call: {call}"));
    let (inner, result) = rest
        .rsplit_once(" = ")
        .unwrap_or_else(|| panic!("no result: {call}"));
    let inner = inner
        .trim_end()
        .strip_suffix(')')
        .unwrap_or_else(|| panic!("no end: {call}"));
    let result: i64 = result
        .split(' ')
        .next()
        .and_then(|it| it.parse().ok())
        .unwrap_or(-1);
    if result < 0 {
        return None;
    }
    // No string holds a comma: all are in hexadecimal.
    let arguments: Vec<&str> = inner.split(", ").collect();
    let fd = |at: usize| arguments[at].parse::<i32>().unwrap_or_else(|_| panic!("{call}"));
    let path = |at: usize| -> PathBuf { OsString::from_vec(bytes(arguments[at])).into() };
    let path_at = |at: usize| -> PathBuf {
        let path = path(at + 1);
        assert!(path.is_absolute(), "a path that begins at a descriptor: {call}");
        path
    };
    let octal = |at: usize| {
        arguments
            .get(at)
            .and_then(|it| u32::from_str_radix(it, 8).ok())
            .unwrap_or(0)
    };
    let result = usize::try_from(result).expect("not negative");
    let opened = |path: PathBuf, at: usize| {
        let has = |flag: &str| arguments[at].split('|').any(|it| it == flag);
        Call::Open {
            path,
            create: has("O_CREAT"),
            truncate: has("O_TRUNC"),
            append: has("O_APPEND"),
            mode: octal(at + 1),
            fd: i32::try_from(result).expect("a descriptor"),
        }
    };
    let other = || i32::try_from(result).expect("a descriptor");
    Some(match name {
        "execve" => Call::Start,
        "open" => opened(path(0), 1),
        // A relative path is none of the workspace's.
        "openat" if !path(1).is_absolute() => return None,
        "openat" => opened(path_at(0), 2),
        "close" => Call::Close(fd(0)),
        "dup" | "dup2" | "dup3" => Call::Duplicate(fd(0), other()),
        "fcntl" if arguments[1].starts_with("F_DUPFD") => Call::Duplicate(fd(0), other()),
        "fcntl" => return None,
        "write" => Call::Write(fd(0), written(arguments[1], result), None),
        "pwrite64" => Call::Write(
            fd(0),
            written(arguments[1], result),
            Some(arguments[3].parse().expect("an offset")),
        ),
        "ftruncate" => Call::Length(fd(0), arguments[1].parse().expect("a length")),
        "fchmod" => Call::Mode(fd(0), octal(1)),
        "chmod" => Call::ModeOf(path(0), octal(1)),
        "fchmodat" => Call::ModeOf(path_at(0), octal(2)),
        "mkdir" => Call::MakeFolder(path(0)),
        "mkdirat" => Call::MakeFolder(path_at(0)),
        "rmdir" => Call::RemoveFolder(path(0)),
        "unlink" => Call::Remove(path(0)),
        "unlinkat" if arguments[2].contains("AT_REMOVEDIR") => Call::RemoveFolder(path_at(0)),
        "unlinkat" => Call::Remove(path_at(0)),
        "rename" => Call::Rename {
            from: path(0),
            to: path(1),
            exchange: false,
        },
        "renameat" | "renameat2" => Call::Rename {
            from: path_at(0),
            to: path_at(2),
            exchange: arguments.get(4).is_some_and(|it| it.contains("RENAME_EXCHANGE")),
        },
        "link" => Call::Link(path(0), path(1)),
        "linkat" => Call::Link(path_at(0), path_at(2)),
        "symlink" => Call::Symlink(bytes(arguments[0]), path(1)),
        "symlinkat" => Call::Symlink(bytes(arguments[0]), path_at(1)),
        "fsync" | "fdatasync" => Call::Sync(fd(0)),
        "sync" | "syncfs" => Call::SyncAll,
        other => panic!("the model of the disk does not know `{other}`: {call}"),
    })
}

fn written(text: &str, length: usize) -> Vec<u8> {
    let mut bytes = bytes(text);
    assert!(bytes.len() >= length, "strace cut what was written");
    bytes.truncate(length);
    bytes
}

/// `"\x61\x62"`.
fn bytes(text: &str) -> Vec<u8> {
    let inner = text
        .strip_prefix('"')
        .and_then(|it| it.strip_suffix('"'))
        .unwrap_or_else(|| panic!("no string: {text}"));
    inner
        .split("\\x")
        .skip(1)
        .map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal"))
        .collect()
}

/// True if strace can trace here at all; a container may forbid it.
pub fn works() -> bool {
    Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output()
        .is_ok_and(|output| output.status.success())
}
