//! Where files may stand: no way through a symbolic link, no case-fold twins, no path that is a file and a folder.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use crate::tree::EntryKind;
use crate::{Failure, FileState, Overlay, Tree, WorkspacePath, errors};

/// Reads a path, with the answers of [`Tree::state`] turned into failures of a change.
pub(crate) fn state(tree: &dyn Tree, path: &WorkspacePath) -> Result<FileState, Failure> {
    let not_a_file = |what: &str| {
        Err(
            Failure::new(&errors::NOT_A_FILE, format!("{path} is {what}, not a file"))
                .at_path(path)
                .reason("a change writes, edits and deletes files and symbolic links only")
                .hint("name the files inside it, or another path"),
        )
    };
    match tree.state(path) {
        Ok(FileState::Absent) if is_folder(tree, path) => not_a_file("a folder"),
        Ok(state) => Ok(state),
        Err(error) => match error.kind() {
            io::ErrorKind::IsADirectory => not_a_file("a folder"),
            io::ErrorKind::Unsupported => not_a_file("a device, a socket or a pipe"),
            // A parent is a file: that parent is named by `Parents::check`.
            io::ErrorKind::NotADirectory => Ok(FileState::Absent),
            _ => Err(
                Failure::new(&errors::UNREADABLE, format!("{path} cannot be read"))
                    .at_path(path)
                    .reason(error.to_string()),
            ),
        },
    }
}

fn is_folder(tree: &dyn Tree, path: &WorkspacePath) -> bool {
    tree.list(path).is_ok_and(|entries| !entries.is_empty())
}

/// The folders above changed paths, each looked at once.
pub(crate) struct Parents<'a> {
    tree: &'a dyn Tree,
    known: RefCell<HashMap<WorkspacePath, Parent>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    Folder,
    File,
    Symlink,
    Device,
}

impl<'a> Parents<'a> {
    pub(crate) fn new(tree: &'a dyn Tree) -> Self {
        Self {
            tree,
            known: RefCell::default(),
        }
    }

    /// Refuses a path below a file, a device or a symbolic link.
    pub(crate) fn check(&self, path: &WorkspacePath) -> Result<(), Failure> {
        for parent in ancestors(path) {
            let kind = self.kind(&parent)?;
            let refuse = |code, what: &str, hint: &str| {
                Err(
                    Failure::new(code, format!("{path} lies below {parent}, which is {what}"))
                        .at_path(path)
                        .hint(hint.to_owned()),
                )
            };
            match kind {
                Parent::Folder => {}
                Parent::File => {
                    return refuse(
                        &errors::FILE_AND_FOLDER,
                        "a file",
                        "delete or rename that file in a change of its own first",
                    );
                }
                Parent::Symlink => {
                    return refuse(
                        &errors::SYMLINK_PARENT,
                        "a symbolic link",
                        "name the file by its real path in the workspace",
                    );
                }
                Parent::Device => {
                    return refuse(
                        &errors::NOT_A_FILE,
                        "a device, a socket or a pipe",
                        "name another path",
                    );
                }
            }
        }
        Ok(())
    }

    fn kind(&self, parent: &WorkspacePath) -> Result<Parent, Failure> {
        if let Some(kind) = self.known.borrow().get(parent) {
            return Ok(*kind);
        }
        let kind = match self.tree.state(parent) {
            Ok(FileState::Absent) => Parent::Folder,
            Ok(FileState::File { .. }) => Parent::File,
            Ok(FileState::Symlink { .. }) => Parent::Symlink,
            Err(error) => match error.kind() {
                io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => Parent::Folder,
                io::ErrorKind::Unsupported => Parent::Device,
                _ => {
                    return Err(
                        Failure::new(&errors::UNREADABLE, format!("{parent} cannot be read"))
                            .at_path(parent)
                            .reason(error.to_string()),
                    );
                }
            },
        };
        self.known.borrow_mut().insert(parent.clone(), kind);
        Ok(kind)
    }
}

/// The folders above a path, the topmost first, without the root.
fn ancestors(path: &WorkspacePath) -> Vec<WorkspacePath> {
    let mut found: Vec<_> = std::iter::successors(path.parent(), WorkspacePath::parent)
        .filter(|parent| !parent.as_str().is_empty())
        .collect();
    found.reverse();
    found
}

