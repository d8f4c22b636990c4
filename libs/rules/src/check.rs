//! The whole workspace by its rules.

use krepis_change::{Failure, Tree, WorkspacePath};
use rayon::prelude::*;

use crate::baseline::{self, BaselineEntry};
use crate::config::Config;
use crate::errors;
use crate::judge::{Judge, Judged};
use crate::report::{Report, Violation};
use crate::source::Source;
use crate::view::View;
use crate::walk;

/// Judges every source file of the workspace. What the baseline excuses is counted apart.
///
/// # Errors
/// `KRP3008` an element without files, `KRP3010` a malformed baseline, `KRP3011` a folder that cannot be read.
pub fn check(tree: &dyn Tree, config: &Config) -> Result<Report, Failure> {
    let baseline = baseline::load(tree, config)?;
    let view = View::new(tree);
    let (files, judged) = krepis_facts::pool().install(|| judge_all(&view, config))?;
    if let Some(failure) = empty_elements(&view, config, &files, |_| true) {
        return Err(failure);
    }
    let mut report = Report {
        files: files.len(),
        ..Report::default()
    };
    let mut needed: Vec<BaselineEntry> = Vec::new();
    for judged in judged {
        report.edges += judged.edges;
        report.unknown.extend(judged.unknown);
        report.unclassified.extend(judged.unclassified);
        for violation in judged.violations {
            let entry = violation.entry();
            if baseline.0.contains(&entry) {
                needed.push(entry);
                report.excused.push(violation);
            } else {
                report.violations.push(violation);
            }
        }
    }
    report.baselined = report.excused.len();
    report.stale = baseline
        .0
        .into_iter()
        .filter(|entry| !needed.contains(entry))
        .collect();
    Ok(report)
}

/// Every violation of a tree, baseline or not. For comparing two trees.
pub fn violations(tree: &dyn Tree, config: &Config) -> Result<Vec<Violation>, Failure> {
    let view = View::new(tree);
    let (_, judged) = krepis_facts::pool().install(|| judge_all(&view, config))?;
    Ok(judged.into_iter().flat_map(|judged| judged.violations).collect())
}

fn judge_all(view: &View<'_>, config: &Config) -> Result<(Vec<WorkspacePath>, Vec<Judged>), Failure> {
    let files = sources(view, config)?;
    let judge = Judge::new(config);
    let judged = files
        .par_iter()
        .filter_map(|path| Source::read(view, path))
        .map(|source| judge.file(view, &source))
        .collect();
    Ok((files, judged))
}

/// The walk, with its failure as the user reads it.
pub fn sources(view: &View<'_>, config: &Config) -> Result<Vec<WorkspacePath>, Failure> {
    walk::sources(view, config).map_err(|(folder, error)| {
        let name = if folder.as_str().is_empty() {
            "the workspace"
        } else {
            folder.as_str()
        };
        Failure::new(&errors::UNREADABLE, format!("{name} cannot be listed"))
            .reason(error.to_string())
            .hint("make it readable, or name it in `ignore` of krepis.json")
    })
}

/// Elements that should have files and have none, of those that `asked` is true for.
pub fn empty_elements(
    view: &View<'_>,
    config: &Config,
    files: &[WorkspacePath],
    asked: impl Fn(usize) -> bool,
) -> Option<Failure> {
    let mut used = vec![false; config.elements.len()];
    for file in files {
        if let Some(index) = config.element_of(file) {
            used[index] = true;
        }
    }
    let empty = config.elements.iter().enumerate().filter(|(index, element)| {
        !used[*index] && !element.optional && asked(*index) && !walk::has_file(view, config, *index)
    });
    Failure::join(empty.map(|(_, element)| {
        let globs = element.files.written.join("`, `");
        let (line, column) = element.place;
        Failure::new(&errors::EMPTY_ELEMENT, format!("the element `{}` has no files", element.name))
            .at(config.shown_path(), line, column)
            .reason(format!(
                "no file matches `{globs}` that an element before it does not take; rules about it would guard nothing"
            ))
            .hint("mend the globs, or say \"optional\": true if files are still to come")
    }))
}
