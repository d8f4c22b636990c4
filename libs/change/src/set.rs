//! From a change back to its message.

use std::collections::{HashMap, HashSet};

use krepis_proto::v1::{ChangeSet, Edit, FileChange, Read, file_change::Body};

use crate::{Change, FileState, Span, Transition, WorkspacePath};

/// The change set that says what a change says, with a digest for every file that was there: what was found by
/// `find`/`replace` comes out as spans.
///
/// [`resolve`](crate::resolve) makes the same change of it as long as the tree is the same.
///
/// ```
/// use krepis_change::{MemoryTree, change_set, parse_json, resolve};
/// let tree = MemoryTree::of(&[("a.ts", "let a = 1;\n")]);
/// let set = parse_json(br#"{"files":[{"path":"a.ts","edits":[{"find":"1","replace":"2"}]}]}"#).unwrap();
/// let change = resolve(&set, &tree).unwrap();
/// let explicit = change_set(&change);
/// assert_eq!(explicit.files[0].edits[0].start, Some(8));
/// assert_eq!(resolve(&explicit, &tree).unwrap(), change);
/// ```
pub fn change_set(change: &Change) -> ChangeSet {
    let by_path: HashMap<&WorkspacePath, &Transition> = change
        .transitions
        .iter()
        .map(|transition| (&transition.path, transition))
        .collect();
    let sources: HashSet<&WorkspacePath> = change
        .transitions
        .iter()
        .filter_map(|transition| transition.renamed_from.as_ref())
        .collect();
    ChangeSet {
        schema: Some(1),
        title: change.title.clone(),
        files: change
            .transitions
            .iter()
            .filter(|transition| !(transition.after.is_absent() && sources.contains(&transition.path)))
            .map(|transition| {
                let old = transition
                    .renamed_from
                    .as_ref()
                    .and_then(|from| by_path.get(from))
                    .map(|old| &old.before);
                file_change(transition, old)
            })
            .collect(),
        reads: change
            .reads
            .iter()
            .map(|(path, digest)| Read {
                path: path.to_string(),
                digest: digest.map_or_else(String::new, |digest| digest.to_string()),
            })
            .collect(),
    }
}

fn file_change(transition: &Transition, renamed: Option<&FileState>) -> FileChange {
    let base = renamed.unwrap_or(&transition.before);
    let mut file = FileChange {
        path: transition.path.to_string(),
        before: base.digest().map(|digest| digest.to_string()),
        renamed_from: transition
            .renamed_from
            .as_ref()
            .filter(|_| renamed.is_some())
            .map(ToString::to_string),
        ..FileChange::default()
    };
    match &transition.after {
        FileState::Absent => file.body = Some(Body::Delete(true)),
        FileState::Symlink { .. } if renamed == Some(&transition.after) => {}
        FileState::Symlink { target } => {
            file.body = Some(Body::Symlink(String::from_utf8_lossy(target).into_owned()));
        }
        FileState::File { bytes, mode } => {
            let usual = match base {
                FileState::File { mode, .. } => *mode,
                _ => 0o644,
            };
            if *mode != usual {
                file.mode = Some(if mode & 0o100 == 0 { "644" } else { "755" }.to_owned());
            }
            if !transition.edits.is_empty() {
                file.edits = transition.edits.iter().map(edit).collect();
            } else if renamed.and_then(FileState::bytes) != Some(bytes) {
                file.body = Some(std::str::from_utf8(bytes).map_or_else(
                    |_| Body::Content(bytes.to_vec()),
                    |text| Body::Text(text.to_owned()),
                ));
            }
        }
    }
    file
}

pub(crate) fn edit(span: &Span) -> Edit {
    Edit {
        // Offsets come from a message or from a file in memory that was compared with one; 4 GiB is beyond both.
        start: u32::try_from(span.start).ok(),
        end: u32::try_from(span.end).ok(),
        text: Some(span.text.clone()),
        ..Edit::default()
    }
}
