//! A krepis.json for a project that has none.
//!
//! It names the parts that the project's own folders and file names show, in the words of its framework, and rules that
//! most people mean by them. Every part is optional, so that it holds on the day it is written and when a folder empties.

use std::collections::HashSet;

use krepis_change::{Failure, Tree, WorkspacePath};

use crate::check::{self, sources};
use crate::config::{CONFIG_PATH, Config};
use crate::view::View;

/// A part that may be there: name, layer, folders, endings of file names (without extension).
struct Part {
    name: &'static str,
    layer: bool,
    folders: &'static [&'static str],
    endings: &'static [&'static str],
}

/// In the order of the elements: the first that matches takes the file.
const PARTS: [Part; 6] = [
    Part {
        name: "tests",
        layer: false,
        folders: &["__tests__"],
        endings: &[".spec", ".test", ".e2e-spec"],
    },
    Part {
        name: "domain",
        layer: true,
        folders: &["domain"],
        endings: &[],
    },
    Part {
        name: "infrastructure",
        layer: true,
        folders: &[
            "infrastructure",
            "infra",
            "persistence",
            "adapters",
            "entities",
            "repositories",
        ],
        endings: &[".repository", ".entity", ".schema"],
    },
    Part {
        name: "http",
        layer: true,
        folders: &["http", "controllers", "presentation", "routes"],
        endings: &[".controller", ".resolver", ".gateway", ".routes"],
    },
    Part {
        name: "application",
        layer: true,
        folders: &["application", "use-cases", "usecases"],
        endings: &[],
    },
    Part {
        name: "services",
        layer: true,
        folders: &[],
        endings: &[".service"],
    },
];

/// A rule that makes sense where both sides are there.
struct Preset {
    id: &'static str,
    from: &'static str,
    deny: &'static [&'static str],
    why: &'static str,
    fix: &'static str,
}

const PRESETS: [Preset; 5] = [
    Preset {
        id: "domain-is-pure",
        from: "domain",
        deny: &[
            "infrastructure",
            "http",
            "application",
            "services",
            "npm:*",
            "node:*",
        ],
        why: "the domain outlives frameworks, databases and transports",
        fix: "declare an interface in the domain for what it needs and implement it outside",
    },
    Preset {
        id: "application-knows-ports-only",
        from: "application",
        deny: &["infrastructure", "http"],
        why: "use cases talk to ports; adapters are chosen where modules are put together",
        fix: "inject a port that the application declares; bind the adapter to it in a module",
    },
    Preset {
        id: "http-goes-through-services",
        from: "http",
        deny: &["infrastructure"],
        why: "a route that knows the database cannot be moved or tested without it",
        fix: "let a service do it and inject that service",
    },
    Preset {
        id: "services-know-no-http",
        from: "services",
        deny: &["http"],
        why: "a service is called by routes, jobs and tests alike",
        fix: "pass what the service needs as arguments",
    },
    Preset {
        id: "infrastructure-knows-no-http",
        from: "infrastructure",
        deny: &["http"],
        why: "an adapter must work whoever calls it",
        fix: "move what both need to where both may import it from",
    },
];

/// The text of a krepis.json that fits what is there. It is valid, and every element has files or is optional. What breaks
/// its rules today is for a baseline.
///
/// # Errors
/// `KRP3011` if the workspace cannot be read.
pub fn propose_config(tree: &dyn Tree) -> Result<String, Failure> {
    let view = View::new(tree);
    let root = if has_sources(&view, "src")? { "src" } else { "." };
    let files = sources(&view, &minimal(root)?)?;
    let manifest = view.read_json("package.json").unwrap_or_default();
    let is_nest = ["dependencies", "devDependencies"].iter().any(|key| {
        manifest
            .get(key)
            .is_some_and(|list| list.get("@nestjs/core").is_some())
    });
    let present: Vec<&Part> = PARTS
        .iter()
        .filter(|part| is_wanted(part, is_nest) || files.iter().any(|file| part.has(root, file)))
        .collect();
    let text = print(root, &present, &[]);
    let config = Config::parse(&text, CONFIG_PATH)?;
    let unkept = unkept(tree, &config, &files)?;
    Ok(if unkept.is_empty() {
        text
    } else {
        print(root, &present, &unkept)
    })
}

fn has_sources(view: &View<'_>, folder: &str) -> Result<bool, Failure> {
    Ok(view.has_folder(folder) && !sources(view, &minimal(folder)?)?.is_empty())
}

