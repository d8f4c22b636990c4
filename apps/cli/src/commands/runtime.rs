//! `krepis runtime`: which Node.js commands run on, and why.

use krepis_change::Failure;
use krepis_host::{CacheFolder, Environment, Purpose, Request, Verdict};
use serde_json::json;

use crate::arguments::RuntimeArguments;
use crate::session::{Session, config};

pub fn run(session: &Session, arguments: &RuntimeArguments) -> Result<u8, Failure> {
    let environment = Environment::of_process();
    let cache = CacheFolder::open(&environment).ok();
    let workspace = session.workspace().ok();
    let configured = match &workspace {
        Some(workspace) => config(&workspace.tree())?.node,
        None => None,
    };
    let option = session
        .global
        .node
        .as_deref()
        .map(std::path::Path::to_string_lossy);
    let request = Request {
        environment: &environment,
        cache: cache.as_ref(),
        workspace: workspace
            .as_ref()
            .map_or(&session.directory, |workspace| workspace.root()),
        directory: &session.directory,
        option: option.as_deref(),
        configured: configured.as_deref(),
        purpose: Purpose::Workspace,
    };
    if arguments.explain {
        return explain(session, &request);
    }
    let runtime = krepis_host::find_node(&request)?;
    if session.shell.is_json() {
        session.shell.json(&json!({
            "schema": 1,
            "path": runtime.path,
            "version": runtime.version.to_string(),
            "source": runtime.source.to_string(),
        }));
    } else {
        session.shell.data(&format!(
            "{} {} ({})\n",
            runtime.version,
            runtime.path.display(),
            runtime.source
        ));
    }
    Ok(0)
}

fn explain(session: &Session, request: &Request) -> Result<u8, Failure> {
    let candidates = krepis_host::explain(request)?;
    if session.shell.is_json() {
        let list: Vec<_> = candidates
            .iter()
            .map(|candidate| {
                json!({
                    "source": candidate.source.to_string(),
                    "path": candidate.path,
                    "version": candidate.version.as_ref().map(ToString::to_string),
                    "verdict": verdict(&candidate.verdict),
                    "reason": candidate.why(),
                })
            })
            .collect();
        session.shell.json(&json!({ "schema": 1, "candidates": list }));
    } else {
        let width = candidates
            .iter()
            .map(|candidate| candidate.source.to_string().chars().count())
            .max()
            .unwrap_or_default();
        for candidate in &candidates {
            let version = candidate.version.as_ref().map(ToString::to_string);
            let path = candidate.path.as_ref().map(|path| path.display().to_string());
            session.shell.data(&format!(
                "{:7}  {:9}  {:width$}  {}: {}\n",
                verdict(&candidate.verdict),
                version.as_deref().unwrap_or("-"),
                candidate.source.to_string(),
                path.as_deref().unwrap_or("-"),
                candidate.why(),
            ));
        }
    }
    let chosen = candidates
        .iter()
        .any(|candidate| candidate.verdict == Verdict::Chosen);
    if chosen {
        return Ok(0);
    }
    krepis_host::find_node(request).map(|_| 0)
}

fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Chosen => "chosen",
        Verdict::Usable => "usable",
        Verdict::Refused(_) => "refused",
    }
}
