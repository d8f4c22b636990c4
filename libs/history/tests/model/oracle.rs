//! What has to come out: the law of `main.rs`, computed without any of the engine's own code.

use std::collections::{BTreeMap, BTreeSet};

use krepis_change::FileState;
use krepis_history::OperationId;

use crate::world::{Tree, above, state, written};

/// A done operation as the model knows it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: OperationId,
    /// The change it is about in the end: its own number, or that of the change it takes back or does again.
    pub root: usize,
    pub forward: bool,
    /// Before and after of every file it dealt with, also of those it left as they were.
    pub files: BTreeMap<String, (FileState, FileState)>,
    /// Old path and new path.
    pub renames: Vec<(String, String)>,
}

/// Everything that is known.
#[derive(Debug, Default)]
pub struct Model {
    pub tree: Tree,
    pub entries: Vec<Entry>,
    /// The latest operation that made a folder.
    pub makers: BTreeMap<String, usize>,
    pub folder_mode: u32,
}

/// How to treat files that were edited since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolve {
    Refuse,
    Force,
    Skip,
}

/// What has to become of one file.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Exactly this.
    Exactly(FileState),
    /// The edit and the operation touch each other: a conflict, or a text to which [`Law`] applies.
    Touching(Law),
    /// A conflict.
    Conflict,
}

/// What a merged text has to be.
#[derive(Debug, Clone)]
pub struct Law {
    mode: u32,
    /// Before, after, today; `None` if lines occur twice or in another order, so that nothing can be said of them.
    texts: Option<[String; 3]>,
}

/// What has to come of an undo or a redo.
#[derive(Debug)]
pub enum Expected {
    /// It is refused with one of these codes, and nothing is touched.
    Refused(&'static [&'static str]),
    /// It happens; or, if `or_conflict`, it is refused as a conflict.
    Happens {
        planned: BTreeMap<String, Planned>,
        /// Renamed files that are edited at their new place: they may go back there, with the edits.
        moved: Vec<Moved>,
        or_conflict: bool,
        root: usize,
        forward: bool,
    },
}

/// One file of an undo or a redo.
#[derive(Debug, Clone)]
pub struct Planned {
    pub verdict: Verdict,
    /// What `--force` puts there.
    pub before: FileState,
}

/// A renamed file that was edited since: old path, new path, what may come back at the old one.
#[derive(Debug, Clone)]
pub struct Moved {
    pub old: String,
    pub new: String,
    pub verdict: Verdict,
}

/// The codes of what stands in the way.
pub const OBSTACLES: &[&str] = &["KRP4031", "KRP4032", "KRP4033"];

impl Model {
    /// The paths of a change that are in effect.
    pub fn effective(&self, root: usize) -> BTreeSet<String> {
        let mut paths: BTreeSet<String> = self.entries[root].files.keys().cloned().collect();
        for entry in self.entries[root + 1..].iter().filter(|entry| entry.root == root) {
            for path in entry.files.keys() {
                if entry.forward {
                    paths.insert(path.clone());
                } else {
                    paths.remove(path);
                }
            }
        }
        paths
    }

    fn is_change(&self, number: usize) -> bool {
        self.entries[number].root == number
    }

    /// What a plain undo takes back: of the changes that are in effect the one that was put in effect last.
    pub fn next_undo(&self) -> Option<usize> {
        let latest = |root: usize| {
            self.entries
                .iter()
                .rposition(|entry| entry.root == root && entry.forward)
        };
        (0..self.entries.len())
            .filter(|&number| self.is_change(number) && !self.effective(number).is_empty())
            .max_by_key(|&root| latest(root))
    }

    /// What a plain redo answers: the latest undo since the last change of which something is not in effect yet.
    pub fn next_redo(&self) -> Option<usize> {
        let last = (0..self.entries.len())
            .rev()
            .find(|&number| self.is_change(number))?;
        (last..self.entries.len()).rev().find(|&number| {
            let entry = &self.entries[number];
            let effective = self.effective(entry.root);
            !entry.forward && entry.files.keys().any(|path| !effective.contains(path))
        })
    }

    /// Folders that may go when `goals` are written by an operation that puts `root` in effect or takes it back.
    pub fn removable(
        &self,
        goals: &BTreeMap<String, FileState>,
        root: usize,
        forward: bool,
    ) -> BTreeSet<String> {
        let folders = |absent: bool| -> BTreeSet<String> {
            goals
                .iter()
                .filter(|(_, goal)| goal.is_absent() == absent)
                .flat_map(|(path, _)| above(path).map(str::to_owned))
                .collect()
        };
        let kept = folders(false);
        folders(true)
            .into_iter()
            .filter(|folder| !kept.contains(folder))
            .filter(|folder| {
                self.makers.get(folder).is_some_and(|&maker| {
                    let maker = &self.entries[maker];
                    let in_effect = if maker.root == root {
                        forward
                    } else {
                        !self.effective(maker.root).is_empty()
                    };
                    in_effect != maker.forward
                })
            })
            .collect()
    }

