//! The user's cache folder, where it can be trusted.

use std::path::{Path, PathBuf};

use crate::Environment;

/// A folder of this user alone. What lies in it is executed (snapshots, compiled code): a folder that others can write
/// to is not used.
#[derive(Debug, Clone)]
pub struct CacheFolder(PathBuf);

impl CacheFolder {
    /// `$KREPIS_CACHE_DIR`, else `$XDG_CACHE_HOME/krepis`, else the platform's place; made with mode 0700 where missing.
    ///
    /// The error says why there is none: a run goes on without.
    pub fn open(environment: &Environment) -> Result<Self, String> {
        let folder = place(environment).ok_or("there is no home folder")?;
        make(&folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
        check(&folder)?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A folder inside, made where missing.
    pub fn inner(&self, name: &str) -> Option<PathBuf> {
        let folder = self.0.join(name);
        make(&folder).ok()?;
        check(&folder).ok()?;
        Some(folder)
    }
}

fn place(environment: &Environment) -> Option<PathBuf> {
    if let Some(folder) = environment.folder("KREPIS_CACHE_DIR") {
        return Some(folder);
    }
    if let Some(folder) = environment.folder("XDG_CACHE_HOME") {
        return Some(folder.join("krepis"));
    }
    if cfg!(windows) {
        return environment
            .folder("LOCALAPPDATA")
            .map(|folder| folder.join("krepis").join("cache"));
    }
    environment.below_home(if cfg!(target_os = "macos") {
        "Library/Caches/krepis"
    } else {
        ".cache/krepis"
    })
}

fn make(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        // Another process was quicker.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(unix)]
fn check(folder: &Path) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let found =
        std::fs::symlink_metadata(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if !found.is_dir() {
        return Err(format!("{} is not a folder", folder.display()));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!("{} belongs to somebody else", folder.display()));
    }
    if found.mode() & 0o077 != 0 {
        return Err(format!("{} is open to others; `chmod 700` it", folder.display()));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(folder: &Path) -> Result<(), String> {
    if folder.is_dir() {
        Ok(())
    } else {
        Err(format!("{} is not a folder", folder.display()))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn environment(folder: &Path) -> Environment {
        let folder = folder.to_string_lossy().into_owned();
        Environment {
            variables: [("KREPIS_CACHE_DIR".to_owned(), folder)].into(),
            ..Environment::default()
        }
    }

    #[test]
    fn a_new_folder_is_for_its_user_alone() {
        let scratch = tempfile::tempdir().expect("a folder");
        let cache = CacheFolder::open(&environment(&scratch.path().join("a/b"))).expect("a cache");
        let mode = std::fs::metadata(cache.path())
            .expect("metadata")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_folder_open_to_others_is_not_used_nor_is_a_link() {
        let scratch = tempfile::tempdir().expect("a folder");
        let open = scratch.path().join("open");
        std::fs::create_dir(&open).expect("a folder");
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).expect("a mode");
        assert!(
            CacheFolder::open(&environment(&open))
                .expect_err("refused")
                .contains("open to others")
        );
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o700)).expect("a mode");
        let link = scratch.path().join("link");
        std::os::unix::fs::symlink(&open, &link).expect("a link");
        assert!(
            CacheFolder::open(&environment(&link))
                .expect_err("refused")
                .contains("not a folder")
        );
    }
}
