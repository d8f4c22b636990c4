//! A tree as resolution needs it: what is in which folder, read once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock, RwLock};

use krepis_change::{EntryKind, FileState, Tree, WorkspacePath};
use serde_json::Value;

use crate::cargo::Shared;
use crate::graph::ProjectGraph;
use crate::project::Project;
use crate::resolve::{Members, Package, TsConfig};

/// A tree, and what was already read of it. Folders are plain text here: `""` is the workspace.
pub struct View<'t> {
    tree: &'t dyn Tree,
    folders: Cache<Arc<HashMap<String, EntryKind>>>,
    pub(crate) tsconfigs: Cache<Option<Arc<TsConfig>>>,
    pub(crate) packages: Cache<Option<Arc<Package>>>,
    pub(crate) members: OnceLock<Members>,
    /// By folder: the project there.
    pub(crate) projects: Cache<Option<Arc<Project>>>,
    /// By folder: the project it lies in.
    pub(crate) owners: Cache<Option<Arc<Project>>>,
    /// By folder: what `[workspace.dependencies]` of the Cargo.toml there says.
    pub(crate) shared: Cache<Option<Arc<Shared>>>,
    /// Folders of crates, by name.
    pub(crate) crates: OnceLock<BTreeMap<String, String>>,
    /// Folders of messages.
    pub(crate) modules: OnceLock<Vec<String>>,
    /// Projects that another tool knows.
    pub(crate) graph: Option<&'t ProjectGraph>,
}

impl<'t> View<'t> {
    pub fn new(tree: &'t dyn Tree) -> Self {
        Self {
            tree,
            folders: Cache::default(),
            tsconfigs: Cache::default(),
            packages: Cache::default(),
            members: OnceLock::new(),
            projects: Cache::default(),
            owners: Cache::default(),
            shared: Cache::default(),
            crates: OnceLock::new(),
            modules: OnceLock::new(),
            graph: None,
        }
    }

    /// With the projects of a graph beside those that manifests make.
    pub fn with_graph(tree: &'t dyn Tree, graph: Option<&'t ProjectGraph>) -> Self {
        Self {
            graph,
            ..Self::new(tree)
        }
    }

    /// The entries of a folder; empty if it does not exist.
    pub fn list(&self, folder: &WorkspacePath) -> std::io::Result<Arc<HashMap<String, EntryKind>>> {
        if let Some(known) = self.folders.peek(folder.as_str()) {
            return Ok(known);
        }
        let entries = self.tree.list(folder)?;
        Ok(self
            .folders
            .get(folder.as_str(), || Arc::new(entries.into_iter().collect())))
    }

    /// The same by text; empty if it cannot be listed.
    pub fn folder(&self, folder: &str) -> Arc<HashMap<String, EntryKind>> {
        if let Some(known) = self.folders.peek(folder) {
            return known;
        }
        let path = if folder.is_empty() {
            Some(WorkspacePath::root())
        } else {
            WorkspacePath::parse(folder).ok()
        };
        path.and_then(|path| self.list(&path).ok()).unwrap_or_default()
    }

    /// True if a file (or a link to something) is at `path`.
    pub fn has_file(&self, path: &str) -> bool {
        let (folder, name) = split(path);
        matches!(
            self.folder(folder).get(name),
            Some(EntryKind::File | EntryKind::Symlink)
        )
    }

    /// True if a folder is at `path`.
    pub fn has_folder(&self, path: &str) -> bool {
        let (folder, name) = split(path);
        path.is_empty() || matches!(self.folder(folder).get(name), Some(EntryKind::Directory))
    }

    /// The content of a file; `None` if there is none or it cannot be read.
    pub fn read(&self, path: &WorkspacePath) -> Option<Arc<[u8]>> {
        match self.tree.state(path).ok()? {
            FileState::File { bytes, .. } => Some(bytes),
            _ => None,
        }
    }

    /// The text of a file, without a byte-order mark.
    pub fn read_text(&self, path: &str) -> Option<String> {
        if !self.has_file(path) {
            return None;
        }
        let bytes = self.read(&WorkspacePath::parse(path).ok()?)?;
        let text = std::str::from_utf8(&bytes).ok()?;
        Some(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned())
    }

    /// A JSON file with comments and trailing commas, as TypeScript reads its configuration.
    pub fn read_json(&self, path: &str) -> Option<Value> {
        jsonc_parser::parse_to_serde_value(&self.read_text(path)?, &jsonc_parser::ParseOptions::default())
            .ok()
    }
}

/// Folder and name of a path.
pub fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// `folder/name`, where the workspace itself is `""`.
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// Values by path, each computed at least once and kept.
pub struct Cache<V>(RwLock<HashMap<Box<str>, V>>);

impl<V> Default for Cache<V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<V: Clone> Cache<V> {
    /// The value, if it was computed.
    pub fn peek(&self, key: &str) -> Option<V> {
        self.0.read().ok()?.get(key).cloned()
    }

    /// The value, computed now if it was not. Nothing is locked meanwhile: two threads may compute it, one is kept.
    pub fn get(&self, key: &str, compute: impl FnOnce() -> V) -> V {
        if let Some(value) = self.peek(key) {
            return value;
        }
        let value = compute();
        match self.0.write() {
            Ok(mut known) => known.entry(key.into()).or_insert(value).clone(),
            Err(_) => value,
        }
    }
}
