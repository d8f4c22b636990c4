//! Violations that were there before the rules.

use std::collections::BTreeSet;

use krepis_change::{Change, Failure, FileState, Transition, Tree, WorkspacePath};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::errors;
use crate::report::Report;

/// One excused violation, without a line number: editing the file above it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaselineEntry {
    /// The importing file.
    pub file: WorkspacePath,
    /// Id of the rule.
    pub rule: String,
    /// The path, `npm:NAME` or `node:NAME` it depends on.
    pub target: String,
}

impl std::fmt::Display for BaselineEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {} (rule `{}`)", self.file, self.target, self.rule)
    }
}

/// The content of krepis.baseline.json.
///
/// ```
/// use krepis_rules::Baseline;
/// let text = "{\n  \"schema\": 1,\n  \"violations\": [\n    { \"rule\": \"pure\", \"file\": \"src/a.ts\", \"target\": \"npm:x\" }\n  ]\n}\n";
/// assert_eq!(Baseline::parse(text, "krepis.baseline.json").unwrap().print(), text);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline(pub BTreeSet<BaselineEntry>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: u32,
    violations: Vec<WrittenEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry {
    rule: String,
    file: String,
    target: String,
}

impl Baseline {
    /// Reads the text; `path` is shown in messages.
    ///
    /// # Errors
    /// `KRP3010` with line and column.
    pub fn parse(text: &str, path: &str) -> Result<Self, Failure> {
        const HINT: &str = "mend it, or delete it and write it again with `krepis check --write-baseline`";
        let malformed = |why: String, line, column| {
            Failure::new(&errors::BASELINE, format!("the baseline {path} is malformed"))
                .at(path, line, column)
                .reason(why)
                .hint(HINT)
        };
        let small = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let written: Written = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))
            .map_err(|error| malformed(error.to_string(), small(error.line()), small(error.column())))?;
        if written.schema != 1 {
            return Err(malformed(
                format!("it has schema {}; this build reads 1", written.schema),
                0,
                0,
            ));
        }
        let entries = written.violations.into_iter().map(|entry| {
            let file =
                WorkspacePath::parse(&entry.file).map_err(|failure| malformed(failure.message, 0, 0))?;
            Ok(BaselineEntry {
                file,
                rule: entry.rule,
                target: entry.target,
            })
        });
        entries.collect::<Result<_, _>>().map(Self)
    }

    /// The text: sorted, one entry a line, so that two branches merge.
    pub fn print(&self) -> String {
        let quote = |text: &str| serde_json::Value::from(text).to_string();
        let entries: Vec<String> = self
            .0
            .iter()
            .map(|entry| {
                format!(
                    "    {{ \"rule\": {}, \"file\": {}, \"target\": {} }}",
                    quote(&entry.rule),
                    quote(entry.file.as_str()),
                    quote(&entry.target)
                )
            })
            .collect();
        if entries.is_empty() {
            return "{\n  \"schema\": 1,\n  \"violations\": []\n}\n".to_owned();
        }
        format!(
            "{{\n  \"schema\": 1,\n  \"violations\": [\n{}\n  ]\n}}\n",
            entries.join(",\n")
        )
    }
}

/// The baseline of a workspace; empty if there is none.
pub fn load(tree: &dyn Tree, config: &Config) -> Result<Baseline, Failure> {
    let path = config.baseline_path();
    match tree.state(&path) {
        Ok(FileState::Absent) => Ok(Baseline::default()),
        Ok(state) => match state.as_text() {
            Some(text) => Baseline::parse(text, path.as_str()),
            None => Err(Failure::new(
                &errors::BASELINE,
                format!("the baseline {path} is not a text file"),
            )
            .at_path(&path)),
        },
        Err(error) => Err(
            Failure::new(&errors::UNREADABLE, format!("{path} cannot be read"))
                .at_path(&path)
                .reason(error.to_string()),
        ),
    }
}

/// The baseline that excuses everything a report found.
pub fn baseline_of(report: &Report) -> Baseline {
    Baseline(report.all().map(crate::Violation::entry).collect())
}

/// The change that writes that baseline: nothing if it is there already, and none is made for a workspace without
/// violations.
///
/// # Errors
/// `KRP3011` if the present one cannot be read.
pub fn baseline_change(tree: &dyn Tree, config: &Config, report: &Report) -> Result<Change, Failure> {
    let path = config.baseline_path();
    let before = tree.state(&path).map_err(|error| {
        Failure::new(&errors::UNREADABLE, format!("{path} cannot be read"))
            .at_path(&path)
            .reason(error.to_string())
    })?;
    let baseline = baseline_of(report);
    let after = match &before {
        _ if !baseline.0.is_empty() => {
            let bytes = baseline.print().into_bytes().into();
            let mode = if let FileState::File { mode, .. } = &before {
                *mode
            } else {
                0o644
            };
            FileState::File { bytes, mode }
        }
        _ => FileState::Absent,
    };
    let transition = Transition {
        path,
        before,
        after,
        edits: Vec::new(),
        renamed_from: None,
    };
    let transitions = if transition.before == transition.after {
        Vec::new()
    } else {
        vec![transition]
    };
    Ok(Change {
        title: "baseline".to_owned(),
        transitions,
        reads: Vec::new(),
    })
}
