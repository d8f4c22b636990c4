//! `krepis-workspace-writer ROOT ACTION [NAME ROUNDS]`: one of several writers. `FAILPOINTS` says where it dies.

use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use krepis_change::{Change, Failure, FileState, Transition, Tree, WorkspacePath};
use krepis_history::{Intent, Meta, Owner, UndoOptions};
use krepis_workspace::{Options, Workspace};

const PATIENT: Options = Options {
    lock_timeout: Duration::from_mins(1),
};

fn main() -> std::process::ExitCode {
    let _failpoints = fail::FailScenario::setup();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, action, rest @ ..] = arguments.as_slice() else {
        return 2.into();
    };
    let workspace = Workspace::at(Path::new(root));
    let outcome = match (action.as_str(), rest) {
        ("append", [name, rounds]) => {
            (0..rounds.parse().unwrap_or(0)).try_for_each(|round| append(&workspace, name, round))
        }
        ("timed", [name, rounds]) => {
            (0..rounds.parse().unwrap_or(0)).try_for_each(|round| timed(&workspace, name, round))
        }
        ("undo", []) => undo(&workspace),
        ("hold", []) => hold(&workspace),
        ("observe", []) => observe(&workspace),
        other => panic!("unknown action {other:?}"),
    };
    match outcome {
        Ok(()) => 0.into(),
        Err(failure) => {
            eprintln!("{failure} {:?}", failure.reason);
            failure.exit().into()
        }
    }
}

fn path(text: &str) -> WorkspacePath {
    WorkspacePath::parse(text).expect("a path")
}

fn state(tree: &dyn Tree, text: &str) -> FileState {
    tree.state(&path(text)).expect("readable")
}

/// Adds a line to the file that all writers share, and makes a file of its own.
fn append(workspace: &Workspace, name: &str, round: u32) -> Result<(), Failure> {
    let mut plan = |tree: &dyn Tree| Ok(appended(tree, name, round));
    workspace
        .apply(&mut plan, &|_, _| Ok(()), Meta::default(), PATIENT)
        .map(drop)
}

fn appended(tree: &dyn Tree, name: &str, round: u32) -> Change {
    let list = state(tree, "list");
    let own = format!("made/{name}-{round}");
    let one = |path, before, after| Transition {
        path,
        before,
        after,
        edits: Vec::new(),
        renamed_from: None,
    };
    let text = format!("{}{name}-{round}\n", list.as_text().unwrap_or_default());
    Change {
        title: format!("{name} {round}"),
        transitions: vec![
            one(path("list"), list, FileState::text(&text)),
            one(path(&own), state(tree, &own), FileState::text(name)),
        ],
        reads: Vec::new(),
    }
}

/// As [`append`]; prints for how many microseconds it waited for its turn.
fn timed(workspace: &Workspace, name: &str, round: u32) -> Result<(), Failure> {
    let asked = Instant::now();
    let turn = workspace.turn(PATIENT)?;
    println!("{}", asked.elapsed().as_micros());
    let change = appended(&workspace.tree(), name, round);
    turn.history
        .apply(&change, Intent::apply(Meta::default()))
        .map(drop)
}

fn undo(workspace: &Workspace) -> Result<(), Failure> {
    workspace
        .turn(PATIENT)?
        .history
        .undo(Meta::default(), &UndoOptions::default())
        .map(drop)
}

/// Holds the lock until standard input ends.
fn hold(workspace: &Workspace) -> Result<(), Failure> {
    let _turn = workspace.turn(PATIENT)?;
    wait();
    Ok(())
}

/// Observes, writes as it likes, and waits to be killed.
fn observe(workspace: &Workspace) -> Result<(), Failure> {
    let tree = workspace.tree();
    let one = |name| Transition {
        path: path(name),
        before: state(&tree, name),
        after: FileState::Absent,
        edits: Vec::new(),
        renamed_from: None,
    };
    let change = Change {
        title: "nx".into(),
        transitions: vec![one("list"), one(".env")],
        reads: Vec::new(),
    };
    let owner = || Owner::of(std::process::id()).expect("this process");
    workspace.observe(&change, Meta::default(), owner(), PATIENT)?;
    // A composed generator of the same process observes again.
    workspace.observe(&change, Meta::default(), owner(), PATIENT)?;
    std::fs::write(workspace.root().join("list"), "by nx\n").expect("write");
    std::fs::write(workspace.root().join(".env"), "TOKEN=new\n").expect("write");
    wait();
    Ok(())
}

fn wait() {
    println!("ready");
    drop(std::io::stdin().read_to_end(&mut Vec::new()));
}
