//! What a command changed: the files as they were and as they are.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use krepis_change::{Digest, FileState, WorkspacePath};

use super::base::{Base, Clock, Stable, read_stable};
use super::coverage::{Compiled, LARGEST, workspace_path};
use super::index::{Content, Entry, Index, Why};
use super::parallel;
use super::walk::{Found, Stat, Type, Walked};
use crate::disk::{ancestors, lstat, read_state};
use crate::operation::{DirectoryEntry, Uncovered};

/// One file's two states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) before: FileState,
    pub(super) after: FileState,
}

/// When the command ran, by the clock of the file system.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// The files were looked at from here on.
    pub(super) looked: Clock,
    /// The command was started after this.
    pub(super) started: Clock,
}

/// What tells the command's doing from what was there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    /// The clock right before the command; 0: krepis died before it was noted.
    pub(super) started: i64,
    /// Unknown after a crash, and where the clock was set meanwhile.
    pub(super) span: Option<Span>,
}

#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) changes: BTreeMap<WorkspacePath, Change>,
    pub(super) directories: Vec<DirectoryEntry>,
    /// Changed, and not kept.
    pub(super) uncovered: Vec<Uncovered>,
    /// Changed between the look and the start: somebody else's.
    pub(super) earlier: Vec<WorkspacePath>,
}

/// What may have changed at one path.
struct Candidate<'a> {
    path: WorkspacePath,
    entry: Option<&'a Entry>,
    found: Option<&'a Found>,
}

pub(super) struct Comparing<'a> {
    root: &'a Path,
    base: &'a Base<'a>,
    index: &'a Index,
    walked: &'a Walked,
    coverage: &'a Compiled,
    since: Since,
    /// Folders that could not be listed before.
    blind: HashSet<&'a str>,
    /// Inode, size and time of every file before; a file that was moved keeps them.
    known: OnceLock<HashSet<(u64, u64, i64)>>,
    out: Comparison,
}

impl<'a> Comparing<'a> {
    pub(super) fn new(
        root: &'a Path,
        base: &'a Base<'a>,
        index: &'a Index,
        walked: &'a Walked,
        coverage: &'a Compiled,
        since: Since,
    ) -> Self {
        Self {
            root,
            base,
            index,
            walked,
            coverage,
            since,
            blind: index
                .entries
                .iter()
                .filter(|entry| entry.content == Content::Uncovered(Why::Unreadable))
                .map(|entry| &*entry.path)
                .collect(),
            known: OnceLock::new(),
            out: Comparison::default(),
        }
    }

    pub(super) fn run(mut self) -> Comparison {
        let candidates = self.candidates();
        let results = parallel::draw(candidates.len(), |draw| {
            draw.shares()
                .filter_map(|at| Some((at, self.after(&candidates[at])?)))
                .collect()
        });
        let mut afters = Vec::new();
        for (at, after) in results {
            let candidate = &candidates[at];
            match after {
                After::State(state) => afters.push((candidate, state)),
                After::Uncovered(why) => self.uncovered(&candidate.path, why),
                After::Earlier => self.out.earlier.push(candidate.path.clone()),
            }
        }
        self.pair(afters);
        self.out.earlier.sort();
        self.out.uncovered.sort_by(|one, other| one.path.cmp(&other.path));
        self.out
            .directories
            .sort_by(|one, other| one.path.cmp(&other.path));
        self.out
    }

