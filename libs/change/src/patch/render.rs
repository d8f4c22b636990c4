//! A change as a diff that people read and `git apply` takes.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use super::quote::quote;
use crate::diff::{Piece, pieces};
use crate::{Change, FileState, Transition, WorkspacePath};

const CONTEXT: usize = 3;

/// Prints a change as a unified diff in git's dialect: new and deleted files, modes, renames, symbolic links, marks
/// for a missing newline at the end.
///
/// `git apply` takes it and `git apply -R` takes it back, except for content that is not text (not UTF-8, or with a
/// NUL in it): of that, the diff says `Binary files … differ`, as git does.
///
/// ```
/// use krepis_change::{MemoryTree, parse_json, render_patch, resolve};
/// let set = parse_json(br#"{"files":[{"path":"a.ts","text":"export {};\n"}]}"#).unwrap();
/// let change = resolve(&set, &MemoryTree::default()).unwrap();
/// assert_eq!(
///     render_patch(&change),
///     "diff --git a/a.ts b/a.ts\nnew file mode 100644\n--- /dev/null\n+++ b/a.ts\n@@ -0,0 +1 @@\n+export {};\n"
/// );
/// ```
pub fn render_patch(change: &Change) -> String {
    let by_path: BTreeMap<&WorkspacePath, &Transition> = change
        .transitions
        .iter()
        .map(|transition| (&transition.path, transition))
        .collect();
    // Shown as renames: where the old name is gone and the new one was free. Anything else is shown as what it is for
    // each path alone.
    let renames: BTreeMap<&WorkspacePath, &Transition> = change
        .transitions
        .iter()
        .filter(|new| new.before.is_absent() && !new.after.is_absent())
        .filter_map(|new| {
            let old = by_path.get(new.renamed_from.as_ref()?)?;
            (old.after.is_absent() && same_kind(&old.before, &new.after)).then_some((&new.path, *old))
        })
        .collect();
    let renamed_away: HashSet<&WorkspacePath> = renames.values().map(|old| &old.path).collect();
    let mut out = String::new();
    for transition in &change.transitions {
        if let Some(old) = renames.get(&transition.path) {
            section(
                &mut out,
                &old.path,
                &transition.path,
                &old.before,
                &transition.after,
            );
        } else if renamed_away.contains(&transition.path) {
            // Told with its new name.
        } else if transition.before.is_absent()
            || transition.after.is_absent()
            || same_kind(&transition.before, &transition.after)
        {
            section(
                &mut out,
                &transition.path,
                &transition.path,
                &transition.before,
                &transition.after,
            );
        } else {
            // A file becomes a link or the other way round: git tells it as a deletion and a creation.
            let path = &transition.path;
            section(&mut out, path, path, &transition.before, &FileState::Absent);
            section(&mut out, path, path, &FileState::Absent, &transition.after);
        }
    }
    out
}

fn same_kind(one: &FileState, other: &FileState) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn section(
    out: &mut String,
    old: &WorkspacePath,
    new: &WorkspacePath,
    before: &FileState,
    after: &FileState,
) {
    let (a, b) = (quote(&format!("a/{old}")), quote(&format!("b/{new}")));
    line(out, format_args!("diff --git {a} {b}"));
    match (git_mode(before), git_mode(after)) {
        (None, Some(mode)) => line(out, format_args!("new file mode {mode}")),
        (Some(mode), None) => line(out, format_args!("deleted file mode {mode}")),
        (Some(from), Some(to)) if from != to => {
            line(out, format_args!("old mode {from}"));
            line(out, format_args!("new mode {to}"));
        }
        _ => {}
    }
    let (from, to) = (content(before), content(after));
    let text = (as_text(from), as_text(to));
    if old != new {
        let similarity = match text {
            _ if from == to => 100,
            (Some(from), Some(to)) => similarity(from, to),
            _ => 0,
        };
        line(out, format_args!("similarity index {similarity}%"));
        line(out, format_args!("rename from {}", quote(old.as_str())));
        line(out, format_args!("rename to {}", quote(new.as_str())));
    }
    if from == to {
        return;
    }
    let a = if before.is_absent() {
        "/dev/null".to_owned()
    } else {
        a
    };
    let b = if after.is_absent() {
        "/dev/null".to_owned()
    } else {
        b
    };
    let (Some(from), Some(to)) = text else {
        line(out, format_args!("Binary files {a} and {b} differ"));
        return;
    };
    line(out, format_args!("--- {}", marked(&a)));
    line(out, format_args!("+++ {}", marked(&b)));
    hunks(out, from, to);
}

