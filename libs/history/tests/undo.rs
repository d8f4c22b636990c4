//! Undo, redo and the log, case by case.

mod bench;

use std::fs;

use bench::{Bench, meta, named, path};
use krepis_change::{Change, FileState, Transition};
use krepis_history::{Image, Intent, Kind, Outcome, Owner, Stage, UndoOptions};

#[test]
fn what_the_user_added_since_stays_and_what_the_operation_inserted_goes() {
    let bench = Bench::new(&[("a.ts", "providers: [A]\n")]);
    bench.apply(&[("a.ts", Some("providers: [A, B]\n"))]);
    bench.write("a.ts", "// mine\nproviders: [\n  A,\n  B,\n  C,\n]\n");
    let (_, reversal) = bench
        .history
        .undo(meta(""), &UndoOptions::default())
        .expect("undone");
    assert_eq!(reversal.outcomes[&path("a.ts")], Outcome::Merged);
    assert_eq!(
        bench.text("a.ts").as_deref(),
        Some("// mine\nproviders: [\n  A,\n  C,\n]\n")
    );
    bench.redo();
    assert_eq!(
        bench.text("a.ts").as_deref(),
        Some("// mine\nproviders: [\n  A,\n  B,\n  C,\n]\n")
    );
}

#[test]
fn a_conflict_names_every_file_and_touches_none() {
    let bench = Bench::new(&[("a", "a\n")]);
    bench.apply(&[("a", Some("b\n")), ("new", Some("x\n")), ("other", Some("y\n"))]);
    bench.write("new", "something else\n");
    bench.write("other", "something else too\n");
    let failure = bench
        .history
        .undo(meta(""), &UndoOptions::default())
        .expect_err("conflict");
    assert_eq!((failure.code.id, failure.exit()), ("KRP4014", 3));
    assert_eq!(failure.others.len(), 1);
    assert!(failure.message.contains("`new`") && failure.others[0].message.contains("`other`"));
    assert_eq!(bench.text("a").as_deref(), Some("b\n"));

    let skip = UndoOptions {
        skip: true,
        ..UndoOptions::default()
    };
    let (_, reversal) = bench.history.undo(meta(""), &skip).expect("skipped");
    assert_eq!(reversal.outcomes[&path("new")], Outcome::Skipped);
    assert_eq!(bench.text("a").as_deref(), Some("a\n"));
    assert_eq!(bench.text("new").as_deref(), Some("something else\n"));
    assert_eq!(
        bench.refuse(&UndoOptions::default()),
        "KRP4011",
        "a skipped file counts as handled"
    );
}

#[test]
fn force_overwrites_and_redo_brings_back_what_was_overwritten() {
    let bench = Bench::new(&[]);
    bench.apply(&[("new", Some("x\n"))]);
    bench.write("new", "by hand\n");
    let force = UndoOptions {
        force: true,
        ..UndoOptions::default()
    };
    bench.history.undo(meta(""), &force).expect("forced");
    assert_eq!(bench.text("new"), None);
    bench.redo();
    assert_eq!(
        bench.text("new").as_deref(),
        Some("by hand\n"),
        "an undo is taken back as it was"
    );
}

#[test]
fn an_older_operation_is_taken_back_from_under_a_later_one() {
    let bench = Bench::new(&[("a", "1\n2\n3\n4\n5\n6\n")]);
    let first = bench.apply(&[("a", Some("one\n2\n3\n4\n5\n6\n")), ("b", Some("b\n"))]);
    bench.apply(&[("a", Some("one\n2\n3\n4\n5\nsix\n"))]);
    let undo = bench.history.undo(meta(""), &named(first)).expect("undone").0;
    assert_eq!(
        (bench.text("a").as_deref(), bench.text("b")),
        (Some("1\n2\n3\n4\n5\nsix\n"), None)
    );
    assert_eq!(bench.refuse(&named(first)), "KRP4013");
    bench.undo();
    assert_eq!(bench.text("a").as_deref(), Some("1\n2\n3\n4\n5\n6\n"));
    // The undo of an undo puts in effect what that took out.
    bench.history.undo(meta(""), &named(undo.id)).expect("undone");
    assert_eq!(
        (bench.text("a").as_deref(), bench.text("b").as_deref()),
        (Some("one\n2\n3\n4\n5\n6\n"), Some("b\n"))
    );
    let log = bench.history.log().expect("log");
    assert_eq!(log.next_undo(), Some(first));
    assert_eq!(
        log.entries.last().map(|it| (it.operation.kind, it.root)),
        Some((Kind::Undo, first))
    );
}

