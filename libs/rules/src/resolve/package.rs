//! What a package.json of the workspace says about resolution.

use std::sync::Arc;

use krepis_change::WorkspacePath;
use serde_json::Value;

use super::{Target, find, find_file, normalize, package_name};
use crate::view::{View, join, split};

/// A package of the workspace.
#[derive(Debug, Default)]
pub struct Package {
    /// Its name.
    pub name: Option<String>,
    folder: String,
    json: Value,
}

impl Package {
    /// The one with its package.json in `folder`.
    pub fn at(view: &View<'_>, folder: &str) -> Option<Arc<Self>> {
        view.packages.get(folder, || {
            let json = view.read_json(&join(folder, "package.json"))?;
            let name = json.get("name").and_then(Value::as_str).map(str::to_owned);
            Some(Arc::new(Self {
                name,
                folder: folder.to_owned(),
                json,
            }))
        })
    }

    /// What it says.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The one that `folder` lies in, with its folder.
    pub fn nearest(view: &View<'_>, folder: &str) -> Option<(String, Arc<Self>)> {
        let mut folder = folder;
        loop {
            if let Some(package) = Self::at(view, folder) {
                return Some((folder.to_owned(), package));
            }
            if folder.is_empty() {
                return None;
            }
            folder = split(folder).0;
        }
    }

    /// What `#…` means in a file of `folder`.
    pub fn import(view: &View<'_>, folder: &str, specifier: &str, conditions: &[String]) -> Target {
        const NONE: Target =
            Target::Unknown("no `imports` entry of the nearest package.json leads to a file");
        let Some((home, package)) = Self::nearest(view, folder) else {
            return NONE;
        };
        let Some(map) = package.json.get("imports").and_then(Value::as_object) else {
            return NONE;
        };
        let targets = lookup(map.iter(), specifier, conditions);
        for target in &targets {
            if target.starts_with("./") {
                if let Some(file) = normalize(&home, target).and_then(|path| find(view, &path, target)) {
                    return Target::File(file);
                }
            } else if !target.starts_with(['.', '#', '/']) {
                let builtin = target.strip_prefix("node:").unwrap_or(target);
                if super::is_builtin(builtin) {
                    return Target::Builtin(builtin.to_owned());
                }
                return Target::Package(package_name(target).0.to_owned());
            }
        }
        NONE
    }

    /// The file that a package answers to `NAME/subpath` with; for the bare name at least its package.json.
    pub fn export(&self, view: &View<'_>, subpath: &str, conditions: &[String]) -> Option<WorkspacePath> {
        let key = if subpath.is_empty() {
            ".".to_owned()
        } else {
            format!("./{subpath}")
        };
        let targets = match self.json.get("exports") {
            Some(Value::Object(map)) if map.keys().any(|key| key.starts_with('.')) => {
                lookup(map.iter(), &key, conditions)
            }
            Some(exports) if subpath.is_empty() => {
                let mut targets = Vec::new();
                flatten(exports, "", conditions, &mut targets);
                targets
            }
            _ => Vec::new(),
        };
        let exported = targets
            .iter()
            .find_map(|target| find(view, &normalize(&self.folder, target)?, target));
        if exported.is_some() {
            return exported;
        }
        let path = |path: String| WorkspacePath::parse(&path).ok();
        if !subpath.is_empty() {
            // What is built from it does not exist yet, or there are no `exports`: the source of that name.
            let direct = normalize(&self.folder, subpath).and_then(|path| find(view, &path, subpath));
            return direct.or_else(|| find(view, &join(&self.folder, &format!("src/{subpath}")), subpath));
        }
        let main = self
            .main()
            .find_map(|main| find_file(view, &normalize(&self.folder, main)?));
        main.or_else(|| find_file(view, &join(&self.folder, "src/index")))
            .or_else(|| find_file(view, &join(&self.folder, "index")))
            .and_then(path)
            .or_else(|| path(join(&self.folder, "package.json")))
    }

    /// Files it names as its entry, source first.
    pub fn main(&self) -> impl Iterator<Item = &str> {
        ["source", "types", "typings", "module", "main"]
            .into_iter()
            .filter_map(|key| self.json.get(key).and_then(Value::as_str))
    }

    /// Every name under which somebody could import a file of this package without naming the file: keys of `imports` and
    /// `exports` with what they lead to (from the workspace), and the package's name for its entries.
    pub fn aliases(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut add = |name: &str, value: &Value| {
            let mut targets = Vec::new();
            flatten(value, "*", &[], &mut targets);
            for target in targets.iter().filter(|target| target.starts_with("./")) {
                found.extend(normalize(&self.folder, target).map(|target| (name.to_owned(), target)));
            }
        };
        for (key, value) in self
            .json
            .get("imports")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            add(key, value);
        }
        let Some(name) = &self.name else { return found };
        match self.json.get("exports") {
            Some(Value::Object(map)) if map.keys().any(|key| key.starts_with('.')) => {
                for (key, value) in map {
                    add(&format!("{name}{}", &key[1..]), value);
                }
            }
            Some(value) => add(name, value),
            None => {}
        }
        let entries = self.main().chain(["./src/index", "./index", "./package.json"]);
        let entries: Vec<String> = entries
            .filter_map(|entry| normalize(&self.folder, entry))
            .collect();
        found.extend(entries.into_iter().map(|entry| (name.clone(), entry)));
        found
    }

    /// The parts of a package.json that resolution and projects depend on.
    pub fn fingerprint(text: &str) -> Vec<Option<Value>> {
        let json: Value = serde_json::from_str(text).unwrap_or_default();
        let tags = json.pointer("/nx/tags").cloned();
        [
            "name",
            "exports",
            "imports",
            "workspaces",
            "source",
            "types",
            "typings",
            "module",
            "main",
        ]
        .map(|key| json.get(key).cloned())
        .into_iter()
        .chain([tags])
        .collect()
    }
}

/// The targets of an entry: the exact key, or the pattern with the longest text before its `*`.
fn lookup<'m>(
    map: impl Iterator<Item = (&'m String, &'m Value)>,
    name: &str,
    conditions: &[String],
) -> Vec<String> {
    let mut best: Option<(usize, &str, &Value)> = None;
    for (key, value) in map {
        let matched = match key.split_once('*') {
            None if key == name => Some((usize::MAX, "")),
            None => None,
            Some((before, after)) => name
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .filter(|star| !star.is_empty())
                .map(|star| (before.len(), star)),
        };
        if let Some((weight, star)) = matched
            && best.is_none_or(|(other, ..)| weight > other)
        {
            best = Some((weight, star, value));
        }
    }
    let mut targets = Vec::new();
    if let Some((_, star, value)) = best {
        flatten(value, star, conditions, &mut targets);
    }
    targets
}

/// Every target of an entry, source conditions first, then in the order they are written.
fn flatten(value: &Value, star: &str, conditions: &[String], targets: &mut Vec<String>) {
    match value {
        Value::String(target) => targets.push(target.replace('*', star)),
        Value::Array(list) => list
            .iter()
            .for_each(|one| flatten(one, star, conditions, targets)),
        Value::Object(map) => {
            let is_source = |key: &str| {
                key == "source" || key.ends_with("/source") || conditions.iter().any(|one| one == key)
            };
            let (source, other): (Vec<_>, Vec<_>) = map.iter().partition(|(key, _)| is_source(key));
            for (_, one) in source.into_iter().chain(other) {
                flatten(one, star, conditions, targets);
            }
        }
        _ => {}
    }
}
