//! The operation file: a fixed header, the record, a table of blobs, the blobs.
//!
//! ```text
//! 0   8  magic "KRPSOP\r\n" (a text-mode copy breaks it and is seen)
//! 8   4  version, 1
//! 12  4  bytes of the record
//! 16  4  number of blobs
//! 20  8  bytes of all blobs
//! 28  4  CRC-32 of bytes 0..28, the record and the table
//! 32     record: protobuf krepis.v1.Operation
//!        table: for each blob u64 stored bytes, u64 bytes, u32 CRC-32 of what is stored
//!        blobs: each one zstd frame
//! ```
//! Integers are little-endian. Reading the record (for `history`) does not touch the blobs.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use krepis_change::{Failure, FileState};
use prost::Message as _;

use crate::heads::MOST_HEAD;
use crate::operation::{FileEntry, Image, Operation, edited};
use crate::{OperationId, errors, many};

const MAGIC: &[u8; 8] = b"KRPSOP\r\n";
const VERSION: u32 = 1;
/// Version of the record.
const SCHEMA: u32 = 1;
const HEADER: usize = 32;
const ROW: usize = 20;
/// No zstd frame holds more than that for each of its bytes: a block of at most 128 KiB takes at least 4. Memory is taken
/// for what a row says only within that.
const MOST: usize = 128 * 1024 / 4;
/// zstd level: the pre-images stand between the user and the first write, so speed counts.
const LEVEL: i32 = 1;

/// The bytes of an operation file.
pub(crate) fn encode(operation: &Operation, blobs: &[Arc<[u8]>]) -> io::Result<Vec<u8>> {
    let record = operation.to_record().encode_to_vec();
    let mut table = Vec::with_capacity(blobs.len() * ROW);
    let mut stored = Vec::new();
    let runs = many::map_runs(blobs, |blobs| -> io::Result<Vec<Vec<u8>>> {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        blobs.iter().map(|blob| compressor.compress(blob)).collect()
    });
    let mut blobs_left = blobs.iter();
    for run in runs {
        for (frame, blob) in run?.iter().zip(&mut blobs_left) {
            table.extend_from_slice(&(frame.len() as u64).to_le_bytes());
            table.extend_from_slice(&(blob.len() as u64).to_le_bytes());
            table.extend_from_slice(&crc32fast::hash(frame).to_le_bytes());
            stored.extend_from_slice(frame);
        }
    }
    let too_large = |_| {
        io::Error::new(
            io::ErrorKind::FileTooLarge,
            "the operation has too many files for one record",
        )
    };
    let mut out = Vec::with_capacity(HEADER + record.len() + table.len() + stored.len());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&u32::try_from(record.len()).map_err(too_large)?.to_le_bytes());
    out.extend_from_slice(&u32::try_from(blobs.len()).map_err(too_large)?.to_le_bytes());
    out.extend_from_slice(&(stored.len() as u64).to_le_bytes());
    let mut crc = crc32fast::Hasher::new();
    crc.update(&out);
    crc.update(&record);
    crc.update(&table);
    out.extend_from_slice(&crc.finalize().to_le_bytes());
    out.extend_from_slice(&record);
    out.extend_from_slice(&table);
    out.extend_from_slice(&stored);
    Ok(out)
}

/// An operation file that was opened: the record is read and checked, the contents are read when asked for.
#[derive(Debug)]
pub struct OperationFile {
    /// The record.
    pub operation: Operation,
    path: PathBuf,
    rows: Vec<Row>,
    /// Where the blobs begin.
    blobs: u64,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    stored: usize,
    raw: usize,
    crc: u32,
}

