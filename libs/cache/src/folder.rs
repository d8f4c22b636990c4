//! Where a kind of data lies, and how a store is moved aside: always as a whole, by one rename.
//!
//! ```text
//! .krepis/cache/<kind>/holder     the lock; never deleted
//!                      v1/        the store
//!                      damaged/   the last one that was moved aside, for whoever wants to know why
//!                      new/ old/  a copy being made, a store being removed: leftovers of a crash
//! ```

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// A kind of data: a folder of its own, so that damage to one never touches another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The folder's name: lower-case letters and hyphens.
    pub name: &'static str,
    /// Version of what is stored. A program only reads its own; another's is left alone, since both may be in use.
    pub version: u32,
    /// Bytes on disk that the store may have. Above, what was not used for longest goes.
    pub most: u64,
}

/// The folder of one kind.
#[derive(Debug, Clone)]
pub(crate) struct KindFolder {
    path: PathBuf,
}

impl KindFolder {
    pub(crate) fn new(caches: &Path, name: &str) -> Self {
        Self {
            path: caches.join(name),
        }
    }

    /// Makes it, and the folder of all caches, if it is not there: 0700, and no symbolic link.
    pub(crate) fn create(&self) -> io::Result<()> {
        for folder in self.path.parent().into_iter().chain([self.path.as_path()]) {
            match DirBuilder::new().mode(0o700).create(folder) {
                Ok(()) => sync(folder.parent().unwrap_or(folder))?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            if !fs::symlink_metadata(folder)?.is_dir() {
                let text = format!("{} is not a folder of its own", folder.display());
                return Err(io::Error::new(io::ErrorKind::NotADirectory, text));
            }
        }
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn holder(&self) -> PathBuf {
        self.path.join("holder")
    }

    pub(crate) fn store(&self, version: u32) -> PathBuf {
        self.path.join(format!("v{version}"))
    }

    pub(crate) fn damaged(&self) -> PathBuf {
        self.path.join("damaged")
    }

    pub(crate) fn new_copy(&self) -> PathBuf {
        self.path.join("new")
    }

    pub(crate) fn old(&self) -> PathBuf {
        self.path.join("old")
    }

    /// Removes what a crash may have left. The holder's lock is held.
    pub(crate) fn sweep(&self) -> io::Result<()> {
        [self.new_copy(), self.old()].iter().try_for_each(|it| remove(it))
    }

    /// Moves the store aside. One damaged store is kept at most.
    pub(crate) fn quarantine(&self, version: u32) -> io::Result<()> {
        remove(&self.damaged())?;
        rename_if_there(&self.store(version), &self.damaged())
    }

    /// Removes everything but the lock: renamed first, so that nobody ever opens a part.
    pub(crate) fn clear(&self) -> io::Result<()> {
        self.sweep()?;
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name() == "holder" {
                continue;
            }
            fs::rename(entry.path(), self.old())?;
            remove(&self.old())?;
        }
        Ok(())
    }

    /// Bytes on disk of everything below but the lock.
    pub(crate) fn bytes(&self) -> u64 {
        let lock = fs::metadata(self.holder()).map_or(0, |metadata| metadata.len());
        bytes_below(&self.path).saturating_sub(lock)
    }
}

/// Names of the kinds that lie in `caches`, sorted. What has no holder is not of this crate.
pub(crate) fn kinds(caches: &Path) -> Vec<String> {
    let entries = fs::read_dir(caches).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("holder").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    names
}

/// Bytes of all files below `path`; 0 if it is not there.
pub(crate) fn bytes_below(path: &Path) -> u64 {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Waits until the folder's entries are on the disk.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes a file or a folder with all that is in it, if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let outcome = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
