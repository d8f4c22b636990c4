//! A file with its facts and what its imports mean.

use std::sync::Arc;

use krepis_change::WorkspacePath;
use krepis_facts::{Facts, Place, SyntaxError, Unknown};

use crate::config::Config;
use crate::manifest::{self, Declared};
use crate::resolve::{Target, resolve};
use crate::view::View;

/// True for files that depend on others whatever krepis.json says: JavaScript, TypeScript, Cargo.toml.
pub fn is_always_analysed(path: &str) -> bool {
    krepis_facts::is_source(path) || crate::cargo::is_manifest(path)
}

/// True for files that can depend on others: manifests other than Cargo.toml only where elements have projects.
pub fn is_analysed(config: &Config, path: &str) -> bool {
    is_always_analysed(path) || config.has_projects() && manifest::kind_of(path).is_some()
}

/// A source file, read and understood.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: WorkspacePath,
    pub bytes: Arc<[u8]>,
    pub facts: Arc<Facts>,
    /// What a manifest declares.
    pub declared: Arc<[Declared]>,
}

/// One dependency of a file.
#[derive(Debug)]
pub struct Edge<'s> {
    /// As written.
    pub specifier: &'s str,
    pub at: Place,
    pub type_only: bool,
    /// The manifest's word for it; `None` for an import.
    pub declared: Option<&'s Declared>,
    pub target: Target,
}

impl Source {
    pub fn of(path: &WorkspacePath, bytes: Arc<[u8]>) -> Self {
        let (facts, declared) = match manifest::kind_of(path.as_str()) {
            None => (krepis_facts::facts_of_bytes(path, &bytes), Vec::new()),
            Some(kind) => match std::str::from_utf8(&bytes) {
                Err(_) => (
                    Facts {
                        unknown: Some(Unknown::NotText),
                        ..Facts::default()
                    },
                    Vec::new(),
                ),
                Ok(text) => match manifest::read(kind, text) {
                    Ok(declared) => (Facts::default(), declared),
                    Err((message, at)) => (
                        Facts {
                            unknown: Some(Unknown::Syntax),
                            errors: vec![SyntaxError { message, at }],
                            ..Facts::default()
                        },
                        Vec::new(),
                    ),
                },
            },
        };
        Self {
            path: path.clone(),
            bytes,
            facts: Arc::new(facts),
            declared: declared.into(),
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

    /// What it depends on, and what that means in a tree.
    pub fn edges<'s>(&'s self, view: &View<'_>) -> Vec<Edge<'s>> {
        let imports = self.facts.imports.iter().map(|import| Edge {
            specifier: &import.specifier,
            at: import.at,
            type_only: import.type_only,
            declared: None,
            target: resolve(view, &self.path, &import.specifier),
        });
        let declared = self.declared.iter().flat_map(|declared| {
            let targets = manifest::targets(view, &self.path, &declared.means);
            targets.into_iter().map(move |target| Edge {
                specifier: &declared.specifier,
                at: declared.at,
                type_only: false,
                declared: Some(declared),
                target,
            })
        });
        imports.chain(declared).collect()
    }
}