impl OperationFile {
    /// Opens a file whose name says it holds operation `id`; hands its head (all before the blobs) to `read` if it is whole.
    ///
    /// # Errors
    /// `KRP4001` it cannot be read, `KRP4002` it is damaged, `KRP4003` its version is unknown.
    pub(crate) fn open(path: &Path, id: OperationId, read: &mut dyn FnMut(&[u8])) -> Result<Self, Failure> {
        let (bytes, length) =
            read_head(path).map_err(|error| Failure::io(&errors::HISTORY_IO, "reading", path, &error))?;
        let file = Self::parse(path, id, &bytes, length)?;
        let head = usize::try_from(file.blobs).unwrap_or(bytes.len());
        read(&bytes[..head.min(bytes.len())]);
        Ok(file)
    }

    /// The same for a head that was read already, of a file of `length` bytes.
    pub(crate) fn parse(path: &Path, id: OperationId, bytes: &[u8], length: u64) -> Result<Self, Failure> {
        let damaged = |why: &str| damaged(path, why);
        if bytes.len() < HEADER || &bytes[..8] != MAGIC {
            return Err(damaged("it does not begin as an operation file"));
        }
        let version = u32_at(bytes, 8);
        if version != VERSION {
            return Err(newer(path, "format version", version, VERSION));
        }
        let record_length = u32_at(bytes, 12) as usize;
        let count = u32_at(bytes, 16) as usize;
        let blobs_length = u64_at(bytes, 20);
        let head = count
            .checked_mul(ROW)
            .and_then(|table| table.checked_add(HEADER)?.checked_add(record_length))
            .filter(|head| (*head as u64).checked_add(blobs_length) == Some(length))
            .ok_or_else(|| damaged("its length is not what its header says"))?;
        if bytes.len() < head {
            return Err(damaged("it ends within its record"));
        }
        let mut crc = crc32fast::Hasher::new();
        crc.update(&bytes[..28]);
        crc.update(&bytes[HEADER..head]);
        if crc.finalize() != u32_at(bytes, 28) {
            return Err(damaged("its checksum does not fit its record"));
        }
        let (record, table) = bytes[HEADER..head].split_at(record_length);
        let rows: Option<Vec<Row>> = table
            .chunks_exact(ROW)
            .map(|row| {
                Some(Row {
                    stored: u64_at(row, 0).try_into().ok()?,
                    raw: u64_at(row, 8).try_into().ok()?,
                    crc: u32_at(row, 16),
                })
            })
            .collect();
        let rows = rows.ok_or_else(|| damaged("a blob is longer than this machine can address"))?;
        let stored = rows
            .iter()
            .try_fold(0_u64, |sum, row| sum.checked_add(row.stored as u64));
        if stored != Some(blobs_length) {
            return Err(damaged("its blobs are not as long as its header says"));
        }
        if rows.iter().any(|row| row.raw / MOST > row.stored) {
            return Err(damaged("a blob is longer than its frame can hold"));
        }
        let record = krepis_proto::v1::Operation::decode(record)
            .map_err(|error| damaged(&format!("its record: {error}")))?;
        if record.schema > SCHEMA {
            return Err(newer(path, "record version", record.schema, SCHEMA));
        }
        let operation = Operation::from_record(record, rows.len()).map_err(|why| damaged(&why))?;
        if operation.id != id {
            return Err(damaged(&format!("it holds operation {}", operation.id)));
        }
        Ok(Self {
            operation,
            path: path.to_path_buf(),
            rows,
            blobs: head as u64,
        })
    }

