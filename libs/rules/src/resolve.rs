//! From a specifier to what it means: a file of the workspace, a package, a builtin module.
//!
//! The order is that of TypeScript with a bundler or Node: builtins, `paths` and `baseUrl` of the nearest tsconfig.json,
//! `imports` of the nearest package.json, packages of the workspace by name, anything else from npm. It goes through a
//! [`View`] only, so that a change can be judged before it is written; packages outside of the workspace are names and are
//! never opened. Source is preferred to what is built from it: a target in `exports` that does not exist is passed over.

mod builtins;
mod members;
mod package;
mod tsconfig;

use krepis_change::{FileState, Transition, WorkspacePath};

pub use builtins::{is_bare_builtin, is_builtin};
pub use members::Members;
pub use package::Package;
pub use tsconfig::TsConfig;

use crate::cargo;
use crate::project::Project;
use crate::view::{View, join, split};

/// What a specifier means.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A file of this workspace.
    File(WorkspacePath),
    /// A package of this workspace, imported by its name: the file it leads to, and the name.
    Member(WorkspacePath, String),
    /// A project of this workspace that has no file of its own to stand for it: its folder.
    Project(WorkspacePath),
    /// A package by name, without subpath.
    Package(String),
    /// A crate that is not of this workspace, by name.
    Crate(String),
    /// A module of Node, without `node:`.
    Builtin(String),
    /// Nobody knows; why.
    Unknown(&'static str),
}

impl Target {
    /// The file, if it is one of this workspace.
    pub fn file(&self) -> Option<&WorkspacePath> {
        match self {
            Self::File(path) | Self::Member(path, _) => Some(path),
            _ => None,
        }
    }

    /// The folder of a project that no file stands for.
    pub fn project(&self) -> Option<&WorkspacePath> {
        match self {
            Self::Project(folder) => Some(folder),
            _ => None,
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) | Self::Member(path, _) => write!(f, "{path}"),
            Self::Project(folder) => write!(f, "{folder}"),
            Self::Package(name) => write!(f, "npm:{name}"),
            Self::Builtin(name) => write!(f, "node:{name}"),
            Self::Crate(name) => write!(f, "cargo:{name}"),
            Self::Unknown(why) => write!(f, "? ({why})"),
        }
    }
}

/// What `specifier` means in the file `from`.
pub fn resolve(view: &View<'_>, from: &WorkspacePath, specifier: &str) -> Target {
    let folder = split(from.as_str()).0;
    if is_relative(specifier) {
        return match normalize(folder, specifier) {
            None => Target::Unknown("it leads out of the workspace"),
            Some(path) if path.split('/').any(|part| part == "node_modules") => installed(&path),
            Some(path) => match find(view, &path, specifier) {
                Some(path) => Target::File(path),
                None => Target::Unknown("no such file"),
            },
        };
    }
    if let Some(name) = specifier.strip_prefix("node:") {
        return Target::Builtin(name.to_owned());
    }
    if is_bare_builtin(specifier) {
        return Target::Builtin(specifier.to_owned());
    }
    let tsconfig = TsConfig::nearest(view, folder);
    if let Some(path) = tsconfig
        .as_ref()
        .and_then(|tsconfig| tsconfig.find(view, specifier))
    {
        return Target::File(path);
    }
    let conditions = tsconfig.as_ref().map_or(&[][..], |tsconfig| &tsconfig.conditions);
    if specifier.starts_with('#') {
        return Package::import(view, folder, specifier, conditions);
    }
    if specifier.starts_with('/') {
        return Target::Unknown("it is an absolute path");
    }
    if specifier.contains(':') {
        return Target::Unknown("it is a URL");
    }
    let (name, subpath) = package_name(specifier);
    if name.is_empty() {
        return Target::Unknown("it is not the name of a module");
    }
    if let Some(home) = Members::of(view).folder(view, folder, name) {
        let file = Package::at(view, &home).and_then(|package| package.export(view, subpath, conditions));
        return match file {
            Some(file) => Target::Member(file, name.to_owned()),
            None => Target::Unknown("the package of this workspace has no such file"),
        };
    }
    Target::Package(name.to_owned())
}

/// The folder of the project that an import without a file leads into: `@x/native/gone`, `../native/index.node` before it is
/// built. So a dependency counts although nobody can say on what exactly.
pub fn project_of(view: &View<'_>, from: &WorkspacePath, specifier: &str) -> Option<WorkspacePath> {
    let folder = split(from.as_str()).0;
    let root = if is_relative(specifier) {
        let path = normalize(folder, specifier)?;
        Project::owner(view, split(&path).0)?.root.clone()
    } else {
        Members::of(view).by_name(package_name(specifier).0)?.to_owned()
    };
    WorkspacePath::parse(&root).ok()
}

fn is_relative(specifier: &str) -> bool {
    matches!(specifier, "." | "..") || specifier.starts_with("./") || specifier.starts_with("../")
}

