//! Edits of one text: from the form of the message to sorted, non-overlapping spans.

use krepis_proto::v1::Edit;

use crate::{Failure, Span, errors};

/// Turns edits into spans of `text`, sorted by place. Several insertions at one offset become one span, in the order
/// in which they are listed.
pub(crate) fn spans(path: &str, text: &str, edits: &[Edit]) -> Result<Vec<Span>, Failure> {
    let mut found = edits
        .iter()
        .map(|edit| span(path, text, edit))
        .collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|span| (span.start, span.end));
    let mut spans: Vec<Span> = Vec::with_capacity(found.len());
    for span in found {
        match spans.last_mut() {
            Some(last) if last.end > span.start => {
                let (line, column) = line_column(text, span.start);
                return Err(Failure::new(
                    &errors::EDIT_OVERLAP,
                    format!(
                        "two edits of {path} overlap: bytes {}..{} and {}..{}",
                        last.start, last.end, span.start, span.end
                    ),
                )
                .at(path, line, column)
                .hint("make one edit of them"));
            }
            Some(last) if last.start == span.start && span.start == span.end && last.end == span.end => {
                last.text.push_str(&span.text);
            }
            _ => spans.push(span),
        }
    }
    Ok(spans)
}

/// Applies sorted, non-overlapping spans.
pub(crate) fn apply(text: &str, spans: &[Span]) -> String {
    let mut out = String::with_capacity(text.len() + spans.iter().map(|span| span.text.len()).sum::<usize>());
    let mut copied = 0;
    for span in spans {
        out.push_str(&text[copied..span.start]);
        out.push_str(&span.text);
        copied = span.end;
    }
    out.push_str(&text[copied..]);
    out
}

/// Judges the form of an edit, without the content it is for.
pub(crate) fn check_form(path: &str, index: usize, edit: &Edit) -> Result<(), Failure> {
    let wrong = |why: &str| {
        Err(Failure::new(
            &errors::EDIT_FORM,
            format!(
                "edit {} of {path} is neither a span nor a find/replace",
                index + 1
            ),
        )
        .at(path, 0, 0)
        .reason(why.to_owned())
        .hint("write { \"start\", \"end\", \"text\" } or { \"find\", \"replace\" }"))
    };
    match (edit.start, edit.end, &edit.text, &edit.find, &edit.replace) {
        (None, None, None, Some(find), Some(_)) if find.is_empty() => wrong("`find` is empty"),
        (Some(_), Some(_), Some(_), None, None) | (None, None, None, Some(_), Some(_)) => Ok(()),
        (None, None, None, None, None) => wrong("it is empty"),
        (None, None, None, ..) => wrong("`find` and `replace` belong together"),
        (.., None, None) => wrong("a span has `start`, `end` and `text`"),
        _ => wrong("it mixes both forms"),
    }
}

fn span(path: &str, text: &str, edit: &Edit) -> Result<Span, Failure> {
    if let (Some(find), Some(replace)) = (&edit.find, &edit.replace) {
        let start = find_once(path, text, find)?;
        return Ok(Span {
            start,
            end: start + find.len(),
            text: replace.clone(),
        });
    }
    let start = edit.start.unwrap_or_default() as usize;
    let end = edit.end.unwrap_or_default() as usize;
    let out = |why: String| {
        Err(Failure::new(
            &errors::EDIT_BOUNDS,
            format!("the edit of bytes {start}..{end} of {path} cannot be made"),
        )
        .at(path, 0, 0)
        .reason(why)
        .hint("offsets count UTF-8 bytes of the content that `before` names"))
    };
    if start > end {
        return out("it ends before it starts".to_owned());
    }
    if end > text.len() {
        return out(format!("the file has {} bytes", text.len()));
    }
    if let Some(offset) = [start, end]
        .into_iter()
        .find(|offset| !text.is_char_boundary(*offset))
    {
        return out(format!("byte {offset} lies inside a character"));
    }
    Ok(Span {
        start,
        end,
        text: edit.text.clone().unwrap_or_default(),
    })
}

/// The only place of `find`; overlapping occurrences count as several.
fn find_once(path: &str, text: &str, find: &str) -> Result<usize, Failure> {
    let mut places = occurrences(text, find);
    match (places.next(), places.next()) {
        (Some(start), None) => Ok(start),
        (None, _) => Err(Failure::new(
            &errors::FIND,
            format!("the text to find does not occur in {path}"),
        )
        .at(path, 0, 0)
        .reason(format!("looked for {}", shorten(find)))
        .hint(
            if find.contains('\n') && text.contains("\r\n") && !find.contains("\r\n") {
                "the file has Windows line ends (CRLF): write \\r\\n in `find`"
            } else {
                "copy it from the file, with its blanks and line ends"
            },
        )),
        (Some(first), Some(_)) => {
            let lines: Vec<String> = occurrences(text, find)
                .take(5)
                .map(|start| line_column(text, start).0.to_string())
                .collect();
            let count = occurrences(text, find).count();
            let (line, column) = line_column(text, first);
            Err(Failure::new(
                &errors::FIND,
                format!(
                    "the text to find occurs {count} times in {path}: line {}{}",
                    lines.join(", "),
                    if count > lines.len() { ", …" } else { "" }
                ),
            )
            .at(path, line, column)
            .reason(format!("looked for {}", shorten(find)))
            .hint("take more of the text around it, so that it occurs once"))
        }
    }
}

