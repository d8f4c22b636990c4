//! Every error code of this crate: 45xx.

use krepis_change::Code;

/// No krepis.json here or above.
pub const NO_WORKSPACE: Code = Code {
    id: "KRP4501",
    exit: 2,
    title: "there is no Krepis workspace here or above",
};
/// Another krepis is writing.
pub const LOCKED: Code = Code {
    id: "KRP4502",
    exit: 75,
    title: "another krepis holds the workspace's lock",
};
/// `.krepis` cannot be made or written.
pub const NOT_WRITABLE: Code = Code {
    id: "KRP4503",
    exit: 1,
    title: "the workspace cannot be written",
};
/// A change touches a file that is kept secret.
pub const SECRET: Code = Code {
    id: "KRP4504",
    exit: 2,
    title: "a change touches a secret file, which the history may not record",
};

/// All of them, for the reference.
pub const CODES: &[&Code] = &[&NO_WORKSPACE, &LOCKED, &NOT_WRITABLE, &SECRET];
