//! The history engine against a model of it in memory: random operations, user edits, undo, redo, parts of them, crashes and
//! failing calls, and after each the whole tree (modes, links, empty folders) and the log are compared.
//!
//! The law:
//!
//! 1. **Apply** makes exactly the states of the change, and the folders above them; nothing else changes. If a folder is at a
//!    path, or a file or a link on the way to one that the change does not take away, it is refused and nothing is touched.
//! 2. **Undo** of a file that is as the operation left it gives back, byte for byte and mode for mode, what was there before.
//!    A file that is already as it was before stays.
//! 3. **Undo of a file that was edited since**: if at least one line that both left alone lies between every edit and every
//!    change of the operation, the edits stay where they are and the operation's lines are exchanged for what they were.
//!    If they touch, it is either a conflict, or the text has every line of the user, every line that was there before and
//!    none that the operation put in, in their order. If the operation put lines in the place of others and all of these were
//!    rewritten since, it is a conflict. So it is for anything that is no text, was made, removed, or became a link.
//! 4. **A conflict** in one file refuses the whole, and nothing is touched; `--skip` leaves such files, `--force` overwrites them.
//! 5. **Folders**: one goes if this undo took a file away below it, it is empty then, and the latest operation that made it is
//!    not in effect any more. No other goes, and none changes its mode.
//! 6. **Redo and undo of an undo** are the same with before and after exchanged. `undo` takes back what was put in effect last,
//!    `redo` answers the latest undo since the last change of which something is still not in effect.
//! 7. **A crash** at any point, and crashes of the recovery from it, leave after the last recovery exactly the tree before or the
//!    tree after, and the history has the operation just in the second case. If somebody edited a file of it in between, the
//!    recovery touches nothing and asks; the answer is carried out for the operation's files alone.
//! 8. **A call that fails** leaves the tree before and no operation, or everything went well. If every further call fails too, so
//!    that it cannot be taken back, the next recovery that can write does it.

mod action;
mod bench;
mod oracle;
mod world;

use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use bench::{Bench, Counts};

/// In CI and on every developer's machine.
const SEQUENCES: u32 = 10_000;
/// For `npm run torture`.
const TORTURE: u32 = 200_000;
/// The sequences have to be done by then, where this is no torture.
const BUDGET: Duration = Duration::from_mins(3);
const THREADS: u32 = 2;

fn number(name: &str) -> Option<u32> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn ten_thousand_sequences_keep_the_law() {
    let torture = std::env::var_os("KREPIS_TORTURE").is_some();
    let sequences = number("KREPIS_SEQUENCES").unwrap_or(if torture { TORTURE } else { SEQUENCES });
    // The same sequences every time, unless it is torture: then others, which can be had again.
    let seed = number("KREPIS_SEED").unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        if torture {
            now.map_or(0, |it| it.subsec_nanos())
        } else {
            5
        }
    });
    let started = Instant::now();
    let (ran, counts) = (AtomicU64::new(0), Mutex::new(Counts::default()));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (ran, counts) = (&ran, &counts);
            scope.spawn(move || {
                let mut bytes = [0; 32];
                bytes[..4].copy_from_slice(&seed.to_le_bytes());
                bytes[4..8].copy_from_slice(&thread.to_le_bytes());
                let config = Config {
                    cases: sequences / THREADS,
                    failure_persistence: None,
                    max_shrink_iters: 20_000,
                    ..Config::default()
                };
                let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
                let mut runner = TestRunner::new_with_rng(config, rng);
                let outcome = runner.run(&action::sequence(), |actions| {
                    let mut bench = Bench::new();
                    for action in &actions {
                        bench.act(action)?;
                    }
                    ran.fetch_add(1, Ordering::Relaxed);
                    let mut all = counts.lock().expect("not poisoned");
                    for (name, count) in bench.counts.0 {
                        *all.0.entry(name).or_default() += count;
                    }
                    Ok(())
                });
                match outcome {
                    Ok(()) => {}
                    Err(TestError::Fail(why, actions)) => {
                        let actions: Vec<String> = actions.iter().map(|it| format!("{it:?}")).collect();
                        panic!("seed {seed}: {why}\nafter\n  {}", actions.join("\n  "));
                    }
                    Err(error) => panic!("seed {seed}: {error}"),
                }
            });
        }
    });
    let (ran, took) = (ran.into_inner(), started.elapsed());
    let counts = counts.into_inner().expect("not poisoned").0;
    let text: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    // Straight to the stream: the test runner keeps what `eprintln!` says of a test that passes.
    let _ = writeln!(
        std::io::stderr(),
        "figures: model: {ran} sequences in {:.1} s, seed {seed}; {}",
        took.as_secs_f64(),
        text.join(", ")
    );
    assert!(ran >= u64::from(sequences), "{ran} sequences");
    assert!(torture || took < BUDGET, "{ran} sequences took {took:?}");
    for name in [
        "files renamed back with edits",
        "applied",
        "undone",
        "redone",
        "observed",
        "crashes",
        "crashes of the recovery",
        "failed calls",
        "decisions",
        "refused: conflict",
        "refused: in the way",
        "touching edits merged",
    ] {
        assert!(counts.contains_key(name), "never: {name}");
    }
}
