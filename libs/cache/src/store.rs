//! What a cache offers, whatever engine is behind it.

use std::fmt;
use std::io;

/// A table of bytes by key. What was put may be gone at any later time; it is never something else.
///
/// Keys and payloads are any bytes. One process at a time has a store, for one batch of work.
pub trait Store {
    /// What was put under `key`.
    ///
    /// # Errors
    /// Every method says a [`Fault`] where the engine fails. What is damaged is moved aside when the visit ends.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault>;

    /// Keeps `payload` under `key`. One of more than [`MOST_PAYLOAD`] bytes is not kept, nor what the key held before.
    fn put(&self, key: &[u8], payload: &[u8]) -> Result<(), Fault> {
        self.batch(Batch::default().put(key, payload))
    }

    /// Forgets what is under `key`.
    fn delete(&self, key: &[u8]) -> Result<(), Fault> {
        self.batch(Batch::default().delete(key))
    }

    /// Hands every key that begins with `prefix`, and its payload, to `each`, in the order of the keys.
    fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), Fault>;

    /// Does several puts and deletes in their order. A crash may leave a first part of them done: the engine gets small
    /// batches, since it loses a damaged one as a whole.
    fn batch(&self, batch: Batch) -> Result<(), Fault>;

    /// Waits until all that was done is on the disk. A visit with [`crate::Access::Write`] ends with it.
    fn flush(&self) -> Result<(), Fault>;

    /// How much there is. Reads every record.
    fn stats(&self) -> Result<Stats, Fault>;
}

/// Bytes of the largest payload a store keeps. Payloads of some KiB are best: the engine gathers up to sixteen in a page, and
/// a page of more than 128 KiB becomes a file of its own.
pub const MOST_PAYLOAD: usize = 64 << 10;

/// Puts and deletes that are handed over together.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub(crate) steps: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Batch {
    /// Adds a put.
    #[must_use]
    pub fn put(mut self, key: &[u8], payload: &[u8]) -> Self {
        self.steps.push((key.to_vec(), Some(payload.to_vec())));
        self
    }

    /// Adds a delete.
    #[must_use]
    pub fn delete(mut self, key: &[u8]) -> Self {
        self.steps.push((key.to_vec(), None));
        self
    }
}

/// How much a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Keys.
    pub records: u64,
    /// Bytes of keys and payloads.
    pub payload: u64,
}

/// Why a store failed.
#[derive(Debug)]
pub enum Fault {
    /// It holds what was not put, or its engine gave up on it.
    Damaged(String),
    /// Another process has it.
    Busy,
    /// The operating system refused.
    Io(io::Error),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(why) => write!(f, "{why}"),
            Self::Busy => write!(f, "another process has it"),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Fault {}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