/// git ends a name with blanks in it by a tab, so that no time stamp is looked for.
fn marked(name: &str) -> String {
    if name.contains(' ') {
        format!("{name}\t")
    } else {
        name.to_owned()
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

/// git knows three modes.
fn git_mode(state: &FileState) -> Option<&'static str> {
    match state {
        FileState::Absent => None,
        FileState::File { mode, .. } if mode & 0o100 != 0 => Some("100755"),
        FileState::File { .. } => Some("100644"),
        FileState::Symlink { .. } => Some("120000"),
    }
}

fn content(state: &FileState) -> &[u8] {
    match state {
        FileState::Absent => b"",
        FileState::File { bytes, .. } => bytes,
        FileState::Symlink { target } => target,
    }
}

fn as_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

/// Lines as git sees them: a `\r` belongs to its line.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Share of the larger text, in per cent, that both have; by lines, as a reader would say it.
fn similarity(from: &str, to: &str) -> usize {
    let (old, new) = (lines(from), lines(to));
    let same: usize = pieces(&old, &new)
        .into_iter()
        .filter(|piece| piece.same)
        .flat_map(|piece| &old[piece.old])
        .map(|line| line.len())
        .sum();
    // 100 is kept for equal content.
    (same * 100 / from.len().max(to.len()).max(1)).min(99)
}

fn hunks(out: &mut String, from: &str, to: &str) {
    let (old, new) = (lines(from), lines(to));
    for hunk in grouped(pieces(&old, &new)) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
            continue;
        };
        line(
            out,
            format_args!(
                "@@ -{} +{} @@",
                range(first.old.start, last.old.end),
                range(first.new.start, last.new.end)
            ),
        );
        for piece in &hunk {
            if piece.same {
                signed(out, ' ', &old[piece.old.clone()]);
            } else {
                signed(out, '-', &old[piece.old.clone()]);
                signed(out, '+', &new[piece.new.clone()]);
            }
        }
    }
}

/// Hunks: changes with up to three lines of context, joined where their contexts touch.
fn grouped(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut hunks: Vec<Vec<Piece>> = Vec::new();
    let mut open: Vec<Piece> = Vec::new();
    for piece in pieces {
        if !piece.same {
            open.push(piece);
            continue;
        }
        let changed = open.iter().any(|piece| !piece.same);
        if changed && piece.old.len() <= 2 * CONTEXT {
            open.push(piece);
            continue;
        }
        if changed {
            open.push(Piece {
                old: piece.old.start..piece.old.start + CONTEXT,
                new: piece.new.start..piece.new.start + CONTEXT,
                ..piece
            });
            hunks.push(std::mem::take(&mut open));
        }
        let context = piece.old.len().min(CONTEXT);
        open = vec![Piece {
            old: piece.old.end - context..piece.old.end,
            new: piece.new.end - context..piece.new.end,
            ..piece
        }];
    }
    if open.iter().any(|piece| !piece.same) {
        // The last piece may be longer than a context.
        if let Some(last) = open.last_mut().filter(|last| last.same) {
            let context = last.old.len().min(CONTEXT);
            last.old.end = last.old.start + context;
            last.new.end = last.new.start + context;
        }
        hunks.push(open);
    }
    hunks
}

fn signed(out: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

fn range(start: usize, end: usize) -> String {
    match end - start {
        // An empty range names the line before it.
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    }
}

#[cfg(test)]
mod tests;
