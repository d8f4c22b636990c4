//! Start-up snapshots of the runner: Node begins with the generators already in memory.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::UNIX_EPOCH;

use crate::{CacheFolder, Environment, RunnerLocation, Runtime};

/// The snapshot for one program and one bundle, whether it is there or not.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    blob: PathBuf,
}

impl Snapshot {
    /// None where snapshots are switched off (`KREPIS_NO_SNAPSHOT`) or have no safe place.
    pub fn of(
        runtime: &Runtime,
        location: &RunnerLocation,
        cache: Option<&CacheFolder>,
        environment: &Environment,
    ) -> Option<Self> {
        if environment
            .variable("KREPIS_NO_SNAPSHOT")
            .is_some_and(|value| value != "0")
        {
            return None;
        }
        let program = std::fs::metadata(&runtime.path).ok()?;
        let modified = program
            .modified()
            .ok()?
            .duration_since(UNIX_EPOCH)
            .ok()?
            .as_secs();
        let digest = location.digest().get(..16)?;
        // A snapshot fits the very program that wrote it and no other.
        let name = format!(
            "node-v{}-{}-{}-{:x}-{modified:x}-{digest}.blob",
            runtime.version,
            std::env::consts::OS,
            std::env::consts::ARCH,
            program.len(),
        );
        Some(Self {
            blob: cache?.inner("snapshots")?.join(name),
        })
    }

    /// The file, if it is there.
    pub fn ready(&self) -> Option<&PathBuf> {
        Some(&self.blob).filter(|blob| blob.is_file())
    }

    /// A process that began from it did not come up.
    pub fn discard(&self) {
        // Where it cannot be removed the plain way is taken at each run: slower, not wrong.
        drop(std::fs::remove_file(&self.blob));
    }

    /// What builds it.
    pub fn build(&self, runtime: &Runtime, location: &RunnerLocation) -> SnapshotBuild {
        SnapshotBuild {
            program: runtime.path.clone(),
            script: location.file("build-snapshot.cjs"),
            blob: self.blob.clone(),
        }
    }
}

/// A snapshot that the next run would be faster with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotBuild {
    program: PathBuf,
    script: PathBuf,
    blob: PathBuf,
}

impl SnapshotBuild {
    /// Starts the build as a process of its own at low priority and returns at once; to be called when the user has the
    /// answer. That it cannot be started is nobody's failure.
    pub fn start(&self) {
        let mut command = Command::new(&self.program);
        command.arg(&self.script).arg(&self.blob);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
            .env_remove("NODE_OPTIONS")
            .env_remove("NODE_COMPILE_CACHE");
        if let Some(folder) = self.blob.parent() {
            // So that it keeps no folder of the user's busy.
            command.current_dir(folder);
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        drop(command.spawn());
    }

    /// Where the snapshot will be.
    pub fn blob(&self) -> &std::path::Path {
        &self.blob
    }
}
