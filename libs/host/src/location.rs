//! Where the runner's bundle lies.

use std::path::{Path, PathBuf};

use krepis_change::Failure;

use crate::{Environment, errors};

/// The folder that `libs/runner/bundle.mjs` writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerLocation {
    folder: PathBuf,
    digest: String,
}

impl RunnerLocation {
    /// `$KREPIS_RUNNER_DIR`, else `../runner` beside the running program.
    pub fn find(environment: &Environment) -> Result<Self, Failure> {
        let named = environment.folder("KREPIS_RUNNER_DIR");
        let beside = || {
            Some(
                environment
                    .executable
                    .as_ref()?
                    .parent()?
                    .parent()?
                    .join("runner"),
            )
        };
        let folder = named.or_else(beside).unwrap_or_default();
        Self::at(&folder)
    }

    /// The bundle in a folder.
    pub fn at(folder: &Path) -> Result<Self, Failure> {
        let digest = std::fs::read_to_string(folder.join("digest")).map_err(|error| {
            Failure::new(&errors::RUNNER_MISSING, format!("there is no runner in {}", folder.display()))
                .reason(error.to_string())
                .hint("install the CLI again, build it with `npm run build`, or name the folder in KREPIS_RUNNER_DIR")
        })?;
        Ok(Self {
            folder: folder.into(),
            digest: digest.trim().chars().filter(char::is_ascii_hexdigit).collect(),
        })
    }

    /// A file of the bundle.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// sha256 over the bundle's files, in hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}
