//! The escape kit: what a plugin tries, on Node 22, 24 and 26, and which layer stops it.
//!
//! Every attempt of `escape/attempts.mjs` is made in four settings: by a bare Node (it must get through: else it proves
//! nothing), with Node's permission model alone, with the operating system's layers alone, and as a plugin with everything
//! (it must be stopped). A canary file, TCP, UDP, unix and abstract listeners and another process show that nothing got out.
//! The system calls that JavaScript cannot make are in `libs/sandbox/tests/native.rs`.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test; its table is for people"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use krepis_change::MemoryTree;
use krepis_host::plugin::{
    NODE_VARIABLES, Plugin, PluginFinished, PluginLimits, PluginRun, node_arguments, node_files, run_plugin,
};
use krepis_host::{Environment, RunnerLocation, Runtime, Source, Version};
use krepis_proto::v1::{Problem, command_result::Outcome, file_change::Body};
use krepis_sandbox::{Confinement, Layer, Layers, Limits, Policy};
use serde_json::{Value, json};

const CANARY: &str = "canary: nobody reads or writes this";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .into()
}

fn own_node() -> PathBuf {
    repository().join("node_modules/node/bin/node")
}

/// The Nodes to try: the workspace's, and the other lines from npm (`tools/tasks/nodes.mjs`, once for a machine).
fn nodes() -> Vec<Runtime> {
    let script = repository().join("tools/tasks/nodes.mjs");
    let output = Command::new(own_node())
        .arg(script)
        .env_remove("NODE_OPTIONS")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| {
            let (version, path) = line.split_once(' ').unwrap();
            Runtime {
                path: PathBuf::from(path),
                version: Version::parse(version).unwrap(),
                source: Source::Workspace,
            }
        })
        .collect()
}

/// The runner's bundle, made once.
fn location() -> RunnerLocation {
    static BUNDLE: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUNDLE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("escape-runner");
        // Another user finds it made.
        if !rustix::process::geteuid().is_root() && folder.join("digest").exists() {
            return folder;
        }
        let runner = repository().join("libs/runner");
        let built = Command::new(own_node())
            .arg(runner.join("bundle.mjs"))
            .arg("--out")
            .arg(&folder)
            .arg("--generator")
            .arg(runner.join("fixtures/generator.mjs"))
            .env_remove("NODE_OPTIONS")
            .output()
            .unwrap();
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        folder
    });
    RunnerLocation::at(folder).unwrap()
}

/// What is outside, and watched.
struct Outside {
    folder: tempfile::TempDir,
    tcp: TcpListener,
    http: TcpListener,
    udp: UdpSocket,
    unix: UnixListener,
    abstract_unix: UnixListener,
    abstract_name: String,
    victim: Child,
    /// Open without close-on-exec, as a careless parent has it.
    _careless: fs::File,
}

impl Outside {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir(path.join("outside")).unwrap();
        fs::create_dir(path.join("plugin")).unwrap();
        fs::write(path.join("outside/canary"), CANARY).unwrap();
        fs::write(
            path.join("outside/canary.json"),
            json!({ "secret": CANARY }).to_string(),
        )
        .unwrap();
        fs::write(path.join("outside/scratch"), "scratch").unwrap();
        std::os::unix::fs::symlink(path.join("outside/canary"), path.join("plugin/link")).unwrap();
        fs::copy(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/escape/attempts.mjs"),
            path.join("plugin/attempts.mjs"),
        )
        .unwrap();
        let abstract_name = format!("krepis-escape-{name}-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        let outside = Self {
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            http: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            unix: UnixListener::bind(path.join("outside/socket")).unwrap(),
            abstract_unix: UnixListener::bind_addr(&address).unwrap(),
            abstract_name,
            // It survives the signal that starts an inspector.
            victim: Command::new("sh")
                .args(["-c", "trap '' USR1; exec sleep 600"])
                .env("KREPIS_VICTIM", CANARY)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
            _careless: {
                let file = fs::File::open(path.join("outside/canary")).unwrap();
                rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
                file
            },
            folder,
        };
        for listener in [&outside.tcp, &outside.http] {
            listener.set_nonblocking(true).unwrap();
        }
        outside.udp.set_nonblocking(true).unwrap();
        outside.unix.set_nonblocking(true).unwrap();
        outside.abstract_unix.set_nonblocking(true).unwrap();
        outside
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn plugin_folder(&self) -> PathBuf {
        self.folder.path().join("plugin")
    }

