//! A text as tokens and the blanks between them, in which runs of tokens can be taken out and put in.

use std::ops::Range;

use super::tokens::{is_closer, is_opener, is_word, tokens};

#[derive(Debug, Clone)]
struct Piece {
    /// Index of the token in the text as it was read; `None` for what was put in.
    index: Option<usize>,
    /// Blanks before it.
    gap: String,
    text: String,
    key: String,
}

/// Today's text while it is being changed. Tokens are named by their index in the text as it was read.
pub(super) struct Stream {
    pieces: Vec<Piece>,
    /// Blanks after the last token.
    tail: String,
}

impl Stream {
    pub(super) fn new(text: &str) -> Self {
        let mut at = 0;
        let pieces = tokens(text)
            .into_iter()
            .enumerate()
            .map(|(index, token)| {
                let gap = text[at..token.at.start].to_owned();
                at = token.at.end;
                Piece {
                    index: Some(index),
                    gap,
                    text: text[token.at].to_owned(),
                    key: token.key,
                }
            })
            .collect();
        Self {
            pieces,
            tail: text[at..].to_owned(),
        }
    }

    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            out.push_str(&piece.gap);
            out.push_str(&piece.text);
        }
        out.push_str(&self.tail);
        out
    }

    fn key(&self, at: usize) -> &str {
        self.pieces.get(at).map_or("", |piece| &piece.key)
    }

    fn gap(&self, at: usize) -> &str {
        self.pieces.get(at).map_or(&self.tail, |piece| &piece.gap)
    }

    fn set_gap(&mut self, at: usize, gap: String) {
        match self.pieces.get_mut(at) {
            Some(piece) => piece.gap = gap,
            None => self.tail = gap,
        }
    }

    fn begins_line(&self, at: usize) -> bool {
        at == 0 || self.gap(at).contains('\n')
    }

    /// Whether a line ends before the token.
    fn ends_line(&self, at: usize) -> bool {
        at == self.pieces.len() || self.gap(at).contains('\n')
    }

    fn position(&self, index: usize) -> Option<usize> {
        self.pieces.iter().position(|piece| piece.index == Some(index))
    }

    /// Takes out tokens `run` (indices of the text as read), with their lines or blanks and a comma too many.
    /// `None` if they no longer stand together.
    pub(super) fn remove(&mut self, run: &Range<usize>) -> Option<()> {
        let start = self.position(run.start)?;
        let end = self.position(run.end.checked_sub(1)?)? + 1;
        if end.checked_sub(start)? != run.len() {
            return None;
        }
        let run = self.slide(start..end);
        let last_was_comma = self.key(run.end - 1) == ",";
        let gap = self.joined_gap(&run);
        self.set_gap(run.end, gap);
        self.pieces.drain(run.clone());
        self.mend(run.start, last_was_comma);
        Some(())
    }

    /// `A, X,` is `A` and `, X` and `,` as well as `A,` and `X,`: of runs that leave the same, the one of whole lines.
    fn slide(&self, run: Range<usize>) -> Range<usize> {
        let whole = |run: &Range<usize>| self.begins_line(run.start) && self.ends_line(run.end);
        if whole(&run) {
            return run;
        }
        let mut right = run.clone();
        while right.end < self.pieces.len() && self.key(right.start) == self.key(right.end) {
            right = right.start + 1..right.end + 1;
            if whole(&right) {
                return right;
            }
        }
        let mut left = run.clone();
        while left.start > 0 && self.key(left.start - 1) == self.key(left.end - 1) {
            left = left.start - 1..left.end - 1;
            if whole(&left) {
                return left;
            }
        }
        run
    }

    /// The blanks that stay where a run was.
    fn joined_gap(&self, run: &Range<usize>) -> String {
        let (left, right) = (self.gap(run.start), self.gap(run.end));
        let previous = run.start.checked_sub(1).map_or("", |at| self.key(at));
        let next = self.key(run.end);
        if self.begins_line(run.start) && self.ends_line(run.end) {
            // What goes at the end of a block takes the empty line before it along, at its beginning the one behind it.
            let breaks = |gap: &str| gap.matches('\n').count();
            let most = if is_closer(next) {
                breaks(right)
            } else if run.start == 0 || is_opener(previous) {
                breaks(left)
            } else {
                breaks(left).max(breaks(right))
            };
            return lines_gap(left, right, most);
        }
        let right_side = is_closer(next)
            || matches!(next, "," | ";" | ":" | ".")
            || right.contains('\n')
            || left.is_empty();
        let gap = if right_side && (!is_opener(previous) || left.contains('\n')) {
            right
        } else {
            left
        };
        if gap.is_empty() && is_word(previous) && is_word(next) {
            " ".to_owned()
        } else {
            gap.to_owned()
        }
    }

    /// No list is left with `[,`, `,,` or, if it had no comma at its end, with `,]`.
    fn mend(&mut self, at: usize, last_was_comma: bool) {
        let previous = at.checked_sub(1).map_or("", |at| self.key(at)).to_owned();
        let next = self.key(at).to_owned();
        if next == "," && (previous == "," || is_opener(&previous)) {
            let (left, right) = (self.gap(at), self.gap(at + 1));
            let keep_left = if previous == "," {
                right.is_empty()
            } else {
                !right.contains('\n')
            };
            let gap = if keep_left { left } else { right }.to_owned();
            self.set_gap(at + 1, gap);
            self.pieces.remove(at);
        } else if previous == "," && is_closer(&next) && !last_was_comma {
            self.pieces.remove(at - 1);
        }
    }

    /// Puts `text` in the place of the tokens `run`.
    pub(super) fn replace(&mut self, run: &Range<usize>, text: &str) -> Option<()> {
        let start = self.position(run.start)?;
        let end = self.position(run.end.checked_sub(1)?)? + 1;
        if end.checked_sub(start)? != run.len() {
            return None;
        }
        let gap = self.gap(start).to_owned();
        let pieces = put_in(gap, text);
        self.pieces.splice(start..end, pieces);
        Some(())
    }

    /// Puts `text` behind the token `previous` (`None`: at the beginning), after the blanks `left`; `right`, if given,
    /// becomes the blanks behind it.
    pub(super) fn insert(
        &mut self,
        previous: Option<usize>,
        left: &str,
        text: &str,
        right: Option<&str>,
    ) -> Option<()> {
        let at = match previous {
            None => 0,
            Some(index) => self.position(index)? + 1,
        };
        // What was put in there before comes first.
        let at = at
            + self.pieces[at..]
                .iter()
                .take_while(|piece| piece.index.is_none())
                .count();
        if let Some(right) = right {
            self.set_gap(at, right.to_owned());
        }
        self.pieces.splice(at..at, put_in(left.to_owned(), text));
        Some(())
    }
}

fn put_in(gap: String, text: &str) -> Vec<Piece> {
    let mut pieces = Stream::new(text).pieces;
    for piece in &mut pieces {
        piece.index = None;
    }
    if let Some(first) = pieces.first_mut() {
        first.gap = gap;
    }
    pieces
}

/// The line ends of both sides without the lines between, and not more than `most`.
fn lines_gap(left: &str, right: &str, most: usize) -> String {
    let breaks = |gap: &str| gap.matches('\n').count();
    let (left_head, right_tail) = (
        left.rfind('\n').map_or("", |end| &left[..=end]),
        right.find('\n').map_or("", |start| &right[start + 1..]),
    );
    let mut gap = format!("{left_head}{right_tail}");
    while breaks(&gap) > most {
        match gap.find('\n') {
            Some(end) => drop(gap.drain(..=end)),
            None => break,
        }
    }
    gap
}
