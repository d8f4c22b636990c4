//! What manifests declare: package.json, Cargo.toml, project.json, buf's and pnpm's files.

mod buf;
mod npm;
mod script;

use krepis_change::WorkspacePath;
use krepis_facts::{Lines, Place};

use crate::cargo;
use crate::project::{self, Project};
use crate::resolve::{Target, normalize};
use crate::view::{View, join, split};
use crate::yaml;

pub use npm::is_development_only;

/// Which manifest a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Cargo,
    Package,
    /// Declares no edges, but that it is JSON has to be known: it makes a project and gives it tags.
    Project,
    /// buf.gen.yaml of the root.
    Generation,
    /// buf.yaml, buf.work.yaml, pnpm-workspace.yaml of the root: what the edges of others mean.
    Yaml,
}

/// By its name.
pub fn kind_of(path: &str) -> Option<Kind> {
    match (path, split(path).1) {
        (_, cargo::MANIFEST) => Some(Kind::Cargo),
        (_, "package.json") => Some(Kind::Package),
        (_, "project.json") => Some(Kind::Project),
        ("buf.gen.yaml", _) => Some(Kind::Generation),
        ("buf.yaml" | "buf.work.yaml" | "pnpm-workspace.yaml", _) => Some(Kind::Yaml),
        _ => None,
    }
}

/// One dependency that a manifest declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// As written: the name of a package or crate, a path, an argument.
    pub specifier: String,
    /// Under which key it stands.
    pub section: &'static str,
    /// True if what is built does not depend on it.
    pub dev: bool,
    /// Where it stands.
    pub at: Place,
    /// Folder in the project the edge starts from, from the workspace, if that is not the manifest's own.
    pub home: Option<String>,
    /// What it leads to.
    pub means: Means,
}

/// What is declared. Paths are relative to the folder of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// The crate in a folder.
    Crate(String),
    /// The crate whose Cargo.toml is at a path.
    CrateManifest(String),
    /// The crate of this workspace that has one of these names.
    CrateNamed(Vec<String>),
    /// A crate by the name it has in `[workspace.dependencies]`.
    Inherited(String),
    /// A crate that is not of this workspace.
    ExternalCrate(String),
    /// The package of this workspace with a name, or else an external one.
    Package(String),
    /// The package of this workspace with a name.
    Member(String),
    /// The package in a folder.
    PackageFolder(String),
    /// The project in a folder.
    Project(String),
    /// A module of messages; the folder is from the workspace.
    Messages(String),
    /// Every module of messages that buf.yaml names.
    AllMessages,
    /// The crate of an addon: beside the package.json, or with one of these names.
    Addon(Vec<String>),
    /// A package that is not of this workspace.
    External(String),
}

/// What a manifest declares.
///
/// # Errors
/// Why it cannot be read, and where.
pub fn read(kind: Kind, text: &str) -> Result<Vec<Declared>, (String, Place)> {
    match kind {
        Kind::Cargo => cargo::read(text),
        Kind::Package => npm::read(text),
        Kind::Project => npm::parse(text).map(|_| Vec::new()),
        Kind::Generation => buf::read(text),
        Kind::Yaml => yaml::parse(text).map(|_| Vec::new()),
    }
}

/// What a declaration means in the manifest `from`.
pub fn resolve(view: &View<'_>, from: &WorkspacePath, means: &Means) -> Target {
    let folder = split(from.as_str()).0;
    match means {
        Means::Crate(path) => cargo::at(view, folder, path),
        Means::CrateManifest(path) => match path.strip_suffix(cargo::MANIFEST) {
            Some(path) => cargo::at(view, folder, path),
            None => Target::Unknown("it names no Cargo.toml"),
        },
        Means::CrateNamed(names) => script::crate_named(view, names),
        Means::Addon(names) => script::addon(view, folder, names),
        Means::Inherited(name) => cargo::inherited(view, folder, name),
        Means::ExternalCrate(name) => Target::Crate(name.clone()),
        Means::Package(name) => npm::by_name(view, name).unwrap_or_else(|| Target::Package(name.clone())),
        Means::Member(name) => npm::by_name(view, name).unwrap_or(Target::Unknown(
            "the package manager's workspace has no such package",
        )),
        Means::PackageFolder(path) => at(view, folder, path, &["package.json"]),
        Means::Project(path) => at(
            view,
            folder,
            path,
            &["package.json", cargo::MANIFEST, "project.json"],
        ),
        Means::Messages(folder) => match WorkspacePath::parse(folder) {
            Ok(path) if Project::at(view, folder).is_some() => Target::Project(path),
            _ => Target::Unknown("buf.yaml names no such module"),
        },
        Means::AllMessages => Target::Unknown("buf.yaml names no module"),
        Means::External(name) => Target::Package(name.clone()),
    }
}

/// What a declaration means: one target, or for all messages one for each module.
pub fn targets(view: &View<'_>, from: &WorkspacePath, means: &Means) -> Vec<Target> {
    match means {
        Means::AllMessages if !project::modules(view).is_empty() => project::modules(view)
            .iter()
            .filter_map(|module| WorkspacePath::parse(module).ok())
            .map(Target::Project)
            .collect(),
        means => vec![resolve(view, from, means)],
    }
}

/// The first of these manifests that a folder has.
fn at(view: &View<'_>, folder: &str, path: &str, manifests: &[&str]) -> Target {
    if path.starts_with('/') {
        return Target::Unknown("it is an absolute path");
    }
    let Some(home) = normalize(folder, path) else {
        return Target::Unknown("it leads out of the workspace");
    };
    let found = manifests
        .iter()
        .map(|name| join(&home, name))
        .find(|path| view.has_file(path));
    match found.and_then(|path| WorkspacePath::parse(&path).ok()) {
        Some(path) => Target::File(path),
        None => Target::Unknown("no project is there"),
    }
}

/// A place by byte offsets of a text that may begin with a byte-order mark.
fn place(text: &str, range: std::ops::Range<usize>) -> Place {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Lines::new(text).place(offset(range.start), offset(range.end))
}
