//! Where the hunks of a diff go in a file.

use super::section::{Hunk, Line, Sign};
use crate::{Failure, Span, WorkspacePath, errors};

/// The replacements of all hunks in `content`, as byte spans, sorted.
///
/// A hunk goes where it says if its old lines stand there (moved along with the hunks before it), else to the only
/// other place where they stand.
pub(super) fn place(path: &WorkspacePath, content: &[u8], hunks: &[Hunk<'_>]) -> Result<Vec<Span>, Failure> {
    let lines: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
    let mut offsets = Vec::with_capacity(lines.len() + 1);
    let mut offset = 0;
    for line in &lines {
        offsets.push(offset);
        offset += line.len();
    }
    offsets.push(offset);
    let mut spans = Vec::new();
    let mut failures = Vec::new();
    let mut from = 0;
    let mut shift: isize = 0;
    for (index, hunk) in hunks.iter().enumerate() {
        match find(&lines, hunk, from, shift) {
            Ok(start) => {
                let stated = stated(hunk);
                shift = start.cast_signed() - stated.cast_signed();
                from = start + hunk.old().count();
                replacements(hunk, start, &offsets, &mut spans);
            }
            Err(miss) => failures.push(miss.failure(path, index, hunks.len(), hunk)),
        }
    }
    Failure::join(failures).map_or(Ok(spans), Err)
}

/// Index of the first old line as stated.
fn stated(hunk: &Hunk<'_>) -> usize {
    if hunk.old().next().is_none() {
        hunk.old_start
    } else {
        hunk.old_start.saturating_sub(1)
    }
}

enum Miss {
    /// No old lines in a hunk and lines in the file: only a number says where.
    NoContext,
    Nowhere {
        applied: bool,
        line_ends: bool,
    },
    Several(Vec<usize>),
}

fn find(lines: &[&[u8]], hunk: &Hunk<'_>, from: usize, shift: isize) -> Result<usize, Miss> {
    let old: Vec<Line<'_>> = hunk.old().collect();
    if old.is_empty() {
        return if lines.is_empty() {
            Ok(0)
        } else {
            Err(Miss::NoContext)
        };
    }
    if let Some(start) = stated(hunk).checked_add_signed(shift)
        && start >= from
        && stands_at(lines, &old, start)
    {
        return Ok(start);
    }
    let places = everywhere(lines, &old);
    match places.as_slice() {
        [start] if *start >= from => Ok(*start),
        [] | [_] => {
            let new: Vec<Line<'_>> = hunk.new_side().collect();
            let bare = |line: &[u8]| line.trim_ascii_end().to_vec();
            let line_ends = lines.windows(old.len()).any(|window| {
                window
                    .iter()
                    .zip(&old)
                    .all(|(found, line)| bare(found) == bare(line.text.as_bytes()))
            });
            Err(Miss::Nowhere {
                applied: !new.is_empty() && !everywhere(lines, &new).is_empty(),
                line_ends,
            })
        }
        several => Err(Miss::Several(several.to_vec())),
    }
}

fn stands_at(lines: &[&[u8]], old: &[Line<'_>], start: usize) -> bool {
    lines
        .get(start..start + old.len())
        .is_some_and(|window| window.iter().zip(old).all(|(found, line)| line.is(found)))
}

fn everywhere(lines: &[&[u8]], old: &[Line<'_>]) -> Vec<usize> {
    (0..=lines.len().saturating_sub(old.len()))
        .filter(|start| stands_at(lines, old, *start))
        .collect()
}

/// One span for each run of changed lines.
fn replacements(hunk: &Hunk<'_>, start: usize, offsets: &[usize], spans: &mut Vec<Span>) {
    let mut at = start;
    let mut open: Option<Span> = None;
    for (sign, line) in &hunk.lines {
        if *sign == Sign::Context {
            spans.extend(open.take());
            at += 1;
            continue;
        }
        let span = open.get_or_insert_with(|| Span {
            start: offsets[at],
            end: offsets[at],
            text: String::new(),
        });
        if *sign == Sign::Old {
            at += 1;
            span.end = offsets[at];
        } else {
            span.text.push_str(line.text);
            if line.newline {
                span.text.push('\n');
            }
        }
    }
    spans.extend(open);
}

impl Miss {
    fn failure(self, path: &WorkspacePath, index: usize, count: usize, hunk: &Hunk<'_>) -> Failure {
        let line = u32::try_from(hunk.old_start).unwrap_or(0);
        let failure = Failure::new(
            &errors::PATCH_CONTEXT,
            format!(
                "hunk {} of {count} (line {} of the diff) does not fit {path}",
                index + 1,
                hunk.line
            ),
        )
        .at(path.as_str(), line, 0);
        match self {
            Self::NoContext => failure
                .reason("it has no lines of context, so only a line number says where it belongs")
                .hint("make the diff with context, for example `git diff -U3`"),
            Self::Nowhere { applied: true, .. } => failure
                .reason("its old lines are not there, but its new lines are: it seems to be applied already")
                .hint("take the hunk out of the diff"),
            Self::Nowhere { line_ends: true, .. } => failure
                .reason("the lines differ from the file in line ends or blanks at the end only")
                .hint("make the diff again from the file as it is now, and keep its line ends"),
            Self::Nowhere { .. } => failure
                .reason(format!(
                    "its old lines stand neither at line {line} nor anywhere else in the file"
                ))
                .hint("make the diff again from the file as it is now"),
            Self::Several(places) => {
                let lines: Vec<String> = places.iter().take(5).map(|at| (at + 1).to_string()).collect();
                failure
                    .reason(format!(
                        "its old lines are not at line {line}, but at {} places: line {}{}",
                        places.len(),
                        lines.join(", "),
                        if places.len() > lines.len() { ", …" } else { "" }
                    ))
                    .hint("make the diff again from the file as it is now, or with more context")
            }
        }
    }
}
