//! One writer at a time.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use krepis_change::Failure;
use rustix::fs::{FlockOperation, flock};

use crate::errors;

/// Held while a workspace is written; given back when dropped, also by a crash.
///
/// An advisory lock of the operating system (`flock`) on `.krepis/lock`. The pid inside is for people to read only: a
/// stale one means nothing.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock on `file`, waiting up to `timeout` for another holder.
    pub fn take(file: &Path, timeout: Duration) -> Result<Self, Failure> {
        let mut handle = open(file)
            .map_err(|error| crate::not_writable(&format!("opening {}", file.display()), &error))?;
        let started = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match flock(&handle, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {}
                Err(error) => {
                    return Err(Failure::new(
                        &errors::LOCKED,
                        format!("{} cannot be locked", file.display()),
                    )
                    .reason(std::io::Error::from(error).to_string())
                    .hint("keep the workspace on a local disk; some network file systems know no locks"));
                }
            }
            let waited = started.elapsed();
            if waited >= timeout {
                return Err(busy(&mut handle, timeout));
            }
            std::thread::sleep(pause.min(timeout.saturating_sub(waited)));
            pause = (pause * 2).min(Duration::from_millis(25));
        }
        let mut lock = Self { file: handle };
        lock.sign();
        Ok(lock)
    }

    fn sign(&mut self) {
        // For people only; a full disk must not stop a lock that is held.
        drop(
            self.file
                .set_len(0)
                .and_then(|()| self.file.seek(SeekFrom::Start(0)))
                .and_then(|_| writeln!(self.file, "{}", std::process::id())),
        );
    }
}

fn open(file: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(file)
}

fn busy(handle: &mut File, timeout: Duration) -> Failure {
    use std::fmt::Write as _;
    let mut text = String::new();
    let holder = handle
        .seek(SeekFrom::Start(0))
        .and_then(|_| handle.read_to_string(&mut text))
        .ok()
        .and_then(|_| text.trim().parse::<u32>().ok());
    let mut who = holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    // It signs when it takes the lock.
    let since = handle.metadata().and_then(|metadata| metadata.modified()).ok();
    if let Some(age) = holder.and(since).and_then(|since| since.elapsed().ok()) {
        let _ = write!(who, " (for {} s)", age.as_secs());
    }
    Failure::new(&errors::LOCKED, format!("{who} is writing this workspace"))
        .reason(format!(
            "it still held the lock after {:.1} s",
            timeout.as_secs_f64()
        ))
        .hint("wait for it to end, or give --lock-timeout more seconds")
}
