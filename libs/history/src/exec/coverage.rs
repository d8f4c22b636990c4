//! Which files a foreign command's undo covers, beyond what `.gitignore` says.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use krepis_change::{Failure, WorkspacePath};

use crate::errors;

/// Larger files are not covered, in bytes.
pub(super) const LARGEST: u64 = 50 * 1000 * 1000;

/// What is covered and what may not be kept. Patterns of `include` and `exclude` are those of a `.gitignore` at the
/// workspace root; `secrets` are globs as in krepis.json.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Ignored files that are covered all the same.
    pub include: Vec<String>,
    /// Files and folders that are left out.
    pub exclude: Vec<String>,
    /// Files whose content may not be kept; `.env*` needs no mention.
    pub secrets: Vec<String>,
}

impl Coverage {
    /// # Errors
    /// `KRP4064` names the pattern that cannot be read.
    pub(super) fn compile(&self) -> Result<Compiled, Failure> {
        Ok(Compiled {
            include: patterns("--include", &self.include)?,
            exclude: patterns("--exclude", &self.exclude)?,
            secrets: Secrets::compile(&self.secrets)?,
        })
    }
}

pub(super) struct Compiled {
    include: Gitignore,
    exclude: Gitignore,
    secrets: Secrets,
}

impl Compiled {
    pub(super) fn includes_anything(&self) -> bool {
        !self.include.is_empty()
    }

    /// True if `--include` brings the file or a folder above it in.
    pub(super) fn includes(&self, path: &str) -> bool {
        self.include.matched_path_or_any_parents(path, false).is_ignore()
    }

    /// True if `--exclude` leaves this very file or folder out. Folders above were asked before.
    pub(super) fn excludes(&self, path: &str, is_directory: bool) -> bool {
        !self.exclude.is_empty() && self.exclude.matched(path, is_directory).is_ignore()
    }

    /// True if the content may not be kept.
    pub(super) fn is_secret(&self, path: &str) -> bool {
        is_environment_file(path) || self.secrets.matches(path)
    }
}

fn patterns(option: &str, lines: &[String]) -> Result<Gitignore, Failure> {
    let bad = |line: &str, error: &ignore::Error| {
        Failure::new(
            &errors::BAD_PATTERN,
            format!("`{option} {line}` is not a pattern"),
        )
        .reason(error.to_string())
        .hint("write it as in a .gitignore, for example `dist/` or `*.log`")
    };
    // Relative to the root whatever the process's folder is.
    let mut builder = GitignoreBuilder::new("");
    for line in lines {
        builder.add_line(None, line).map_err(|error| bad(line, &error))?;
    }
    builder.build().map_err(|error| bad("", &error))
}

struct Secrets {
    with: GlobSet,
    without: GlobSet,
}

impl Secrets {
    fn compile(globs: &[String]) -> Result<Self, Failure> {
        let (mut with, mut without) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let bad = |glob: &str, error: &globset::Error| {
            Failure::new(&errors::BAD_PATTERN, format!("the secret `{glob}` is not a glob"))
                .reason(error.kind().to_string())
                .hint("mend `secrets` in krepis.json")
        };
        for glob in globs {
            let (set, pattern) = glob
                .strip_prefix('!')
                .map_or((&mut with, glob.as_str()), |rest| (&mut without, rest));
            let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
            let pattern = if pattern.ends_with('/') {
                format!("{pattern}**")
            } else {
                pattern.to_owned()
            };
            let compiled = GlobBuilder::new(&pattern).literal_separator(true).build();
            set.add(compiled.map_err(|error| bad(glob, &error))?);
        }
        let built = |set: GlobSetBuilder| set.build().map_err(|error| bad("", &error));
        Ok(Self {
            with: built(with)?,
            without: built(without)?,
        })
    }

    fn matches(&self, path: &str) -> bool {
        !self.with.is_empty() && self.with.is_match(path) && !self.without.is_match(path)
    }
}

/// `.env`, `.env.local`, …, but not the examples that are meant to be shared.
///
/// ```
/// assert!(krepis_history::is_environment_file("apps/a/.env.local"));
/// assert!(!krepis_history::is_environment_file(".env.example"));
/// ```
pub fn is_environment_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let shared = [".example", ".sample", ".template", ".dist"]
        .iter()
        .any(|end| name.ends_with(end));
    (name == ".env" || name.starts_with(".env.")) && !shared
}

/// The path as a change could name it; `None` for names that no workspace path can have (a backslash, for example).
pub(super) fn workspace_path(path: &str) -> Option<WorkspacePath> {
    WorkspacePath::parse(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(include: &[&str], exclude: &[&str], secrets: &[&str]) -> Compiled {
        let owned = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect();
        let coverage = Coverage {
            include: owned(include),
            exclude: owned(exclude),
            secrets: owned(secrets),
        };
        coverage.compile().expect("patterns")
    }

    #[test]
    fn patterns_are_those_of_a_gitignore_at_the_root() {
        let it = compiled(&["dist/", "*.log"], &["/build", "*.tmp", "!keep.tmp"], &[]);
        assert!(it.includes("dist/a/b.js") && it.includes("apps/a/dist/c.js") && it.includes("x/y.log"));
        assert!(!it.includes("src/a.ts"));
        assert!(it.excludes("build", true) && !it.excludes("apps/build", true));
        assert!(it.excludes("a/b.tmp", false) && !it.excludes("a/keep.tmp", false));
    }

    #[test]
    fn secrets_are_globs_with_exceptions() {
        let it = compiled(&[], &[], &["**/*.pem", "keys/", "!keys/public.pem"]);
        assert!(it.is_secret("a/b.pem") && it.is_secret("keys/x") && it.is_secret(".env"));
        assert!(!it.is_secret("keys/public.pem") && !it.is_secret("src/a.ts"));
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_named() {
        let coverage = Coverage {
            exclude: vec!["a/{b".to_owned()],
            ..Coverage::default()
        };
        let failure = coverage.compile().map(drop).expect_err("refused");
        assert_eq!(failure.code.id, "KRP4064");
        assert!(failure.message.contains("--exclude a/{b"), "{}", failure.message);
    }
}
