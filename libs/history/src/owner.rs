//! The process that an observed operation belongs to.

use std::fs;

/// A process, named so that a pid used again is not mistaken for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Process id.
    pub pid: u32,
    /// Field 22 of `/proc/PID/stat`; 0: unknown on this platform.
    pub start_time: u64,
    /// `/proc/sys/kernel/random/boot_id`; empty: unknown on this platform.
    pub boot_id: String,
}

impl Owner {
    /// This very process.
    pub fn this_process() -> Self {
        let pid = std::process::id();
        Self {
            pid,
            start_time: start_time(pid),
            boot_id: boot_id(),
        }
    }

    /// The running process `pid`; `None` if there is none.
    pub fn of(pid: u32) -> Option<Self> {
        let owner = Self {
            pid,
            start_time: start_time(pid),
            boot_id: boot_id(),
        };
        exists(pid).then_some(owner)
    }

    /// True if that very process is `pid` or an ancestor of it.
    pub(crate) fn is_above(&self, pid: u32) -> bool {
        // No process has that many ancestors; a ring cannot be, but is not trusted either.
        std::iter::successors(Some(pid), |pid| parent(*pid))
            .take(1024)
            .any(|pid| pid == self.pid)
            && self.is_alive()
    }

    /// True while that very process runs.
    pub fn is_alive(&self) -> bool {
        self.boot_id == boot_id() && exists(self.pid) && self.start_time == start_time(self.pid)
    }
}

fn exists(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    // A process of another account exists too.
    let running = !matches!(
        rustix::process::test_kill_process(pid),
        Err(rustix::io::Errno::SRCH)
    );
    running && !is_zombie(pid)
}

/// A zombie writes nothing any more.
fn is_zombie(pid: rustix::process::Pid) -> bool {
    stat(pid.as_raw_nonzero().get().unsigned_abs()).is_some_and(|fields| fields.starts_with(['Z', 'X']))
}

/// What follows the command name in `/proc/PID/stat`; the name itself may hold blanks and parentheses.
fn stat(pid: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(") ").map(|(_, rest)| rest.to_owned())
}

fn parent(pid: u32) -> Option<u32> {
    // Field 4 of the line; the first field after the name is the third.
    stat(pid)?.split(' ').nth(1)?.parse().ok()
}

fn start_time(pid: u32) -> u64 {
    // Field 22 of the line; the first field after the name is the third.
    stat(pid)
        .and_then(|fields| fields.split(' ').nth(19)?.parse().ok())
        .unwrap_or(0)
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or_else(|_| String::new(), |id| id.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_one_with_another_start_is_not() {
        let owner = Owner::of(std::process::id()).expect("this process runs");
        assert!(owner.is_alive());
        assert!(
            !Owner {
                start_time: owner.start_time + 1,
                ..owner.clone()
            }
            .is_alive()
        );
        assert!(
            !Owner {
                boot_id: "another boot".into(),
                ..owner
            }
            .is_alive()
        );
    }

    #[test]
    fn an_ended_process_has_no_owner() {
        let mut child = std::process::Command::new("true").spawn().expect("true");
        let pid = child.id();
        child.wait().expect("wait");
        assert_eq!(Owner::of(pid), None);
    }
}