fn minimal(root: &str) -> Result<Config, Failure> {
    Config::parse(&format!("{{ \"schema\": 1, \"root\": \"{root}\" }}"), CONFIG_PATH)
}

/// What a project with Nest will have, if it does not have it yet.
fn is_wanted(part: &Part, is_nest: bool) -> bool {
    is_nest && matches!(part.name, "tests" | "infrastructure" | "http" | "services")
}

impl Part {
    fn has(&self, root: &str, file: &WorkspacePath) -> bool {
        let below = if root == "." {
            file.as_str()
        } else {
            &file.as_str()[root.len() + 1..]
        };
        let (folders, name) = below.rsplit_once('/').unwrap_or(("", below));
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        folders.split('/').any(|folder| self.folders.contains(&folder))
            || self.endings.iter().any(|ending| stem.ends_with(ending))
    }

    fn globs(&self, root: &str) -> Vec<String> {
        let prefix = if root == "." {
            String::new()
        } else {
            format!("{root}/")
        };
        let folders = self
            .folders
            .iter()
            .map(|folder| format!("{prefix}**/{folder}/**"));
        folders
            .chain(
                self.endings
                    .iter()
                    .map(|ending| format!("{prefix}**/*{ending}.*")),
            )
            .collect()
    }
}

/// `npm:*` and `node:*` of the domain, where so much of it uses them that the rule is plainly not this project's.
fn unkept(tree: &dyn Tree, config: &Config, files: &[WorkspacePath]) -> Result<Vec<&'static str>, Failure> {
    let Some(domain) = config
        .elements
        .iter()
        .position(|element| element.name == "domain")
    else {
        return Ok(Vec::new());
    };
    let all = files
        .iter()
        .filter(|file| config.element_of(file) == Some(domain))
        .count();
    let violations = check::violations(tree, config)?;
    let breaks = |prefix: &str| {
        let using: HashSet<_> = violations
            .iter()
            .filter(|violation| violation.from == "domain" && violation.target.starts_with(prefix))
            .map(|violation| &violation.path)
            .collect();
        using.len() * 3 > all
    };
    Ok([("npm:", "npm:*"), ("node:", "node:*")]
        .into_iter()
        .filter(|(prefix, _)| breaks(prefix))
        .map(|(_, selector)| selector)
        .collect())
}

fn print(root: &str, parts: &[&Part], unkept: &[&str]) -> String {
    let list = |items: &[String]| {
        let quoted: Vec<String> = items.iter().map(|item| format!("\"{item}\"")).collect();
        format!("[{}]", quoted.join(", "))
    };
    let everything = if root == "." {
        "**".to_owned()
    } else {
        format!("{root}/**")
    };
    let mut elements: Vec<String> = parts
        .iter()
        .map(|part| {
            let layer = if part.layer {
                format!(", \"layer\": \"{}\"", part.name)
            } else {
                String::new()
            };
            let files = list(&part.globs(root));
            format!(
                "    {{ \"name\": \"{}\", \"files\": {files}{layer}, \"optional\": true }}",
                part.name
            )
        })
        .collect();
    elements.push(format!(
        "    {{ \"name\": \"app\", \"files\": [\"{everything}\"], \"optional\": true }}"
    ));
    let is_there = |name: &str| parts.iter().any(|part| part.name == name);
    let rules: Vec<String> = PRESETS
        .iter()
        .filter(|preset| is_there(preset.from))
        .filter_map(|preset| {
            let kept = |name: &&str| if name.contains(':') { !unkept.contains(name) } else { is_there(name) };
            let deny: Vec<String> = preset.deny.iter().filter(|name| kept(name)).map(|name| (*name).to_owned()).collect();
            let Preset { id, from, why, fix, .. } = preset;
            (!deny.is_empty()).then(|| {
                format!(
                    "    {{\n      \"id\": \"{id}\",\n      \"from\": \"{from}\",\n      \"deny\": {},\n      \"why\": \"{why}\",\n      \"fix\": \"{fix}\"\n    }}",
                    list(&deny)
                )
            })
        })
        .collect();
    let rules = if rules.is_empty() {
        "[]".to_owned()
    } else {
        format!("[\n{}\n  ]", rules.join(",\n"))
    };
    format!(
        "{{\n  \"schema\": 1,\n  \"runtime\": \"standard\",\n  \"root\": \"{root}\",\n  \"elements\": [\n{}\n  ],\n  \"rules\": {rules},\n  \"commands\": {{}}\n}}\n",
        elements.join(",\n")
    )
}
