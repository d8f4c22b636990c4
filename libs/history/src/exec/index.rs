//! What a workspace's covered files were at one moment: the stat cache of the next command, and what the files are compared
//! with when a command has ended. Immutable once written.
//!
//! ```text
//! 0   8  magic "KRPSBI\r\n"
//! 8   4  version, 1
//! 12  4  CRC-32 of all that follows
//! 16     i64 taken; u32 packs, each 16 bytes ULID and u64 length; u32 entries
//!        entry: u8 kind, u32 mode, u64 size, i64 modified, i64 changed, u64 inode, u32 length and bytes of the path, then
//!        file: u32 pack, 32 bytes digest; link: u32 length and bytes of the target; uncovered: u8 why
//! ```

use std::path::Path;
use std::sync::Arc;

use krepis_change::{Digest, Failure};

use super::pack::PackId;
use super::walk::Stat;
use crate::errors;

const MAGIC: &[u8; 8] = b"KRPSBI\r\n";
const VERSION: u32 = 1;
const HEADER: usize = 16;

/// Why a file's content is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    TooLarge,
    Secret,
    Unreadable,
    /// It was written all the time that it was read.
    Restless,
}

impl Why {
    const ALL: [Self; 4] = [Self::TooLarge, Self::Secret, Self::Unreadable, Self::Restless];

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::TooLarge => "larger than 50 MB",
            Self::Secret => "secret, so its content is never kept",
            Self::Unreadable => "it could not be read",
            Self::Restless => "it was being written while it was read",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Directory,
    File {
        digest: Digest,
        /// Position in [`Index::packs`].
        pack: u32,
    },
    Symlink {
        target: Arc<[u8]>,
    },
    Uncovered(Why),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: Box<str>,
    pub(super) stat: Stat,
    pub(super) content: Content,
}

#[derive(Debug, Default)]
pub(super) struct Index {
    /// The file system's clock when the walk began, in nanoseconds since 1970.
    pub(super) taken: i64,
    /// The packs that hold the contents, and how long each is.
    pub(super) packs: Vec<(PackId, u64)>,
    /// By path.
    pub(super) entries: Vec<Entry>,
}

impl Index {
    /// True if `stat` of a path with this entry proves that its content is the same: equal, and older than the clock tick
    /// in which the entry was made (git's racy rule; the change time, since anybody can set the other).
    pub(super) fn proves(&self, entry: &Entry, stat: &Stat) -> bool {
        entry.stat == *stat && (stat.changed < self.taken || entry.content == Content::Directory)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(64 + self.entries.len() * 128);
        body.extend_from_slice(&self.taken.to_le_bytes());
        length(&mut body, self.packs.len());
        for (id, bytes) in &self.packs {
            body.extend_from_slice(&id.to_bytes());
            body.extend_from_slice(&bytes.to_le_bytes());
        }
        length(&mut body, self.entries.len());
        for entry in &self.entries {
            let kind = match &entry.content {
                Content::Directory => 0u8,
                Content::File { .. } => 1,
                Content::Symlink { .. } => 2,
                Content::Uncovered(_) => 3,
            };
            body.push(kind);
            let Stat {
                mode,
                size,
                modified,
                changed,
                inode,
            } = entry.stat;
            body.extend_from_slice(&mode.to_le_bytes());
            body.extend_from_slice(&size.to_le_bytes());
            body.extend_from_slice(&modified.to_le_bytes());
            body.extend_from_slice(&changed.to_le_bytes());
            body.extend_from_slice(&inode.to_le_bytes());
            length(&mut body, entry.path.len());
            body.extend_from_slice(entry.path.as_bytes());
            match &entry.content {
                Content::Directory => {}
                Content::File { digest, pack } => {
                    body.extend_from_slice(&pack.to_le_bytes());
                    body.extend_from_slice(&digest.0);
                }
                Content::Symlink { target } => {
                    length(&mut body, target.len());
                    body.extend_from_slice(target);
                }
                Content::Uncovered(why) => body.push(*why as u8),
            }
        }
        let mut out = Vec::with_capacity(HEADER + body.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
        out.extend_from_slice(&body);
        out
    }

    /// # Errors
    /// `KRP4063` if it is not what was written, `KRP4003` if a newer krepis wrote it. `file` is for the message.
    pub(super) fn decode(bytes: &[u8], file: &Path) -> Result<Self, Failure> {
        let damaged = |why: &str| damaged(file, why);
        if bytes.len() < HEADER || &bytes[..8] != MAGIC {
            return Err(damaged("it does not begin as an index"));
        }
        let mut head = Reader { rest: &bytes[8..] };
        let version = head.u32();
        if version != Some(VERSION) {
            let text = format!("{} has an unknown version", file.display());
            return Err(
                Failure::new(&errors::NEWER_FORMAT, text).hint("use the krepis version that wrote it")
            );
        }
        if head.u32() != Some(crc32fast::hash(head.rest)) {
            return Err(damaged("its checksum does not fit"));
        }
        head.index().ok_or_else(|| damaged("it ends too early"))
    }
}

fn length(out: &mut Vec<u8>, length: usize) {
    // No list and no path of a workspace is longer; a file system's limits are far below.
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let count = self.u32()? as usize;
        self.take(count)
    }

