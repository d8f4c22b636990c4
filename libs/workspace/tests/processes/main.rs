//! Several processes at one workspace.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use krepis_change::{Change, FileState, Transition, WorkspacePath};
use krepis_history::{Ending, Meta, Stage};
use krepis_workspace::{Options, Workspace};
use tempfile::TempDir;

const PATIENT: Options = Options {
    lock_timeout: Duration::from_mins(1),
};
const HASTY: Options = Options {
    lock_timeout: Duration::from_millis(50),
};

fn workspace() -> (TempDir, Workspace) {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("krepis.json"), "{}\n").expect("write");
    fs::write(folder.path().join("list"), "").expect("write");
    let workspace = Workspace::at(folder.path());
    (folder, workspace)
}

fn start(root: &Path, arguments: &[&str], failpoints: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_krepis-workspace-writer"))
        .arg(root)
        .args(arguments)
        .env("FAILPOINTS", failpoints)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writer starts")
}

/// Waits for the line "ready".
fn ready(child: &mut Child) {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("piped"))
        .read_line(&mut line)
        .expect("a line");
    assert_eq!(line, "ready\n");
}

fn lines(workspace: &Workspace) -> BTreeSet<String> {
    let text = fs::read_to_string(workspace.root().join("list")).expect("read");
    let lines: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), text.lines().count(), "no line twice");
    lines
}