/// `node_modules/@a/b/c.js` by path is the package `@a/b`.
fn installed(path: &str) -> Target {
    let rest = path.rsplit_once("node_modules/").map_or("", |(_, rest)| rest);
    match package_name(rest).0 {
        "" => Target::Unknown("it leads into node_modules"),
        name => Target::Package(name.to_owned()),
    }
}

/// A specifier's package and the rest behind it.
fn package_name(specifier: &str) -> (&str, &str) {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    match specifier.match_indices('/').nth(parts - 1) {
        Some((end, _)) => (&specifier[..end], &specifier[end + 1..]),
        None => (specifier, ""),
    }
}

/// `folder` and then `relative`; `None` if that leads out of the workspace.
pub(crate) fn normalize(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// What TypeScript puts in place of an extension, in its order.
const SUBSTITUTES: [(&str, &[&str]); 4] = [
    (".js", &[".ts", ".tsx", ".d.ts", ".js", ".jsx"]),
    (".jsx", &[".tsx", ".ts", ".d.ts", ".jsx"]),
    (".mjs", &[".mts", ".d.mts", ".mjs"]),
    (".cjs", &[".cts", ".d.cts", ".cjs"]),
];

/// What is tried behind a name without extension, in order.
const EXTENSIONS: [&str; 12] = [
    ".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".d.mts", ".d.cts", ".json",
];

/// The file behind a path as it is written in an import: with an extension, without, or a folder.
pub(crate) fn find(view: &View<'_>, path: &str, written: &str) -> Option<WorkspacePath> {
    let names_folder = written.ends_with('/') || matches!(written.rsplit('/').next(), Some("." | ".."));
    let file = if names_folder || path.is_empty() {
        None
    } else {
        find_file(view, path)
    };
    file.or_else(|| find_in_folder(view, path))
        // `./logo.svg?raw` is how bundlers ask for a file in another form.
        .or_else(|| path.split_once('?').and_then(|(path, _)| find_file(view, path)))
        .and_then(|path| WorkspacePath::parse(&path).ok())
}

fn find_file(view: &View<'_>, path: &str) -> Option<String> {
    for (extension, substitutes) in SUBSTITUTES {
        if let Some(stem) = path.strip_suffix(extension)
            && let Some(found) = substitutes
                .iter()
                .map(|other| format!("{stem}{other}"))
                .find(|path| view.has_file(path))
        {
            return Some(found);
        }
    }
    if view.has_file(path) {
        return Some(path.to_owned());
    }
    EXTENSIONS
        .iter()
        .map(|extension| format!("{path}{extension}"))
        .find(|path| view.has_file(path))
}

fn find_in_folder(view: &View<'_>, folder: &str) -> Option<String> {
    if !view.has_folder(folder) {
        return None;
    }
    let main = (!folder.is_empty())
        .then(|| Package::at(view, folder))
        .flatten()
        .and_then(|package| {
            package
                .main()
                .find_map(|main| find_file(view, &normalize(folder, main)?))
        });
    main.or_else(|| find_file(view, &join(folder, "index")))
}

/// True if a change of a file can alter what specifiers mean beyond that file coming or going.
pub fn is_structural(transition: &Transition) -> bool {
    let path = transition.path.as_str();
    let name = split(path).1;
    if name == cargo::MANIFEST {
        return cargo::is_structural(transition);
    }
    let is_configuration = matches!(path, "pnpm-workspace.yaml" | "buf.yaml" | "buf.work.yaml");
    if is_configuration {
        return true;
    }
    let text = |state: &FileState| {
        state
            .as_text()
            .map(|text| text.strip_prefix('\u{feff}').unwrap_or(text).to_owned())
    };
    let (before, after) = (text(&transition.before), text(&transition.after));
    if name == "project.json" {
        let tags = |text: &Option<String>| {
            let json: Option<serde_json::Value> = serde_json::from_str(text.as_deref()?).ok();
            Some(json?.get("tags").cloned())
        };
        return before.is_some() != after.is_some() || tags(&before) != tags(&after);
    }
    if name == "package.json" {
        let fingerprint = |text: &Option<String>| text.as_deref().map(Package::fingerprint);
        return fingerprint(&before) != fingerprint(&after);
    }
    let configures = |text: &Option<String>| {
        text.as_ref()
            .is_some_and(|text| text.contains("\"compilerOptions\"") || text.contains("\"extends\""))
    };
    let is_tsconfig = name.starts_with("tsconfig") || name.starts_with("jsconfig");
    if transition.path.extension() == "json" && (is_tsconfig || configures(&before) || configures(&after)) {
        let fingerprint = |text: &Option<String>| text.as_deref().map(TsConfig::fingerprint);
        return fingerprint(&before) != fingerprint(&after);
    }
    false
}

#[cfg(test)]
mod tests;
