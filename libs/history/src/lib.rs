//! The history of a workspace: operation files, and the protocol by which an operation is applied, recovered after a crash,
//! taken back and done again.
//!
//! Every file of an operation is swapped in atomically. The tree as a whole is before or after once recovery has run,
//! which every writer does first.
//!
//! ```
//! use krepis_change::{Change, FileState, Transition, WorkspacePath};
//! use krepis_history::{History, Intent, Meta, UndoOptions};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let history = History::new(folder.path());
//! let path = WorkspacePath::parse("src/a.ts").unwrap();
//! let (before, after) = (FileState::Absent, FileState::text("export {};\n"));
//! let one = Transition { path, before, after, edits: Vec::new(), renamed_from: None };
//! let change = Change { title: "a".into(), transitions: vec![one], reads: Vec::new() };
//!
//! history.apply(&change, Intent::apply(Meta { title: "a".into(), ..Meta::default() })).unwrap();
//! assert!(folder.path().join("src/a.ts").exists());
//! history.undo(Meta::default(), &UndoOptions::default()).unwrap();
//! assert!(!folder.path().join("src").exists());
//! ```

mod apply;
mod disk;
pub mod errors;
mod exec;
pub mod failpoints;
mod forget;
mod format;
mod heads;
mod horizon;
mod id;
mod log;
mod many;
mod observe;
mod operation;
mod owner;
mod recover;
mod retention;
mod store;
mod swap;
mod sync;
mod temporary;
mod undo;
mod write;

pub use apply::Intent;
pub use disk::read_state;
pub use exec::{Begun, Coverage, Ended, Filled, Install, is_environment_file};
pub use forget::Forgotten;
pub use format::OperationFile;
pub use heads::Shelf;
pub use horizon::Horizon;
pub use id::OperationId;
pub use log::{Entry, Log};
pub use operation::{Barrier, DirectoryEntry, FileEntry, Image, Kind, Meta, Operation, Running, Uncovered};
pub use owner::Owner;
pub use recover::{Decision, Ending, Recovered};
pub use retention::{AT_LEAST, Collection, Retention};
pub use store::{History, Stage, ensure_private_folder};
pub use undo::{Outcome, Reversal, UndoOptions};
