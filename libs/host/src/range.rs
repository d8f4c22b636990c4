//! Version ranges as npm understands them.
//!
//! The grammar and its corners are those of npm's `semver` 7 (<https://github.com/npm/node-semver>, `classes/range.js`, options
//! at their defaults): a range is rewritten step by step into plain comparators. The crates for it were compared on 5,000
//! pairs and disagreed on hundreds (whitespace after an operator, `||` beside nothing, leading zeros, two comparators of
//! which one is a `^`), which is why this is here; `tests/semver.rs` holds it to npm's own answers.

use std::cmp::Ordering;

use semver::Version;

/// The longest version npm reads, in characters.
const MAX_LENGTH: usize = 256;
/// The largest number in a version: JavaScript's `Number.MAX_SAFE_INTEGER`.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// A range such as `^22.18 || >=24`.
///
/// ```
/// use krepis_host::{Range, Version};
/// let range = Range::parse("^22.18 || >=24").expect("a range");
/// assert!(range.satisfies(&Version::parse("24.1.0")?));
/// assert!(!range.satisfies(&Version::parse("23.0.0")?));
/// // A prerelease only where one of the same version is named.
/// assert!(!range.satisfies(&Version::parse("25.0.0-rc.1")?));
/// # Ok::<(), semver::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range(Vec<Vec<Comparator>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Comparator {
    /// Every version.
    Any,
    Compare(Operator, Version),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Range {
    /// None for what npm's `validRange` says no to.
    pub fn parse(text: &str) -> Option<Self> {
        let text: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
        let sets: Vec<Vec<Comparator>> = text
            .join(" ")
            .split("||")
            .map(|set| comparators(set.trim_matches(' ')))
            .collect::<Option<_>>()?;
        if let [_] = sets.as_slice() {
            return Some(Self(sets));
        }
        // One alternative that takes everything is the whole range: a prerelease that another one names is out, then.
        let any = sets.iter().find(|set| ***set == [Comparator::Any]).cloned();
        Some(Self(any.map_or(sets, |any| vec![any])))
    }

    /// Whether a version is in the range.
    pub fn satisfies(&self, version: &Version) -> bool {
        self.0.iter().any(|set| set_accepts(set, version))
    }
}

fn set_accepts(set: &[Comparator], version: &Version) -> bool {
    let named = |comparator: &Comparator| {
        let Comparator::Compare(_, bound) = comparator else {
            return false;
        };
        let numbers = |version: &Version| (version.major, version.minor, version.patch);
        !bound.pre.is_empty() && numbers(bound) == numbers(version)
    };
    set.iter().all(|comparator| comparator.accepts(version))
        && (version.pre.is_empty() || set.iter().any(named))
}

impl Comparator {
    fn accepts(&self, version: &Version) -> bool {
        let Self::Compare(operator, bound) = self else {
            return true;
        };
        let order = version.cmp_precedence(bound);
        match operator {
            Operator::Equal => order == Ordering::Equal,
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual => order != Ordering::Greater,
            Operator::Greater => order == Ordering::Greater,
            Operator::GreaterOrEqual => order != Ordering::Less,
        }
    }

    /// `>=1.2.3`, `v1.2.3`, or nothing at all.
    fn parse(text: &str) -> Option<Self> {
        // As in npm: the same as `*`.
        if text.is_empty() || text == ">=0.0.0" {
            return Some(Self::Any);
        }
        let (operator, rest) = operator(text);
        let rest = rest.strip_prefix('v').unwrap_or(rest);
        let partial = Partial::read(rest).filter(|(_, rest)| rest.is_empty())?.0;
        let (Part::Number(major), Part::Number(minor), Part::Number(patch)) =
            (partial.major, partial.minor, partial.patch)
        else {
            return None;
        };
        let too_large = [major, minor, patch]
            .into_iter()
            .any(|number| number > MAX_NUMBER);
        if too_large || rest.len() > MAX_LENGTH {
            return None;
        }
        let operator = match operator {
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            _ => Operator::Equal,
        };
        Some(Self::Compare(operator, Version::parse(rest).ok()?))
    }
}

/// The comparators of one alternative.
fn comparators(text: &str) -> Option<Vec<Comparator>> {
    let text = without_build(text);
    let text = hyphen(&text).unwrap_or(text);
    let text = join_operators(&text);
    let mut text = text.replace("~> ", "~ ");
    // Where build metadata was there may be several blanks.
    while text.contains("~ ") || text.contains("^ ") {
        text = text.replace("~ ", "~").replace("^ ", "^");
    }
    let mut found: Vec<Comparator> = Vec::new();
    for word in text.split(' ') {
        let plain = caret(word).or_else(|| tilde(word));
        let plain = plain.unwrap_or_else(|| word.to_owned());
        for word in plain.split(' ') {
            let plain = x_range(word).unwrap_or_else(|| without_star(word));
            for word in plain.split(' ') {
                let comparator = Comparator::parse(word)?;
                if !found.contains(&comparator) {
                    found.push(comparator);
                }
            }
        }
    }
    if found.len() > 1 {
        found.retain(|comparator| *comparator != Comparator::Any);
    }
    Some(found)
}

