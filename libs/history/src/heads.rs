//! Beginnings of operation files that were read before.
//!
//! The log is made of the records of all operations, and opening ten thousand files takes longer than everything that
//! follows. A record never changes once its operation is done, so its bytes may be kept elsewhere, on a [`Shelf`]. They are
//! used only while the file is, by its stat, the one they were read from; the log is derived from them by the same code as
//! from the files, and is the same.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, Mode, OFlags};

use crate::OperationId;

/// Where heads are kept between runs. The history does not know how.
///
/// What [`Shelf::load`] returns may be anything, but for the bytes it was given: whoever keeps them checks them. It may also
/// be less, or nothing.
pub trait Shelf: std::fmt::Debug + Send + Sync {
    /// Number of done operations from which on it is worth asking.
    fn worth_from(&self) -> usize;
    /// The parts that were kept, in any order.
    fn load(&self) -> Vec<Vec<u8>>;
    /// Keeps parts, beside those that are there or instead of all.
    fn save(&self, parts: Vec<Vec<u8>>, instead: bool);
}

/// Bytes of a head that is kept: what one read gets. Larger ones belong to operations on many files, of which there are few.
pub(crate) const MOST_HEAD: usize = 8192;
/// A shelf is filled once in so many operations: that costs as much as some of them.
const TURN: usize = 256;
/// Fewer new heads are not worth it.
const ENOUGH: usize = 64;
/// Bytes of a part.
const PART: usize = 6 << 10;
/// A file that was changed less than this before its head was read could be changed again without a difference in its
/// times, which the kernel's clock ticks give: git calls that racy.
const SETTLED: Duration = Duration::from_secs(1);

/// What a file is recognised by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    inode: u64,
    length: u64,
    modified: i128,
    changed: i128,
}

#[derive(Debug, Clone)]
struct Head {
    identity: Identity,
    bytes: Box<[u8]>,
}

/// The heads that a history knows; shared by its clones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heads(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    shelf: Arc<dyn Shelf>,
    /// Operations of the last listing.
    listed: AtomicUsize,
    loaded: OnceLock<Loaded>,
    learned: Mutex<Vec<(OperationId, Head)>>,
}

#[derive(Debug)]
struct Loaded {
    folder: OwnedFd,
    known: HashMap<OperationId, Head>,
}

impl Heads {
    pub(crate) fn on(shelf: Arc<dyn Shelf>) -> Self {
        Self(Some(Arc::new(Inner {
            shelf,
            listed: AtomicUsize::new(0),
            loaded: OnceLock::new(),
            learned: Mutex::default(),
        })))
    }

    /// Notes how many operation files there are.
    pub(crate) fn listed(&self, operations: usize) {
        if let Some(inner) = self.0.as_deref() {
            inner.listed.store(operations, Ordering::Relaxed);
        }
    }

