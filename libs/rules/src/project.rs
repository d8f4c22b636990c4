//! Projects: the folders that manifests make one.

use std::sync::Arc;

use serde_json::Value;
use toml_edit::{Document, Item};

use crate::resolve::{Package, normalize};
use crate::view::{View, join, split};
use crate::{cargo, yaml};

/// A folder with a package.json that has a name, a Cargo.toml with a `[package]`, or a project.json; or a module of buf.yaml.
/// One whose manifest cannot be read is a project too: its edges are unknown, not absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// The folder; `""` is the workspace itself.
    pub root: String,
    /// Its tags for Nx.
    pub tags: Vec<String>,
}

impl Project {
    /// The project with this folder.
    pub fn at(view: &View<'_>, folder: &str) -> Option<Arc<Self>> {
        view.projects
            .get(folder, || Self::read(view, folder).map(Arc::new))
    }

    /// The project that a file of this folder belongs to: the nearest upwards.
    pub fn owner(view: &View<'_>, folder: &str) -> Option<Arc<Self>> {
        view.owners.get(folder, || {
            if let Some(project) = Self::at(view, folder) {
                return Some(project);
            }
            (!folder.is_empty())
                .then(|| Self::owner(view, split(folder).0))
                .flatten()
        })
    }

    /// As messages name it.
    pub fn shown(&self) -> &str {
        if self.root.is_empty() { "." } else { &self.root }
    }

    fn read(view: &View<'_>, folder: &str) -> Option<Self> {
        let has = |name: &str| view.has_file(&join(folder, name));
        let mut is_project = modules(view).iter().any(|module| module == folder);
        let mut tags: Vec<String> = Vec::new();
        if has("package.json") {
            let package = Package::at(view, folder);
            is_project |= package.as_ref().is_none_or(|package| package.name.is_some());
            tags.extend(
                package
                    .iter()
                    .flat_map(|package| strings(package.json().pointer("/nx/tags"))),
            );
        }
        if has("project.json") {
            is_project = true;
            let json = view.read_json(&join(folder, "project.json")).unwrap_or_default();
            tags.extend(strings(json.get("tags")));
        }
        if has(cargo::MANIFEST) {
            let text = view.read_text(&join(folder, cargo::MANIFEST)).unwrap_or_default();
            match Document::parse(text.as_str()) {
                Ok(document) => {
                    is_project |= document.contains_key("package");
                    tags.extend(nx(&document, "tags"));
                }
                Err(_) => is_project = true,
            }
        }
        if let Some(node) = view.graph.and_then(|graph| graph.node(folder)) {
            is_project = true;
            tags.extend(node.tags.iter().cloned());
        }
        tags.sort_unstable();
        tags.dedup();
        is_project.then(|| Self {
            root: folder.to_owned(),
            tags,
        })
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A list of `[package.metadata.nx]`.
pub fn nx(document: &Document<&str>, key: &str) -> Vec<String> {
    let table = |item: &Item, key: &str| item.as_table_like().and_then(|table| table.get(key).cloned());
    let list = document
        .get("package")
        .and_then(|package| table(package, "metadata"))
        .and_then(|metadata| table(&metadata, "nx"))
        .and_then(|nx| table(&nx, key));
    list.as_ref()
        .and_then(Item::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect()
}

/// Folders of the messages that buf.yaml (or buf.work.yaml) of the root names.
pub fn modules<'v>(view: &'v View<'_>) -> &'v [String] {
    view.modules.get_or_init(|| {
        let read = |name: &str, list: &str, key: Option<&str>| -> Option<Vec<String>> {
            let text = view.read_text(name)?;
            let document = yaml::parse(&text).ok().flatten();
            let entries = document.iter().flat_map(|document| yaml::list(document, list));
            let paths = entries.filter_map(|entry| match key {
                Some(key) => Some(yaml::text(entry, key).map_or(".", |(path, _)| path)),
                None => entry.data.as_str(),
            });
            Some(paths.filter_map(|path| normalize("", path)).collect())
        };
        let mut found = read("buf.work.yaml", "directories", None).unwrap_or_default();
        if let Some(modules) = read("buf.yaml", "modules", Some("path")) {
            found.extend(modules);
        }
        // A buf.yaml without a list is itself the module; the root is a project by its own manifests or none.
        found.retain(|module| !module.is_empty());
        found.sort_unstable();
        found.dedup();
        found
    })
}