    /// What has to come of taking operation `number` back (or, with `redo`, of answering that undo).
    pub fn reversal(&self, number: usize, redo: bool, named: &[String], resolve: Resolve) -> Expected {
        let entry = &self.entries[number];
        let (root, forward) = (entry.root, redo || !entry.forward);
        let effective = self.effective(root);
        let is_named = |path: &str| {
            named.is_empty()
                || named
                    .iter()
                    .any(|it| path == it || path.starts_with(&format!("{it}/")))
        };
        let wanted: Vec<&String> = entry
            .files
            .keys()
            .filter(|path| is_named(path) && effective.contains(*path) != forward)
            .collect();
        if wanted.is_empty() {
            let is_there = entry.files.keys().any(|path| is_named(path));
            return Expected::Refused(match (is_there, redo) {
                (true, true) => &["KRP4018"],
                (true, false) => &["KRP4013"],
                (false, _) => &["KRP4015"],
            });
        }
        let source = |path: &str| {
            if redo {
                return number;
            }
            let same =
                |it: &Entry| it.root == root && it.forward == entry.forward && it.files.contains_key(path);
            self.entries.iter().rposition(same).expect("it itself")
        };
        let mut planned = BTreeMap::new();
        for path in &wanted {
            let (before, after) = &self.entries[source(path)].files[*path];
            let verdict = verdict(before, after, &state(&self.tree, path));
            let before = before.clone();
            planned.insert((*path).clone(), Planned { verdict, before });
        }
        let mut moved = Vec::new();
        for (old, new) in wanted.iter().flat_map(|path| &self.entries[source(path)].renames) {
            let one = || {
                let from = source(new);
                let files = &self.entries[from].files;
                let whole = wanted.contains(&old) && wanted.contains(&new) && source(old) == from;
                let today = state(&self.tree, new);
                (whole
                    && state(&self.tree, old).is_absent()
                    && files[new].0.is_absent()
                    && today.bytes().is_some()
                    && today != files[new].1)
                    .then(|| verdict(&files[old].0, &files[new].1, &today))
            };
            if moved.iter().any(|it: &Moved| it.new == *new) || !wanted.contains(&new) {
                continue;
            }
            if let Some(verdict) = one().filter(|it| !matches!(it, Verdict::Conflict)) {
                moved.push(Moved {
                    old: old.clone(),
                    new: new.clone(),
                    verdict,
                });
            }
        }
        let mut or_conflict = moved.iter().any(|it| matches!(it.verdict, Verdict::Touching(_)));
        for (path, Planned { verdict, .. }) in &planned {
            if moved.iter().any(|it| it.new == *path || it.old == *path) {
                continue;
            }
            match verdict {
                Verdict::Conflict if resolve == Resolve::Refuse => return Expected::Refused(&["KRP4014"]),
                Verdict::Touching(_) => or_conflict = true,
                _ => {}
            }
        }
        or_conflict &= resolve == Resolve::Refuse;
        let goals = self.goals(&planned, &moved, resolve);
        let removable = self.removable(&goals, root, forward);
        let fits = written(
            &self.tree,
            &changed(&self.tree, goals),
            &removable,
            self.folder_mode,
        )
        .is_some();
        match (fits, or_conflict) {
            (false, false) => Expected::Refused(OBSTACLES),
            (false, true) => Expected::Refused(&["KRP4014", "KRP4031", "KRP4032", "KRP4033"]),
            (true, or_conflict) => Expected::Happens {
                planned,
                moved,
                or_conflict,
                root,
                forward,
            },
        }
    }

    /// What is to be at every path, as far as it is known beforehand: where two texts touch, today's stands for it.
    fn goals(
        &self,
        planned: &BTreeMap<String, Planned>,
        moved: &[Moved],
        resolve: Resolve,
    ) -> BTreeMap<String, FileState> {
        let mut goals = BTreeMap::new();
        for (path, Planned { verdict, before }) in planned {
            let goal = match verdict {
                Verdict::Exactly(goal) => goal.clone(),
                Verdict::Conflict if resolve == Resolve::Force => before.clone(),
                _ => state(&self.tree, path),
            };
            goals.insert(path.clone(), goal);
        }
        for one in moved {
            let goal = match &one.verdict {
                Verdict::Exactly(goal) => goal.clone(),
                _ => state(&self.tree, &one.new),
            };
            goals.insert(one.new.clone(), FileState::Absent);
            goals.insert(one.old.clone(), goal);
        }
        goals
    }
}

/// Those that are another state than there is.
pub fn changed(tree: &Tree, goals: BTreeMap<String, FileState>) -> BTreeMap<String, FileState> {
    goals
        .into_iter()
        .filter(|(path, goal)| state(tree, path) != *goal)
        .collect()
}