    /// Takes the heads from the shelf, once, if there are so many operations in the folder `ops` that it saves time.
    pub(crate) fn load(&self, ops: &Path) {
        let Some(inner) = self.0.as_deref() else { return };
        let operations = inner.listed.load(Ordering::Relaxed);
        if operations < inner.shelf.worth_from() || inner.loaded.get().is_some() {
            return;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(folder) = rustix::fs::open(ops, flags, Mode::empty()) else {
            return;
        };
        let mut known = HashMap::with_capacity(operations);
        for part in inner.shelf.load() {
            known.extend(heads(&part));
        }
        // Two threads may both have loaded: either result is good.
        inner.loaded.set(Loaded { folder, known }).ok();
    }

    /// Whether it is this operation's turn to fill the shelf.
    pub(crate) fn is_due(&self) -> bool {
        self.0.as_deref().is_some_and(|inner| {
            let operations = inner.listed.load(Ordering::Relaxed);
            operations >= inner.shelf.worth_from() && operations.is_multiple_of(TURN)
        })
    }

    /// The head of the done operation `id` and the length of its file, if it is known and the file is still the same.
    pub(crate) fn get(&self, id: OperationId) -> Option<(&[u8], u64)> {
        let loaded = self.0.as_deref()?.loaded.get()?;
        let head = loaded.known.get(&id)?;
        let identity = loaded.identity(id)?;
        (identity == head.identity).then_some((&head.bytes[..], identity.length))
    }

    /// What the file of `id` is recognised by, before it is read; `None` if nothing is learned here.
    pub(crate) fn identity(&self, id: OperationId) -> Option<Identity> {
        self.0.as_deref()?.loaded.get()?.identity(id)
    }

    /// Remembers a head that was read from the file and is whole, unless that changed meanwhile or a moment before.
    pub(crate) fn learn(&self, id: OperationId, before: Option<Identity>, bytes: &[u8]) {
        let Some((inner, identity)) = self.0.as_deref().zip(before) else {
            return;
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let settled = i128::try_from(now.saturating_sub(SETTLED).as_nanos()).unwrap_or_default();
        if bytes.len() > MOST_HEAD || identity.changed >= settled || self.identity(id) != before {
            return;
        }
        let bytes = bytes.into();
        let head = Head { identity, bytes };
        inner
            .learned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((id, head));
    }

    /// Puts what was learned on the shelf, if it is worth it. Old heads whose operations are gone are thrown away when they
    /// are the most of them.
    pub(crate) fn keep(&self) {
        let Some((inner, loaded)) = self
            .0
            .as_deref()
            .and_then(|inner| Some((inner, inner.loaded.get()?)))
        else {
            return;
        };
        let mut learned = std::mem::take(&mut *inner.learned.lock().unwrap_or_else(PoisonError::into_inner));
        // One log after another learns the same.
        learned.sort_by_key(|(id, _)| *id);
        learned.dedup_by_key(|(id, _)| *id);
        if learned.len() < ENOUGH {
            return;
        }
        let instead = loaded.known.len() > 2 * inner.listed.load(Ordering::Relaxed);
        if instead {
            let new: Vec<OperationId> = learned.iter().map(|(id, _)| *id).collect();
            let old = loaded
                .known
                .iter()
                .filter(|(id, head)| {
                    new.binary_search(id).is_err() && loaded.identity(**id) == Some(head.identity)
                })
                .map(|(id, head)| (*id, head.clone()));
            learned.extend(old);
        }
        inner.shelf.save(parts(&learned), instead);
    }
}

impl Loaded {
    fn identity(&self, id: OperationId) -> Option<Identity> {
        let name = format!("{id}.op");
        let stat = rustix::fs::statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let time = |seconds: i64, nanoseconds: i128| i128::from(seconds) * 1_000_000_000 + nanoseconds;
        Some(Identity {
            inode: stat.st_ino,
            length: u64::try_from(stat.st_size).ok()?,
            modified: time(stat.st_mtime, i128::from(stat.st_mtime_nsec)),
            changed: time(stat.st_ctime, i128::from(stat.st_ctime_nsec)),
        })
    }
}

/// Bytes of a row before its head: id, inode, length of the file, two times, length of the head.
const ROW: usize = 16 + 8 + 8 + 16 + 16 + 4;

/// Heads as rows, in parts of about [`PART`] bytes.
fn parts(heads: &[(OperationId, Head)]) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    for (id, head) in heads {
        if parts.last().is_some_and(|part| part.len() >= PART) {
            parts.push(Vec::new());
        }
        let (Some(part), Ok(length)) = (parts.last_mut(), u32::try_from(head.bytes.len())) else {
            continue;
        };
        part.extend_from_slice(&id.to_bytes());
        part.extend_from_slice(&head.identity.inode.to_le_bytes());
        part.extend_from_slice(&head.identity.length.to_le_bytes());
        part.extend_from_slice(&head.identity.modified.to_le_bytes());
        part.extend_from_slice(&head.identity.changed.to_le_bytes());
        part.extend_from_slice(&length.to_le_bytes());
        part.extend_from_slice(&head.bytes);
    }
    parts
}

/// The rows of a part, up to the first that does not fit.
fn heads(mut part: &[u8]) -> Vec<(OperationId, Head)> {
    let mut heads = Vec::new();
    while let Some((row, rest)) = part.split_first_chunk::<ROW>() {
        let (id, row) = take::<16>(row);
        let (inode, row) = take::<8>(row);
        let (length, row) = take::<8>(row);
        let (modified, row) = take::<16>(row);
        let (changed, row) = take::<16>(row);
        let (bytes, _) = take::<4>(row);
        let Some((bytes, rest)) = rest.split_at_checked(u32::from_le_bytes(bytes) as usize) else {
            break;
        };
        let identity = Identity {
            inode: u64::from_le_bytes(inode),
            length: u64::from_le_bytes(length),
            modified: i128::from_le_bytes(modified),
            changed: i128::from_le_bytes(changed),
        };
        let bytes = bytes.into();
        heads.push((OperationId::from_bytes(id), Head { identity, bytes }));
        part = rest;
    }
    heads
}

/// The first `N` bytes, zeros where there are fewer, and the rest.
fn take<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
    let (first, rest) = bytes.split_at(N.min(bytes.len()));
    let mut taken = [0; N];
    taken[..first.len()].copy_from_slice(first);
    (taken, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(number: u8) -> (OperationId, Head) {
        let identity = Identity {
            inode: u64::from(number),
            length: 1 << 40,
            modified: -5,
            changed: i128::from(number) << 60,
        };
        let bytes = vec![number; usize::from(number) * 30].into();
        (OperationId::from_bytes([number; 16]), Head { identity, bytes })
    }

    #[test]
    fn heads_come_back_from_their_parts() {
        let all: Vec<_> = (0..=255).map(head).collect();
        let parts = parts(&all);
        assert!(parts.len() > 10);
        assert!(parts.iter().all(|part| part.len() <= PART + ROW + MOST_HEAD));
        let back: Vec<_> = parts.iter().flat_map(|part| heads(part)).collect();
        assert_eq!(back.len(), all.len());
        for ((id, head), (known, old)) in back.iter().zip(&all) {
            assert_eq!(
                (id, head.identity, &head.bytes),
                (known, old.identity, &old.bytes)
            );
        }
    }

    #[test]
    fn a_cut_part_gives_what_is_whole_in_it() {
        let part = parts(&[head(1), head(2)]).remove(0);
        for length in 0..part.len() {
            assert!(heads(&part[..length]).len() < 2, "{length}");
        }
        assert_eq!(heads(&part).len(), 2);
    }
}
