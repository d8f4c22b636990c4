//! Killed at random times, and watched.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use krepis_change::{FileState, WorkspacePath};
use krepis_history::{History, Meta, UndoOptions, read_state};
use tempfile::TempDir;

use crate::scenario::{lay_out_version, version_of};
use crate::{Numbers, VICTIM, done, figures, folder, torture};

/// How many files, and how many of a hundred rounds.
const SIZES: &[(usize, u64)] = &[(1, 20), (4, 20), (30, 25), (200, 20), (1_500, 10), (5_000, 5)];
/// A history is left behind after so many rounds.
const ROUNDS_PER_WORKSPACE: usize = 20;

/// A workspace that goes from version to version.
struct Versions {
    folder: TempDir,
    count: usize,
    now: u32,
    last: u32,
    past: Vec<u32>,
    future: Vec<u32>,
    operations: usize,
    rounds: usize,
    /// How long an operation takes, roughly.
    takes: Duration,
}

impl Versions {
    fn new(count: usize) -> Self {
        let folder = folder();
        lay_out_version(folder.path(), count, 0);
        Self {
            folder,
            count,
            now: 0,
            last: 0,
            past: Vec::new(),
            future: Vec::new(),
            operations: 0,
            rounds: 0,
            takes: Duration::from_millis(5 + count as u64 / 20),
        }
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    /// An action that happened.
    fn went(&mut self, action: &str, old: u32, new: u32) {
        self.now = new;
        match action {
            "undo" => {
                self.past.pop();
                self.future.push(old);
            }
            "redo" => {
                self.future.pop();
                self.past.push(old);
            }
            _ => {
                self.last = new;
                self.past.push(old);
                self.future.clear();
            }
        }
    }

    /// Every file is exactly as it is in that version.
    fn is(&self, version: u32) -> bool {
        (0..self.count).all(|index| {
            let (name, state) = version_of(index, version);
            let path = WorkspacePath::parse(&name).expect("a path");
            read_state(self.root(), &path).is_ok_and(|now| now == state)
        })
    }

    /// No file but those of the versions.
    fn nothing_else(&self) -> bool {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.root()).expect("list").flatten() {
            if entry.file_name() != ".krepis" {
                let inside = std::fs::read_dir(entry.path()).expect("list").flatten();
                names.extend(inside.map(|it| it.path()));
            }
        }
        let known: std::collections::HashSet<_> = (0..self.count)
            .map(|index| self.root().join(version_of(index, 1).0))
            .collect();
        names.iter().all(|name| known.contains(name))
    }
}

/// Starts the victim and kills it after `time`, unless it is faster. True if it was killed.
fn kill_after(root: &Path, action: &str, time: Duration) -> bool {
    let mut child = Command::new(VICTIM)
        .arg(root)
        .arg(action)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the victim starts");
    // Its end closes the pipe.
    let mut pipe = child.stdout.take().expect("piped");
    let (ended, end) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        drop(std::io::copy(&mut pipe, &mut std::io::sink()));
        let _ = ended.send(());
    });
    if end.recv_timeout(time).is_err() {
        drop(child.kill());
    }
    let status = child.wait().expect("ended");
    reader.join().expect("read");
    if status.signal() == Some(9) {
        return true;
    }
    assert!(status.success(), "{action}: {status:?}");
    false
}

/// Reads files until told to stop; every one has to be exactly of one of the two versions, at every moment.
fn watch(root: &Path, count: usize, versions: [u32; 2], stop: &AtomicBool, salt: u64) -> u64 {
    let mut numbers = Numbers::new(salt);
    let mut reads = 0;
    while !stop.load(Ordering::Relaxed) {
        let index = usize::try_from(numbers.below(count as u64)).expect("small");
        let states = versions.map(|version| version_of(index, version));
        let name = &states[0].0;
        let target = root.join(name);
        let found = match std::fs::symlink_metadata(&target) {
            Err(_) => FileState::Absent,
            Ok(metadata) if metadata.is_symlink() => match std::fs::read_link(&target) {
                Ok(to) => FileState::Symlink {
                    target: to.to_str().expect("UTF-8").as_bytes().into(),
                },
                Err(_) => FileState::Absent,
            },
            // One descriptor, so that mode and content are of one file.
            Ok(_) => match std::fs::File::open(&target) {
                Err(_) => FileState::Absent,
                Ok(mut file) => {
                    let mut bytes = Vec::new();
                    std::io::Read::read_to_end(&mut file, &mut bytes).expect("read");
                    let mode = file.metadata().expect("open").permissions().mode() & 0o7777;
                    FileState::File {
                        bytes: bytes.into(),
                        mode,
                    }
                }
            },
        };
        assert!(
            states.iter().any(|(_, state)| *state == found),
            "torn: `{name}` was read as {found:?} between the versions {versions:?}"
        );
        reads += 1;
    }
    reads
}

