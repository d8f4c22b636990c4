//! The whole workspace by its rules.

use std::collections::BTreeSet;

use krepis_change::{Failure, Tree, WorkspacePath};
use krepis_facts::code_frame;
use rayon::prelude::*;

use crate::baseline::{self, BaselineEntry};
use crate::config::Config;
use crate::errors;
use crate::graph::{GraphEdge, ProjectGraph};
use crate::judge::{Counts, Judge, Judged, code_of, frame};
use crate::manifest::{self, Kind};
use crate::project::{self, Project};
use crate::reach::{self, Hops};
use crate::report::{Report, Violation};
use crate::resolve::Members;
use crate::side::Side;
use crate::source::Source;
use crate::view::{View, split};
use crate::walk;

/// Judges every source file and manifest of the workspace. What the baseline excuses is counted apart.
///
/// # Errors
/// `KRP3006` a tag that neither an element nor a project has, `KRP3008` an element without files or projects, `KRP3010` a
/// malformed baseline, `KRP3011` a folder that cannot be read, `KRP3012` a manifest that does not parse (all of them).
pub fn check(tree: &dyn Tree, config: &Config) -> Result<Report, Failure> {
    check_graph(tree, config, None)
}

/// The same, and the edges of a project graph that the workspace's own files do not show.
///
/// # Errors
/// Those of [`check`]; `KRP3014` if a graph is given and no element has projects: it would guard nothing.
pub fn check_graph(
    tree: &dyn Tree,
    config: &Config,
    graph: Option<&ProjectGraph>,
) -> Result<Report, Failure> {
    if graph.is_some() && !config.has_projects() {
        return Err(Failure::new(
            &errors::NO_PROJECTS,
            "no element of krepis.json has projects, so no rule speaks of the edges of a project graph",
        )
        .at(config.shown_path(), 0, 0)
        .hint("add { \"name\": \"projects\", \"projects\": [\"**\"] } to `elements`; rules may then say tag:x of a project's own tags"));
    }
    let baseline = baseline::load(tree, config)?;
    let view = View::with_graph(tree, graph);
    let judge = Judge::new(config);
    let judge = if graph.is_some() {
        judge.keeping_hops()
    } else {
        judge
    };
    let (files, judged) = krepis_facts::pool().install(|| judge_all(&view, &judge))?;
    let broken: Vec<Failure> = judged.iter().filter_map(|(_, broken)| broken.clone()).collect();
    if let Some(failure) = Failure::join(broken) {
        return Err(failure);
    }
    if let Some(failure) = empty_elements(&view, config, &files, |_| true) {
        return Err(failure);
    }
    if let Some(failure) = unknown_tags(&view, config, &files) {
        return Err(failure);
    }
    let mut report = Report {
        files: files.len(),
        ..Report::default()
    };
    let mut found: Vec<Violation> = Vec::new();
    let mut hops = Hops::default();
    for (judged, _) in judged {
        report.edges += judged.edges;
        report.unknown.extend(judged.unknown);
        report.unclassified.extend(judged.unclassified);
        found.extend(judged.violations);
        judged.hops.into_iter().for_each(|hop| hops.add(hop));
    }
    for edge in graph.map_or(&[][..], ProjectGraph::edges) {
        if !hops.has(&edge.from, &edge.to) {
            report.edges += 1;
            found.extend(by_graph(&judge, &view, edge));
            hops.add(edge.hop(&view));
        }
    }
    found.extend(reach::violations(&judge, &view, &hops));
    found.sort_by(|left, right| {
        (&left.path, left.line, left.column).cmp(&(&right.path, right.line, right.column))
    });
    let mut needed: Vec<BaselineEntry> = Vec::new();
    for violation in found {
        let entry = violation.entry();
        if baseline.0.contains(&entry) {
            needed.push(entry);
            report.excused.push(violation);
        } else {
            report.violations.push(violation);
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
    let judge = Judge::new(config);
    let (_, judged) = krepis_facts::pool().install(|| judge_all(&view, &judge))?;
    let mut hops = Hops::default();
    let mut found = Vec::new();
    for (judged, _) in judged {
        found.extend(judged.violations);
        judged.hops.into_iter().for_each(|hop| hops.add(hop));
    }
    found.extend(reach::violations(&judge, &view, &hops));
    Ok(found)
}

type All = (Vec<WorkspacePath>, Vec<(Judged, Option<Failure>)>);

fn judge_all(view: &View<'_>, judge: &Judge<'_>) -> Result<All, Failure> {
    let files = sources(view, judge.config)?;
    let judged = files
        .par_iter()
        .filter_map(|path| Source::read(view, path))
        .map(|source| (judge.file(view, &source), unreadable(view, judge, &source)))
        .collect();
    Ok((files, judged))
}

/// The failure of a manifest that cannot be read although rules depend on what it says.
fn unreadable(view: &View<'_>, judge: &Judge<'_>, source: &Source) -> Option<Failure> {
    let unknown = source.facts.unknown?;
    let kind = manifest::kind_of(source.path.as_str())?;
    let folder = split(source.path.as_str()).0;
    let counts = match kind {
        Kind::Generation | Kind::Yaml => true,
        _ if folder.is_empty() && judge.has_projects => true,
        _ => {
            let side = Side::of_file(judge, view, &source.path);
            side.project.is_some()
                || !side.tags().is_empty()
                || kind == Kind::Cargo && side.file.is_some()
                || kind == Kind::Package && Members::of(view).is_broken(folder)
        }
    };
    if !counts {
        return None;
    }
    let what = match kind {
        Kind::Generation => "so it is unknown which projects hold code generated from messages",
        Kind::Yaml => "so it is unknown what other manifests mean",
        _ => "so what its project depends on is unknown",
    };
    let failure = Failure::new(
        &errors::MANIFEST,
        format!("{} cannot be read, {what}", source.path),
    );
    let failure = match source.facts.errors.first() {
        Some(error) => failure
            .at(source.path.as_str(), error.at.line, error.at.column)
            .reason(format!(
                "{}\n{}",
                error.message,
                code_frame(source.text(), error.at)
            )),
        None => failure.at_path(&source.path).reason(unknown.reason()),
    };
    Some(failure.hint("mend it, or name it in `ignore` of krepis.json if it is no project"))
}

/// The violations of an edge that only a graph knows.
fn by_graph(judge: &Judge<'_>, view: &View<'_>, edge: &GraphEdge) -> Vec<Violation> {
    let target = edge.to.target();
    let from = Side::of_folder(judge, view, &edge.from);
    let to = Side::of_target(judge, view, &target);
    let counts = Counts {
        projects_only: true,
        ..Counts::default()
    };
    let broken = judge.broken(&from, &target, &to, counts);
    if broken.is_empty() {
        return Vec::new();
    }
    let (path, at) = edge.place(view);
    let one = |broken: &crate::judge::Broken<'_>| Violation {
        code: code_of(broken.rule),
        rule: broken.rule.id.clone(),
        path: path.clone(),
        line: at.line,
        column: at.column,
        from: judge.name_of(broken.from, &from, None),
        to: judge.name_of(broken.to, &to, Some(&target)),
        specifier: edge.target.clone(),
        section: Some(edge.section()),
        target: target.to_string(),
        type_only: false,
        frame: frame(view, &path, at),
        why: broken.rule.why.clone(),
        fix: broken
            .rule
            .fix
            .clone()
            .unwrap_or_else(|| judge.fix(broken, &from, &to, &target, true)),
        steps: Vec::new(),
    };
    broken.iter().map(one).collect()
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

/// Folders of all projects that the walk found, or a graph knows.
fn projects(view: &View<'_>, files: &[WorkspacePath]) -> BTreeSet<String> {
    let folders = files
        .iter()
        .filter(|path| manifest::kind_of(path.as_str()).is_some())
        .map(|path| split(path.as_str()).0)
        .chain(project::modules(view).iter().map(String::as_str))
        .chain(view.graph.into_iter().flat_map(ProjectGraph::roots));
    let mut found: BTreeSet<String> = folders.map(str::to_owned).collect();
    found.retain(|folder| Project::at(view, folder).is_some());
    found
}

/// Elements that should have files or projects and have none, of those that `asked` is true for.
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
    let asked: Vec<(usize, &crate::config::Element)> = config
        .elements
        .iter()
        .enumerate()
        .filter(|(index, element)| !element.optional && asked(*index))
        .collect();
    let mut failures: Vec<Failure> = Vec::new();
    for (index, element) in &asked {
        if !element.files.written.is_empty() && !used[*index] && !walk::has_file(view, config, *index) {
            let globs = element.files.written.join("`, `");
            let (line, column) = element.place;
            failures.push(
                Failure::new(
                    &errors::EMPTY_ELEMENT,
                    format!("the element `{}` has no files", element.name),
                )
                .at(config.shown_path(), line, column)
                .reason(format!(
                    "no file matches `{globs}` that an element before it does not take; rules about it would guard nothing"
                ))
                .hint("mend the globs, or say \"optional\": true if files are still to come"),
            );
        }
    }
    if !asked
        .iter()
        .any(|(_, element)| !element.projects.written.is_empty())
    {
        return Failure::join(failures);
    }
    let projects = projects(view, files);
    let taken: BTreeSet<usize> = projects
        .iter()
        .filter_map(|root| config.project_element(root))
        .collect();
    for (index, element) in asked {
        let (line, column) = element.place;
        let empty = |message: String, reason: String| {
            Failure::new(&errors::EMPTY_ELEMENT, message)
                .at(config.shown_path(), line, column)
                .reason(reason)
                .hint(format!(
                    "mend the globs, or say \"optional\": true if projects are still to come; {}",
                    listed(&projects)
                ))
        };
        if element.projects.written.is_empty() {
            continue;
        }
        for (written, folder) in element.projects.literals() {
            if !projects.contains(folder) {
                failures.push(empty(
                    format!("`{written}` of the element `{}` is no project", element.name),
                    "the folder has no package.json with a name, no Cargo.toml with a [package], no project.json, and buf.yaml does not name it".to_owned(),
                ));
            }
        }
        if !taken.contains(&index) && element.projects.literals().next().is_none() {
            let globs = element.projects.written.join("`, `");
            failures.push(empty(
                format!("the element `{}` has no projects", element.name),
                format!(
                    "no project's folder matches `{globs}` that an element before it does not take; rules about it would guard nothing"
                ),
            ));
        }
    }
    Failure::join(failures)
}

fn listed(projects: &BTreeSet<String>) -> String {
    const SHOWN: usize = 8;
    let names: Vec<&str> = projects
        .iter()
        .filter(|root| !root.is_empty())
        .map(String::as_str)
        .collect();
    match names.len() {
        0 => "there is no project below this folder".to_owned(),
        count if count > SHOWN => {
            format!("projects: {}, … ({count} in all)", names[..SHOWN].join(", "))
        }
        _ => format!("projects: {}", names.join(", ")),
    }
}

/// Tags that a rule names and that no element and no project has.
fn unknown_tags(view: &View<'_>, config: &Config, files: &[WorkspacePath]) -> Option<Failure> {
    if config.open_tags.is_empty() {
        return None;
    }
    let projects = projects(view, files);
    let mut known: BTreeSet<String> = projects
        .iter()
        .filter_map(|root| Project::at(view, root))
        .flat_map(|project| project.tags.clone())
        .collect();
    let missing: Vec<_> = config
        .open_tags
        .iter()
        .filter(|open| !known.contains(&open.tag))
        .collect();
    known.extend(
        config
            .elements
            .iter()
            .flat_map(|element| element.tags.iter().cloned()),
    );
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    Failure::join(missing.into_iter().map(|open| {
        let (line, column) = open.place;
        Failure::new(&errors::CONFIG_REFERENCE, format!("there is no tag `{}`", open.tag))
            .at(config.shown_path(), line, column)
            .reason("no element has it, and no project in its package.json (`nx.tags`), project.json (`tags`) or Cargo.toml (`package.metadata.nx.tags`)")
            .hint(crate::config::hint(&open.tag, &names, "tags"))
    }))
}