/// A part of a version that may be incomplete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Missing,
    /// `x`, `X` or `*`.
    X,
    Number(u64),
}

impl Part {
    fn is_x(self) -> bool {
        !matches!(self, Self::Number(_))
    }

    fn number(self) -> u64 {
        if let Self::Number(number) = self {
            number
        } else {
            0
        }
    }
}

#[derive(Debug)]
struct Partial<'a> {
    major: Part,
    minor: Part,
    patch: Part,
    pre: Option<&'a str>,
}

impl<'a> Partial<'a> {
    /// Reads `1`, `1.x`, `1.2.3-beta`, as much as there is; the rest of the text comes back.
    fn read(text: &'a str) -> Option<(Self, &'a str)> {
        let (major, mut rest) = part(text)?;
        let mut more = [Part::Missing; 2];
        for place in &mut more {
            let Some((found, after)) = rest.strip_prefix('.').and_then(part) else {
                let [minor, patch] = more;
                return Some((
                    Self {
                        major,
                        minor,
                        patch,
                        pre: None,
                    },
                    rest,
                ));
            };
            (*place, rest) = (found, after);
        }
        let pre = rest.strip_prefix('-').and_then(prerelease);
        if let Some(pre) = pre {
            rest = &rest[1 + pre.len()..];
        }
        let [minor, patch] = more;
        Some((
            Self {
                major,
                minor,
                patch,
                pre,
            },
            rest,
        ))
    }

    /// The same with `v`, `=` and blanks before it, and nothing after it.
    fn read_all(text: &'a str) -> Option<Self> {
        let (partial, rest) = Self::read(text.trim_start_matches(['v', '=', ' ']))?;
        rest.is_empty().then_some(partial)
    }
}

fn part(text: &str) -> Option<(Part, &str)> {
    if let Some(rest) = text.strip_prefix(['x', 'X', '*']) {
        return Some((Part::X, rest));
    }
    let digits = text.len()
        - text
            .trim_start_matches(|letter: char| letter.is_ascii_digit())
            .len();
    // A zero leads no number.
    let digits = if text.starts_with('0') { 1 } else { digits };
    // What is too large for this is too large for npm, which says so later.
    let number = text[..digits].parse().unwrap_or(u64::MAX >> 1);
    (digits > 0).then(|| (Part::Number(number), &text[digits..]))
}

/// Identifiers with dots between them, as many as are well formed.
fn prerelease(text: &str) -> Option<&str> {
    let mut end = 0;
    loop {
        let start = if end == 0 { 0 } else { end + 1 };
        let rest = &text[start..];
        let length = rest.len() - rest.trim_start_matches(is_identifier).len();
        let numeric = rest[..length].bytes().all(|byte| byte.is_ascii_digit());
        // A zero leads no number: only it is read.
        let length = if numeric && rest.starts_with('0') {
            1
        } else {
            length
        };
        if length == 0 {
            break;
        }
        end = start + length;
        if !text[end..].starts_with('.') {
            break;
        }
    }
    (end > 0).then(|| &text[..end])
}

fn is_identifier(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-'
}

/// JavaScript's `\s`.
fn is_space(letter: char) -> bool {
    (letter.is_whitespace() && letter != '\u{85}') || letter == '\u{feff}'
}

/// `<`, `<=`, `>`, `>=`, `=` or nothing, and what follows.
fn operator(text: &str) -> (&str, &str) {
    let compared = text.len() - text.strip_prefix(['<', '>']).unwrap_or(text).len();
    let equal = usize::from(text[compared..].starts_with('='));
    text.split_at(compared + equal)
}

/// Without `+build`, wherever it stands.
fn without_build(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('+') {
        kept.push_str(&rest[..at]);
        let mut after = rest[at + 1..].trim_start_matches(is_identifier);
        if after.len() == rest.len() - at - 1 {
            kept.push('+');
        } else {
            while let Some(more) = after.strip_prefix('.')
                && more.starts_with(is_identifier)
            {
                after = more.trim_start_matches(is_identifier);
            }
        }
        rest = after;
    }
    kept + rest
}

