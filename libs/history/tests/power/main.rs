//! The power fails: the calls of real processes are recorded, and from them every state that a disk may be found in afterwards
//! is made (a bounded sample of them, where there are too many), recovered, and looked at. What was acknowledged is there;
//! everything else is there as a whole or not at all; and it can be undone. See `disk.rs` for what is taken for legal.

mod disk;
#[path = "../crash/scenario.rs"]
#[expect(dead_code, reason = "the crash tests use the rest")]
mod scenario;
mod trace;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use krepis_history::{History, Meta, UndoOptions};
use scenario::{Snapshot, act, lay_out, snapshot};
use tempfile::TempDir;

use crate::disk::{Disk, Effect, Found, Kept};
use crate::trace::Call;

/// All scenarios together, where this is no torture.
const BUDGET: Duration = Duration::from_secs(150);

/// In memory where there is such a folder.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    }
    .expect("a folder")
}

/// One process of a scenario: what it does, and where it is killed.
struct Process {
    actions: &'static str,
    failpoints: &'static str,
}

const fn process(actions: &'static str) -> Process {
    Process {
        actions,
        failpoints: "",
    }
}

const fn killed(actions: &'static str, failpoints: &'static str) -> Process {
    Process { actions, failpoints }
}

struct Scenario {
    name: &'static str,
    /// Done before, and durable.
    ahead: &'static [&'static str],
    processes: &'static [Process],
    /// How many states are tried at each point where the power may fail, if there are more.
    sample: usize,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "apply, apply, undo, redo",
        ahead: &[],
        processes: &[process("apply,apply-more,undo,redo")],
        sample: 40,
    },
    Scenario {
        name: "undo of everything",
        ahead: &["apply"],
        processes: &[process("undo")],
        sample: 40,
    },
    Scenario {
        name: "the first process dies early, the second applies",
        ahead: &[],
        processes: &[
            killed("apply", "history::prepare::folders-made=return"),
            process("apply,undo"),
        ],
        sample: 32,
    },
    Scenario {
        name: "apply dies midway, recovery takes it back",
        ahead: &[],
        processes: &[
            killed("apply", "history::apply::swapped=6*off->return"),
            process("recover,apply"),
        ],
        sample: 32,
    },
    Scenario {
        name: "apply dies with everything written, recovery completes it",
        ahead: &[],
        processes: &[
            killed("apply", "history::apply::all-swapped=return"),
            process("recover,undo"),
        ],
        sample: 32,
    },
    Scenario {
        name: "undo dies midway, its recovery dies too",
        ahead: &["apply"],
        processes: &[
            killed("undo", "history::apply::swapped=3*off->return"),
            killed("recover", "history::apply::swapped=2*off->return"),
            process("recover,undo"),
        ],
        sample: 32,
    },
    Scenario {
        name: "a hundred files",
        ahead: &[],
        processes: &[process("spread,undo")],
        sample: 16,
    },
];

/// Every tree there is between the actions, and how many operations the history has then.
struct Reference {
    trees: Vec<(Snapshot, usize)>,
}

fn actions(scenario: &Scenario) -> Vec<&'static str> {
    let all = scenario.processes.iter().filter(|it| it.failpoints.is_empty());
    all.flat_map(|it| it.actions.split(',')).collect()
}

fn stage(scenario: &Scenario) -> TempDir {
    let folder = folder();
    lay_out(folder.path());
    for action in scenario.ahead {
        act(folder.path(), action).expect(action);
    }
    folder
}

fn operations(root: &Path) -> usize {
    History::new(root).log().expect("log").entries.len()
}

/// Which of the trees may be found: those from the last acknowledged action on. An operation that a killed process began
/// may be found before it.
fn reference(scenario: &Scenario) -> Reference {
    let staged = stage(scenario);
    let root = staged.path();
    let mut trees = vec![(snapshot(root), operations(root))];
    for action in actions(scenario) {
        let completes = scenario.name.contains("recovery completes");
        let does = if action == "recover" && completes {
            "apply"
        } else {
            action
        };
        act(root, does).expect(does);
        trees.push((snapshot(root), operations(root)));
    }
    Reference { trees }
}

