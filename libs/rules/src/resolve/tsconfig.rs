//! What a tsconfig.json says about resolution.

use std::sync::Arc;

use krepis_change::WorkspacePath;
use serde_json::Value;

use super::{find, is_relative, normalize};
use crate::view::{View, join, split};

/// `baseUrl`, `paths` and `customConditions` of a project, with what it extends.
#[derive(Debug, Default, Clone)]
pub struct TsConfig {
    base_url: Option<String>,
    /// Pattern and targets, the targets from the workspace.
    paths: Vec<(String, Vec<String>)>,
    /// `customConditions`.
    pub conditions: Vec<String>,
}

impl TsConfig {
    /// The one that holds for files of `folder`: tsconfig.json (or jsconfig.json) there or above.
    pub fn nearest(view: &View<'_>, folder: &str) -> Option<Arc<Self>> {
        view.tsconfigs.get(folder, || {
            for name in ["tsconfig.json", "jsconfig.json"] {
                let file = join(folder, name);
                if view.has_file(&file) {
                    return Some(Arc::new(Self::load(view, &file)));
                }
            }
            if folder.is_empty() {
                None
            } else {
                Self::nearest(view, split(folder).0)
            }
        })
    }

    /// The file that `paths` or `baseUrl` gives for a specifier.
    pub fn find(&self, view: &View<'_>, specifier: &str) -> Option<WorkspacePath> {
        if let Some((star, targets)) = self.pattern(specifier) {
            let found = targets.iter().find_map(|target| {
                let path = target.replacen('*', star, 1);
                find(view, &normalize("", &path)?, &path)
            });
            if found.is_some() {
                return found;
            }
        }
        let base = self.base_url.as_ref()?;
        let path = normalize(base, specifier)?;
        find(view, &path, specifier)
    }

    /// Every pattern of `paths` and where it leads.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.paths.iter().flat_map(|(pattern, targets)| {
            targets
                .iter()
                .map(move |target| (pattern.as_str(), target.as_str()))
        })
    }

    /// The parts of a tsconfig.json that resolution depends on.
    pub fn fingerprint(text: &str) -> [Option<Value>; 5] {
        let json: Option<Value> =
            jsonc_parser::parse_to_serde_value(text, &jsonc_parser::ParseOptions::default()).ok();
        let json = json.unwrap_or_default();
        let option = |key| {
            json.get("compilerOptions")
                .and_then(|options| options.get(key))
                .cloned()
        };
        [
            json.get("extends").cloned(),
            json.get("references").cloned(),
            option("baseUrl"),
            option("paths"),
            option("customConditions"),
        ]
    }

    /// The pattern for a specifier, as TypeScript chooses it: exact, else the longest text before the `*`.
    fn pattern<'s>(&self, specifier: &'s str) -> Option<(&'s str, &[String])> {
        let mut best: Option<(usize, &'s str, &[String])> = None;
        for (pattern, targets) in &self.paths {
            let matched = match pattern.split_once('*') {
                None if pattern == specifier => Some((usize::MAX, "")),
                None => None,
                Some((before, after)) => specifier
                    .strip_prefix(before)
                    .and_then(|rest| rest.strip_suffix(after))
                    .map(|star| (before.len(), star)),
            };
            if let Some((weight, star)) = matched
                && best.is_none_or(|(other, ..)| weight > other)
            {
                best = Some((weight, star, targets));
            }
        }
        best.map(|(_, star, targets)| (star, targets))
    }

    fn load(view: &View<'_>, file: &str) -> Self {
        let mut config = Self::merged(view, file, split(file).0, 0);
        if config.paths.is_empty() && config.base_url.is_none() {
            // A solution file: the projects it references say how their files are resolved.
            let references = view
                .read_json(file)
                .and_then(|json| json.get("references").cloned());
            for reference in references
                .as_ref()
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let path = reference.get("path").and_then(Value::as_str);
                let Some(path) = path.and_then(|path| normalize(split(file).0, path)) else {
                    continue;
                };
                let file = if view.has_folder(&path) {
                    join(&path, "tsconfig.json")
                } else {
                    path
                };
                let project = Self::merged(view, &file, split(&file).0, 0);
                if !project.paths.is_empty() || project.base_url.is_some() {
                    config = project;
                    break;
                }
            }
        }
        config
    }

    /// One file over those it extends. `project` is the folder of the file that was asked for (`${configDir}`).
    fn merged(view: &View<'_>, file: &str, project: &str, depth: u8) -> Self {
        // A chain that goes in a circle ends here; TypeScript calls it an error.
        let Some(json) = (depth < 16).then(|| view.read_json(file)).flatten() else {
            return Self::default();
        };
        let folder = split(file).0;
        let extends: Vec<&str> = match json.get("extends") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let mut config = Self::default();
        for parent in extends {
            // A parent from a package is outside of the workspace and says nothing about its paths.
            if is_relative(parent)
                && let Some(path) = normalize(folder, parent)
            {
                let path = [format!("{path}.json"), path.clone(), join(&path, "tsconfig.json")]
                    .into_iter()
                    .find(|path| view.has_file(path))
                    .unwrap_or(path);
                let parent = Self::merged(view, &path, project, depth + 1);
                config.base_url = parent.base_url.or(config.base_url);
                if !parent.paths.is_empty() {
                    config.paths = parent.paths;
                }
                if !parent.conditions.is_empty() {
                    config.conditions = parent.conditions;
                }
            }
        }
        let Some(options) = json.get("compilerOptions") else {
            return config;
        };
        let place = |folder: &str, path: &str| match path.strip_prefix("${configDir}") {
            Some(rest) => normalize(project, rest),
            None => normalize(folder, path),
        };
        if let Some(base) = options.get("baseUrl").and_then(Value::as_str) {
            config.base_url = place(folder, base);
        }
        if let Some(paths) = options.get("paths").and_then(Value::as_object) {
            let base = config.base_url.clone().unwrap_or_else(|| folder.to_owned());
            config.paths = paths
                .iter()
                .map(|(pattern, targets)| {
                    let targets = targets.as_array().into_iter().flatten().filter_map(Value::as_str);
                    (
                        pattern.clone(),
                        targets.filter_map(|target| place(&base, target)).collect(),
                    )
                })
                .collect();
        }
        if let Some(conditions) = options.get("customConditions").and_then(Value::as_array) {
            config.conditions = conditions
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
        }
        config
    }
}
