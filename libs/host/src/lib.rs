//! Find a Node.js runtime, start the runner on it, exchange frames.
//!
//! [`find_node`] looks in the places of DESIGN §6; [`run_commands`] starts the runner on what it found and gives exactly
//! one result for each command, however the commands and the runner end.

mod binary;
mod cache_folder;
mod candidate;
mod environment;
pub mod errors;
mod find;
mod frames;
mod guard;
mod interrupts;
mod layouts;
mod location;
mod output;
mod pins;
pub mod plugin;
mod probe;
mod range;
mod run;
mod runner;
mod snapshot;
mod version;

pub use cache_folder::CacheFolder;
pub use candidate::{Candidate, Purpose, Request, Runtime, Source, Verdict};
pub use environment::{Environment, Platform};
pub use find::{explain, find_node};
pub use frames::{FrameDecoder, MAX_PAYLOAD, encode_frame};
pub use interrupts::{Hold, Interrupts, Outliving};
pub use layouts::Manager;
pub use location::RunnerLocation;
pub use output::OUTPUT_LIMIT;
pub use range::Range;
pub use run::{Finished, Happening, Run, run_commands};
pub use semver::Version;
pub use snapshot::SnapshotBuild;
pub use version::{FLOOR, PLUGIN_FLOORS};
