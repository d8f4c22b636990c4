//! A disk that loses power: what is durable, what is only in memory, and which states may be found afterwards.
//!
//! The model is POSIX read strictly, weaker than ext4, XFS or Btrfs with their defaults, as the weakest abstract persistence
//! model of ALICE (Pillai et al., "All File Systems Are Not Created Equal", OSDI '14) and the bounded reordering of `CrashMonkey`
//! (Mohan et al., OSDI '18):
//!
//! - Every write, change of length or mode of a file, and every change of an entry of a folder, is an effect of its own. An
//!   effect that is not durable is lost or kept independently of all others, whatever their order; of a write the first half
//!   may be there, or zeros of its length.
//! - `fsync` of a file makes the effects on its content and mode durable, and *not* its name. `fsync` of a folder makes its
//!   entries durable, and *not* what they lead to, nor the folder's own name. `syncfs` makes everything durable.
//! - A rename inside one folder is one effect. A rename from one folder to another is two, and each may be there without the
//!   other: a file can have both names or none.
//! - A created file is empty until something of it is durable; a symbolic link comes with its target.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::trace::Call;

type Number = usize;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Node {
    File {
        bytes: Vec<u8>,
        mode: u32,
    },
    Folder {
        entries: BTreeMap<Vec<u8>, Number>,
        mode: u32,
    },
    Link(Vec<u8>),
}

#[derive(Debug, Clone)]
pub enum Effect {
    Bytes {
        file: Number,
        at: usize,
        bytes: Vec<u8>,
    },
    Length {
        file: Number,
        length: usize,
    },
    Mode {
        node: Number,
        mode: u32,
    },
    /// Names of one folder that change at one time.
    Entries {
        folder: Number,
        names: Vec<(Vec<u8>, Option<Number>)>,
    },
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { file, at, bytes } => write!(f, "{} bytes of {file} at {at}", bytes.len()),
            Self::Length { file, length } => write!(f, "length {length} of {file}"),
            Self::Mode { node, mode } => write!(f, "mode {mode:o} of {node}"),
            Self::Entries { folder, names } => {
                write!(f, "in folder {folder}:")?;
                names.iter().try_for_each(|(name, node)| match node {
                    Some(node) => write!(f, " `{}` is {node}", String::from_utf8_lossy(name)),
                    None => write!(f, " `{}` goes", String::from_utf8_lossy(name)),
                })
            }
        }
    }
}

/// How much of an effect is there afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Lost,
    Whole,
    Half,
    Zeros,
}

impl Effect {
    fn node(&self) -> Number {
        match self {
            Self::Bytes { file, .. } | Self::Length { file, .. } => *file,
            Self::Mode { node, .. } => *node,
            Self::Entries { folder, .. } => *folder,
        }
    }

    /// In how many ways it may be found.
    pub fn ways(&self) -> &'static [Kept] {
        match self {
            Self::Bytes { .. } => &[Kept::Lost, Kept::Whole, Kept::Half, Kept::Zeros],
            _ => &[Kept::Lost, Kept::Whole],
        }
    }
}

#[derive(Debug, Clone)]
struct Nodes(Vec<Node>);

impl Nodes {
    fn apply(&mut self, effect: &Effect, kept: Kept) {
        match (effect, kept) {
            (_, Kept::Lost) => {}
            (Effect::Bytes { file, at, bytes }, kept) => {
                let Node::File { bytes: content, .. } = &mut self.0[*file] else {
                    return;
                };
                let (new, length) = match kept {
                    Kept::Half => (&bytes[..bytes.len() / 2], bytes.len() / 2),
                    Kept::Zeros => (&[][..], bytes.len()),
                    _ => (&bytes[..], bytes.len()),
                };
                if content.len() < at + length {
                    content.resize(at + length, 0);
                }
                content[*at..at + length].fill(0);
                content[*at..at + new.len()].copy_from_slice(new);
            }
            (Effect::Length { file, length }, _) => {
                if let Node::File { bytes, .. } = &mut self.0[*file] {
                    bytes.resize(*length, 0);
                }
            }
            (Effect::Mode { node, mode: new }, _) => match &mut self.0[*node] {
                Node::File { mode, .. } | Node::Folder { mode, .. } => *mode = *new,
                Node::Link(_) => {}
            },
            (Effect::Entries { folder, names }, _) => {
                if let Node::Folder { entries, .. } = &mut self.0[*folder] {
                    for (name, node) in names {
                        match node {
                            Some(node) => drop(entries.insert(name.clone(), *node)),
                            None => drop(entries.remove(name)),
                        }
                    }
                }
            }
        }
    }
}

#[derive(Debug, Clone)]
struct Open {
    node: Number,
    at: usize,
    append: bool,
}

/// The disk below one folder.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
    /// As the processes see it.
    seen: Nodes,
    durable: Nodes,
    /// What is not durable, in order.
    pub pending: Vec<Effect>,
    open: HashMap<i32, Open>,
    umask: u32,
}

