//! `kill -9` at every point of the protocol: after recovery the tree is exactly before or exactly after.

#[expect(dead_code, reason = "the other suites use the rest")]
mod scenario;

use std::collections::BTreeSet;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, Output};

use krepis_history::failpoints::{COMMAND_POINTS, POINTS};
use krepis_history::{Ending, History, Stage};
use scenario::{Snapshot, act, lay_out, snapshot};
use tempfile::TempDir;

const KILL: i32 = 9;

/// In memory where there is such a folder: the kills are real, only the disk's own caching is not what is tested.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    }
    .expect("a folder")
}

/// A workspace in which `action` can be done.
fn stage(action: &str) -> TempDir {
    let folder = folder();
    lay_out(folder.path());
    let ahead: &[&str] = match action {
        "undo" => &["apply"],
        "redo" => &["apply", "undo"],
        _ => &[],
    };
    for action in ahead {
        act(folder.path(), action).expect(action);
    }
    folder
}

fn child(root: &Path, action: &str, failpoints: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_krepis-history-crash"))
        .arg(root)
        .arg(action)
        .env("FAILPOINTS", failpoints)
        .output()
        .expect("the child starts")
}

fn is_killed(output: &Output) -> bool {
    output.status.signal() == Some(KILL)
}

fn at(point: &str, passing: usize) -> String {
    if passing == 0 {
        format!("{point}=return")
    } else {
        format!("{point}={passing}*off->return")
    }
}

/// Nothing of the operation is left but its file.
fn assert_tidy(root: &Path, context: &str) {
    let tmp = root.join(".krepis/history/tmp");
    let left: Vec<_> = std::fs::read_dir(tmp)
        .map(|it| it.flatten().map(|it| it.path()).collect())
        .unwrap_or_default();
    assert_eq!(left, Vec::<std::path::PathBuf>::new(), "{context}");
    let open = History::new(root).scan().expect("scan");
    assert!(
        open.iter()
            .all(|(_, stage)| matches!(stage, Stage::Done | Stage::Aborted)),
        "{context}: {open:?}"
    );
    for entry in std::fs::read_dir(root.join(".krepis/history/ops"))
        .into_iter()
        .flatten()
        .flatten()
    {
        assert!(!entry.file_name().to_string_lossy().starts_with('.'), "{context}");
    }
}

/// Kills `action` at every passing of every point, then kills the recovery at its points, one after the other, then
/// recovers. Returns the points at which it died, and how often.
fn kill_everywhere(action: &str, also: &str) -> (BTreeSet<&'static str>, usize) {
    let staged = stage(action);
    let before = snapshot(staged.path());
    act(staged.path(), action).expect(action);
    let after = snapshot(staged.path());
    assert_ne!(before, after);
    let mut reached = BTreeSet::new();
    let mut kills = 0;
    for point in POINTS {
        for passing in 0.. {
            let staged = stage(action);
            let root = staged.path();
            let done = History::new(root).log().expect("log").entries.len();
            let output = child(root, action, &format!("{also}{}", at(point, passing)));
            if !is_killed(&output) {
                assert!(output.status.success(), "{action} {point} {passing}: {output:?}");
                assert_eq!(snapshot(root), after, "{action} with {point} not reached");
                break;
            }
            reached.insert(*point);
            kills += 1;
            let context = format!("{action} killed at {point}, passing {passing}");
            // A crash during the recovery from a crash during the recovery …
            for turn in 0..POINTS.len() {
                let second = POINTS[(turn + kills) % POINTS.len()];
                let output = child(root, "recover", &format!("{also}{}", at(second, kills % 3)));
                assert!(
                    is_killed(&output) || output.status.success(),
                    "{context}, then {second}: {output:?}"
                );
            }
            let recovered = act(root, "recover");
            assert_eq!(recovered, Ok(()), "{context}");
            let now = snapshot(root);
            assert_tidy(root, &context);
            let log = History::new(root).log().expect("log");
            assert!(log.damaged.is_empty(), "{context}: {:?}", log.damaged);
            assert_settled(&now, &before, &after, log.entries.len() - done, &context);
            assert_eq!(History::new(root).recover().expect("again"), [], "{context}");
            if now == before {
                act(root, action).unwrap_or_else(|failure| panic!("{context}, then once more: {failure}"));
            }
            assert_eq!(snapshot(root), after, "{context}, then done");
        }
    }
    (reached, kills)
}

