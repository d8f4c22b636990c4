//! The memory limit of one process: by a control group where one can be made, else by `RLIMIT_DATA`.

use std::os::fd::OwnedFd;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::cgroup::{Controller, Group};
use crate::Limits;

/// A limit, ready for one process.
#[derive(Debug)]
pub struct MemoryLimit {
    groups: Vec<Group>,
    entrances: Vec<OwnedFd>,
    bytes: u64,
}

impl MemoryLimit {
    /// The best that this machine has.
    pub fn of(limits: &Limits) -> Self {
        let groups = Group::create(limits);
        let entrances: Result<Vec<OwnedFd>, _> = groups.iter().map(Group::entrance).collect();
        match entrances {
            Ok(entrances) => Self {
                groups,
                entrances,
                bytes: limits.memory,
            },
            Err(_) => Self {
                groups: Vec::new(),
                entrances: Vec::new(),
                bytes: limits.memory,
            },
        }
    }

    /// In words, for the report of a run.
    pub fn describe(&self) -> String {
        let mebibytes = self.bytes >> 20;
        match self.groups.as_slice() {
            [] => format!("{mebibytes} MiB by RLIMIT_DATA and by watching"),
            [memory, rest @ ..] => {
                let threads = if rest.is_empty() { "" } else { ", threads" };
                format!("{mebibytes} MiB by {}{threads}", memory.describe())
            }
        }
    }

    /// What the child writes itself into.
    pub fn take_entrances(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.entrances)
    }

    /// Without a group: what the process may have beyond what it has now. V8 reserves far more than it uses, so a limit
    /// that counted from nothing would end every process or none.
    pub fn set_on(&self, process: u32) -> Result<(), String> {
        if !self.needs_watching() {
            return Ok(());
        }
        let status = std::fs::read_to_string(format!("/proc/{process}/status"))
            .map_err(|error| format!("how much memory it has cannot be read: {error}"))?;
        let Some(base) = data_of(&status) else {
            // Until it is waited for its entry stays, without memory.
            return if has_ended(&status) {
                Ok(())
            } else {
                Err("how much memory it has is not told".to_owned())
            };
        };
        let pid = i32::try_from(process)
            .ok()
            .and_then(Pid::from_raw)
            .ok_or("it has no number")?;
        let most = Some(base.saturating_add(self.bytes));
        let limit = Rlimit {
            current: most,
            maximum: most,
        };
        prlimit(Some(pid), Resource::Data, limit)
            .map(drop)
            .map_err(|error| error.to_string())
    }

    /// Whether the kernel has ended the process for it.
    pub fn was_reached(&self) -> bool {
        self.groups
            .iter()
            .any(|group| group.controller == Controller::Memory && group.ran_out())
    }

    /// Whether there is no group.
    pub fn needs_watching(&self) -> bool {
        self.groups.is_empty()
    }
}

/// How a limit would be set here.
pub fn describe_here() -> String {
    match Group::create(&Limits::default()).first() {
        Some(group) => group.describe().to_owned(),
        None => "RLIMIT_DATA and watching (no control group can be made)".to_owned(),
    }
}

/// Bytes of private writable memory, of /proc/PID/status.
fn data_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

fn has_ended(status: &str) -> bool {
    let state = status.lines().find_map(|line| line.strip_prefix("State:"));
    state.is_some_and(|state| state.trim().starts_with(['Z', 'X']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_and_a_process_that_has_ended_has_none() {
        assert_eq!(data_of("Name:\tnode\nVmData:\t  12 kB\n"), Some(12 << 10));
        let ended = "Name:\tnode\nState:\tZ (zombie)\n";
        assert!(data_of(ended).is_none() && has_ended(ended));
        assert!(!has_ended("State:\tS (sleeping)\n") && !has_ended(""));
    }
}