impl Disk {
    /// What is below `root` now, all of it durable.
    pub fn new(root: &Path) -> Self {
        let mut nodes = Nodes(Vec::new());
        load(root, &mut nodes);
        Self {
            root: root.to_path_buf(),
            seen: nodes.clone(),
            durable: nodes,
            pending: Vec::new(),
            open: HashMap::new(),
            umask: 0o022,
        }
    }

    fn lookup(&self, path: &Path) -> Option<Number> {
        let below = path.strip_prefix(&self.root).ok()?;
        below.iter().try_fold(0, |at, name| match &self.seen.0[at] {
            Node::Folder { entries, .. } => entries.get(name.as_bytes()).copied(),
            _ => None,
        })
    }

    /// The folder a path lies in, and its name there; `None` if it is not below the root.
    fn place(&self, path: &Path) -> Option<(Number, Vec<u8>)> {
        if path == self.root {
            return None;
        }
        let folder = self.lookup(path.parent()?)?;
        Some((folder, path.file_name()?.as_bytes().to_vec()))
    }

    fn effect(&mut self, effect: Effect) {
        self.seen.apply(&effect, Kept::Whole);
        self.pending.push(effect);
    }

    fn entry(&mut self, path: &Path, node: Option<Number>) {
        if let Some((folder, name)) = self.place(path) {
            self.effect(Effect::Entries {
                folder,
                names: vec![(name, node)],
            });
        }
    }

    fn create(&mut self, node: Node) -> Number {
        self.seen.0.push(node.clone());
        self.durable.0.push(node);
        self.seen.0.len() - 1
    }

    fn sync(&mut self, node: Number) {
        let (done, left) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|effect| effect.node() == node);
        self.pending = left;
        let done: Vec<Effect> = done;
        for effect in &done {
            self.durable.apply(effect, Kept::Whole);
        }
    }

    #[expect(clippy::too_many_lines, reason = "an arm for every call")]
    /// True if the call changed something or made something durable.
    pub fn call(&mut self, call: &Call) -> bool {
        let before = self.pending.len();
        match call {
            Call::Start => self.open.clear(),
            Call::Open {
                path,
                create,
                truncate,
                append,
                mode,
                fd,
            } => {
                self.open.remove(fd);
                let node = match self.lookup(path) {
                    Some(node) => node,
                    None if *create && self.place(path).is_some() => {
                        let mode = mode & !self.umask;
                        let node = self.create(Node::File {
                            bytes: Vec::new(),
                            mode,
                        });
                        self.entry(path, Some(node));
                        node
                    }
                    None => return false,
                };
                if *truncate {
                    self.effect(Effect::Length {
                        file: node,
                        length: 0,
                    });
                }
                let (at, append) = (0, *append);
                self.open.insert(*fd, Open { node, at, append });
            }
            Call::Close(fd) => drop(self.open.remove(fd)),
            Call::Duplicate(from, to) => match self.open.get(from).cloned() {
                Some(open) => drop(self.open.insert(*to, open)),
                None => drop(self.open.remove(to)),
            },
            Call::Write(fd, bytes, at) => {
                let Some(open) = self.open.get_mut(fd) else {
                    return false;
                };
                let (file, seen) = (open.node, &self.seen.0[open.node]);
                let length = if let Node::File { bytes, .. } = seen {
                    bytes.len()
                } else {
                    0
                };
                let start = at.unwrap_or(if open.append { length } else { open.at });
                if at.is_none() {
                    open.at = start + bytes.len();
                }
                let bytes = bytes.clone();
                self.effect(Effect::Bytes {
                    file,
                    at: start,
                    bytes,
                });
            }
            Call::Length(fd, length) => {
                if let Some(file) = self.open.get(fd).map(|open| open.node) {
                    self.effect(Effect::Length {
                        file,
                        length: *length,
                    });
                }
            }
            Call::Mode(fd, mode) => {
                if let Some(node) = self.open.get(fd).map(|open| open.node) {
                    self.effect(Effect::Mode { node, mode: *mode });
                }
            }
            Call::ModeOf(path, mode) => {
                if let Some(node) = self.lookup(path) {
                    self.effect(Effect::Mode { node, mode: *mode });
                }
            }
            Call::MakeFolder(path) if self.place(path).is_some() => {
                // The mode of a folder comes with it; the process asked for the usual or for its own eyes only.
                let mode = if path.components().any(|it| it.as_os_str() == ".krepis") {
                    0o700
                } else {
                    0o755
                };
                let entries = BTreeMap::new();
                let node = self.create(Node::Folder { entries, mode });
                self.entry(path, Some(node));
            }
            Call::RemoveFolder(path) | Call::Remove(path) => self.entry(path, None),
            Call::Rename { from, to, exchange } => self.rename(from, to, *exchange),
            Call::Link(from, to) => {
                let node = self.lookup(from);
                self.entry(to, node);
            }
            Call::Symlink(target, path) if self.place(path).is_some() => {
                let node = self.create(Node::Link(target.clone()));
                self.entry(path, Some(node));
            }
            Call::MakeFolder(_) | Call::Symlink(..) => {}
            Call::Sync(fd) => {
                if let Some(node) = self.open.get(fd).map(|open| open.node) {
                    self.sync(node);
                }
            }
            Call::SyncAll => {
                for effect in std::mem::take(&mut self.pending) {
                    self.durable.apply(&effect, Kept::Whole);
                }
            }
        }
        before != self.pending.len()
    }

    fn rename(&mut self, from: &Path, to: &Path, exchange: bool) {
        let (Some((old, old_name)), Some((new, new_name))) = (self.place(from), self.place(to)) else {
            return;
        };
        let (moved, other) = (self.lookup(from), self.lookup(to).filter(|_| exchange));
        let (leaves, comes) = ((old_name, other), (new_name, moved));
        if old == new {
            self.effect(Effect::Entries {
                folder: old,
                names: vec![leaves, comes],
            });
            return;
        }
        self.effect(Effect::Entries {
            folder: old,
            names: vec![leaves],
        });
        self.effect(Effect::Entries {
            folder: new,
            names: vec![comes],
        });
    }

    /// What is found if of the pending effects so much was kept.
    pub fn found(&self, kept: &[Kept]) -> Found {
        let mut nodes = self.durable.clone();
        for (effect, kept) in self.pending.iter().zip(kept) {
            nodes.apply(effect, *kept);
        }
        let mut found = Found::default();
        gather(&nodes, 0, &mut Vec::new(), &mut found);
        found
    }

    /// What the processes saw last.
    pub fn all(&self) -> Found {
        self.found(&vec![Kept::Whole; self.pending.len()])
    }
}

