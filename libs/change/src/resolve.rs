//! From a change set, which anyone may have written, to a change whose every before and after is known.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use krepis_proto::v1::{ChangeSet, FileChange, file_change::Body};

use crate::placement::{self, Parents};
use crate::{
    Change, Digest, Failure, FileState, Overlay, Span, Transition, Tree, WorkspacePath, edits, errors,
};

/// Judges a change set against a tree and says what becomes of every path.
///
/// First the form of all entries is judged (exit 2), then whether the tree is what the set was made from (exit 3),
/// then where files come to stand (exit 2). Entries that change nothing are dropped. Nothing is written.
///
/// # Errors
/// All failures of the first of these steps that has any, joined into one ([`Failure::others`]): `KRP2003`–`KRP2013`
/// form and edits, `KRP2101`–`KRP2109` paths, `KRP2301`–`KRP2303` stale.
///
/// ```
/// use krepis_change::{FileState, MemoryTree, parse_json, resolve};
/// let tree = MemoryTree::of(&[("a.ts", "let a = 1;\n")]);
/// let set = parse_json(br#"{"files":[{"path":"a.ts","edits":[{"find":"1","replace":"2"}]}]}"#).unwrap();
/// let change = resolve(&set, &tree).unwrap();
/// assert_eq!(change.transitions[0].after, FileState::text("let a = 2;\n"));
/// ```
pub fn resolve(set: &ChangeSet, tree: &dyn Tree) -> Result<Change, Failure> {
    let (entries, reads) = check_form(set)?;
    let (transitions, reads) = against(tree, &entries, reads)?;
    check_places(tree, &transitions)?;
    Ok(Change {
        title: one_line(&set.title),
        transitions: transitions
            .into_values()
            .filter(|transition| transition.before != transition.after)
            .collect(),
        reads,
    })
}

/// A title is printed on terminals: no line ends, no escape sequences.
fn one_line(title: &str) -> String {
    let plain: String = title
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An entry whose form is right.
struct Entry<'a> {
    path: WorkspacePath,
    before: Option<Digest>,
    what: What<'a>,
    renamed_from: Option<WorkspacePath>,
    mode: Option<u32>,
    /// Every edit is a find/replace: an existing file needs no `before`.
    finds_only: bool,
}

