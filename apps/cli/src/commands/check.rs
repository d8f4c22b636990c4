//! `krepis check`: the architecture rules on the whole workspace.

use std::path::Path;

use krepis_change::{Change, Failure, Tree};
use krepis_rules::{ProjectGraph, Step};
use serde_json::{Value, json};

use crate::arguments::CheckArguments;
use crate::output::failure_json;
use crate::session::{Session, config};

pub fn run(session: &Session, arguments: &CheckArguments) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    let tree = workspace.tree();
    let config = config(&tree)?;
    let graph = arguments
        .graph
        .as_deref()
        .map(|file| graph(session, file))
        .transpose()?;
    let report = krepis_rules::check_graph(&tree, &config, graph.as_ref())?;
    if arguments.write_baseline {
        let meta = Session::meta(&workspace, "baseline");
        let applied = session.transact(
            &workspace,
            meta,
            &mut |tree: &dyn Tree| -> Result<Change, Failure> {
                let report = krepis_rules::check_graph(tree, &config, graph.as_ref())?;
                krepis_rules::baseline_change(tree, &config, &report)
            },
        )?;
        session.report(&applied, "baseline");
        return Ok(0);
    }
    if session.shell.is_json() {
        let violations: Vec<_> = report
            .violations
            .iter()
            .map(|violation| {
                let mut value = failure_json(&violation.to_failure());
                value["rule"] = violation.rule.as_str().into();
                value["from"] = violation.from.as_str().into();
                value["to"] = violation.to.as_str().into();
                if !violation.steps.is_empty() {
                    value["steps"] = violation.steps.iter().map(step_json).collect();
                }
                value
            })
            .collect();
        session.shell.json(&json!({
            "schema": 1,
            "violations": violations,
            "baselined": report.baselined,
            "unknown": report.unknown.len(),
            "unclassified": report.unclassified.len(),
            "files": report.files,
            "edges": report.edges,
        }));
    } else {
        for violation in &report.violations {
            session.shell.fail(&violation.to_failure());
        }
        for note in report.notes() {
            session.shell.warn(&note);
        }
        session.shell.say(&format!(
            "{} violations, {} in the baseline, {} unknown; {} files, {} edges.",
            report.violations.len(),
            report.baselined,
            report.unknown.len(),
            report.files,
            report.edges
        ));
    }
    Ok(u8::from(!report.violations.is_empty()))
}

fn graph(session: &Session, file: &Path) -> Result<ProjectGraph, Failure> {
    let bytes = session.input(file)?;
    let shown = if file == Path::new("-") {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    };
    ProjectGraph::parse(&String::from_utf8_lossy(&bytes), &shown)
}

fn step_json(step: &Step) -> Value {
    json!({
        "from": step.from,
        "to": step.to,
        "at": { "path": step.path.as_str(), "line": step.line, "column": step.column },
    })
}