/// The target of a symbolic link must lie in the workspace, also by way of other links.
pub(crate) fn check_symlink(after: &Overlay<'_>, link: &WorkspacePath, target: &str) -> Result<(), Failure> {
    follow(after, link, target, 0).map_err(|why| {
        Failure::new(
            &errors::SYMLINK_TARGET,
            format!("the symbolic link {link} -> {} is refused", target.escape_debug()),
        )
        .at_path(link)
        .reason(why)
        .hint("let it point to a path inside the workspace, relative to the folder of the link")
    })
}

/// Walks a target part by part, since `link/..` is not the folder that `link` stands in.
fn follow(after: &Overlay<'_>, link: &WorkspacePath, target: &str, depth: u8) -> Result<(), String> {
    if depth > 8 {
        return Err("it goes through more than eight links".to_owned());
    }
    if target.is_empty() {
        return Err("the target is empty".to_owned());
    }
    if target.starts_with('/') || target.contains(['\0', '\\']) || target.as_bytes().get(1) == Some(&b':') {
        return Err("the target is not a relative path".to_owned());
    }
    let mut parts: Vec<String> = link
        .parent()
        .filter(|parent| !parent.as_str().is_empty())
        .map_or_else(Vec::new, |parent| {
            parent.as_str().split('/').map(str::to_owned).collect()
        });
    let mut rest = target
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .peekable();
    while let Some(part) = rest.next() {
        if part == ".." {
            if parts.pop().is_none() {
                return Err("the target lies outside the workspace".to_owned());
            }
            continue;
        }
        parts.push(part.to_owned());
        let here = WorkspacePath::parse(&parts.join("/")).map_err(|failure| failure.message)?;
        if let Ok(FileState::Symlink { target }) = after.state(&here) {
            if rest.peek().is_some() {
                return Err(format!(
                    "the target goes through {here}, which is a symbolic link itself"
                ));
            }
            let next = std::str::from_utf8(&target)
                .map_err(|_| format!("{here} is a link whose target is not UTF-8"))?;
            return follow(after, &here, next, depth + 1);
        }
    }
    Ok(())
}

/// Judges the names that appear: against each other and against what stays in the tree.
///
/// `present` are the changed paths that exist afterwards, `created` those among them that did not exist before.
pub(crate) fn check_names(
    after: &Overlay<'_>,
    present: &BTreeSet<&WorkspacePath>,
    created: &[&WorkspacePath],
) -> Vec<Failure> {
    let mut failures = Vec::new();
    for path in present {
        if let Some(parent) = ancestors(path).iter().find(|parent| present.contains(parent)) {
            failures.push(
                Failure::new(
                    &errors::FILE_AND_FOLDER,
                    format!("{parent} would be a file and the folder of {path}"),
                )
                .at_path(path)
                .hint("give one of them another name"),
            );
        }
    }
    // A folder's entries after the change, by folded name; each folder is listed once.
    let mut folders: HashMap<WorkspacePath, BTreeMap<String, Vec<String>>> = HashMap::new();
    let mut reported = BTreeSet::new();
    for path in created {
        let mut steps = ancestors(path);
        steps.push((*path).clone());
        for step in steps {
            let Some(folder) = step.parent() else { continue };
            let names = folders
                .entry(folder.clone())
                .or_insert_with(|| folded(after, &folder));
            let Some(twin) = names
                .get(&fold(step.file_name()))
                .and_then(|names| names.iter().find(|name| *name != step.file_name()))
            else {
                continue;
            };
            let twin = folder
                .child(twin)
                .map_or_else(|_| twin.clone(), |path| path.to_string());
            let mut pair = [twin.clone(), step.to_string()];
            pair.sort();
            if reported.insert(pair) {
                failures.push(
                    Failure::new(
                        &errors::CASE_TWIN,
                        format!("{step} and {twin} differ in upper and lower case only"),
                    )
                    .at_path(path)
                    .reason("they are one file on macOS and Windows")
                    .hint("give it another name, or change the one that is there"),
                );
            }
            break;
        }
    }
    failures
}

fn folded(after: &Overlay<'_>, folder: &WorkspacePath) -> BTreeMap<String, Vec<String>> {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, kind) in after.list(folder).unwrap_or_default() {
        // A folder all of whose files go away with the change goes away as well.
        let stays = kind != EntryKind::Directory
            || folder
                .child(&name)
                .is_ok_and(|path| after.list(&path).is_ok_and(|entries| !entries.is_empty()));
        if stays {
            names.entry(fold(&name)).or_default().push(name);
        }
    }
    names
}

/// What a case-insensitive file system takes for the same name.
pub(crate) fn fold(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}
