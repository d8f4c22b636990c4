//! Somebody else writes in the very moment of a swap.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use krepis_change::{Change, FileState, Transition, WorkspacePath};
use krepis_history::failpoints::{Fault, arm, disarm};
use krepis_history::{Decision, Ending, History, Intent, Meta};
use tempfile::TempDir;

const POINTS: [&str; 2] = ["history::apply::swap", "history::apply::remove"];

/// A workspace with `a` and `b`, and a change of both; whenever a swap or a removal begins, somebody writes `b`.
fn disturbed(after: &FileState) -> (TempDir, History, Change, Arc<AtomicBool>) {
    let folder = TempDir::new().expect("a folder");
    let one = |name: &str, after: FileState| {
        let before = FileState::text("before\n");
        fs::write(folder.path().join(name), "before\n").expect("write");
        Transition {
            path: WorkspacePath::parse(name).expect("a path"),
            before,
            after,
            edits: Vec::new(),
            renamed_from: None,
        }
    };
    let change = Change {
        title: "disturbed".into(),
        transitions: vec![one("a", FileState::text("after\n")), one("b", after.clone())],
        reads: Vec::new(),
    };
    let written = Arc::new(AtomicBool::new(false));
    for point in POINTS {
        let (file, written) = (folder.path().join("b"), Arc::clone(&written));
        let write = move || {
            fs::write(&file, "by hand\n").expect("write");
            written.store(true, Ordering::Relaxed);
        };
        fail::cfg_callback(point, write).expect("a point");
    }
    let history = History::new(folder.path());
    (folder, history, change, written)
}

fn text(root: &Path, name: &str) -> Option<String> {
    fs::read_to_string(root.join(name)).ok()
}

#[test]
fn what_somebody_wrote_in_the_moment_of_a_swap_is_never_lost() {
    let scenario = fail::FailScenario::setup();
    for after in [FileState::text("after\n"), FileState::Absent] {
        let (folder, history, change, _) = disturbed(&after);
        let failure = history
            .apply(&change, Intent::apply(Meta::default()))
            .expect_err("disturbed");
        assert_eq!(failure.code.id, "KRP4037");
        assert_eq!(text(folder.path(), "a").as_deref(), Some("before\n"));
        assert_eq!(text(folder.path(), "b").as_deref(), Some("by hand\n"));
        POINTS.into_iter().for_each(fail::remove);

        // And then it cannot even be put back: every call that moves a file fails, from one after the other on.
        let mut displaced = 0;
        for passed in 0..8 {
            let (folder, history, change, written) = disturbed(&after);
            arm(passed, Fault::Errors(5));
            let outcome = history.apply(&change, Intent::apply(Meta::default()));
            disarm();
            POINTS.into_iter().for_each(fail::remove);
            assert!(outcome.is_err(), "{after:?} {passed}");
            let recovered = history.recover().or_else(|failure| {
                assert_eq!(failure.code.id, "KRP4041");
                history.decide(Decision::Before)
            });
            let recovered = recovered.expect("recovered");
            // Where what was displaced could not be put back, everything else may be written: then it is completed.
            let done = recovered.iter().any(|it| it.ending == Ending::Done);
            let wanted = if done { "after\n" } else { "before\n" };
            assert_eq!(
                text(folder.path(), "a").as_deref(),
                Some(wanted),
                "{after:?} {passed}: {recovered:?}"
            );
            let rescued: Vec<_> = recovered.iter().flat_map(|it| &it.rescued).collect();
            let saved = rescued
                .iter()
                .any(|it| text(Path::new(""), &it.to_string_lossy()).as_deref() == Some("by hand\n"));
            displaced += usize::from(saved);
            let there = text(folder.path(), "b").as_deref() == Some("by hand\n");
            let untouched =
                !written.load(Ordering::Relaxed) && text(folder.path(), "b").as_deref() == Some("before\n");
            assert!(
                there || saved || untouched,
                "{after:?} {passed}: {recovered:?} {outcome:?}"
            );
        }
        assert!(displaced > 0, "{after:?}: never was it displaced");
    }
    scenario.teardown();
}
