//! What a change is: paths, digests, change sets, edits, merging, diffs. Values only, no I/O.

mod change;
mod digest;
pub mod errors;
mod failure;
mod path;
mod state;
mod tree;

pub use change::{Change, Span, Transition};
pub use digest::Digest;
pub use failure::{At, Code, Failure};
pub use path::WorkspacePath;
pub use state::FileState;
pub use tree::{EntryKind, MemoryTree, Overlay, Tree};
