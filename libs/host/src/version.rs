//! Versions of Node and what may be asked for.

use std::cmp::Ordering;
use std::path::PathBuf;

use semver::Version;

use crate::candidate::Purpose;
use crate::layouts::Manager;
use crate::range::Range;

/// The oldest Node that runs the runner: the first with type stripping on by default.
pub const FLOOR: (u64, u64, u64) = (22, 18, 0);

/// The oldest Node of each line that confines a plugin: those before have holes in the permission model that were mended in
/// 2025 and 2026 (<https://nodejs.org/en/blog/vulnerability>). Lines that are not here and newer ones have the fixes.
pub const PLUGIN_FLOORS: [(u64, u64, u64); 3] = [(22, 23, 0), (24, 17, 0), (26, 3, 1)];

/// Names of the LTS lines (<https://nodejs.org/download/release/index.json>), oldest first.
const LINES: [(&str, u64); 11] = [
    ("argon", 4),
    ("boron", 6),
    ("carbon", 8),
    ("dubnium", 10),
    ("erbium", 12),
    ("fermium", 14),
    ("gallium", 16),
    ("hydrogen", 18),
    ("iron", 20),
    ("jod", 22),
    ("krypton", 24),
];

/// What a pin or an option asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wish {
    /// A version or a range in npm's sense.
    Range(Range),
    /// Any LTS version.
    Lts,
    /// The newest there is.
    Newest,
    /// What the system has, whatever the version managers have.
    System,
    /// A program or a folder with one.
    Path(PathBuf),
}

impl Wish {
    /// Reads what version files, package.json and options hold: `22`, `v22.18.0`, `>=22 <25`, `lts/*`, `lts/jod`, `node`,
    /// `latest:22`. The same word may mean different things to different managers: `manager` is whose file it is.
    pub fn parse(text: &str, manager: Option<Manager>) -> Option<Self> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "" => return None,
            // To nvm it is what `node` is: its LTS words begin with `lts/`.
            "stable" if manager == Some(Manager::Nvm) => return Some(Self::Newest),
            "lts/*" | "lts" | "lts-*" | "stable" | "lts_latest" => return Some(Self::Lts),
            "node" | "latest" | "current" | "newest" | "*" => return Some(Self::Newest),
            "system" => return Some(Self::System),
            _ => {}
        }
        if let Some(path) = lower.starts_with("path:").then(|| &text["path:".len()..]) {
            return Some(Self::Path(PathBuf::from(path)));
        }
        let lower = ["latest:", "prefix:"]
            .into_iter()
            .find_map(|prefix| lower.strip_prefix(prefix))
            .unwrap_or(&lower);
        let line = ["lts/", "lts-"]
            .into_iter()
            .find_map(|prefix| lower.strip_prefix(prefix));
        if let Some(back) = line.and_then(|line| line.strip_prefix('-')) {
            // nvm's `lts/-1`: the line before the latest one.
            let back: usize = back.parse().ok()?;
            let (_, major) = LINES.iter().rev().nth(back)?;
            return major_range(*major);
        }
        let named = LINES.iter().find(|(name, _)| *name == line.unwrap_or(lower));
        match (named, line) {
            (Some((_, major)), _) => major_range(*major),
            (None, Some(_)) => None,
            (None, None) => Range::parse(lower).map(Self::Range),
        }
    }

    /// Whether a version is what was asked for.
    pub fn accepts(&self, version: &Version) -> bool {
        match self {
            Self::Range(range) => range.satisfies(version),
            Self::Lts => is_lts(version),
            Self::Newest | Self::System | Self::Path(_) => true,
        }
    }

    /// Which of two accepted versions is better.
    pub fn compare(&self, a: &Version, b: &Version) -> Ordering {
        match self {
            Self::Newest => a.cmp(b),
            // The first that is found is the system's.
            Self::System | Self::Path(_) => Ordering::Equal,
            Self::Range(_) | Self::Lts => better(a, b),
        }
    }
}

/// `lts/jod` as `22` and `lts/*` as `lts`, which every manager knows; anything else as it is.
pub(crate) fn plain_word(text: &str) -> String {
    let Some(line) = text.strip_prefix("lts/") else {
        return text.to_owned();
    };
    let named = LINES.iter().find(|(name, _)| name.eq_ignore_ascii_case(line));
    named.map_or_else(|| "lts".to_owned(), |(_, major)| major.to_string())
}