    /// Paths where `stat` does not prove that nothing happened.
    fn candidates(&mut self) -> Vec<Candidate<'a>> {
        let (index, walked) = (self.index, self.walked);
        let mut candidates = Vec::new();
        let mut entries = index.entries.iter().peekable();
        let mut founds = walked.found.iter().peekable();
        loop {
            let (entry, found) = match (entries.peek(), founds.peek()) {
                (None, None) => break,
                (Some(_), None) => (entries.next(), None),
                (None, Some(_)) => (None, founds.next()),
                (Some(entry), Some(found)) => match entry.path.cmp(&found.path) {
                    std::cmp::Ordering::Less => (entries.next(), None),
                    std::cmp::Ordering::Greater => (None, founds.next()),
                    std::cmp::Ordering::Equal => (entries.next(), founds.next()),
                },
            };
            let Some(path) = entry
                .map(|entry| &*entry.path)
                .or(found.map(|found| &*found.path))
                .and_then(workspace_path)
            else {
                continue;
            };
            if self.settled(&path, entry, found) {
                continue;
            }
            candidates.push(Candidate { path, entry, found });
        }
        candidates
    }

    /// True if nothing has to be read; what is seen already is noted.
    fn settled(&mut self, path: &WorkspacePath, entry: Option<&Entry>, found: Option<&Found>) -> bool {
        if let Some(entry) = entry
            && let Content::Uncovered(why) = entry.content
        {
            let now = found.map(|found| found.stat).or_else(|| self.stat(path));
            if now != Some(entry.stat) {
                self.uncovered(path, why.text());
            }
            return true;
        }
        let was_directory = entry.filter(|entry| entry.content == Content::Directory);
        let is_directory = found.filter(|found| found.kind == Type::Directory);
        if was_directory.is_some() || is_directory.is_some() {
            self.directory(path, was_directory, is_directory);
        }
        let entry = entry.filter(|entry| entry.content != Content::Directory);
        let found = found.filter(|found| found.kind != Type::Directory);
        match (entry, found) {
            (None, None) => true,
            (Some(entry), found) => found.is_some_and(|found| self.index.proves(entry, &found.stat)),
            // What was in a folder that could not be listed is not new.
            (None, Some(_)) => ancestors(path).any(|folder| self.blind.contains(folder.as_str())),
        }
    }

    fn stat(&self, path: &WorkspacePath) -> Option<Stat> {
        let metadata = lstat(&path.on_disk(self.root)).ok().flatten()?;
        Some(Stat::of(&metadata))
    }

    fn directory(&mut self, path: &WorkspacePath, was: Option<&Entry>, is: Option<&Found>) {
        let before = was.map(|entry| entry.stat.mode);
        let after = match is {
            Some(found) => Some(found.stat.mode),
            // Ignored since, perhaps.
            None => lstat(&path.on_disk(self.root))
                .ok()
                .flatten()
                .filter(fs::Metadata::is_dir)
                .map(|it| it.mode() & 0o7777),
        };
        if before != after {
            self.out.directories.push(DirectoryEntry {
                path: path.clone(),
                before,
                after,
            });
        }
    }

    fn uncovered(&mut self, path: &WorkspacePath, why: &str) {
        self.out.uncovered.push(Uncovered {
            path: path.to_string(),
            why: why.to_owned(),
        });
    }

    /// What is at a candidate's path now. `None`: the same as before.
    fn after(&self, candidate: &Candidate) -> Option<After> {
        let path = candidate.path.as_str();
        if self.coverage.is_secret(path) {
            return Some(After::Uncovered(Why::Secret.text()));
        }
        let full = candidate.path.on_disk(self.root);
        let was = candidate
            .entry
            .filter(|entry| entry.content != Content::Directory);
        if candidate
            .found
            .is_some_and(|found| found.kind == Type::File && found.stat.size > LARGEST)
        {
            return Some(After::Uncovered(Why::TooLarge.text()));
        }
        let is_there = candidate.found.is_none_or(|found| found.kind != Type::Directory);
        let state = match is_there.then(|| self.read(&candidate.path, &full, candidate.found)) {
            None => FileState::Absent,
            Some(Ok((state, stat))) => {
                if was.is_some_and(|entry| matches(entry, &state)) {
                    return None;
                }
                if let Some(stat) = stat
                    && let Some(after) = self.not_the_commands(was, &stat, &full)
                {
                    return Some(after);
                }
                state
            }
            Some(Err(why)) => return Some(After::Uncovered(why.text())),
        };
        if was.is_none() && state.is_absent() {
            return None;
        }
        Some(After::State(state))
    }

    fn read(
        &self,
        path: &WorkspacePath,
        full: &Path,
        found: Option<&Found>,
    ) -> Result<(FileState, Option<Stat>), Why> {
        if found.is_none() {
            // Gone, or ignored since; never through a link that took the place of a folder.
            match read_state(self.root, path) {
                Ok(FileState::File { .. }) => {}
                Ok(state) => return Ok((state, None)),
                Err(error) if is_something_else(&error) => return Ok((FileState::Absent, None)),
                Err(_) => return Err(Why::Unreadable),
            }
        }
        match read_stable(full) {
            Ok(Stable::File(bytes, stat)) => {
                let state = FileState::File {
                    bytes: bytes.into(),
                    mode: stat.mode,
                };
                Ok((state, Some(stat)))
            }
            Ok(Stable::Symlink(target, stat)) => Ok((
                FileState::Symlink {
                    target: target.into(),
                },
                Some(stat),
            )),
            Ok(Stable::Other) => Ok((FileState::Absent, None)),
            Ok(Stable::Restless) => Err(Why::Restless),
            Err(error) if error.kind() == io::ErrorKind::NotFound || is_something_else(&error) => {
                Ok((FileState::Absent, None))
            }
            Err(_) => Err(Why::Unreadable),
        }
    }

    /// What the clock and the inode prove not to be the command's doing.
    fn not_the_commands(&self, was: Option<&Entry>, stat: &Stat, full: &Path) -> Option<After> {
        // A file of the workspace under another name keeps its times; its folder may have been moved.
        let key = |stat: &Stat| (stat.inode, stat.size, stat.modified);
        let moved = || {
            let known = || self.index.entries.iter().map(|entry| key(&entry.stat)).collect();
            self.known.get_or_init(known).contains(&key(stat))
        };
        if let Some(span) = self.since.span {
            let same_clock =
                fs::symlink_metadata(full).is_ok_and(|metadata| metadata.dev() == span.started.device);
            let before_start = (span.looked.now..span.started.now).contains(&stat.changed);
            if same_clock && before_start && !moved() {
                return Some(After::Earlier);
            }
        }
        let oldest = born(full).unwrap_or(stat.changed).min(stat.changed);
        if was.is_none() && oldest < self.since.started.max(self.index.taken) && !moved() {
            return Some(After::Uncovered(
                "older than the command: it was ignored or lay elsewhere before, and undo leaves it",
            ));
        }
        None
    }

    /// Finds the contents before.
    fn pair(&mut self, afters: Vec<(&Candidate<'a>, FileState)>) {
        let digest_of = |candidate: &Candidate<'a>| match candidate.entry.map(|entry| &entry.content) {
            Some(Content::File { digest, pack }) => Some((*digest, *pack)),
            _ => None,
        };
        let wanted: Vec<(Digest, u32)> = afters
            .iter()
            .filter_map(|(candidate, _)| digest_of(candidate))
            .collect();
        let contents = self.base.contents(self.index, &wanted);
        for (candidate, after) in afters {
            match before(candidate.entry, &contents) {
                Some(before) if before == after => {}
                Some(before) => drop(
                    self.out
                        .changes
                        .insert(candidate.path.clone(), Change { before, after }),
                ),
                None => self.uncovered(&candidate.path, "its content before is damaged in the base"),
            }
        }
    }
}

