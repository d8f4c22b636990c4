//! `krepis doctor`: whether everything krepis needs is in order here.

use std::path::Path;

use krepis_change::Failure;
use krepis_host::{CacheFolder, Environment, Purpose, Request, RunnerLocation};
use serde_json::json;

use crate::arguments::DoctorArguments;
use crate::errors;
use crate::session::{Session, config};

/// What one check found.
struct Finding {
    name: &'static str,
    state: &'static str,
    text: String,
    hint: Option<String>,
}

impl Finding {
    fn of(name: &'static str, found: Result<String, Failure>) -> Self {
        match found {
            Ok(text) => Self {
                name,
                state: "ok",
                text,
                hint: None,
            },
            Err(failure) => Self {
                name,
                state: "bad",
                text: failure.to_string(),
                hint: failure.hint,
            },
        }
    }
}

/// Parts of the product that come with later versions: never reported as ok.
const NOT_HERE: &[(&str, &str)] = &[
    ("addon", "the native engine of Turbo"),
    ("keychain", "the key that tokens are encrypted with"),
    ("store", "packages (`krepis add`)"),
];

pub fn run(session: &Session, arguments: &DoctorArguments) -> u8 {
    if arguments.failpoints {
        session
            .shell
            .json(&json!({ "schema": 1, "failpoints": krepis_history::failpoints::POINTS }));
        return 0;
    }
    let findings = findings(session);
    let bad = findings.iter().filter(|finding| finding.state == "bad").count();
    if session.shell.is_json() {
        let list: Vec<_> = findings
            .iter()
            .map(|finding| json!({ "name": finding.name, "state": finding.state, "text": finding.text, "hint": finding.hint }))
            .collect();
        session.shell.json(&json!({ "schema": 1, "findings": list }));
    } else {
        for finding in &findings {
            session.shell.data(&format!(
                "{:4}  {:11} {}\n",
                finding.state, finding.name, finding.text
            ));
            if let Some(hint) = &finding.hint {
                session.shell.data(&format!("      {:11} hint: {hint}\n", ""));
            }
        }
        if bad > 0 {
            session.shell.say(&format!(
                "{bad} of {} checks found something that will not work.",
                findings.len()
            ));
        }
    }
    u8::from(bad > 0)
}

fn findings(session: &Session) -> Vec<Finding> {
    let environment = Environment::of_process();
    let workspace = session.workspace();
    let mut findings = vec![Finding {
        name: "krepis",
        state: "ok",
        text: format!(
            "{} on {}-{}",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH
        ),
        hint: None,
    }];
    match &workspace {
        Ok(workspace) => {
            let tree = workspace.tree();
            let policy = config(&tree);
            findings.push(Finding::of(
                "workspace",
                Ok(workspace.root().display().to_string()),
            ));
            findings.push(Finding::of(
                "policy",
                policy
                    .as_ref()
                    .map(|_| "krepis.json is valid".to_owned())
                    .map_err(Clone::clone),
            ));
            findings.extend(history(workspace));
            findings.push(Finding::of("disk", writable(workspace.root())));
        }
        Err(failure) => findings.push(Finding::of("workspace", Err(failure.clone()))),
    }
    let root = workspace
        .as_ref()
        .map_or(session.directory.as_path(), |workspace| workspace.root());
    let option = session.global.node.as_deref().map(Path::to_string_lossy);
    let configured = workspace
        .as_ref()
        .ok()
        .and_then(|workspace| config(&workspace.tree()).ok()?.node);
    let cache = CacheFolder::open(&environment);
    let node = |purpose| {
        let found = krepis_host::find_node(&Request {
            environment: &environment,
            cache: cache.as_ref().ok(),
            workspace: root,
            directory: &session.directory,
            option: option.as_deref(),
            configured: configured.as_deref(),
            purpose,
        })?;
        Ok(format!(
            "{} at {} ({})",
            found.version,
            found.path.display(),
            found.source
        ))
    };
    findings.push(Finding::of("node", node(Purpose::Workspace)));
    // Stricter; whoever runs no plugin needs none.
    let plugin = Finding::of("plugin node", node(Purpose::Plugin));
    let state = if plugin.state == "bad" {
        "none"
    } else {
        plugin.state
    };
    findings.push(Finding { state, ..plugin });
    findings.push(Finding::of(
        "runner",
        RunnerLocation::find(&environment).map(|_| "its files are there".to_owned()),
    ));
    findings.push(match &cache {
        Ok(folder) => Finding {
            name: "cache",
            state: "ok",
            text: folder.path().display().to_string(),
            hint: None,
        },
        // Slower, not broken.
        Err(reason) => Finding {
            name: "cache",
            state: "none",
            text: format!("{reason}: every run starts from nothing"),
            hint: Some("make the folder yours alone, or name another one in KREPIS_CACHE_DIR".into()),
        },
    });
    findings.extend(layers());
    findings.extend(NOT_HERE.iter().map(|(name, what)| Finding {
        name,
        state: "none",
        text: format!("{what}: not part of this build"),
        hint: None,
    }));
    findings
}