/// The tree and the history say the same.
fn assert_settled(now: &Snapshot, before: &Snapshot, after: &Snapshot, added: usize, context: &str) {
    match added {
        0 => assert_eq!(
            now, before,
            "{context}: not in the history, so nothing of it may be there"
        ),
        1 => assert_eq!(
            now, after,
            "{context}: in the history, so all of it must be there"
        ),
        _ => panic!("{context}: {added} operations"),
    }
}

fn of<'a>(prefixes: &'a [&'a str]) -> impl Iterator<Item = &'static str> + 'a {
    POINTS
        .iter()
        .copied()
        .filter(|point| prefixes.iter().any(|prefix| point.starts_with(prefix)))
}

#[test]
fn apply_killed_anywhere_is_before_or_after() {
    let (reached, kills) = kill_everywhere("apply", "");
    let missed: Vec<_> = of(&["history::prepare", "history::apply"])
        .filter(|point| !reached.contains(point))
        .collect();
    // Apply removes no directory.
    assert_eq!(missed, ["history::apply::directory-removed"]);
    assert!(kills > 60, "{kills}");
}

#[test]
fn undo_killed_anywhere_is_before_or_after() {
    let (reached, kills) = kill_everywhere("undo", "");
    let missed: Vec<_> = of(&["history::prepare", "history::apply"])
        .filter(|point| !reached.contains(point))
        .collect();
    // The folders were made by the operation that is taken back.
    assert_eq!(missed, ["history::prepare::folders-made"]);
    assert!(kills > 60, "{kills}");
}

#[test]
fn redo_killed_anywhere_is_before_or_after() {
    let (_, kills) = kill_everywhere("redo", "");
    assert!(kills > 60, "{kills}");
}

#[test]
fn the_same_holds_where_the_file_system_knows_no_exchange() {
    let (_, kills) = kill_everywhere("undo", "history::swap::exchange=return(22);");
    assert!(kills > 60, "{kills}");
}

#[test]
fn recovery_passes_every_point_of_its_own() {
    let mut reached = BTreeSet::new();
    for point in of(&["history::recover"]) {
        let staged = stage("apply");
        assert!(is_killed(&child(
            staged.path(),
            "apply",
            "history::apply::swapped=3*off->return"
        )));
        if is_killed(&child(staged.path(), "recover", &at(point, 0))) {
            reached.insert(point);
        }
    }
    assert_eq!(reached, of(&["history::recover"]).collect());
}

#[test]
fn an_observed_operation_whose_process_dies_is_completed_from_disk() {
    let staged = stage("observe");
    let before = snapshot(staged.path());
    let points = [
        "history::observe::recorded",
        "test::owner-writes",
        "history::observe::read",
        "history::observe::completed",
    ];
    for (index, point) in points.into_iter().enumerate() {
        for passing in [0, 5] {
            let staged = stage("observe");
            let root = staged.path();
            let output = child(root, "observe", &at(point, passing));
            if output.status.success() {
                assert!(
                    passing > 0 && point != "test::owner-writes",
                    "{point}: {output:?}"
                );
                continue;
            }
            let left = snapshot(root);
            let recovered = History::new(root).recover().expect("recovered");
            assert_eq!(
                snapshot(root),
                left,
                "recovery of an observed operation writes no file"
            );
            let endings: Vec<Ending> = recovered.iter().map(|it| it.ending).collect();
            match index {
                0 => assert_eq!(endings, [Ending::Dropped], "{point}"),
                3 => assert_eq!(endings, [], "{point}"),
                _ if left == before => assert_eq!(endings, [Ending::Dropped], "{point}"),
                _ => assert_eq!(endings, [Ending::Completed], "{point}"),
            }
            if left != before {
                act(root, "undo").expect("undo");
                assert_eq!(snapshot(root), before, "{point}");
            }
        }
    }
}