#[test]
fn a_new_change_clears_redo() {
    let bench = Bench::new(&[]);
    bench.apply(&[("a", Some("1\n"))]);
    bench.undo();
    bench.apply(&[("b", Some("1\n"))]);
    let failure = bench
        .history
        .redo(meta(""), &UndoOptions::default())
        .expect_err("nothing");
    assert_eq!((failure.code.id, failure.exit()), ("KRP4012", 1));
}

#[test]
fn only_the_named_files_are_taken_back_and_the_rest_later() {
    let bench = Bench::new(&[]);
    let id = bench.apply(&[("src/a", Some("a\n")), ("src/b", Some("b\n")), ("c", Some("c\n"))]);
    let part = |name: &str| UndoOptions {
        paths: vec![path(name)],
        ..UndoOptions::default()
    };
    assert_eq!(bench.refuse(&part("d")), "KRP4015");
    bench
        .history
        .undo(meta(""), &part("src"))
        .expect("a folder names what is below it");
    assert_eq!(
        (bench.text("src/a"), bench.text("c").as_deref()),
        (None, Some("c\n"))
    );
    assert!(
        !bench
            .history
            .log()
            .expect("log")
            .find(id)
            .expect("there")
            .is_undone()
    );
    bench.undo();
    assert_eq!(bench.text("c"), None);
    bench.redo();
    assert_eq!(
        (bench.text("src/a"), bench.text("c").as_deref()),
        (None, Some("c\n"))
    );
    bench.redo();
    assert_eq!(bench.text("src/a").as_deref(), Some("a\n"));
}

#[test]
fn of_an_undo_that_was_done_again_in_part_the_rest_can_be_done_again() {
    let bench = Bench::new(&[]);
    bench.apply(&[("a", Some("a\n")), ("b", Some("b\n"))]);
    bench.undo();
    let part = UndoOptions {
        paths: vec![path("a")],
        ..UndoOptions::default()
    };
    bench.history.redo(meta(""), &part).expect("a part");
    assert_eq!((bench.text("a").as_deref(), bench.text("b")), (Some("a\n"), None));
    bench.redo();
    assert_eq!(bench.text("b").as_deref(), Some("b\n"));
    let failure = bench
        .history
        .redo(meta(""), &UndoOptions::default())
        .expect_err("nothing is left");
    assert_eq!(failure.code.id, "KRP4012");
}

#[test]
fn a_renamed_file_goes_back_with_the_edits_made_at_its_new_place() {
    let text = "one\ntwo\nthree\nfour\nfive\n";
    let bench = Bench::new(&[("old.ts", text)]);
    let mut change = bench.change(&[("old.ts", None), ("new.ts", Some(text))]);
    change.transitions[0].renamed_from = Some(path("old.ts"));
    assert_eq!(change.transitions[0].path, path("new.ts"));
    bench
        .history
        .apply(&change, Intent::apply(meta("rename")))
        .expect("applied");
    bench.write("new.ts", "one\ntwo\nthree\nfour\nfive\nsix\n");
    bench.undo();
    assert_eq!(bench.text("new.ts"), None);
    assert_eq!(
        bench.text("old.ts").as_deref(),
        Some("one\ntwo\nthree\nfour\nfive\nsix\n")
    );
    bench.redo();
    assert_eq!(
        (bench.text("old.ts"), bench.text("new.ts").map(|it| it.len())),
        (None, Some(28))
    );
}

#[test]
fn a_folder_with_a_users_file_in_it_stays() {
    let bench = Bench::new(&[]);
    bench.apply(&[("made/here/a", Some("a\n"))]);
    bench.write("made/mine", "mine\n");
    bench.undo();
    assert!(!bench.root().join("made/here").exists());
    assert_eq!(bench.text("made/mine").as_deref(), Some("mine\n"));
}

