//! A file with its facts and what its imports mean.

use std::sync::Arc;

use krepis_change::WorkspacePath;
use krepis_facts::{Facts, Import};

use crate::cargo;
use crate::resolve::{Target, resolve};
use crate::view::View;

/// True for files that can depend on others: JavaScript, TypeScript, Cargo.toml.
pub fn is_analysed(path: &str) -> bool {
    krepis_facts::is_source(path) || cargo::is_manifest(path)
}

/// A source file, read and understood.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: WorkspacePath,
    pub bytes: Arc<[u8]>,
    pub facts: Arc<Facts>,
}

impl Source {
    pub fn of(path: &WorkspacePath, bytes: Arc<[u8]>) -> Self {
        let facts = match std::str::from_utf8(&bytes) {
            Ok(text) if cargo::is_manifest(path.as_str()) => cargo::facts(text),
            _ => krepis_facts::facts_of_bytes(path, &bytes),
        };
        let facts = Arc::new(facts);
        Self {
            path: path.clone(),
            bytes,
            facts,
        }
    }

    /// The file in a tree; `None` if there is no regular file.
    pub fn read(view: &View<'_>, path: &WorkspacePath) -> Option<Self> {
        Some(Self::of(path, view.read(path)?))
    }

    /// The text; empty if it is none.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    /// Its imports and what they mean in a tree.
    pub fn edges(&self, view: &View<'_>) -> Vec<(&Import, Target)> {
        self.facts
            .imports
            .iter()
            .map(|import| (import, resolve(view, &self.path, &import.specifier)))
            .collect()
    }
}
