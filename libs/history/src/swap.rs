//! The single steps on the disk: each of them is atomic and none overwrites what it did not expect.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use krepis_change::FileState;
use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;

use crate::disk::lstat;
use crate::failpoints::inject;

/// Writes `state` under a new name. The owner is that of `replaced` where the account allows it. The open file comes
/// back for syncing; `None` for a symbolic link.
pub(crate) fn write_temporary(
    path: &Path,
    state: &FileState,
    replaced: Option<&Path>,
) -> io::Result<Option<fs::File>> {
    inject!("history::apply::write");
    if lstat(path)?.is_some() {
        // Left by an interrupted recovery.
        fs::remove_file(path)?;
    }
    match state {
        FileState::Absent => Ok(None),
        FileState::Symlink { target } => {
            std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(target), path)?;
            Ok(None)
        }
        FileState::File { bytes, mode } => {
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)?;
            file.write_all(bytes)?;
            if let Some(old) = replaced.map(lstat).transpose()?.flatten() {
                let new = file.metadata()?;
                if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
                    // Only root may give a file away: keeping the owner is a courtesy, not a promise.
                    drop(std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid())));
                }
            }
            file.set_permissions(fs::Permissions::from_mode(*mode))?;
            Ok(Some(file))
        }
    }
}

/// How a file came to be at its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Swapped {
    /// The old file lies under the temporary name now.
    Exchanged,
    /// The old file is gone: this file system knows no exchange.
    Replaced,
    /// This file system knows no exchange, and the target is not what was expected: nothing was done.
    Refused,
}

/// Exchanges the temporary file and its target. Where the file system has no exchange it replaces the target, if that is
/// as `expected`.
pub(crate) fn exchange(
    temporary: &Path,
    target: &Path,
    expected: impl FnOnce() -> bool,
) -> io::Result<Swapped> {
    match try_exchange(temporary, target) {
        Ok(()) => Ok(Swapped::Exchanged),
        Err(error) if !is_unsupported(&error) => Err(error),
        Err(_) if !expected() => Ok(Swapped::Refused),
        Err(_) => rename(temporary, target).map(|()| Swapped::Replaced),
    }
}

fn try_exchange(temporary: &Path, target: &Path) -> io::Result<()> {
    inject!("history::swap::exchange");
    Ok(rustix::fs::renameat_with(
        CWD,
        temporary,
        CWD,
        target,
        RenameFlags::EXCHANGE,
    )?)
}

/// Moves a file to a name that must be free.
pub(crate) fn place(from: &Path, to: &Path) -> io::Result<()> {
    inject!("history::swap::rename");
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => {
            // A second name fails if the first exists, on every file system that has hard links.
            match rustix::fs::linkat(CWD, from, CWD, to, rustix::fs::AtFlags::empty()) {
                Ok(()) => fs::remove_file(from),
                Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) if lstat(to)?.is_none() => {
                    fs::rename(from, to)
                }
                Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => Err(Errno::EXIST.into()),
                Err(error) => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    inject!("history::swap::rename");
    fs::rename(from, to)
}

fn is_unsupported(error: &io::Error) -> bool {
    let unsupported = [Errno::NOSYS, Errno::INVAL, Errno::OPNOTSUPP];
    Errno::from_io_error(error).is_some_and(|errno| unsupported.contains(&errno))
}

/// True if a rename from one directory into the other can work: same device and, where the kernel tells, same mount.
pub(crate) fn same_mount(one: &Path, other: &Path) -> bool {
    let (Ok(one_at), Ok(other_at)) = (fs::metadata(one), fs::metadata(other)) else {
        return false;
    };
    one_at.dev() == other_at.dev() && mount_of(one) == mount_of(other)
}

#[cfg(target_os = "linux")]
fn mount_of(path: &Path) -> Option<u64> {
    use rustix::fs::{AtFlags, StatxFlags};
    rustix::fs::statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID)
        .ok()
        .map(|stat| stat.stx_mnt_id)
}

#[cfg(not(target_os = "linux"))]
fn mount_of(_path: &Path) -> Option<u64> {
    None
}

/// Makes the contents of many files durable at once.
#[cfg(target_os = "linux")]
pub(crate) fn sync_file_system(directory: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(fs::File::open(directory)?)?)
}

/// No `syncfs` here: the caller syncs file by file.
#[cfg(not(target_os = "linux"))]
pub(crate) fn sync_file_system(_directory: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