enum What<'a> {
    Bytes(&'a [u8]),
    Edits(&'a FileChange),
    Delete,
    Symlink(&'a str),
    /// A rename without a change of content.
    Keep,
}

type Reads = Vec<(WorkspacePath, Option<Digest>)>;

fn check_form(set: &ChangeSet) -> Result<(Vec<Entry<'_>>, Reads), Failure> {
    let mut failures = Vec::new();
    if let Some(schema) = set.schema.filter(|schema| *schema != 1) {
        failures.push(
            Failure::new(
                &errors::SCHEMA,
                format!("change sets of schema {schema} are not known here"),
            )
            .hint("this build reads schema 1"),
        );
    }
    let entries: Vec<Entry<'_>> = set
        .files
        .iter()
        .filter_map(|file| entry(file).map_err(|failure| failures.push(failure)).ok())
        .collect();
    let mut seen = BTreeSet::new();
    for entry in &entries {
        if !seen.insert(("", &entry.path)) {
            failures.push(
                Failure::new(&errors::DUPLICATE, format!("{} has two entries", entry.path))
                    .at_path(&entry.path)
                    .hint("make one entry of them"),
            );
        }
        if let Some(from) = &entry.renamed_from
            && !seen.insert(("from", from))
        {
            failures.push(
                Failure::new(&errors::RENAME, format!("{from} is renamed twice"))
                    .at_path(&entry.path)
                    .hint("rename it once and write the other file as new content"),
            );
        }
    }
    let mut reads: BTreeMap<WorkspacePath, Option<Digest>> = BTreeMap::new();
    for read in &set.reads {
        let digest = match read.digest.as_str() {
            "" => Ok(None),
            hex => digest(&read.path, hex).map(Some),
        };
        match WorkspacePath::parse(&read.path).and_then(|path| Ok((path, digest?))) {
            Err(failure) => failures.push(failure),
            Ok((path, digest)) => {
                if reads
                    .insert(path.clone(), digest)
                    .is_some_and(|other| other != digest)
                {
                    failures.push(
                        Failure::new(
                            &errors::DUPLICATE,
                            format!("{path} is among the reads with two digests"),
                        )
                        .at_path(&path),
                    );
                }
            }
        }
    }
    match Failure::join(failures) {
        Some(failure) => Err(failure),
        None => Ok((entries, reads.into_iter().collect())),
    }
}

fn digest(path: &str, hex: &str) -> Result<Digest, Failure> {
    Digest::parse(hex).ok_or_else(|| {
        Failure::new(&errors::DIGEST, format!("the digest of {path} is not a sha256"))
            .at(path, 0, 0)
            .reason(format!("it reads \"{}\"", hex.escape_debug()))
            .hint("write 64 lower-case hexadecimal digits")
    })
}

fn entry(file: &FileChange) -> Result<Entry<'_>, Failure> {
    let path = WorkspacePath::parse(&file.path)?;
    let wrong = |code, message: String| Failure::new(code, message).at_path(&path);
    let before = file
        .before
        .as_deref()
        .map(|hex| digest(&file.path, hex))
        .transpose()?;
    let renamed_from = file
        .renamed_from
        .as_deref()
        .map(WorkspacePath::parse)
        .transpose()?;
    if renamed_from.as_ref() == Some(&path) {
        return Err(wrong(&errors::RENAME, format!("{path} is renamed to itself")));
    }
    let what = match (&file.body, file.edits.is_empty(), &renamed_from) {
        (Some(Body::Delete(false)), ..) => {
            return Err(wrong(
                &errors::BODY,
                format!("`delete` of {path} is neither true nor absent"),
            ));
        }
        (Some(_), false, _) => {
            return Err(
                wrong(&errors::BODY, format!("{path} has edits and whole content"))
                    .hint("give exactly one of `text`, `content`, `edits`, `delete`, `symlink`"),
            );
        }
        (Some(Body::Text(text)), ..) => What::Bytes(text.as_bytes()),
        (Some(Body::Content(content)), ..) => What::Bytes(content),
        (Some(Body::Delete(true)), _, Some(_)) => {
            return Err(wrong(
                &errors::RENAME,
                format!("{path} is the new name of a file and is deleted"),
            ));
        }
        (Some(Body::Delete(true)), ..) => What::Delete,
        (Some(Body::Symlink(target)), ..) => What::Symlink(target),
        (None, false, _) => What::Edits(file),
        (None, true, Some(_)) => What::Keep,
        (None, true, None) => {
            return Err(
                wrong(&errors::BODY, format!("the entry of {path} says nothing")).hint(
                    "give exactly one of `text`, `content`, `edits`, `delete`, `symlink`, or `renamedFrom`",
                ),
            );
        }
    };
    let mode = match file.mode.as_deref() {
        None => None,
        Some(_) if matches!(what, What::Delete | What::Symlink(_)) => {
            return Err(wrong(
                &errors::MODE,
                format!("{path} cannot have a mode: it is no file afterwards"),
            ));
        }
        Some("644") => Some(0o644),
        Some("755") => Some(0o755),
        Some(mode) => {
            return Err(wrong(
                &errors::MODE,
                format!(
                    "the mode \"{}\" of {path} is not one of 644 and 755",
                    mode.escape_debug()
                ),
            )
            .hint("write \"755\" for an executable file, \"644\" for any other"));
        }
    };
    for (index, edit) in file.edits.iter().enumerate() {
        edits::check_form(&file.path, index, edit)?;
    }
    let finds_only = !file.edits.is_empty() && file.edits.iter().all(|edit| edit.find.is_some());
    Ok(Entry {
        path,
        before,
        what,
        renamed_from,
        mode,
        finds_only,
    })
}

type Transitions = BTreeMap<WorkspacePath, Transition>;

fn against(tree: &dyn Tree, entries: &[Entry<'_>], reads: Reads) -> Result<(Transitions, Reads), Failure> {
    let parents = Parents::new(tree);
    let moved: HashMap<&WorkspacePath, &WorkspacePath> = entries
        .iter()
        .filter_map(|entry| Some((entry.renamed_from.as_ref()?, &entry.path)))
        .collect();
    let mut failures = Vec::new();
    let mut transitions = BTreeMap::new();
    for entry in entries {
        match transition(tree, &parents, &moved, entry) {
            Ok((transition, source)) => {
                transitions.insert(transition.path.clone(), transition);
                if let Some(source) = source {
                    // What is written to the old name in the same set stands; otherwise it is gone.
                    transitions.entry(source.path.clone()).or_insert(source);
                }
            }
            Err(failure) => failures.push(failure),
        }
    }
    for (path, expected) in &reads {
        let found = match tree.state(path) {
            Ok(state) => state.digest(),
            // A folder is no file; what its files say is judged by their own digests.
            Err(_) => None,
        };
        if found != *expected {
            failures.push(
                Failure::new(
                    &errors::STALE_READ,
                    match (expected, found) {
                        (None, _) => format!("{path} exists now; the change was planned without it"),
                        (_, None) => format!("{path} is gone; the change was planned with it"),
                        _ => format!("{path} has changed since the change was planned"),
                    },
                )
                .at_path(path)
                .hint("plan the change again"),
            );
        }
    }
    match Failure::join(failures) {
        Some(failure) => Err(failure),
        None => Ok((transitions, reads)),
    }
}

/// What one entry does: the transition of its path and, for a rename, that of the old path.
fn transition(
    tree: &dyn Tree,
    parents: &Parents<'_>,
    moved: &HashMap<&WorkspacePath, &WorkspacePath>,
    entry: &Entry<'_>,
) -> Result<(Transition, Option<Transition>), Failure> {
    let path = &entry.path;
    parents.check(path)?;
    let before = placement::state(tree, path)?;
    let (base, source) = match &entry.renamed_from {
        None => {
            expect(path, &before, entry)?;
            (before.clone(), None)
        }
        Some(from) => {
            // A name that is itself given up in the same set may be taken: `a` to `b`, `b` to `c`.
            if !before.is_absent() && !moved.contains_key(path) {
                return Err(exists(path));
            }
            parents.check(from)?;
            let old = placement::state(tree, from)?;
            if old.is_absent() {
                return Err(gone(from));
            }
            expect(from, &old, entry)?;
            let source = Transition {
                path: from.clone(),
                before: old.clone(),
                after: FileState::Absent,
                edits: Vec::new(),
                renamed_from: None,
            };
            (old, Some(source))
        }
    };
    let (after, spans) = after(path, &base, entry)?;
    Ok((
        Transition {
            path: path.clone(),
            // Offsets would be those of the old path's content, not of what was here.
            edits: if entry.renamed_from.is_none() {
                spans
            } else {
                Vec::new()
            },
            before,
            after,
            renamed_from: entry.renamed_from.clone(),
        },
        source,
    ))
}

fn expect(path: &WorkspacePath, found: &FileState, entry: &Entry<'_>) -> Result<(), Failure> {
    match (entry.before, found.digest()) {
        (Some(expected), Some(digest)) if expected == digest => Ok(()),
        (Some(expected), Some(digest)) => Err(Failure::new(
            &errors::STALE,
            format!("{path} is not what the change was made from"),
        )
        .at_path(path)
        .reason(format!("made from {expected}, found {digest}"))
        .hint("make the change again from the file as it is now")),
        (Some(_), None) => Err(gone(path)),
        (None, Some(_)) if entry.finds_only => Ok(()),
        (None, Some(_)) => Err(exists(path)),
        (None, None) if matches!(entry.what, What::Delete | What::Edits(_)) => Err(gone(path)),
        (None, None) => Ok(()),
    }
}

fn gone(path: &WorkspacePath) -> Failure {
    Failure::new(&errors::STALE, format!("{path} does not exist"))
        .at_path(path)
        .reason("the change was made from a file there")
        .hint("make the change again from the workspace as it is now")
}

fn exists(path: &WorkspacePath) -> Failure {
    Failure::new(&errors::EXISTS, format!("{path} exists already"))
        .at_path(path)
        .reason("the change says nothing about what is there, so it means to create it")
        .hint("give the sha256 of the present content as `before` to replace it")
}

/// The state after, and the spans it was made of.
fn after(
    path: &WorkspacePath,
    base: &FileState,
    entry: &Entry<'_>,
) -> Result<(FileState, Vec<Span>), Failure> {
    let mode = entry.mode.unwrap_or(match base {
        FileState::File { mode, .. } => *mode,
        _ => 0o644,
    });
    let file = |bytes: Arc<[u8]>| FileState::File { bytes, mode };
    Ok(match entry.what {
        What::Delete => (FileState::Absent, Vec::new()),
        What::Symlink(target) => (
            FileState::Symlink {
                target: target.as_bytes().into(),
            },
            Vec::new(),
        ),
        What::Bytes(bytes) => (file(bytes.into()), Vec::new()),
        What::Keep => match base {
            FileState::File { bytes, .. } => (file(bytes.clone()), Vec::new()),
            other if entry.mode.is_none() => (other.clone(), Vec::new()),
            _ => {
                return Err(Failure::new(
                    &errors::MODE,
                    format!("{path} cannot have a mode: it is a symbolic link"),
                )
                .at_path(path));
            }
        },
        What::Edits(change) => {
            let Some(text) = base.as_text() else {
                return Err(Failure::new(
                    &errors::NOT_TEXT,
                    match base {
                        FileState::Symlink { .. } => {
                            format!("{path} is a symbolic link and cannot be edited")
                        }
                        _ => format!("{path} is not UTF-8 text and cannot be edited"),
                    },
                )
                .at_path(path)
                .hint("give the whole new content as `content`"));
            };
            let spans = edits::spans(path.as_str(), text, &change.edits)?;
            (file(edits::apply(text, &spans).into_bytes().into()), spans)
        }
    })
}

fn check_places(tree: &dyn Tree, transitions: &Transitions) -> Result<(), Failure> {
    let after = Overlay::new(
        tree,
        transitions
            .values()
            .map(|transition| (transition.path.clone(), transition.after.clone())),
    );
    let present: Vec<&Transition> = transitions
        .values()
        .filter(|transition| !transition.after.is_absent())
        .collect();
    let paths = present.iter().map(|transition| &transition.path).collect();
    let created: Vec<_> = present
        .iter()
        .filter(|transition| transition.before.is_absent())
        .map(|transition| &transition.path)
        .collect();
    let mut failures = placement::check_names(&after, &paths, &created);
    for transition in present {
        if let FileState::Symlink { target } = &transition.after
            && transition.after != transition.before
        {
            let checked = std::str::from_utf8(target)
                .map_err(|_| {
                    Failure::new(
                        &errors::SYMLINK_TARGET,
                        format!("the target of {} is not UTF-8", transition.path),
                    )
                })
                .and_then(|target| placement::check_symlink(&after, &transition.path, target));
            failures.extend(checked.err());
        }
    }
    Failure::join(failures).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests;
