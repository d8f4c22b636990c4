//! The attempts themselves. Each answers `through`, `stopped ERROR` or `impossible`.

use std::ffi::CString;
use std::io::{self, Read as _};
use std::os::linux::net::SocketAddrExt;
use std::process::{Command, Stdio};

use krepis_sandbox::{Confinement, Layers, Limits, Policy};

/// What is outside, in the order of `Outside::places`.
struct Places<'a>(&'a [String]);

impl Places<'_> {
    fn canary(&self) -> String {
        format!("{}/canary", self.0[0])
    }
    fn outside(&self, name: &str) -> String {
        format!("{}/{name}", self.0[0])
    }
    fn granted(&self, name: &str) -> String {
        format!("{}/{name}", self.0[1])
    }
    fn number(&self, index: usize) -> i64 {
        self.0[index].parse().unwrap()
    }
    fn victim(&self) -> i64 {
        self.number(5)
    }
}

/// Makes an attempt and prints how it went.
pub fn make(name: &str, places: &[String]) {
    if name == "start a confined child" {
        start_confined_child();
    }
    // Until its limits are set.
    io::stdin().read_exact(&mut [0]).unwrap();
    let answer = match one(name, &Places(places)) {
        Ok(()) => "through".to_owned(),
        Err(error) => match error.raw_os_error() {
            // These are answered with ENOSYS by the filter itself.
            Some(libc::ENOSYS) if !matches!(name, "clone3" | "io_uring" | "a program in memory") => {
                "impossible".to_owned()
            }
            Some(libc::ENOSYS) => "stopped ENOSYS".to_owned(),
            Some(libc::EPERM) => "stopped EPERM".to_owned(),
            Some(libc::EACCES) => "stopped EACCES".to_owned(),
            Some(libc::EBADF) => "stopped EBADF".to_owned(),
            Some(libc::EMFILE) => "stopped EMFILE".to_owned(),
            Some(libc::EAGAIN) => "stopped EAGAIN".to_owned(),
            _ => format!("stopped {}", error.kind()),
        },
    };
    println!("{answer}");
    // Not through any further code: a forked copy must end here too.
    std::process::exit(0);
}

fn c(text: &str) -> CString {
    CString::new(text).unwrap()
}

/// A raw call; the error is errno.
macro_rules! call {
    ($number:expr $(, $argument:expr)*) => {{
        // SAFETY: a test in a process of its own; pointers come from values that live through the call.
        let answer = unsafe { libc::syscall($number $(, $argument)*) };
        if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
    }};
}

