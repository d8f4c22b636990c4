//! Every error code of this crate: 2xxx.

use crate::Code;

/// A path leads out of the workspace.
pub const PATH_OUTSIDE: Code = Code {
    id: "KRP2101",
    exit: 2,
    title: "a path lies outside the workspace",
};
/// A path lies in `.git`, `.krepis` or `node_modules`.
pub const PATH_PROTECTED: Code = Code {
    id: "KRP2102",
    exit: 2,
    title: "a path lies in a folder no change may touch",
};
/// A path is not in the form of a workspace path.
pub const PATH_MALFORMED: Code = Code {
    id: "KRP2103",
    exit: 2,
    title: "a path is malformed",
};

/// All of them, for the reference.
pub const CODES: &[&Code] = &[&PATH_OUTSIDE, &PATH_PROTECTED, &PATH_MALFORMED];