    fn places(&self, restore: bool, skip_ending: bool) -> Value {
        json!({
            "canary": self.path("outside/canary"),
            "json": self.path("outside/canary.json"),
            "outside": self.path("outside"),
            "database": self.path("outside/made.db"),
            "made": self.path("outside/made"),
            "scratch": self.path("outside/scratch"),
            "link": self.path("plugin/link"),
            "own": self.path("plugin/made"),
            "ownSource": self.path("plugin/attempts.mjs"),
            "tcp": self.tcp.local_addr().unwrap().port(),
            "http": self.http.local_addr().unwrap().port(),
            "udp": self.udp.local_addr().unwrap().port(),
            "unix": self.path("outside/socket"),
            "abstract": self.abstract_name,
            "victim": self.victim.id(),
            "library": library(),
            "restore": restore,
            "skipEnding": skip_ending,
        })
    }

    /// Answers one HTTP request, for the bare Node whose `fetch` must get through.
    fn serve(&self) {
        if let Ok((mut stream, _)) = self.http.accept() {
            stream.set_nonblocking(false).unwrap();
            drop(stream.read(&mut [0; 4096]));
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        }
    }

    fn drain(&self) {
        while self.tcp.accept().is_ok() {}
        while self.http.accept().is_ok() {}
        while self.udp.recv(&mut [0; 512]).is_ok() {}
        while self.unix.accept().is_ok() {}
        while self.abstract_unix.accept().is_ok() {}
        for made in ["outside/made", "outside/made.db", "plugin/made"] {
            let path = self.folder.path().join(made);
            drop(fs::remove_file(&path));
            drop(fs::remove_dir_all(&path));
        }
        fs::write(self.folder.path().join("outside/scratch"), "scratch").unwrap();
    }

    /// Everything is as it was, and not a byte has arrived.
    fn assert_untouched(&mut self) {
        let path = self.folder.path();
        assert_eq!(fs::read_to_string(path.join("outside/canary")).unwrap(), CANARY);
        assert_eq!(
            fs::read_to_string(path.join("outside/scratch")).unwrap(),
            "scratch"
        );
        let mut names: Vec<String> = fs::read_dir(path.join("outside"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["canary", "canary.json", "scratch", "socket"]);
        assert!(!path.join("plugin/made").exists());
        assert!(self.tcp.accept().is_err(), "TCP arrived");
        assert!(self.http.accept().is_err(), "HTTP arrived");
        assert!(self.udp.recv(&mut [0; 512]).is_err(), "UDP arrived");
        assert!(self.unix.accept().is_err(), "a unix connection arrived");
        assert!(
            self.abstract_unix.accept().is_err(),
            "an abstract connection arrived"
        );
        assert!(
            self.victim.try_wait().unwrap().is_none(),
            "another process was ended"
        );
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        drop(self.victim.kill());
        drop(self.victim.wait());
    }
}

/// A library that every machine has and that is no addon.
fn library() -> String {
    [
        "/lib/x86_64-linux-gnu/libm.so.6",
        "/lib/aarch64-linux-gnu/libm.so.6",
        "/lib64/libm.so.6",
        "/usr/lib/libm.so.6",
    ]
    .iter()
    .find(|path| Path::new(path).exists())
    .map(|path| (*path).to_owned())
    .unwrap()
}

type Results = BTreeMap<String, String>;

/// Runs the attempts outside of a plugin: with Node's permission model or not, with the system's layers or not.
fn attempts(runtime: &Runtime, outside: &Outside, permission: bool, layers: Option<&Layers>) -> Results {
    let folder = outside.plugin_folder();
    let mut command = Command::new(&runtime.path);
    if permission {
        command.args(node_arguments(
            &runtime.version,
            std::slice::from_ref(&folder),
            256,
        ));
    }
    command
        .arg(folder.join("attempts.mjs"))
        .arg(
            outside
                .places(!permission && layers.is_none(), !permission)
                .to_string(),
        )
        .env_remove("NODE_OPTIONS")
        .envs(NODE_VARIABLES.iter().copied())
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let attached = layers.map(|layers| {
        let (execute, mut read) = node_files(&runtime.path);
        read.push(folder.clone());
        let policy = Policy {
            read,
            execute,
            limits: Limits::default(),
            layers: layers.clone(),
        };
        Confinement::prepare(&policy)
            .unwrap()
            .attach(&mut command, 3)
            .unwrap()
    });
    let mut child = command.spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        text
    });
    while child.try_wait().unwrap().is_none() {
        outside.serve();
        std::thread::park_timeout(Duration::from_millis(2));
    }
    let text = reader.join().unwrap();
    let mut complaint = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut complaint)
        .unwrap();
    drop(attached);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?} {complaint}"))
}

