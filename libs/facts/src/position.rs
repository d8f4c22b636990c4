//! Byte offsets as a person counts: lines and columns.

use serde::{Deserialize, Serialize};

/// A place in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// First byte.
    pub start: u32,
    /// Byte after the last one.
    pub end: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Where the lines of a text begin. A line ends with LF, CRLF or a lone CR, as in ECMAScript; a byte-order mark takes no
/// column.
///
/// ```
/// use krepis_facts::Lines;
/// let lines = Lines::new("a\nbä c");
/// assert_eq!(lines.line_column(5), (2, 3));
/// ```
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<u32>,
}

impl<'a> Lines<'a> {
    /// Finds the line starts of `text`.
    pub fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let first = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut starts = vec![first];
        for (index, byte) in bytes.iter().enumerate() {
            let ends = *byte == b'\n' || *byte == b'\r' && bytes.get(index + 1) != Some(&b'\n');
            if ends {
                starts.push(u32::try_from(index + 1).unwrap_or(u32::MAX));
            }
        }
        Self { text, starts }
    }

    /// Line and column, both from 1, of a byte offset; one inside a character counts as its first byte.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts[line - 1] as usize;
        let before = self
            .text
            .as_bytes()
            .get(start..offset as usize)
            .unwrap_or_default();
        // A byte that continues a character starts no column.
        let characters = before.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        let inside = self
            .text
            .as_bytes()
            .get(offset as usize)
            .is_some_and(|byte| byte & 0xc0 == 0x80);
        let column = if inside { characters.max(1) } else { characters + 1 };
        let small = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        (small(line), small(column))
    }

    /// The place of a span of bytes.
    pub fn place(&self, start: u32, end: u32) -> Place {
        let (line, column) = self.line_column(start);
        Place {
            start,
            end,
            line,
            column,
        }
    }

    /// The text of a line (from 1) without its end; empty beyond the last.
    pub fn line(&self, line: u32) -> &'a str {
        let index = line.saturating_sub(1) as usize;
        let Some(start) = self.starts.get(index) else {
            return "";
        };
        let end = self
            .starts
            .get(index + 1)
            .map_or(self.text.len(), |end| *end as usize);
        self.text
            .get(*start as usize..end)
            .unwrap_or_default()
            .trim_end_matches(['\n', '\r'])
    }
}

/// The lines around a place with a mark below it, for a diagnostic.
///
/// ```
/// use krepis_facts::{Lines, code_frame};
/// let text = "import { a } from './a.ts';\n";
/// let place = Lines::new(text).place(18, 26);
/// assert_eq!(code_frame(text, place), "1 | import { a } from './a.ts';\n  |                   ^^^^^^^^");
/// ```
pub fn code_frame(text: &str, place: Place) -> String {
    const WIDTH: usize = 160;
    let lines = Lines::new(text);
    // A tab is as wide as the terminal likes, a very long line as wide as nobody likes.
    let show = |line: &str| -> String { line.replace('\t', " ").chars().take(WIDTH).collect() };
    let number = place.line.to_string();
    let mut frame = String::new();
    if place.line > 1 {
        let above = show(lines.line(place.line - 1));
        if !above.trim().is_empty() {
            let line = format!("{:>width$} | {above}\n", place.line - 1, width = number.len());
            frame.push_str(&line);
        }
    }
    let line = lines.line(place.line);
    frame.push_str(&format!("{number} | {}\n", show(line)));
    let column = place.column.saturating_sub(1) as usize;
    let marked = text
        .get(place.start as usize..place.end as usize)
        .unwrap_or_default();
    let length = marked.lines().next().unwrap_or_default().chars().count().max(1);
    if column < WIDTH {
        let length = length.min(WIDTH - column);
        frame.push_str(&format!(
            "{:width$} | {:column$}{}",
            "",
            "",
            "^".repeat(length),
            width = number.len()
        ));
    }
    frame.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_lf_crlf_or_cr() {
        let lines = Lines::new("a\r\nb\rc\nd");
        assert_eq!(
            [0, 3, 5, 7].map(|offset| lines.line_column(offset)),
            [(1, 1), (2, 1), (3, 1), (4, 1)]
        );
        assert_eq!(
            [1, 2, 3, 4, 5].map(|line| lines.line(line)),
            ["a", "b", "c", "d", ""]
        );
    }

    #[test]
    fn a_byte_order_mark_takes_no_column_and_a_character_takes_one() {
        assert_eq!(Lines::new("\u{feff}ab").line_column(4), (1, 2));
        assert_eq!(Lines::new("äöü x").line_column(7), (1, 5));
        assert_eq!(Lines::new("ä").line_column(1), (1, 1));
    }

    #[test]
    fn a_frame_shows_the_line_above() {
        let text = "// a\n\tfoo('x');\n";
        assert_eq!(
            code_frame(text, Lines::new(text).place(10, 13)),
            "1 | // a\n2 |  foo('x');\n  |      ^^^"
        );
    }
}
