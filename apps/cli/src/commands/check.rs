//! `krepis check`: the architecture rules on the whole workspace.

use krepis_change::{Change, Failure, Tree};
use serde_json::json;

use crate::arguments::CheckArguments;
use crate::output::failure_json;
use crate::session::{Session, config};

pub fn run(session: &Session, arguments: &CheckArguments) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    let tree = workspace.tree();
    let config = config(&tree)?;
    let report = krepis_rules::check(&tree, &config)?;
    if arguments.write_baseline {
        let meta = Session::meta(&workspace, "baseline");
        let applied = session.transact(
            &workspace,
            meta,
            &mut |tree: &dyn Tree| -> Result<Change, Failure> {
                krepis_rules::baseline_change(tree, &config, &krepis_rules::check(tree, &config)?)
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