#[test]
fn hard_links_of_a_file_keep_the_old_content() {
    let bench = Bench::new(&[("a", "old\n")]);
    fs::hard_link(bench.root().join("a"), bench.root().join("store")).expect("link");
    bench.apply(&[("a", Some("new\n"))]);
    assert_eq!(bench.text("store").as_deref(), Some("old\n"));
}

#[test]
fn a_stale_target_or_read_is_refused_and_leaves_no_trace() {
    let bench = Bench::new(&[("a", "a\n"), ("read", "r\n")]);
    let mut change = bench.change(&[("a", Some("b\n")), ("c", Some("c\n"))]);
    bench.write("a", "edited\n");
    let refused = |change: &Change| {
        bench
            .history
            .apply(change, Intent::apply(meta("t")))
            .expect_err("stale")
    };
    assert_eq!(
        (refused(&change).code.id, refused(&change).exit()),
        ("KRP4021", 3)
    );
    bench.write("a", "a\n");
    change.reads = vec![
        (path("read"), FileState::text("r\n").digest()),
        (path("none"), None),
    ];
    bench.write("none", "now there\n");
    assert_eq!(
        (refused(&change).code.id, refused(&change).exit()),
        ("KRP4022", 3)
    );
    assert_eq!((bench.text("a").as_deref(), bench.text("c")), (Some("a\n"), None));
    assert_eq!(bench.history.scan().expect("scan"), []);
}

#[test]
fn what_stands_in_the_way_is_refused_by_its_own_code() {
    let bench = Bench::new(&[("file", "f\n"), ("folder/x", "x\n")]);
    std::os::unix::fs::symlink("folder", bench.root().join("link")).expect("link");
    let refused = |name: &str| {
        let one = Transition {
            path: path(name),
            before: FileState::Absent,
            after: FileState::text("t\n"),
            edits: Vec::new(),
            renamed_from: None,
        };
        let change = Change {
            title: "t".into(),
            transitions: vec![one],
            reads: Vec::new(),
        };
        bench
            .history
            .apply(&change, Intent::apply(meta("t")))
            .expect_err("refused")
            .code
            .id
    };
    assert_eq!(refused("folder"), "KRP4031");
    assert_eq!(refused("link/y"), "KRP4032");
    assert_eq!(refused("file/y"), "KRP4033");
    assert!(!bench.root().join("folder/y").exists());
}

#[test]
fn a_damaged_operation_is_named_and_the_others_stay_usable() {
    let bench = Bench::new(&[]);
    let first = bench.apply(&[("a", Some("a\n"))]);
    let second = bench.apply(&[("b", Some("b\n"))]);
    let third = bench.apply(&[("c", Some("c\n"))]);
    let file = bench.root().join(format!(".krepis/history/ops/{second}.op"));
    let whole = fs::read(&file).expect("read");
    for length in 0..whole.len() {
        fs::write(&file, &whole[..length]).expect("cut");
        assert!(
            bench.history.open(second, Stage::Done).is_err(),
            "cut at {length}"
        );
    }
    for index in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[index] ^= 0x10;
        fs::write(&file, &bytes).expect("flip");
        let opened = bench
            .history
            .open(second, Stage::Done)
            .and_then(|file| file.states());
        let failure = opened.expect_err("a flipped bit is seen");
        assert!(
            ["KRP4002", "KRP4003"].contains(&failure.code.id),
            "byte {index}: {failure}"
        );
    }
    let mut bytes = whole.clone();
    bytes[40] ^= 1;
    fs::write(&file, &bytes).expect("flip");
    let failure = bench
        .history
        .undo(meta(""), &UndoOptions::default())
        .expect_err("the order is unknown");
    assert_eq!((failure.code.id, failure.exit()), ("KRP4002", 5));
    assert!(failure.message.contains(&second.to_string()));
    let log = bench.history.log().expect("log");
    assert_eq!(
        log.entries.iter().map(|it| it.operation.id).collect::<Vec<_>>(),
        [first, third]
    );
    bench
        .history
        .undo(meta(""), &named(third))
        .expect("by name it works");
    bench.apply(&[("d", Some("d\n"))]);
    fs::write(&file, &whole).expect("restored from a backup");
    assert_eq!(bench.history.log().expect("log").entries.len(), 5);
    assert_eq!(bench.history.log().expect("log").entries[1].operation.id, second);
}

