//! Every error code of this crate: 50xx finding Node, 51xx the runner.

use krepis_change::Code;

/// Nothing on this machine can run the runner.
pub const NO_NODE: Code = Code {
    id: "KRP5001",
    exit: 70,
    title: "no usable Node.js was found",
};
/// The project asks for a Node that is not there.
pub const PIN_NOT_INSTALLED: Code = Code {
    id: "KRP5002",
    exit: 70,
    title: "the Node.js that the project asks for is not installed",
};
/// `KREPIS_NODE` or `--node` names something that cannot be used.
pub const NODE_UNUSABLE: Code = Code {
    id: "KRP5003",
    exit: 70,
    title: "the Node.js that was named cannot be used",
};
/// A file that pins Node cannot be understood.
pub const PIN_MALFORMED: Code = Code {
    id: "KRP5004",
    exit: 2,
    title: "a file that says which Node.js to use cannot be understood",
};
/// The bundle is not beside the program.
pub const RUNNER_MISSING: Code = Code {
    id: "KRP5101",
    exit: 70,
    title: "the runner's files are missing",
};
/// Node did not start the runner.
pub const RUNNER_NOT_STARTED: Code = Code {
    id: "KRP5102",
    exit: 70,
    title: "the runner could not be started",
};
/// The runner ended before every command had its result.
pub const RUNNER_DIED: Code = Code {
    id: "KRP5103",
    exit: 70,
    title: "the runner ended before a command had a result",
};
/// The runner sent something that is no frame.
pub const BAD_FRAME: Code = Code {
    id: "KRP5104",
    exit: 70,
    title: "a damaged frame arrived from the runner",
};
/// The whole run took longer than allowed.
pub const RUN_TIMED_OUT: Code = Code {
    id: "KRP5105",
    exit: 70,
    title: "the run took longer than its time limit",
};
/// A command took so much memory that its process ended.
pub const OUT_OF_MEMORY: Code = Code {
    id: "KRP5106",
    exit: 70,
    title: "a command's process ended for lack of memory",
};
/// A message does not fit into a frame.
pub const MESSAGE_TOO_LARGE: Code = Code {
    id: "KRP5107",
    exit: 2,
    title: "what a run was given is too large for one message",
};
/// Ctrl-C while something had to be ended in order.
pub const INTERRUPTED: Code = Code {
    id: "KRP5108",
    exit: 130,
    title: "the run was stopped by Ctrl-C (SIGINT)",
};
/// SIGTERM while something had to be ended in order.
pub const TERMINATED: Code = Code {
    id: "KRP5109",
    exit: 143,
    title: "the run was stopped by SIGTERM",
};
/// SIGHUP while something had to be ended in order.
pub const HUNG_UP: Code = Code {
    id: "KRP5110",
    exit: 129,
    title: "the run was stopped because its terminal went away (SIGHUP)",
};

/// All of them, for the reference.
pub const CODES: &[&Code] = &[
    &NO_NODE,
    &PIN_NOT_INSTALLED,
    &NODE_UNUSABLE,
    &PIN_MALFORMED,
    &RUNNER_MISSING,
    &RUNNER_NOT_STARTED,
    &RUNNER_DIED,
    &BAD_FRAME,
    &RUN_TIMED_OUT,
    &OUT_OF_MEMORY,
    &MESSAGE_TOO_LARGE,
    &INTERRUPTED,
    &TERMINATED,
    &HUNG_UP,
];