#[test]
fn a_foreign_command_loses_nothing_wherever_krepis_dies() {
    let before = snapshot(stage("exec").path());
    let points = COMMAND_POINTS.iter().copied().chain(of(&["history::prepare"]));
    let mut kills = 0;
    for point in points.chain(["test::owner-writes"]) {
        // The record is written three times: before the command, with its process, and when it has ended.
        for passing in 0..3 {
            let staged = stage("exec");
            let root = staged.path();
            let output = child(root, "exec", &at(point, passing));
            if output.status.success() {
                assert!(passing > 0, "{point} is never passed");
                break;
            }
            kills += 1;
            let context = format!("killed at {point}, passing {passing}");
            let left = snapshot(root);
            // Recovery dies as well, at each point once.
            for second in COMMAND_POINTS {
                drop(child(root, "recover", &at(second, 0)));
            }
            act(root, "recover").expect("recovered");
            assert_eq!(
                snapshot(root),
                left,
                "{context}: recovery of a command writes no file"
            );
            assert_tidy(root, &context);
            let log = History::new(root).log().expect("log");
            assert_eq!(log.entries.len(), usize::from(left != before), "{context}");
            if left != before {
                act(root, "undo").expect("undo");
                assert_eq!(snapshot(root), before, "{context}");
            }
            act(root, "exec").expect("once more");
            act(root, "undo").expect("undo");
            assert_eq!(snapshot(root), before, "{context}, then once more");
        }
    }
    assert!(kills > 15, "{kills}");
}

#[test]
fn a_full_disk_while_the_files_are_saved_stops_before_the_command() {
    let staged = stage("exec");
    let before = snapshot(staged.path());
    let output = child(staged.path(), "exec", "history::exec::write=return(28)");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("KRP4062") && text.contains("No space left"),
        "{text}"
    );
    assert_eq!(snapshot(staged.path()), before);
    assert_tidy(staged.path(), "full disk");
    let base = std::fs::read_dir(staged.path().join(".krepis/history/base")).expect("listed");
    let left: Vec<_> = base
        .flatten()
        .map(|it| it.file_name())
        .filter(|it| it != ".clock")
        .collect();
    assert_eq!(left, [""; 0]);
    act(staged.path(), "exec").expect("with room");
}

/// `unshare -m`: a mount seen by the child only.
fn in_mount_namespace(script: &str, root: &Path, action: &str, failpoints: &str) -> Output {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let output = command
        .args(["--mount", "sh", "-ec"])
        .arg(format!("cd \"$2\"; {script}; exec \"$@\""))
        .arg("sh")
        .arg(env!("CARGO_BIN_EXE_krepis-history-crash"))
        .arg(root)
        .arg(action)
        .env("FAILPOINTS", failpoints)
        .output()
        .expect("unshare(1) is needed by this test");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        !text.contains("unshare:") && !text.contains("mount:"),
        "this test needs mount namespaces: {text}"
    );
    output
}

#[test]
fn a_folder_of_another_mount_is_written_and_recovered_too() {
    let script = "mount --bind src src";
    let reference = stage("apply");
    let before = snapshot(reference.path());
    act(reference.path(), "apply").expect("apply");
    let after = snapshot(reference.path());
    let mut kills = 0;
    for passing in 0.. {
        let staged = stage("apply");
        let output = in_mount_namespace(
            script,
            staged.path(),
            "apply",
            &at("history::apply::swapped", passing),
        );
        if !is_killed(&output) {
            assert!(output.status.success(), "{output:?}");
            assert_eq!(snapshot(staged.path()), after);
            break;
        }
        kills += 1;
        let beside = snapshot(staged.path())
            .into_keys()
            .any(|name| name.contains("/.krepis-"));
        assert!(beside, "a temporary file lies beside its target");
        let output = in_mount_namespace(script, staged.path(), "recover", "");
        assert!(output.status.success(), "{output:?}");
        let now = snapshot(staged.path());
        assert!(now == before || now == after, "{now:#?}");
        assert_tidy(staged.path(), "another mount");
    }
    assert!(kills > 5, "{kills}");
}

