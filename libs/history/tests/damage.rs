//! Bad input: what became of the operation files, and of the workspace they belong to. No file of the user is ever touched.

mod bench;

use std::fs;
use std::path::Path;

use bench::{Bench, meta, named, tree};
use krepis_history::{History, OperationId, Stage, UndoOptions};

fn chain(bench: &Bench, count: usize) -> Vec<OperationId> {
    (0..count)
        .map(|n| bench.apply(&[(&format!("f{n}"), Some("x\n"))]))
        .collect()
}

fn refused(bench: &Bench) -> krepis_change::Failure {
    let before = bench.tree();
    let failure = bench
        .history
        .undo(meta(""), &UndoOptions::default())
        .expect_err("the order is unknown");
    assert_eq!(bench.tree(), before);
    failure
}

#[test]
fn a_deleted_operation_in_the_middle_is_named_and_can_be_given_up() {
    let bench = Bench::new(&[]);
    let made = chain(&bench, 4);
    fs::remove_file(bench.file(made[1])).expect("removed");
    let failure = refused(&bench);
    assert_eq!((failure.code.id, failure.exit()), ("KRP4016", 5));
    assert!(failure.message.contains(&made[1].to_string()), "{failure}");
    assert!(
        failure
            .reason
            .as_deref()
            .is_some_and(|why| why.contains(&made[2].to_string()))
    );
    assert!(
        failure
            .hint
            .as_deref()
            .is_some_and(|hint| hint.contains("krepis recover --forget-damaged"))
    );
    assert_eq!(bench.log().entries.len(), 3, "the others are listed");
    assert_eq!(
        bench
            .history
            .undo(meta(""), &named(made[1]))
            .expect_err("it is gone")
            .code
            .id,
        "KRP4016"
    );
    // A writer is not held up, and by name the others can be undone.
    bench.apply(&[("new", Some("n\n"))]);
    bench.history.undo(meta(""), &named(made[2])).expect("by name");
    let before = bench.tree();
    let forgotten = bench.history.forget_damaged().expect("given up");
    assert_eq!(
        forgotten
            .iter()
            .map(|one| (one.id, &one.file))
            .collect::<Vec<_>>(),
        [(made[1], &None)]
    );
    assert_eq!(bench.tree(), before);
    assert_eq!(bench.log().damaged.len(), 0);
    bench.undo();
    bench.undo();
    bench.undo();
    assert_eq!(
        (bench.text("f0"), bench.text("f1").as_deref()),
        (None, Some("x\n"))
    );
    assert_eq!(
        bench.history.forget_damaged().expect_err("once").code.id,
        "KRP4043"
    );
}

#[test]
fn the_first_and_the_last_operation_may_be_missing_too() {
    let bench = Bench::new(&[]);
    let made = chain(&bench, 3);
    fs::remove_file(bench.file(made[0])).expect("removed");
    assert_eq!(refused(&bench).code.id, "KRP4016");
    bench.history.forget_damaged().expect("given up");
    // Nothing names the last one: it is as if it had not been recorded, and its files stay as they are.
    fs::remove_file(bench.file(made[2])).expect("removed");
    bench.undo();
    assert_eq!(
        (bench.text("f1"), bench.text("f2").as_deref()),
        (None, Some("x\n"))
    );
}

#[test]
fn damaged_files_are_moved_away_and_not_deleted() {
    let bench = Bench::new(&[]);
    let made = chain(&bench, 3);
    let whole = fs::read(bench.file(made[1])).expect("read");
    fs::write(bench.file(made[1]), &whole[..whole.len() / 2]).expect("cut");
    assert_eq!(refused(&bench).code.id, "KRP4002");
    let forgotten = bench.history.forget_damaged().expect("given up");
    let moved = forgotten[0].file.clone().expect("moved");
    assert_eq!(fs::read(&moved).expect("there"), whole[..whole.len() / 2]);
    assert!(moved.starts_with(bench.root().join(".krepis/history/damaged")));
    assert_eq!(bench.log().damaged.len(), 0);
    bench.undo();
    bench.undo();
    assert_eq!(
        (bench.text("f0"), bench.text("f1").as_deref()),
        (None, Some("x\n"))
    );
}

