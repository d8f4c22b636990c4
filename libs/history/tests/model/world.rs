//! The tree in memory: what is below a root, with modes, links and empty folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use krepis_change::FileState;

/// A state that reads well in the report of a failed sequence.
#[derive(Clone)]
pub struct Shown(pub FileState);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            FileState::Absent => write!(f, "nothing"),
            FileState::File { bytes, mode } => write!(f, "{mode:o} {:?}", String::from_utf8_lossy(bytes)),
            FileState::Symlink { target } => write!(f, "-> {:?}", String::from_utf8_lossy(target)),
        }
    }
}

/// What is at one path.
#[derive(Clone, PartialEq, Eq)]
pub enum Node {
    Folder(u32),
    File { mode: u32, bytes: Arc<[u8]> },
    Link(Arc<[u8]>),
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(mode) => write!(f, "folder {mode:o}"),
            Self::File { mode, bytes } => write!(f, "{mode:o} {:?}", String::from_utf8_lossy(bytes)),
            Self::Link(target) => write!(f, "-> {:?}", String::from_utf8_lossy(target)),
        }
    }
}

/// Everything below a root but `.krepis`.
pub type Tree = BTreeMap<String, Node>;

/// Reads the disk.
pub fn read(root: &Path) -> Tree {
    fn walk(root: &Path, folder: &Path, found: &mut Tree) {
        for entry in fs::read_dir(folder).expect("list") {
            let path = entry.expect("entry").path();
            let name = path
                .strip_prefix(root)
                .expect("below")
                .to_str()
                .expect("UTF-8")
                .to_owned();
            let metadata = fs::symlink_metadata(&path).expect("lstat");
            let mode = metadata.mode() & 0o7777;
            if name == ".krepis" {
            } else if metadata.is_dir() {
                found.insert(name, Node::Folder(mode));
                walk(root, &path, found);
            } else if metadata.is_symlink() {
                let target = fs::read_link(&path).expect("link");
                found.insert(name, Node::Link(target.as_os_str().as_bytes().into()));
            } else {
                let bytes = fs::read(&path).expect("read").into();
                found.insert(name, Node::File { mode, bytes });
            }
        }
    }
    let mut found = Tree::new();
    walk(root, root, &mut found);
    found
}

/// Folders above a path, shallow ones first.
pub fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end])
}

/// The state of a path as a change sees it: a folder is nothing, and so is what lies behind a file or a link.
pub fn state(tree: &Tree, path: &str) -> FileState {
    if above(path).any(|folder| !matches!(tree.get(folder), Some(Node::Folder(_)))) {
        return FileState::Absent;
    }
    match tree.get(path) {
        None | Some(Node::Folder(_)) => FileState::Absent,
        Some(Node::File { mode, bytes }) => FileState::File {
            bytes: Arc::clone(bytes),
            mode: *mode,
        },
        Some(Node::Link(target)) => FileState::Symlink {
            target: Arc::clone(target),
        },
    }
}

/// True if a change of this path cannot read a state at all: a folder is there, or the way leads through a file or a link.
pub fn is_obstructed(tree: &Tree, path: &str) -> bool {
    matches!(tree.get(path), Some(Node::Folder(_)))
        || above(path).any(|folder| matches!(tree.get(folder), Some(Node::File { .. } | Node::Link(_))))
}

fn has_children(tree: &Tree, folder: &str) -> bool {
    let below = format!("{folder}/");
    tree.range(below.clone()..)
        .next()
        .is_some_and(|(name, _)| name.starts_with(&below))
}

/// What an operation makes of a tree, and the folders it makes; `None` if something stands in the way. First everything
/// goes that is to go, with those of `removable` that are empty then; after that everything comes.
pub fn written(
    tree: &Tree,
    goals: &BTreeMap<String, FileState>,
    removable: &BTreeSet<String>,
    folder_mode: u32,
) -> Option<(Tree, BTreeSet<String>)> {
    let mut tree = tree.clone();
    for path in goals
        .iter()
        .filter(|(_, goal)| goal.is_absent())
        .map(|(path, _)| path)
    {
        if !is_obstructed(&tree, path) {
            tree.remove(path);
        }
    }
    for folder in removable.iter().rev() {
        if matches!(tree.get(folder), Some(Node::Folder(_))) && !has_children(&tree, folder) {
            tree.remove(folder);
        }
    }
    let mut made = BTreeSet::new();
    for (path, goal) in goals {
        let node = match goal {
            FileState::Absent => continue,
            FileState::File { bytes, mode } => Node::File {
                mode: *mode,
                bytes: Arc::clone(bytes),
            },
            FileState::Symlink { target } => Node::Link(Arc::clone(target)),
        };
        if is_obstructed(&tree, path) {
            return None;
        }
        for folder in above(path) {
            if !tree.contains_key(folder) {
                tree.insert(folder.to_owned(), Node::Folder(folder_mode));
                made.insert(folder.to_owned());
            }
        }
        tree.insert(path.clone(), node);
    }
    Some((tree, made))
}

/// A user, or another program, puts a state at a path, whatever was there.
pub fn put(root: &Path, path: &str, state: &FileState) {
    let target = root.join(path);
    if state.is_absent() {
        remove(&target);
        return;
    }
    for folder in above(path).map(|folder| root.join(folder)) {
        if !folder.is_dir() || folder.is_symlink() {
            remove(&folder);
            fs::create_dir(&folder).expect("folder");
        }
    }
    remove(&target);
    match state {
        FileState::Absent => {}
        FileState::File { bytes, mode } => {
            fs::write(&target, bytes).expect("write");
            fs::set_permissions(&target, fs::Permissions::from_mode(*mode)).expect("mode");
        }
        FileState::Symlink { target: to } => {
            std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(to), &target).expect("link");
        }
    }
}

/// Removes a file, a link or a whole folder, if there is one.
pub fn remove(target: &Path) {
    match fs::symlink_metadata(target) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(target).expect("remove"),
        Ok(_) => fs::remove_file(target).expect("remove"),
        Err(_) => {}
    }
}