enum After {
    State(FileState),
    Uncovered(&'static str),
    Earlier,
}

fn before(entry: Option<&Entry>, contents: &HashMap<Digest, Arc<[u8]>>) -> Option<FileState> {
    match entry.map(|entry| (&entry.content, &entry.stat)) {
        None | Some((Content::Directory | Content::Uncovered(_), _)) => Some(FileState::Absent),
        Some((Content::Symlink { target }, _)) => Some(FileState::Symlink {
            target: Arc::clone(target),
        }),
        Some((Content::File { digest, .. }, stat)) => Some(FileState::File {
            bytes: Arc::clone(contents.get(digest)?),
            mode: stat.mode,
        }),
    }
}

fn matches(entry: &Entry, state: &FileState) -> bool {
    match (&entry.content, state) {
        (Content::File { digest, .. }, FileState::File { bytes, mode }) => {
            *mode == entry.stat.mode && bytes.len() as u64 == entry.stat.size && Digest::of(bytes) == *digest
        }
        (Content::Symlink { target }, FileState::Symlink { target: now }) => target == now,
        _ => false,
    }
}

/// A directory, a pipe or a way through a file: no file is *at* the path.
fn is_something_else(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory | io::ErrorKind::Unsupported
    )
}

/// When the file came into being, in nanoseconds since 1970, where the file system tells.
fn born(path: &Path) -> Option<i64> {
    let created = fs::symlink_metadata(path).ok()?.created().ok()?;
    let since = created.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok()
}

/// Directories that were made, of those above what was created: undo removes them if they are empty then.
pub(super) fn created_directories(
    index: &Index,
    walked: &Walked,
    changes: &BTreeMap<WorkspacePath, Change>,
) -> Vec<WorkspacePath> {
    let was = |path: &WorkspacePath| {
        let at = index
            .entries
            .binary_search_by(|entry| (*entry.path).cmp(path.as_str()));
        at.is_ok_and(|at| index.entries[at].content == Content::Directory)
    };
    let is = |path: &WorkspacePath| {
        let at = walked
            .found
            .binary_search_by(|found| (*found.path).cmp(path.as_str()));
        at.is_ok_and(|at| walked.found[at].kind == Type::Directory)
    };
    let created = changes.iter().filter(|(_, change)| !change.after.is_absent());
    let above: BTreeSet<WorkspacePath> = created.flat_map(|(path, _)| ancestors(path)).collect();
    above
        .into_iter()
        .filter(|path| !path.as_str().is_empty() && !was(path) && is(path))
        .collect()
}
