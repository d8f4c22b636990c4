//! What ends a group of processes when this program dies, however it dies.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

/// A process that leads a group and does nothing but wait for the end of its input, which only this program holds open. When
/// this program is gone, by `kill -9` too, it ends the whole group.
///
/// The runner cannot do that for itself: a generator that loops keeps it from looking, and on the main thread there is
/// nobody else. That the guard leads the group also keeps the group's number from becoming another's while it lives.
#[derive(Debug)]
pub(crate) struct Guard(Child);

impl Guard {
    /// None where the system has no shell: then only a master that ends in order leaves nothing behind.
    pub fn start() -> Option<Self> {
        let child = Command::new("/bin/sh")
            .args(["-c", "read line; kill -9 0"])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .ok()?;
        Some(Self(child))
    }

    /// The group's number.
    pub fn group(&self) -> Option<Pid> {
        pid(&self.0)
    }

    /// Ends the group, itself included.
    pub fn end_group(&mut self) -> io::Result<()> {
        if let Some(group) = self.group() {
            kill_process_group(group, Signal::KILL)?;
        }
        self.0.wait().map(drop)
    }
}

/// The number of a child that was not waited for yet.
pub(crate) fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}