#[test]
fn a_read_only_disk_is_refused_before_anything_is_written() {
    let staged = stage("undo");
    let before = snapshot(staged.path());
    let scan = History::new(staged.path()).scan();
    let script = "mount --bind . . && mount -o remount,ro,bind .";
    let output = in_mount_namespace(script, staged.path(), "undo", "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("KRP4034"),
        "{output:?}"
    );
    assert_eq!(snapshot(staged.path()), before);
    assert_eq!(History::new(staged.path()).scan(), scan);
}

#[test]
fn a_folder_this_account_may_not_write_is_refused_before_anything_is_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let root_needed = rustix::process::geteuid().is_root();
    assert!(
        root_needed || std::env::var_os("CI").is_none(),
        "this test gives files to another account and needs root"
    );
    let staged = stage("apply");
    let root = staged.path();
    for entry in [root.to_path_buf(), root.join("src/shared")] {
        std::fs::set_permissions(&entry, std::fs::Permissions::from_mode(0o777)).expect("mode");
    }
    std::fs::set_permissions(root.join("src"), std::fs::Permissions::from_mode(0o555)).expect("mode");
    // A program in a folder that only root may enter cannot be started by another account.
    let program = root.join("child");
    std::fs::copy(env!("CARGO_BIN_EXE_krepis-history-crash"), &program).expect("copy");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("mode");
    std::fs::set_permissions(root.join("src/whole.ts"), std::fs::Permissions::from_mode(0o644))
        .expect("mode");
    let before = snapshot(root);
    let mut command = Command::new(&program);
    command.arg(root).arg("apply");
    if root_needed {
        command.uid(65534).gid(65534);
    }
    let output = command.output().expect("the child starts");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("KRP4034"),
        "{output:?}"
    );
    assert_eq!(snapshot(root), before);
    assert_eq!(History::new(root).scan().expect("scan"), []);
    std::fs::set_permissions(root.join("src"), std::fs::Permissions::from_mode(0o755)).expect("mode");
}

#[test]
fn a_write_that_fails_midway_is_taken_back() {
    for (failpoints, code) in [
        ("history::apply::write=4*off->return(28)", "KRP4035"),
        ("history::apply::write=return(122)", "KRP4035"),
        ("history::swap::rename=3*off->1*return(5)", "KRP4036"),
        ("history::swap::rename=6*off->1*return(30)", "KRP4034"),
        ("history::swap::exchange=2*off->1*return(13)", "KRP4034"),
    ] {
        for action in ["apply", "undo"] {
            let staged = stage(action);
            let before = snapshot(staged.path());
            let output = child(staged.path(), action, failpoints);
            assert_eq!(output.status.code(), Some(1), "{failpoints}: {output:?}");
            assert!(
                String::from_utf8_lossy(&output.stderr).contains(code),
                "{failpoints}: {output:?}"
            );
            assert_eq!(snapshot(staged.path()), before, "{action} with {failpoints}");
            assert_tidy(staged.path(), failpoints);
            act(staged.path(), action).expect("it works once the disk does");
        }
    }
}

#[test]
fn a_file_edited_between_the_crash_and_the_recovery_needs_a_decision() {
    let staged = stage("apply");
    let root = staged.path();
    let before = snapshot(root);
    assert!(is_killed(&child(
        root,
        "apply",
        "history::apply::all-swapped=return"
    )));
    std::fs::write(root.join("src/whole.ts"), "by hand\n").expect("write");
    let left = snapshot(root);
    let failure = act(root, "recover").expect_err("undecided");
    assert_eq!((failure.code.id, failure.exit()), ("KRP4041", 3));
    assert!(
        failure
            .hint
            .as_deref()
            .is_some_and(|hint| hint.contains("krepis recover"))
    );
    assert!(failure.message.contains("src/whole.ts"), "{failure}");
    assert_eq!(snapshot(root), left, "nothing is touched");

    let recovered = History::new(root)
        .decide(krepis_history::Decision::Before)
        .expect("decided");
    assert_eq!(snapshot(root), before);
    let rescued = &recovered[0].rescued;
    assert_eq!(rescued.len(), 1);
    assert_eq!(
        std::fs::read_to_string(&rescued[0]).expect("rescued"),
        "by hand\n"
    );
    assert_eq!(act(root, "recover"), Ok(()));
}
