//! A workspace on disk: find it, lock it, and join rules and history in one transaction.

mod account;
mod command;
pub mod errors;
mod git;
mod index;
mod lock;
mod retention;
mod secret;
mod transaction;
mod tree;
mod workspace;

use std::io;

use krepis_change::Failure;

pub use account::account_name;
pub use command::CommandOptions;
pub use git::git_head;
pub use lock::Lock;
pub use transaction::{Applied, Judge, Options, Plan, Turn};
pub use tree::DiskTree;
pub use workspace::{CACHES, Workspace, check_writable};

/// The failure of a write that the disk refused before anything was changed.
pub(crate) fn not_writable(doing: &str, error: &io::Error) -> Failure {
    let hint = match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
        Some(rustix::io::Errno::ROFS) => {
            "the disk is mounted read-only: mount it writable, or work on a copy"
        }
        Some(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => "give yourself the right to write there",
        Some(rustix::io::Errno::NOSPC | rustix::io::Errno::DQUOT) => "make room on the disk",
        _ => "look at the disk and its permissions",
    };
    Failure::new(
        &errors::NOT_WRITABLE,
        format!("the workspace cannot be written: {doing} failed"),
    )
    .reason(error.to_string())
    .hint(hint)
}