fn made(workspace: &Workspace) -> BTreeSet<String> {
    let entries = fs::read_dir(workspace.root().join("made"))
        .into_iter()
        .flatten()
        .flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn of_many_writers_at_once_none_is_lost_and_all_can_be_undone() {
    let (_folder, workspace) = workspace();
    let children: Vec<Child> = (0..6)
        .map(|number| start(workspace.root(), &["append", &format!("w{number}"), "4"], ""))
        .collect();
    for mut child in children {
        assert!(child.wait().expect("ended").success());
    }
    let wanted: BTreeSet<String> = (0..24)
        .map(|number| format!("w{}-{}", number / 4, number % 4))
        .collect();
    assert_eq!(lines(&workspace), wanted);
    assert_eq!(made(&workspace), wanted);
    let log = workspace.history().log().expect("log");
    assert_eq!(log.entries.len(), 24);
    for pair in log.entries.windows(2) {
        assert_eq!(pair[1].operation.parent, Some(pair[0].operation.id), "one chain");
    }
    let children: Vec<Child> = (0..24).map(|_| start(workspace.root(), &["undo"], "")).collect();
    for mut child in children {
        assert!(child.wait().expect("ended").success());
    }
    assert_eq!(
        fs::read_to_string(workspace.root().join("list")).expect("read"),
        ""
    );
    assert!(!workspace.root().join("made").exists());
}

/// 16 processes x 50 operations: none is lost, all are in the history, and how long they wait is told.
#[test]
fn of_sixteen_processes_with_fifty_operations_none_is_lost() {
    let (processes, rounds) = (
        16,
        if std::env::var_os("KREPIS_TORTURE").is_some() {
            50
        } else {
            6
        },
    );
    let (_folder, workspace) = workspace();
    let started = Instant::now();
    let children: Vec<Child> = (0..processes)
        .map(|number| {
            start(
                workspace.root(),
                &["timed", &format!("w{number}"), &rounds.to_string()],
                "",
            )
        })
        .collect();
    let mut waits: Vec<u128> = Vec::new();
    for child in children {
        let output = child.wait_with_output().expect("ended");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("numbers");
        let own: Vec<u128> = text
            .lines()
            .map(|line| line.parse().expect("microseconds"))
            .collect();
        assert_eq!(own.len(), rounds);
        waits.extend(own);
    }
    let took = started.elapsed();
    let wanted: BTreeSet<String> = (0..processes)
        .flat_map(|number| (0..rounds).map(move |round| format!("w{number}-{round}")))
        .collect();
    assert_eq!(lines(&workspace), wanted);
    assert_eq!(made(&workspace), wanted);
    let log = workspace.history().log().expect("log");
    assert_eq!(log.entries.len(), processes * rounds);
    waits.sort_unstable();
    let part = |percent: usize| waits[(waits.len() * percent / 100).min(waits.len() - 1)] / 1000;
    let _ = writeln!(
        std::io::stderr(),
        "figures: processes: {processes} x {rounds} operations in {:.1} s, none lost; a turn waited for: median {} ms, p95 {} ms, \
         longest {} ms",
        took.as_secs_f64(),
        part(50),
        part(95),
        part(100)
    );
}

#[test]
fn writers_killed_among_others_leave_all_or_nothing_of_theirs() {
    let (_folder, workspace) = workspace();
    let deadly = [
        "history::apply::swapped=return",
        "history::apply::swapped=3*off->return",
        "history::apply::marked=1*off->return",
    ];
    let mut children = Vec::new();
    for (number, failpoints) in deadly.into_iter().enumerate() {
        children.push(start(
            workspace.root(),
            &["append", &format!("k{number}"), "5"],
            failpoints,
        ));
        children.push(start(
            workspace.root(),
            &["append", &format!("w{number}"), "4"],
            "",
        ));
    }
    let killed = children
        .iter_mut()
        .map(|child| child.wait().expect("ended"))
        .filter(|it| it.signal() == Some(9))
        .count();
    assert_eq!(killed, deadly.len());
    drop(
        workspace
            .turn(PATIENT)
            .expect("the last writer may have left something to settle"),
    );
    let lines = lines(&workspace);
    assert_eq!(lines, made(&workspace));
    for number in 0..3 {
        let own = lines
            .iter()
            .filter(|line| line.starts_with(&format!("w{number}-")))
            .count();
        assert_eq!(own, 4, "a writer that lives loses nothing");
    }
    assert_eq!(workspace.history().log().expect("log").entries.len(), lines.len());
    let open = workspace.history().scan().expect("scan");
    assert!(
        open.iter()
            .all(|(_, stage)| matches!(stage, Stage::Done | Stage::Aborted))
    );
}

#[test]
fn a_held_lock_ends_the_wait_with_75_and_names_the_holder() {
    let (_folder, workspace) = workspace();
    let mut holder = start(workspace.root(), &["hold"], "");
    ready(&mut holder);
    let failure = workspace.turn(HASTY).expect_err("locked");
    assert_eq!((failure.code.id, failure.exit()), ("KRP4502", 75));
    assert!(
        failure
            .message
            .starts_with(&format!("process {} (for ", holder.id())),
        "{failure}"
    );
    // A reader neither waits nor writes.
    assert_eq!(workspace.history().log().expect("log").entries.len(), 0);
    holder.kill().expect("killed");
    holder.wait().expect("ended");
    drop(workspace.turn(HASTY).expect("a lock dies with its holder"));
}

#[test]
fn a_writer_waits_for_an_observed_operation_and_completes_it_when_its_owner_is_dead() {
    let (_folder, workspace) = workspace();
    fs::write(workspace.root().join(".env"), "TOKEN=old\n").expect("write");
    let mut owner = start(workspace.root(), &["observe"], "");
    ready(&mut owner);
    let failure = workspace.turn(HASTY).expect_err("under way");
    assert_eq!((failure.code.id, failure.exit()), ("KRP4051", 75));
    assert!(failure.message.contains(&owner.id().to_string()), "{failure}");
    owner.kill().expect("killed");
    owner.wait().expect("ended");
    let turn = workspace.turn(HASTY).expect("completed");
    assert_eq!(
        turn.recovered.iter().map(|it| it.ending).collect::<Vec<_>>(),
        [Ending::Completed; 2]
    );
    let log = turn.history.log().expect("log");
    let paths: Vec<&str> = log
        .entries
        .iter()
        .flat_map(|it| &it.operation.files)
        .map(|it| it.path.as_str())
        .collect();
    assert_eq!(paths, ["list", "list"], "a secret is never recorded");
    turn.history
        .undo(Meta::default(), &krepis_history::UndoOptions::default())
        .expect("undone");
    assert_eq!(
        fs::read_to_string(workspace.root().join("list")).expect("read"),
        ""
    );
    assert_eq!(
        fs::read_to_string(workspace.root().join(".env")).expect("read"),
        "TOKEN=new\n"
    );
}

fn change_of(path: &str) -> Change {
    let path = WorkspacePath::parse(path).expect("a path");
    let (before, after) = (FileState::Absent, FileState::text("x\n"));
    let one = Transition {
        path,
        before,
        after,
        edits: Vec::new(),
        renamed_from: None,
    };
    Change {
        title: "t".into(),
        transitions: vec![one],
        reads: Vec::new(),
    }
}

#[test]
fn what_the_judge_refuses_a_secret_and_an_empty_change_leave_no_operation() {
    let (_folder, workspace) = workspace();
    fs::write(
        workspace.root().join("krepis.json"),
        r#"{ "schema": 1, "secrets": ["keys/**"] }"#,
    )
    .expect("write");
    let apply = |change: Change, verdict: Result<(), krepis_change::Failure>| {
        workspace.apply(
            &mut |_| Ok(change.clone()),
            &|_, _| verdict.clone(),
            Meta::default(),
            PATIENT,
        )
    };
    let refusal = krepis_change::Failure::new(&krepis_workspace::errors::SECRET, "no");
    assert_eq!(
        apply(change_of("a"), Err(refusal.clone())).expect_err("refused"),
        refusal
    );
    for secret in [".env", "apps/.env.local", "keys/private.pem"] {
        let failure = apply(change_of(secret), Ok(())).expect_err("secret");
        assert_eq!((failure.code.id, failure.exit()), ("KRP4504", 2), "{secret}");
    }
    assert!(
        apply(Change::default(), Ok(()))
            .expect("nothing")
            .operation
            .is_none()
    );
    assert_eq!(workspace.history().scan().expect("scan"), []);
    assert!(!workspace.root().join("a").exists() && !workspace.root().join(".env").exists());
    assert!(
        apply(change_of(".env.example"), Ok(()))
            .expect("applied")
            .operation
            .is_some()
    );
}

#[test]
fn a_linked_krepis_folder_is_refused() {
    let (_folder, workspace) = workspace();
    let elsewhere = TempDir::new().expect("a folder");
    std::os::unix::fs::symlink(elsewhere.path(), workspace.root().join(".krepis")).expect("link");
    let failure = workspace.turn(HASTY).expect_err("refused");
    assert_eq!(failure.exit(), 1);
    assert_eq!(fs::read_dir(elsewhere.path()).expect("list").count(), 0);
}
