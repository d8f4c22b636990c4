//! Which files are analysed.

use krepis_change::{EntryKind, WorkspacePath};
use rayon::prelude::*;

use crate::config::Config;
use crate::manifest;
use crate::source::is_analysed;
use crate::view::View;

/// Folders that hold nothing of the workspace's own.
pub fn is_skipped(name: &str) -> bool {
    name.starts_with('.') || matches!(name, "node_modules" | "dist")
}

/// Every JavaScript and TypeScript file and manifest below the configured root and the folders that elements name, sorted.
/// Not followed: symbolic links. Left out: `node_modules`, `dist`, hidden folders, and what `ignore` names.
///
/// # Errors
/// The folder that cannot be listed.
pub fn sources(
    view: &View<'_>,
    config: &Config,
) -> Result<Vec<WorkspacePath>, (WorkspacePath, std::io::Error)> {
    let mut found = Vec::new();
    for root in roots(config) {
        found.extend(below(view, config, &root)?);
    }
    // Manifests of the root say what those below mean, wherever these lie.
    if config.has_projects() {
        let listed = view
            .list(&WorkspacePath::root())
            .map_err(|error| (WorkspacePath::root(), error))?;
        let manifests = listed
            .iter()
            .filter(|(name, kind)| **kind == EntryKind::File && manifest::kind_of(name).is_some());
        found.extend(manifests.filter_map(|(name, _)| WorkspacePath::parse(name).ok()));
    }
    found.par_sort_unstable();
    found.dedup();
    Ok(found)
}

/// True if [`sources`] would name the file, were it there.
pub fn is_covered(config: &Config, path: &WorkspacePath) -> bool {
    let path = path.as_str();
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    if folders.is_empty() && config.has_projects() && manifest::kind_of(path).is_some() {
        return true;
    }
    is_analysed(config, path)
        && !config.ignore.matches(path)
        && roots(config).iter().any(|root| {
            let rest = match root.as_str() {
                "" => Some(folders),
                root => folders
                    .strip_prefix(root)
                    .filter(|rest| rest.is_empty() || rest.starts_with('/')),
            };
            rest.is_some_and(|rest| !rest.split('/').any(|part| !part.is_empty() && is_skipped(part)))
        })
}

/// True if the file lies below the configured root.
pub fn is_below_root(config: &Config, path: &WorkspacePath) -> bool {
    let root = config.root.0.as_str();
    root.is_empty()
        || path
            .as_str()
            .strip_prefix(root)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// The folders walked, none of them inside another.
fn roots(config: &Config) -> Vec<WorkspacePath> {
    let mut roots = vec![config.root.0.as_str()];
    roots.extend(
        config
            .elements
            .iter()
            .flat_map(|element| element.files.roots())
            .map(String::as_str),
    );
    roots.extend(
        config
            .elements
            .iter()
            .flat_map(|element| element.projects.project_roots()),
    );
    let inside = |inner: &str, outer: &str| {
        outer.is_empty() && !inner.is_empty()
            || inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.starts_with('/'))
    };
    roots.sort_unstable();
    roots.dedup();
    let outermost = roots
        .iter()
        .filter(|root| !roots.iter().any(|other| inside(root, other)));
    outermost
        .filter_map(|root| {
            if root.is_empty() {
                Some(WorkspacePath::root())
            } else {
                WorkspacePath::parse(root).ok()
            }
        })
        .collect()
}

type Found = Result<Vec<WorkspacePath>, (WorkspacePath, std::io::Error)>;

fn below(view: &View<'_>, config: &Config, folder: &WorkspacePath) -> Found {
    let entries = view.list(folder).map_err(|error| (folder.clone(), error))?;
    let mut files = Vec::new();
    let mut folders = Vec::new();
    for (name, kind) in entries.iter() {
        // A name that is no workspace path (a backslash on Unix) cannot be imported either.
        let path = match kind {
            EntryKind::Directory if !is_skipped(name) => folder.child(name),
            EntryKind::File if is_analysed(config, name) => folder.child(name),
            _ => continue,
        };
        match path {
            Ok(path) if *kind == EntryKind::Directory && config.ignore.takes_folder(path.as_str()) => {}
            Ok(path) if *kind == EntryKind::Directory => folders.push(path),
            Ok(path) if !config.ignore.matches(path.as_str()) => files.push(path),
            _ => {}
        }
    }
    let deeper: Result<Vec<_>, _> = folders
        .par_iter()
        .map(|folder| below(view, config, folder))
        .collect();
    files.extend(deeper?.into_iter().flatten());
    Ok(files)
}

/// True if any file at all, of whatever kind, belongs to an element.
pub fn has_file(view: &View<'_>, config: &Config, element: usize) -> bool {
    let mut folders: Vec<String> = config.elements[element].files.roots().to_vec();
    while let Some(folder) = folders.pop() {
        for (name, kind) in view.folder(&folder).iter() {
            let path = crate::view::join(&folder, name);
            if *kind == EntryKind::Directory {
                if !is_skipped(name) {
                    folders.push(path);
                }
            } else if WorkspacePath::parse(&path).is_ok_and(|path| config.element_of(&path) == Some(element))
            {
                return true;
            }
        }
    }
    false
}
