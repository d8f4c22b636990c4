//! Lists of globs with `!` for "not these".

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Files by globs from the workspace's root. A file is in it if a glob matches and none with `!` in front does, wherever
/// that stands. `*` and `?` stay within a folder, `**` crosses folders; a trailing `/` means everything below.
#[derive(Debug, Clone, Default)]
pub struct Globs {
    /// As written.
    pub written: Vec<String>,
    with: GlobSet,
    without: GlobSet,
    /// Folders that lie in it whole.
    folders: GlobSet,
    roots: Vec<String>,
}

impl PartialEq for Globs {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Globs {
    /// Reads a list.
    ///
    /// # Errors
    /// The index of the glob at fault and why.
    pub fn new<S: AsRef<str>>(globs: &[S]) -> Result<Self, (usize, String)> {
        let (mut with, mut without) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let mut folders = GlobSetBuilder::new();
        let (mut written, mut roots) = (Vec::new(), Vec::new());
        for (index, glob) in globs.iter().enumerate() {
            let glob = glob.as_ref();
            written.push(glob.to_owned());
            let (negated, pattern) = glob.strip_prefix('!').map_or((false, glob), |rest| (true, rest));
            let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
            if pattern.is_empty() {
                return Err((index, "it is empty".to_owned()));
            }
            if pattern.starts_with('/') || pattern.split('/').any(|part| part == "..") {
                return Err((index, "it leads out of the workspace".to_owned()));
            }
            if pattern.contains('\\') {
                return Err((
                    index,
                    "it has a backslash; folders are separated by `/`".to_owned(),
                ));
            }
            let pattern = if pattern.ends_with('/') {
                format!("{pattern}**")
            } else {
                pattern.to_owned()
            };
            let compile = |pattern: &str| {
                let glob = GlobBuilder::new(pattern).literal_separator(true).build();
                glob.map_err(|error| (index, error.kind().to_string()))
            };
            let compiled = compile(&pattern)?;
            if negated {
                without.add(compiled);
            } else {
                roots.push(root_of(&pattern).to_owned());
                with.add(compiled);
                if let Some(folder) = pattern.strip_suffix("/**") {
                    folders.add(compile(folder)?);
                }
            }
        }
        let built = |builder: GlobSetBuilder| builder.build().map_err(|error| (0, error.kind().to_string()));
        Ok(Self {
            written,
            with: built(with)?,
            without: built(without)?,
            folders: built(folders)?,
            roots,
        })
    }

    /// True if the file is in it.
    pub fn matches(&self, path: &str) -> bool {
        self.with.is_match(path) && !self.without.is_match(path)
    }

    /// True if every file below the folder is in it.
    pub fn takes_folder(&self, folder: &str) -> bool {
        self.without.is_empty() && self.folders.is_match(folder)
    }

    /// True if a project with this folder is in it. The workspace itself (`""`) is only by the name `.`.
    pub fn matches_project(&self, root: &str) -> bool {
        if root.is_empty() {
            return self
                .written
                .iter()
                .any(|glob| matches!(glob.as_str(), "." | "./"));
        }
        self.matches(root)
    }

    /// Entries that name one folder, not a pattern: as written, and the folder.
    pub fn literals(&self) -> impl Iterator<Item = (&str, &str)> {
        self.written
            .iter()
            .filter(|glob| !glob.starts_with('!') && !glob.contains(['*', '?', '[', '{']))
            .map(|glob| {
                let folder = glob.strip_prefix("./").unwrap_or(glob).trim_end_matches('/');
                (glob.as_str(), if folder == "." { "" } else { folder })
            })
    }

    /// The folders that all projects lie in, where the globs are of projects.
    pub fn project_roots(&self) -> impl Iterator<Item = &str> {
        let patterns = self.written.iter().filter(|glob| !glob.starts_with('!'));
        patterns.map(|glob| {
            let glob = glob.strip_prefix("./").unwrap_or(glob).trim_end_matches('/');
            match glob.find(['*', '?', '[', '{']) {
                Some(meta) => glob[..meta].rsplit_once('/').map_or("", |(folder, _)| folder),
                None if glob == "." => "",
                None => glob,
            }
        })
    }

    /// The folders all matches lie in (`""` is the workspace itself).
    pub fn roots(&self) -> &[String] {
        &self.roots
    }
}

/// The part of a glob that is a plain folder.
fn root_of(pattern: &str) -> &str {
    let literal = pattern
        .find(['*', '?', '[', '{'])
        .map_or(pattern, |meta| &pattern[..meta]);
    literal.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_within_a_folder_and_not_wins() {
        let globs = Globs::new(&["!src/**/*.test.ts", "./src/*/domain/**", "lib/"]).unwrap();
        assert!(globs.matches("src/orders/domain/a/b.ts"));
        assert!(!globs.matches("src/a/b/domain/c.ts"));
        assert!(!globs.matches("src/orders/domain/a.test.ts"));
        assert!(globs.matches("lib/x/y.ts"));
        assert_eq!(globs.roots(), ["src", "lib"]);
        assert!(!globs.takes_folder("lib"), "a `!` could take a file out");
        assert!(Globs::new(&["lib/"]).unwrap().takes_folder("lib"));
        assert!(!Globs::new(&["lib/*"]).unwrap().takes_folder("lib"));
        assert!(
            Globs::new(&["src/**/domain/**"])
                .unwrap()
                .matches("src/domain/a.ts")
        );
    }

    #[test]
    fn projects_are_matched_by_their_folder() {
        let globs = Globs::new(&["libs/*", "./packages/native", "!libs/old"]).unwrap();
        assert!(globs.matches_project("libs/ui") && !globs.matches_project("libs/old"));
        assert!(!globs.matches_project("libs/ui/deep") && !globs.matches_project(""));
        assert_eq!(
            globs.project_roots().collect::<Vec<_>>(),
            ["libs", "packages/native"]
        );
        assert_eq!(
            globs.literals().collect::<Vec<_>>(),
            [("./packages/native", "packages/native")]
        );
        let root = Globs::new(&["."]).unwrap();
        assert!(root.matches_project("") && !root.matches_project("libs/ui"));
        assert!(!Globs::new(&["**"]).unwrap().matches_project(""));
    }

    #[test]
    fn what_cannot_be_a_glob_is_named() {
        assert_eq!(Globs::new(&["src/**", "../x"]).unwrap_err().0, 1);
        assert_eq!(Globs::new(&["!"]).unwrap_err().0, 0);
        assert!(Globs::new(&["a\\b"]).is_err());
        assert!(Globs::new(&["src/[a"]).is_err());
        assert!(Globs::new(&["/src"]).is_err());
    }
}
