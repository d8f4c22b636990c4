//! Every error code of plugins: 521x their manifests, 522x what became of their process, 523x what they asked for.

use krepis_change::Code;

/// There is no plugin where krepis.json says.
pub const MANIFEST_MISSING: Code = Code {
    id: "KRP5210",
    exit: 2,
    title: "a plugin has no manifest",
};
/// The manifest is not what a manifest is.
pub const MANIFEST_MALFORMED: Code = Code {
    id: "KRP5211",
    exit: 2,
    title: "a plugin's manifest cannot be understood",
};
/// The plugin has no command of that name.
pub const NO_SUCH_COMMAND: Code = Code {
    id: "KRP5212",
    exit: 2,
    title: "a plugin has no such command",
};
/// The manifest declares what nothing can grant.
pub const CANNOT_BE_GRANTED: Code = Code {
    id: "KRP5213",
    exit: 2,
    title: "a plugin declares a capability that cannot be granted",
};
/// Node's permission model had holes before this version.
pub const NODE_TOO_OLD: Code = Code {
    id: "KRP5220",
    exit: 70,
    title: "the Node.js is too old to confine a plugin",
};
/// The process ended without a result.
pub const PLUGIN_DIED: Code = Code {
    id: "KRP5221",
    exit: 70,
    title: "a plugin's process ended before it had a result",
};
/// The process ran longer than allowed.
pub const PLUGIN_TIMED_OUT: Code = Code {
    id: "KRP5222",
    exit: 70,
    title: "a plugin's command ran longer than its time limit",
};
/// The process reached its memory limit.
pub const PLUGIN_OUT_OF_MEMORY: Code = Code {
    id: "KRP5223",
    exit: 70,
    title: "a plugin's command needed more memory than its limit",
};
/// The process wrote more than anybody reads.
pub const PLUGIN_FLOODED: Code = Code {
    id: "KRP5224",
    exit: 70,
    title: "a plugin's command wrote too much",
};
/// The process sent something that is no frame.
pub const PLUGIN_GARBLED: Code = Code {
    id: "KRP5225",
    exit: 70,
    title: "a plugin's process sent something that cannot be read",
};
/// The process was not started.
pub const PLUGIN_NOT_STARTED: Code = Code {
    id: "KRP5226",
    exit: 70,
    title: "a plugin's process could not be started",
};
/// It asked for a path that its manifest does not declare.
pub const READ_NOT_DECLARED: Code = Code {
    id: "KRP5230",
    exit: 70,
    title: "a plugin asked for a file that its manifest does not declare",
};
/// A path that cannot be read at all.
pub const READ_REFUSED: Code = Code {
    id: "KRP5231",
    exit: 70,
    title: "a plugin asked for a path that cannot be read",
};
/// It asked for a host that its manifest does not declare.
pub const HOST_NOT_DECLARED: Code = Code {
    id: "KRP5232",
    exit: 70,
    title: "a plugin asked for a host that its manifest does not declare",
};
/// The host's name leads into a private network.
pub const ADDRESS_REFUSED: Code = Code {
    id: "KRP5233",
    exit: 70,
    title: "a plugin's request leads to a private address",
};
/// The request itself is wrong.
pub const REQUEST_MALFORMED: Code = Code {
    id: "KRP5234",
    exit: 70,
    title: "a plugin's request cannot be made",
};
/// The request was made and failed.
pub const REQUEST_FAILED: Code = Code {
    id: "KRP5235",
    exit: 70,
    title: "a plugin's request failed",
};
/// A change of a class of paths that the manifest does not declare.
pub const PATHS_NOT_DECLARED: Code = Code {
    id: "KRP5236",
    exit: 5,
    title: "a plugin's change touches a class of paths that its manifest does not declare",
};
/// A change that needs the user's consent.
pub const CONSENT_MISSING: Code = Code {
    id: "KRP5237",
    exit: 5,
    title: "a plugin's change needs your consent",
};

/// All of them, for the reference.
pub const CODES: &[&Code] = &[
    &MANIFEST_MISSING,
    &MANIFEST_MALFORMED,
    &NO_SUCH_COMMAND,
    &CANNOT_BE_GRANTED,
    &NODE_TOO_OLD,
    &PLUGIN_DIED,
    &PLUGIN_TIMED_OUT,
    &PLUGIN_OUT_OF_MEMORY,
    &PLUGIN_FLOODED,
    &PLUGIN_GARBLED,
    &PLUGIN_NOT_STARTED,
    &READ_NOT_DECLARED,
    &READ_REFUSED,
    &HOST_NOT_DECLARED,
    &ADDRESS_REFUSED,
    &REQUEST_MALFORMED,
    &REQUEST_FAILED,
    &PATHS_NOT_DECLARED,
    &CONSENT_MISSING,
];
