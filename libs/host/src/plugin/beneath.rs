//! The workspace's files, opened so that no link leads out of it, however quickly somebody swaps one in.

use std::io::{self, Read};
use std::path::Path;

use krepis_change::{EntryKind, FileState, Tree, WorkspacePath};

/// A file larger than this is not handed to a plugin: it would not fit into a frame.
const LARGEST: u64 = 32 << 20;

/// A workspace on disk, as a plugin may see it: no symbolic link is followed, at no place of a path.
///
/// Looking first and opening then leaves a moment in which a folder can become a link. So on Linux the kernel does both in
/// one (`openat2` with `RESOLVE_BENEATH` and `RESOLVE_NO_SYMLINKS`).
#[derive(Debug)]
pub struct Beneath {
    #[cfg(target_os = "linux")]
    root: std::os::fd::OwnedFd,
    #[cfg(not(target_os = "linux"))]
    root: std::path::PathBuf,
}

fn kind_error(kind: io::ErrorKind, what: &str) -> io::Error {
    io::Error::new(kind, what)
}

fn read_whole(mut file: std::fs::File) -> io::Result<FileState> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(kind_error(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    if !metadata.is_file() {
        return Err(kind_error(io::ErrorKind::Unsupported, "it is no regular file"));
    }
    if metadata.len() > LARGEST {
        return Err(kind_error(
            io::ErrorKind::FileTooLarge,
            "it is larger than 32 MiB",
        ));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    (&mut file).take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(kind_error(
            io::ErrorKind::FileTooLarge,
            "it is larger than 32 MiB",
        ));
    }
    Ok(FileState::File {
        bytes: bytes.into(),
        mode: metadata.permissions().mode() & 0o7777,
    })
}

/// A missing file is a state, and a link is refused with a reason.
fn missing_or(error: io::Error) -> io::Result<FileState> {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(FileState::Absent),
        _ => Err(error),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, openat2, statat};
    use rustix::io::Errno;

    use super::{Beneath, EntryKind, FileState, Path, Tree, WorkspacePath, io, missing_or, read_whole};

    impl Beneath {
        /// Opens the workspace's root.
        ///
        /// # Errors
        /// Those of the system.
        pub fn open(root: &Path) -> io::Result<Self> {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            Ok(Self {
                root: rustix::fs::open(root, flags, Mode::empty())?,
            })
        }

        fn inside(&self, path: &str, flags: OFlags) -> io::Result<std::os::fd::OwnedFd> {
            let path = if path.is_empty() { "." } else { path };
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
            let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
            for _ in 0..100 {
                match openat2(&self.root, path, flags, Mode::empty(), resolve) {
                    // Something was renamed meanwhile; the kernel asks to look again.
                    Err(Errno::AGAIN | Errno::INTR) => {}
                    Err(Errno::LOOP) => {
                        return Err(io::Error::other(
                            "it leads through a symbolic link, which is not followed for a plugin",
                        ));
                    }
                    Err(error) => return Err(error.into()),
                    Ok(file) => return Ok(file),
                }
            }
            Err(Errno::AGAIN.into())
        }
    }

    impl Tree for Beneath {
        fn state(&self, path: &WorkspacePath) -> io::Result<FileState> {
            match self.inside(path.as_str(), OFlags::empty()) {
                Ok(file) => read_whole(file.into()),
                Err(error) => missing_or(error),
            }
        }

        fn list(&self, directory: &WorkspacePath) -> io::Result<Vec<(String, EntryKind)>> {
            let folder = match self.inside(directory.as_str(), OFlags::DIRECTORY) {
                Ok(folder) => folder,
                Err(error) => return missing_or(error).map(|_| Vec::new()),
            };
            let mut found = Vec::new();
            for entry in Dir::read_from(&folder)? {
                let entry = entry?;
                let Ok(name) = entry.file_name().to_str() else {
                    continue;
                };
                if matches!(name, "." | "..") {
                    continue;
                }
                let kind = match entry.file_type() {
                    FileType::Unknown => match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                        Ok(found) => FileType::from_raw_mode(found.st_mode),
                        Err(_) => continue,
                    },
                    known => known,
                };
                let kind = match kind {
                    FileType::RegularFile => EntryKind::File,
                    FileType::Directory => EntryKind::Directory,
                    FileType::Symlink => EntryKind::Symlink,
                    _ => continue,
                };
                found.push((name.to_owned(), kind));
            }
            found.sort_unstable();
            Ok(found)
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::{Beneath, EntryKind, FileState, Path, Tree, WorkspacePath, io, missing_or, read_whole};

    impl Beneath {
        /// Remembers the workspace's root.
        ///
        /// # Errors
        /// None.
        pub fn open(root: &Path) -> io::Result<Self> {
            Ok(Self { root: root.into() })
        }

        /// Looks at every part. There is a moment between looking and opening: plugins do not run here without the user's
        /// consent to do without the operating system's layers.
        fn inside(&self, path: &WorkspacePath) -> io::Result<std::path::PathBuf> {
            let mut full = self.root.clone();
            for part in path.as_str().split('/').filter(|part| !part.is_empty()) {
                full.push(part);
                if std::fs::symlink_metadata(&full)?.is_symlink() {
                    return Err(io::Error::other(
                        "it leads through a symbolic link, which is not followed for a plugin",
                    ));
                }
            }
            Ok(full)
        }
    }

    impl Tree for Beneath {
        fn state(&self, path: &WorkspacePath) -> io::Result<FileState> {
            match self.inside(path).and_then(std::fs::File::open) {
                Ok(file) => read_whole(file),
                Err(error) => missing_or(error),
            }
        }

        fn list(&self, directory: &WorkspacePath) -> io::Result<Vec<(String, EntryKind)>> {
            let folder = match self.inside(directory).and_then(std::fs::read_dir) {
                Ok(folder) => folder,
                Err(error) => return missing_or(error).map(|_| Vec::new()),
            };
            let mut found = Vec::new();
            for entry in folder {
                let entry = entry?;
                let kind = entry.file_type()?;
                let kind = if kind.is_dir() {
                    EntryKind::Directory
                } else if kind.is_symlink() {
                    EntryKind::Symlink
                } else if kind.is_file() {
                    EntryKind::File
                } else {
                    continue;
                };
                if let Ok(name) = entry.file_name().into_string() {
                    found.push((name, kind));
                }
            }
            found.sort_unstable();
            Ok(found)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn path(path: &str) -> WorkspacePath {
        WorkspacePath::parse(path).expect("a path")
    }

    #[test]
    fn files_and_folders_are_read_and_what_is_missing_is_absent() {
        let scratch = tempfile::tempdir().expect("a folder");
        fs::create_dir(scratch.path().join("src")).expect("a folder");
        fs::write(scratch.path().join("src/a.ts"), "a").expect("a file");
        let tree = Beneath::open(scratch.path()).expect("a tree");
        assert_eq!(
            tree.state(&path("src/a.ts")).expect("a state").as_text(),
            Some("a")
        );
        assert_eq!(tree.state(&path("src/b.ts")).expect("a state"), FileState::Absent);
        assert_eq!(
            tree.state(&path("src/a.ts/x")).expect("a state"),
            FileState::Absent
        );
        assert!(tree.state(&path("src")).is_err());
        assert_eq!(
            tree.list(&WorkspacePath::root()).expect("entries"),
            [("src".to_owned(), EntryKind::Directory)]
        );
        assert_eq!(tree.list(&path("none")).expect("entries"), []);
    }

    #[test]
    fn links_lead_nowhere_inside_or_outside() {
        let scratch = tempfile::tempdir().expect("a folder");
        let outside = tempfile::tempdir().expect("a folder");
        fs::write(outside.path().join("secret"), "secret").expect("a file");
        symlink(outside.path(), scratch.path().join("folder")).expect("a link");
        symlink(outside.path().join("secret"), scratch.path().join("file")).expect("a link");
        let tree = Beneath::open(scratch.path()).expect("a tree");
        assert!(tree.state(&path("file")).is_err());
        assert!(tree.state(&path("folder/secret")).is_err());
        assert!(tree.list(&path("folder")).is_err());
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let scratch = tempfile::tempdir().expect("a folder");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            scratch.path().join("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .expect("a pipe");
        let tree = Beneath::open(scratch.path()).expect("a tree");
        assert!(tree.state(&path("pipe")).is_err());
    }

    #[test]
    fn a_folder_that_is_swapped_for_a_link_is_never_followed() {
        let scratch = tempfile::tempdir().expect("a folder");
        let outside = tempfile::tempdir().expect("a folder");
        fs::write(outside.path().join("a.ts"), "secret").expect("a file");
        fs::create_dir(scratch.path().join("real")).expect("a folder");
        fs::write(scratch.path().join("real/a.ts"), "ours").expect("a file");
        symlink(outside.path(), scratch.path().join("link")).expect("a link");
        let place = scratch.path().join("src");
        let tree = Beneath::open(scratch.path()).expect("a tree");
        std::thread::scope(|scope| {
            let swapper = scope.spawn(|| {
                for _ in 0..2_000 {
                    for other in ["real", "link"] {
                        let other = scratch.path().join(other);
                        fs::rename(&other, &place).expect("renamed");
                        fs::rename(&place, &other).expect("renamed");
                    }
                }
            });
            let (mut ours, mut rounds) = (0, 0);
            while !swapper.is_finished() {
                if let Ok(state) = tree.state(&path("src/a.ts")) {
                    assert!(
                        matches!(state.as_text(), None | Some("ours")),
                        "it read what is outside"
                    );
                    ours += usize::from(state.as_text().is_some());
                }
                rounds += 1;
            }
            assert!(rounds > ours, "the swap was seen");
        });
    }
}
