//! `kill -9` at random times and at every call, a full disk, and calls that fail, with operations on 1 to 5,000 files while
//! somebody reads: no reader ever sees half a file; after recovery it is before or after; the history agrees; undo works.

mod errors;
mod full;
mod random;
#[path = "../crash/scenario.rs"]
mod scenario;

use std::io::Write as _;
use std::path::Path;

use krepis_history::{History, Stage};
use tempfile::TempDir;

const VICTIM: &str = env!("CARGO_BIN_EXE_krepis-history-crash");

/// In memory where there is such a folder: the kills are real, only the disk's own caching is not what is tested.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    }
    .expect("a folder")
}

fn torture() -> bool {
    std::env::var_os("KREPIS_TORTURE").is_some()
}

/// Straight to the stream: the test runner keeps what `eprintln!` says of a test that passes.
fn figures(text: &str) {
    let _ = writeln!(std::io::stderr(), "figures: {text}");
}

/// How many operations are done; none may be open.
fn done(root: &Path, context: &str) -> usize {
    let scan = History::new(root).scan().expect("scan");
    let open = scan
        .iter()
        .any(|(_, stage)| matches!(stage, Stage::Prepared | Stage::Observed));
    assert!(!open, "{context}: {scan:?}");
    scan.iter().filter(|(_, stage)| *stage == Stage::Done).count()
}

/// A small generator of numbers: the same ones every time, unless it is torture.
struct Numbers(u64);

impl Numbers {
    fn new(salt: u64) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let seed = if torture() {
            now.map_or(1, |it| u64::from(it.subsec_nanos()))
        } else {
            1
        };
        Self((seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt) | 1)
    }

    fn percent(&mut self, end: u64) -> u32 {
        u32::try_from(self.below(end)).expect("small")
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
