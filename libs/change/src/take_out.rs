//! Taking an operation out of a text that was edited since, and putting it back in.

mod lines;
mod locate;
mod operation;
mod stream;
mod tokens;

use std::collections::HashMap;
use std::ops::RangeInclusive;

use crate::diff::pieces;
use crate::edits::line_column;

/// What came of taking an operation out of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeOut {
    /// The text without the operation.
    Done {
        /// The new text.
        text: String,
        /// How sure it is.
        how: How,
    },
    /// What the operation did cannot be told from what was done later.
    Conflict {
        /// Lines of today's text, from 1, that stand in the way, in order.
        lines: Vec<RangeInclusive<u32>>,
    },
}

/// The way that led to a result; the first is the surest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// The lines of the operation were as it had left them.
    Exact,
    /// What it inserted was found again by its tokens, in another layout or at another place.
    Aligned,
    /// A three-way merge by lines had no conflict.
    Merged,
}

/// Takes an operation that made `after` of `before` out of `today`, the text as it is now.
///
/// What was done to the text since stays. Three ways are tried in turn:
///
/// 1. Lines: where the operation's lines are untouched they are exchanged for what they were.
/// 2. Tokens: what the operation inserted is looked for in any layout (a formatter may have wrapped it, an organiser
///    sorted it) and taken out where it survives, with the comma that came with it; what it removed is put back.
/// 3. A three-way merge by lines.
///
/// If all of them fail it is a conflict. A text is never changed half.
///
/// ```
/// use krepis_change::{How, TakeOut, take_out};
/// let text = match take_out("providers: [A]", "providers: [A, B]", "providers: [\n  A,\n  B,\n  C,\n]") {
///     TakeOut::Done { text, how: How::Aligned } => text,
///     other => panic!("{other:?}"),
/// };
/// assert_eq!(text, "providers: [\n  A,\n  C,\n]");
/// ```
pub fn take_out(before: &str, after: &str, today: &str) -> TakeOut {
    let done = |text: String, how| TakeOut::Done { text, how };
    let (before, after) = (with_line_ends_of(today, before), with_line_ends_of(today, after));
    if today == after {
        return done(before, How::Exact);
    }
    if before == after || today == before {
        return done(today.to_owned(), How::Exact);
    }
    if let Some(text) = lines::take_out_lines(&before, &after, today) {
        return done(text, How::Exact);
    }
    let in_the_way = match operation::take_out_tokens(&before, &after, today) {
        Ok(text) => return done(text, How::Aligned),
        Err(in_the_way) => in_the_way,
    };
    match diffy::merge(&after, today, &before) {
        Ok(text) if nothing_survives(&before, &after, &text) => done(text, How::Merged),
        _ => TakeOut::Conflict {
            lines: line_ranges(today, in_the_way),
        },
    }
}

/// Puts an operation that made `after` of `before` and was taken out since back into `today`: the other direction of
/// [`take_out`].
///
/// ```
/// use krepis_change::{TakeOut, put_back};
/// let today = "providers: [A, C]";
/// let TakeOut::Done { text, .. } = put_back("providers: [A]", "providers: [A, B]", today) else { panic!() };
/// assert_eq!(text, "providers: [A, B, C]");
/// ```
pub fn put_back(before: &str, after: &str, today: &str) -> TakeOut {
    take_out(after, before, today)
}

/// A formatter or git may have changed the line ends of the whole file.
fn with_line_ends_of(today: &str, text: &str) -> String {
    let (windows, all) = (today.matches("\r\n").count(), today.matches('\n').count());
    if all > 0 && windows == all && !text.contains("\r\n") {
        text.replace('\n', "\r\n")
    } else if all > 0 && windows == 0 && text.contains("\r\n") {
        text.replace("\r\n", "\n")
    } else {
        text.to_owned()
    }
}

/// A line merge takes a moved line for a deleted one: no line that the operation inserted may be there more often than
/// it was before.
fn nothing_survives(before: &str, after: &str, merged: &str) -> bool {
    let count = |text: &str| {
        let mut lines: HashMap<String, usize> = HashMap::new();
        for line in text.lines() {
            *lines.entry(line.trim().to_owned()).or_default() += 1;
        }
        lines
    };
    let (was, is) = (count(before), count(merged));
    let lines = |text| str::split_inclusive(text, '\n').collect::<Vec<&str>>();
    let (old, new) = (lines(before), lines(after));
    pieces(&old, &new)
        .into_iter()
        .filter(|piece| !piece.same)
        .flat_map(|piece| &new[piece.new])
        .map(|line| line.trim())
        .filter(|line| line.contains(char::is_alphanumeric))
        .all(|line| is.get(line).unwrap_or(&0) <= was.get(line).unwrap_or(&0))
}

fn line_ranges(today: &str, mut bytes: Vec<std::ops::Range<usize>>) -> Vec<RangeInclusive<u32>> {
    if bytes.is_empty() {
        bytes.push(0..today.len());
    }
    let mut ranges: Vec<RangeInclusive<u32>> = bytes
        .into_iter()
        .map(|range| line_column(today, range.start).0..=line_column(today, range.end).0)
        .collect();
    ranges.sort_by_key(|range| *range.start());
    ranges.dedup();
    ranges
}

#[cfg(test)]
mod tests;