fn load(path: &Path, nodes: &mut Nodes) -> Number {
    let metadata = fs::symlink_metadata(path).expect("there");
    let mode = metadata.mode() & 0o7777;
    let number = nodes.0.len();
    if metadata.is_symlink() {
        let target = fs::read_link(path).expect("link");
        nodes.0.push(Node::Link(target.as_os_str().as_bytes().to_vec()));
    } else if metadata.is_file() {
        let bytes = fs::read(path).expect("read");
        nodes.0.push(Node::File { bytes, mode });
    } else {
        let entries = BTreeMap::new();
        nodes.0.push(Node::Folder { entries, mode });
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(path).expect("list").flatten() {
            let node = load(&entry.path(), nodes);
            found.insert(entry.file_name().as_bytes().to_vec(), node);
        }
        nodes.0[number] = Node::Folder { entries: found, mode };
    }
    number
}

fn gather(nodes: &Nodes, at: Number, path: &mut Vec<Vec<u8>>, found: &mut Found) {
    let name: PathBuf = path.iter().map(|part| OsStr::from_bytes(part)).collect();
    match &nodes.0[at] {
        Node::Folder { entries, mode } => {
            if !path.is_empty() {
                found.entries.push((name, Entry::Folder(*mode)));
            }
            for (part, node) in entries {
                path.push(part.clone());
                gather(nodes, *node, path, found);
                path.pop();
            }
        }
        Node::File { bytes, mode } => {
            let entry = Entry::File {
                number: at,
                bytes: bytes.clone(),
                mode: *mode,
            };
            found.entries.push((name, entry));
        }
        Node::Link(target) => found.entries.push((name, Entry::Link(target.clone()))),
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Entry {
    Folder(u32),
    File {
        number: Number,
        bytes: Vec<u8>,
        mode: u32,
    },
    Link(Vec<u8>),
}

/// A tree as it may be found after a power cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Found {
    entries: Vec<(PathBuf, Entry)>,
}

impl Found {
    /// Lays it out below an empty folder.
    pub fn lay_out(&self, root: &Path) {
        let mut files: HashMap<Number, PathBuf> = HashMap::new();
        let mut folders = Vec::new();
        for (path, entry) in &self.entries {
            let target = root.join(path);
            match entry {
                Entry::Folder(mode) => {
                    fs::create_dir(&target).expect("folder");
                    folders.push((target, *mode));
                }
                Entry::Link(to) => std::os::unix::fs::symlink(OsStr::from_bytes(to), &target).expect("link"),
                Entry::File { number, bytes, mode } => {
                    if let Some(first) = files.get(number) {
                        fs::hard_link(first, &target).expect("second name");
                    } else {
                        fs::write(&target, bytes).expect("write");
                        fs::set_permissions(&target, fs::Permissions::from_mode(*mode)).expect("mode");
                        files.insert(*number, target);
                    }
                }
            }
        }
        for (folder, mode) in folders {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).expect("mode");
        }
    }
}
