//! Versions of Node and what may be asked for.

use std::cmp::Ordering;

use nodejs_semver::{Range, Version};

/// The oldest Node that runs the runner: the first with type stripping on by default.
pub const FLOOR: (u64, u64, u64) = (22, 18, 0);

/// Names of the LTS lines (<https://nodejs.org/download/release/index.json>).
const LINES: [(&str, u64); 4] = [("hydrogen", 18), ("iron", 20), ("jod", 22), ("krypton", 24)];

/// What a pin or an option asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wish {
    /// A version or a range in npm's sense.
    Range(Range),
    /// Any LTS version.
    Lts,
    /// The newest there is.
    Newest,
}

impl Wish {
    /// Reads what version files, package.json and options hold: `22`, `v22.18.0`, `>=22 <25`, `lts/*`, `lts/jod`, `node`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "" => return None,
            "lts/*" | "lts" | "lts-*" | "stable" => return Some(Self::Lts),
            "node" | "latest" | "current" | "newest" | "*" => return Some(Self::Newest),
            _ => {}
        }
        if let Some(line) = lower.strip_prefix("lts/").or_else(|| lower.strip_prefix("lts-")) {
            let (_, major) = LINES.iter().find(|(name, _)| *name == line)?;
            return Range::parse(major.to_string()).ok().map(Self::Range);
        }
        Range::parse(lower.strip_prefix('v').unwrap_or(&lower))
            .ok()
            .map(Self::Range)
    }

    /// Whether a version is what was asked for.
    pub fn accepts(&self, version: &Version) -> bool {
        match self {
            Self::Range(range) => range.satisfies(version),
            Self::Lts => is_lts(version),
            Self::Newest => true,
        }
    }

    /// Which of two accepted versions is better.
    pub fn compare(&self, a: &Version, b: &Version) -> Ordering {
        match self {
            Self::Newest => a.cmp(b),
            Self::Range(_) | Self::Lts => better(a, b),
        }
    }
}

/// LTS before current, then the newer one.
pub(crate) fn better(a: &Version, b: &Version) -> Ordering {
    is_lts(a).cmp(&is_lts(b)).then_with(|| a.cmp(b))
}

/// Even lines become LTS (<https://github.com/nodejs/release>).
fn is_lts(version: &Version) -> bool {
    version.major().is_multiple_of(2)
}

/// Reads `v22.18.0` or `22.18.0`; nothing else (a folder `22` in an installation is an alias).
pub(crate) fn parse_exact(text: &str) -> Option<Version> {
    let text = text.trim();
    let text = text.strip_prefix('v').unwrap_or(text);
    if text.split('.').count() < 3 || !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    Version::parse(text).ok()
}

/// Why a version cannot be used, if so.
pub(crate) fn unsuitable(version: &Version) -> Option<String> {
    if version.is_prerelease() {
        return Some("it is a prerelease".into());
    }
    let (major, minor, patch) = FLOOR;
    ((version.major(), version.minor(), version.patch()) < FLOOR)
        .then(|| format!("it is older than {major}.{minor}.{patch}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(wish: &str, version: &str) -> bool {
        Wish::parse(wish)
            .is_some_and(|wish| parse_exact(version).is_some_and(|version| wish.accepts(&version)))
    }

    #[test]
    fn wishes_of_every_form_are_understood() {
        for (wish, version, expected) in [
            ("22", "22.18.0", true),
            ("v22.18.0", "22.18.0", true),
            ("v22.18", "22.18.3", true),
            (">=22 <25", "24.1.0", true),
            ("^22.18 || ^24", "23.0.0", false),
            ("lts/*", "24.1.0", true),
            ("lts/*", "25.1.0", false),
            ("lts/jod", "22.19.0", true),
            ("lts/krypton", "22.19.0", false),
            ("node", "25.0.0", true),
        ] {
            assert_eq!(accepts(wish, version), expected, "{wish} {version}");
        }
        for wish in ["", "lts/nobody", "banana"] {
            assert!(Wish::parse(wish).is_none(), "{wish}");
        }
    }

    #[test]
    fn lts_goes_before_current() {
        let version = |text| parse_exact(text).expect("a version");
        assert_eq!(better(&version("24.1.0"), &version("25.9.0")), Ordering::Greater);
        assert_eq!(better(&version("24.1.0"), &version("24.2.0")), Ordering::Less);
    }

    #[test]
    fn old_and_unfinished_versions_are_unsuitable() {
        let reason = |text| unsuitable(&parse_exact(text).expect("a version"));
        assert_eq!(reason("22.17.9").as_deref(), Some("it is older than 22.18.0"));
        assert_eq!(reason("24.0.0-rc.1").as_deref(), Some("it is a prerelease"));
        assert_eq!(reason("22.18.0"), None);
    }
}