#[test]
fn operations_under_each_others_names_are_damaged() {
    let bench = Bench::new(&[]);
    let made = chain(&bench, 3);
    let aside = bench.root().join(".krepis/aside");
    fs::rename(bench.file(made[0]), &aside).expect("moved");
    fs::rename(bench.file(made[2]), bench.file(made[0])).expect("moved");
    fs::rename(&aside, bench.file(made[2])).expect("moved");
    let failure = refused(&bench);
    assert_eq!((failure.code.id, failure.others.len()), ("KRP4002", 1));
    assert!(
        failure
            .reason
            .as_deref()
            .is_some_and(|why| why.contains("it holds operation"))
    );
    assert_eq!(bench.log().entries.len(), 1);
}

#[test]
fn empty_and_foreign_files_are_damaged_or_not_looked_at() {
    let bench = Bench::new(&[]);
    let made = chain(&bench, 2);
    let ops = bench.root().join(".krepis/history/ops");
    fs::write(ops.join("notes.txt"), "mine").expect("write");
    fs::write(ops.join("01ARZ3NDEKTSV4RRFFQ69G5FAV.bak"), "mine").expect("write");
    fs::create_dir(ops.join("folder")).expect("made");
    assert_eq!((bench.log().entries.len(), bench.log().damaged.len()), (2, 0));
    fs::write(bench.file(made[1]), "").expect("emptied");
    assert_eq!(refused(&bench).code.id, "KRP4002");
    fs::remove_file(bench.file(made[1])).expect("removed");
    fs::create_dir(bench.file(made[1])).expect("a folder of that name");
    assert_eq!(bench.log().damaged.len(), 1);
    assert_eq!(refused(&bench).exit(), 1);
}

/// The bytes of an operation file with another version in its header, or another in its record.
fn of_version(whole: &[u8], header: u8, record: u8) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    bytes[8] = header;
    assert_eq!(bytes[32..34], [0x08, 1], "field 1, schema, comes first");
    bytes[33] = record;
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four")) as usize;
    let head = 32 + u32_at(12) + 20 * u32_at(16);
    let mut crc = crc32fast::Hasher::new();
    crc.update(&bytes[..28]);
    crc.update(&bytes[32..head]);
    bytes[28..32].copy_from_slice(&crc.finalize().to_le_bytes());
    bytes
}

#[test]
fn a_history_of_a_newer_version_is_left_alone() {
    let bench = Bench::new(&[]);
    let made = chain(&bench, 3);
    let whole = fs::read(bench.file(made[1])).expect("read");
    fs::write(bench.file(made[1]), of_version(&whole, 1, 1)).expect("write");
    assert_eq!(bench.log().damaged.len(), 0, "the helper changes nothing else");
    for (header, record) in [(2, 1), (1, 2)] {
        let newer = of_version(&whole, header, record);
        fs::write(bench.file(made[1]), &newer).expect("write");
        let failure = refused(&bench);
        assert_eq!((failure.code.id, failure.exit()), ("KRP4003", 1));
        assert!(
            failure
                .hint
                .as_deref()
                .is_some_and(|hint| hint.contains("the krepis version that wrote it"))
        );
        assert_eq!(
            bench.history.forget_damaged().expect_err("kept").code.id,
            "KRP4003"
        );
        assert_eq!(fs::read(bench.file(made[1])).expect("read"), newer);
    }
    // One that a newer krepis left half done stops every writer before it touches anything.
    let prepared = bench
        .root()
        .join(format!(".krepis/history/ops/{}.prepared", made[1]));
    fs::rename(bench.file(made[1]), &prepared).expect("renamed");
    assert_eq!(
        bench.history.recover().expect_err("not ours to decide").code.id,
        "KRP4003"
    );
}