    /// Every file with its content before and after, in the order of `operation.files`.
    ///
    /// # Errors
    /// `KRP4002` if a content is not what its checksum and digest say.
    pub fn states(&self) -> Result<Vec<(FileState, Option<FileState>)>, Failure> {
        let unreadable = |error: io::Error| Failure::io(&errors::HISTORY_IO, "reading", &self.path, &error);
        let file = File::open(&self.path).map_err(unreadable)?;
        let total = self.rows.iter().map(|row| row.stored).sum();
        let mut stored = vec![0; total];
        file.read_exact_at(&mut stored, self.blobs).map_err(unreadable)?;
        let mut at = 0;
        let frames: Vec<(usize, &[u8], Row)> = self
            .rows
            .iter()
            .enumerate()
            .map(|(index, row)| {
                at += row.stored;
                (index, &stored[at - row.stored..at], *row)
            })
            .collect();
        let runs = many::map_runs(&frames, |frames| {
            let mut decompressor = zstd::bulk::Decompressor::new().map_err(unreadable)?;
            frames
                .iter()
                .map(|(index, frame, row)| {
                    let content = (crc32fast::hash(frame) == row.crc)
                        .then(|| decompressor.decompress(frame, row.raw).ok())
                        .flatten()
                        .filter(|content| content.len() == row.raw);
                    let why = || format!("blob {} does not fit its checksum", index + 1);
                    Ok(Arc::from(content.ok_or_else(|| damaged(&self.path, &why()))?))
                })
                .collect::<Result<Vec<Arc<[u8]>>, Failure>>()
        });
        let mut contents: Vec<Arc<[u8]>> = Vec::with_capacity(self.rows.len());
        for run in runs {
            contents.extend(run?);
        }
        many::map(&self.operation.files, |entry| self.pair(entry, &contents))
            .into_iter()
            .collect()
    }

    fn pair(
        &self,
        entry: &FileEntry,
        contents: &[Arc<[u8]>],
    ) -> Result<(FileState, Option<FileState>), Failure> {
        let before = self.state(entry, &entry.before, None, contents)?;
        let after = match &entry.after {
            Some(after) => Some(self.state(entry, after, before.bytes(), contents)?),
            None => None,
        };
        Ok((before, after))
    }

    fn state(
        &self,
        entry: &FileEntry,
        image: &Image,
        base: Option<&Arc<[u8]>>,
        contents: &[Arc<[u8]>],
    ) -> Result<FileState, Failure> {
        let state = match image {
            Image::Absent => FileState::Absent,
            Image::Symlink { target } => FileState::Symlink {
                target: Arc::clone(target),
            },
            Image::File { mode, blob, .. } => {
                let bytes = match (blob, base) {
                    (Some(index), _) => Some(Arc::clone(&contents[*index])),
                    (None, Some(base)) => edited(base, &entry.edits).map(Into::into),
                    (None, None) => None,
                };
                let bytes = bytes.ok_or_else(|| {
                    damaged(&self.path, &format!("the content of `{}` is missing", entry.path))
                })?;
                FileState::File { bytes, mode: *mode }
            }
        };
        if image.matches(&state) {
            Ok(state)
        } else {
            Err(damaged(
                &self.path,
                &format!("the content of `{}` does not fit its digest", entry.path),
            ))
        }
    }
}

fn newer(path: &Path, what: &str, version: u32, known: u32) -> Failure {
    let text = format!(
        "{} has {what} {version}, this program knows {known}",
        path.display()
    );
    Failure::new(&errors::NEWER_FORMAT, text).hint("use the krepis version that wrote it")
}

/// The beginning of a file, as far as its header says that the record and the table reach, and the length of the file.
fn read_head(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    // One read is enough for nearly every operation.
    let mut bytes = Vec::with_capacity(MOST_HEAD);
    file.by_ref().take(MOST_HEAD as u64).read_to_end(&mut bytes)?;
    if bytes.len() >= HEADER && &bytes[..8] == MAGIC {
        let table = u64::from(u32_at(&bytes, 16)) * ROW as u64;
        let head = HEADER as u64 + u64::from(u32_at(&bytes, 12)) + table;
        // A damaged header may say anything: what is read is bounded by what is there.
        let missing = head.min(length).saturating_sub(bytes.len() as u64);
        file.take(missing).read_to_end(&mut bytes)?;
    }
    Ok((bytes, length))
}

fn damaged(path: &Path, why: &str) -> Failure {
    Failure::new(
        &errors::DAMAGED,
        format!("the operation file {} is damaged", path.display()),
    )
    .reason(why)
    .hint(errors::GIVE_UP)
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
