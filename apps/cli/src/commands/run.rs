//! `krepis run COMMAND…`: commands of krepis.json, in parallel; the good results become one operation.

use std::num::NonZeroU32;

use krepis_change::Failure;
use krepis_sandbox::Standing;
use serde_json::{Value, json};

use crate::arguments::RunArguments;
use crate::errors;
use crate::output::{failure_json, files_json};
use crate::plugins;
use crate::propose::{Request, Source};
use crate::runner::{Limits, Runner, cores};
use crate::session::{Session, config};

pub fn run(session: &Session, arguments: &RunArguments) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    let options: Value = serde_json::from_str(&arguments.options)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| {
            Failure::new(&errors::USAGE, "--options is not a JSON object")
                .hint("for example --options '{\"name\":\"x\"}'")
        })?;
    let config = config(&workspace.tree())?;
    let requests = arguments
        .commands
        .iter()
        .map(|name| {
            let own = config
                .commands
                .iter()
                .find_map(|(known, module)| (known == name).then_some(module));
            let source = match own {
                Some(module) => Source::Module(workspace.root().join(module)),
                None => plugins::find(name, &workspace, &config)?
                    .ok_or_else(|| unknown(name, config.commands.iter().map(|(known, _)| known)))?,
            };
            Ok(Request {
                name: name.clone(),
                source,
                options: options.clone(),
            })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let limits = Limits {
        timeout: arguments.timeout,
        memory_mb: arguments.memory,
        jobs: arguments.jobs.map_or_else(cores, NonZeroU32::get),
    };
    let mut runner = Runner::of_workspace(session, &workspace, limits);
    runner.all_or_nothing = arguments.all_or_nothing;
    runner.verify.clone_from(&arguments.verify.command);
    runner.consents.clone_from(&arguments.consents);
    let joined = runner.settle(&requests, arguments.dry_run)?;
    let in_force = runner
        .in_force
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .clone();
    if arguments.verbose {
        for (name, layers) in &in_force {
            session
                .shell
                .say(&format!("{name} was confined by {}", list(layers)));
        }
    }
    let operation = joined
        .applied
        .as_ref()
        .and_then(|applied| applied.operation.as_ref());
    let confirmed = session.confirm(&workspace, operation, &arguments.verify);

    for (_, failure) in &joined.failed {
        if !session.shell.is_json() {
            session.shell.fail(failure);
        }
    }
    confirmed?;
    if session.shell.is_json() {
        session.shell.json(&json!({
            "schema": 1,
            "operation": joined.applied.as_ref().and_then(|applied| applied.operation.as_ref()).map(|operation| operation.id.to_string()),
            "title": joined.change.title,
            "landed": joined.landed,
            "failed": joined.failed.iter().map(|(name, failure)| json!({ "command": name, "error": failure_json(failure) })).collect::<Vec<_>>(),
            "files": files_json(&joined.change),
            "logs": runner.logs().iter().map(|(name, text)| json!({ "command": name, "text": text })).collect::<Vec<_>>(),
            "sandbox": in_force.iter().map(|(name, layers)| (name.clone(), layers_json(layers))).collect::<serde_json::Map<_, _>>(),
        }));
    } else if arguments.dry_run {
        session.preview(&joined.change);
    } else if let Some(applied) = &joined.applied {
        session.report(applied, &joined.change.title);
    } else {
        session.shell.say("Nothing was applied.");
    }
    Ok(
        Failure::join(joined.failed.into_iter().map(|(_, failure)| failure))
            .map_or(0, |failure| failure.exit()),
    )
}

/// `files (Landlock ABI 7), …`
fn list(layers: &[Standing]) -> String {
    let of = |standing: &Standing| match &standing.state {
        Ok(how) => format!("{} ({how})", standing.layer),
        Err(reason) => format!("not {} ({reason})", standing.layer),
    };
    layers.iter().map(of).collect::<Vec<_>>().join(", ")
}

fn layers_json(layers: &[Standing]) -> Value {
    let of = |standing: &Standing| match &standing.state {
        Ok(how) => json!({ "layer": standing.layer.name(), "inForce": true, "how": how }),
        Err(reason) => json!({ "layer": standing.layer.name(), "inForce": false, "reason": reason }),
    };
    layers.iter().map(of).collect()
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Failure {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let hint = if known.is_empty() {
        "name commands under `commands` in krepis.json: { \"NAME\": \"./tools/x.ts\" }".to_owned()
    } else {
        format!("there are: {}", known.join(", "))
    };
    Failure::new(
        &errors::UNKNOWN_COMMAND,
        format!("krepis.json has no command `{name}`"),
    )
    .hint(hint)
}
