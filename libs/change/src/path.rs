//! Paths of a workspace.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::{Failure, errors};

/// A path relative to the workspace root: `/` as separator, no empty, `.` or `..` part, no NUL, no backslash, and
/// nothing inside `.git`, `.krepis` or a `node_modules` folder. A value of this type cannot name anything else.
///
/// ```
/// use krepis_change::WorkspacePath;
/// assert_eq!(WorkspacePath::parse("src/a.ts").unwrap().file_name(), "a.ts");
/// assert!(WorkspacePath::parse("../a.ts").is_err());
/// assert!(WorkspacePath::parse("src/.git/config").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkspacePath(Box<str>);

impl WorkspacePath {
    /// The workspace itself (the empty path): for listing only, never a target of a change.
    pub fn root() -> Self {
        Self("".into())
    }

    /// Checks and takes a path.
    ///
    /// # Errors
    /// `KRP2101` outside the workspace, `KRP2102` a protected folder, `KRP2103` malformed.
    pub fn parse(path: &str) -> Result<Self, Failure> {
        let malformed = |why: &str| {
            Err(Failure::new(
                &errors::PATH_MALFORMED,
                format!("`{}` is not a workspace path", path.escape_debug()),
            )
            .reason(why)
            .hint("write it relative to the workspace root with `/`, for example `src/app.ts`"))
        };
        if path.is_empty() {
            return malformed("it is empty");
        }
        if path.starts_with('/') || path.as_bytes().get(1) == Some(&b':') {
            return Err(outside(path));
        }
        if path.starts_with('"') && path.contains('\\') {
            return malformed(
                "it is a quoted name of bytes that are not UTF-8, and such files cannot be changed",
            );
        }
        if path.contains(['\0', '\\']) {
            return malformed("it holds a NUL or a backslash");
        }
        for part in path.split('/') {
            match part {
                "" | "." => return malformed("it has an empty part or a `.`"),
                ".." => return Err(outside(path)),
                part if is_protected(part) => {
                    return Err(Failure::new(
                        &errors::PATH_PROTECTED,
                        format!("`{path}` lies in `{part}`, which no change may touch"),
                    )
                    .hint("leave it to git, krepis and the package manager"));
                }
                _ => {}
            }
        }
        Ok(Self(path.into()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The folder it lies in; the root for a path of one part; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        Some(Self(
            self.0.rsplit_once('/').map_or("", |(parent, _)| parent).into(),
        ))
    }

    /// The text after the last dot of the file name, or `""`.
    pub fn extension(&self) -> &str {
        self.file_name()
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
    }

    /// The path on disk below `root`.
    pub fn on_disk(&self, root: &Path) -> PathBuf {
        if self.0.is_empty() {
            root.to_path_buf()
        } else {
            root.join(&*self.0)
        }
    }

    /// Sorts right before every path below this folder, and after everything that sorts before those. Not a path.
    pub(crate) fn before_children(&self) -> Self {
        if self.0.is_empty() {
            Self::root()
        } else {
            Self(format!("{self}/").into())
        }
    }

    /// A path inside this folder.
    pub fn child(&self, name: &str) -> Result<Self, Failure> {
        if self.0.is_empty() {
            Self::parse(name)
        } else {
            Self::parse(&format!("{self}/{name}"))
        }
    }
}

fn outside(path: &str) -> Failure {
    Failure::new(
        &errors::PATH_OUTSIDE,
        format!("`{path}` lies outside the workspace"),
    )
    .hint("name a path inside the workspace, relative to its root")
}

/// Case is folded: `.GIT` is `.git` on the file systems of macOS and Windows.
fn is_protected(part: &str) -> bool {
    [".git", ".krepis", "node_modules"]
        .iter()
        .any(|name| part.eq_ignore_ascii_case(name))
}

impl fmt::Display for WorkspacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
