//! What a check found.

use krepis_change::{Code, Failure, WorkspacePath};
use krepis_facts::Place;

use crate::baseline::BaselineEntry;

/// A dependency that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// `KRP31xx`.
    pub code: &'static Code,
    /// Id of the rule.
    pub rule: String,
    /// The file that imports.
    pub path: WorkspacePath,
    /// Line of the specifier, from 1.
    pub line: u32,
    /// Column of the specifier, from 1.
    pub column: u32,
    /// The element the file belongs to.
    pub from: String,
    /// The element it depends on, or `npm:NAME`, `node:NAME`.
    pub to: String,
    /// As written in the import or the manifest.
    pub specifier: String,
    /// The key of the manifest under which it stands; `None` for an import.
    pub section: Option<&'static str>,
    /// What that means: a path, or `npm:NAME`, `node:NAME`.
    pub target: String,
    /// True if nothing of the import is left at run time; rules hold for types too.
    pub type_only: bool,
    /// The lines around it.
    pub frame: String,
    /// The reason the rule gives.
    pub why: Option<String>,
    /// What to do.
    pub fix: String,
    /// How a transitive rule is broken, edge by edge; empty for a direct dependency.
    pub steps: Vec<Step>,
}

/// One edge on the way to what a transitive rule denies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Folder of the project.
    pub from: String,
    /// Folder of the project it depends on, or `npm:NAME`, `cargo:NAME`, `node:NAME`.
    pub to: String,
    /// The file that says so.
    pub path: WorkspacePath,
    /// Line, from 1; 0 unknown.
    pub line: u32,
    /// Column, from 1; 0 unknown.
    pub column: u32,
}

impl Violation {
    /// What stays the same when lines move: rule, file, target.
    pub fn entry(&self) -> BaselineEntry {
        BaselineEntry {
            rule: self.rule.clone(),
            file: self.path.clone(),
            target: self.target.clone(),
        }
    }

    /// As the user reads it.
    pub fn to_failure(&self) -> Failure {
        if self.specifier.is_empty() {
            return Failure::new(
                self.code,
                format!("{} belongs to no element of krepis.json", self.path),
            )
            .at(self.path.as_str(), self.line, self.column)
            .reason(self.why.clone().unwrap_or_default())
            .hint(self.fix.clone());
        }
        if !self.steps.is_empty() {
            return self.reached();
        }
        let says = if self.code.id == crate::errors::DENIED.id {
            "must not"
        } else {
            "is not allowed to"
        };
        let leads_to = if self.target == self.to || self.specifier == self.target {
            String::new()
        } else {
            format!(" ({})", self.target)
        };
        let types = if self.type_only { " for types" } else { "" };
        let why = self
            .why
            .as_ref()
            .map(|why| format!(": {why}"))
            .unwrap_or_default();
        Failure::new(
            self.code,
            format!(
                "`{}` {says} depend on `{}` (rule `{}`)",
                self.from, self.to, self.rule
            ),
        )
        .at(self.path.as_str(), self.line, self.column)
        .reason(format!(
            "{} {}{leads_to}{types}; rule `{}`{why}\n{}",
            self.path,
            self.words(),
            self.rule,
            self.frame
        ))
        .hint(self.fix.clone())
    }

    fn words(&self) -> String {
        match self.section {
            None => format!("imports '{}'", self.specifier),
            Some(section) => format!("names '{}' under {section}", self.specifier),
        }
    }

    fn reached(&self) -> Failure {
        let why = self
            .why
            .as_ref()
            .map(|why| format!(": {why}"))
            .unwrap_or_default();
        let steps: Vec<String> = self
            .steps
            .iter()
            .map(|step| {
                let line = match step.line {
                    0 => String::new(),
                    line => format!(":{line}:{}", step.column),
                };
                format!("  {} -> {} ({}{line})", step.from, step.to, step.path)
            })
            .collect();
        Failure::new(
            self.code,
            format!(
                "`{}` must not reach `{}`, and does so by {} edges (rule `{}`)",
                self.from,
                self.to,
                self.steps.len(),
                self.rule
            ),
        )
        .at(self.path.as_str(), self.line, self.column)
        .reason(format!(
            "rule `{}`{why}\n{}\n{}",
            self.rule,
            steps.join("\n"),
            self.frame
        ))
        .hint(self.fix.clone())
    }
}

/// An import, or a whole file, about which nothing can be said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownImport {
    /// The file.
    pub path: WorkspacePath,
    /// Line, from 1; 0 for the whole file.
    pub line: u32,
    /// Column, from 1; 0 for the whole file.
    pub column: u32,
    /// As written; empty for an expression or a whole file.
    pub specifier: String,
    /// Why nothing can be said.
    pub why: &'static str,
}

impl UnknownImport {
    pub(crate) fn file(path: &WorkspacePath, why: &'static str) -> Self {
        Self {
            path: path.clone(),
            line: 0,
            column: 0,
            specifier: String::new(),
            why,
        }
    }

    pub(crate) fn import(path: &WorkspacePath, at: Place, specifier: &str, why: &'static str) -> Self {
        Self {
            path: path.clone(),
            line: at.line,
            column: at.column,
            specifier: specifier.to_owned(),
            why,
        }
    }
}

impl std::fmt::Display for UnknownImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.line, self.specifier.is_empty()) {
            (0, _) => write!(f, "{}: not analysed: {}", self.path, self.why),
            (line, true) => write!(
                f,
                "{}:{line}:{}: an import of an expression: {}",
                self.path, self.column, self.why
            ),
            (line, false) => write!(
                f,
                "{}:{line}:{}: '{}': {}",
                self.path, self.column, self.specifier, self.why
            ),
        }
    }
}

/// What a check of the whole workspace found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Violations that the baseline does not excuse, by path and line.
    pub violations: Vec<Violation>,
    /// Violations that the baseline excuses.
    pub excused: Vec<Violation>,
    /// How many those are.
    pub baselined: usize,
    /// Entries of the baseline that no violation needs any more.
    pub stale: Vec<BaselineEntry>,
    /// Imports and files about which nothing can be said.
    pub unknown: Vec<UnknownImport>,
    /// Source files below the root that belong to no element.
    pub unclassified: Vec<WorkspacePath>,
    /// Files analysed.
    pub files: usize,
    /// Imports found in them.
    pub edges: usize,
}

impl Report {
    /// Every violation, excused or not.
    pub fn all(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter().chain(&self.excused)
    }

    /// What is no violation but worth a line: unknown imports, unclassified files, stale entries of the baseline.
    pub fn notes(&self) -> Vec<String> {
        const SHOWN: usize = 10;
        fn list<T>(notes: &mut Vec<String>, all: &[T], what: &str, show: impl Fn(&T) -> String) {
            notes.extend(all.iter().take(SHOWN).map(show));
            if all.len() > SHOWN {
                notes.push(format!("… and {} more {what}", all.len() - SHOWN));
            }
        }
        let mut notes = Vec::new();
        list(&mut notes, &self.unknown, "unknown imports", |one| {
            format!("unknown: {one}")
        });
        list(&mut notes, &self.unclassified, "unclassified files", |path| {
            format!("unclassified: {path} belongs to no element of krepis.json")
        });
        list(&mut notes, &self.stale, "stale entries", |entry| {
            format!(
                "stale: the baseline excuses {entry}, which is mended; `krepis check --write-baseline` drops it"
            )
        });
        notes
    }
}
