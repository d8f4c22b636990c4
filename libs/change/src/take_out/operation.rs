//! Taking out by tokens: every hunk of the operation, one after the other.

use std::ops::Range;

use super::locate::{Alignment, Found};
use super::stream::Stream;
use super::tokens::is_noise;
use crate::diff::Piece;

/// Today's text without the operation, or the byte ranges of today's text that stand in the way (none: the operation
/// changed blanks only).
pub(super) fn take_out_tokens(before: &str, after: &str, today: &str) -> Result<String, Vec<Range<usize>>> {
    let texts = Alignment::new(before, after, today);
    let mut stream = Stream::new(today);
    let mut in_the_way = Vec::new();
    for hunk in &texts.hunks {
        if take(&texts, hunk, &mut stream).is_none() {
            in_the_way.push(place(&texts, hunk));
        }
    }
    if in_the_way.is_empty() && !texts.hunks.is_empty() {
        Ok(stream.text())
    } else {
        Err(in_the_way)
    }
}

/// Where in today's text a hunk belongs, as well as it can be said.
fn place(texts: &Alignment<'_>, hunk: &Piece) -> Range<usize> {
    let mut known = hunk.old.clone().filter_map(|at| texts.to_today[at]);
    let run = if let Some(first) = known.next() {
        first..known.next_back().unwrap_or(first) + 1
    } else {
        let previous = texts.to_today[..hunk.old.start].iter().rev().flatten().next();
        let next = texts.to_today[hunk.old.end..].iter().flatten().next();
        previous.map_or(0, |at| *at)..next.map_or(texts.today.tokens.len(), |at| at + 1)
    };
    texts.today.bytes(&run)
}

fn take(texts: &Alignment<'_>, hunk: &Piece, stream: &mut Stream) -> Option<()> {
    let (inserted, removed) = (&hunk.old, &hunk.new);
    if inserted.is_empty() {
        return put_as_it_was(texts, inserted.start, removed, stream)
            .or_else(|| put_in_list(texts, removed, stream))
            .or_else(|| put_between(texts, inserted.start, removed, stream));
    }
    match texts.find(inserted) {
        Found::Runs(runs) if removed.is_empty() => {
            let elements = texts.after.whole_elements(inserted).is_some();
            runs.into_iter().try_for_each(|mut run| {
                // An element goes with its comma, so that a line of its own is a line.
                let comma = texts.today.tokens.get(run.end).is_some_and(|token| token.is(","));
                run.end += usize::from(elements && comma);
                stream.remove(&run)
            })
        }
        Found::Runs(runs) => match runs.as_slice() {
            [run] => stream.replace(run, texts.before.slice(removed)),
            _ => None,
        },
        Found::Gone if removed.is_empty() => Some(()),
        Found::Gone | Found::Unclear => None,
    }
}

/// The tokens of today between which a place of the text after the operation lies: the one before it and the index of
/// the one behind it. `None` if one of them is gone.
fn neighbours(texts: &Alignment<'_>, at: usize) -> Option<(Option<usize>, usize)> {
    let previous = match at.checked_sub(1) {
        None => None,
        Some(previous) => Some(texts.to_today[previous]?),
    };
    let next = match texts.to_today.get(at) {
        None => texts.today.tokens.len(),
        Some(next) => (*next)?,
    };
    Some((previous, next))
}

/// Puts back what stood between two tokens that stand there as the operation left them, blanks included.
fn put_as_it_was(
    texts: &Alignment<'_>,
    at: usize,
    removed: &Range<usize>,
    stream: &mut Stream,
) -> Option<()> {
    let (previous, next) = neighbours(texts, at)?;
    if wrapped_anew(texts, removed) {
        return None;
    }
    if previous.map_or(0, |at| at + 1) != next || texts.after.gap(at) != texts.today.gap(next) {
        return None;
    }
    let before = &texts.before;
    stream.insert(
        previous,
        before.gap(removed.start),
        before.slice(removed),
        Some(before.gap(removed.end)),
    )
}

