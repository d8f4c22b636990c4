//! What the child does between `fork` and `exec`.
//!
//! Async-signal-safe throughout: system calls on values that the parent has made. The order matters: what needs rights
//! comes before they go, the filter that would deny the others comes last.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use super::syscalls::Program;
use crate::Limits;

/// What the child is to do.
#[derive(Debug)]
pub struct Orders {
    pub ruleset: Option<OwnedFd>,
    pub filters: Vec<Program>,
    /// `cgroup.procs` files to enter.
    pub groups: Vec<OwnedFd>,
    pub no_new_privileges: bool,
    pub drop_capabilities: bool,
    /// First descriptor that the program must not have.
    pub first_closed: Option<u32>,
    pub limits: Option<Limits>,
    /// The parent's number.
    pub parent: u32,
}

impl Orders {
    /// Does it all, or says which call failed.
    pub fn obey(&mut self) -> io::Result<()> {
        self.die_with_parent()?;
        for group in &self.groups {
            // "0" is whoever writes.
            // SAFETY: a write of one byte from a constant to a descriptor that `self` owns.
            checked(unsafe { libc::write(group.as_raw_fd(), c"0".as_ptr().cast(), 1) } as i64)?;
        }
        if let Some(limits) = self.limits {
            // 1 and not 0: a dump to a program ignores the limit but for this value (`man 5 core`, fs/coredump.c).
            limit(libc::RLIMIT_CORE, 1)?;
            limit(libc::RLIMIT_FSIZE, 0)?;
            limit(libc::RLIMIT_NOFILE, limits.open_files)?;
            limit(libc::RLIMIT_MSGQUEUE, 0)?;
        }
        if let Some(first) = self.first_closed {
            close_on_exec(first)?;
        }
        if self.drop_capabilities {
            drop_capabilities()?;
        }
        if self.no_new_privileges {
            control(libc::PR_SET_NO_NEW_PRIVS, 1)?;
        }
        if let Some(ruleset) = &self.ruleset {
            // SAFETY: takes a descriptor that `self` owns and no pointer.
            checked(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0_u32) })?;
        }
        let own = std::process::id();
        for filter in &mut self.filters {
            filter.fill_in(own);
            let program = filter.as_raw();
            // SAFETY: the kernel copies the program; pointer and length are those of a vector that `self` owns.
            checked(unsafe {
                libc::syscall(
                    libc::SYS_seccomp,
                    libc::SECCOMP_SET_MODE_FILTER,
                    0_u32,
                    &raw const program,
                )
            })?;
        }
        Ok(())
    }

    /// A master that is killed leaves nothing behind.
    fn die_with_parent(&self) -> io::Result<()> {
        control(libc::PR_SET_PDEATHSIG, libc::SIGKILL as u64)?;
        // SAFETY: no arguments, never fails.
        let parent = unsafe { libc::getppid() };
        if u32::try_from(parent) == Ok(self.parent) {
            return Ok(());
        }
        // It has died already.
        Err(io::Error::from_raw_os_error(libc::ESRCH))
    }
}

fn limit(resource: libc::__rlimit_resource_t, most: u64) -> io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: most,
        rlim_max: most,
    };
    // SAFETY: reads one struct from this stack.
    checked(i64::from(unsafe { libc::setrlimit(resource, &raw const limit) }))
}

fn close_on_exec(first: u32) -> io::Result<()> {
    // SAFETY: marks descriptors; closes none that is still used here (they go when the program is loaded).
    let marked = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if marked == 0 {
        return Ok(());
    }
    // Before Linux 5.11: one by one, as far as there can be any.
    let mut most = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: writes one struct on this stack.
    checked(i64::from(unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut most)
    }))?;
    let end = i32::try_from(most.rlim_max.min(1 << 20)).unwrap_or(i32::MAX);
    for descriptor in i32::try_from(first).unwrap_or(i32::MAX)..end {
        // SAFETY: sets a flag; fails harmlessly where there is no such descriptor.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    Ok(())
}

/// Root without capabilities: `no_new_privs` keeps `exec` from giving them back.
fn drop_capabilities() -> io::Result<()> {
    #[repr(C)]
    struct Header {
        version: u32,
        process: i32,
    }
    /// `_LINUX_CAPABILITY_VERSION_3`
    const VERSION: u32 = 0x2008_0522;
    // Only root can drop from the bounding set; without it nothing is gained from the set either.
    for capability in 0..64 {
        // SAFETY: no pointer.
        unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
    }
    let header = Header {
        version: VERSION,
        process: 0,
    };
    let none = [0_u32; 6];
    // SAFETY: reads the header and the two structs of three u32 that this version has, both on this stack.
    checked(unsafe { libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr()) })
}

fn control(option: i32, value: u64) -> io::Result<()> {
    // SAFETY: none of the options used here takes a pointer.
    checked(i64::from(unsafe {
        libc::prctl(option, value, 0_u64, 0_u64, 0_u64)
    }))
}

fn checked(answer: i64) -> io::Result<()> {
    if answer < 0 {
        // Reads `errno`; allocates nothing.
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
