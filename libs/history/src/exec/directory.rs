//! Directories of a foreign command, on undo and redo: empty ones that it made or removed, and modes.
//!
//! Operations are about files; directories come and go with these. What is left is put in order beside the operation: it is
//! no content that could be lost, so it needs no record of its own, and doing it twice changes nothing.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use crate::History;
use crate::disk::{lstat, way};
use crate::operation::DirectoryEntry;

/// The owner's right to write, which a file's replacement needs in its directory.
const OWNER_WRITES: u32 = 0o200;

impl History {
    /// Before the files are written: gives back the right to write that the command took away. `before` of an entry is
    /// what is there now, `after` what is to be.
    pub(crate) fn open_directories(&self, entries: &[DirectoryEntry]) {
        for entry in entries {
            let (Some(now), Some(wanted)) = (entry.before, entry.after) else {
                continue;
            };
            if now & OWNER_WRITES == 0 && wanted & OWNER_WRITES != 0 && self.mode(entry) == Some(now) {
                self.set_mode(entry, wanted);
            }
        }
    }

    /// After the files are written. A directory that is not empty, or that somebody gave another mode since, stays.
    pub(crate) fn settle_directories(&self, entries: &[DirectoryEntry]) {
        // A folder sorts before what is in it.
        for entry in entries.iter().rev().filter(|entry| entry.after.is_none()) {
            if self.mode(entry).is_some() {
                drop(fs::remove_dir(entry.path.on_disk(self.root())));
            }
        }
        let mut modes = Vec::new();
        for entry in entries {
            let Some(wanted) = entry.after else { continue };
            match self.mode(entry) {
                None if way(self.root(), &entry.path, &[]).1.is_empty()
                    && fs::create_dir(entry.path.on_disk(self.root())).is_ok() =>
                {
                    modes.push((entry, wanted));
                }
                // It came back with its files, or has the mode that the command gave it.
                Some(now) if entry.before.is_none_or(|before| before == now) => modes.push((entry, wanted)),
                _ => {}
            }
        }
        // Deep ones first: the mode may forbid to reach what is below.
        for (entry, wanted) in modes.into_iter().rev() {
            self.set_mode(entry, wanted);
        }
    }

    /// The permission bits of a real directory.
    fn mode(&self, entry: &DirectoryEntry) -> Option<u32> {
        if !way(self.root(), &entry.path, &[]).1.is_empty() {
            return None;
        }
        let metadata = lstat(&entry.path.on_disk(self.root())).ok().flatten()?;
        metadata.is_dir().then(|| metadata.mode() & 0o7777)
    }

    fn set_mode(&self, entry: &DirectoryEntry, mode: u32) {
        // Somebody else's directory: the files are what counts.
        drop(fs::set_permissions(
            entry.path.on_disk(self.root()),
            fs::Permissions::from_mode(mode),
        ));
    }
}
