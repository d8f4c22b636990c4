//! Every call that changes the disk fails once, or is the last: strace(1) tampers with the calls of a real process.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Instant;

use krepis_history::{History, Meta, UndoOptions};
use tempfile::TempDir;

use crate::scenario::{act, lay_out, snapshot};
use crate::{VICTIM, done, figures, folder, torture};

/// Each counted by itself; those that open files begin with the ones of the loader.
const CALLS: &[&str] = &[
    "write",
    "fsync",
    "syncfs",
    "rename",
    "renameat2",
    "link",
    "symlink",
    "mkdir",
    "rmdir",
    "unlink",
    "fchmod",
    "openat",
];

/// An action, what goes ahead of it, and where a process before it was killed.
const RUNS: &[(&str, &[&str], &str)] = &[
    ("apply", &[], ""),
    ("undo", &["apply"], ""),
    ("recover", &[], "history::apply::swapped=6*off->return"),
];

fn stage(ahead: &[&str], killed: &str) -> TempDir {
    let folder = folder();
    lay_out(folder.path());
    for action in ahead {
        act(folder.path(), action).expect(action);
    }
    if !killed.is_empty() {
        let status = Command::new(VICTIM)
            .arg(folder.path())
            .arg("apply")
            .env("FAILPOINTS", killed)
            .status()
            .expect("the victim starts");
        assert_eq!(status.signal(), Some(9));
    }
    folder
}

/// Runs an action with its n-th writing call tampered with; also whether that call was reached.
fn tampered(root: &Path, action: &str, call: &str, how: &str, number: usize) -> (ExitStatus, bool) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let status = Command::new("strace")
        .args(["-f", "-q", "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:{how}:when={number}")])
        .arg("-o")
        .arg(file.path())
        .args([VICTIM])
        .arg(root)
        .arg(action)
        .stderr(std::process::Stdio::null())
        .status()
        .expect("strace(1) is needed by this test");
    let trace = std::fs::read_to_string(file.path()).expect("the trace");
    let reached =
        trace.contains("(INJECTED)") || status.signal() == Some(9) || trace.contains("killed by SIGKILL");
    (status, reached)
}

#[test]
fn whichever_call_fails_or_is_the_last_it_is_before_or_after() {
    let works = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !works {
        assert!(
            std::env::var_os("CI").is_none(),
            "this test needs strace(1) and the right to trace"
        );
        return;
    }
    let started = Instant::now();
    let ways: &[&str] = if torture() {
        &["error=EIO", "error=ENOSPC", "error=EINTR", "signal=KILL"]
    } else {
        &["error=EIO", "signal=KILL"]
    };
    let step = if torture() { 1 } else { 8 };
    let (mut failed, mut unharmed, mut killed) = (0, 0, 0);
    for (index, (action, ahead, at)) in RUNS.iter().enumerate() {
        let reference = stage(ahead, at);
        let recovers = *action == "recover";
        if recovers {
            act(reference.path(), "recover").expect("recovered");
        }
        let (before, operations) = (snapshot(reference.path()), done(reference.path(), "before"));
        act(reference.path(), action).expect(action);
        let after = snapshot(reference.path());
        for (call, way) in CALLS
            .iter()
            .flat_map(|call| ways.iter().map(move |way| (call, way)))
        {
            for number in (1 + index % step..).step_by(step) {
                let staged = stage(ahead, at);
                let root = staged.path();
                let (status, reached) = tampered(root, action, call, way, number);
                let context = format!("{action} with {call} number {number}: {way}, {status:?}");
                if !reached {
                    assert!(status.success(), "{context}");
                    break;
                }
                let acknowledged = status.success();
                match (acknowledged, way.starts_with("error")) {
                    (true, _) => unharmed += 1,
                    (false, true) => failed += 1,
                    (false, false) => killed += 1,
                }
                act(root, "recover")
                    .unwrap_or_else(|failure| panic!("{context}, then recovery: {failure:?}"));
                let happened = done(root, &context) > operations;
                let now = snapshot(root);
                assert_eq!(
                    now,
                    if happened { after.clone() } else { before.clone() },
                    "{context}"
                );
                assert!(
                    recovers || happened || !acknowledged,
                    "{context}: acknowledged and not there"
                );
                if way.starts_with("error") && !recovers {
                    assert_eq!(
                        happened, acknowledged,
                        "{context}: it said that it failed, and it is there"
                    );
                }
                if happened {
                    let (history, options) = (History::new(root), UndoOptions::default());
                    let back = if *action == "undo" {
                        history.redo(Meta::default(), &options)
                    } else {
                        history.undo(Meta::default(), &options)
                    };
                    back.expect(&context);
                    assert_eq!(snapshot(root), before, "{context}");
                }
            }
        }
    }
    figures(&format!(
        "calls: {} tampered with in {:.1} s: {failed} failed operations, {unharmed} unharmed, {killed} killed at a call",
        failed + unharmed + killed,
        started.elapsed().as_secs_f64()
    ));
    assert!(failed > 10 && killed > 10, "{failed} {killed}");
}
