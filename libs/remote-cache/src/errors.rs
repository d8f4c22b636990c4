//! Every error code of this crate: 47xx. Up to 4719 they end a command; from 4720 on they are what a client or the log is told.

use krepis_change::Code;

/// No key to sign with was named, and there is none in the usual place.
pub const NO_KEY: Code = Code {
    id: "KRP4701",
    exit: 2,
    title: "the remote cache has no key",
};
/// The key is not 32 random bytes or more.
pub const WEAK_KEY: Code = Code {
    id: "KRP4702",
    exit: 5,
    title: "the remote cache's key is too weak",
};
/// Others may read or replace the key.
pub const OPEN_KEY: Code = Code {
    id: "KRP4703",
    exit: 5,
    title: "others may read the remote cache's key",
};
/// Whoever can write the entries must not hold the key that signs them.
pub const KEY_BESIDE_DATA: Code = Code {
    id: "KRP4704",
    exit: 5,
    title: "the remote cache's key lies among what it signs",
};
/// A new key is never written over another.
pub const KEY_EXISTS: Code = Code {
    id: "KRP4705",
    exit: 2,
    title: "there is a key already",
};
/// The key file cannot be read or written.
pub const KEY_FILE: Code = Code {
    id: "KRP4706",
    exit: 1,
    title: "the remote cache's key file cannot be read or written",
};
/// A scope is a short name.
pub const BAD_SCOPE: Code = Code {
    id: "KRP4707",
    exit: 2,
    title: "a scope of the remote cache is not a short name",
};
/// A size, a duration, an address or an option that goes with another.
pub const BAD_OPTION: Code = Code {
    id: "KRP4708",
    exit: 2,
    title: "an option of the remote cache cannot be used",
};
/// The address cannot be listened on.
pub const NOT_LISTENING: Code = Code {
    id: "KRP4709",
    exit: 1,
    title: "the remote cache cannot listen on its address",
};
/// The folder of the entries cannot be used.
pub const FOLDER: Code = Code {
    id: "KRP4710",
    exit: 1,
    title: "the folder of the remote cache cannot be used",
};
/// Another server uses the folder.
pub const FOLDER_IN_USE: Code = Code {
    id: "KRP4711",
    exit: 75,
    title: "another server uses the folder of the remote cache",
};
/// S3 is not configured well enough to start.
pub const S3_CONFIGURATION: Code = Code {
    id: "KRP4712",
    exit: 2,
    title: "S3 is not configured for the remote cache",
};
/// The entries were signed with another key.
pub const OTHER_KEY: Code = Code {
    id: "KRP4713",
    exit: 5,
    title: "the entries of the remote cache were signed with another key",
};
/// S3 does not keep entries that are written once.
pub const NOT_WRITE_ONCE: Code = Code {
    id: "KRP4714",
    exit: 5,
    title: "the S3 server does not honour If-None-Match, which write-once entries need",
};
/// The request carries no token.
pub const NO_TOKEN: Code = Code {
    id: "KRP4720",
    exit: 1,
    title: "a request to the remote cache carries no token",
};
/// The token was not signed by this server's key, or is not a token.
pub const BAD_TOKEN: Code = Code {
    id: "KRP4721",
    exit: 1,
    title: "a token of the remote cache is not valid here",
};
/// The token's time is over.
pub const EXPIRED_TOKEN: Code = Code {
    id: "KRP4722",
    exit: 1,
    title: "a token of the remote cache has expired",
};
/// The token may read only.
pub const READ_ONLY: Code = Code {
    id: "KRP4723",
    exit: 1,
    title: "a read-only token may not store in the remote cache",
};
/// The address, the method or the hash is not of the contract.
pub const BAD_REQUEST: Code = Code {
    id: "KRP4724",
    exit: 1,
    title: "a request is not of the remote cache's contract",
};
/// An artefact is larger than the server takes.
pub const TOO_LARGE: Code = Code {
    id: "KRP4725",
    exit: 1,
    title: "an artefact is too large for the remote cache",
};
/// Entries are written once.
pub const EXISTS: Code = Code {
    id: "KRP4726",
    exit: 1,
    title: "the remote cache has an entry of this hash already",
};
/// The folder or S3 failed: a read is a miss, a write is not stored.
pub const BACK_END: Code = Code {
    id: "KRP4727",
    exit: 1,
    title: "the back end of the remote cache failed",
};
/// What is stored is not what was signed: a miss, and set aside.
pub const TAMPERED: Code = Code {
    id: "KRP4728",
    exit: 5,
    title: "an entry of the remote cache is not what was signed",
};
/// A client sent or took too little for too long, or broke off.
pub const SLOW_CLIENT: Code = Code {
    id: "KRP4729",
    exit: 1,
    title: "a client of the remote cache was too slow or broke off",
};
/// The spool folder is full.
pub const NO_SPACE: Code = Code {
    id: "KRP4730",
    exit: 1,
    title: "the remote cache has no space for what is under way",
};

/// All of them, for the reference.
pub const CODES: &[&Code] = &[
    &NO_KEY,
    &WEAK_KEY,
    &OPEN_KEY,
    &KEY_BESIDE_DATA,
    &KEY_EXISTS,
    &KEY_FILE,
    &BAD_SCOPE,
    &BAD_OPTION,
    &NOT_LISTENING,
    &FOLDER,
    &FOLDER_IN_USE,
    &S3_CONFIGURATION,
    &OTHER_KEY,
    &NOT_WRITE_ONCE,
    &NO_TOKEN,
    &BAD_TOKEN,
    &EXPIRED_TOKEN,
    &READ_ONLY,
    &BAD_REQUEST,
    &TOO_LARGE,
    &EXISTS,
    &BACK_END,
    &TAMPERED,
    &SLOW_CLIENT,
    &NO_SPACE,
];
