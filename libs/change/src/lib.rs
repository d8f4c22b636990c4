//! What a change is: paths, digests, change sets, edits, merging, diffs. Values only, no I/O.

pub mod bounds;
mod change;
mod diff;
mod digest;
mod edits;
pub mod errors;
mod failure;
mod json;
mod merge;
mod patch;
mod path;
mod placement;
mod resolve;
mod set;
mod state;
mod take_out;
mod tree;

pub use change::{Change, Span, Transition};
pub use digest::Digest;
pub use failure::{At, Code, Failure};
pub use json::{parse_json, print_json};
pub use merge::{MergeConflict, MergeError, merge};
pub use patch::{parse_input, parse_patch, render_patch};
pub use path::WorkspacePath;
pub use resolve::resolve;
pub use set::change_set;
pub use state::FileState;
pub use take_out::{How, TakeOut, put_back, take_out};
pub use tree::{EntryKind, MemoryTree, Overlay, Tree};
