//! One writer at a time.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use krepis_change::Failure;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

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
        let handle = open(file)
            .map_err(|error| crate::not_writable(&format!("opening {}", file.display()), &error))?;
        let handle = match flock(&handle, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => handle,
            Err(Errno::WOULDBLOCK | Errno::INTR) => {
                wait(handle, timeout).ok_or_else(|| busy(file, timeout))?
            }
            Err(error) => return Err(unlockable(file, error)),
        };
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

/// Waits in the kernel's queue, so that nobody who asks again and again is served before those who wait. `None` after the
/// timeout: whoever waits gets the lock later and gives it back at once, since nobody takes it.
fn wait(handle: File, timeout: Duration) -> Option<File> {
    let (sender, receiver) = mpsc::sync_channel(0);
    std::thread::Builder::new()
        .name("lock".into())
        .spawn(move || {
            loop {
                match flock(&handle, FlockOperation::LockExclusive) {
                    Ok(()) => break,
                    Err(Errno::INTR) => {}
                    Err(_) => return,
                }
            }
            // A receiver that is gone drops the file, and with it the lock.
            drop(sender.send(handle));
        })
        .ok()?;
    receiver.recv_timeout(timeout).ok()
}

fn unlockable(file: &Path, error: Errno) -> Failure {
    Failure::new(&errors::LOCKED, format!("{} cannot be locked", file.display()))
        .reason(std::io::Error::from(error).to_string())
        .hint("keep the workspace on a local disk; some network file systems know no locks")
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

fn busy(file: &Path, timeout: Duration) -> Failure {
    use std::fmt::Write as _;
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let holder = text.trim().parse::<u32>().ok();
    let mut who = holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    // It signs when it takes the lock.
    let since = std::fs::metadata(file)
        .and_then(|metadata| metadata.modified())
        .ok();
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
