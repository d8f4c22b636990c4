//! What a server is told.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use krepis_change::Failure;

use crate::receive::Pace;
use crate::s3::S3Settings;
use crate::{Key, Log, errors};

/// Settings of a server.
#[derive(Debug)]
pub struct Settings {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Signs tokens and records.
    pub key: Key,
    /// Tokens of earlier epochs are not valid; from 1.
    pub token_epoch: u32,
    /// The entries, or for S3 what is under way.
    pub folder: PathBuf,
    /// Where entries are.
    pub back_end: BackEnd,
    /// How much and how long.
    pub limits: Limits,
    /// Where events go.
    pub log: Log,
}

/// Where entries are.
#[derive(Debug)]
pub enum BackEnd {
    /// In the folder.
    Folder {
        /// Bytes of all artefacts; what was not used for longest is evicted beyond.
        most: u64,
    },
    /// In a bucket.
    S3(S3Settings),
}

/// How much a client may have, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one artefact.
    pub artifact: u64,
    /// Bytes of all artefacts that are on their way, in or out of S3.
    pub under_way: u64,
    /// Connections at once; more wait.
    pub connections: usize,
    /// Longest time without a byte while something is sent or received.
    pub idle: Duration,
    /// Fewest bytes a second beyond that, on average.
    pub rate: u64,
    /// How long a connection without a request is kept. Longer than clients keep theirs (90 s), so that none sends a
    /// request into a connection that is just being closed.
    pub keep_alive: Duration,
    /// How long requests under way may take after the signal to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            artifact: 2 << 30,
            under_way: 8 << 30,
            connections: 1024,
            idle: Duration::from_secs(30),
            rate: 16 << 10,
            keep_alive: Duration::from_mins(2),
            grace: Duration::from_secs(30),
        }
    }
}

impl Limits {
    pub(crate) fn pace(&self) -> Pace {
        Pace {
            idle: self.idle,
            rate: self.rate,
        }
    }
}

/// Reads a number of bytes: `512MiB`, `10GiB`, `1TB`, `1000000`.
///
/// ```
/// assert_eq!(krepis_remote_cache::parse_size("512MiB").unwrap(), 512 << 20);
/// assert!(krepis_remote_cache::parse_size("much").is_err());
/// ```
pub fn parse_size(text: &str) -> Result<u64, Failure> {
    let units = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("B", 1),
        ("", 1),
    ];
    with_unit(text, &units)
        .filter(|size| *size > 0)
        .ok_or_else(|| not_understood(text, "a size", "512MiB, 10GiB or a number of bytes"))
}

/// Reads a time: `30s`, `15m`, `12h`, `7d`.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(krepis_remote_cache::parse_duration("2h").unwrap(), Duration::from_secs(7200));
/// assert!(krepis_remote_cache::parse_duration("7").is_err());
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, Failure> {
    with_unit(text, &[("s", 1), ("m", 60), ("h", 3600), ("d", 86400)])
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
        .ok_or_else(|| not_understood(text, "a time", "30s, 15m, 12h or 7d"))
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|one: char| one.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn not_understood(text: &str, what: &str, examples: &str) -> Failure {
    Failure::new(
        &errors::BAD_OPTION,
        format!("`{}` is not {what}", text.escape_debug()),
    )
    .hint(format!("write {examples}"))
}
