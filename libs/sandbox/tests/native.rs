//! The native part of the escape kit: system calls that no JavaScript is needed for, made from inside the confinement.
//!
//! The program starts itself: `native attempt NAME PLACE…` makes one attempt and says how it went. Each attempt is made
//! with every layer (it must be stopped), with each layer of which it is claimed that it stops it and no other (it must be
//! stopped), and with all layers but these (it must get through: else the attempt proves nothing).

#![cfg_attr(not(target_os = "linux"), allow(unused))]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test with a main of its own"
)]

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("native: Linux only");
}

#[cfg(target_os = "linux")]
mod attempts;

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == "attempt") {
        attempts::make(&arguments[2], &arguments[3..]);
        return;
    }
    linux::run();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, UdpSocket};
    use std::os::fd::AsRawFd;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener};
    use std::os::unix::process::ExitStatusExt;
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    use krepis_sandbox::Layer::{
        self, Descriptors, Files, Limits as Rlimits, Memory, Privileges, Scopes, Syscalls,
    };
    use krepis_sandbox::{Confinement, Layers, Limits, Policy};

    /// Name, and the layers that stop it, each by itself.
    const ATTEMPTS: &[(&str, &[Layer])] = &[
        ("read a file outside", &[Files]),
        ("read through a link that leads outside", &[Files]),
        ("list a folder outside", &[Files]),
        ("read another process's environment", &[Files, Privileges]),
        ("create a file", &[Files]),
        ("write to a file outside", &[Files]),
        ("truncate a file outside", &[Files, Syscalls]),
        ("delete a file outside", &[Files]),
        ("rename a file outside", &[Files]),
        ("link a file from outside", &[Files]),
        ("make a pipe", &[Files, Syscalls]),
        ("change a file's mode", &[Syscalls]),
        ("change a file's owner", &[Syscalls]),
        ("change a file's time", &[Syscalls]),
        ("watch a folder outside", &[Syscalls]),
        ("run a shell", &[Files]),
        ("fork", &[Syscalls]),
        ("vfork by clone", &[Syscalls]),
        ("clone3", &[Syscalls]),
        ("a program in memory", &[Syscalls]),
        ("connect by TCP", &[Syscalls, Scopes]),
        ("listen by TCP", &[Syscalls, Scopes]),
        ("send by UDP", &[Syscalls]),
        ("connect to a unix socket", &[Syscalls]),
        ("connect to an abstract socket", &[Syscalls, Scopes]),
        ("a raw socket", &[Syscalls, Privileges]),
        ("a pair of sockets", &[Syscalls]),
        ("io_uring", &[Syscalls]),
        ("ptrace another process", &[Syscalls, Files, Scopes, Privileges]),
        (
            "read another process's memory",
            &[Syscalls, Files, Scopes, Privileges],
        ),
        ("signal another process", &[Syscalls, Scopes]),
        ("signal another process's thread", &[Syscalls, Scopes]),
        ("signal through a pidfd", &[Syscalls, Scopes]),
        ("limit another process", &[Syscalls]),
        ("leave the process group", &[Syscalls]),
        ("mount", &[Syscalls, Files, Privileges]),
        ("a user namespace", &[Syscalls]),
        ("chroot", &[Syscalls, Privileges]),
        ("set the host's name", &[Syscalls, Privileges]),
        ("read what only root may", &[Privileges]),
        ("kernel keys", &[Syscalls]),
        ("shared memory by key", &[Syscalls]),
        ("a 32-bit system call", &[Syscalls]),
        ("an inherited descriptor", &[Descriptors]),
        ("a thousand descriptors", &[Rlimits]),
        ("200 MiB of memory, limit 64", &[Memory]),
        ("200 threads, limit 64", &[Memory]),
    ];

    /// Layers that stop an attempt on some kernels only: since 6.13 whoever has `CAP_PERFMON` reads other processes past Landlock.
    const ON_SOME_KERNELS: &[(&str, Layer)] = &[("read another process's environment", Scopes)];

    /// Things outside that must stay untouched.
    struct Outside {
        folder: tempfile::TempDir,
        tcp: TcpListener,
        udp: UdpSocket,
        unix: UnixListener,
        abstract_unix: UnixListener,
        abstract_name: String,
        victim: Child,
        inherited: fs::File,
    }

    const CANARY: &str = "canary: nobody reads or writes this";

    impl Outside {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path();
            for name in ["outside", "granted"] {
                fs::create_dir(path.join(name)).unwrap();
            }
            fs::write(path.join("outside/canary"), CANARY).unwrap();
            std::os::unix::fs::symlink(path.join("outside/canary"), path.join("granted/link")).unwrap();
            fs::write(path.join("granted/foreign"), CANARY).unwrap();
            let foreign = rustix::fs::open(
                path.join("granted/foreign"),
                rustix::fs::OFlags::RDONLY,
                rustix::fs::Mode::empty(),
            )
            .unwrap();
            rustix::fs::fchmod(&foreign, rustix::fs::Mode::empty()).unwrap();
            let abstract_name = format!("krepis-native-{}", std::process::id());
            let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
            let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
            let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
            let unix = UnixListener::bind(path.join("outside/socket")).unwrap();
            let abstract_unix = UnixListener::bind_addr(&address).unwrap();
            tcp.set_nonblocking(true).unwrap();
            udp.set_nonblocking(true).unwrap();
            unix.set_nonblocking(true).unwrap();
            abstract_unix.set_nonblocking(true).unwrap();
            // Not close-on-exec: a parent that is careless.
            let inherited = fs::File::open(path.join("outside/canary")).unwrap();
            rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty()).unwrap();
            Self {
                tcp,
                udp,
                unix,
                abstract_unix,
                abstract_name,
                victim: victim(),
                inherited,
                folder,
            }
        }

        fn places(&self) -> Vec<String> {
            let path = self.folder.path();
            vec![
                path.join("outside").display().to_string(),
                path.join("granted").display().to_string(),
                self.tcp.local_addr().unwrap().port().to_string(),
                self.udp.local_addr().unwrap().port().to_string(),
                self.abstract_name.clone(),
                self.victim.id().to_string(),
                self.inherited.as_raw_fd().to_string(),
            ]
        }

        /// Everything is as it was, and nothing has arrived.
        fn assert_untouched(&mut self, after: &str) {
            let path = self.folder.path();
            assert_eq!(
                fs::read_to_string(path.join("outside/canary")).unwrap(),
                CANARY,
                "after {after}"
            );
            let names = |folder: &str| {
                let mut names: Vec<String> = fs::read_dir(path.join(folder))
                    .unwrap()
                    .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                    .collect();
                names.sort();
                names
            };
            assert_eq!(names("outside"), ["canary", "socket"], "after {after}");
            assert_eq!(names("granted"), ["foreign", "link"], "after {after}");
            assert!(self.tcp.accept().is_err(), "TCP arrived after {after}");
            assert!(self.udp.recv(&mut [0; 64]).is_err(), "UDP arrived after {after}");
            assert!(
                self.unix.accept().is_err(),
                "a unix connection arrived after {after}"
            );
            assert!(
                self.abstract_unix.accept().is_err(),
                "an abstract connection arrived after {after}"
            );
            assert!(
                self.victim.try_wait().unwrap().is_none(),
                "the victim is dead after {after}"
            );
        }

        /// Puts back what an attempt without its layers has done.
        fn mend(&mut self) {
            let path = self.folder.path();
            drop(fs::rename(
                path.join("outside/moved"),
                path.join("outside/canary"),
            ));
            fs::write(path.join("outside/canary"), CANARY).unwrap();
            for made in ["outside/pipe", "granted/made", "granted/copy", "outside/pair"] {
                drop(fs::remove_file(path.join(made)));
            }
            while self.tcp.accept().is_ok() {}
            while self.udp.recv(&mut [0; 64]).is_ok() {}
            while self.unix.accept().is_ok() {}
            while self.abstract_unix.accept().is_ok() {}
            if self.victim.try_wait().unwrap().is_some() {
                self.victim = victim();
            }
        }
    }

    impl Drop for Outside {
        fn drop(&mut self) {
            drop(self.victim.kill());
            drop(self.victim.wait());
        }
    }

    /// A process that waits until it is ended.
    fn victim() -> Child {
        Command::new("sleep")
            .arg("600")
            .env("KREPIS_VICTIM", CANARY)
            .stdin(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// What came of an attempt.
    #[derive(Debug, PartialEq, Eq)]
    enum Outcome {
        /// It got through.
        Through,
        /// It was stopped, and how.
        Stopped(String),
        /// The machine has no such thing.
        Impossible,
    }

    fn attempt(name: &str, outside: &Outside, layers: &Layers) -> Outcome {
        let own = std::env::current_exe().unwrap();
        let mut read: Vec<PathBuf> = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"]
            .iter()
            .map(PathBuf::from)
            .collect();
        read.push(outside.folder.path().join("granted"));
        let loader = fs::canonicalize("/lib64/ld-linux-x86-64.so.2")
            .or_else(|_| fs::canonicalize("/lib/ld-linux-aarch64.so.1"))
            .unwrap();
        let policy = Policy {
            read,
            execute: vec![own.clone(), loader],
            limits: Limits {
                memory: 64 << 20,
                ..Limits::default()
            },
            layers: layers.clone(),
        };
        let confinement = Confinement::prepare(&policy).unwrap();
        let mut command = Command::new(&own);
        command
            .arg("attempt")
            .arg(name)
            .args(outside.places())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let attached = confinement.attach(&mut command, 3).unwrap();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        drop(command);
        attached.set_memory_limit(&child).unwrap();
        child.stdin.take().unwrap().write_all(b"!").unwrap();
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        let mut complaint = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut complaint)
            .unwrap();
        let status = child.wait().unwrap();
        match (said.trim(), status.signal()) {
            ("through", None) => Outcome::Through,
            ("impossible", None) => Outcome::Impossible,
            (_, Some(signal)) => Outcome::Stopped(format!("signal {signal}")),
            (said, None) => match said.strip_prefix("stopped ") {
                Some(how) => Outcome::Stopped(how.to_owned()),
                None => panic!("{name} said {said:?}, {complaint}"),
            },
        }
    }

    pub fn run() {
        let here = krepis_sandbox::survey();
        for standing in &here {
            assert!(standing.state.is_ok(), "this machine lacks a layer: {standing:?}");
        }
        let is_root = rustix::process::geteuid().is_root();
        let groups = here.iter().any(|standing| {
            standing.layer == Memory && standing.state.as_ref().is_ok_and(|how| how.contains("cgroup"))
        });
        let mut outside = Outside::new();
        let mut faults = Vec::new();
        let mut shown = 0;
        println!("{:42} {:24} with all layers", "attempt", "stopped by each of");
        for (name, stoppers) in ATTEMPTS {
            let names: Vec<&str> = stoppers.iter().map(|layer| layer.name()).collect();
            let skipped = |why: &str| println!("{name:42} {:24} not tried: {why}", names.join(", "));
            // A user without root can do less from the start: what only root is kept from shows nothing there.
            if !is_root && stoppers.contains(&Privileges) {
                skipped("it takes root to be kept from it");
                continue;
            }
            if name.contains("threads") && !groups {
                skipped("no control group can be made here");
                continue;
            }
            let Outcome::Stopped(how) = attempt(name, &outside, &Layers::all()) else {
                faults.push(format!("{name} got through every layer"));
                continue;
            };
            outside.assert_untouched(name);
            let some = ON_SOME_KERNELS
                .iter()
                .filter(|(other, _)| other == name)
                .map(|(_, layer)| layer);
            let without = stoppers
                .iter()
                .chain(some)
                .fold(Layers::all(), |layers, layer| layers.without(*layer));
            match attempt(name, &outside, &without) {
                Outcome::Through => {}
                Outcome::Impossible => {
                    skipped("this kernel has no such thing");
                    outside.mend();
                    continue;
                }
                other @ Outcome::Stopped(_) => {
                    faults.push(format!("{name} without {names:?}: {other:?}; it is no proof"));
                }
            }
            outside.mend();
            for stopper in *stoppers {
                let alone = attempt(name, &outside, &Layers::none().with(*stopper));
                if !matches!(alone, Outcome::Stopped(_)) {
                    faults.push(format!("{name} with {stopper} alone: {alone:?}"));
                    outside.mend();
                }
            }
            outside.assert_untouched(name);
            println!("{name:42} {:24} {how}", names.join(", "));
            shown += 1;
        }
        let left_out = ATTEMPTS.len() - shown;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        dies_with_its_parent();
        println!("native: every attempt was stopped by each layer that is said to stop it");
        // As the test harness says it, for whoever counts: an attempt that cannot be made here is ignored.
        println!(
            "\ntest result: ok. {shown} passed; 0 failed; {left_out} ignored; 0 measured; 0 filtered out"
        );
    }

    /// A master that is killed leaves no confined process behind.
    fn dies_with_its_parent() {
        let own = std::env::current_exe().unwrap();
        let mut parent = Command::new(own)
            .args(["attempt", "start a confined child"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = parent.stdout.take().unwrap();
        let mut line = Vec::new();
        let mut byte = [0];
        while output.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
            line.push(byte[0]);
        }
        let child = String::from_utf8(line).unwrap();
        assert!(Path::new("/proc").join(&child).exists(), "the child runs");
        parent.kill().unwrap();
        parent.wait().unwrap();
        // The child holds the other end of this pipe: its end is the child's end.
        output.read_to_end(&mut Vec::new()).unwrap();
        for _ in 0..2000 {
            let state = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            if state.is_empty() || state.contains(") Z ") {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("the child outlived its parent");
    }
}
