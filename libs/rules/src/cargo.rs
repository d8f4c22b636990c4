//! Cargo manifests as sources: a crate depends on the crates its Cargo.toml names.
//!
//! So the arrows between crates stand in krepis.json beside those between TypeScript libraries. Development dependencies
//! are left out: they are not part of what is built, and Cargo lets them go in a circle.

use krepis_change::{FileState, Transition, WorkspacePath};
use krepis_facts::{Facts, Import, ImportKind, Lines, SyntaxError, Unknown};
use toml_edit::{Document, Item, TableLike, TomlError};

use crate::resolve::{Target, normalize};
use crate::view::{View, join, split};

/// The name of a manifest.
pub const MANIFEST: &str = "Cargo.toml";

/// True for a Cargo.toml.
pub fn is_manifest(path: &str) -> bool {
    split(path).1 == MANIFEST
}

/// What a manifest says. A specifier is `path:FOLDER`, `workspace:NAME` or `crate:NAME`.
pub fn facts(text: &str) -> Facts {
    let lines = Lines::new(text);
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            let at = lines.place(offset(span.start), offset(span.end));
            let errors = vec![SyntaxError {
                message: message(&error),
                at,
            }];
            return Facts {
                unknown: Some(Unknown::Syntax),
                errors,
                ..Facts::default()
            };
        }
    };
    let mut facts = Facts::default();
    for table in dependency_tables(document.as_table()) {
        for (name, item) in table.iter() {
            let span = table
                .get_key_value(name)
                .and_then(|(key, _)| key.span())
                .unwrap_or(0..0);
            let at = lines.place(offset(span.start), offset(span.end));
            facts.imports.push(Import {
                kind: ImportKind::Static,
                specifier: specifier(name, item),
                type_only: false,
                names: Vec::new(),
                at,
                start: at.start,
                end: at.end,
            });
        }
    }
    facts.imports.sort_by_key(|import| import.at);
    facts
}

fn message(error: &TomlError) -> String {
    error
        .message()
        .lines()
        .next()
        .unwrap_or("it is not TOML")
        .to_owned()
}

/// `[dependencies]` and `[build-dependencies]`, of targets too.
fn dependency_tables(root: &dyn TableLike) -> Vec<&dyn TableLike> {
    let mut found = Vec::new();
    let targets = root.get("target").and_then(Item::as_table_like);
    let targets = targets
        .into_iter()
        .flat_map(|targets| targets.iter())
        .filter_map(|(_, item)| item.as_table_like());
    for table in std::iter::once(root).chain(targets) {
        for key in ["dependencies", "build-dependencies"] {
            found.extend(table.get(key).and_then(Item::as_table_like));
        }
    }
    found
}

fn specifier(name: &str, item: &Item) -> String {
    let table = item.as_table_like();
    let text = |key: &str| table.and_then(|table| table.get(key)?.as_str());
    let is_inherited = table.and_then(|table| table.get("workspace")?.as_bool()) == Some(true);
    match (text("path"), is_inherited) {
        (Some(path), _) => format!("path:{path}"),
        (None, true) => format!("workspace:{name}"),
        (None, false) => format!("crate:{}", text("package").unwrap_or(name)),
    }
}

/// What a specifier means in a manifest.
pub fn resolve(view: &View<'_>, from: &WorkspacePath, specifier: &str) -> Target {
    let folder = split(from.as_str()).0;
    match specifier.split_once(':') {
        Some(("path", path)) => at(view, folder, path),
        Some(("workspace", name)) => inherited(view, folder, name),
        Some((_, name)) => Target::Crate(name.to_owned()),
        None => Target::Unknown("it names no crate"),
    }
}

fn at(view: &View<'_>, folder: &str, path: &str) -> Target {
    let Some(home) = normalize(folder, path) else {
        return Target::Unknown("it leads out of the workspace");
    };
    let manifest = join(&home, MANIFEST);
    match WorkspacePath::parse(&manifest) {
        Ok(path) if view.has_file(&manifest) => Target::File(path),
        _ => Target::Unknown("no crate is there"),
    }
}