fn plugin_at(folder: &Path, commands: &Value, capabilities: &Value) -> Plugin {
    fs::write(
        folder.join("krepis.plugin.json"),
        json!({ "name": "kit", "version": "1.0.0", "commands": commands, "capabilities": capabilities })
            .to_string(),
    )
    .unwrap();
    // Beside a workspace that is elsewhere.
    Plugin::read(&folder.join("none"), "kit", &folder.to_string_lossy()).unwrap()
}

struct Setting<'a> {
    runtime: &'a Runtime,
    plugin: &'a Plugin,
    layers: Layers,
    memory_mb: u32,
    time: Duration,
}

fn run(setting: &Setting, command: &str, options: &Value, printed: &Mutex<String>) -> PluginFinished {
    let environment = Environment::of_process();
    let tree = MemoryTree::of(&[("src/a.ts", "export const a = 1;\n"), (".env", "KEY=1")]);
    run_plugin(&PluginRun {
        runtime: setting.runtime,
        location: &location(),
        environment: &environment,
        plugin: setting.plugin,
        command,
        options_json: options.to_string(),
        limits: PluginLimits {
            time: setting.time,
            memory_mb: setting.memory_mb,
        },
        layers: &setting.layers,
        tree: &tree,
        config_json: "{}",
        classes: &|_| Ok(Vec::new()),
        interrupts: None,
        log: &|text| printed.lock().unwrap().push_str(text),
    })
    .unwrap()
}

fn error_of(finished: PluginFinished) -> Problem {
    match finished.result.outcome {
        Some(Outcome::Error(problem)) => problem,
        other => panic!("it ended well: {other:?}"),
    }
}

/// What the permission model is known to leave open, by Node's own documentation and by trial; the system's layers must
/// stop these.
const OPEN_IN_NODE: &[&str] = &[
    "read through a link in its own folder",
    "signal another process",
    "open the inspector of another process",
    "read what the parent had open",
    "see the user's environment",
];

/// What the system's layers leave open: no secret and no power is in it. Node's permission model must stop it, or it is
/// confined by itself.
const OPEN_IN_SYSTEM: &[&str] = &[
    // Metadata is not content (Landlock has no right for it).
    "look whether a file is there",
    // An in-process session reaches nothing outside.
    "an inspector session",
    // Libraries of the system may be read.
    "load native code",
    // A thread is confined as its process is: what it could read is denied below.
    "a thread",
    "a loader thread",
    // The environment is cleared by whoever starts the process.
    "see the user's environment",
];

#[test]
fn every_attempt_is_stopped_on_every_line_of_node() {
    let nodes = nodes();
    assert!(nodes.len() >= 3, "Node 22, 24 and 26");
    println!(
        "{:42} {:10} {:28} {:28} as a plugin",
        "attempt", "node", "--permission alone", "system's layers alone"
    );
    std::thread::scope(|scope| {
        for (index, runtime) in nodes.iter().enumerate() {
            scope.spawn(move || on_one(runtime, &index.to_string()));
        }
    });
}

