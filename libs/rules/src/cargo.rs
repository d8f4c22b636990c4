//! Cargo manifests as sources: a crate depends on the crates its Cargo.toml names.
//!
//! So the arrows between crates stand in krepis.json beside those between TypeScript libraries. Development dependencies
//! are not part of what is built, and Cargo lets them go in a circle: rules about files leave them out, rules about projects
//! do not.

use std::collections::BTreeMap;
use std::sync::Arc;

use krepis_change::{FileState, Transition, WorkspacePath};
use krepis_facts::{Lines, Place};
use toml_edit::{Document, Item, TableLike, TomlError};

use crate::manifest::{Declared, Means};
use crate::resolve::{Target, normalize};
use crate::view::{View, join, split};

/// The name of a manifest.
pub const MANIFEST: &str = "Cargo.toml";

/// The key of the npm packages that a crate runs.
pub const RUNS: &str = "package.metadata.nx.runs";

/// True for a Cargo.toml.
pub fn is_manifest(path: &str) -> bool {
    split(path).1 == MANIFEST
}

/// What a manifest declares, in the order it stands there.
///
/// # Errors
/// Why it is not TOML, and where.
pub fn read(text: &str) -> Result<Vec<Declared>, (String, Place)> {
    let lines = Lines::new(text);
    let place = |span: Option<std::ops::Range<usize>>| {
        let span = span.unwrap_or(0..0);
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        lines.place(offset(span.start), offset(span.end))
    };
    let document = Document::parse(text).map_err(|error| (message(&error), place(error.span())))?;
    let mut found = Vec::new();
    for (section, table) in dependency_tables(document.as_table()) {
        for (name, item) in table.iter() {
            found.push(Declared {
                specifier: name.to_owned(),
                section,
                dev: section.starts_with("dev"),
                at: place(table.get_key_value(name).and_then(|(key, _)| key.span())),
                home: None,
                means: means(name, item),
            });
        }
    }
    let runs = document
        .get("package")
        .and_then(|package| inner(package, "metadata"))
        .and_then(|metadata| inner(metadata, "nx"))
        .and_then(|nx| inner(nx, "runs"));
    for entry in runs.and_then(Item::as_array).into_iter().flatten() {
        let Some(folder) = entry.as_str() else { continue };
        found.push(Declared {
            specifier: folder.to_owned(),
            section: RUNS,
            dev: false,
            at: place(entry.span()),
            home: None,
            means: Means::Project(folder.to_owned()),
        });
    }
    found.sort_by_key(|declared| declared.at);
    Ok(found)
}

fn inner<'i>(item: &'i Item, key: &str) -> Option<&'i Item> {
    item.as_table_like()?.get(key)
}

fn message(error: &TomlError) -> String {
    error
        .message()
        .lines()
        .next()
        .unwrap_or("it is not TOML")
        .to_owned()
}

/// The tables of dependencies, of targets too, with their names. Cargo still reads the names it had before 1.0.
fn dependency_tables(root: &dyn TableLike) -> Vec<(&'static str, &dyn TableLike)> {
    const NAMES: [&str; 5] = [
        "dependencies",
        "build-dependencies",
        "dev-dependencies",
        "build_dependencies",
        "dev_dependencies",
    ];
    let mut found = Vec::new();
    let targets = root.get("target").and_then(Item::as_table_like);
    let targets = targets
        .into_iter()
        .flat_map(|targets| targets.iter())
        .filter_map(|(_, item)| item.as_table_like());
    for table in std::iter::once(root).chain(targets) {
        for name in NAMES {
            found.extend(
                table
                    .get(name)
                    .and_then(Item::as_table_like)
                    .map(|table| (name, table)),
            );
        }
    }
    found
}

fn means(name: &str, item: &Item) -> Means {
    let table = item.as_table_like();
    let text = |key: &str| table.and_then(|table| table.get(key)?.as_str());
    let is_inherited = table.and_then(|table| table.get("workspace")?.as_bool()) == Some(true);
    match (text("path"), is_inherited) {
        (Some(path), _) => Means::Crate(path.to_owned()),
        (None, true) => Means::Inherited(name.to_owned()),
        (None, false) => Means::ExternalCrate(text("package").unwrap_or(name).to_owned()),
    }
}

/// The crate in a folder, from the folder of the manifest that names it.
pub fn at(view: &View<'_>, folder: &str, path: &str) -> Target {
    if path.starts_with('/') {
        return Target::Unknown("it is an absolute path");
    }
    let Some(home) = normalize(folder, path) else {
        return Target::Unknown("it leads out of the workspace");
    };
    let manifest = join(&home, MANIFEST);
    match WorkspacePath::parse(&manifest) {
        Ok(path) if view.has_file(&manifest) => Target::File(path),
        _ => Target::Unknown("no crate is there"),
    }
}

