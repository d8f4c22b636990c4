//! Contents by digest, many in one file: a pack is written once, by one run, and never changed.
//!
//! ```text
//! 0   8  magic "KRPSBP\r\n"
//! 8   4  version, 1
//! 12     blocks: each one zstd frame of the contents of one or more files
//!        table: for each block u64 position, u32 stored bytes, u32 bytes, u32 CRC-32 of what is stored;
//!        for each content, by digest: 32 bytes sha256, u32 block, u32 offset in it, u32 bytes
//! -32    u64 position of the table, u32 blocks, u32 contents, u32 CRC-32 of the table, u32 version, magic
//! ```
//! Integers are little-endian. Small files share a block, since source files are alike and short.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use krepis_change::{Digest, Failure};
use ulid::Ulid;

use super::index::damaged;
use crate::OperationId;

const MAGIC: &[u8; 8] = b"KRPSBP\r\n";
const VERSION: u32 = 1;
const HEADER: usize = 12;
const TRAILER: usize = 32;
const BLOCK_ROW: usize = 20;
const CONTENT_ROW: usize = 44;
/// zstd level: the user waits for it.
const LEVEL: i32 = 1;
/// A block is closed once it holds this much, in bytes before compression.
pub(super) const BLOCK: usize = 128 * 1024;

/// The name of a pack: that of the operation whose run wrote it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PackId(Ulid);

impl PackId {
    pub(super) fn of(id: OperationId) -> Self {
        Self(id.ulid())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        OperationId::parse(text).map(Self::of)
    }

    pub(super) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Ulid::from_bytes(bytes))
    }

    pub(super) fn to_bytes(self) -> [u8; 16] {
        self.0.to_bytes()
    }
}

impl fmt::Display for PackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for PackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[derive(Debug, Clone, Copy)]
struct Block {
    at: u64,
    stored: u32,
    raw: u32,
    crc: u32,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    digest: Digest,
    block: u32,
    offset: u32,
    length: u32,
}

/// Contents that go into one block.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    rows: Vec<(Digest, u32, u32)>,
}

impl Batch {
    pub(super) fn add(&mut self, digest: Digest, content: &[u8]) {
        // Both fit: a batch is closed at `BLOCK`, and no covered file is larger than 50 MB.
        let offset = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(content);
        self.rows.push((digest, offset, length));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= BLOCK
    }

    /// The zstd frame of it; the slow part, so it happens outside of any lock.
    pub(super) fn compress(self, compressor: &mut zstd::bulk::Compressor<'_>) -> io::Result<Frame> {
        Ok(Frame {
            stored: compressor.compress(&self.bytes)?,
            raw: u32::try_from(self.bytes.len()).map_err(|_| io::ErrorKind::FileTooLarge)?,
            rows: self.rows,
        })
    }
}

pub(super) fn compressor() -> io::Result<zstd::bulk::Compressor<'static>> {
    zstd::bulk::Compressor::new(LEVEL)
}

pub(super) struct Frame {
    stored: Vec<u8>,
    raw: u32,
    rows: Vec<(Digest, u32, u32)>,
}

/// A pack that is being written, under a temporary name; removed when dropped before it is finished.
pub(super) struct PackWriter {
    file: io::BufWriter<File>,
    temporary: PathBuf,
    target: PathBuf,
    at: u64,
    blocks: Vec<Block>,
    rows: Vec<Row>,
    finished: bool,
}

