//! Several proposals of one invocation into one, by position.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use krepis_proto::v1::ChangeSet;

use crate::edits::{apply, line_column};
use crate::placement::fold;
use crate::{Change, Failure, FileState, Span, Transition, Tree, WorkspacePath, change_set, errors, resolve};

/// Why proposals were not merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeError {
    /// Two proposals want different things of one place. The later one may be planned again over the earlier.
    Conflict(MergeConflict),
    /// A proposal cannot be made by itself.
    Proposal {
        /// Which one, from 0.
        index: usize,
        /// Why.
        failure: Failure,
    },
}

/// Where two proposals meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeConflict {
    /// The earlier proposal, from 0.
    pub first: usize,
    /// The later one.
    pub second: usize,
    /// The path both want.
    pub path: WorkspacePath,
    /// The line, from 1, in the present content; 0 where the whole file is meant.
    pub line: u32,
    /// What both do there, as a half sentence: "both insert there".
    pub reason: String,
}

impl MergeConflict {
    /// The conflict as a failure (`KRP2401`), with `names[index]` as what the user calls a proposal.
    pub fn failure(&self, names: &[&str]) -> Failure {
        let name = |index: usize| {
            names
                .get(index)
                .map_or_else(|| format!("proposal {}", index + 1), |name| format!("`{name}`"))
        };
        let mut place = self.path.to_string();
        if self.line > 0 {
            let _ = write!(place, ":{}", self.line);
        }
        Failure::new(
            &errors::MERGE_CONFLICT,
            format!(
                "{} and {} cannot both change {place}",
                name(self.first),
                name(self.second)
            ),
        )
        .at(self.path.as_str(), self.line, 0)
        .reason(self.reason.clone())
        .hint("run one after the other")
    }
}

/// Merges proposals that were all made from the same tree, in the order of the command line.
///
/// Edits of one file are united. Two insertions at one offset both land, the earlier proposal's first, where that is
/// safe: both begin with a comma, both end with one, or both are whole lines. What both say alike (the same new file,
/// the same replacement, the same deletion) is said once. Reads are united.
///
/// # Errors
/// [`MergeError::Conflict`] names the first place that two proposals want differently; [`MergeError::Proposal`] says
/// which proposal does not hold by itself (its failure is that of [`resolve`]).
///
/// ```
/// use krepis_change::{FileState, MemoryTree, merge, parse_json, resolve};
/// let tree = MemoryTree::of(&[("m.ts", "providers: [A]\n")]);
/// let plan = |replace: &str| {
///     parse_json(format!(r#"{{"files":[{{"path":"m.ts","edits":[{{"find":"[A","replace":"{replace}"}}]}}]}}"#).as_bytes())
/// };
/// let insert = |text: &str| {
///     let set = parse_json(r#"{"files":[{"path":"m.ts","before":"DIGEST","edits":[{"start":13,"end":13,"text":"TEXT"}]}]}"#
///         .replace("DIGEST", &krepis_change::Digest::of(b"providers: [A]\n").to_string()).replace("TEXT", text).as_bytes());
///     set.unwrap()
/// };
/// let both = merge(&[insert(", B"), insert(", C")], &tree).unwrap();
/// assert_eq!(resolve(&both, &tree).unwrap().transitions[0].after, FileState::text("providers: [A, B, C]\n"));
/// assert!(merge(&[insert(", B"), plan("[B").unwrap()], &tree).is_ok());
/// assert!(merge(&[plan("[B").unwrap(), plan("[C").unwrap()], &tree).is_err());
/// ```
pub fn merge(sets: &[ChangeSet], tree: &dyn Tree) -> Result<ChangeSet, MergeError> {
    let mut changes = Vec::with_capacity(sets.len());
    for (index, set) in sets.iter().enumerate() {
        changes.push(resolve(set, tree).map_err(|failure| MergeError::Proposal { index, failure })?);
    }
    let mut files: BTreeMap<WorkspacePath, Merged> = BTreeMap::new();
    for (index, change) in changes.iter().enumerate() {
        let moves = moves(change);
        for transition in &change.transitions {
            let moved_to = moves.get(&transition.path).map(|path| (*path).clone());
            match files.get_mut(&transition.path) {
                None => {
                    files.insert(transition.path.clone(), Merged::new(index, transition, moved_to));
                }
                Some(merged) => merged.unite(index, transition, moved_to.as_ref())?,
            }
        }
    }
    check_names(&changes)?;
    let mut titles: Vec<&str> = Vec::new();
    for change in &changes {
        if !change.title.is_empty() && !titles.contains(&change.title.as_str()) {
            titles.push(&change.title);
        }
    }
    let mut reads = BTreeMap::new();
    for (path, digest) in changes.iter().flat_map(|change| &change.reads) {
        reads.insert(path.clone(), *digest);
    }
    let merged = change_set(&Change {
        title: titles.join("; "),
        transitions: files.into_values().map(Merged::transition).collect(),
        reads: reads.into_iter().collect(),
    });
    // What only shows in the whole, such as a link of one proposal that leads out by a link of another.
    match resolve(&merged, tree) {
        Ok(_) => Ok(merged),
        Err(failure) => Err(MergeError::Proposal {
            index: sets.len().saturating_sub(1),
            failure,
        }),
    }
}

