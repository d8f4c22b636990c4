//! What the user sees: data on stdout, talk on stderr, JSON where asked for.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use krepis_change::{Change, Failure, FileState, Transition};
use serde_json::{Value, json};

const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();
const BOLD: Style = Style::new().bold();

/// The terminal side of one run. `anstream` drops colours where they do not belong (`NO_COLOR`, pipes).
#[derive(Debug, Clone, Copy)]
pub struct Shell {
    json: bool,
}

#[expect(
    clippy::unused_self,
    reason = "all output goes through the shell, whether it needs to know how or not"
)]
impl Shell {
    /// A shell that prints data as JSON if `json`.
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// True if data go out as JSON.
    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Data, as text, to stdout. A closed pipe ends the program quietly, as for every filter.
    pub fn data(self, text: &str) {
        let mut out = anstream::stdout().lock();
        if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
            std::process::exit(0);
        }
    }

    /// Data, as JSON, to stdout.
    pub fn json(self, value: &Value) {
        self.data(&format!("{value:#}\n"));
    }

    /// Raw bytes to stdout.
    pub fn bytes(self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
            std::process::exit(0);
        }
    }

    /// A line of talk to stderr; silent with `--json`.
    pub fn say(self, text: &str) {
        if !self.json {
            anstream::eprintln!("{text}");
        }
    }

    /// A warning to stderr.
    pub fn warn(self, text: &str) {
        anstream::eprintln!("{YELLOW}warning:{YELLOW:#} {text}");
    }

    /// A failure: text to stderr, or one JSON document on stdout.
    pub fn fail(self, failure: &Failure) {
        if self.json {
            let mut document = json!({ "schema": 1, "error": failure_json(failure) });
            if !failure.others.is_empty() {
                document["others"] = failure.others.iter().map(failure_json).collect();
            }
            self.json(&document);
            return;
        }
        for failure in std::iter::once(failure).chain(&failure.others) {
            anstream::eprintln!("{}", failure_text(failure));
        }
    }

    /// The files of a change, one a line, and its edits counted, to stderr.
    pub fn files(self, change: &Change) {
        for transition in shown(change) {
            let from = transition
                .renamed_from
                .as_ref()
                .map(krepis_change::WorkspacePath::as_str);
            self.say(&file_line(kind_of(transition), from, transition.path.as_str()));
        }
    }
}

/// One file of a change, by what [`kind_of`] calls it.
pub fn file_line(kind: &str, from: Option<&str>, path: &str) -> String {
    let (style, verb) = match kind {
        "created" => (GREEN, "create"),
        "deleted" => (RED, "delete"),
        "renamed" => (CYAN, "rename"),
        "mode" => (CYAN, "mode"),
        _ => (YELLOW, "update"),
    };
    let from = from.map(|old| format!("{old} -> ")).unwrap_or_default();
    format!("{style}{verb}{style:#} {from}{path}")
}

/// A failure in JSON, as CONTRACTS has it.
pub fn failure_json(failure: &Failure) -> Value {
    let mut value = json!({ "code": failure.code.id, "message": failure.message });
    if let Some(at) = &failure.at {
        let mut place = json!({ "path": at.path });
        if at.line > 0 {
            place["line"] = at.line.into();
        }
        if at.column > 0 {
            place["column"] = at.column.into();
        }
        value["at"] = place;
    }
    if let Some(reason) = &failure.reason {
        value["reason"] = reason.as_str().into();
    }
    if let Some(hint) = &failure.hint {
        value["hint"] = hint.as_str().into();
    }
    value
}

fn failure_text(failure: &Failure) -> String {
    let mut text = format!(
        "{RED}error[{}]:{RED:#} {BOLD}{}{BOLD:#}",
        failure.code.id, failure.message
    );
    if let Some(at) = &failure.at {
        text += &format!("\n  {CYAN}-->{CYAN:#} {}", at.path);
        if at.line > 0 {
            text += &format!(":{}", at.line);
            if at.column > 0 {
                text += &format!(":{}", at.column);
            }
        }
    }
    if let Some(reason) = &failure.reason {
        for line in reason.lines() {
            text += &format!("\n  {line}");
        }
    }
    if let Some(hint) = &failure.hint {
        text += &format!("\n{GREEN}hint:{GREEN:#} {}", hint.replace('\n', "\n      "));
    }
    text
}

/// The first characters of a commit, as git shows it.
pub fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// `created`, `modified`, `deleted`, `renamed` or `mode`.
pub fn kind_of(transition: &Transition) -> &'static str {
    match (&transition.before, &transition.after) {
        _ if transition.renamed_from.is_some() => "renamed",
        (FileState::Absent, _) => "created",
        (_, FileState::Absent) => "deleted",
        (FileState::File { bytes: before, .. }, FileState::File { bytes: after, .. }) if before == after => {
            "mode"
        }
        _ => "modified",
    }
}

/// The transitions to show: the old path of a rename is told by the new one.
pub fn shown(change: &Change) -> impl Iterator<Item = &Transition> {
    let renamed = |path| {
        change
            .transitions
            .iter()
            .any(|other| other.renamed_from.as_ref() == Some(path))
    };
    change
        .transitions
        .iter()
        .filter(move |transition| !(transition.after.is_absent() && renamed(&transition.path)))
}

/// The files of a change in JSON.
pub fn files_json(change: &Change) -> Value {
    shown(change)
        .map(|transition| {
            let mut value = json!({ "path": transition.path.as_str(), "change": kind_of(transition) });
            if let Some(old) = &transition.renamed_from {
                value["from"] = old.as_str().into();
            }
            value
        })
        .collect()
}