impl PackWriter {
    pub(super) fn create(folder: &Path, id: PackId) -> io::Result<Self> {
        let temporary = folder.join(format!(".{id}.tmp"));
        let file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)?;
        let mut writer = Self {
            file: io::BufWriter::with_capacity(1 << 20, file),
            temporary,
            target: path(folder, id),
            at: HEADER as u64,
            blocks: Vec::new(),
            rows: Vec::new(),
            finished: false,
        };
        writer.file.write_all(MAGIC)?;
        writer.file.write_all(&VERSION.to_le_bytes())?;
        Ok(writer)
    }

    pub(super) fn append(&mut self, frame: &Frame) -> io::Result<()> {
        let block = u32::try_from(self.blocks.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.file.write_all(&frame.stored)?;
        self.blocks.push(Block {
            at: self.at,
            stored: u32::try_from(frame.stored.len()).map_err(|_| io::ErrorKind::FileTooLarge)?,
            raw: frame.raw,
            crc: crc32fast::hash(&frame.stored),
        });
        self.at += frame.stored.len() as u64;
        self.rows
            .extend(frame.rows.iter().map(|&(digest, offset, length)| Row {
                digest,
                block,
                offset,
                length,
            }));
        Ok(())
    }

    /// Makes the pack durable under its name; its length.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.rows.sort_unstable_by_key(|row| row.digest);
        let mut table = Vec::with_capacity(self.blocks.len() * BLOCK_ROW + self.rows.len() * CONTENT_ROW);
        for block in &self.blocks {
            table.extend_from_slice(&block.at.to_le_bytes());
            table.extend_from_slice(&block.stored.to_le_bytes());
            table.extend_from_slice(&block.raw.to_le_bytes());
            table.extend_from_slice(&block.crc.to_le_bytes());
        }
        for row in &self.rows {
            table.extend_from_slice(&row.digest.0);
            table.extend_from_slice(&row.block.to_le_bytes());
            table.extend_from_slice(&row.offset.to_le_bytes());
            table.extend_from_slice(&row.length.to_le_bytes());
        }
        let count = |length: usize| u32::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge);
        let mut trailer = Vec::with_capacity(TRAILER);
        trailer.extend_from_slice(&self.at.to_le_bytes());
        trailer.extend_from_slice(&count(self.blocks.len())?.to_le_bytes());
        trailer.extend_from_slice(&count(self.rows.len())?.to_le_bytes());
        trailer.extend_from_slice(&crc32fast::hash(&table).to_le_bytes());
        trailer.extend_from_slice(&VERSION.to_le_bytes());
        trailer.extend_from_slice(MAGIC);
        self.file.write_all(&table)?;
        self.file.write_all(&trailer)?;
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        std::fs::rename(&self.temporary, &self.target)?;
        self.finished = true;
        Ok(self.at + (table.len() + TRAILER) as u64)
    }
}

impl Drop for PackWriter {
    fn drop(&mut self) {
        if !self.finished {
            drop(std::fs::remove_file(&self.temporary));
        }
    }
}

pub(super) fn path(folder: &Path, id: PackId) -> PathBuf {
    folder.join(format!("{id}.pack"))
}

/// A pack whose table is read; contents are read when asked for.
#[derive(Debug)]
pub(super) struct Pack {
    file: PathBuf,
    blocks: Vec<Block>,
    rows: Vec<Row>,
}

impl Pack {
    /// # Errors
    /// `KRP4063` if it is missing or not what was written.
    pub(super) fn open(folder: &Path, id: PackId) -> Result<Self, Failure> {
        let path = path(folder, id);
        let unreadable = |error: io::Error| damaged(&path, &error.to_string());
        let file = File::open(&path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let cut = || damaged(&path, "it ends too early");
        let trailer_at = length
            .checked_sub(TRAILER as u64)
            .filter(|at| *at >= HEADER as u64)
            .ok_or_else(cut)?;
        let mut trailer = [0; TRAILER];
        file.read_exact_at(&mut trailer, trailer_at).map_err(unreadable)?;
        let word = |at: usize| u32_at(&trailer, at);
        if &trailer[24..] != MAGIC || word(20) != VERSION {
            return Err(cut());
        }
        let at = u64_at(&trailer, 0);
        let (blocks, rows) = (word(8) as usize, word(12) as usize);
        let size = blocks * BLOCK_ROW + rows * CONTENT_ROW;
        if at.checked_add(size as u64) != Some(trailer_at) {
            return Err(damaged(&path, "its length is not what its table says"));
        }
        let mut table = vec![0; size];
        file.read_exact_at(&mut table, at).map_err(unreadable)?;
        if crc32fast::hash(&table) != word(16) {
            return Err(damaged(&path, "its table does not fit its checksum"));
        }
        let (block_table, row_table) = table.split_at(blocks * BLOCK_ROW);
        Ok(Self {
            file: path.clone(),
            blocks: block_table
                .chunks_exact(BLOCK_ROW)
                .map(|row| Block {
                    at: u64_at(row, 0),
                    stored: u32_at(row, 8),
                    raw: u32_at(row, 12),
                    crc: u32_at(row, 16),
                })
                .collect(),
            rows: row_table
                .chunks_exact(CONTENT_ROW)
                .map(|row| {
                    let mut digest = Digest([0; 32]);
                    digest.0.copy_from_slice(&row[..32]);
                    Row {
                        digest,
                        block: u32_at(row, 32),
                        offset: u32_at(row, 36),
                        length: u32_at(row, 40),
                    }
                })
                .collect(),
        })
    }

    /// Every content there is, with its bytes before compression.
    pub(super) fn contents(&self) -> impl Iterator<Item = (Digest, u64)> + '_ {
        self.rows.iter().map(|row| (row.digest, u64::from(row.length)))
    }