/// Old path to new path.
fn moves(change: &Change) -> HashMap<&WorkspacePath, &WorkspacePath> {
    change
        .transitions
        .iter()
        .filter_map(|transition| Some((transition.renamed_from.as_ref()?, &transition.path)))
        .collect()
}

/// What the proposals so far make of one path.
struct Merged {
    /// The proposal that came first.
    owner: usize,
    transition: Transition,
    moved_to: Option<WorkspacePath>,
    /// Sorted by place; each with the proposal it came from. Empty where the path is not edited but decided whole.
    spans: Vec<(usize, Span)>,
}

impl Merged {
    fn new(owner: usize, transition: &Transition, moved_to: Option<WorkspacePath>) -> Self {
        Self {
            owner,
            transition: transition.clone(),
            moved_to,
            spans: transition
                .edits
                .iter()
                .map(|span| (owner, span.clone()))
                .collect(),
        }
    }

    fn unite(
        &mut self,
        second: usize,
        other: &Transition,
        moved_to: Option<&WorkspacePath>,
    ) -> Result<(), MergeError> {
        let whole = |reason: &str| {
            Err(MergeError::Conflict(MergeConflict {
                first: self.owner,
                second,
                path: other.path.clone(),
                line: 0,
                reason: reason.to_owned(),
            }))
        };
        let edited = (!self.spans.is_empty(), !other.edits.is_empty());
        match edited {
            (true, true) => self.unite_edits(second, other),
            (false, false)
                if self.transition.after == other.after
                    && self.transition.renamed_from == other.renamed_from
                    && self.moved_to.as_ref() == moved_to =>
            {
                Ok(())
            }
            (false, false) if self.moved_to.as_ref() != moved_to => {
                whole("one renames it, the other renames it elsewhere or deletes it")
            }
            (false, false) if other.before.is_absent() => whole("both create it, with different content"),
            (false, false) => whole("both replace its whole content or delete it, each in its own way"),
            _ => whole("one edits it, the other replaces its whole content, renames or deletes it"),
        }
    }

    fn unite_edits(&mut self, second: usize, other: &Transition) -> Result<(), MergeError> {
        let base = other.before.as_text().unwrap_or_default();
        for span in &other.edits {
            self.add(base, second, span)?;
        }
        // Stable: insertions at one offset stay in the order of the command line.
        self.spans.sort_by_key(|(_, span)| (span.start, span.end));
        if let (
            FileState::File { mode: mine, .. },
            FileState::File { mode: theirs, .. },
            FileState::File { mode: old, .. },
        ) = (&self.transition.after, &other.after, &other.before)
        {
            let mode = if mine == old { *theirs } else { *mine };
            let spans: Vec<Span> = self.spans.iter().map(|(_, span)| span.clone()).collect();
            self.transition.after = FileState::File {
                bytes: apply(base, &spans).into_bytes().into(),
                mode,
            };
        }
        Ok(())
    }

