//! The two names of an entry: the scope it belongs to, and the hash of the task.

use std::fmt;

use krepis_change::Failure;

use crate::errors;

/// Longest scope and longest hash, in characters.
const LONGEST: usize = 64;

/// Whose entries: `main` is what everybody may read; any other scope (`pr-123`) is read by its own tokens only.
///
/// Lower-case letters, digits, `-` and `_`, a letter or digit first, at most 64 characters: a name that every file system
/// and S3 keep as it is.
///
/// ```
/// use krepis_remote_cache::Scope;
/// assert!(Scope::parse("pr-123").is_ok());
/// assert!(Scope::parse("../main").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(Box<str>);

impl Scope {
    /// The trusted scope.
    pub fn main() -> Self {
        Self("main".into())
    }

    /// Reads a scope's name.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let starts = text.starts_with(|one: char| one.is_ascii_lowercase() || one.is_ascii_digit());
        let fits = text.len() <= LONGEST
            && text
                .bytes()
                .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || matches!(one, b'-' | b'_'));
        if starts && fits {
            return Ok(Self(text.into()));
        }
        Err(
            Failure::new(&errors::BAD_SCOPE, format!("`{}` is not a scope", text.escape_debug()))
                .reason("a scope is a lower-case letter or digit, then letters, digits, `-` and `_`, 64 characters at most")
                .hint("name it `main` for trusted branches, or `pr-123` for a pull request"),
        )
    }

    /// Whether this is the trusted scope.
    pub fn is_main(&self) -> bool {
        &*self.0 == "main"
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whose entries a token of this scope reads, in this order: what main has stands in front of anything else.
    ///
    /// ```
    /// use krepis_remote_cache::Scope;
    /// let pull_request = Scope::parse("pr-7").unwrap();
    /// assert_eq!(pull_request.readable().collect::<Vec<_>>(), [Scope::main(), pull_request.clone()]);
    /// assert_eq!(Scope::main().readable().collect::<Vec<_>>(), [Scope::main()]);
    /// ```
    pub fn readable(&self) -> impl Iterator<Item = Self> {
        let own = (!self.is_main()).then(|| self.clone());
        std::iter::once(Self::main()).chain(own)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The hash of a task, as Nx sends it: a decimal number of 64 bits. Taken are digits and lower-case letters, 64 at most.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskHash(Box<str>);

impl TaskHash {
    /// Reads the hash of a path; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=LONGEST).contains(&text.len())
            && text
                .bytes()
                .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit());
        fits.then(|| Self(text.into()))
    }

    /// The hash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last two characters, which spread entries over folders.
    pub fn shard(&self) -> &str {
        &self.0[self.0.len().saturating_sub(2)..]
    }
}

impl fmt::Display for TaskHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_a_folder_are_none() {
        for text in [
            "",
            ".",
            "..",
            "a/b",
            "A",
            "a b",
            "a\0",
            "ä",
            "-a",
            "%2e",
            &"a".repeat(65),
        ] {
            assert!(Scope::parse(text).is_err(), "{text:?}");
        }
        for text in ["", ".", "..", "1/2", "A1", "1 ", "1%2e", "-1", &"1".repeat(65)] {
            assert!(TaskHash::parse(text).is_none(), "{text:?}");
        }
        assert_eq!(TaskHash::parse("15172161727512097835").unwrap().shard(), "35");
        assert_eq!(TaskHash::parse("7").unwrap().shard(), "7");
    }
}
