//! What is removed, what stays because something needs it, and what is said about it.

mod bench;

use std::fs;

use bench::{Bench, meta, named};
use krepis_history::{OperationId, Retention, Stage, UndoOptions};

fn keep(operations: usize) -> Retention {
    Retention {
        operations,
        ..Retention::default()
    }
}

/// `a` set to 1, 2, 3, …: one operation each.
fn steps(bench: &Bench, count: usize) -> Vec<OperationId> {
    (0..count)
        .map(|n| bench.apply(&[("a", Some(&format!("{n}\n")))]))
        .collect()
}

fn ids(bench: &Bench) -> Vec<OperationId> {
    let scan = bench.history.scan().expect("scan");
    scan.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn the_oldest_go_and_all_that_is_kept_can_be_undone_and_done_again() {
    let bench = Bench::new(&[("a", "start\n")]);
    let made = steps(&bench, 6);
    let plan = bench.history.plan_collection(keep(4)).expect("planned");
    assert_eq!(ids(&bench), made, "a plan removes nothing");
    let done = bench.history.collect(keep(4)).expect("collected");
    assert_eq!(plan.removed, done.removed);
    assert_eq!(
        done.removed.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        made[..2]
    );
    assert_eq!((done.kept, ids(&bench)), (4, made[2..].to_vec()));
    assert!(done.bytes > 0 && done.kept_bytes > 0);
    assert_eq!(bench.log().damaged.len(), 0);
    for n in [4, 3, 2, 1] {
        bench.undo();
        assert_eq!(bench.text("a"), Some(format!("{n}\n")));
    }
    let root = bench
        .history
        .undo(meta(""), &UndoOptions::default())
        .expect_err("the horizon");
    assert_eq!((root.code.id, root.exit()), ("KRP4017", 1));
    assert_eq!(
        root.reason.as_deref(),
        Some("older operations were removed by retention (2 operations)")
    );
    let named = bench
        .history
        .undo(meta(""), &named(made[0]))
        .expect_err("removed");
    assert_eq!(named.code.id, "KRP4017");
    assert!(named.message.contains(&made[0].to_string()));
    for n in [2, 3, 4, 5] {
        bench.redo();
        assert_eq!(bench.text("a"), Some(format!("{n}\n")));
    }
    bench.apply(&[("a", Some("on\n"))]);
    assert_eq!(bench.log().damaged.len(), 0);
}

#[test]
fn a_change_stays_as_long_as_an_undo_of_it_does() {
    let bench = Bench::new(&[("a", "start\n")]);
    let old = bench.apply(&[("x", Some("x\n")), ("y", Some("y\n"))]);
    let made = steps(&bench, 3);
    let undo = bench.history.undo(meta(""), &named(old)).expect("undone").0.id;
    let done = bench.history.collect(keep(2)).expect("collected");
    assert_eq!(ids(&bench), [old, made[2], undo]);
    assert_eq!(done.needed, [old]);
    assert_eq!(bench.log().damaged.len(), 0);
    bench.redo();
    assert_eq!(bench.text("x").as_deref(), Some("x\n"));
    bench.history.undo(meta(""), &named(old)).expect("undone");
    assert_eq!(bench.text("x"), None);
    // The newest operation speaks of it: it stays whatever the limit is.
    bench.history.collect(keep(1)).expect("collected");
    assert!(ids(&bench).contains(&old));
    steps(&bench, 2);
    bench.history.collect(keep(1)).expect("collected");
    assert!(!ids(&bench).contains(&old), "nothing needs it any more");
    assert_eq!(ids(&bench).len(), 1);
}

#[test]
fn after_a_write_it_happens_by_itself_when_a_limit_is_passed_by_a_tenth() {
    let bench = Bench::new(&[]);
    steps(&bench, 22);
    assert_eq!(bench.history.collect_after_write(keep(20)).expect("looked"), None);
    steps(&bench, 1);
    let done = bench
        .history
        .collect_after_write(keep(20))
        .expect("looked")
        .expect("due");
    assert_eq!((done.removed.len(), ids(&bench).len()), (3, 20));
    // By size.
    let size = |bench: &Bench| {
        ids(bench)
            .iter()
            .map(|id| fs::metadata(bench.file(*id)).expect("there").len())
            .sum::<u64>()
    };
    let small = Retention {
        bytes: size(&bench) / 2,
        ..Retention::default()
    };
    let done = bench
        .history
        .collect_after_write(small)
        .expect("looked")
        .expect("due");
    assert!(
        done.kept_bytes <= small.bytes && done.kept_bytes == size(&bench) && done.kept >= 9,
        "{done:?}"
    );
    // The newest stays however large it is.
    let none = Retention {
        bytes: 1,
        ..Retention::default()
    };
    assert_eq!(bench.history.collect(none).expect("collected").kept, 1);
}

#[test]
fn what_must_stay_is_not_looked_at_again_after_every_write() {
    let bench = Bench::new(&[]);
    let old: Vec<OperationId> = (0..5)
        .map(|n| bench.apply(&[(&format!("f{n}"), Some("x\n"))]))
        .collect();
    steps(&bench, 5);
    for id in &old {
        bench.history.undo(meta(""), &named(*id)).expect("undone");
    }
    // Five undos are kept, each needs its change: ten stay though five are wanted.
    let done = bench
        .history
        .collect_after_write(keep(5))
        .expect("looked")
        .expect("due");
    assert_eq!((done.needed.len(), done.kept), (5, 10));
    assert_eq!(bench.history.collect_after_write(keep(5)).expect("looked"), None);
}

#[test]
fn old_files_of_large_operations_are_freed() {
    let names: Vec<String> = (0..300).map(|n| format!("f{n}")).collect();
    let content = |text: &'static str| -> Vec<(&str, Option<&str>)> {
        names.iter().map(|name| (name.as_str(), Some(text))).collect()
    };
    let bench = Bench::new(&[]);
    bench.apply(&content("1\n"));
    bench.apply(&content("2\n"));
    let left = bench
        .history
        .plan_collection(Retention::default())
        .expect("planned")
        .temporaries;
    assert!(left > 100, "{left} old files wait");
    let done = bench.history.collect(Retention::default()).expect("collected");
    assert_eq!((done.temporaries, done.removed.len()), (left, 0));
    assert_eq!(
        fs::read_dir(bench.root().join(".krepis/history/tmp"))
            .expect("list")
            .count(),
        0
    );
    bench.undo();
    assert_eq!(bench.text("f299").as_deref(), Some("1\n"));
}

