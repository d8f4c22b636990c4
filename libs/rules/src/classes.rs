//! Where a class is declared.

use krepis_change::{Failure, Tree, WorkspacePath};
use memchr::memmem;
use rayon::prelude::*;

use crate::check::sources;
use crate::config::Config;
use crate::source::Source;
use crate::view::View;

/// A declaration of a class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClassSite {
    /// The file.
    pub path: WorkspacePath,
    /// Line of its name, from 1.
    pub line: u32,
    /// Column of its name, from 1.
    pub column: u32,
    /// Its name.
    pub name: String,
    /// True if the module exports it.
    pub exported: bool,
}

/// Every declaration of a class of that name, by path and line: below the configured root and the elements' folders,
/// tests included, declaration files not.
///
/// # Errors
/// `KRP3011` a folder that cannot be read.
pub fn find_classes(tree: &dyn Tree, config: &Config, name: &str) -> Result<Vec<ClassSite>, Failure> {
    let view = View::new(tree);
    let finder = memmem::Finder::new(name);
    let mut sites: Vec<ClassSite> = krepis_facts::pool().install(|| {
        let files = sources(&view, config)?;
        let found = files
            .par_iter()
            .filter(|path| !is_declaration(path.as_str()))
            .flat_map_iter(|path| {
                // Parsing is a hundred times dearer than looking for the name.
                let bytes = view.read(path).filter(|bytes| finder.find(bytes).is_some());
                bytes
                    .map(|bytes| in_file(&Source::of(path, bytes), name))
                    .unwrap_or_default()
            });
        Ok(found.collect())
    })?;
    sites.sort_unstable();
    Ok(sites)
}

fn is_declaration(path: &str) -> bool {
    [".d.ts", ".d.mts", ".d.cts"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

fn in_file(source: &Source, name: &str) -> Vec<ClassSite> {
    let classes = source.facts.classes.iter().filter(|class| class.name == name);
    classes
        .map(|class| ClassSite {
            path: source.path.clone(),
            line: class.at.line,
            column: class.at.column,
            name: class.name.clone(),
            exported: class.exported,
        })
        .collect()
}
