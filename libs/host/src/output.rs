//! What commands print, on its way to the user: whole characters, and no more than is bearable.

use std::collections::BTreeMap;

/// Bytes kept of one command's output. What follows is read and thrown away, so that a flood holds up nobody.
pub const OUTPUT_LIMIT: usize = 1024 * 1024;

/// How much each command has printed.
#[derive(Debug, Default)]
pub(crate) struct Throttle(BTreeMap<u32, usize>);

impl Throttle {
    /// What of a text goes on; the first that does not is replaced by a note.
    pub fn take(&mut self, command: u32, mut text: String) -> Option<String> {
        let given = self.0.entry(command).or_default();
        if *given > OUTPUT_LIMIT {
            return None;
        }
        let left = OUTPUT_LIMIT - *given;
        *given = given.saturating_add(text.len());
        if text.len() > left {
            text.truncate(text.floor_char_boundary(left));
            text.push_str("\n[the rest is left out: this output is longer than 1 MiB]\n");
        }
        Some(text)
    }
}

/// Text out of bytes, however they are cut; what is no UTF-8 becomes U+FFFD.
#[derive(Debug, Default)]
pub(crate) struct Decoder(Vec<u8>);

impl Decoder {
    /// The text so far; an unfinished character waits for its rest.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.0.extend_from_slice(bytes);
        let mut text = String::with_capacity(self.0.len());
        let mut rest = 0;
        for chunk in self.0.utf8_chunks() {
            text.push_str(chunk.valid());
            rest += chunk.valid().len();
            let unfinished = rest + chunk.invalid().len() == self.0.len()
                && std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
            if !chunk.invalid().is_empty() && !unfinished {
                text.push(char::REPLACEMENT_CHARACTER);
                rest += chunk.invalid().len();
            }
        }
        self.0.drain(..rest);
        text
    }

    /// What was left unfinished.
    pub fn end(&mut self) -> &'static str {
        let unfinished = !std::mem::take(&mut self.0).is_empty();
        if unfinished { "\u{fffd}" } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_flood_is_cut_once_and_another_commands_output_is_not() {
        let mut throttle = Throttle::default();
        let half = "ä".repeat(OUTPUT_LIMIT / 4);
        assert_eq!(throttle.take(1, half.clone()), Some(half.clone()));
        let cut = throttle.take(1, "xä".repeat(OUTPUT_LIMIT)).expect("a part");
        assert!(cut.len() < OUTPUT_LIMIT / 2 + 100 && cut.ends_with("1 MiB]\n"));
        assert_eq!(throttle.take(1, "more".into()), None);
        assert_eq!(throttle.take(2, half.clone()), Some(half));
    }

    #[test]
    fn exactly_the_limit_is_not_cut() {
        let mut throttle = Throttle::default();
        let all = "x".repeat(OUTPUT_LIMIT);
        assert_eq!(throttle.take(1, all.clone()), Some(all));
        assert!(
            throttle
                .take(1, "y".into())
                .expect("a note")
                .starts_with("\n[the rest")
        );
    }

    proptest! {
        #[test]
        fn text_comes_out_as_it_went_in_however_it_is_cut(text: String, cuts in proptest::collection::vec(1usize..5, 1..5)) {
            let mut decoder = Decoder::default();
            let mut found = String::new();
            let mut rest = text.as_bytes();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                found += &decoder.push(now);
                rest = later;
            }
            found += decoder.end();
            prop_assert_eq!(found, text);
        }

        #[test]
        fn any_bytes_are_decoded_as_from_utf8_lossy_does(bytes: Vec<u8>) {
            let mut decoder = Decoder::default();
            let found = decoder.push(&bytes) + decoder.end();
            prop_assert_eq!(found, String::from_utf8_lossy(&bytes));
        }
    }
}