    fn index(&mut self) -> Option<Index> {
        let taken = self.i64()?;
        let mut packs = Vec::new();
        for _ in 0..self.u32()? {
            packs.push((PackId::from_bytes(self.array()?), self.u64()?));
        }
        let count = self.u32()? as usize;
        // The checksum held, yet a length is never trusted with memory.
        let mut entries = Vec::with_capacity(count.min(self.rest.len() / 40));
        for _ in 0..count {
            entries.push(self.entry(packs.len())?);
        }
        self.rest.is_empty().then_some(Index {
            taken,
            packs,
            entries,
        })
    }

    fn entry(&mut self, packs: usize) -> Option<Entry> {
        let kind = self.array::<1>()?[0];
        let stat = Stat {
            mode: self.u32()?,
            size: self.u64()?,
            modified: self.i64()?,
            changed: self.i64()?,
            inode: self.u64()?,
        };
        let path = std::str::from_utf8(self.sized()?).ok()?.into();
        let content = match kind {
            0 => Content::Directory,
            1 => Content::File {
                pack: self.u32().filter(|pack| (*pack as usize) < packs)?,
                digest: Digest(self.array()?),
            },
            2 => Content::Symlink {
                target: self.sized()?.into(),
            },
            3 => Content::Uncovered(*Why::ALL.get(self.array::<1>()?[0] as usize)?),
            _ => return None,
        };
        Some(Entry { path, stat, content })
    }
}

pub(super) fn damaged(file: &Path, why: &str) -> Failure {
    Failure::new(&errors::BASE_DAMAGED, format!("{} is damaged", file.display()))
        .reason(why)
        .hint("remove `.krepis/history/base`: the next `krepis exec` fills it anew; operations that are recorded do not need it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let stat = Stat {
            mode: 0o644,
            size: 3,
            modified: -1,
            changed: 99,
            inode: u64::MAX,
        };
        let entry = |path: &str, content| Entry {
            path: path.into(),
            stat,
            content,
        };
        Index {
            taken: 100,
            packs: vec![(PackId::from_bytes([7; 16]), 4096)],
            entries: vec![
                entry(
                    "a",
                    Content::File {
                        digest: Digest::of(b"a"),
                        pack: 0,
                    },
                ),
                entry("d", Content::Directory),
                entry(
                    "d/é",
                    Content::Symlink {
                        target: b"\xff/x".as_slice().into(),
                    },
                ),
                entry("s", Content::Uncovered(Why::Restless)),
            ],
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let index = index();
        let read = Index::decode(&index.encode(), Path::new("x")).expect("read");
        assert_eq!(
            (read.taken, read.packs, read.entries),
            (index.taken, index.packs, index.entries)
        );
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen() {
        let bytes = index().encode();
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(Index::decode(&other, Path::new("x")).is_err(), "bit in byte {at}");
            assert!(
                Index::decode(&bytes[..at], Path::new("x")).is_err(),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn a_file_changed_in_the_very_tick_of_the_walk_proves_nothing() {
        let index = index();
        let entry = &index.entries[0];
        assert!(index.proves(entry, &entry.stat));
        let later = Index { taken: 99, ..index };
        assert!(!later.proves(&later.entries[0], &later.entries[0].stat));
    }
}
