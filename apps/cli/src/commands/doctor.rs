//! `krepis doctor`: whether everything krepis needs is in order here.

use std::path::Path;

use krepis_change::Failure;
use krepis_host::plugin::{Consent, decide};
use krepis_host::{CacheFolder, Environment, Purpose, Request, RunnerLocation};
use krepis_sandbox::Standing;
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
    if arguments.accept_weaker_sandbox {
        return accept_weaker_sandbox(session);
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
    let has_plugins = workspace
        .as_ref()
        .is_ok_and(|workspace| config(&workspace.tree()).is_ok_and(|config| !config.plugins.is_empty()));
    findings.push(sandbox(&environment, has_plugins));
    findings.extend(NOT_HERE.iter().map(|(name, what)| Finding {
        name,
        state: "none",
        text: format!("{what}: not part of this build"),
        hint: None,
    }));
    findings
}

/// What plugins are confined with here. A layer that is missing is a fault only where there are plugins to run.
fn sandbox(environment: &Environment, has_plugins: bool) -> Finding {
    let here = krepis_sandbox::survey();
    let given = Consent::of(environment).given();
    let without: Vec<&str> = missing(&here)
        .map(|standing| standing.layer.name())
        .filter(|name| given.iter().any(|given| given == name))
        .collect();
    let found = decide(&here, &given).map(|_| {
        let layers: Vec<String> = here
            .iter()
            .filter_map(|standing| Some(format!("{} ({})", standing.layer, standing.state.as_ref().ok()?)))
            .collect();
        if without.is_empty() {
            layers.join(", ")
        } else {
            format!(
                "{}; by your consent without {}",
                layers.join(", "),
                without.join(", ")
            )
        }
    });
    let mut finding = Finding::of("sandbox", found);
    if finding.state == "bad" && !has_plugins {
        finding.state = "none";
    }
    finding
}

fn missing(here: &[Standing]) -> impl Iterator<Item = &Standing> {
    here.iter().filter(|standing| standing.state.is_err())
}

/// `--accept-weaker-sandbox`: records the layers that are missing now; a layer that goes missing later is none of them.
fn accept_weaker_sandbox(session: &Session) -> u8 {
    let here = krepis_sandbox::survey();
    let names: Vec<String> = missing(&here)
        .map(|standing| standing.layer.name().to_owned())
        .collect();
    let consent = Consent::of(&Environment::of_process());
    match consent.record_without(&names) {
        Ok(file) => {
            if session.shell.is_json() {
                session
                    .shell
                    .json(&json!({ "schema": 1, "without": names, "file": file }));
            } else if names.is_empty() {
                session
                    .shell
                    .say("This machine has every layer of the sandbox: there is nothing to do without.");
            } else {
                for standing in missing(&here) {
                    let reason = standing.state.as_ref().err().map_or("", String::as_str);
                    session
                        .shell
                        .warn(&format!("plugins run without `{}`: {reason}", standing.layer));
                }
                session.shell.say(&format!(
                    "Recorded for this machine in {}; run it again when the machine has changed.",
                    file.display()
                ));
            }
            0
        }
        Err(error) => {
            let failure = Failure::new(&errors::UNHEALTHY, "the consent could not be recorded")
                .reason(error.to_string())
                .hint("name a folder that can be written in KREPIS_CONFIG_DIR");
            session.shell.fail(&failure);
            failure.exit()
        }
    }
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