fn on_one(runtime: &Runtime, name: &str) {
    let mut outside = Outside::new(name);
    let bare = attempts(runtime, &outside, false, None);
    outside.drain();
    let node = attempts(runtime, &outside, true, None);
    outside.drain();
    let system = attempts(runtime, &outside, false, Some(&Layers::all()));
    outside.assert_untouched();
    let folder = outside.plugin_folder();
    fs::write(
        folder.join("kit.mjs"),
        "import { attemptAll } from './attempts.mjs';\n\
         process.removeAllListeners('uncaughtException');\n\
         process.on('uncaughtException', () => {});\n\
         export default async (_, places) => ({ title: 'kit', files: [{ path: 'results.json', text: JSON.stringify(await attemptAll(places)) }] });\n",
    )
    .unwrap();
    let plugin = plugin_at(&folder, &json!({ "kit": "./kit.mjs" }), &json!({}));
    let setting = Setting {
        runtime,
        plugin: &plugin,
        layers: Layers::all(),
        memory_mb: 256,
        time: Duration::from_mins(2),
    };
    let printed = Mutex::new(String::new());
    let finished = run(&setting, "kit", &outside.places(false, false), &printed);
    let Some(Outcome::ChangeSet(set)) = finished.result.outcome else {
        panic!("{:?} {}", finished.result.outcome, printed.into_inner().unwrap());
    };
    let Some(Body::Text(text)) = &set.files[0].body else {
        panic!("{set:?}")
    };
    let plugin: Results = serde_json::from_str(text).unwrap();
    outside.assert_untouched();

    let version = runtime.version.to_string();
    let mut faults = Vec::new();
    let mut rows = String::new();
    for (attempt, result) in &plugin {
        let of = |results: &Results| {
            results
                .get(attempt)
                .cloned()
                .unwrap_or_else(|| "not tried".into())
        };
        rows += &format!(
            "{attempt:42} {version:10} {:28} {:28} {result}\n",
            of(&node),
            of(&system)
        );
        if result == "through" {
            faults.push(format!("{attempt}: got through as a plugin"));
        }
        let is_missing = |result: &str| result.contains("MISSING") || result.contains("is not a function");
        if bare
            .get(attempt)
            .is_some_and(|bare| bare != "through" && !is_missing(bare))
        {
            faults.push(format!(
                "{attempt}: a bare Node answers {:?}; it is no proof",
                bare[attempt]
            ));
        }
        if of(&node) == "through" && of(&system) == "through" && attempt != "see the user's environment" {
            faults.push(format!("{attempt}: neither Node nor the system stops it"));
        }
        if of(&system) == "not tried" && attempt != "replace the program" {
            faults.push(format!(
                "{attempt}: it was not tried with the system's layers alone"
            ));
        }
        if of(&system) == "through" && !OPEN_IN_SYSTEM.contains(&attempt.as_str()) {
            faults.push(format!("{attempt}: the system's layers let it through"));
        }
        let is_network = ["TCP", "HTTP", "UDP", "socket", "name server", "process.binding"]
            .iter()
            .any(|word| attempt.contains(word));
        if of(&node) == "through" && !OPEN_IN_NODE.contains(&attempt.as_str()) && !is_network {
            faults.push(format!(
                "{attempt}: --permission lets it through, which the docs do not say"
            ));
        }
    }
    print!("{rows}");
    assert!(faults.is_empty(), "Node {version}:\n{}", faults.join("\n"));
    assert_eq!(plugin.len(), bare.len() + 1, "all were tried");
}

/// A command that ends badly, the code it must have, and what its message must say.
const CULPRITS: &[(&str, &str, &str, &str)] = &[
    (
        "throws",
        "export default () => { throw new Error('on purpose'); };",
        "KRP5501",
        "on purpose",
    ),
    (
        "rejects",
        "export default () => { Promise.reject(new Error('on purpose')); return new Promise(() => setTimeout(() => {}, 1e6)); };",
        "KRP5502",
        "on purpose",
    ),
    (
        "later",
        "export default () => new Promise(() => setTimeout(() => { throw new Error('on purpose'); }, 1));",
        "KRP5501",
        "on purpose",
    ),
    (
        "exits",
        "export default () => process.exit(0);",
        "KRP5221",
        "exit code 0",
    ),
    (
        "aborts",
        "export default () => process.abort();",
        "KRP5221",
        "signal 6",
    ),
    (
        "reallyExits",
        "export default () => process.reallyExit(3);",
        "KRP5221",
        "exit code 3",
    ),
    (
        "waits",
        "export default () => new Promise(() => setInterval(() => {}, 1e6));",
        "KRP5222",
        "3000 ms",
    ),
    (
        "never",
        "export default () => new Promise(() => {});",
        "KRP5221",
        "exit code",
    ),
    (
        "loops",
        "export default () => { for (;;); };",
        "KRP5222",
        "3000 ms",
    ),
    (
        "sleeps",
        "export default () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
        "KRP5222",
        "3000 ms",
    ),
    (
        "heap",
        "export default () => { const all = []; for (;;) all.push(new Array(1e5).fill({})); };",
        "KRP5223",
        "64 MiB",
    ),
    (
        "stack",
        "const deeper = () => deeper() + 1; export default () => deeper();",
        "KRP5501",
        "RangeError",
    ),
    (
        "floods",
        "import { writeSync } from 'node:fs'; export default () => { const chunk = Buffer.alloc(65536, 'x'); for (let i = 0; i < 16384; i++) writeSync(1, chunk); return { title: 't', files: [] }; };",
        "KRP5224",
        "16 MiB",
    ),
    (
        "halfFrame",
        "import { writeSync } from 'node:fs'; export default () => { writeSync(4, Buffer.from('KRPS').subarray(0, 2)); process.exit(0); };",
        "KRP5225",
        "",
    ),
    (
        "garbage",
        "import { writeSync } from 'node:fs'; export default () => { writeSync(4, Buffer.alloc(4096, 'GET / HTTP/1.1')); setInterval(() => {}, 1e6); return new Promise(() => {}); };",
        "KRP5225",
        "",
    ),
    (
        "nothing",
        "export default () => 'not a change set';",
        "KRP5506",
        "",
    ),
    ("noFunction", "export const x = 1;", "KRP5507", ""),
    ("syntax", "export default () => {{;", "KRP5508", ""),
    (
        "program",
        "import { execSync } from 'node:child_process'; export default () => execSync('true');",
        "KRP5240",
        "start a program",
    ),
    (
        "network",
        "export default async () => { await fetch('http://127.0.0.1:8080/'); };",
        "KRP5240",
        "connection",
    ),
    (
        "disk",
        "import { readFileSync } from 'node:fs'; export default () => readFileSync('/etc/passwd');",
        "KRP5240",
        "/etc/passwd",
    ),
    (
        "undeclared",
        "export default (view) => view.read('.env');",
        "KRP5230",
        ".env",
    ),
    (
        "host",
        "export default (view) => view.http({ url: 'https://example.org/' });",
        "KRP5232",
        "example.org",
    ),
];