/// Whether the list that elements came from was on one line and is on several today, or the other way round.
fn wrapped_anew(texts: &Alignment<'_>, removed: &Range<usize>) -> bool {
    texts
        .before
        .whole_elements(removed)
        .and_then(|(opener, _)| texts.to_after[opener])
        .and_then(|opener| Some((opener, texts.to_today[opener]?)))
        .is_some_and(|(then, now)| texts.after.begins_line(then + 1) != texts.today.begins_line(now + 1))
}

/// Puts back what stood between two tokens that are both there, in another layout or with something new between.
fn put_between(texts: &Alignment<'_>, at: usize, removed: &Range<usize>, stream: &mut Stream) -> Option<()> {
    let today = &texts.today;
    let (previous, next) = neighbours(texts, at)?;
    let from = previous.map_or(0, |at| at + 1);
    let (text, left) = (texts.before.slice(removed), texts.before.gap(removed.start));
    if from == next {
        return stream.insert(previous, left, text, None);
    }
    let (keys, since) = (texts.before.keys(removed), today.keys(&(from..next)));
    if since.windows(keys.len()).any(|window| window == keys) {
        return Some(());
    }
    if since.iter().all(|key| *key == ";") {
        return stream.insert(Some(next - 1), left, text, None);
    }
    land_together(&keys, &since).then(|| stream.insert(previous, left, text, None))?
}

/// What is put back stands well before what somebody put at the same place since.
fn land_together(back: &[&str], since: &[&str]) -> bool {
    let (Some(first), Some(last)) = (back.first(), back.last()) else {
        return true;
    };
    let imports = |keys: &[&str]| {
        keys.first()
            .is_some_and(|key| matches!(*key, "import" | "use" | "from"))
    };
    *first == "," && *last != "," && since.first() == Some(&",")
        || *last == "," && *first != "," && since.last() == Some(&",")
        || imports(back) && imports(since)
}

/// Puts elements of a list back beside a neighbour that is there still, wherever in the list it is today.
fn put_in_list(texts: &Alignment<'_>, removed: &Range<usize>, stream: &mut Stream) -> Option<()> {
    let (before, today) = (&texts.before, &texts.today);
    let (opener, elements) = before.whole_elements(removed)?;
    let opener_today = texts.to_today[texts.to_after[opener]?]?;
    let all = before.elements(opener);
    let present = today.elements(opener_today);
    let find = |element: &Range<usize>| {
        present
            .iter()
            .find(|other| today.keys(other) == before.keys(element))
    };
    let missing: Vec<&Range<usize>> = elements
        .iter()
        .filter(|element| find(element).is_none())
        .collect();
    let Some(first) = missing.first() else {
        return Some(());
    };
    let indent = |at: usize| match today.gap(at) {
        gap if gap.contains('\n') => gap,
        _ => " ",
    };
    let sibling = all
        .iter()
        .rev()
        .filter(|other| other.end <= first.start)
        .find_map(find);
    if let Some(sibling) = sibling {
        let blanks = indent(sibling.start);
        let mut text = String::new();
        for element in missing {
            text.push(',');
            text.push_str(blanks);
            text.push_str(before.slice(element));
        }
        return stream.insert(Some(sibling.end - 1), "", &text, None);
    }
    let texts: Vec<&str> = missing.iter().map(|element| before.slice(element)).collect();
    match present.first() {
        Some(next) => {
            let blanks = indent(next.start);
            let text = format!("{},", texts.join(&format!(",{blanks}")));
            stream.insert(Some(opener_today), today.gap(next.start), &text, Some(blanks))
        }
        None if today
            .tokens
            .get(opener_today + 1)
            .is_some_and(|token| !is_noise(&token.key)) =>
        {
            stream.insert(
                Some(opener_today),
                today.gap(opener_today + 1),
                &texts.join(", "),
                None,
            )
        }
        None => None,
    }
}
