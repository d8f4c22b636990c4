//! krepis.json as a value.

mod glob;
mod read;
mod schema;
mod suggest;

use krepis_change::{Failure, Tree, WorkspacePath};

pub use glob::Globs;
pub(crate) use read::STRICT;
pub use schema::SCHEMA;
pub(crate) use suggest::hint;

use crate::errors;
use crate::selector::Selector;

/// Where the configuration of a workspace stands.
pub const CONFIG_PATH: &str = "krepis.json";

/// The parts of a workspace and what they may depend on.
///
/// ```
/// use krepis_rules::Config;
/// let text = r#"{ "schema": 1, "root": "src",
///   "elements": [{ "name": "domain", "files": ["src/*/domain/**"] }],
///   "rules": [{ "id": "domain-is-pure", "from": "domain", "deny": ["npm:*", "node:*"] }] }"#;
/// assert_eq!(Config::parse(text, "krepis.json").unwrap().rules[0].id, "domain-is-pure");
/// let failure = Config::parse("{ \"schema\": 1, \"elemnts\": [] }", "krepis.json").unwrap_err();
/// assert_eq!(failure.hint.as_deref(), Some("did you mean `elements`?"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Name of the file it was read from, for messages.
    pub path: String,
    /// The engine of the framework: `standard` or `turbo`.
    pub runtime: String,
    /// Folder of the sources.
    pub root: Folder,
    /// The Node to run commands with, as written.
    pub node: Option<String>,
    /// The parts, in order: a file belongs to the first one that matches.
    pub elements: Vec<Element>,
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// Sub-commands: name and module path (`./tools/x.ts`), in order.
    pub commands: Vec<(String, String)>,
    /// Plugins: name and folder (`./plugins/x`), in order.
    pub plugins: Vec<(String, String)>,
    /// Tags that rules name and no element has: projects must have them in their manifests. Only where elements have projects.
    pub open_tags: Vec<OpenTag>,
    /// Files that are not analysed.
    pub ignore: Globs,
    /// Files whose content the history must not keep, as written.
    pub secrets: Vec<String>,
    /// How much of the history is kept.
    pub history: Limits,
    /// True if a source file in no element is an error.
    pub unclassified_is_error: bool,
    /// File of the violations that were there before the rules; `None`: `krepis.baseline.json`.
    pub baseline: Option<WorkspacePath>,
}

/// How much of the history is kept; `None`: the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Days an operation is kept.
    pub keep_days: Option<u32>,
    /// Operations kept.
    pub keep_operations: Option<usize>,
    /// Bytes of all operation files.
    pub max_size: Option<u64>,
}

/// A folder of the workspace; the workspace itself by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(pub WorkspacePath);

impl Default for Folder {
    fn default() -> Self {
        Self(WorkspacePath::root())
    }
}

/// A part of the workspace.
#[derive(Debug, Clone)]
pub struct Element {
    /// What rules call it.
    pub name: String,
    /// Its files, by path.
    pub files: Globs,
    /// Its projects, by folder.
    pub projects: Globs,
    /// The layer it belongs to.
    pub layer: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// True if it may have no files and no projects.
    pub optional: bool,
    /// Line and column where it stands in the file.
    pub place: (u32, u32),
}

/// A tag that a rule names and no element has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTag {
    /// The tag, without `tag:`.
    pub tag: String,
    /// Line and column where it stands in the file.
    pub place: (u32, u32),
}

/// A rule about dependencies.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What diagnostics call it.
    pub id: String,
    /// The elements it binds.
    pub from: Vec<Selector>,
    /// What it says about their dependencies.
    pub judgement: Judgement,
    /// True if a project must not reach through others what is denied either.
    pub transitive: bool,
    /// False if development dependencies of manifests do not count.
    pub dev: bool,
    /// The reason.
    pub why: Option<String>,
    /// What to do instead.
    pub fix: Option<String>,
}

/// The two ways to say what may be depended on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Not these.
    Deny(Vec<Selector>),
    /// Nothing but these.
    Allow(Vec<Selector>),
}

impl Config {
    /// Reads the text of krepis.json. `path` is shown in messages.
    ///
    /// # Errors
    /// `KRP3001` to `KRP3009` with line and column, all that were found, the first in the file first.
    pub fn parse(text: &str, path: &str) -> Result<Self, Failure> {
        read::read(text, path).map_err(|mut failure| {
            for one in std::iter::once(&mut failure.hint)
                .chain(failure.others.iter_mut().map(|other| &mut other.hint))
            {
                one.get_or_insert_with(|| {
                    "the schema of krepis.json (docs/reference/krepis.schema.json of Krepis) says what may stand there".to_owned()
                });
            }
            failure
        })
    }

    /// Where the baseline stands.
    pub fn baseline_path(&self) -> WorkspacePath {
        self.baseline.clone().unwrap_or_else(|| {
            WorkspacePath::parse("krepis.baseline.json").unwrap_or_else(|_| WorkspacePath::root())
        })
    }

    /// True if elements have projects: then manifests are judged too.
    pub fn has_projects(&self) -> bool {
        self.elements
            .iter()
            .any(|element| !element.projects.written.is_empty())
    }

    /// The element a project belongs to, by its folder (`""` is the workspace itself): the first whose `projects` match.
    pub fn project_element(&self, root: &str) -> Option<usize> {
        self.elements
            .iter()
            .position(|element| element.projects.matches_project(root))
    }

    /// The element a file belongs to by its path: the first whose `files` match. Its project may belong to another.
    pub fn element_of(&self, path: &WorkspacePath) -> Option<usize> {
        self.elements
            .iter()
            .position(|element| element.files.matches(path.as_str()))
    }

    /// The file the configuration was read from.
    pub(crate) fn shown_path(&self) -> &str {
        if self.path.is_empty() {
            CONFIG_PATH
        } else {
            &self.path
        }
    }
}

/// krepis.json of a workspace; the default (no elements, no rules) if there is none.
///
/// # Errors
/// Those of [`Config::parse`]; `KRP3011` if it cannot be read.
pub fn load_config(tree: &dyn Tree) -> Result<Config, Failure> {
    let path = WorkspacePath::parse(CONFIG_PATH)?;
    let state = tree.state(&path).map_err(|error| {
        Failure::new(&errors::UNREADABLE, format!("{path} cannot be read"))
            .at_path(&path)
            .reason(error.to_string())
    })?;
    if state.is_absent() {
        return Ok(Config::default());
    }
    match state.as_text() {
        Some(text) => Config::parse(text, path.as_str()),
        None => Err(
            Failure::new(&errors::CONFIG_SYNTAX, format!("{path} is not a UTF-8 text file"))
                .at_path(&path)
                .hint("write it as plain JSON text"),
        ),
    }
}
