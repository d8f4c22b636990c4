//! Architecture rules: krepis.json, the graph of what imports what, violations, and the gate that judges a change before
//! it is written.
//!
//! Everything works on a [`krepis_change::Tree`], so that the workspace as it would be is judged as the one that is.

mod baseline;
mod cargo;
mod check;
mod classes;
mod config;
pub mod errors;
mod gate;
mod graph;
mod importers;
mod judge;
mod manifest;
mod project;
mod propose;
mod reach;
mod report;
mod resolve;
mod selector;
mod side;
mod source;
mod view;
mod walk;
mod yaml;

pub use baseline::{Baseline, BaselineEntry, baseline_change, baseline_of};
pub use check::{check, check_graph};
pub use classes::{ClassSite, find_classes};
pub use config::{
    CONFIG_PATH, Config, Element, Folder, Globs, Judgement, Limits, OpenTag, Rule, SCHEMA, load_config,
};
pub use gate::{Verdict, gate};
pub use graph::ProjectGraph;
pub use propose::propose_config;
pub use report::{Report, Step, UnknownImport, Violation};
pub use resolve::Target;
pub use selector::Selector;
