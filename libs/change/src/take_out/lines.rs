//! The sure way: what the operation touched stands as it left it, line by line.

use crate::diff::pieces;

/// Today's text with the operation's lines exchanged, if none of them was touched since.
pub(super) fn take_out_lines(before: &str, after: &str, today: &str) -> Option<String> {
    let lines = |text| str::split_inclusive(text, '\n').collect::<Vec<&str>>();
    let (before, after, today) = (lines(before), lines(after), lines(today));
    let operation: Vec<_> = pieces(&after, &before)
        .into_iter()
        .filter(|piece| !piece.same)
        .collect();
    let user: Vec<_> = pieces(&after, &today)
        .into_iter()
        .filter(|piece| !piece.same)
        .collect();
    let mut out: Vec<&str> = Vec::with_capacity(today.len());
    let mut at = 0;
    for hunk in operation {
        let touched = user.iter().any(|other| {
            if hunk.old.is_empty() {
                // Something is put back between two lines: both must stand there as they did.
                other.old.start <= hunk.old.start && hunk.old.start <= other.old.end
            } else {
                other.old.start < hunk.old.end && hunk.old.start < other.old.end
            }
        });
        if touched {
            return None;
        }
        // Where the hunk begins and ends today: moved by all that the user changed before it.
        let moved: isize = user
            .iter()
            .filter(|other| other.old.end <= hunk.old.start)
            .map(|other| other.new.len().cast_signed() - other.old.len().cast_signed())
            .sum();
        let start = hunk.old.start.checked_add_signed(moved)?;
        out.extend(&today[at..start]);
        out.extend(&before[hunk.new.clone()]);
        at = start + hunk.old.len();
    }
    out.extend(&today[at..]);
    // A last line without its newline may have come to stand in the middle.
    let (last, rest) = out.split_last()?;
    rest.iter().all(|line| line.ends_with('\n')).then(|| {
        let mut text = rest.concat();
        text.push_str(last);
        text
    })
}
