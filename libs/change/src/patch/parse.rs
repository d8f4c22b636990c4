//! A diff as a change set.

use krepis_proto::v1::{ChangeSet, FileChange, Read, file_change::Body};

use super::place::place;
use super::section::{Hunk, Line, Origin, Section, sections, syntax};
use crate::{Failure, FileState, Span, Tree, WorkspacePath, errors, placement, set};

/// Reads a unified diff, of git or of `diff -u`: new and deleted files, renames, copies, modes, symbolic links, quoted
/// names, names with and without `a/` and `b/`, missing newlines at the end.
///
/// A diff has no digests: its context takes their place. A hunk must fit the file of the tree exactly, at its line or
/// at one single other place; the change set that comes out carries the digest of the file it fits, and edits.
///
/// # Errors
/// `KRP2201` where it is no diff, with the line; `KRP2202` for a binary file; `KRP2304` for each hunk that does not
/// fit; those of [`WorkspacePath::parse`]. All failures of all files are joined.
///
/// ```
/// use krepis_change::{FileState, MemoryTree, parse_patch, resolve};
/// let tree = MemoryTree::of(&[("a.ts", "one\ntwo\n")]);
/// let set = parse_patch("--- a/a.ts\n+++ b/a.ts\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n", &tree).unwrap();
/// assert_eq!(resolve(&set, &tree).unwrap().transitions[0].after, FileState::text("one\n2\n"));
/// ```
pub fn parse_patch(text: &str, tree: &dyn Tree) -> Result<ChangeSet, Failure> {
    let sections = sections(text)?;
    if sections.is_empty() {
        return Err(syntax(1, "the input names no file to change")
            .hint("give the output of `git diff`, or the JSON form of a change set"));
    }
    let mut set = ChangeSet::default();
    let mut failures = Vec::new();
    for section in &sections {
        match file_change(section, tree) {
            Ok((file, read)) => {
                set.reads.extend(read);
                add(&mut set.files, file);
            }
            Err(failure) => failures.push(failure),
        }
    }
    Failure::join(failures).map_or(Ok(set), Err)
}

/// A deletion and a creation of one path are its turn into something else: a file into a link.
fn add(files: &mut Vec<FileChange>, file: FileChange) {
    if let Some(known) = files.iter_mut().find(|known| known.path == file.path)
        && known.body == Some(Body::Delete(true))
        && file.before.is_none()
        && file.renamed_from.is_none()
    {
        *known = FileChange {
            before: known.before.take(),
            ..file
        };
        return;
    }
    files.push(file);
}

fn file_change(section: &Section<'_>, tree: &dyn Tree) -> Result<(FileChange, Option<Read>), Failure> {
    let (old, new) = paths(section, tree)?;
    if section.binary {
        let path = new
            .as_ref()
            .or(old.as_ref())
            .map(ToString::to_string)
            .unwrap_or_default();
        return Err(Failure::new(
            &errors::PATCH_BINARY,
            format!("the diff changes {path}, a binary file"),
        )
        .at("", u32::try_from(section.line).unwrap_or(0), 1)
        .reason("a diff says that binary files differ, not how")
        .hint("use the JSON form, with the whole new content in base64 as `content`"));
    }
    if [section.old_mode, section.new_mode].contains(&Some("160000")) {
        return Err(syntax(section.line, "the diff changes a git submodule")
            .hint("change submodules with git; a change of Krepis is about files"));
    }
    let link = section.new_mode == Some("120000");
    let mode = match section.new_mode {
        Some("100755") => Some("755".to_owned()),
        Some("100644") if section.old_mode != section.new_mode => Some("644".to_owned()),
        _ => None,
    };
    match (old, new) {
        (None, Some(path)) => Ok((created(section, &path, mode, link), None)),
        (Some(path), None) => deleted(section, &path, tree).map(|file| (file, None)),
        (Some(old), Some(new)) => changed(section, tree, &old, &new, mode, link),
        (None, None) => Err(syntax(section.line, "a section of the diff names no file")),
    }
}

/// The paths of both sides; `None` where there is nothing.
fn paths(
    section: &Section<'_>,
    tree: &dyn Tree,
) -> Result<(Option<WorkspacePath>, Option<WorkspacePath>), Failure> {
    let parse = |name: &Option<String>| name.as_deref().map(WorkspacePath::parse).transpose();
    match (&section.old, &section.new) {
        // `diff -N` names the file on both sides, whether it was there or not.
        (Some(_), Some(new)) if section.origin == Origin::Same && adds_only(section) => {
            let path = WorkspacePath::parse(new)?;
            let absent = tree.state(&path).is_ok_and(|state| state.is_absent());
            Ok((if absent { None } else { Some(path.clone()) }, Some(path)))
        }
        // Two names and no word of a rename: `diff -u a.orig a`. The file is the one that is there.
        (Some(old), Some(new)) if old != new && section.origin == Origin::Same => {
            let new = WorkspacePath::parse(new);
            let is_there = |path: &WorkspacePath| tree.state(path).is_ok_and(|state| !state.is_absent());
            let path = match WorkspacePath::parse(old) {
                Ok(old) if is_there(&old) && !new.as_ref().is_ok_and(is_there) => old,
                _ => new?,
            };
            Ok((Some(path.clone()), Some(path)))
        }
        (old, new) => Ok((parse(old)?, parse(new)?)),
    }
}

