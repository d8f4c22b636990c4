//! A small tokenizer for texts of any language: enough to see the same code in another layout.

use std::ops::Range;

/// A token and the blanks before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Bytes in the text.
    pub(super) at: Range<usize>,
    /// What makes two tokens the same: the text, but for the quotes of a simple string.
    pub(super) key: String,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        self.key == text
    }
}

pub(super) fn is_opener(key: &str) -> bool {
    matches!(key, "(" | "[" | "{")
}

pub(super) fn is_closer(key: &str) -> bool {
    matches!(key, ")" | "]" | "}")
}

/// What formatters add and take away without changing a program.
pub(super) fn is_noise(key: &str) -> bool {
    matches!(key, ";" | ",")
}

pub(super) fn is_word(key: &str) -> bool {
    key.chars().next().is_some_and(is_word_char)
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// Words and numbers, strings that end in their line, and every other character by itself. Blanks and line ends
/// belong to no token.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut last_was_word = false;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            last_was_word = false;
            continue;
        }
        let rest = &text[at..];
        let word = is_word_char(c);
        let (length, key) = if word {
            let length = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
            (length, rest[..length].to_owned())
        } else if let Some(length) = string(rest).filter(|_| !last_was_word) {
            (length, string_key(&rest[..length]))
        } else {
            (c.len_utf8(), c.to_string())
        };
        found.push(Token {
            at: at..at + length,
            key,
        });
        at += length;
        last_was_word = word;
    }
    found
}

/// Length of a string literal at the beginning. An apostrophe after a word (`don't`) never gets here.
fn string(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// `'a'` and `"a"` are the same to a formatter.
fn string_key(literal: &str) -> String {
    let inner = &literal[1..literal.len() - 1];
    if inner.contains(['"', '\'', '\\']) {
        literal.to_owned()
    } else {
        format!("\"{inner}\"")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.key).collect()
    }

    #[test]
    fn layout_and_quotes_make_no_difference() {
        assert_eq!(keys("a( [ 'x',\n  b1 ] )"), keys("a([\"x\", b1])"));
        assert_ne!(keys("'it\\'s'"), keys("\"its\""));
    }

    #[test]
    fn an_apostrophe_is_no_string() {
        assert_eq!(keys("don't and can't"), ["don", "'", "t", "and", "can", "'", "t"]);
        assert_eq!(keys("'open\nend'"), ["'", "open", "end", "'"]);
    }

    proptest! {
        #[test]
        fn tokens_and_blanks_are_the_whole_text(text in "[a-zä'\"\\\\ \n{},.;]{0,60}") {
            let mut rebuilt = String::new();
            let mut at = 0;
            for token in tokens(&text) {
                prop_assert!(text[at..token.at.start].trim().is_empty());
                rebuilt.push_str(&text[at..token.at.end]);
                at = token.at.end;
            }
            prop_assert!(text[at..].trim().is_empty());
            rebuilt.push_str(&text[at..]);
            prop_assert_eq!(rebuilt, text);
        }
    }
}
