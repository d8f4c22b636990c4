//! What package managers install lies in `node_modules`, which undo never touches: seen here by a few `stat` calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use krepis_change::Digest;

use super::walk::{Stat, Type, Walked};
use crate::operation::Barrier;

/// What one folder with a package.json has installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// Relative to the workspace root; empty: the root.
    pub folder: String,
    /// Over what `stat` says of the marks.
    pub marks: Digest,
}

/// Files that a package manager writes anew with every install that changes something.
const MARKS: [&str; 5] = [
    // npm 7 and later, pnpm, Yarn 2 and later, Yarn 1.
    "node_modules/.package-lock.json",
    "node_modules/.modules.yaml",
    "node_modules/.yarn-state.yml",
    "node_modules/.yarn-integrity",
    // Yarn without node_modules.
    ".yarn/install-state.gz",
];

/// A lock file and the command that installs from it.
const LOCKS: [(&str, &str); 6] = [
    ("pnpm-lock.yaml", "pnpm install"),
    ("package-lock.json", "npm install"),
    ("npm-shrinkwrap.json", "npm install"),
    ("yarn.lock", "yarn install"),
    ("bun.lock", "bun install"),
    ("bun.lockb", "bun install"),
];

/// The installs beside every covered package.json, by folder.
pub(super) fn installs(root: &Path, walked: &Walked) -> Vec<Install> {
    let manifests = walked.found.iter().filter(|found| found.kind == Type::File);
    let folders: BTreeSet<&str> = manifests
        .filter_map(|found| match found.path.rsplit_once('/') {
            None => (&*found.path == "package.json").then_some(""),
            Some((folder, name)) => (name == "package.json").then_some(folder),
        })
        .collect();
    let installs = folders.into_iter().filter_map(|folder| {
        Some(Install {
            folder: folder.to_owned(),
            marks: marks(&root.join(folder))?,
        })
    });
    installs.collect()
}

/// `None` where nothing is installed.
fn marks(folder: &Path) -> Option<Digest> {
    let mut text = String::new();
    for mark in MARKS {
        if let Ok(metadata) = fs::symlink_metadata(folder.join(mark)) {
            text += &format!("{mark} {:?}\n", Stat::of(&metadata));
        }
    }
    if text.is_empty() {
        // Bun, and the packages of a workspace, have no such file: then what is installed is what is listed. Names with a
        // dot are caches that any tool may make.
        for entry in fs::read_dir(folder.join("node_modules")).ok()?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let inode = entry
                .metadata()
                .map(|it| std::os::unix::fs::MetadataExt::ino(&it));
            text += &format!("{name} {:?}\n", inode.ok());
        }
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        text = lines.join("\n");
    }
    Some(Digest::of(text.as_bytes()))
}

/// What of two looks differs, and how to mend it; one barrier for each folder the mending command runs in.
pub(super) fn barriers(
    root: &Path,
    before: &[Install],
    after: &[Install],
    command: &[String],
) -> Vec<Barrier> {
    let by_folder = |list: &[Install]| -> BTreeMap<String, Digest> {
        list.iter()
            .map(|install| (install.folder.clone(), install.marks))
            .collect()
    };
    let (before, after) = (by_folder(before), by_folder(after));
    let folders: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut changed: BTreeMap<(String, &str), Vec<&String>> = BTreeMap::new();
    for folder in folders {
        if before.get(folder) != after.get(folder) {
            changed.entry(mend(root, folder)).or_default().push(folder);
        }
    }
    changed
        .into_iter()
        .map(|((at, mend), folders)| {
            let first = if folders[0].is_empty() {
                "node_modules".to_owned()
            } else {
                format!("{}/node_modules", folders[0])
            };
            let what = match folders.len() {
                1 => first,
                count => format!("{first} and {} more", count - 1),
            };
            Barrier {
                what,
                command: command.to_vec(),
                mend: Some(mend.to_owned()),
                folder: at,
            }
        })
        .collect()
}

/// The folder of the nearest lock file at or above, and the command of its package manager.
fn mend(root: &Path, folder: &str) -> (String, &'static str) {
    let mut at = folder;
    loop {
        let lock = LOCKS.iter().find(|(lock, _)| root.join(at).join(lock).is_file());
        if let Some((_, command)) = lock {
            return (at.to_owned(), command);
        }
        if at.is_empty() {
            return (folder.to_owned(), "npm install");
        }
        at = at.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
}
