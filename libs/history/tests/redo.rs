//! Redo in all its ways: after an undo of parts, of a named operation, and of what another change has overtaken.

mod bench;

use bench::{Bench, meta, named, part};
use krepis_history::{Kind, Meta, OperationId, UndoOptions};

fn three(bench: &Bench) -> OperationId {
    bench.apply(&[("a", Some("a\n")), ("b", Some("b\n")), ("c", Some("c\n"))])
}

fn undo(bench: &Bench, options: &UndoOptions) {
    bench.history.undo(meta(""), options).expect("undone");
}

fn redo(bench: &Bench, options: &UndoOptions) {
    bench.history.redo(meta(""), options).expect("redone");
}

fn there(bench: &Bench) -> String {
    ["a", "b", "c", "x", "y"]
        .into_iter()
        .filter(|name| bench.text(name).is_some())
        .collect()
}

#[test]
fn several_partial_undos_are_done_again_one_by_one_the_last_first() {
    let bench = Bench::new(&[]);
    three(&bench);
    undo(&bench, &part(&["a"]));
    undo(&bench, &part(&["b"]));
    assert_eq!(there(&bench), "c");
    bench.redo();
    assert_eq!(there(&bench), "bc");
    bench.redo();
    assert_eq!(there(&bench), "abc");
    let failure = bench.history.redo(meta(""), &UndoOptions::default());
    assert_eq!(failure.expect_err("nothing left").code.id, "KRP4012");
    // And all at once again.
    bench.undo();
    assert_eq!(there(&bench), "");
}

#[test]
fn a_part_of_an_undo_is_done_again_and_the_rest_stays_redoable() {
    let bench = Bench::new(&[]);
    three(&bench);
    bench.undo();
    redo(&bench, &part(&["b"]));
    assert_eq!(there(&bench), "b");
    bench.redo();
    assert_eq!(there(&bench), "abc");
}

#[test]
fn a_named_operation_is_done_again_whatever_undos_took_it_back() {
    let bench = Bench::new(&[]);
    let id = three(&bench);
    bench.apply(&[("x", Some("x\n"))]);
    undo(
        &bench,
        &UndoOptions {
            operation: Some(id.to_string()),
            ..part(&["a"])
        },
    );
    undo(
        &bench,
        &UndoOptions {
            operation: Some(id.to_string()),
            ..part(&["c"])
        },
    );
    assert_eq!(there(&bench), "bx");
    redo(&bench, &named(id));
    assert_eq!(there(&bench), "abcx");
    let failure = bench.history.redo(meta(""), &named(id)).expect_err("in effect");
    assert_eq!((failure.code.id, failure.exit()), ("KRP4018", 1));
    assert!(failure.message.contains(&id.to_string()), "{failure}");
    // Both undos are answered: nothing is left for a plain redo.
    let failure = bench.history.redo(meta(""), &UndoOptions::default());
    assert_eq!(failure.expect_err("nothing left").code.id, "KRP4012");
}

#[test]
fn what_was_undone_before_a_new_change_is_a_branch_and_can_be_done_again_by_name() {
    let bench = Bench::new(&[("list", "[A]\n")]);
    let first = bench.apply(&[("x", Some("x\n"))]);
    let branch = bench.apply(&[("a", Some("a\n")), ("list", Some("[A, B]\n"))]);
    bench.undo();
    let other = bench.apply(&[("y", Some("y\n")), ("list", Some("[A, C]\n"))]);
    let failure = bench
        .history
        .redo(meta(""), &UndoOptions::default())
        .expect_err("overtaken");
    assert_eq!((failure.code.id, failure.exit()), ("KRP4012", 1));
    assert!(
        failure
            .hint
            .as_deref()
            .is_some_and(|hint| hint.contains(&format!("krepis redo {branch}"))),
        "{failure:?}"
    );
    let log = bench.log();
    let base = |id| log.find(id).expect("there").base;
    assert_eq!(
        (base(first), base(branch), base(other)),
        (None, Some(first), Some(first))
    );
    redo(&bench, &named(branch));
    assert_eq!(there(&bench), "axy");
    assert_eq!(bench.text("list").as_deref(), Some("[A, B, C]\n"));
    assert_eq!(bench.log().next_undo(), Some(branch), "it is the latest now");
    bench.undo();
    assert_eq!(
        (there(&bench).as_str(), bench.text("list").as_deref()),
        ("xy", Some("[A, C]\n"))
    );
    bench.undo();
    bench.undo();
    assert_eq!(
        (there(&bench).as_str(), bench.text("list").as_deref()),
        ("", Some("[A]\n"))
    );
}