/// A small generator of numbers: the same ones every time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Ways in which the pending effects may be found: all of them if that is no more than `limit`, else the regular ones (all,
/// none, every prefix with every way of its last effect, every single one lost, every single one kept) and random ones.
fn choices(pending: &[Effect], limit: usize, numbers: &mut Numbers) -> Vec<Vec<Kept>> {
    let all = pending.iter().try_fold(1_usize, |product, effect| {
        product.checked_mul(effect.ways().len())
    });
    if let Some(all) = all.filter(|all| *all <= limit) {
        return (0..all)
            .map(|mut number| {
                let mut one = Vec::with_capacity(pending.len());
                for effect in pending {
                    let ways = effect.ways();
                    one.push(ways[number % ways.len()]);
                    number /= ways.len();
                }
                one
            })
            .collect();
    }
    let count = pending.len();
    let mut found = Vec::new();
    for end in 0..=count {
        let mut prefix = vec![Kept::Lost; count];
        prefix[..end].fill(Kept::Whole);
        if end < count {
            for way in pending[end].ways() {
                prefix[end] = *way;
                found.push(prefix.clone());
            }
        } else {
            found.push(prefix);
        }
    }
    for at in 0..count {
        for way in pending[at].ways() {
            let mut without = vec![Kept::Whole; count];
            without[at] = *way;
            found.push(without);
        }
        let mut alone = vec![Kept::Lost; count];
        alone[at] = Kept::Whole;
        found.push(alone);
    }
    // Of too many regular ones some, all the way through.
    let regular = found.len().div_ceil((limit / 2).max(1));
    let mut found: Vec<Vec<Kept>> = found.into_iter().step_by(regular.max(1)).collect();
    found.push(vec![Kept::Whole; count]);
    for _ in found.len()..limit {
        // Few lost, half of them, or few kept.
        let odds = [15, 50, 85][usize::try_from(numbers.next() % 3).unwrap_or(0)];
        let one = pending.iter().map(|effect| {
            let ways = effect.ways();
            if numbers.next() % 100 < odds {
                Kept::Lost
            } else {
                let more = u64::try_from(ways.len() - 1).unwrap_or(1);
                ways[1 + usize::try_from(numbers.next() % more).unwrap_or(0)]
            }
        });
        found.push(one.collect());
    }
    found
}

#[derive(Default)]
struct Figures {
    calls: usize,
    cuts: usize,
    states: usize,
}

/// Recovers what was found, looks at it, and takes the last operation back.
fn check(
    found: &Found,
    acknowledged: usize,
    reference: &Reference,
    whole: bool,
    context: &dyn Fn() -> String,
) {
    let scratch = folder();
    let root = scratch.path();
    found.lay_out(root);
    let history = History::new(root);
    if let Err(failure) = history.recover() {
        panic!(
            "{}: {failure} {:?} {:?}",
            context(),
            failure.reason,
            failure.others
        );
    }
    let (now, log) = (snapshot(root), history.log().expect("log"));
    assert!(
        log.damaged.is_empty() && log.pending.is_empty(),
        "{}: {:?} {:?}",
        context(),
        log.damaged,
        log.pending
    );
    let operations = log.entries.len();
    let at =
        (acknowledged..reference.trees.len()).find(|&at| reference.trees[at] == (now.clone(), operations));
    let Some(at) = at else {
        panic!(
            "{}: {operations} operations, {acknowledged} actions acknowledged, and the tree is {now:#?}\nand not {:#?}",
            context(),
            reference
                .trees
                .iter()
                .map(|(tree, count)| (count, tree))
                .collect::<Vec<_>>()
        );
    };
    assert!(
        at <= acknowledged + 1,
        "{}: an action that was not begun",
        context()
    );
    // What is in effect can be taken back, and done again.
    if whole && log.next_undo().is_some() {
        let options = UndoOptions::default();
        history.undo(Meta::default(), &options).expect("undone");
        assert_ne!(snapshot(root), now, "{}", context());
        history.redo(Meta::default(), &options).expect("done again");
        assert_eq!(snapshot(root), now, "{}: undone and done again", context());
    }
}

