//! The index of the history in its cache: the log is the same with it, without it, and with a broken one.

use std::fs;
use std::time::Duration;

use krepis_cache::{Access, Budget, Condition};
use krepis_change::{Change, FileState, Transition, WorkspacePath};
use krepis_history::{Intent, Meta, UndoOptions};
use krepis_workspace::{CACHES, Options, Workspace};

const OPTIONS: Options = Options {
    lock_timeout: Duration::from_mins(1),
};

const OPERATIONS: usize = 160;

fn apply(workspace: &Workspace, number: usize) {
    let path = WorkspacePath::parse(&format!("src/f{number}.ts")).expect("a path");
    let one = Transition {
        path,
        before: FileState::Absent,
        after: FileState::text(&format!("export const a = {number};\n")),
        edits: Vec::new(),
        renamed_from: None,
    };
    let change = Change {
        title: format!("edit {number}"),
        transitions: vec![one],
        reads: Vec::new(),
    };
    let meta = Meta {
        title: change.title.clone(),
        ..Meta::default()
    };
    // Without a turn each: this is the history's way, at a tenth of the time.
    workspace
        .history()
        .apply(&change, Intent::apply(meta))
        .expect("applied");
}

fn said(workspace: &Workspace) -> String {
    let log = workspace.history().log().expect("a log");
    let next = (log.next_undo(), log.next_redo());
    format!(
        "{:?}\n{:?}\n{:?}\n{next:?}",
        log.entries, log.pending, log.damaged
    )
}

#[test]
fn the_log_is_the_same_with_a_full_an_empty_a_busy_and_a_broken_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let fresh = || Workspace::with_index_from(folder.path(), 100);
    let workspace = fresh();
    let lock = workspace.lock(OPTIONS.lock_timeout).expect("free");
    for number in 0..OPERATIONS {
        apply(&workspace, number);
    }
    drop(lock);
    let expected = said(&krepis_bare(folder.path()));

    // Reading makes no index; a writer's turn does.
    assert_eq!(said(&fresh()), expected);
    assert_eq!(fresh().caches().kinds(), Vec::<String>::new());
    let index = CACHES[0];
    let records = |workspace: &Workspace| {
        let patient = Budget {
            open: Duration::from_secs(20),
            work: Duration::from_mins(1),
        };
        workspace
            .caches()
            .stats(index, patient)
            .stats
            .map_or(0, |stats| stats.records)
    };
    while records(&fresh()) == 0 {
        let workspace = fresh();
        let turn = workspace.turn(OPTIONS).expect("a turn");
        turn.history.plan_undo(&UndoOptions::default()).expect("planned");
        turn.close();
    }
    let full = fresh();
    assert_eq!(said(&full), expected);
    assert!(full.take_warnings().is_empty());

    // Another process has it: nobody waits, nothing is said.
    let inner = fresh();
    let visit = fresh()
        .caches()
        .visit(index, Access::Write, Budget::default(), move |_| Ok(said(&inner)));
    assert_eq!(
        (visit.value, visit.condition),
        (expected.clone(), Condition::Open)
    );

    // Damaged: a warning once, the same log, and the next writer fills it again.
    let log = folder.path().join(".krepis/cache/history-index/v1/db");
    let rubbish: Vec<u8> = fs::read(&log)
        .expect("read")
        .iter()
        .map(|byte| byte ^ 0x5A)
        .collect();
    fs::write(&log, rubbish).expect("written");
    fs::write(log.with_file_name("conf"), "rubbish").expect("written");
    let broken = fresh();
    assert_eq!(said(&broken), expected);
    let warnings = broken.take_warnings();
    assert_eq!(
        warnings.iter().map(|one| one.code.id).collect::<Vec<_>>(),
        ["KRP4080"]
    );
    let next = fresh();
    assert_eq!(said(&next), expected);
    assert!(next.take_warnings().is_empty());
    assert_eq!(records(&next), 0);

    // A file where its folder should be.
    fs::remove_dir_all(folder.path().join(".krepis/cache")).expect("removed");
    fs::write(folder.path().join(".krepis/cache"), "").expect("written");
    assert_eq!(said(&fresh()), expected);
}

/// The history without any index.
fn krepis_bare(root: &std::path::Path) -> Workspace {
    assert!(!root.join(".krepis/cache").exists());
    Workspace::at(root)
}