/// What `[workspace.dependencies]` of a manifest says.
pub type Shared = BTreeMap<String, Means>;

/// `NAME.workspace = true`: as the nearest manifest above says in `[workspace.dependencies]`.
pub fn inherited(view: &View<'_>, folder: &str, name: &str) -> Target {
    let mut home = folder;
    loop {
        if let Some(shared) = shared_of(view, home) {
            return match shared.get(name) {
                Some(Means::Crate(path)) => at(view, home, path),
                Some(Means::ExternalCrate(name)) => Target::Crate(name.clone()),
                Some(_) => Target::Unknown("it names no crate"),
                None => Target::Unknown("the workspace's Cargo.toml does not name it"),
            };
        }
        if home.is_empty() {
            return Target::Unknown("no Cargo.toml above has a [workspace]");
        }
        home = split(home).0;
    }
}

/// Of the manifest of a folder; `None` if it has no `[workspace]`.
fn shared_of(view: &View<'_>, folder: &str) -> Option<Arc<Shared>> {
    view.shared.get(folder, || {
        let text = view.read_text(&join(folder, MANIFEST))?;
        shared(&text).map(Arc::new)
    })
}

fn shared(text: &str) -> Option<Shared> {
    let document = Document::parse(text).ok()?;
    let table = document.get("workspace")?.as_table_like()?;
    let named = table.get("dependencies").and_then(Item::as_table_like);
    let named = named.into_iter().flat_map(|table| table.iter());
    Some(
        named
            .map(|(name, item)| (name.to_owned(), means(name, item)))
            .collect(),
    )
}

/// True if a change of a manifest can alter what other manifests mean, or which projects there are.
pub fn is_structural(transition: &Transition) -> bool {
    // Nothing else of a manifest is read through another.
    let parts = |state: &FileState| {
        let text = state.as_text()?;
        let document = Document::parse(text).ok()?;
        let package = document.get("package");
        let name = package.and_then(|package| Some(inner(package, "name")?.as_str()?.to_owned()));
        let tags = crate::project::nx(&document, "tags");
        Some((shared(text), package.is_some(), name, tags))
    };
    transition.before.is_absent() != transition.after.is_absent()
        || parts(&transition.before) != parts(&transition.after)
}

#[cfg(test)]
mod tests {
    use krepis_change::MemoryTree;

    use super::*;
    use crate::manifest::resolve;

    #[test]
    fn a_manifest_names_the_crates_it_depends_on() {
        let text = "[package]\nname = \"a\"\n\n[dependencies]\nb = { path = \"../b\" }\nc.workspace = true\nserde = \"1\"\nx = { package = \"y\", version = \"1\" }\n\n[target.'cfg(unix)'.dependencies]\nd = { workspace = true }\n\n[dev-dependencies]\nz = \"1\"\n\n[package.metadata.nx]\nruns = [\"../web\"]\n";
        let tree = MemoryTree::of(&[
            (
                "Cargo.toml",
                "[workspace.dependencies]\nc = { path = \"libs/c\" }\nd = \"1\"\n",
            ),
            ("libs/a/Cargo.toml", text),
            ("libs/b/Cargo.toml", ""),
            ("libs/c/Cargo.toml", ""),
            ("libs/web/package.json", "{}"),
        ]);
        let view = View::new(&tree);
        let from = WorkspacePath::parse("libs/a/Cargo.toml").unwrap();
        let found: Vec<String> = read(text)
            .unwrap()
            .iter()
            .map(|one| {
                let dev = if one.dev { " dev" } else { "" };
                format!("{} {}{dev}", one.at.line, resolve(&view, &from, &one.means))
            })
            .collect();
        assert_eq!(
            found,
            [
                "5 libs/b/Cargo.toml",
                "6 libs/c/Cargo.toml",
                "7 cargo:serde",
                "8 cargo:y",
                "11 cargo:d",
                "14 cargo:z dev",
                "17 libs/web/package.json",
            ]
        );
        assert_eq!(
            resolve(&view, &from, &Means::Crate("../none".to_owned())),
            Target::Unknown("no crate is there")
        );
        assert!(matches!(
            resolve(&view, &from, &Means::Inherited("none".to_owned())),
            Target::Unknown(_)
        ));
    }

    #[test]
    fn a_manifest_that_is_not_toml_has_the_line() {
        assert_eq!(read("[package]\nname = \n").unwrap_err().1.line, 2);
    }
}
