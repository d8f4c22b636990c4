//! What is at a path on disk, without following symbolic links.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use krepis_change::{FileState, WorkspacePath};

use crate::many;

/// Reads one path below `root`.
///
/// # Errors
/// `IsADirectory` for a directory, `NotADirectory` if the way leads through a file or a symbolic link, `Unsupported` for a
/// device, a pipe or a socket, and whatever the file system says.
pub fn read_state(root: &Path, path: &WorkspacePath) -> io::Result<FileState> {
    if !parents_exist(root, path)? {
        return Ok(FileState::Absent);
    }
    read_entry(&path.on_disk(root))
}

/// Reads many paths as [`read_state`] does, in their order, each folder on the way looked at once. `take` gets the index of
/// a path and what is there; only some contents are held at a time.
pub(crate) fn read_states(
    root: &Path,
    paths: &[&WorkspacePath],
    mut take: impl FnMut(usize, io::Result<FileState>),
) {
    let mut folders: HashMap<&str, Result<bool, String>> = HashMap::new();
    for (chunk, paths) in paths.chunks(CHUNK).enumerate() {
        for path in paths {
            folders.entry(folder(path)).or_insert_with(|| {
                // What is in the way is no `io::Error` to be kept: it has to be said for each path.
                parents_exist(root, path).map_err(|error| match error.kind() {
                    io::ErrorKind::NotADirectory => error.to_string(),
                    _ => String::new(),
                })
            });
        }
        let read = |path: &&WorkspacePath| match &folders[folder(path)] {
            Ok(true) => read_entry(&path.on_disk(root)),
            Ok(false) => Ok(FileState::Absent),
            Err(why) if why.is_empty() => read_state(root, path),
            Err(why) => Err(io::Error::new(io::ErrorKind::NotADirectory, why.clone())),
        };
        for (index, state) in many::map(paths, read).into_iter().enumerate() {
            take(chunk * CHUNK + index, state);
        }
    }
}

/// So many contents are held at a time.
const CHUNK: usize = 1024;

fn folder(path: &WorkspacePath) -> &str {
    path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// As [`read_state`], for a name whose folders need no check.
pub(crate) fn read_entry(full: &Path) -> io::Result<FileState> {
    let Some(metadata) = lstat(full)? else {
        return Ok(FileState::Absent);
    };
    let kind = metadata.file_type();
    if kind.is_symlink() {
        let target = fs::read_link(full)?.into_os_string().into_vec();
        return Ok(FileState::Symlink {
            target: target.into(),
        });
    }
    let refuse = |kind, what| Err(io::Error::new(kind, format!("`{}` is {what}", full.display())));
    if kind.is_dir() {
        return refuse(io::ErrorKind::IsADirectory, "a directory");
    }
    if !kind.is_file() {
        return refuse(io::ErrorKind::Unsupported, "neither a file nor a symbolic link");
    }
    // The file may have become something else since: never follow a link and never wait for a pipe.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    #[expect(
        clippy::cast_possible_wrap,
        reason = "open(2) takes an int, rustix keeps the flags as unsigned"
    )]
    let mut file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits() as i32)
        .open(full)?;
    let metadata = file.metadata()?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    Ok(FileState::File {
        bytes: bytes.into(),
        mode: metadata.mode() & 0o7777,
    })
}

/// Metadata of the thing itself; `None` if there is nothing, also where the way leads through a file.
pub(crate) fn lstat(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// True if every folder above `path` is a real directory, false if one is missing.
fn parents_exist(root: &Path, path: &WorkspacePath) -> io::Result<bool> {
    let text = path.as_str();
    for (end, _) in text.match_indices('/') {
        let parent = &text[..end];
        match lstat(&root.join(parent))? {
            None => return Ok(false),
            Some(metadata) if metadata.is_dir() => {}
            Some(metadata) => {
                let what = if metadata.is_symlink() {
                    "a symbolic link"
                } else {
                    "not a directory"
                };
                return Err(io::Error::new(
                    io::ErrorKind::NotADirectory,
                    format!("`{parent}` is {what}"),
                ));
            }
        }
    }
    Ok(true)
}

/// Folders above `path`, the nearest first, the root itself last.
pub(crate) fn ancestors(path: &WorkspacePath) -> impl Iterator<Item = WorkspacePath> {
    std::iter::successors(path.parent(), WorkspacePath::parent)
}

/// The deepest real directory on the way to `path` (at least the root), and the folders below it that would have to be
/// made, shallow ones first. Never looks through a symbolic link. Those in `leaving` count as gone.
pub(crate) fn way(
    root: &Path,
    path: &WorkspacePath,
    leaving: &[WorkspacePath],
) -> (WorkspacePath, Vec<WorkspacePath>) {
    let mut folders: Vec<WorkspacePath> = ancestors(path).collect();
    let mut nearest = folders.pop().unwrap_or_else(WorkspacePath::root);
    while let Some(folder) = folders.pop() {
        let is_directory = lstat(&folder.on_disk(root)).is_ok_and(|it| it.is_some_and(|it| it.is_dir()));
        if !is_directory || leaving.contains(&folder) {
            let missing = std::iter::once(folder).chain(folders.into_iter().rev()).collect();
            return (nearest, missing);
        }
        nearest = folder;
    }
    (nearest, Vec::new())
}

/// [`way`] for many paths: those of one folder go the same way.
pub(crate) struct Ways<'a> {
    root: &'a Path,
    leaving: &'a [WorkspacePath],
    known: HashMap<WorkspacePath, (WorkspacePath, Vec<WorkspacePath>)>,
}

impl<'a> Ways<'a> {
    pub(crate) fn new(root: &'a Path, leaving: &'a [WorkspacePath]) -> Self {
        Self {
            root,
            leaving,
            known: HashMap::new(),
        }
    }

    pub(crate) fn of(&mut self, path: &WorkspacePath) -> &(WorkspacePath, Vec<WorkspacePath>) {
        let folder = path.parent().unwrap_or_else(WorkspacePath::root);
        self.known
            .entry(folder)
            .or_insert_with(|| way(self.root, path, self.leaving))
    }
}