    fn add(&mut self, base: &str, second: usize, span: &Span) -> Result<(), MergeError> {
        for (first, mine) in self.spans.iter().filter(|(owner, _)| *owner != second) {
            let conflict = |reason: &str| {
                Err(MergeError::Conflict(MergeConflict {
                    first: *first,
                    second,
                    path: self.transition.path.clone(),
                    line: line_column(base, span.start.min(mine.start)).0,
                    reason: reason.to_owned(),
                }))
            };
            let insertions = mine.start == mine.end && span.start == span.end;
            if insertions && mine.start == span.start {
                if mine.text == span.text {
                    return conflict("both insert the same text there");
                }
                if !land_together(base, mine, span) {
                    return conflict("both insert there, and their order or a separator is not certain");
                }
            } else if insertions && commas_meet(base, mine, span) {
                return conflict("both insert into one list, one before its separator and one after it");
            } else if mine == span {
                return Ok(());
            } else if mine.start < span.end && span.start < mine.end {
                return conflict("both change the same text");
            }
        }
        self.spans.push((second, span.clone()));
        Ok(())
    }

    fn transition(mut self) -> Transition {
        let mut spans: Vec<Span> = Vec::with_capacity(self.spans.len());
        for (_, span) in self.spans {
            match spans.last_mut() {
                // One span for all insertions at one offset: the order of edits means nothing in a message.
                Some(last) if last.start == span.start && last.end == span.end && span.start == span.end => {
                    last.text.push_str(&span.text);
                }
                _ => spans.push(span),
            }
        }
        self.transition.edits = spans;
        self.transition
    }
}

/// Two insertions at one offset that read well one after the other.
fn land_together(base: &str, first: &Span, second: &Span) -> bool {
    let both = |test: fn(&str) -> bool| test(&first.text) && test(&second.text);
    let at_line_start = first.start == 0 || base[..first.start].ends_with('\n');
    let at_line_end = first.start == base.len() || base[first.start..].starts_with(['\n', '\r']);
    both(|text| text.trim_start().starts_with(',') && !text.trim_end().ends_with(','))
        || both(|text| text.trim_end().ends_with(',') && !text.trim_start().starts_with(','))
        || at_line_start
            && both(|text| !text.trim().is_empty() && text.trim_end_matches([' ', '\t']).ends_with('\n'))
        || at_line_end && both(|text| !text.trim().is_empty() && text.starts_with(['\n', '\r']))
}

/// `A,` and `, B` with nothing but blanks between: two commas in a row.
fn commas_meet(base: &str, one: &Span, other: &Span) -> bool {
    let (left, right) = if one.start < other.start {
        (one, other)
    } else {
        (other, one)
    };
    base[left.end..right.start].trim().is_empty()
        && left.text.trim_end().ends_with(',')
        && right.text.trim_start().starts_with(',')
}

/// Paths of different proposals that cannot stand beside each other: `a` and `a/b`, `A` and `a`.
fn check_names(changes: &[Change]) -> Result<(), MergeError> {
    struct Seen<'a> {
        proposal: usize,
        exact: &'a str,
        is_file: bool,
    }
    let mut seen: HashMap<String, Seen<'_>> = HashMap::new();
    for (proposal, change) in changes.iter().enumerate() {
        for transition in change
            .transitions
            .iter()
            .filter(|transition| !transition.after.is_absent())
        {
            let path = transition.path.as_str();
            let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
            for end in ends {
                let (exact, is_file) = (&path[..end], end == path.len());
                let known = seen.entry(fold(exact)).or_insert(Seen {
                    proposal,
                    exact,
                    is_file,
                });
                let reason = if known.exact != exact {
                    format!("{} and {exact} differ in upper and lower case only", known.exact)
                } else if known.is_file != is_file {
                    format!("{exact} would be a file and a folder")
                } else {
                    continue;
                };
                if known.proposal != proposal {
                    return Err(MergeError::Conflict(MergeConflict {
                        first: known.proposal,
                        second: proposal,
                        path: transition.path.clone(),
                        line: 0,
                        reason,
                    }));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
