//! Every error code of this crate: 520x.

use krepis_change::Code;

/// A layer that the policy asks for is not there.
pub const LAYER_MISSING: Code = Code {
    id: "KRP5201",
    exit: 70,
    title: "a layer of the sandbox is missing on this machine",
};
/// A layer is there and could not be set.
pub const LAYER_FAILED: Code = Code {
    id: "KRP5202",
    exit: 70,
    title: "a layer of the sandbox could not be set",
};

/// All of them, for the reference.
pub const CODES: &[&Code] = &[&LAYER_MISSING, &LAYER_FAILED];
