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
                let (verdict, reason) = verdict(&candidate.verdict);
                json!({
                    "source": candidate.source.to_string(),
                    "path": candidate.path,
                    "version": candidate.version.as_ref().map(ToString::to_string),
                    "verdict": verdict,
                    "reason": reason,
                })
            })
            .collect();
        session.shell.json(&json!({ "schema": 1, "candidates": list }));
    } else {
        for candidate in &candidates {
            let (verdict, reason) = verdict(&candidate.verdict);
            session.shell.data(&format!(
                "{verdict:8} {:10} {:24} {}{}\n",
                candidate
                    .version
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), ToString::to_string),
                candidate.source.to_string(),
                candidate
                    .path
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), |path| path.display().to_string()),
                reason.map(|reason| format!(": {reason}")).unwrap_or_default(),
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

fn verdict(verdict: &Verdict) -> (&'static str, Option<&str>) {
    match verdict {
        Verdict::Chosen => ("chosen", None),
        Verdict::Usable => ("usable", None),
        Verdict::Refused(reason) => ("refused", Some(reason)),
    }
}