#[test]
fn aborted_operations_do_not_pile_up() {
    let bench = Bench::new(&[("a", "a\n")]);
    let id = bench.apply(&[("a", Some("b\n"))]);
    let whole = fs::read(bench.file(id)).expect("read");
    for n in 0..40u64 {
        let name = format!("{:026}", n + 1);
        fs::write(
            bench.root().join(format!(".krepis/history/ops/{name}.aborted")),
            &whole,
        )
        .expect("write");
    }
    bench
        .history
        .collect_after_write(Retention::default())
        .expect("looked")
        .expect("due");
    let aborted = bench.history.scan().expect("scan");
    assert_eq!(
        aborted
            .iter()
            .filter(|(_, stage)| *stage == Stage::Aborted)
            .count(),
        16
    );
    assert_eq!(
        bench
            .history
            .collect_after_write(Retention::default())
            .expect("looked"),
        None
    );
}

#[test]
fn a_collection_that_was_interrupted_is_finished_by_the_next() {
    let bench = Bench::new(&[]);
    let made = steps(&bench, 5);
    let saved: Vec<Vec<u8>> = made
        .iter()
        .map(|id| fs::read(bench.file(*id)).expect("read"))
        .collect();
    bench.history.collect(keep(1)).expect("collected");
    // As if the power had failed with two of the four removed.
    for index in [1, 3] {
        fs::write(bench.file(made[index]), &saved[index]).expect("write");
    }
    let log = bench.log();
    assert_eq!((log.entries.len(), log.damaged.len()), (3, 0));
    bench.history.collect(keep(1)).expect("collected");
    assert_eq!(ids(&bench), [made[4]]);
}
