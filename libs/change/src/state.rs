//! What is at a path at one moment.

use std::sync::Arc;

use crate::Digest;

/// The state of one path. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FileState {
    /// Nothing there.
    Absent,
    /// A regular file.
    File {
        /// The whole content.
        bytes: Arc<[u8]>,
        /// Permission bits (`0o644`).
        mode: u32,
    },
    /// A symbolic link, not followed.
    Symlink {
        /// The target as stored in the link (bytes on Unix).
        target: Arc<[u8]>,
    },
}

impl FileState {
    /// A regular file with mode `0o644`.
    pub fn text(text: &str) -> Self {
        Self::File {
            bytes: text.as_bytes().into(),
            mode: 0o644,
        }
    }

    /// True if nothing is there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The content of a regular file.
    pub fn bytes(&self) -> Option<&Arc<[u8]>> {
        match self {
            Self::File { bytes, .. } => Some(bytes),
            _ => None,
        }
    }

    /// The content of a regular file that is UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        self.bytes().and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// sha256 of the content or of the link's target; `None` if absent.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Absent => None,
            Self::File { bytes, .. } => Some(Digest::of(bytes)),
            Self::Symlink { target } => Some(Digest::of(target)),
        }
    }
}