    /// Reads contents; those that are missing or not what their digest says are missing in the answer.
    pub(super) fn read(&self, wanted: &[Digest]) -> io::Result<HashMap<Digest, Arc<[u8]>>> {
        let mut by_block: BTreeMap<u32, Vec<&Row>> = BTreeMap::new();
        for digest in wanted {
            if let Ok(at) = self.rows.binary_search_by_key(digest, |row| row.digest) {
                by_block
                    .entry(self.rows[at].block)
                    .or_default()
                    .push(&self.rows[at]);
            }
        }
        let file = File::open(&self.file)?;
        let mut decompressor = zstd::bulk::Decompressor::new()?;
        let mut found = HashMap::with_capacity(wanted.len());
        for (block, rows) in by_block {
            let Some(bytes) = self.block(block, &file, &mut decompressor) else {
                continue;
            };
            for row in rows {
                let start = row.offset as usize;
                let content = bytes.get(start..start.saturating_add(row.length as usize));
                if let Some(content) = content.filter(|content| Digest::of(content) == row.digest) {
                    found.insert(row.digest, content.into());
                }
            }
        }
        Ok(found)
    }

    fn block(
        &self,
        block: u32,
        file: &File,
        decompressor: &mut zstd::bulk::Decompressor<'_>,
    ) -> Option<Vec<u8>> {
        let block = self.blocks.get(block as usize)?;
        let mut stored = vec![0; block.stored as usize];
        file.read_exact_at(&mut stored, block.at).ok()?;
        if crc32fast::hash(&stored) != block.crc {
            return None;
        }
        decompressor.decompress(&stored, block.raw as usize).ok()
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(contents: &[&[u8]]) -> (tempfile::TempDir, PackId, u64) {
        let folder = tempfile::tempdir().expect("a folder");
        let id = PackId::from_bytes([1; 16]);
        let mut writer = PackWriter::create(folder.path(), id).expect("made");
        let mut compressor = compressor().expect("zstd");
        for pair in contents.chunks(2) {
            let mut batch = Batch::default();
            for content in pair {
                batch.add(Digest::of(content), content);
            }
            let frame = batch.compress(&mut compressor).expect("compressed");
            writer.append(&frame).expect("appended");
        }
        let length = writer.finish().expect("finished");
        (folder, id, length)
    }

    #[test]
    fn contents_are_found_by_digest_and_others_are_not() {
        let contents: [&[u8]; 3] = [b"one", b"", b"three\xff"];
        let (folder, id, length) = written(&contents);
        assert_eq!(
            std::fs::metadata(path(folder.path(), id)).expect("there").len(),
            length
        );
        let pack = Pack::open(folder.path(), id).expect("opened");
        let mut wanted: Vec<Digest> = contents.iter().map(|it| Digest::of(it)).collect();
        wanted.push(Digest::of(b"four"));
        let found = pack.read(&wanted).expect("read");
        assert_eq!(found.len(), 3);
        for content in contents {
            assert_eq!(&*found[&Digest::of(content)], content);
        }
    }

    #[test]
    fn an_abandoned_pack_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(PackWriter::create(folder.path(), PackId::from_bytes([1; 16])).expect("made"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0);
    }

    #[test]
    fn no_damage_gives_a_wrong_content() {
        let (folder, id, _) = written(&[b"one", b"two", b"three"]);
        let file = path(folder.path(), id);
        let bytes = std::fs::read(&file).expect("read");
        let digests: Vec<Digest> = [b"one".as_slice(), b"two", b"three"]
            .iter()
            .map(|it| Digest::of(it))
            .collect();
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 0x10;
            std::fs::write(&file, &other).expect("written");
            if let Ok(pack) = Pack::open(folder.path(), id) {
                for (digest, content) in pack.read(&digests).expect("read") {
                    assert_eq!(Digest::of(&content), digest, "bit in byte {at}");
                }
            }
            std::fs::write(&file, &bytes[..at]).expect("written");
            assert!(Pack::open(folder.path(), id).is_err(), "cut at {at}");
        }
    }
}