/// `1.2 - 3.4.5` as `>=1.2.0 <=3.4.5`.
fn hyphen(text: &str) -> Option<String> {
    let text = text.trim_matches(' ');
    let (from, rest) = Partial::read(text.trim_start_matches(['v', '=', ' ']))?;
    let from_text = &text[..text.len() - rest.len()];
    let to_text = rest
        .strip_prefix(' ')?
        .trim_start_matches(' ')
        .strip_prefix("- ")?;
    let to_text = to_text.trim_start_matches(' ');
    let to = Partial::read_all(to_text)?;
    let lower = match (from.major, from.minor, from.patch) {
        (major, _, _) if major.is_x() => String::new(),
        (major, minor, _) if minor.is_x() => format!(">={}.0.0", major.number()),
        (major, minor, patch) if patch.is_x() => format!(">={}.{}.0", major.number(), minor.number()),
        _ => format!(">={from_text}"),
    };
    let upper = match (to.major, to.minor, to.patch, to.pre) {
        (major, ..) if major.is_x() => String::new(),
        (major, minor, ..) if minor.is_x() => format!("<{}.0.0-0", major.number() + 1),
        (major, minor, patch, _) if patch.is_x() => format!("<{}.{}.0-0", major.number(), minor.number() + 1),
        (major, minor, patch, Some(pre)) => {
            format!("<={}.{}.{}-{pre}", major.number(), minor.number(), patch.number())
        }
        _ => format!("<={to_text}"),
    };
    Some(format!("{lower} {upper}").trim_matches(' ').to_owned())
}

/// `> 1.2.3` as `>1.2.3`, with npm's idea of what belongs together (`internal/trim-comparator-whitespace.js`).
fn join_operators(text: &str) -> String {
    let bytes = text.as_bytes();
    let at = |index: usize| bytes.get(index).copied().unwrap_or_default();
    let is_prefix = |byte| matches!(byte, b'v' | b'=' | b' ');
    let is_start = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'x' | b'X' | b'*');
    let mut dropped = Vec::new();
    let mut cursor = 0;
    while cursor < bytes.len() {
        let start = cursor;
        if matches!(at(cursor), b'<' | b'>') {
            cursor += 1;
        } else if !is_prefix(at(cursor)) && !is_start(at(cursor)) {
            cursor += 1;
            continue;
        }
        while is_prefix(at(cursor)) {
            cursor += 1;
        }
        if !is_start(at(cursor)) {
            continue;
        }
        let mut blank = start + usize::from(at(start) == b' ');
        blank += usize::from(matches!(at(blank), b'<' | b'>'));
        blank += usize::from(at(blank) == b'=');
        if at(blank) == b' ' {
            dropped.push(blank);
        }
        cursor = end_of_version(text, cursor);
    }
    text.char_indices()
        .filter(|(index, _)| dropped.binary_search(index).is_err())
        .map(|(_, letter)| letter)
        .collect()
}

/// Where a version that begins at `start` ends: a whole one read loosely (leading zeros, a prerelease without its hyphen), else
/// a partial one.
fn end_of_version(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    loose_version(rest).map_or_else(
        || Partial::read(rest).map_or(start + 1, |(_, rest)| text.len() - rest.len()),
        |length| start + length,
    )
}

fn loose_version(text: &str) -> Option<usize> {
    let mut rest = text;
    for index in 0..3 {
        if index > 0 {
            rest = rest.strip_prefix('.')?;
        }
        let after = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        if after.len() == rest.len() {
            return None;
        }
        rest = after;
    }
    let mut after = rest.trim_start_matches(is_identifier);
    while after.len() < rest.len()
        && let Some(more) = after.strip_prefix('.')
        && more.starts_with(is_identifier)
    {
        after = more.trim_start_matches(is_identifier);
    }
    Some(text.len() - after.len())
}

/// `^1.2.3` as `>=1.2.3 <2.0.0-0`: what does not change the first number that is not zero.
fn caret(text: &str) -> Option<String> {
    let partial = Partial::read_all(text.strip_prefix('^')?)?;
    let Partial {
        major,
        minor,
        patch,
        pre,
    } = partial;
    let (m, n, p) = (major.number(), minor.number(), patch.number());
    let suffix = pre.map(|pre| format!("-{pre}")).unwrap_or_default();
    Some(if major.is_x() {
        String::new()
    } else if minor.is_x() {
        format!(">={m}.0.0 <{}.0.0-0", m + 1)
    } else if patch.is_x() && m == 0 {
        format!(">=0.{n}.0 <0.{}.0-0", n + 1)
    } else if patch.is_x() {
        format!(">={m}.{n}.0 <{}.0.0-0", m + 1)
    } else if m > 0 {
        format!(">={m}.{n}.{p}{suffix} <{}.0.0-0", m + 1)
    } else if n > 0 {
        format!(">=0.{n}.{p}{suffix} <0.{}.0-0", n + 1)
    } else {
        format!(">=0.0.{p}{suffix} <0.0.{}-0", p + 1)
    })
}

