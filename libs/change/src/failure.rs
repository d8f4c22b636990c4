//! The one error type of the code base: a stable code, what is wrong, where, why, and what to do next.

use std::fmt;
use std::path::Path;

use crate::WorkspacePath;

/// An error code as the user sees it and `docs/reference/errors.md` lists it. Every crate keeps its own in `errors.rs`.
///
/// ```
/// use krepis_change::{Code, Failure};
/// pub const STALE: Code = Code { id: "KRP2301", exit: 3, title: "the file is not what the change was made from" };
/// let failure = Failure::new(&STALE, "src/a.ts has changed").hint("plan the change again");
/// assert_eq!(failure.exit(), 3);
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `KRP` and four digits.
    pub id: &'static str,
    /// Exit code of the process (CONTRACTS: 1 failure, 2 input, 3 conflict, 4 rule, 5 integrity, 70 runner, 75 locked,
    /// 129, 130, 143 stopped by a signal).
    pub exit: u8,
    /// What the code means in general, for the reference.
    pub title: &'static str,
}

/// A place in a file. Lines and columns count from 1; 0 says unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// As shown to the user, mostly relative to the workspace.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stable code.
    pub code: &'static Code,
    /// One sentence without a final period, naming the thing.
    pub message: String,
    /// Where.
    pub at: Option<At>,
    /// Why it is so.
    pub reason: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// Further failures of the same run (all violations of a gate, all conflicts of an undo); may be empty.
    pub others: Vec<Failure>,
}

impl Failure {
    /// A failure with a message only.
    pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            at: None,
            reason: None,
            hint: None,
            others: Vec::new(),
        }
    }

    /// A failed call of the file system, with the path in it.
    pub fn io(code: &'static Code, doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::new(code, format!("{doing} {} failed", path.display())).reason(error.to_string())
    }

    /// Says where, by line and column (from 1; 0 unknown).
    #[must_use]
    pub fn at(mut self, path: impl Into<String>, line: u32, column: u32) -> Self {
        self.at = Some(At {
            path: path.into(),
            line,
            column,
        });
        self
    }

    /// Says which file.
    #[must_use]
    pub fn at_path(self, path: &WorkspacePath) -> Self {
        self.at(path.as_str(), 0, 0)
    }

    /// Says why.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Joins several failures into one that carries the rest. `None` for an empty list.
    pub fn join(failures: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut failures = failures.into_iter();
        let mut first = failures.next()?;
        first.others.extend(failures);
        Some(first)
    }

    /// Exit code of the process: the weightiest of this failure and the others (a signal, 5 > 70 > 4 > 3 > 75 > 2 > 1). One
    /// that is none of these (126, 127: a foreign command that cannot be run) stands for itself.
    pub fn exit(&self) -> u8 {
        const ORDER: [u8; 10] = [130, 143, 129, 5, 70, 4, 3, 75, 2, 1];
        let codes: Vec<u8> = std::iter::once(self)
            .chain(&self.others)
            .map(|failure| failure.code.exit)
            .collect();
        ORDER
            .into_iter()
            .find(|exit| codes.contains(exit))
            .unwrap_or(self.code.exit)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.id, self.message)
    }
}

impl std::error::Error for Failure {}