#[test]
fn post_images_are_stored_only_where_edits_do_not_give_them() {
    let bench = Bench::new(&[("a", "one two\n")]);
    let mut change = bench.change(&[("a", Some("one 2\n")), ("b", Some("b\n"))]);
    change.transitions[0].edits = vec![krepis_change::Span {
        start: 4,
        end: 7,
        text: "2".into(),
    }];
    let id = bench
        .history
        .apply(&change, Intent::apply(meta("t")))
        .expect("applied")
        .id;
    let file = bench.history.open(id, Stage::Done).expect("open");
    let stored = |index: usize| {
        matches!(
            file.operation.files[index].after,
            Some(Image::File { blob: Some(_), .. })
        )
    };
    assert_eq!((stored(0), stored(1)), (false, true));
    assert_eq!(
        file.states().expect("states")[0].1,
        Some(FileState::text("one 2\n"))
    );
}

#[test]
fn an_observed_operation_is_undone_whatever_a_formatter_did() {
    let bench = Bench::new(&[("a.ts", "list = [A]\n")]);
    let owner = Owner::of(std::process::id()).expect("this process");
    let change = bench.change(&[
        ("a.ts", Some("list = [A, B]\n")),
        ("new/b.ts", Some("b\n")),
        ("same", Some("s\n")),
    ]);
    let id = bench
        .history
        .observe(&change, meta("nx g"), owner.clone())
        .expect("observed");
    assert!(
        bench
            .history
            .log()
            .expect("log")
            .pending
            .iter()
            .any(|(it, stage)| it.id == id && *stage == Stage::Observed)
    );
    assert_eq!(bench.history.recover().expect("left alone"), []);
    let failure = bench
        .history
        .check_owners(None)
        .expect_err("a writer has to wait");
    assert_eq!((failure.code.id, failure.exit()), ("KRP4051", 75));
    assert_eq!(bench.history.check_owners(Some(&owner)), Ok(()));
    // Another generator wrapped around, and its formatter.
    bench.write("a.ts", "list = [\n  A,\n  B,\n]\n");
    bench.write("new/b.ts", "b;\n");
    let operation = bench
        .history
        .complete(id)
        .expect("completed")
        .expect("something changed");
    let paths: Vec<&str> = operation.files.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, ["a.ts", "new/b.ts"], "what did not change is not recorded");
    assert_eq!(bench.history.complete(id).expect_err("once").code.id, "KRP4052");
    // And the user's formatter later.
    bench.write("a.ts", "list = [ A, B ];\n");
    bench.undo();
    assert_eq!(
        bench
            .text("a.ts")
            .map(|it| it.replace(char::is_whitespace, ""))
            .as_deref(),
        Some("list=[A];")
    );
    assert!(!bench.root().join("new").exists());
    bench.redo();
    assert_eq!(bench.text("new/b.ts").as_deref(), Some("b;\n"));
}

#[test]
fn the_folder_is_private_and_ignores_itself() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new(&[]);
    let id = bench.apply(&[("a", Some("a\n"))]);
    let mode = |name: &str| {
        fs::metadata(bench.root().join(name))
            .expect("there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(bench.text(".krepis/.gitignore").as_deref(), Some("*\n"));
    for folder in [".krepis", ".krepis/history", ".krepis/history/ops"] {
        assert_eq!(mode(folder), 0o700, "{folder}");
    }
    assert_eq!(mode(&format!(".krepis/history/ops/{id}.op")), 0o600);
    assert_eq!(mode(".krepis/.gitignore"), 0o600);
}

#[test]
fn an_id_may_be_shortened_as_long_as_it_is_the_only_one() {
    let bench = Bench::new(&[]);
    let id = bench.apply(&[("a", Some("a\n"))]).to_string();
    let log = bench.history.log().expect("log");
    assert_eq!(
        log.resolve(&id[20..].to_lowercase()).expect("an end").to_string(),
        id
    );
    assert_eq!(log.resolve("ZZZZ").expect_err("none").code.id, "KRP4004");
    bench.apply(&[("b", Some("b\n"))]);
    assert_eq!(
        bench
            .history
            .log()
            .expect("log")
            .resolve(&id[..4])
            .expect_err("two")
            .code
            .id,
        "KRP4005"
    );
}
