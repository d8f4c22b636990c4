//! Measures what confining costs: a Node that runs an empty script, bare, with the permission model, and with every layer.
//!
//! `cargo run --release --example plugin_start -- NODE VERSION [RUNS]` prints `{ "node": [ms…], "permission": […],
//! "confined": […] }`; the three are run in turns. Area `sandbox` of `npm run bench` starts it.

#![expect(clippy::print_stdout, reason = "a program that prints figures")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use krepis_host::Version;
use krepis_host::plugin::{NODE_VARIABLES, node_arguments, node_files};
use krepis_sandbox::{Confinement, Layers, Limits, Policy};

/// How the script is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    Node,
    Permission,
    Confined,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [node, version, rest @ ..] = arguments.as_slice() else {
        return Err("NODE VERSION [RUNS]".into());
    };
    let runs: usize = rest.first().map_or(Ok(21), |text| text.parse())?;
    let version = Version::parse(version)?;
    let node = Path::new(node).canonicalize()?;
    let folder = std::env::temp_dir().join(format!("krepis-plugin-start-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("empty.cjs"), "")?;
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    // The first round of each warms the disk's cache and is not counted.
    for round in 0..=runs {
        for (index, setting) in [Setting::Node, Setting::Permission, Setting::Confined]
            .into_iter()
            .enumerate()
        {
            let started = Instant::now();
            once(&node, &version, &folder, setting)?;
            let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
            if round > 0 {
                times[index].push(milliseconds);
            }
        }
    }
    std::fs::remove_dir_all(&folder)?;
    let [bare, permission, confined] = times;
    println!(
        "{}",
        serde_json::json!({ "node": bare, "permission": permission, "confined": confined })
    );
    Ok(())
}

fn once(
    node: &Path,
    version: &Version,
    folder: &Path,
    setting: Setting,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut command = Command::new(node);
    let reads = [folder.to_owned()];
    if setting != Setting::Node {
        command.args(node_arguments(version, &reads, 512));
    }
    command
        .arg(folder.join("empty.cjs"))
        .current_dir(folder)
        .env_clear()
        .envs(NODE_VARIABLES.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    // Preparing is part of what it costs, and so is taking the control group away.
    let attached = if setting == Setting::Confined {
        let (execute, mut read) = node_files(node);
        read.extend(reads);
        let policy = Policy {
            read,
            execute,
            limits: Limits::default(),
            layers: Layers::all(),
        };
        Some(Confinement::prepare(&policy)?.attach(&mut command, 3)?)
    } else {
        None
    };
    let status = command.status()?;
    drop(attached);
    if status.success() {
        Ok(())
    } else {
        Err(format!("{setting:?} ended with {status}").into())
    }
}