fn adds_only(section: &Section<'_>) -> bool {
    matches!(section.hunks.as_slice(), [hunk] if hunk.old_start == 0 && hunk.old().next().is_none())
}

fn joined<'a>(lines: impl Iterator<Item = Line<'a>>) -> String {
    lines.fold(String::new(), |mut text, line| {
        text.push_str(line.text);
        if line.newline {
            text.push('\n');
        }
        text
    })
}

fn created(section: &Section<'_>, path: &WorkspacePath, mode: Option<String>, link: bool) -> FileChange {
    let text = joined(section.hunks.iter().flat_map(Hunk::new_side));
    FileChange {
        path: path.to_string(),
        mode: mode.filter(|mode| mode == "755"),
        body: Some(if link {
            Body::Symlink(text)
        } else {
            Body::Text(text)
        }),
        ..FileChange::default()
    }
}

fn deleted(section: &Section<'_>, path: &WorkspacePath, tree: &dyn Tree) -> Result<FileChange, Failure> {
    let state = there(path, tree)?;
    let text = joined(section.hunks.iter().flat_map(Hunk::old));
    if content(&state) != text.as_bytes() {
        return Err(Failure::new(
            &errors::PATCH_CONTEXT,
            format!("the diff deletes {path}, which has other content now"),
        )
        .at_path(path)
        .hint("make the diff again from the file as it is now"));
    }
    Ok(FileChange {
        path: path.to_string(),
        before: digest(&state),
        body: Some(Body::Delete(true)),
        ..FileChange::default()
    })
}

fn changed(
    section: &Section<'_>,
    tree: &dyn Tree,
    old: &WorkspacePath,
    new: &WorkspacePath,
    mode: Option<String>,
    link: bool,
) -> Result<(FileChange, Option<Read>), Failure> {
    let state = there(old, tree)?;
    let before = content(&state);
    let spans = place(old, before, &section.hunks)?;
    let copied = (section.origin == Origin::Copied).then(|| Read {
        path: old.to_string(),
        digest: digest(&state).unwrap_or_default(),
    });
    let mut file = FileChange {
        path: new.to_string(),
        before: digest(&state).filter(|_| copied.is_none()),
        renamed_from: (section.origin == Origin::Renamed).then(|| old.to_string()),
        mode,
        ..FileChange::default()
    };
    let is_link = matches!(state, FileState::Symlink { .. });
    if link != is_link && (link || section.new_mode.is_some()) {
        return Err(Failure::new(
            &errors::PATCH_CONTEXT,
            format!(
                "{old} is {}, the diff was made from {}",
                if is_link { "a symbolic link" } else { "a file" },
                if link { "a symbolic link" } else { "a file" }
            ),
        )
        .at_path(old)
        .hint("make the diff again from the workspace as it is now"));
    }
    let unchanged = spans.is_empty() && copied.is_none();
    if unchanged && file.renamed_from.is_some() {
        // A rename needs no more.
    } else if !unchanged && !is_link && copied.is_none() && std::str::from_utf8(before).is_ok() {
        file.edits = spans.iter().map(set::edit).collect();
    } else {
        let after = spliced(before, &spans);
        file.body = Some(match String::from_utf8(after) {
            Ok(text) if is_link => Body::Symlink(text),
            Ok(text) => Body::Text(text),
            Err(error) => Body::Content(error.into_bytes()),
        });
    }
    Ok((file, copied))
}

fn there(path: &WorkspacePath, tree: &dyn Tree) -> Result<FileState, Failure> {
    match placement::state(tree, path)? {
        FileState::Absent => Err(Failure::new(
            &errors::PATCH_CONTEXT,
            format!("the diff changes {path}, which does not exist"),
        )
        .at_path(path)
        .hint("names in a diff are relative to the workspace root, with or without `a/` and `b/`")),
        state => Ok(state),
    }
}

fn digest(state: &FileState) -> Option<String> {
    state.digest().map(|digest| digest.to_string())
}

fn content(state: &FileState) -> &[u8] {
    match state {
        FileState::Absent => b"",
        FileState::File { bytes, .. } => bytes,
        FileState::Symlink { target } => target,
    }
}

fn spliced(content: &[u8], spans: &[Span]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    let mut copied = 0;
    for span in spans {
        out.extend_from_slice(&content[copied..span.start]);
        out.extend_from_slice(span.text.as_bytes());
        copied = span.end;
    }
    out.extend_from_slice(&content[copied..]);
    out
}

#[cfg(test)]
mod tests;
