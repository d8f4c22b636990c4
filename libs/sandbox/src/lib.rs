//! Confines a process before it runs.
//!
//! A [`Policy`] says what the process may have. [`Confinement::prepare`] makes everything that needs memory or may fail
//! while the parent is still alone: the Landlock rule set, the compiled seccomp filter, the control group.
//! [`Confinement::attach`] hangs it on a [`Command`](std::process::Command): between `fork` and `exec` only system calls
//! are left to do. All `unsafe` of the repository is here.
//!
//! | layer | Linux | stops |
//! |---|---|---|
//! | `files` | Landlock | reading outside of the policy, symbolic links included; making, changing, running anything |
//! | `scopes` | Landlock ABI 4 and 6 | TCP, signals and abstract sockets to processes outside |
//! | `syscalls` | seccomp | sockets, `io_uring`, new processes, other processes' memory, mounts, kernel keys, … |
//! | `privileges` | `no_new_privs`, capabilities | what root may and others may not |
//! | `descriptors` | `close_range` | what the parent had open |
//! | `limits` | `setrlimit` | written files, open files, core dumps |
//! | `memory` | cgroup v2 or v1, else `RLIMIT_DATA` | memory of every kind |
//!
//! On macOS ([`seatbelt`]) and Windows ([`windows`]) the values that would be handed to the system are made and tested;
//! nothing was run there, and [`survey`] says that these layers are missing.

pub mod errors;
mod layer;
#[cfg(target_os = "linux")]
mod linux;
mod policy;
pub mod seatbelt;
#[cfg(not(target_os = "linux"))]
mod unsupported;
pub mod windows;

pub use layer::{Layer, Layers, Standing, survey};
#[cfg(target_os = "linux")]
use linux as platform;
pub use platform::{Attached, Confinement};
pub use policy::{Limits, Policy};
#[cfg(not(target_os = "linux"))]
use unsupported as platform;
