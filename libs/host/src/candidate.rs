//! The values of the search for a Node: what is asked, what was seen, what was chosen.

use std::fmt;
use std::path::{Path, PathBuf};

use semver::Version;

use crate::layouts::Manager;
use crate::{CacheFolder, Environment};

/// What the Node is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Our own generators: they run on any Node above the floor, a project's pin is only a preference.
    FirstParty,
    /// Commands of the workspace: a pin binds, `engines` filters.
    Workspace,
    /// Commands of a plugin: as for the workspace's, and the permission model of the Node must hold
    /// ([`PLUGIN_FLOORS`](crate::PLUGIN_FLOORS)).
    Plugin,
}

/// A search for a Node.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Outside of the workspace.
    pub environment: &'a Environment,
    /// Where answers are kept between runs.
    pub cache: Option<&'a CacheFolder>,
    /// The workspace's root, absolute.
    pub workspace: &'a Path,
    /// Where the user stands, absolute; version files are looked for from here upwards.
    pub directory: &'a Path,
    /// `--node`: a path or a version.
    pub option: Option<&'a str>,
    /// `node` of krepis.json: a path (relative to the workspace) or a version.
    pub configured: Option<&'a str>,
    /// What it is for.
    pub purpose: Purpose,
}

/// A Node that can be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Runtime {
    /// The program, absolute.
    pub path: PathBuf,
    /// Its version.
    pub version: Version,
    /// Where it was found.
    pub source: Source,
}

/// Where a Node was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `KREPIS_NODE`.
    Variable,
    /// `--node`.
    Option,
    /// A file of the project asks for it: the file and its field.
    Pin(String),
    /// The workspace's own dependency `node`.
    Workspace,
    /// A folder of PATH.
    Path,
    /// A version manager's or the system's place.
    Layout(Manager),
    /// It came with the CLI.
    Bundled,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable => f.write_str("KREPIS_NODE"),
            Self::Option => f.write_str("--node"),
            Self::Pin(pin) => f.write_str(pin),
            Self::Workspace => f.write_str("node_modules"),
            Self::Path => f.write_str("PATH"),
            Self::Layout(manager) => manager.fmt(f),
            Self::Bundled => f.write_str("bundled"),
        }
    }
}

/// What was thought of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one.
    Chosen,
    /// It would do; another one comes first.
    Usable,
    /// It will not do, because.
    Refused(String),
}

/// A Node, or a place where one was expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Where it was found.
    pub source: Source,
    /// The program; none where a pin is not installed.
    pub path: Option<PathBuf>,
    /// Its version, where it has one.
    pub version: Option<Version>,
    /// What was thought of it.
    pub verdict: Verdict,
}

impl Candidate {
    /// Why it was chosen, or was not, in words.
    pub fn why(&self) -> String {
        match (&self.verdict, &self.source) {
            (Verdict::Refused(reason), _) => reason.clone(),
            (Verdict::Usable, _) => "it would do, and an earlier one does".into(),
            (Verdict::Chosen, Source::Variable | Source::Option) => "it was named".into(),
            (Verdict::Chosen, Source::Pin(_)) => "the project asks for it".into(),
            (Verdict::Chosen, Source::Workspace) => "it is the workspace's own dependency".into(),
            (Verdict::Chosen, Source::Path) => "it is the first on PATH that fits".into(),
            (Verdict::Chosen, Source::Layout(_)) => {
                "it is the best that is installed: LTS before current, newer before older".into()
            }
            (Verdict::Chosen, Source::Bundled) => "no other fits, and it came with krepis".into(),
        }
    }
}