fn history(workspace: &krepis_workspace::Workspace) -> Vec<Finding> {
    let log = match workspace.history().log() {
        Ok(log) => log,
        Err(failure) => return vec![Finding::of("history", Err(failure))],
    };
    let size = size_of(&workspace.root().join(".krepis").join("history"));
    let pending = match log.pending.len() {
        0 => String::new(),
        count => format!(", {count} not settled (the next command that writes does)"),
    };
    let mut findings = vec![Finding::of(
        "history",
        Ok(format!("{} operations, {size} KiB{pending}", log.entries.len())),
    )];
    let damaged = log
        .damaged
        .into_iter()
        .map(|(_, failure)| Finding::of("history", Err(failure)));
    findings.extend(damaged);
    findings
}

/// KiB of all files below a folder.
fn size_of(folder: &Path) -> u64 {
    let mut folders = vec![folder.to_owned()];
    let mut bytes = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                Ok(found) => bytes += found.len(),
                Err(_) => {}
            }
        }
    }
    bytes.div_ceil(1024)
}

/// One of the layers that confine a plugin (DESIGN §6), as this machine offers it.
struct Layer {
    name: &'static str,
    /// None where the kernel does not tell.
    offered: Option<bool>,
    what: &'static str,
    fix: &'static str,
}

/// Asked of the kernel's own files; what puts the layers in force is not part of this build.
fn layers() -> Vec<Finding> {
    let says = |path: &str, word: &str| {
        let text = std::fs::read_to_string(path).ok()?;
        let mut words = text.split(|letter: char| letter == ',' || letter.is_whitespace());
        Some(words.any(|found| found == word))
    };
    let layers = [
        Layer {
            name: "landlock",
            offered: says("/sys/kernel/security/lsm", "landlock"),
            what: "files, TCP and signals",
            fix: "boot a kernel from 5.13 on with `landlock` in the parameter lsm=",
        },
        Layer {
            name: "seccomp",
            offered: says("/proc/sys/kernel/seccomp/actions_avail", "errno"),
            what: "system calls",
            fix: "boot a kernel with CONFIG_SECCOMP_FILTER",
        },
        Layer {
            name: "cgroup",
            offered: says("/sys/fs/cgroup/cgroup.controllers", "memory"),
            what: "memory of a whole process group",
            fix: "run in a session with a delegated cgroup v2; without it, limits of the process hold",
        },
    ];
    layers
        .into_iter()
        .map(|layer| {
            let offered = match layer.offered {
                Some(true) => "offered here",
                Some(false) => "not offered here",
                None => "the kernel does not say whether it is offered here",
            };
            Finding {
                name: layer.name,
                state: "none",
                text: format!("{}: {offered}; not part of this build", layer.what),
                hint: (layer.offered == Some(false)).then(|| layer.fix.to_owned()),
            }
        })
        .collect()
}

/// Asks the operating system; writes nothing.
fn writable(root: &Path) -> Result<String, Failure> {
    krepis_workspace::check_writable(root)
        .map(|()| "the workspace can be written".to_owned())
        .map_err(|error| {
            Failure::new(&errors::UNHEALTHY, "the workspace cannot be written")
                .reason(error.to_string())
                .hint("history, check and plan work all the same")
        })
}