#[test]
fn a_damaged_interrupted_operation_is_given_up_with_its_old_files_kept() {
    let bench = Bench::new(&[("a", "before\n")]);
    let id = bench.apply(&[("a", Some("after\n"))]);
    let prepared = bench.root().join(format!(".krepis/history/ops/{id}.prepared"));
    fs::rename(bench.file(id), &prepared).expect("renamed");
    let old = bench.root().join(format!(".krepis/history/tmp/{id}"));
    fs::create_dir_all(&old).expect("made");
    fs::write(old.join("0"), "before\n").expect("write");
    let whole = fs::read(&prepared).expect("read");
    fs::write(&prepared, &whole[..40]).expect("cut");
    let before = bench.tree();
    assert_eq!(
        bench.history.recover().expect_err("unreadable").code.id,
        "KRP4002"
    );
    let forgotten = bench.history.forget_damaged().expect("given up");
    let kept = forgotten[0].old_files.clone().expect("kept");
    assert_eq!(fs::read_to_string(kept.join("0")).expect("there"), "before\n");
    assert_eq!(bench.history.recover(), Ok(Vec::new()));
    assert_eq!(bench.tree(), before);
}

#[test]
fn an_interrupted_copy_of_a_done_operation_is_not_settled_again() {
    let bench = Bench::new(&[("a", "1\n"), ("b", "1\n")]);
    let id = bench.apply(&[("a", Some("2\n")), ("b", Some("2\n"))]);
    // A backup restored over the history brings the earlier stage back, and by now a part was taken back.
    let prepared = bench.root().join(format!(".krepis/history/ops/{id}.prepared"));
    fs::copy(bench.file(id), &prepared).expect("copied");
    fs::write(bench.root().join("a"), "1\n").expect("write");
    let before = bench.tree();
    assert_eq!(bench.history.recover(), Ok(Vec::new()));
    assert_eq!(bench.tree(), before);
    let scan = bench.history.scan().expect("scan");
    assert_eq!(scan, [(id, Stage::Done)]);
}

#[test]
fn an_unreadable_horizon_is_reported_as_missing_operations_and_written_anew() {
    let bench = Bench::new(&[]);
    chain(&bench, 4);
    let keep = krepis_history::Retention {
        operations: 2,
        ..krepis_history::Retention::default()
    };
    bench.history.collect(keep).expect("collected");
    let horizon = bench.root().join(".krepis/history/horizon");
    fs::write(&horizon, "not what was written").expect("write");
    assert_eq!(refused(&bench).code.id, "KRP4016");
    bench.history.forget_damaged().expect("given up");
    bench.undo();
    bench.undo();
    assert_eq!(bench.text("f1").as_deref(), Some("x\n"));
}

#[test]
fn a_workspace_that_was_moved_or_copied_takes_its_history_along() {
    let bench = Bench::new(&[("a", "1\n")]);
    bench.apply(&[("a", Some("2\n")), ("new/b", Some("b\n"))]);
    let outer = tempfile::tempdir().expect("a folder");
    let (moved, copied) = (outer.path().join("moved"), outer.path().join("copied"));
    fs::create_dir(&moved).expect("made");
    for entry in fs::read_dir(bench.root()).expect("list").flatten() {
        fs::rename(entry.path(), moved.join(entry.file_name())).expect("moved");
    }
    copy(&moved, &copied);
    let after = tree(&moved);
    let undo = |root: &Path| {
        let history = History::new(root);
        assert_eq!(history.recover(), Ok(Vec::new()));
        history.undo(meta(""), &UndoOptions::default()).expect("undone");
    };
    undo(&moved);
    assert_eq!(fs::read_to_string(moved.join("a")).expect("there"), "1\n");
    assert!(!moved.join("new").exists());
    assert_eq!(tree(&copied), after, "each has its own");
    undo(&copied);
    assert_eq!(tree(&copied), tree(&moved));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("made");
    for entry in fs::read_dir(from).expect("list").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("copied");
        }
    }
}

#[test]
fn a_history_that_was_deleted_is_begun_anew() {
    let bench = Bench::new(&[("a", "1\n")]);
    bench.apply(&[("a", Some("2\n"))]);
    fs::remove_dir_all(bench.root().join(".krepis")).expect("removed");
    let failure = bench
        .history
        .undo(meta(""), &UndoOptions::default())
        .expect_err("nothing there");
    assert_eq!(failure.code.id, "KRP4011");
    bench.apply(&[("a", Some("3\n"))]);
    bench.undo();
    assert_eq!(bench.text("a").as_deref(), Some("2\n"));
}
