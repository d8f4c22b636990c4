//! Who has a store: one process at a time.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use crate::Fault;

/// An advisory lock of the operating system on a file beside the store; given back when dropped, also by a crash.
///
/// sled locks its own file too. But a store is also renamed (moved aside, swapped for its compact copy), and a lock that
/// moves with what it guards lets a second process open the old one. This file is never renamed and never deleted. The
/// pid in it is text, for [`pid`].
#[derive(Debug)]
pub(crate) struct Holder {
    _file: File,
}

impl Holder {
    /// Takes the lock, trying again until `deadline`.
    pub(crate) fn take(path: &Path, deadline: Instant) -> Result<Self, Fault> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(no_follow())
            .open(path)?;
        let mut pause = Duration::from_millis(1);
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Fault::Io(error.into())),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Fault::Busy);
            }
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(10));
        }
        // For people only; a full disk must not stop a lock that is held.
        drop(
            file.set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| writeln!(file, "{}", std::process::id())),
        );
        Ok(Self { _file: file })
    }
}

/// What the holder's file says: the last process that had the lock.
pub(crate) fn pid(path: &Path) -> Option<u32> {
    let mut text = String::new();
    let read = |file: File| -> io::Result<usize> { file.take(32).read_to_string(&mut text) };
    File::open(path).and_then(read).ok()?;
    text.trim().parse().ok()
}

/// Whatever is planted in its place, no other file is written.
fn no_follow() -> i32 {
    i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_turned_away_and_may_try_again_when_the_first_has_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("holder");
        let first = Holder::take(&path, Instant::now()).expect("free");
        assert!(matches!(Holder::take(&path, Instant::now()), Err(Fault::Busy)));
        assert_eq!(pid(&path), Some(std::process::id()));
        drop(first);
        Holder::take(&path, Instant::now()).expect("free again");
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, other) = (folder.path().join("holder"), folder.path().join("other"));
        std::fs::write(&other, "untouched").expect("written");
        std::os::unix::fs::symlink(&other, &path).expect("linked");
        assert!(matches!(Holder::take(&path, Instant::now()), Err(Fault::Io(_))));
        assert_eq!(std::fs::read_to_string(&other).expect("read"), "untouched");
    }
}
