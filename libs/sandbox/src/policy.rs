//! What a confined process may have, as a value.

use std::path::PathBuf;

use crate::Layers;

/// What is granted. Everything else is denied.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Files and folders (with all below them) that may be read. Paths that do not exist are left out.
    pub read: Vec<PathBuf>,
    /// Files that may be run, and read: the program and its loader.
    pub execute: Vec<PathBuf>,
    /// How much it may have of what the machine has.
    pub limits: Limits,
    /// The layers to confine it with.
    pub layers: Layers,
}

/// How much a confined process may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory, all kinds together.
    pub memory: u64,
    /// Open descriptors.
    pub open_files: u64,
    /// Threads, where the machine has a control group for them.
    pub threads: u64,
}

impl Default for Limits {
    /// 576 MiB, 256 descriptors, 64 threads (Node itself has about eleven).
    fn default() -> Self {
        Self {
            memory: 576 << 20,
            open_files: 256,
            threads: 64,
        }
    }
}
