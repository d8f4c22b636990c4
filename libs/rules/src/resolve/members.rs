//! The packages of a workspace, by name.

use std::collections::HashMap;

use globset::{GlobBuilder, GlobMatcher};
use krepis_change::EntryKind;
use serde_json::Value;

use super::Package;
use crate::view::{View, join};

/// Folders of the packages that package.json (`workspaces`) or pnpm-workspace.yaml (`packages`) of the root names.
#[derive(Debug, Default)]
pub struct Members(HashMap<String, String>);

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
            let named = folders
                .into_iter()
                .filter(|folder| !not.iter().any(|pattern| pattern.is_match(folder)))
                .filter_map(|folder| Some((Package::at(view, &folder)?.name.clone()?, folder)))
                .collect();
            Self(named)
        })
    }

    /// The folder of the package `name`, seen from `folder`: a package may name itself.
    pub fn folder(&self, view: &View<'_>, folder: &str, name: &str) -> Option<String> {
        let own = Package::nearest(view, folder).filter(|(_, package)| package.name.as_deref() == Some(name));
        own.map(|(home, _)| home).or_else(|| self.0.get(name).cloned())
    }

    /// Folders of all of them.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
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

/// The list `packages` of a pnpm-workspace.yaml: block or flow style, which is all that is written there.
fn yaml_packages(text: &str) -> Vec<String> {
    let unquote = |entry: &str| {
        let entry = entry.split(" #").next().unwrap_or_default().trim();
        entry.trim_matches(['"', '\'']).to_owned()
    };
    let mut lines = text.lines().skip_while(|line| !line.starts_with("packages:"));
    let Some(first) = lines.next() else {
        return Vec::new();
    };
    let flow = first["packages:".len()..].trim();
    if let Some(list) = flow.strip_prefix('[') {
        let list = list.split(']').next().unwrap_or_default();
        return list
            .split(',')
            .map(unquote)
            .filter(|entry| !entry.is_empty())
            .collect();
    }
    lines
        .take_while(|line| line.starts_with([' ', '\t', '-', '#']) || line.trim().is_empty())
        .filter_map(|line| line.trim().strip_prefix('-').map(unquote))
        .filter(|entry| !entry.is_empty())
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
