//! Every covered file of a workspace with what `stat` says of it. No content is read.

use std::collections::HashSet;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};

use super::coverage::{Compiled, workspace_path};

/// What tells that a file was not touched, as git's index keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stat {
    /// Permission bits.
    pub(super) mode: u32,
    /// Bytes.
    pub(super) size: u64,
    /// Nanoseconds since 1970.
    pub(super) modified: i64,
    /// Nanoseconds since 1970; nobody can set it, short of setting the clock.
    pub(super) changed: i64,
    pub(super) inode: u64,
}

impl Stat {
    pub(super) fn of(metadata: &Metadata) -> Self {
        if metadata.is_dir() {
            // All else changes with what is in it.
            return Self {
                mode: metadata.mode() & 0o7777,
                ..Self::default()
            };
        }
        Self {
            mode: metadata.mode() & 0o7777,
            size: metadata.size(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Directory,
    File,
    Symlink,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: Box<str>,
    pub(super) kind: Type,
    pub(super) stat: Stat,
}

/// What is there.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// By path.
    pub(super) found: Vec<Found>,
    /// Names that no change can speak of (not UTF-8, a backslash), as well as they can be shown.
    pub(super) unnameable: Vec<String>,
    /// Folders that could not be listed, and why. What is in them is unknown.
    pub(super) blind: Vec<(String, String)>,
}

/// Walks `root`. Never follows a symbolic link; pipes, sockets and devices are passed over.
pub(super) fn walk(root: &Path, coverage: &Compiled) -> Walked {
    let mut builder = WalkBuilder::new(root);
    builder
        .hidden(false)
        .ignore(false)
        .require_git(false)
        // Without a repository around it nothing above the workspace has a say: a home folder kept in git ignores all.
        .parents(root.ancestors().any(|folder| folder.join(".git").exists()));
    let mut walked = run(builder, root, coverage, &|_| true);
    if coverage.includes_anything() {
        let mut builder = WalkBuilder::new(root);
        builder.standard_filters(false);
        let included = run(builder, root, coverage, &|found| {
            found.kind == Type::Directory || coverage.includes(&found.path)
        });
        walked.found.extend(without_unused_directories(included.found));
        walked.unnameable.extend(included.unnameable);
        walked.blind.extend(included.blind);
    }
    walked
        .found
        .sort_unstable_by(|one, other| one.path.cmp(&other.path));
    walked.found.dedup_by(|one, other| one.path == other.path);
    walked.unnameable.sort_unstable();
    walked.unnameable.dedup();
    walked.blind.sort_unstable();
    walked.blind.dedup();
    walked
}

/// A walk for ignored files goes through every ignored folder; those without an included file are none of our business.
fn without_unused_directories(mut found: Vec<Found>) -> Vec<Found> {
    let mut used: HashSet<Box<str>> = HashSet::new();
    for one in found.iter().filter(|one| one.kind != Type::Directory) {
        let parents = one.path.match_indices('/').rev();
        for (end, _) in parents {
            if !used.insert(one.path[..end].into()) {
                break;
            }
        }
    }
    found.retain(|one| one.kind != Type::Directory || used.contains(&one.path));
    found
}

fn run(
    mut builder: WalkBuilder,
    root: &Path,
    coverage: &Compiled,
    keep: &(dyn Fn(&Found) -> bool + Sync),
) -> Walked {
    let root = Arc::new(root.to_path_buf());
    builder
        .follow_links(false)
        .threads(std::thread::available_parallelism().map_or(2, |it| it.get().clamp(2, 8)));
    let total = Mutex::new(Walked::default());
    let mut start = Start {
        root: &root,
        coverage,
        keep,
        total: &total,
    };
    builder.build_parallel().visit(&mut start);
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

struct Start<'a> {
    root: &'a Path,
    coverage: &'a Compiled,
    keep: &'a (dyn Fn(&Found) -> bool + Sync),
    total: &'a Mutex<Walked>,
}

impl<'a> ParallelVisitorBuilder<'a> for Start<'a> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 'a> {
        Box::new(Visitor {
            root: self.root,
            coverage: self.coverage,
            keep: self.keep,
            total: self.total,
            own: Walked::default(),
        })
    }
}

/// One thread's share; handed over when the thread ends.
struct Visitor<'a> {
    root: &'a Path,
    coverage: &'a Compiled,
    keep: &'a (dyn Fn(&Found) -> bool + Sync),
    total: &'a Mutex<Walked>,
    own: Walked,
}

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        total.found.append(&mut self.own.found);
        total.unnameable.append(&mut self.own.unnameable);
        total.blind.append(&mut self.own.blind);
    }
}

impl ParallelVisitor for Visitor<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        match entry {
            Ok(entry) => self.entry(&entry),
            Err(error) => {
                self.failed(&error);
                WalkState::Continue
            }
        }
    }
}

impl Visitor<'_> {
    fn entry(&mut self, entry: &DirEntry) -> WalkState {
        if entry.depth() == 0 {
            return WalkState::Continue;
        }
        let kind = match entry.file_type() {
            Some(kind) if kind.is_dir() => Type::Directory,
            Some(kind) if kind.is_file() => Type::File,
            Some(kind) if kind.is_symlink() => Type::Symlink,
            _ => return WalkState::Continue,
        };
        if is_protected(entry.file_name().as_bytes()) {
            return WalkState::Skip;
        }
        let relative = entry.path().strip_prefix(self.root).unwrap_or(entry.path());
        let Some(path) = relative.to_str().filter(|path| is_nameable(path)) else {
            self.own.unnameable.push(relative.to_string_lossy().into_owned());
            return WalkState::Skip;
        };
        if self.coverage.excludes(path, kind == Type::Directory) {
            return WalkState::Skip;
        }
        match entry.metadata() {
            Ok(metadata) => {
                let found = Found {
                    path: path.into(),
                    kind,
                    stat: Stat::of(&metadata),
                };
                if (self.keep)(&found) {
                    self.own.found.push(found);
                }
            }
            Err(error) => self.failed(&error),
        }
        WalkState::Continue
    }

    fn failed(&mut self, error: &ignore::Error) {
        // What is gone by now is not there.
        if error
            .io_error()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        {
            return;
        }
        let Some(path) = path_of(error) else { return };
        let relative = path.strip_prefix(self.root).unwrap_or(path);
        let why = error
            .io_error()
            .map_or_else(|| error.to_string(), ToString::to_string);
        self.own
            .blind
            .push((relative.to_string_lossy().into_owned(), why));
    }
}

/// Never covered, whatever is asked for: no undo may write there.
fn is_protected(name: &[u8]) -> bool {
    [b".git".as_slice(), b".krepis", b"node_modules"]
        .iter()
        .any(|protected| name.eq_ignore_ascii_case(protected))
}

fn is_nameable(path: &str) -> bool {
    // The full check costs more than the walk; only these can fail in a path that a directory listing gave.
    let plain = !path.contains('\\') && path.as_bytes().get(1) != Some(&b':');
    plain || workspace_path(path).is_some()
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Partial(errors) => errors.iter().find_map(path_of),
        _ => None,
    }
}
