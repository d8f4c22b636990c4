//! The packages of a workspace, by name.

use std::collections::HashMap;

use globset::{GlobBuilder, GlobMatcher};
use krepis_change::EntryKind;
use serde_json::Value;

use super::Package;
use crate::view::{View, join};
use crate::yaml;

/// Folders of the packages that package.json (`workspaces`) or pnpm-workspace.yaml (`packages`) of the root names.
#[derive(Debug, Default)]
pub struct Members {
    named: HashMap<String, String>,
    /// Folders whose package.json cannot be read.
    broken: Vec<String>,
}

impl Members {
    /// Those of a tree.
    pub fn of<'v>(view: &'v View<'_>) -> &'v Self {
        view.members.get_or_init(|| {
            let mut patterns = workspaces(view);
            patterns.extend(
                view.read_text("pnpm-workspace.yaml")
                    .map(|text| yaml_packages(&text))
                    .unwrap_or_default(),
            );
            let (not, yes): (Vec<_>, Vec<_>) = patterns.iter().partition(|pattern| pattern.starts_with('!'));
            let not: Vec<GlobMatcher> = not.iter().filter_map(|pattern| matcher(&pattern[1..])).collect();
            let mut folders = vec![String::new()];
            for pattern in yes {
                let parts: Vec<&str> = pattern
                    .split('/')
                    .filter(|part| !matches!(*part, "" | "."))
                    .collect();
                expand(view, "", &parts, &mut folders);
            }
            let mut members = Self::default();
            for folder in folders {
                if not.iter().any(|pattern| pattern.is_match(&folder)) {
                    continue;
                }
                match Package::at(view, &folder) {
                    Some(package) => {
                        if let Some(name) = &package.name {
                            members.named.insert(name.clone(), folder);
                        }
                    }
                    None if view.has_file(&join(&folder, "package.json")) => members.broken.push(folder),
                    None => {}
                }
            }
            members
        })
    }

    /// The folder of the package `name`, seen from `folder`: a package may name itself.
    pub fn folder(&self, view: &View<'_>, folder: &str, name: &str) -> Option<String> {
        let own = Package::nearest(view, folder).filter(|(_, package)| package.name.as_deref() == Some(name));
        own.map(|(home, _)| home)
            .or_else(|| self.named.get(name).cloned())
    }

    /// Folders of all of them.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.named.values().map(String::as_str)
    }

    /// The folder of the package `name`.
    pub fn by_name(&self, name: &str) -> Option<&str> {
        self.named.get(name).map(String::as_str)
    }

    /// True if the folder is a package of the workspace whose package.json cannot be read.
    pub fn is_broken(&self, folder: &str) -> bool {
        self.broken.iter().any(|one| one == folder)
    }
}

fn workspaces(view: &View<'_>) -> Vec<String> {
    let Some(json) = view.read_json("package.json") else {
        return Vec::new();
    };
    let listed = match json.get("workspaces") {
        Some(Value::Object(object)) => object.get("packages").cloned(),
        other => other.cloned(),
    };
    let strings = listed
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    strings.map(str::to_owned).collect()
}

/// The list `packages` of a pnpm-workspace.yaml.
fn yaml_packages(text: &str) -> Vec<String> {
    let document = yaml::parse(text).ok().flatten();
    let entries = document
        .iter()
        .flat_map(|document| yaml::list(document, "packages"));
    entries
        .filter_map(|entry| entry.data.as_str().map(str::to_owned))
        .collect()
}

fn matcher(pattern: &str) -> Option<GlobMatcher> {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    Some(
        GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .ok()?
            .compile_matcher(),
    )
}

fn expand(view: &View<'_>, folder: &str, parts: &[&str], found: &mut Vec<String>) {
    let Some((part, rest)) = parts.split_first() else {
        if view.has_file(&join(folder, "package.json")) {
            found.push(folder.to_owned());
        }
        return;
    };
    if *part == "**" {
        expand(view, folder, rest, found);
    }
    if !part.contains(['*', '?', '[', '{']) {
        let inner = join(folder, part);
        if view.has_folder(&inner) {
            expand(view, &inner, rest, found);
        }
        return;
    }
    let Some(pattern) = matcher(part) else { return };
    for (name, kind) in view.folder(folder).iter() {
        let skipped = name.starts_with('.') || name == "node_modules" || name == "dist";
        if *kind == EntryKind::Directory && !skipped && (*part == "**" || pattern.is_match(name)) {
            let rest = if *part == "**" { parts } else { rest };
            expand(view, &join(folder, name), rest, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::yaml_packages;

    #[test]
    fn both_styles_of_a_yaml_list_are_read() {
        let block = "a: 1\npackages:\n  # ours\n  - 'libs/*' # all\n\n  - apps/**\nother:\n  - no\n";
        assert_eq!(yaml_packages(block), ["libs/*", "apps/**"]);
        assert_eq!(yaml_packages("packages:\n- \"a\"\n- b\n"), ["a", "b"]);
        assert_eq!(yaml_packages("packages: [a, 'b/*']\n"), ["a", "b/*"]);
        assert_eq!(yaml_packages("nothing: here\n"), [] as [&str; 0]);
    }
}
