//! Commands of plugins: each in a confined process of its own.
//!
//! A [`Plugin`] is read from its folder. [`run_plugin`] starts a process that has no file, no network, no program and no
//! environment but what [`Confinement`](krepis_sandbox::Confinement) and Node's permission model leave it, hands it one
//! command and answers its questions as far as the manifest declares them. Exactly one result comes back, however the
//! process ends.

mod beneath;
mod broker;
mod capabilities;
mod consent;
pub mod errors;
mod hosts;
mod manifest;
mod program;
mod run;
mod view;

pub use beneath::Beneath;
pub use capabilities::check_paths;
pub use consent::{Consent, decide};
pub use manifest::Plugin;
pub use program::{OWN as NODE_VARIABLES, arguments as node_arguments, check_node, files as node_files};
pub use run::{PluginFinished, PluginLimits, PluginRun, run_plugin};
