//! Finding in today's text what an operation inserted.

use std::ops::Range;

use super::tokens::{Token, is_closer, is_noise, is_opener, is_word};
use crate::diff::{Piece, pieces};

/// A text and its tokens.
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
}

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            tokens: super::tokens::tokens(text),
        }
    }

    pub(super) fn keys(&self, range: &Range<usize>) -> Vec<&str> {
        self.tokens[range.clone()]
            .iter()
            .map(|token| token.key.as_str())
            .collect()
    }

    /// Blanks before a token, or after the last.
    pub(super) fn gap(&self, at: usize) -> &'a str {
        let start = at.checked_sub(1).map_or(0, |at| self.tokens[at].at.end);
        let end = self
            .tokens
            .get(at)
            .map_or(self.text.len(), |token| token.at.start);
        &self.text[start..end]
    }

    /// Bytes of a run of tokens, without the blanks around it; an empty run has the bytes of its neighbours.
    pub(super) fn bytes(&self, run: &Range<usize>) -> Range<usize> {
        if run.is_empty() {
            let start = run.start.checked_sub(1).map_or(0, |at| self.tokens[at].at.start);
            let end = self
                .tokens
                .get(run.end)
                .map_or(self.text.len(), |token| token.at.end);
            return start..end;
        }
        self.tokens[run.start].at.start..self.tokens[run.end - 1].at.end
    }

    pub(super) fn slice(&self, run: &Range<usize>) -> &'a str {
        &self.text[self.bytes(run)]
    }

    pub(super) fn begins_line(&self, at: usize) -> bool {
        at == 0 || self.gap(at).contains('\n')
    }

    fn ends_line(&self, at: usize) -> bool {
        at >= self.tokens.len() || self.gap(at).contains('\n')
    }

    pub(super) fn whole_lines(&self, run: &Range<usize>) -> bool {
        self.begins_line(run.start) && self.ends_line(run.end)
    }

    pub(super) fn balanced(&self, run: &Range<usize>) -> bool {
        let mut depth = 0_i32;
        for token in &self.tokens[run.clone()] {
            depth += step(&token.key);
            if depth < 0 {
                return false;
            }
        }
        depth == 0
    }

    /// The opener of the group a token stands in.
    pub(super) fn opener(&self, at: usize) -> Option<usize> {
        let mut depth = 0;
        (0..at).rev().find(|before| {
            depth += step(&self.tokens[*before].key);
            depth > 0
        })
    }

    /// The elements of a group: what stands between its brackets and commas.
    pub(super) fn elements(&self, opener: usize) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let (mut depth, mut start) = (0, opener + 1);
        for (at, token) in self.tokens.iter().enumerate().skip(opener + 1) {
            if depth == 0 && (token.is(",") || is_closer(&token.key)) {
                if start < at {
                    found.push(start..at);
                }
                start = at + 1;
                if !token.is(",") {
                    break;
                }
            }
            depth += step(&token.key);
        }
        found
    }

    /// The elements that make up a run with the commas around them; `None` if it cuts one, or is in no list.
    pub(super) fn whole_elements(&self, run: &Range<usize>) -> Option<(usize, Vec<Range<usize>>)> {
        if !self.balanced(run) {
            return None;
        }
        let opener = self.opener(run.start)?;
        let all = self.elements(opener);
        let inside: Vec<Range<usize>> = all
            .iter()
            .filter(|element| element.start >= run.start && element.end <= run.end)
            .cloned()
            .collect();
        let covered =
            |at: usize| inside.iter().any(|element| element.contains(&at)) || self.tokens[at].is(",");
        // The only thing between braces may as well be the body of a function.
        let is_list = all.len() > 1 || !self.tokens[opener].is("{");
        (is_list && !inside.is_empty() && run.clone().all(covered)).then_some((opener, inside))
    }

    fn occurrences(&self, keys: &[&str]) -> Vec<usize> {
        if keys.is_empty() || keys.len() > self.tokens.len() {
            return Vec::new();
        }
        (0..=self.tokens.len() - keys.len())
            .filter(|start| {
                self.tokens[*start..*start + keys.len()]
                    .iter()
                    .zip(keys)
                    .all(|(token, key)| token.is(key))
            })
            .collect()
    }

    fn has(&self, key: &str) -> bool {
        self.tokens.iter().any(|token| token.is(key))
    }
}

fn step(key: &str) -> i32 {
    i32::from(is_opener(key)) - i32::from(is_closer(key))
}

/// The three texts and how their tokens belong together.
pub(super) struct Alignment<'a> {
    pub(super) before: Text<'a>,
    pub(super) after: Text<'a>,
    pub(super) today: Text<'a>,
    /// From a token after the operation to the same token of today.
    pub(super) to_today: Vec<Option<usize>>,
    /// From a token before the operation to the same token after it.
    pub(super) to_after: Vec<Option<usize>>,
    /// What the operation did: `old` in the text after it, `new` in the text before it.
    pub(super) hunks: Vec<Piece>,
}