#[test]
fn redo_of_an_undo_by_its_id_does_what_that_undo_took_back_again() {
    let bench = Bench::new(&[]);
    three(&bench);
    let parts = |name| bench.history.undo(meta(""), &part(&[name])).expect("undone").0.id;
    let (one, _other) = (parts("a"), parts("b"));
    redo(&bench, &named(one));
    assert_eq!(there(&bench), "ac");
    bench.redo();
    assert_eq!(there(&bench), "abc");
    assert_eq!(
        bench
            .history
            .redo(meta(""), &named(one))
            .expect_err("in effect")
            .code
            .id,
        "KRP4018"
    );
}

#[test]
fn an_operation_is_done_again_into_a_file_that_was_edited_since() {
    let bench = Bench::new(&[("list", "[A]\n")]);
    let id = bench.apply(&[("list", Some("[A, B]\n"))]);
    bench.undo();
    bench.write("list", "[\n  A,\n  Mine,\n]\n");
    redo(&bench, &named(id));
    assert_eq!(bench.text("list").as_deref(), Some("[\n  A,\n  B,\n  Mine,\n]\n"));
}

#[test]
fn at_the_root_undo_says_where_it_is() {
    let bench = Bench::new(&[]);
    let refused = |bench: &Bench| {
        bench
            .history
            .undo(meta(""), &UndoOptions::default())
            .expect_err("root")
    };
    let fresh = refused(&bench);
    assert_eq!((fresh.code.id, fresh.exit()), ("KRP4011", 1));
    assert!(
        fresh
            .reason
            .as_deref()
            .is_some_and(|why| why.contains("no operation was recorded"))
    );
    three(&bench);
    bench.undo();
    let root = refused(&bench);
    assert_eq!(root.code.id, "KRP4011");
    assert!(
        root.reason
            .as_deref()
            .is_some_and(|why| why.contains("before the first one")),
        "{root:?}"
    );
}

#[test]
fn what_krepis_took_back_itself_leaves_undo_and_redo_as_they_were() {
    let bench = Bench::new(&[]);
    let first = three(&bench);
    let branch = bench.apply(&[("x", Some("x\n"))]);
    bench.undo();
    let (before, log) = (bench.tree(), bench.log());
    assert_eq!((log.next_undo(), log.next_redo().is_some()), (Some(first), true));
    // A new change would end the redo; one that is not confirmed must not.
    let failed = bench.apply(&[("y", Some("y\n")), ("a", Some("changed\n"))]);
    let (operation, _, saved) = bench
        .history
        .roll_back_unverified(meta("back"), failed)
        .expect("taken back");
    assert!(operation.meta.rollback && operation.kind == Kind::Undo && saved.is_empty());
    assert_eq!(bench.tree(), before);
    let after = bench.log();
    assert_eq!(
        (after.next_undo(), after.next_redo()),
        (log.next_undo(), log.next_redo())
    );
    assert!(
        after
            .find(failed)
            .is_some_and(|entry| entry.rolled_back && entry.is_undone())
    );
    bench.redo();
    assert_eq!(there(&bench), "abcx");
    assert_eq!(bench.log().next_undo(), Some(branch));
    // It can still be had, by name.
    redo(&bench, &named(failed));
    assert_eq!(bench.text("a").as_deref(), Some("changed\n"));
}

#[test]
fn an_undo_and_a_redo_that_are_not_confirmed_are_taken_back_too() {
    let bench = Bench::new(&[]);
    let first = three(&bench);
    let there_before = bench.tree();
    let undo = bench.undo();
    let gone = bench.tree();
    bench
        .history
        .roll_back_unverified(Meta::default(), undo.id)
        .expect("taken back");
    assert_eq!(bench.tree(), there_before);
    assert_eq!(
        (bench.log().next_undo(), bench.log().next_redo()),
        (Some(first), None)
    );
    let undo = bench.undo();
    assert_eq!(bench.tree(), gone);
    let redo = bench.redo();
    bench
        .history
        .roll_back_unverified(Meta::default(), redo.id)
        .expect("taken back");
    assert_eq!(bench.tree(), gone);
    assert_eq!(
        (bench.log().next_undo(), bench.log().next_redo()),
        (None, Some(undo.id))
    );
}

#[test]
fn what_was_edited_before_it_is_taken_back_is_merged_or_saved() {
    let bench = Bench::new(&[("list", "[A]\n")]);
    let id = bench.apply(&[("list", Some("[A, B]\n")), ("new", Some("new\n"))]);
    bench.write("list", "[A, B, Mine]\n");
    bench.write("new", "formatted\n");
    let (_, _, saved) = bench
        .history
        .roll_back_unverified(Meta::default(), id)
        .expect("taken back");
    assert_eq!(bench.text("list").as_deref(), Some("[A, Mine]\n"));
    assert_eq!(bench.text("new"), None);
    assert_eq!(saved.len(), 1);
    assert_eq!(std::fs::read_to_string(&saved[0]).expect("kept"), "formatted\n");
}