#[test]
fn whatever_a_plugin_does_costs_that_command_only_and_says_why() {
    let nodes = nodes();
    let runtime = nodes.iter().find(|node| node.version.major == 24).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let commands: serde_json::Map<String, Value> = CULPRITS
        .iter()
        .map(|(name, source, ..)| {
            fs::write(folder.join(format!("{name}.mjs")), source).unwrap();
            ((*name).to_owned(), format!("./{name}.mjs").into())
        })
        .collect();
    let plugin = plugin_at(&folder, &Value::Object(commands), &json!({ "read": ["src/**"] }));
    let setting = Setting {
        runtime,
        plugin: &plugin,
        layers: Layers::all(),
        memory_mb: 64,
        time: Duration::from_secs(3),
    };
    let waiting = Mutex::new(CULPRITS.iter());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let Some((name, _, code, says)) = waiting.lock().unwrap().next() else {
                        return;
                    };
                    let printed = Mutex::new(String::new());
                    let problem = error_of(run(&setting, name, &json!({}), &printed));
                    assert_eq!(
                        problem.code,
                        *code,
                        "{name}: {problem:?} {}",
                        printed.into_inner().unwrap()
                    );
                    let text = format!("{problem:?}");
                    assert!(text.contains(says), "{name}: {text}");
                    assert!(text.contains("kit"), "{name} is named: {text}");
                }
            });
        }
    });
}

/// Asks for 1,200 MiB of Buffers with a limit of 64: what comes of it, and how the limit was set.
fn eat(layers: Layers) -> (PluginFinished, String) {
    let nodes = nodes();
    let runtime = nodes.iter().find(|node| node.version.major == 24).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    fs::write(
        folder.join("eats.mjs"),
        "export default () => { const all = []; for (let i = 0; i < 1200; i++) all.push(Buffer.alloc(1 << 20, 1)); return { title: 'it had 1,200 MiB', files: [] }; };",
    )
    .unwrap();
    let plugin = plugin_at(&folder, &json!({ "eats": "./eats.mjs" }), &json!({}));
    let setting = Setting {
        runtime,
        plugin: &plugin,
        layers,
        memory_mb: 64,
        time: Duration::from_mins(1),
    };
    let finished = run(&setting, "eats", &json!({}), &Mutex::default());
    let how = finished
        .in_force
        .iter()
        .find(|standing| standing.layer == Layer::Memory);
    let how = how
        .and_then(|standing| standing.state.clone().ok())
        .unwrap_or_default();
    (finished, how)
}

fn assert_out_of_memory(finished: PluginFinished) {
    let problem = error_of(finished);
    let refused = problem
        .reason
        .as_deref()
        .is_some_and(|reason| reason.contains("allocation failed") || reason.contains("Array buffer"));
    assert!(problem.code == "KRP5223" || refused, "{problem:?}");
}