impl<'a> Alignment<'a> {
    pub(super) fn new(before: &'a str, after: &'a str, today: &'a str) -> Self {
        let (before, after, today) = (Text::new(before), Text::new(after), Text::new(today));
        let all = |text: &Text<'_>| 0..text.tokens.len();
        let after_keys = after.keys(&all(&after));
        let back = pieces(&after_keys, &before.keys(&all(&before)));
        let since = pieces(&after_keys, &today.keys(&all(&today)));
        let mut to_today = vec![None; after.tokens.len()];
        for piece in since.into_iter().filter(|piece| piece.same) {
            piece
                .old
                .zip(piece.new)
                .for_each(|(old, new)| to_today[old] = Some(new));
        }
        let hunks = (0..back.len())
            .filter(|at| !back[*at].same)
            .map(|at| slid(&before, &after, &back, at))
            .collect();
        let mut to_after = vec![None; before.tokens.len()];
        for piece in back.into_iter().filter(|piece| piece.same) {
            piece
                .old
                .zip(piece.new)
                .for_each(|(old, new)| to_after[new] = Some(old));
        }
        Self {
            before,
            after,
            today,
            to_today,
            to_after,
            hunks,
        }
    }
}

/// `A , B` inserted before `, C` may as well be `, A , B` or `A , B ,`: the reading that is a thing by itself.
fn slid(before: &Text<'_>, after: &Text<'_>, back: &[Piece], at: usize) -> Piece {
    let hunk = &back[at];
    let (text, run) = match (hunk.old.is_empty(), hunk.new.is_empty()) {
        (false, true) => (after, &hunk.old),
        (true, false) => (before, &hunk.new),
        _ => return hunk.clone(),
    };
    let room = |neighbour: Option<&Piece>| neighbour.map_or(0, |piece| piece.old.len());
    let most_left = room(at.checked_sub(1).and_then(|at| back.get(at)));
    let most_right = room(back.get(at + 1));
    let score = |run: &Range<usize>| {
        if !text.balanced(run) {
            0
        } else if text.whole_lines(run) {
            3
        } else {
            1 + u8::from(text.tokens[run.start].is(","))
        }
    };
    let shift = |run: &Range<usize>, by: isize| {
        let move_by = |at: usize| at.checked_add_signed(by).unwrap_or(at);
        move_by(run.start)..move_by(run.end)
    };
    let mut best = (score(run), 0);
    for (direction, most) in [(1_isize, most_right), (-1, most_left)] {
        let mut moved = run.clone();
        for steps in 1..=most.cast_signed() {
            let same = if direction > 0 {
                text.tokens[moved.start].key == text.tokens[moved.end].key
            } else {
                text.tokens[moved.start - 1].key == text.tokens[moved.end - 1].key
            };
            if !same {
                break;
            }
            moved = shift(&moved, direction);
            if score(&moved) > best.0 {
                best = (score(&moved), steps * direction);
            }
        }
    }
    Piece {
        same: false,
        old: shift(&hunk.old, best.1),
        new: shift(&hunk.new, best.1),
    }
}

/// Where an inserted run is today.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Runs of today's tokens, in order.
    Runs(Vec<Range<usize>>),
    /// Somebody has taken it out already.
    Gone,
    /// It is there in part, or changed, or nobody can say which of several it is.
    Unclear,
}