#[test]
#[expect(clippy::too_many_lines, reason = "one round from its choice to its figures")]
fn killed_at_random_times_it_is_before_or_after_and_no_reader_sees_half_a_file() {
    let rounds = if torture() { 500 } else { 60 };
    let mut numbers = Numbers::new(11);
    let started = Instant::now();
    let (mut kills, mut recovery_kills, mut befores, mut afters) = (0, 0, 0, 0);
    let reads = AtomicU64::new(0);
    let mut workspaces: Vec<Option<Versions>> = SIZES.iter().map(|_| None).collect();
    for round in 0..rounds {
        // By turns, so that few rounds have all sizes too.
        let mut point = (round * 37 % 100) as u64;
        let size = SIZES
            .iter()
            .position(|(_, share)| {
                let hit = point < *share;
                point = point.saturating_sub(*share);
                hit
            })
            .expect("they are a hundred");
        let workspace = workspaces[size].get_or_insert_with(|| Versions::new(SIZES[size].0));
        let (old, action, new) = match numbers.below(4) {
            0 if !workspace.past.is_empty() => (
                workspace.now,
                "undo".to_owned(),
                *workspace.past.last().expect("one"),
            ),
            1 if !workspace.future.is_empty() => (
                workspace.now,
                "redo".to_owned(),
                *workspace.future.last().expect("one"),
            ),
            _ => {
                let next = workspace.last + 1;
                (workspace.now, format!("version:{}:{next}", workspace.count), next)
            }
        };
        let context = format!(
            "round {round}, {} files, {action} from version {old}",
            workspace.count
        );
        let time = workspace.takes * numbers.percent(130) / 100;
        let stop = AtomicBool::new(false);
        let began = Instant::now();
        let killed = std::thread::scope(|scope| {
            let (root, count) = (workspace.folder.path(), workspace.count);
            let (stop_seen, salt) = (&stop, round as u64 * 2 + 1);
            let watcher = scope.spawn(move || watch(root, count, [old, new], stop_seen, salt));
            let killed = kill_after(root, &action, time);
            let took = began.elapsed();
            if !killed {
                workspace.takes = (workspace.takes + took) / 2;
            }
            kills += usize::from(killed);
            if killed && numbers.below(3) == 0 {
                let time = workspace.takes * numbers.percent(100) / 100;
                recovery_kills += usize::from(kill_after(root, "recover", time));
            }
            let recovered = History::new(root).recover();
            stop.store(true, Ordering::Relaxed);
            reads.fetch_add(watcher.join().expect("no torn file"), Ordering::Relaxed);
            assert!(recovered.is_ok(), "{context}: {recovered:?}");
            killed
        });
        let operations = done(workspace.root(), &context);
        let happened = operations > workspace.operations;
        assert!(
            operations <= workspace.operations + 1,
            "{context}: {operations} operations"
        );
        assert!(happened || killed, "{context}: acknowledged and not there");
        assert!(
            workspace.is(if happened { new } else { old }),
            "{context}: neither before nor after"
        );
        assert!(workspace.nothing_else(), "{context}: something is left");
        let log = History::new(workspace.root()).log().expect("log");
        assert!(
            log.entries.len() == operations && log.damaged.is_empty(),
            "{context}"
        );
        if happened {
            afters += 1;
            workspace.operations = operations;
            workspace.went(&action, old, new);
        } else {
            befores += 1;
        }
        if let (Some(past), 0) = (workspace.past.last().copied(), numbers.below(3)) {
            let history = History::new(workspace.root());
            history
                .undo(Meta::default(), &UndoOptions::default())
                .expect(&context);
            assert!(workspace.is(past), "{context}: undone");
            history
                .redo(Meta::default(), &UndoOptions::default())
                .expect(&context);
            assert!(workspace.is(workspace.now), "{context}: done again");
            workspace.operations += 2;
        }
        workspace.rounds += 1;
        if workspace.rounds == ROUNDS_PER_WORKSPACE {
            workspaces[size] = None;
        }
    }
    figures(&format!(
        "kill: {rounds} rounds in {:.1} s: {kills} operations and {recovery_kills} recoveries killed, then {befores} before and \
         {afters} after; {} reads meanwhile, none torn",
        started.elapsed().as_secs_f64(),
        reads.into_inner()
    ));
    assert!(kills * 3 > rounds, "of {rounds} rounds only {kills} killed");
    assert!(befores > 0 && afters > 0 && recovery_kills > 0);
}
