//! `.krepis` deleted while an operation is being written: all or nothing of it is there, and nothing else is left.

#[path = "crash/scenario.rs"]
#[expect(dead_code, reason = "the crash tests use more of it")]
mod scenario;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use krepis_history::failpoints::POINTS;
use scenario::{act, lay_out, snapshot};
use tempfile::TempDir;

fn staged(action: &str) -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    };
    let folder = folder.expect("a folder");
    lay_out(folder.path());
    if action == "undo" {
        act(folder.path(), "apply").expect("applied");
    }
    folder
}

#[test]
fn the_files_are_all_before_or_all_after_wherever_it_happens() {
    let scenario = fail::FailScenario::setup();
    for action in ["apply", "undo"] {
        let whole = staged(action);
        let before = snapshot(whole.path());
        act(whole.path(), action).expect(action);
        let after = snapshot(whole.path());
        let mut refused = 0;
        for point in POINTS
            .iter()
            .filter(|point| !point.starts_with("history::observe"))
        {
            for passing in 1..=3 {
                let folder = staged(action);
                let root = folder.path().to_owned();
                let passed = Arc::new(AtomicUsize::new(0));
                let counter = Arc::clone(&passed);
                fail::cfg_callback(*point, move || {
                    if counter.fetch_add(1, Ordering::SeqCst) + 1 == passing {
                        fs::remove_dir_all(root.join(".krepis")).expect("removed");
                    }
                })
                .expect("configured");
                let outcome = act(folder.path(), action);
                fail::remove(*point);
                let context = format!("{action}, {point}, passing {passing}: {outcome:?}");
                let now = snapshot(folder.path());
                match outcome {
                    Ok(()) => assert_eq!(now, after, "{context}"),
                    Err(failure) => {
                        assert!(["KRP4023", "KRP4036"].contains(&failure.code.id), "{context}");
                        assert_eq!(now, before, "{context}");
                        refused += 1;
                    }
                }
                if passed.load(Ordering::SeqCst) < passing {
                    break;
                }
            }
        }
        assert!(refused > 10, "{action}: only {refused} were disturbed");
    }
    scenario.teardown();
}
