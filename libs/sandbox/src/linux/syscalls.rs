//! seccomp: which system calls a confined process cannot make (<https://man7.org/linux/man-pages/man2/seccomp.2.html>).
//!
//! A list of what is denied and not of what is allowed: Node's own calls differ between its versions and C libraries, and
//! a call that is missing there would end the process. So the list holds everything that leads out of the process or
//! changes what Landlock does not guard (modes, owners, attributes, times).

use std::collections::BTreeMap;

use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
    sock_filter,
};

/// A compiled filter. Its own process's number is filled in by the child.
#[derive(Debug)]
pub struct Program(Vec<sock_filter>);

/// Stands for the process's own number; larger than any (`/proc/sys/kernel/pid_max` is at most 2^22).
const OWN_PROCESS: u32 = 0x7fff_fff1;

impl Program {
    /// Puts the number of the process in. Allocates nothing.
    pub fn fill_in(&mut self, process: u32) {
        for instruction in &mut self.0 {
            if instruction.k == OWN_PROCESS {
                instruction.k = process;
            }
        }
    }

    /// What the kernel takes; valid as long as the program is.
    pub fn as_raw(&self) -> libc::sock_fprog {
        libc::sock_fprog {
            // At most 4096 instructions, as `programs` has made sure.
            len: u16::try_from(self.0.len()).unwrap_or(0),
            filter: self.0.as_ptr().cast_mut().cast(),
        }
    }
}

/// Calls that a process without them goes on without: they answer as if the kernel had none.
const UNKNOWN: &[i64] = &[
    libc::SYS_clone3,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_userfaultfd,
    libc::SYS_execveat,
    // landlock_*: a process may confine itself further; nobody here does.
    libc::SYS_landlock_create_ruleset,
];

/// Calls that are not permitted, whatever their arguments.
const DENIED: &[i64] = &[
    // Sockets: nothing is sent, and nothing is received that was not in a pipe.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    // Other processes: their memory, descriptors, signals. `tgkill` is below.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_kcmp,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    // Its own group and session: by the group it is ended.
    libc::SYS_setpgid,
    libc::SYS_setsid,
    // Memory and queues shared by name.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_semctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    // Names and mounts.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    // What Landlock does not guard: modes, owners, attributes, times; being told of others' doings.
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchmodat2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_truncate,
    libc::SYS_mknodat,
    libc::SYS_inotify_init1,
    libc::SYS_inotify_add_watch,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    // The kernel.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_syslog,
    libc::SYS_personality,
    libc::SYS_vhangup,
    libc::SYS_lookup_dcookie,
];

#[cfg(target_arch = "x86_64")]
const DENIED_HERE: &[i64] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_mknod,
    libc::SYS_inotify_init,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
    libc::SYS_sysfs,
];
#[cfg(not(target_arch = "x86_64"))]
const DENIED_HERE: &[i64] = &[];

/// Calls that may be made on oneself only: 0 in this argument, a process's number otherwise.
const OWN: &[(i64, u8)] = &[
    (libc::SYS_prlimit64, 0),
    (libc::SYS_sched_setaffinity, 0),
    (libc::SYS_sched_setattr, 0),
    (libc::SYS_sched_setparam, 0),
    (libc::SYS_sched_setscheduler, 0),
    (libc::SYS_setpriority, 1),
    (libc::SYS_ioprio_set, 1),
];

/// Requests of `ioctl` that put characters into a terminal's input, or take one over: the way from a program to the
/// shell that started it.
const TERMINAL: &[u64] = &[libc::TIOCSTI, libc::TIOCLINUX, libc::TIOCSCTTY];

/// Both filters, in the order in which they are to be set.
pub fn programs() -> Result<Vec<Program>, String> {
    let unknown = UNKNOWN.iter().map(|call| (*call, Vec::new())).collect();
    Ok(vec![
        compile(unknown, libc::ENOSYS)?,
        compile(denied().map_err(|error| error.to_string())?, libc::EPERM)?,
    ])
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn denied() -> Result<Rules, seccompiler::BackendError> {
    let when = |argument, length, operator, value| {
        SeccompRule::new(vec![SeccompCondition::new(argument, length, operator, value)?])
    };
    let dword = SeccompCmpArgLen::Dword;
    let mut rules: Rules = DENIED
        .iter()
        .chain(DENIED_HERE)
        .map(|call| (*call, Vec::new()))
        .collect();
    // A new process is a `clone` without this flag; with it, it is a thread.
    let thread = u64::from(libc::CLONE_THREAD.cast_unsigned());
    rules.insert(
        libc::SYS_clone,
        vec![when(
            0,
            SeccompCmpArgLen::Qword,
            SeccompCmpOp::MaskedEq(thread),
            0,
        )?],
    );
    // `abort` and the C library's threads signal themselves.
    rules.insert(
        libc::SYS_tgkill,
        vec![when(0, dword.clone(), SeccompCmpOp::Ne, u64::from(OWN_PROCESS))?],
    );
    for (call, argument) in OWN {
        rules.insert(*call, vec![when(*argument, dword.clone(), SeccompCmpOp::Ne, 0)?]);
    }
    let requests = TERMINAL
        .iter()
        .map(|request| when(1, dword.clone(), SeccompCmpOp::Eq, *request));
    rules.insert(libc::SYS_ioctl, requests.collect::<Result<_, _>>()?);
    Ok(rules)
}

fn compile(rules: Rules, error: i32) -> Result<Program, String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
    let answer = SeccompAction::Errno(error.cast_unsigned());
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, answer, arch).map_err(|error| error.to_string())?;
    let compiled: Vec<sock_filter> =
        TryInto::<Vec<sock_filter>>::try_into(filter).map_err(|error| error.to_string())?;
    let program: Vec<sock_filter> = without_x32().into_iter().chain(compiled).collect();
    if program.len() > 4096 {
        return Err(format!("a filter of {} instructions", program.len()));
    }
    Ok(Program(program))
}

/// x86-64 has a second set of numbers for the same calls (x32, bit 30 set), which a list of the first would let through.
fn without_x32() -> Vec<sock_filter> {
    if !cfg!(target_arch = "x86_64") {
        return Vec::new();
    }
    let instruction = |code: u32, jt, k| sock_filter {
        code: u16::try_from(code).unwrap_or(0),
        jt,
        jf: 0,
        k,
    };
    let mut load = instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0);
    load.jf = 0;
    vec![
        load,
        // At or above: the next instruction; else over it.
        sock_filter {
            jf: 1,
            ..instruction(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 0x4000_0000)
        },
        instruction(
            libc::BPF_RET | libc::BPF_K,
            0,
            libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned(),
        ),
    ]
}

/// Whether the kernel takes filters that answer with an error.
pub fn standing() -> Result<String, String> {
    const AVAILABLE: u32 = 2;
    let action = libc::SECCOMP_RET_ERRNO;
    // SAFETY: the call reads one u32 and changes nothing.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, AVAILABLE, 0_u32, &raw const action) };
    if answer == 0 {
        Ok(format!(
            "seccomp, {} calls",
            UNKNOWN.len() + DENIED.len() + DENIED_HERE.len() + OWN.len() + 3
        ))
    } else {
        Err("this kernel is built without seccomp filters".into())
    }
}