impl Alignment<'_> {
    pub(super) fn find(&self, run: &Range<usize>) -> Found {
        self.as_elements(run)
            .or_else(|| self.in_place(run).map(Found::Runs))
            .or_else(|| self.elsewhere(run))
            .unwrap_or_else(|| {
                if self.gone(run) {
                    Found::Gone
                } else {
                    Found::Unclear
                }
            })
    }

    fn mapped(&self, run: &Range<usize>) -> Vec<usize> {
        run.clone()
            .filter(|at| !is_noise(&self.after.tokens[*at].key))
            .filter_map(|at| self.to_today[at])
            .collect()
    }

    /// Elements of a list, wherever in it they are today.
    fn as_elements(&self, run: &Range<usize>) -> Option<Found> {
        let (opener, elements) = self.after.whole_elements(run)?;
        let today = self.today.elements(self.to_today[opener]?);
        let mut runs = Vec::new();
        for element in elements {
            let keys = self.after.keys(&element);
            let same: Vec<&Range<usize>> = today
                .iter()
                .filter(|other| self.today.keys(other) == keys)
                .collect();
            let in_place = self.to_today[element.start];
            match same.as_slice() {
                [only] => runs.push((*only).clone()),
                [] if self.mapped(&element).is_empty()
                    && !today.iter().any(|other| self.holds(other, &keys)) => {}
                [] => return Some(Found::Unclear),
                several => match several.iter().find(|other| Some(other.start) == in_place) {
                    Some(other) => runs.push((*other).clone()),
                    None => return Some(Found::Unclear),
                },
            }
        }
        if runs.is_empty() {
            return Some(Found::Gone);
        }
        runs.sort_by_key(|run| run.start);
        Some(Found::Runs(runs))
    }

    /// Whether a run of today has the tokens somewhere in it: an element that was wrapped in a call.
    fn holds(&self, run: &Range<usize>, keys: &[&str]) -> bool {
        self.today
            .keys(run)
            .windows(keys.len())
            .any(|window| window == keys)
    }

    /// Where the alignment says, whatever commas and semicolons a formatter put in or took out. What the user added
    /// between whole lines of it stays.
    fn in_place(&self, run: &Range<usize>) -> Option<Vec<Range<usize>>> {
        let noise_only = run.clone().all(|at| is_noise(&self.after.tokens[at].key));
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut depth = 0;
        for at in run.clone() {
            let token = &self.after.tokens[at];
            let Some(here) = self.to_today[at] else {
                if is_noise(&token.key) && !noise_only {
                    continue;
                }
                return None;
            };
            match runs.last_mut() {
                Some(last)
                    if self.today.tokens[last.end..here]
                        .iter()
                        .all(|token| is_noise(&token.key)) =>
                {
                    last.end = here + 1;
                }
                Some(last) => {
                    if depth != 0 || !self.today.begins_line(last.end) || !self.today.begins_line(here) {
                        return None;
                    }
                    runs.push(here..here + 1);
                }
                None => runs.push(here..here + 1),
            }
            depth += step(&token.key);
        }
        let (first, last) = (runs.first()?.clone(), runs.last()?.clone());
        // A word or two may be aligned with any other of their kind: a neighbour must bear witness.
        let neighbours = [
            run.start
                .checked_sub(1)
                .is_none_or(|at| self.to_today[at].is_some_and(|at| at + 1 == first.start)),
            self.to_today
                .get(run.end)
                .is_none_or(|next| *next == Some(last.end)),
        ];
        if run.len() < 3 && !neighbours.contains(&true) {
            return None;
        }
        // The semicolon that a formatter put behind a statement goes with it.
        if let Some(last) = runs.last_mut()
            && self.after.whole_lines(run)
            && self.today.tokens.get(last.end).is_some_and(|token| token.is(";"))
            && !self.to_today.contains(&Some(last.end))
        {
            last.end += 1;
        }
        Some(runs)
    }

    /// Moved: the same tokens, once in the whole text, at another place; as a whole or line by line.
    fn elsewhere(&self, run: &Range<usize>) -> Option<Found> {
        if !self.after.balanced(run) {
            return None;
        }
        if let Some(found) = self.moved(run) {
            return Some(Found::Runs(vec![found]));
        }
        let mut lines: Vec<Range<usize>> = Vec::new();
        let mut depth = 0;
        for at in run.clone() {
            match lines.last_mut() {
                Some(line) if depth > 0 || !self.after.begins_line(at) => line.end = at + 1,
                _ => lines.push(at..at + 1),
            }
            depth += step(&self.after.tokens[at].key);
        }
        if lines.len() < 2 {
            return None;
        }
        let mut runs = Vec::new();
        for line in &lines {
            match self.in_place(line) {
                Some(found) => runs.extend(found),
                None => match self.moved(line) {
                    Some(found) => runs.push(found),
                    None if self.gone(line) => {}
                    None => return None,
                },
            }
        }
        runs.sort_by_key(|run| run.start);
        let apart = runs.windows(2).all(|pair| pair[0].end <= pair[1].start);
        (apart && !runs.is_empty()).then_some(Found::Runs(runs))
    }

    fn moved(&self, run: &Range<usize>) -> Option<Range<usize>> {
        let noise = |at: &usize| is_noise(&self.after.tokens[*at].key);
        let start = run.clone().find(|at| !noise(at))?;
        let end = run.clone().rfind(|at| !noise(at))? + 1;
        let keys = self.after.keys(&(start..end));
        if keys.len() < 3
            || !keys.iter().any(|key| is_word(key))
            || !self.before.occurrences(&keys).is_empty()
        {
            return None;
        }
        match self.today.occurrences(&keys).as_slice() {
            [at] => {
                let end = at + keys.len();
                Some(*at..end + usize::from(self.today.tokens.get(end).is_some_and(|token| token.is(";"))))
            }
            _ => None,
        }
    }

    /// None of what the operation brought in is there any more.
    fn gone(&self, run: &Range<usize>) -> bool {
        let own: Vec<&str> = self
            .after
            .keys(run)
            .into_iter()
            .filter(|key| !is_noise(key) && !self.before.has(key))
            .collect();
        if own.is_empty() {
            self.mapped(run).is_empty()
        } else {
            !own.iter().any(|key| self.today.has(key))
        }
    }
}