/// `NAME.workspace = true`: as the nearest manifest above says in `[workspace.dependencies]`.
fn inherited(view: &View<'_>, folder: &str, name: &str) -> Target {
    let mut home = folder;
    loop {
        let document = view
            .read_text(&join(home, MANIFEST))
            .and_then(|text| Document::parse(text).ok());
        let workspace = document
            .as_ref()
            .and_then(|document| document.get("workspace")?.as_table_like());
        if let Some(workspace) = workspace {
            let item = workspace
                .get("dependencies")
                .and_then(|table| table.as_table_like()?.get(name));
            return match item.map(|item| specifier(name, item)) {
                Some(specifier) => match specifier.split_once(':') {
                    Some(("path", path)) => at(view, home, path),
                    Some((_, name)) => Target::Crate(name.to_owned()),
                    None => Target::Unknown("it names no crate"),
                },
                None => Target::Unknown("the workspace's Cargo.toml does not name it"),
            };
        }
        if home.is_empty() {
            return Target::Unknown("no Cargo.toml above has a [workspace]");
        }
        home = split(home).0;
    }
}

/// True if a change of a manifest can alter what other manifests mean.
pub fn is_structural(transition: &Transition) -> bool {
    // What `[workspace.dependencies]` says; nothing else of a manifest is read through another.
    let shared = |state: &FileState| -> Option<Vec<String>> {
        let document = Document::parse(state.as_text()?).ok()?;
        let table = document.get("workspace")?.as_table_like()?;
        let dependencies = table.get("dependencies").and_then(Item::as_table_like);
        let named = dependencies.into_iter().flat_map(|table| table.iter());
        Some(
            named
                .map(|(name, item)| format!("{name} {}", specifier(name, item)))
                .collect(),
        )
    };
    transition.before.is_absent() != transition.after.is_absent()
        || shared(&transition.before) != shared(&transition.after)
}

#[cfg(test)]
mod tests {
    use krepis_change::MemoryTree;

    use super::*;

    #[test]
    fn a_manifest_names_the_crates_it_depends_on() {
        let text = "[package]\nname = \"a\"\n\n[dependencies]\nb = { path = \"../b\" }\nc.workspace = true\nserde = \"1\"\nx = { package = \"y\", version = \"1\" }\n\n[target.'cfg(unix)'.dependencies]\nd = { workspace = true }\n\n[dev-dependencies]\nz = \"1\"\n";
        let tree = MemoryTree::of(&[
            (
                "Cargo.toml",
                "[workspace.dependencies]\nc = { path = \"libs/c\" }\nd = \"1\"\n",
            ),
            ("libs/a/Cargo.toml", text),
            ("libs/b/Cargo.toml", ""),
            ("libs/c/Cargo.toml", ""),
        ]);
        let view = View::new(&tree);
        let from = WorkspacePath::parse("libs/a/Cargo.toml").unwrap();
        let found: Vec<String> = facts(text)
            .imports
            .iter()
            .map(|import| format!("{} {}", import.at.line, resolve(&view, &from, &import.specifier)))
            .collect();
        assert_eq!(
            found,
            [
                "5 libs/b/Cargo.toml",
                "6 libs/c/Cargo.toml",
                "7 cargo:serde",
                "8 cargo:y",
                "11 cargo:d"
            ]
        );
        assert_eq!(
            resolve(&view, &from, "path:../none"),
            Target::Unknown("no crate is there")
        );
        assert!(matches!(
            resolve(&view, &from, "workspace:none"),
            Target::Unknown(_)
        ));
    }

    #[test]
    fn a_manifest_that_is_not_toml_has_the_line() {
        let facts = facts("[package]\nname = \n");
        assert_eq!(facts.errors[0].at.line, 2);
        assert_eq!(facts.unknown, Some(Unknown::Syntax));
    }
}