#[expect(clippy::too_many_lines, reason = "a table: one attempt after the other")]
fn one(name: &str, places: &Places) -> io::Result<()> {
    let canary = c(&places.canary());
    let victim = places.victim();
    match name {
        "read a file outside" => std::fs::read(places.canary()).map(drop),
        "read through a link that leads outside" => std::fs::read(places.granted("link")).map(drop),
        "list a folder outside" => std::fs::read_dir(places.outside("")).map(drop),
        "read another process's environment" => std::fs::read(format!("/proc/{victim}/environ")).map(drop),
        "create a file" => std::fs::File::create(places.granted("made")).map(drop),
        "write to a file outside" => std::fs::OpenOptions::new()
            .append(true)
            .open(places.canary())
            .map(drop),
        "truncate a file outside" => call!(libc::SYS_truncate, canary.as_ptr(), 3_i64).map(drop),
        "delete a file outside" => std::fs::remove_file(places.canary()),
        "rename a file outside" => std::fs::rename(places.canary(), places.outside("moved")),
        "link a file from outside" => std::fs::hard_link(places.canary(), places.granted("copy")),
        "make a pipe" => {
            let pipe = c(&places.outside("pipe"));
            call!(
                libc::SYS_mknodat,
                libc::AT_FDCWD,
                pipe.as_ptr(),
                libc::S_IFIFO | 0o600,
                0
            )
            .map(drop)
        }
        "change a file's mode" => call!(libc::SYS_fchmodat, libc::AT_FDCWD, canary.as_ptr(), 0o600).map(drop),
        "change a file's owner" => {
            let user = rustix::process::geteuid().as_raw();
            let group = rustix::process::getegid().as_raw();
            call!(
                libc::SYS_fchownat,
                libc::AT_FDCWD,
                canary.as_ptr(),
                user,
                group,
                0
            )
            .map(drop)
        }
        "change a file's time" => call!(
            libc::SYS_utimensat,
            libc::AT_FDCWD,
            canary.as_ptr(),
            std::ptr::null::<u8>(),
            0
        )
        .map(drop),
        "watch a folder outside" => {
            let folder = c(&places.outside(""));
            let watch = call!(libc::SYS_inotify_init1, 0)?;
            call!(
                libc::SYS_inotify_add_watch,
                watch,
                folder.as_ptr(),
                libc::IN_ALL_EVENTS
            )
            .map(drop)
        }
        "run a shell" => Err(std::os::unix::process::CommandExt::exec(
            Command::new("/bin/sh").args(["-c", "echo through"]),
        )),
        "fork" => {
            #[cfg(target_arch = "x86_64")]
            let child = call!(libc::SYS_fork)?;
            #[cfg(not(target_arch = "x86_64"))]
            let child = call!(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0)?;
            parent_of(child)
        }
        "vfork by clone" => {
            // Without CLONE_VM: the copy has a stack of its own.
            let child = call!(
                libc::SYS_clone,
                i64::from(libc::CLONE_VFORK | libc::SIGCHLD),
                0,
                0,
                0,
                0
            )?;
            parent_of(child)
        }
        "clone3" => {
            let mut request = [0_u64; 11];
            request[4] = u64::from(libc::SIGCHLD.cast_unsigned());
            let child = call!(libc::SYS_clone3, request.as_ptr(), size_of_val(&request))?;
            parent_of(child)
        }
        "a program in memory" => call!(libc::SYS_memfd_create, c"x".as_ptr(), 0).map(drop),
        "connect by TCP" => {
            std::net::TcpStream::connect(("127.0.0.1", u16::try_from(places.number(2)).unwrap())).map(drop)
        }
        "listen by TCP" => std::net::TcpListener::bind("127.0.0.1:0").map(drop),
        "send by UDP" => {
            let socket = std::net::UdpSocket::bind("0.0.0.0:0")?;
            socket
                .send_to(b"out", ("127.0.0.1", u16::try_from(places.number(3)).unwrap()))
                .map(drop)
        }
        "connect to a unix socket" => {
            std::os::unix::net::UnixStream::connect(places.outside("socket")).map(drop)
        }
        "connect to an abstract socket" => {
            let address = std::os::unix::net::SocketAddr::from_abstract_name(&places.0[4])?;
            std::os::unix::net::UnixStream::connect_addr(&address).map(drop)
        }
        "a raw socket" => call!(
            libc::SYS_socket,
            libc::AF_INET,
            libc::SOCK_RAW,
            libc::IPPROTO_ICMP
        )
        .map(drop),
        "a pair of sockets" => std::os::unix::net::UnixStream::pair().map(drop),
        "io_uring" => {
            let mut parameters = [0_u8; 120];
            call!(libc::SYS_io_uring_setup, 4, parameters.as_mut_ptr()).map(drop)
        }
        "ptrace another process" => {
            // PTRACE_SEIZE: the victim goes on.
            call!(libc::SYS_ptrace, libc::PTRACE_SEIZE, victim, 0, 0).map(drop)
        }
        "read another process's memory" => {
            let mut byte = 0_u8;
            let local = libc::iovec {
                iov_base: (&raw mut byte).cast(),
                iov_len: 1,
            };
            let remote = libc::iovec {
                iov_base: std::ptr::without_provenance_mut(0x1000),
                iov_len: 1,
            };
            match call!(
                libc::SYS_process_vm_readv,
                victim,
                &raw const local,
                1,
                &raw const remote,
                1,
                0
            ) {
                // It was let in, and nothing is at this address.
                Err(error) if error.raw_os_error() == Some(libc::EFAULT) => Ok(()),
                other => other.map(drop),
            }
        }
        "signal another process" => call!(libc::SYS_kill, victim, libc::SIGCONT).map(drop),
        "signal another process's thread" => call!(libc::SYS_tgkill, victim, victim, libc::SIGCONT).map(drop),
        "signal through a pidfd" => {
            let handle = call!(libc::SYS_pidfd_open, victim, 0)?;
            call!(libc::SYS_pidfd_send_signal, handle, libc::SIGCONT, 0, 0).map(drop)
        }
        "limit another process" => {
            let mut limit = libc::rlimit {
                rlim_cur: 0,
                rlim_max: 0,
            };
            call!(
                libc::SYS_prlimit64,
                victim,
                libc::RLIMIT_NOFILE,
                0,
                &raw mut limit
            )?;
            call!(
                libc::SYS_prlimit64,
                victim,
                libc::RLIMIT_NOFILE,
                &raw const limit,
                0
            )
            .map(drop)
        }
        "leave the process group" => call!(libc::SYS_setsid).map(drop),
        "mount" => call!(libc::SYS_unshare, libc::CLONE_NEWNS)
            .and_then(|_| {
                call!(
                    libc::SYS_mount,
                    c"none".as_ptr(),
                    c"/".as_ptr(),
                    0,
                    libc::MS_REC | libc::MS_PRIVATE,
                    0
                )
            })
            .map(drop),
        "a user namespace" => call!(libc::SYS_unshare, libc::CLONE_NEWUSER).map(drop),
        "chroot" => call!(libc::SYS_chroot, c"/".as_ptr()).map(drop),
        "set the host's name" => {
            // Its own name, in a namespace of its own where it may have one: nothing changes for anybody.
            call!(libc::SYS_unshare, libc::CLONE_NEWUTS)?;
            call!(libc::SYS_sethostname, c"krepis".as_ptr(), 6).map(drop)
        }
        "read what only root may" => std::fs::read(places.granted("foreign")).map(drop),
        "kernel keys" => call!(libc::SYS_keyctl, 0, -2_i64, 1).map(drop),
        "shared memory by key" => {
            let memory = call!(libc::SYS_shmget, libc::IPC_PRIVATE, 4096, libc::IPC_CREAT | 0o600)?;
            call!(libc::SYS_shmctl, memory, libc::IPC_RMID, 0).map(drop)
        }
        "a 32-bit system call" => old_call(),
        "an inherited descriptor" => {
            let mut byte = 0_u8;
            call!(libc::SYS_pread64, places.number(6), &raw mut byte, 1, 0).map(drop)
        }
        "a thousand descriptors" => {
            for _ in 0..1000 {
                call!(libc::SYS_dup, 0)?;
            }
            Ok(())
        }
        "200 MiB of memory, limit 64" => {
            let mut all = vec![0_u8; 200 << 20];
            for page in all.chunks_mut(4096) {
                page[0] = 1;
            }
            std::hint::black_box(&all);
            Ok(())
        }
        "200 threads, limit 64" => {
            let barrier = std::sync::Arc::new(std::sync::Barrier::new(201));
            let mut handles = Vec::new();
            for _ in 0..200 {
                let barrier = std::sync::Arc::clone(&barrier);
                let handle = std::thread::Builder::new().stack_size(64 * 1024).spawn(move || {
                    barrier.wait();
                })?;
                handles.push(handle);
            }
            barrier.wait();
            Ok(())
        }
        other => panic!("no attempt {other}"),
    }
}

