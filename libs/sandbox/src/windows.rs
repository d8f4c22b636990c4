//! Windows: what a Job Object and an `AppContainer` would be told, as values.
//!
//! Not run anywhere yet: the values are tested against the documented constants, that Windows takes them is not.

use crate::Limits;

/// `JOBOBJECT_EXTENDED_LIMIT_INFORMATION` in the fields that are set, and the user-interface limits
/// (<https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-jobobject_basic_limit_information>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLimits {
    /// `LimitFlags`.
    pub flags: u32,
    /// `ActiveProcessLimit`: the process itself and no other.
    pub processes: u32,
    /// `JobMemoryLimit`, bytes of committed memory.
    pub memory: u64,
    /// `JOBOBJECT_BASIC_UI_RESTRICTIONS.UIRestrictionsClass`.
    pub user_interface: u32,
}

const LIMIT_ACTIVE_PROCESS: u32 = 0x0008;
const LIMIT_JOB_MEMORY: u32 = 0x0200;
const DIE_ON_UNHANDLED_EXCEPTION: u32 = 0x0400;
const KILL_ON_JOB_CLOSE: u32 = 0x2000;
/// Handles, clipboard (both ways), system parameters, display settings, global atoms, desktop, leaving Windows.
const NO_USER_INTERFACE: u32 = 0x00ff;

/// The job of a confined process. No breakaway flag is set: nothing leaves the job, and all of it ends with its handle.
pub const fn job(limits: &Limits) -> JobLimits {
    JobLimits {
        flags: LIMIT_ACTIVE_PROCESS | LIMIT_JOB_MEMORY | DIE_ON_UNHANDLED_EXCEPTION | KILL_ON_JOB_CLOSE,
        processes: 1,
        memory: limits.memory,
        user_interface: NO_USER_INTERFACE,
    }
}

/// Name of the `AppContainer` of a plugin: stable for a plugin and a workspace, at most 64 characters of the alphabet that
/// `CreateAppContainerProfile` takes. It is made without a capability, so no network and no user folders.
///
/// ```
/// assert_eq!(krepis_sandbox::windows::container_name("Acme/tools", 0xabc), "krepis.acme-tools.0000000000000abc");
/// ```
pub fn container_name(plugin: &str, workspace: u64) -> String {
    let plain: String = plugin
        .chars()
        .map(|character| match character.to_ascii_lowercase() {
            allowed @ ('a'..='z' | '0'..='9') => allowed,
            _ => '-',
        })
        .take(40)
        .collect();
    format!("krepis.{plain}.{workspace:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_has_one_process_a_memory_limit_and_no_way_out() {
        const BREAKAWAY_OK: u32 = 0x0800;
        const SILENT_BREAKAWAY_OK: u32 = 0x1000;
        let job = job(&Limits::default());
        assert_eq!(job.processes, 1);
        assert_eq!(job.memory, Limits::default().memory);
        assert_eq!(job.flags & (BREAKAWAY_OK | SILENT_BREAKAWAY_OK), 0);
        assert_ne!(job.flags & KILL_ON_JOB_CLOSE, 0);
    }

    #[test]
    fn any_name_makes_a_name_that_windows_takes() {
        for name in ["", "a", "@scope/name", &"ü".repeat(300)] {
            let container = container_name(name, u64::MAX);
            assert!(container.len() <= 64, "{container}");
            assert!(
                container
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
            );
        }
    }
}
