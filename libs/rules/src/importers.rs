//! Which unchanged files could mean something else after a change: those that import what is created or deleted.
//!
//! There is no index of importers to ask, so the text is searched for the names a file can be imported by; only what has
//! one is parsed. Of created files only those matter whose import could break a rule, so most files are not even read.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use krepis_change::{Change, Failure, WorkspacePath};
use rayon::prelude::*;

use crate::check::sources;
use crate::judge::{Counts, Judge};
use crate::resolve::{Members, Package, Target, TsConfig};
use crate::side::Side;
use crate::source::Source;
use crate::view::{Cache, View, split};

/// Unchanged files that may import what the change creates or deletes, parsed. `view` is the tree before.
pub fn affected(view: &View<'_>, judge: &Judge<'_>, change: &Change) -> Result<Vec<Source>, Failure> {
    let config = judge.config;
    let came = |before: bool| {
        change
            .transitions
            .iter()
            .filter(move |transition| {
                transition.before.is_absent() != transition.after.is_absent()
                    && transition.before.is_absent() == before
            })
            .map(|transition| &transition.path)
    };
    let created: Vec<&WorkspacePath> = came(true).collect();
    let deleted: Vec<&WorkspacePath> = came(false).collect();
    if created.is_empty() && deleted.is_empty() {
        return Ok(Vec::new());
    }
    // A new file means something new only to elements that may not depend on it.
    let targets: Vec<(Target, Side)> = created
        .iter()
        .map(|path| {
            let target = Target::File((*path).clone());
            let side = Side::of_target(judge, view, &target);
            (target, side)
        })
        .collect();
    let mind = |from: &Side| {
        targets.iter().any(|(target, to)| {
            !judge.broken(from, target, to, Counts::default()).is_empty()
                || to.file.is_none() && to.project.is_none() && !judge.is_free(from)
        })
    };
    if !judge.has_projects
        && deleted.is_empty()
        && !(0..config.elements.len()).any(|element| {
            mind(&Side {
                file: Some(element),
                ..Side::default()
            })
        })
    {
        return Ok(Vec::new());
    }
    // What binds a file is its element and its project: few answers for many files.
    let known: Cache<bool> = Cache::default();
    let minds = |path: &WorkspacePath| {
        let side = Side::of_file(judge, view, path);
        let home = side.home.as_ref().map_or("", |home| home.root.as_str());
        known.get(&format!("{:?} {home}", side.file), || mind(&side))
    };
    // Where rules are transitive, every new edge between projects counts.
    let reads_all = !deleted.is_empty() || judge.keeps_hops;
    let changed: BTreeSet<&WorkspacePath> = change
        .transitions
        .iter()
        .map(|transition| &transition.path)
        .collect();
    let files: Vec<WorkspacePath> = sources(view, config)?
        .into_iter()
        .filter(|path| !changed.contains(path))
        .filter(|path| reads_all || minds(path))
        .collect();
    let names = Names::of(view, &files, created.into_iter().chain(deleted));
    let Some(finder) = names.finder() else {
        return Ok(Vec::new());
    };
    Ok(files
        .par_iter()
        .filter_map(|path| {
            let bytes = view.read(path)?;
            (names.is_inside(path) || finder.is_match(&*bytes)).then(|| Source::of(path, bytes))
        })
        .collect())
}

/// The texts by which files can be imported.
#[derive(Debug, Default)]
struct Names {
    texts: BTreeSet<String>,
    /// Folders whose index changed: files inside may say `.` or `..`.
    folders: Vec<String>,
}

impl Names {
    fn of<'p>(
        view: &View<'_>,
        files: &[WorkspacePath],
        paths: impl Iterator<Item = &'p WorkspacePath>,
    ) -> Self {
        let aliases = aliases(view, files);
        let mut names = Self::default();
        for path in paths {
            let stem = without_extension(path.as_str());
            let (folder, name) = split(stem);
            if name == "index" {
                names
                    .texts
                    .extend(["/index", "'index", "\"index", "`index"].map(str::to_owned));
                names
                    .texts
                    .extend(Some(split(folder).1.to_owned()).filter(|name| !name.is_empty()));
                names.folders.push(folder.to_owned());
            } else {
                names.texts.insert(name.to_owned());
            }
            for (alias, target) in &aliases {
                names.texts.extend(named_by(alias, target, stem));
            }
        }
        names.texts.retain(|text| !text.is_empty());
        names
    }

    fn finder(&self) -> Option<AhoCorasick> {
        AhoCorasick::new(&self.texts).ok()
    }

    fn is_inside(&self, path: &WorkspacePath) -> bool {
        self.folders.iter().any(|folder| {
            folder.is_empty()
                || path
                    .as_str()
                    .strip_prefix(folder.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

/// What an importer writes if the alias leads to the file: `@app/orders` for `@app/*` -> `libs/*/src/index.ts`.
fn named_by(alias: &str, target: &str, stem: &str) -> Option<String> {
    let target = without_extension(target);
    let Some((before, after)) = target.split_once('*') else {
        let leads = stem == target || stem.strip_prefix(target).is_some_and(|rest| rest == "/index");
        return leads.then(|| alias.split('*').next().unwrap_or_default().to_owned());
    };
    let star = stem.strip_prefix(before)?.strip_suffix(after)?;
    Some(alias.replacen('*', star, 1))
}

/// Names other than paths that lead to files: of every tsconfig.json and package.json that holds for one of `files`.
fn aliases(view: &View<'_>, files: &[WorkspacePath]) -> Vec<(String, String)> {
    let mut folders: BTreeSet<&str> = BTreeSet::from([""]);
    for file in files {
        let mut folder = split(file.as_str()).0;
        while folders.insert(folder) {
            folder = split(folder).0;
        }
    }
    folders.extend(Members::of(view).folders());
    let mut found = BTreeSet::new();
    for folder in folders {
        if view.has_file(&crate::view::join(folder, "tsconfig.json"))
            || view.has_file(&crate::view::join(folder, "jsconfig.json"))
        {
            let tsconfig = TsConfig::nearest(view, folder);
            let pairs = tsconfig.iter().flat_map(|tsconfig| tsconfig.aliases());
            found.extend(pairs.map(|(alias, target)| (alias.to_owned(), target.to_owned())));
        }
        if let Some(package) = Package::at(view, folder) {
            found.extend(package.aliases());
            // `./folder` leads to what its package.json calls `main`.
            let entries = package
                .main()
                .filter_map(|main| crate::resolve::normalize(folder, main));
            found.extend(entries.map(|entry| (split(folder).1.to_owned(), entry)));
        }
    }
    found.into_iter().collect()
}

/// A path without what an import may leave out or write otherwise.
fn without_extension(path: &str) -> &str {
    const ENDINGS: [&str; 12] = [
        ".d.ts", ".d.mts", ".d.cts", ".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json",
    ];
    ENDINGS
        .iter()
        .find_map(|ending| path.strip_suffix(ending))
        .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_names_a_file_as_an_importer_writes_it() {
        assert_eq!(
            named_by("@app/*", "libs/*/src/index.ts", "libs/orders/src/index").as_deref(),
            Some("@app/orders")
        );
        assert_eq!(
            named_by("@core", "src/core", "src/core/index").as_deref(),
            Some("@core")
        );
        assert_eq!(
            named_by("#db", "src/database.js", "src/database").as_deref(),
            Some("#db")
        );
        assert_eq!(named_by("#db", "src/database.js", "src/data"), None);
        assert_eq!(without_extension("a/b.d.ts"), "a/b");
        assert_eq!(without_extension("a/b.service.ts"), "a/b.service");
    }
}