#[test]
fn memory_of_every_kind_is_limited() {
    let (finished, how) = eat(Layers::all());
    println!("limited to {how}");
    assert_out_of_memory(finished);
    // The layer off: the process gets what it asks for, so it was this layer.
    let (finished, _) = eat(Layers::all().without(Layer::Memory));
    assert!(
        matches!(finished.result.outcome, Some(Outcome::ChangeSet(_))),
        "{finished:?}"
    );
}

/// A user who may make no control group: `RLIMIT_DATA` from a measured base, and watching.
#[test]
fn memory_is_limited_without_a_control_group() {
    const NOBODY: u32 = 65534;
    const ASKED: &str = "KREPIS_TEST_WITHOUT_GROUPS";
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        use std::os::unix::process::CommandExt;
        // What this process may write to and the other may not is made before.
        drop(location());
        nodes();
        let scratch = tempfile::tempdir().unwrap();
        std::os::unix::fs::chown(scratch.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "memory_is_limited_without_a_control_group",
                "--nocapture",
            ])
            .env(ASKED, "1")
            .env("TMPDIR", scratch.path())
            .uid(NOBODY)
            .gid(NOBODY)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(said.contains("by RLIMIT_DATA and by watching"), "{said}");
        return;
    }
    let (finished, how) = eat(Layers::all());
    println!("limited to {how}");
    assert!(
        std::env::var_os(ASKED).is_none() || how.contains("RLIMIT_DATA"),
        "{how}"
    );
    assert_out_of_memory(finished);
}

#[test]
fn a_good_plugin_reads_what_it_declares_and_proposes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    fs::write(
        folder.join("helper.ts"),
        "export const shout = (text: string): string => text.toUpperCase();\n",
    )
    .unwrap();
    fs::write(
        folder.join("good.ts"),
        "import { changes, type PluginCommand } from '@krepis/plugin';\n\
         import { shout } from './helper.ts';\n\
         const good: PluginCommand = (view) => changes(view, 'good').create('src/b.ts', shout(view.read('src/a.ts') ?? '') + view.list('src').length + process.env.KREPIS_NOT + process.env.LANG).done();\n\
         export default good;\n",
    )
    .unwrap();
    let plugin = plugin_at(
        &folder,
        &json!({ "good": "./good.ts" }),
        &json!({ "read": ["src/**"], "env": ["LANG"] }),
    );
    for runtime in &nodes() {
        let setting = Setting {
            runtime,
            plugin: &plugin,
            layers: Layers::all(),
            memory_mb: 256,
            time: Duration::from_secs(30),
        };
        let printed = Mutex::new(String::new());
        let finished = run(&setting, "good", &json!({}), &printed);
        let Some(Outcome::ChangeSet(set)) = finished.result.outcome else {
            panic!(
                "{}: {:?} {}",
                runtime.version,
                finished.result.outcome,
                printed.into_inner().unwrap()
            );
        };
        let Some(Body::Text(text)) = &set.files[0].body else {
            panic!("{set:?}")
        };
        assert!(text.starts_with("EXPORT CONST A = 1;\n1undefined"), "{text}");
        assert_eq!(set.reads.len(), 1, "{:?}", set.reads);
        assert_eq!(finished.in_force.len(), Layer::HERE.len());
        assert_eq!(
            printed.into_inner().unwrap(),
            "",
            "{}: it is quiet",
            runtime.version
        );
    }
}

#[test]
fn a_node_with_known_holes_runs_no_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    fs::write(folder.join("x.mjs"), "").unwrap();
    let plugin = plugin_at(&folder, &json!({ "x": "./x.mjs" }), &json!({}));
    let old = Runtime {
        path: own_node(),
        version: Version::parse("24.16.0").unwrap(),
        source: Source::Workspace,
    };
    let failure = run_plugin(&PluginRun {
        runtime: &old,
        location: &location(),
        environment: &Environment::of_process(),
        plugin: &plugin,
        command: "x",
        options_json: "{}".into(),
        limits: PluginLimits {
            time: Duration::from_secs(3),
            memory_mb: 64,
        },
        layers: &Layers::all(),
        tree: &MemoryTree::default(),
        config_json: "",
        classes: &|_| Ok(Vec::new()),
        interrupts: None,
        log: &|_| (),
    })
    .unwrap_err();
    assert_eq!((failure.code.id, failure.exit()), ("KRP5220", 70));
}
