//! What is under way: artefacts that are not stored yet, or not verified yet.
//!
//! Small ones stay in memory. Larger ones lie in one folder, whose size is bounded by reservations, and which is emptied
//! when the server starts: nothing in it is an entry.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::record::Digest;

/// Up to this many bytes an artefact stays in memory. 200 clients at once hold that much each.
pub(crate) const SMALL: u64 = 128 << 10;

/// The size of the steps in which larger ones are copied.
pub(crate) const STEP: usize = 64 << 10;

/// Space is reserved in units of this many bytes.
const UNIT: u64 = 64 << 10;

/// The folder of what is under way.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    next: AtomicU64,
    units: u32,
    free: Arc<Semaphore>,
    patience: Duration,
}

/// Space for one artefact, given back when dropped.
#[derive(Debug)]
pub(crate) struct Space(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// A file of the spool, removed when dropped unless it was moved away.
#[derive(Debug)]
pub(crate) struct Temporary {
    path: PathBuf,
    moved: bool,
}

/// An artefact whose digest is known.
#[derive(Debug)]
pub(crate) struct Artifact {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Memory(Bytes),
    /// The file, and what it is in the spool (nothing if it is a stored one).
    File(Arc<File>, Option<(Temporary, Space)>),
}

impl Spool {
    /// Opens the folder and empties it. The caller holds the lock that makes it the only user.
    ///
    /// @param space how many bytes may be under way at once
    pub(crate) fn open(folder: &Path, space: u64, patience: Duration) -> io::Result<Self> {
        make_private(folder)?;
        for entry in fs::read_dir(folder)? {
            fs::remove_file(entry?.path())?;
        }
        let units = u32::try_from(space / UNIT).unwrap_or(u32::MAX).max(1);
        let permits =
            usize::try_from(units).map_or(Semaphore::MAX_PERMITS, |units| units.min(Semaphore::MAX_PERMITS));
        Ok(Self {
            folder: folder.to_owned(),
            next: AtomicU64::new(0),
            units,
            free: Arc::new(Semaphore::new(permits)),
            patience,
        })
    }

    /// Waits for space; `None` if there is none for too long.
    pub(crate) async fn reserve(&self, bytes: u64) -> Option<Space> {
        let units = u32::try_from(bytes.div_ceil(UNIT))
            .ok()
            .filter(|units| *units <= self.units)?;
        let acquired = Arc::clone(&self.free).acquire_many_owned(units);
        tokio::time::timeout(self.patience, acquired)
            .await
            .ok()?
            .ok()
            .map(Space)
    }

    /// A new, empty file.
    pub(crate) fn create(&self) -> io::Result<(File, Temporary)> {
        let path = self
            .folder
            .join(format!("{}.tmp", self.next.fetch_add(1, Ordering::Relaxed)));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok((file, Temporary { path, moved: false }))
    }
}

impl Temporary {
    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves it, over a file that is there.
    pub(crate) fn rename(mut self, to: &Path) -> io::Result<()> {
        fs::rename(&self.path, to)?;
        self.moved = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.moved {
            // What cannot be removed now is removed at the next start.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Makes a folder, and those above it, that only its owner may enter.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