/// A copy of the process ends at once; the first one waits for it.
fn parent_of(child: i64) -> io::Result<()> {
    if child == 0 {
        // SAFETY: ends the copy without running anything else of it.
        unsafe { libc::_exit(0) };
    }
    call!(libc::SYS_wait4, child, 0, 0, 0).map(drop)
}

/// `getpid` by the numbers of 32-bit programs, which a filter for 64-bit numbers would not know.
#[cfg(target_arch = "x86_64")]
fn old_call() -> io::Result<()> {
    let answer: i64;
    // SAFETY: getpid takes nothing and changes no memory.
    unsafe {
        std::arch::asm!("int 0x80", inlateout("rax") 20_i64 => answer, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    if answer > 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(libc::ENOSYS))
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn old_call() -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// Starts a confined `sleep`, says its number, and waits.
fn start_confined_child() -> ! {
    let sleep = ["/usr/bin/sleep", "/bin/sleep"]
        .iter()
        .find_map(|path| std::fs::canonicalize(path).ok())
        .unwrap();
    let everything = vec!["/".into()];
    let policy = Policy {
        read: everything.clone(),
        execute: everything,
        limits: Limits::default(),
        layers: Layers::all(),
    };
    let confinement = Confinement::prepare(&policy).unwrap();
    let mut command = Command::new(sleep);
    command.arg("600").stdin(Stdio::null());
    let _attached = confinement.attach(&mut command, 3).unwrap();
    let mut child = command.spawn().unwrap();
    println!("{}", child.id());
    drop(child.wait());
    std::process::exit(0)
}
