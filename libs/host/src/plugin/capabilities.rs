//! What a manifest's declarations allow, as questions with yes or no.

use globset::{GlobBuilder, GlobMatcher};
use krepis_change::bounds::{PathClass, classify};
use krepis_change::{Change, Failure, FileState, WorkspacePath};
use krepis_proto::v1;

use super::{Plugin, errors};

/// The globs of `read`.
#[derive(Debug, Clone, Default)]
pub struct ReadGlobs(Vec<ReadGlob>);

#[derive(Debug, Clone)]
struct ReadGlob {
    whole: GlobMatcher,
    /// One for each part up to the first `**`, and whether there is a `**`.
    parts: Vec<GlobMatcher>,
    any_depth: bool,
    /// The parts that begin with a dot.
    hidden: Vec<GlobMatcher>,
}

impl ReadGlobs {
    /// Reads a list; the error is the glob at fault and why.
    pub fn parse(globs: &[String]) -> Result<Self, (String, String)> {
        globs
            .iter()
            .map(|glob| {
                let wrong = |reason: &str| (glob.clone(), reason.to_owned());
                let pattern = glob.strip_prefix("./").unwrap_or(glob);
                if pattern.is_empty() || pattern.starts_with('/') || pattern.contains('\\') {
                    return Err(wrong("it is empty, absolute or has a backslash"));
                }
                if pattern.split('/').any(|part| part == "..") {
                    return Err(wrong("it leads out of the workspace"));
                }
                let compile = |pattern: &str| {
                    GlobBuilder::new(pattern)
                        .literal_separator(true)
                        .build()
                        .map(|glob| glob.compile_matcher())
                        .map_err(|error| wrong(&error.kind().to_string()))
                };
                let any_depth = pattern.split('/').any(|part| part.contains("**"));
                Ok(ReadGlob {
                    whole: compile(pattern)?,
                    parts: pattern
                        .split('/')
                        .take_while(|part| !part.contains("**"))
                        .map(compile)
                        .collect::<Result<_, _>>()?,
                    any_depth,
                    hidden: pattern
                        .split('/')
                        .filter(|part| part.starts_with('.'))
                        .map(compile)
                        .collect::<Result<_, _>>()?,
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether a path is declared. As in a shell, `*` and `**` match no name that begins with a dot: `.env`, `.npmrc` and
    /// the like are read only where they are written out.
    pub fn matches(&self, path: &WorkspacePath) -> bool {
        let path = path.as_str();
        self.0.iter().any(|glob| {
            glob.whole.is_match(path)
                && path
                    .split('/')
                    .filter(|part| part.starts_with('.'))
                    .all(|part| glob.hidden.iter().any(|hidden| hidden.is_match(part)))
        })
    }

    /// Whether a folder could hold something that is declared.
    pub fn reaches(&self, folder: &WorkspacePath) -> bool {
        let names: Vec<&str> = folder.as_str().split('/').collect();
        self.0.iter().any(|glob| {
            let deep_enough = names.len() < glob.parts.len() || glob.any_depth;
            let hidden_named = names
                .iter()
                .filter(|name| name.starts_with('.'))
                .all(|name| glob.hidden.iter().any(|hidden| hidden.is_match(name)));
            deep_enough
                && hidden_named
                && glob
                    .parts
                    .iter()
                    .zip(&names)
                    .all(|(part, name)| part.is_match(name))
        })
    }
}

/// The class of a manifest's word.
pub fn class_of(word: &str) -> Option<v1::PathClass> {
    Some(match word {
        "source" => v1::PathClass::Source,
        "executable-config" => v1::PathClass::ExecutableConfig,
        "ci" => v1::PathClass::Ci,
        "agent-control" => v1::PathClass::AgentControl,
        "policy" => v1::PathClass::Policy,
        _ => return None,
    })
}

/// The word of a class, as manifests and `--consent` have it.
const fn word_of(class: PathClass) -> &'static str {
    match class {
        PathClass::Source => "source",
        PathClass::ExecutableConfig => "executable-config",
        PathClass::Ci => "ci",
        PathClass::AgentControl => "agent-control",
        PathClass::Policy => "policy",
    }
}

/// Whether a plugin's change stays within what its manifest declares and what the user has agreed to in this run
/// (`consents`: words of classes). Source needs neither. A symbolic link counts as executable configuration: what is
/// behind it is decided elsewhere.
///
/// # Errors
/// `KRP5236` a class that is not declared, `KRP5237` one that the user has not agreed to; all of them, each with its files.
pub fn check_paths(plugin: &Plugin, change: &Change, consents: &[String]) -> Result<(), Failure> {
    let declared: Vec<i32> = plugin.capabilities().paths;
    let mut failures = Vec::new();
    for class in PathClass::ALL
        .into_iter()
        .filter(|class| *class != PathClass::Source)
    {
        let files: Vec<&WorkspacePath> = change
            .transitions
            .iter()
            .filter(|transition| {
                let link = matches!(transition.after, FileState::Symlink { .. });
                let least = if link {
                    PathClass::ExecutableConfig
                } else {
                    PathClass::Source
                };
                classify(&transition.path).max(least) == class
            })
            .map(|transition| &transition.path)
            .collect();
        let Some(first) = files.first() else { continue };
        let list: Vec<&str> = files.iter().map(|path| path.as_str()).collect();
        let word = word_of(class);
        let is_declared = class_of(word).is_some_and(|class| declared.contains(&(class as i32)));
        if !is_declared {
            failures.push(
                Failure::new(
                    &errors::PATHS_NOT_DECLARED,
                    format!("plugin `{}` would change {class}: {}", plugin.name, list.join(", ")),
                )
                .at_path(first)
                .reason(format!("its manifest does not declare the class `{word}`"))
                .hint(format!(
                    "nothing was changed; if the plugin is right to do so, its author declares \"paths\": [\"{word}\"]"
                )),
            );
        } else if !consents.iter().any(|consent| consent == word) {
            failures.push(
                Failure::new(
                    &errors::CONSENT_MISSING,
                    format!(
                        "plugin `{}` wants to change {class}: {}",
                        plugin.name,
                        list.join(", ")
                    ),
                )
                .at_path(first)
                .reason("a change there has power over more than its own text")
                .hint(format!(
                    "look at it with --dry-run --consent {word}, then run it with --consent {word}"
                )),
            );
        }
    }
    Failure::join(failures).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, path: &str) -> bool {
        ReadGlobs::parse(&[glob.to_owned()])
            .expect("a glob")
            .matches(&WorkspacePath::parse(path).expect("a path"))
    }

    #[test]
    fn wildcards_match_no_name_that_begins_with_a_dot() {
        for (glob, path, expected) in [
            ("src/**", "src/a/b.ts", true),
            ("src/**", "src2/a.ts", false),
            ("src/*.ts", "src/a/b.ts", false),
            ("./src/**/*.ts", "src/a/b.ts", true),
            ("**", "package.json", true),
            ("**", ".env", false),
            ("**", "apps/api/.env.local", false),
            ("**", ".github/workflows/ci.yml", false),
            ("*", ".npmrc", false),
            (".npmrc", ".npmrc", true),
            ("**/.env*", "apps/api/.env.local", true),
            (".github/**", ".github/workflows/ci.yml", true),
            (".github/**", ".github/.secret", false),
        ] {
            assert_eq!(matches(glob, path), expected, "{glob} {path}");
        }
    }
}