fn replay(scenario: &Scenario, factor: usize) -> Figures {
    let reference = reference(scenario);
    let staged = stage(scenario);
    let root = staged.path().to_str().expect("UTF-8");
    let mut disk = Disk::new(staged.path());
    let mut figures = Figures::default();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let mut seen = HashSet::new();
    let mut acknowledged = 0;
    let mut cut = |disk: &Disk, acknowledged: usize, after: &str, figures: &mut Figures| {
        figures.cuts += 1;
        for kept in choices(&disk.pending, scenario.sample * factor, &mut numbers) {
            let found = disk.found(&kept);
            let mut hasher = DefaultHasher::new();
            (&found, acknowledged).hash(&mut hasher);
            if !seen.insert(hasher.finish()) {
                continue;
            }
            figures.states += 1;
            let context = || {
                let told = disk.pending.iter().zip(&kept);
                let told: Vec<String> = told
                    .map(|(effect, kept)| format!("  {kept:?}: {effect}"))
                    .collect();
                format!(
                    "{}: the power fails {after}; of\n{}\n",
                    scenario.name,
                    told.join("\n")
                )
            };
            // Undo is tried on some of them: it costs more than all the rest.
            let whole = figures.states.is_multiple_of(8);
            check(&found, acknowledged, &reference, whole, &context);
        }
    };
    for process in scenario.processes {
        let (status, calls) = trace::trace(
            env!("CARGO_BIN_EXE_krepis-history-crash"),
            &[root, process.actions],
            &[("FAILPOINTS", process.failpoints)],
        );
        assert_eq!(
            status.success(),
            process.failpoints.is_empty(),
            "{}: {status:?}",
            process.actions
        );
        for call in &calls {
            match call {
                // A state that may be found before a call may be found before the next sync too.
                Call::Sync(_) | Call::SyncAll => {
                    cut(&disk, acknowledged, &format!("before {call:?}"), &mut figures);
                }
                Call::Write(2, text, _) if text.starts_with(b"acknowledged") => {
                    cut(&disk, acknowledged, "before it is acknowledged", &mut figures);
                    acknowledged += 1;
                    cut(&disk, acknowledged, "after it is acknowledged", &mut figures);
                }
                _ => {}
            }
            figures.calls += usize::from(disk.call(call));
        }
        cut(&disk, acknowledged, "after the process", &mut figures);
    }
    assert_eq!(acknowledged, reference.trees.len() - 1, "{}", scenario.name);
    // The model has seen all that happened, or it says nothing of what may be found.
    let whole = folder();
    disk.all().lay_out(whole.path());
    assert_eq!(
        snapshot(whole.path()),
        snapshot(staged.path()),
        "{}",
        scenario.name
    );
    figures
}

#[test]
fn after_a_power_cut_what_was_acknowledged_is_there_and_nothing_is_there_in_part() {
    if !trace::works() {
        assert!(
            std::env::var_os("CI").is_none(),
            "this test needs strace(1) and the right to trace"
        );
        return;
    }
    let torture = std::env::var_os("KREPIS_TORTURE").is_some();
    let started = Instant::now();
    let mut all = Figures::default();
    for scenario in SCENARIOS {
        let figures = replay(scenario, if torture { 40 } else { 1 });
        assert!(
            figures.cuts > 5 && figures.states > 50,
            "{}: hardly a state",
            scenario.name
        );
        all.calls += figures.calls;
        all.cuts += figures.cuts;
        all.states += figures.states;
        let _ = writeln!(
            std::io::stderr(),
            "figures: power: {}: {} calls, {} points, {} states",
            scenario.name,
            figures.calls,
            figures.cuts,
            figures.states
        );
    }
    let took = started.elapsed();
    let _ = writeln!(
        std::io::stderr(),
        "figures: power: {} states at {} points of {} calls in {:.1} s, 0 losses",
        all.states,
        all.cuts,
        all.calls,
        took.as_secs_f64()
    );
    assert!(torture || took < BUDGET, "{took:?}");
}
