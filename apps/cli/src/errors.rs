//! Every error code of the command line: 1xxx.

use krepis_change::Code;

/// The command line could not be understood.
pub const USAGE: Code = Code {
    id: "KRP1001",
    exit: 2,
    title: "the command line could not be understood",
};
/// A file named on the command line cannot be read.
pub const INPUT_UNREADABLE: Code = Code {
    id: "KRP1002",
    exit: 2,
    title: "an input file cannot be read",
};
/// The folder for a new service is not empty.
pub const NOT_EMPTY: Code = Code {
    id: "KRP1003",
    exit: 2,
    title: "the folder for a new service is not empty",
};
/// A name on the command line is not in krepis.json.
pub const UNKNOWN_COMMAND: Code = Code {
    id: "KRP1004",
    exit: 2,
    title: "krepis.json has no such command",
};
/// The project has a krepis.json already.
pub const ALREADY_INITIALISED: Code = Code {
    id: "KRP1005",
    exit: 2,
    title: "the project has a krepis.json already",
};
/// There is no project where krepis was to be set up.
pub const NO_PROJECT: Code = Code {
    id: "KRP1006",
    exit: 2,
    title: "there is no package.json to set krepis up beside",
};
/// A pending overlay is not a list of whole contents.
pub const OVERLAY_FORM: Code = Code {
    id: "KRP1008",
    exit: 2,
    title: "an overlay may hold whole contents and deletions only",
};
/// Two commands of one invocation made changes that cannot be joined.
pub const NOT_MERGED: Code = Code {
    id: "KRP1009",
    exit: 3,
    title: "changes of one invocation cannot be joined",
};
/// The folder named with -C is not there.
pub const NO_DIRECTORY: Code = Code {
    id: "KRP1010",
    exit: 2,
    title: "the folder named with -C does not exist",
};
/// `krepis doctor` found something that will not work.
pub const UNHEALTHY: Code = Code {
    id: "KRP1011",
    exit: 1,
    title: "krepis doctor found something that will not work",
};
/// No tarball of a package in the folder given with --packages.
pub const NO_TARBALL: Code = Code {
    id: "KRP1012",
    exit: 2,
    title: "a package's tarball is missing",
};
/// The folder for a new service cannot be made.
pub const NOT_MADE: Code = Code {
    id: "KRP1013",
    exit: 1,
    title: "a folder cannot be made",
};
/// The name of a new service is no package name.
pub const BAD_NAME: Code = Code {
    id: "KRP1014",
    exit: 2,
    title: "the name of a new service is not a package name",
};

/// All of them, for the reference.
pub const CODES: &[&Code] = &[
    &USAGE,
    &INPUT_UNREADABLE,
    &NOT_EMPTY,
    &UNKNOWN_COMMAND,
    &ALREADY_INITIALISED,
    &NO_PROJECT,
    &OVERLAY_FORM,
    &NOT_MERGED,
    &NO_DIRECTORY,
    &UNHEALTHY,
    &NO_TARBALL,
    &NOT_MADE,
    &BAD_NAME,
];
