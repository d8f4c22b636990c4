//! What a writer's turn adds to the history: the lock, the secrets, the limits of krepis.json.

use std::fs;
use std::time::Duration;

use krepis_change::{Change, FileState, Transition, WorkspacePath};
use krepis_history::{Meta, OperationId, UndoOptions};
use krepis_workspace::{Options, Workspace};
use tempfile::TempDir;

const OPTIONS: Options = Options {
    lock_timeout: Duration::from_secs(10),
};

fn workspace(config: &str) -> (TempDir, Workspace) {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("krepis.json"), config).expect("write");
    let workspace = Workspace::at(folder.path());
    (folder, workspace)
}

fn apply(workspace: &Workspace, path: &str, text: &str) -> OperationId {
    let path = WorkspacePath::parse(path).expect("a path");
    let one = Transition {
        before: krepis_history::read_state(workspace.root(), &path).expect("readable"),
        path,
        after: FileState::text(text),
        edits: Vec::new(),
        renamed_from: None,
    };
    let change = Change {
        title: "t".into(),
        transitions: vec![one],
        reads: Vec::new(),
    };
    let applied = workspace.apply(
        &mut |_| Ok(change.clone()),
        &|_, _| Ok(()),
        Meta::default(),
        OPTIONS,
    );
    applied.expect("applied").operation.expect("an operation").id
}

#[test]
fn a_lock_file_that_a_dead_process_left_holds_nobody_up() {
    let (_folder, workspace) = workspace(r#"{ "schema": 1 }"#);
    apply(&workspace, "a", "1\n");
    fs::write(workspace.root().join(".krepis/lock"), "4194304\n").expect("write");
    let hasty = Options {
        lock_timeout: Duration::ZERO,
    };
    let turn = workspace.turn(hasty).expect("taken at once");
    assert_eq!(
        fs::read_to_string(workspace.root().join(".krepis/lock")).expect("read"),
        format!("{}\n", std::process::id())
    );
    drop(turn);
    fs::write(workspace.root().join(".krepis/lock"), [0xff; 100]).expect("write");
    drop(workspace.turn(hasty).expect("whatever it holds"));
}

#[test]
fn after_a_write_the_history_is_cut_as_the_configuration_says() {
    let (_folder, workspace) = workspace(r#"{ "schema": 1, "history": { "keepOperations": 3 } }"#);
    let made: Vec<OperationId> = (0..5)
        .map(|n| apply(&workspace, "a", &format!("{n}\n")))
        .collect();
    let kept = || -> Vec<OperationId> {
        let scan = workspace.history().scan().expect("scan");
        scan.into_iter().map(|(id, _)| id).collect()
    };
    assert_eq!(kept(), made[2..]);
    // With a configuration that cannot be read nothing is removed.
    fs::write(workspace.root().join("krepis.json"), "{").expect("write");
    apply(&workspace, "a", "more\n");
    assert_eq!(kept().len(), 4);
}

#[test]
fn an_undo_that_would_record_a_secret_is_refused_and_its_other_files_are_taken_back() {
    let (_folder, workspace) = workspace(r#"{ "schema": 1 }"#);
    apply(&workspace, "keys/a", "public\n");
    apply(&workspace, "b", "b\n");
    fs::write(
        workspace.root().join("krepis.json"),
        r#"{ "schema": 1, "secrets": ["keys/**"] }"#,
    )
    .expect("write");
    fs::write(workspace.root().join("keys/a"), "hush\n").expect("write");
    let turn = workspace.turn(OPTIONS).expect("a turn");
    let undo = |options: &UndoOptions| {
        let plan = turn.history.plan_undo(options).expect("planned");
        turn.reverse(Meta::default(), plan)
    };
    undo(&UndoOptions::default()).expect("the other is no secret");
    let scan = turn.history.scan();
    for options in [
        UndoOptions {
            force: true,
            ..UndoOptions::default()
        },
        // What is left as it is would be recorded too.
        UndoOptions {
            skip: true,
            ..UndoOptions::default()
        },
    ] {
        let failure = undo(&options).expect_err("secret");
        assert_eq!((failure.code.id, failure.exit()), ("KRP4504", 2));
        assert_eq!(turn.history.scan(), scan);
    }
    assert_eq!(
        fs::read_to_string(workspace.root().join("keys/a")).expect("read"),
        "hush\n"
    );
}