/// `~1.2.3` as `>=1.2.3 <1.3.0-0`: what changes the last number only.
fn tilde(text: &str) -> Option<String> {
    let text = text.strip_prefix('~')?;
    let partial = Partial::read_all(text.strip_prefix('>').unwrap_or(text))?;
    let Partial {
        major,
        minor,
        patch,
        pre,
    } = partial;
    let (m, n, p) = (major.number(), minor.number(), patch.number());
    let suffix = pre.map(|pre| format!("-{pre}")).unwrap_or_default();
    Some(if major.is_x() {
        String::new()
    } else if minor.is_x() {
        format!(">={m}.0.0 <{}.0.0-0", m + 1)
    } else if patch.is_x() {
        format!(">={m}.{n}.0 <{m}.{}.0-0", n + 1)
    } else {
        format!(">={m}.{n}.{p}{suffix} <{m}.{}.0-0", n + 1)
    })
}

/// `1.2.x` and `>1.2` in plain comparators; a whole version stays as it is.
fn x_range(text: &str) -> Option<String> {
    let (operator, rest) = operator(text);
    let Partial {
        major, minor, patch, ..
    } = Partial::read_all(rest)?;
    if (major.is_x() && !minor.is_x()) || (minor.is_x() && !patch.is_x()) {
        // `x.1` is none: what is left of it below is no comparator.
        return Some(without_star(text));
    }
    let (m, n) = (major.number(), minor.number());
    let operator = if operator == "=" && patch.is_x() {
        ""
    } else {
        operator
    };
    Some(if major.is_x() {
        // `>*` takes nothing.
        let nothing = matches!(operator, ">" | "<");
        if nothing {
            "<0.0.0-0".to_owned()
        } else {
            String::new()
        }
    } else if !patch.is_x() {
        text.to_owned()
    } else {
        let next = if minor.is_x() { (m + 1, 0) } else { (m, n + 1) };
        match operator {
            "" => format!(">={m}.{n}.0 <{}.{}.0-0", next.0, next.1),
            ">" => format!(">={}.{}.0", next.0, next.1),
            "<=" => format!("<{}.{}.0-0", next.0, next.1),
            "<" => format!("<{m}.{n}.0-0"),
            _ => format!("{operator}{m}.{n}.0"),
        }
    })
}

/// Without the first `*` and the operator before it.
fn without_star(text: &str) -> String {
    let Some(star) = text.find('*') else {
        return text.to_owned();
    };
    let before = &text[..star];
    let before = before.strip_suffix('=').unwrap_or(before);
    let before = before.strip_suffix(['<', '>']).unwrap_or(before);
    format!("{before}{}", &text[star + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn satisfies(range: &str, version: &str) -> bool {
        let version = Version::parse(version).expect("a version");
        Range::parse(range).expect(range).satisfies(&version)
    }

    #[test]
    fn the_forms_of_npm_are_understood() {
        for (range, inside, outside) in [
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("^0.2", "0.2.9", "0.3.0"),
            ("~1.2.3", "1.2.9", "1.3.0"),
            ("~> 1", "1.9.9", "2.0.0"),
            ("1.2 - 2", "2.9.9", "3.0.0"),
            ("> 1.2", "1.3.0", "1.2.9"),
            ("<=1.2", "1.2.9", "1.3.0"),
            ("\u{feff}22\t||\u{a0}24.x", "24.9.9", "23.0.0"),
            ("v22.18.0+build", "22.18.0", "22.18.1"),
            (">=1.0.0-rc.1 <2", "1.0.0-rc.2", "1.0.1-rc.2"),
        ] {
            assert!(satisfies(range, inside), "{range} {inside}");
            assert!(!satisfies(range, outside), "{range} {outside}");
        }
        assert!(satisfies("", "1.2.3") && satisfies("||1", "7.0.0") && !satisfies("<*", "0.0.0"));
    }

    #[test]
    fn what_npm_refuses_is_no_range() {
        for text in [
            "01",
            "1.2.3.4",
            "x.1",
            "1.x.3",
            "v 1",
            "banana",
            ">",
            "1.2.3-01",
            "^9007199254740992",
            "1 . 2",
            "~1.2.3beta",
        ] {
            assert!(Range::parse(text).is_none(), "{text}");
        }
    }
}
