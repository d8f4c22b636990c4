//! Every error code of this crate: 4080 to 4099. A broken cache is a warning; only who asks to clear one gets an error.

use krepis_change::Code;

/// A store was damaged and moved aside. A warning.
pub const DAMAGED: Code = Code {
    id: "KRP4080",
    exit: 1,
    title: "a cache was damaged; it is begun anew",
};
/// A store cannot be read or written. A warning.
pub const UNUSABLE: Code = Code {
    id: "KRP4081",
    exit: 1,
    title: "a cache cannot be used; all works without it, more slowly",
};
/// There is no cache of that name.
pub const UNKNOWN_KIND: Code = Code {
    id: "KRP4082",
    exit: 2,
    title: "there is no cache of this name",
};
/// The cache to clear is in use.
pub const BUSY: Code = Code {
    id: "KRP4083",
    exit: 75,
    title: "another process uses the cache",
};
/// A cache cannot be removed.
pub const NOT_CLEARED: Code = Code {
    id: "KRP4084",
    exit: 1,
    title: "a cache cannot be removed",
};

/// All of them, for the reference.
pub const CODES: &[&Code] = &[&DAMAGED, &UNUSABLE, &UNKNOWN_KIND, &BUSY, &NOT_CLEARED];