/// What has to become of a file that an operation took from `before` to `after` and that is `today` now.
pub fn verdict(before: &FileState, after: &FileState, today: &FileState) -> Verdict {
    if today == before || before == after {
        return Verdict::Exactly(today.clone());
    }
    if today == after {
        return Verdict::Exactly(before.clone());
    }
    let (
        FileState::File { bytes: b, mode: old },
        FileState::File { bytes: a, mode: new },
        FileState::File { bytes: t, mode: now },
    ) = (before, after, today)
    else {
        return Verdict::Conflict;
    };
    let mode = if now == new {
        *old
    } else if old == new {
        *now
    } else {
        return Verdict::Conflict;
    };
    let exactly = |bytes: &[u8]| {
        Verdict::Exactly(FileState::File {
            bytes: bytes.into(),
            mode,
        })
    };
    if t == a {
        return exactly(b);
    }
    if b == a || t == b {
        return exactly(t);
    }
    let (Ok(b), Ok(a), Ok(t)) = (
        std::str::from_utf8(b),
        std::str::from_utf8(a),
        std::str::from_utf8(t),
    ) else {
        return Verdict::Conflict;
    };
    if ![b, a, t].into_iter().all(is_plain) || !same_order(a, b) || !same_order(a, t) {
        return Verdict::Touching(Law { mode, texts: None });
    }
    let (operation, user) = (hunks(a, b), hunks(a, t));
    let apart = |one: &Hunk, other: &Hunk| one.end < other.start || other.end < one.start;
    if operation
        .iter()
        .all(|one| user.iter().all(|other| apart(one, other)))
    {
        return exactly(exchanged(a, operation.iter().chain(&user)).as_bytes());
    }
    let rewritten = |one: &Hunk, other: &Hunk| {
        let all = one.start < one.end && other.start <= one.start && one.end <= other.end;
        all && !one.lines.is_empty() && !other.lines.is_empty()
    };
    if operation
        .iter()
        .any(|one| user.iter().any(|other| rewritten(one, other)))
    {
        return Verdict::Conflict;
    }
    Verdict::Touching(Law {
        mode,
        texts: Some([b.into(), a.into(), t.into()]),
    })
}

/// Lines `start..end` of one text stand in another as `lines`.
struct Hunk<'a> {
    start: usize,
    end: usize,
    lines: Vec<&'a str>,
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Whole lines of one kind, none of them twice.
fn is_plain(text: &str) -> bool {
    if text.contains('\r') {
        return false;
    }
    let lines = lines(text);
    let unique: BTreeSet<&str> = lines.iter().copied().collect();
    lines.len() == unique.len() && lines.iter().all(|line| line.ends_with('\n') && line.len() > 1)
}

/// The lines that both have stand in the same order.
fn same_order(one: &str, other: &str) -> bool {
    let common = |of: &str, also: &str| -> Vec<String> {
        let also = lines(also);
        lines(of)
            .into_iter()
            .filter(|line| also.contains(line))
            .map(str::to_owned)
            .collect()
    };
    common(one, other) == common(other, one)
}

/// What differs, in the lines of `from`; with unique lines in one order there is only one answer.
fn hunks<'a>(from: &'a str, to: &'a str) -> Vec<Hunk<'a>> {
    let (from, to) = (lines(from), lines(to));
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < from.len() || j < to.len() {
        if i < from.len() && j < to.len() && from[i] == to[j] {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let start = i;
        while i < from.len() && !to.contains(&from[i]) {
            i += 1;
        }
        let first = j;
        while j < to.len() && !from.contains(&to[j]) {
            j += 1;
        }
        found.push(Hunk {
            start,
            end: i,
            lines: to[first..j].to_vec(),
        });
    }
    found
}

/// `text` with hunks that lie apart exchanged.
fn exchanged<'a>(text: &str, hunks: impl Iterator<Item = &'a Hunk<'a>>) -> String {
    let mut hunks: Vec<&Hunk> = hunks.collect();
    hunks.sort_by_key(|hunk| hunk.start);
    let text = lines(text);
    let mut out: Vec<&str> = Vec::new();
    let mut at = 0;
    for hunk in hunks {
        out.extend(&text[at..hunk.start]);
        out.extend(&hunk.lines);
        at = hunk.end;
    }
    out.extend(&text[at..]);
    out.concat()
}

impl Law {
    /// Every line is there that was the user's or was before, none that the operation put in, all in their order.
    pub fn check(&self, result: &FileState) -> Result<(), String> {
        let FileState::File { bytes, mode } = result else {
            return Err(format!("no file: {result:?}"));
        };
        if *mode != self.mode {
            return Err(format!("mode {mode:o} and not {:o}", self.mode));
        }
        let Some([before, after, today]) = &self.texts else {
            return Ok(());
        };
        let result = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let set = |text| -> BTreeSet<&str> { lines(text).into_iter().collect() };
        let (b, a, t) = (set(before), set(after), set(today));
        let wanted: BTreeSet<&str> = t
            .iter()
            .filter(|line| !a.contains(*line) || b.contains(*line))
            .chain(b.difference(&a))
            .copied()
            .collect();
        if !is_plain(result) || set(result) != wanted || !same_order(result, today) {
            return Err(format!(
                "before {before:?}\nafter {after:?}\ntoday {today:?}\ncame out as {result:?}"
            ));
        }
        Ok(())
    }
}