fn occurrences<'a>(text: &'a str, find: &'a str) -> impl Iterator<Item = usize> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text.get(from..)?.find(find)?;
        from = start + text[start..].chars().next().map_or(1, char::len_utf8);
        Some(start)
    })
}

fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    let shown: String = text.chars().take(MOST).collect();
    format!(
        "\"{}{}\"",
        shown.escape_debug(),
        if shown.len() < text.len() { "…" } else { "" }
    )
}

/// Line and column, in characters, of a byte offset on a character border; both from 1.
pub(crate) fn line_column(text: &str, offset: usize) -> (u32, u32) {
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (
        u32::try_from(line).unwrap_or(u32::MAX),
        u32::try_from(column).unwrap_or(u32::MAX),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(start: u32, end: u32, text: &str) -> Edit {
        Edit {
            start: Some(start),
            end: Some(end),
            text: Some(text.into()),
            ..Edit::default()
        }
    }

    fn find(find: &str, replace: &str) -> Edit {
        Edit {
            find: Some(find.into()),
            replace: Some(replace.into()),
            ..Edit::default()
        }
    }

    fn edited(text: &str, edits: &[Edit]) -> Result<String, Failure> {
        spans("a.ts", text, edits).map(|spans| apply(text, &spans))
    }

    #[test]
    fn spans_and_finds_are_applied_wherever_they_stand_in_the_list() {
        let edits = [at(6, 11, "there"), find("hello", "hi"), at(11, 11, "!")];
        assert_eq!(edited("hello world", &edits).unwrap(), "hi there!");
    }

    #[test]
    fn insertions_at_one_offset_keep_their_order_and_become_one_span() {
        let spans = spans("a", "xy", &[at(1, 1, "1"), at(1, 2, "Y"), at(1, 1, "2")]).unwrap();
        assert_eq!(spans.len(), 2);
        assert_eq!(apply("xy", &spans), "x12Y");
    }

    #[test]
    fn overlaps_are_refused() {
        assert_eq!(
            edited("abcdef", &[at(1, 4, ""), at(3, 5, "")]).unwrap_err().code,
            &errors::EDIT_OVERLAP
        );
        assert_eq!(
            edited("abcdef", &[at(1, 4, ""), at(2, 2, "x")]).unwrap_err().code,
            &errors::EDIT_OVERLAP
        );
        assert_eq!(
            edited("abcdef", &[at(1, 4, ""), at(1, 4, "")]).unwrap_err().code,
            &errors::EDIT_OVERLAP
        );
    }

    #[test]
    fn offsets_outside_or_inside_a_character_are_refused() {
        for (edit, why) in [
            (at(0, 9, ""), "4 bytes"),
            (at(3, 1, ""), "ends before"),
            (at(2, 3, ""), "inside a character"),
        ] {
            let failure = edited("aöb", &[edit]).unwrap_err();
            assert_eq!(failure.code, &errors::EDIT_BOUNDS);
            assert!(failure.reason.unwrap().contains(why));
        }
    }

    #[test]
    fn a_find_must_match_once_and_the_failure_says_how_often_and_where() {
        let text = "one\ntwo\none\n";
        let failure = edited(text, &[find("one", "1")]).unwrap_err();
        assert_eq!(
            failure.message,
            "the text to find occurs 2 times in a.ts: line 1, 3"
        );
        assert!(
            edited("aaa", &[find("aa", "b")]).is_err(),
            "overlapping matches are two"
        );
        assert!(
            edited("a\r\nb", &[find("a\nb", "")])
                .unwrap_err()
                .hint
                .unwrap()
                .contains("CRLF")
        );
        assert_eq!(edited("öäö", &[find("ä", "")]).unwrap(), "öö");
    }

    #[test]
    fn half_a_form_or_both_forms_are_refused() {
        let both = Edit {
            find: Some("a".into()),
            ..at(0, 0, "")
        };
        let half = Edit {
            start: Some(1),
            ..Edit::default()
        };
        for edit in [both, half, Edit::default(), find("", "x")] {
            assert_eq!(check_form("a", 0, &edit).unwrap_err().code, &errors::EDIT_FORM);
        }
        check_form("a", 0, &at(0, 0, "")).unwrap();
        check_form("a", 0, &find("a", "")).unwrap();
    }

    proptest! {
        #[test]
        fn the_text_outside_the_spans_stays_in_order(
            text in "[a-zöß\n]{0,40}",
            cuts in proptest::collection::vec((0_usize..40, 0_usize..6, "[A-Z]{0,3}"), 0..5),
        ) {
            let borders: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
            let edits: Vec<Edit> = cuts
                .iter()
                .map(|(from, length, inserted)| {
                    let start = borders[from % borders.len()];
                    let end = borders[(from % borders.len() + length).min(borders.len() - 1)];
                    at(u32::try_from(start).unwrap(), u32::try_from(end).unwrap(), inserted)
                })
                .collect();
            if let Ok(spans) = spans("a", &text, &edits) {
                let mut keep = String::new();
                let mut at = 0;
                for span in &spans {
                    keep.push_str(&text[at..span.start]);
                    at = span.end;
                }
                keep.push_str(&text[at..]);
                let out: String = apply(&text, &spans).chars().filter(|c| !c.is_ascii_uppercase()).collect();
                prop_assert_eq!(out, keep);
            }
        }
    }
}