fn major_range(major: u64) -> Option<Wish> {
    Range::parse(&major.to_string()).map(Wish::Range)
}

/// LTS before current, then the newer one.
pub(crate) fn better(a: &Version, b: &Version) -> Ordering {
    is_lts(a).cmp(&is_lts(b)).then_with(|| a.cmp(b))
}

/// Even lines become LTS (<https://github.com/nodejs/release>).
fn is_lts(version: &Version) -> bool {
    version.major.is_multiple_of(2)
}

/// Reads `v22.18.0` or `22.18.0`; nothing else (a folder `22` in an installation is an alias).
pub(crate) fn parse_exact(text: &str) -> Option<Version> {
    let text = text.trim();
    Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()
}

/// Why a version cannot be used, if so.
pub(crate) fn unsuitable(version: &Version, purpose: Purpose) -> Option<String> {
    if !version.pre.is_empty() {
        return Some("it is a prerelease".into());
    }
    let numbers = (version.major, version.minor, version.patch);
    if numbers < FLOOR {
        let (major, minor, patch) = FLOOR;
        return Some(format!("it is older than {major}.{minor}.{patch}"));
    }
    if purpose != Purpose::Plugin {
        return None;
    }
    let floor = PLUGIN_FLOORS.iter().find(|floor| floor.0 == version.major);
    let latest = PLUGIN_FLOORS.iter().map(|floor| floor.0).max();
    match floor {
        Some((major, minor, patch)) if numbers < (*major, *minor, *patch) => Some(format!(
            "its permission model has holes; plugins need {major}.{minor}.{patch} of this line"
        )),
        None if Some(version.major) < latest => {
            Some("its line has no fixes of the permission model, which plugins need".into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(wish: &str, version: &str) -> bool {
        Wish::parse(wish, None)
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
            ("lts/Jod", "22.19.0", true),
            ("lts-jod", "22.19.0", true),
            ("jod", "22.19.0", true),
            ("lts/krypton", "22.19.0", false),
            ("lts/-1", "22.19.0", true),
            ("node", "25.0.0", true),
            ("latest:22", "22.19.0", true),
            ("prefix:22.1", "22.19.0", false),
            ("system", "23.0.0", true),
        ] {
            assert_eq!(accepts(wish, version), expected, "{wish} {version}");
        }
        for wish in ["", "lts/nobody", "banana", "ref:main", "lts/-99", "lts/-x"] {
            assert!(Wish::parse(wish, None).is_none(), "{wish}");
        }
        assert_eq!(
            Wish::parse("path:/opt/Node", None),
            Some(Wish::Path("/opt/Node".into()))
        );
    }

    #[test]
    fn stable_is_what_the_manager_takes_it_for() {
        assert_eq!(Wish::parse("stable", Some(Manager::Nvm)), Some(Wish::Newest));
        assert_eq!(Wish::parse("stable", Some(Manager::N)), Some(Wish::Lts));
    }

    #[test]
    fn lts_goes_before_current() {
        let version = |text| parse_exact(text).expect("a version");
        assert_eq!(better(&version("24.1.0"), &version("25.9.0")), Ordering::Greater);
        assert_eq!(better(&version("24.1.0"), &version("24.2.0")), Ordering::Less);
    }

    #[test]
    fn old_and_unfinished_versions_are_unsuitable() {
        let reason = |text, purpose| unsuitable(&parse_exact(text).expect("a version"), purpose);
        let first_party = |text| reason(text, Purpose::FirstParty);
        assert_eq!(
            first_party("22.17.9").as_deref(),
            Some("it is older than 22.18.0")
        );
        assert_eq!(first_party("24.0.0-rc.1").as_deref(), Some("it is a prerelease"));
        assert_eq!(first_party("22.18.0"), None);
    }

    #[test]
    fn plugins_need_a_node_whose_permission_model_is_mended() {
        for (version, fits) in [
            ("22.22.9", false),
            ("22.23.0", true),
            ("23.11.0", false),
            ("24.16.0", false),
            ("24.17.0", true),
            ("25.9.0", false),
            ("26.3.0", false),
            ("26.3.1", true),
            ("27.0.0", true),
        ] {
            let version = parse_exact(version).expect("a version");
            assert_eq!(unsuitable(&version, Purpose::Plugin).is_none(), fits, "{version}");
        }
    }
}
