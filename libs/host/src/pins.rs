//! What a project says about the Node it wants.

use std::path::{Path, PathBuf};

use krepis_change::Failure;
use serde_json::Value;

use crate::Environment;
use crate::errors;
use crate::layouts::{Manager, first_word, mise_tools, prototools, resolve_alias, tool_versions};
use crate::range::Range;
use crate::version::Wish;

/// One place that asks for a Node.
#[derive(Debug, Clone)]
pub(crate) struct Pin {
    /// The file and the field, as shown.
    pub source: String,
    /// As written; several where a file names fallbacks, none where a file is empty.
    pub wishes: Vec<String>,
    /// False where the project says that another one will do (`onFail`).
    pub binding: bool,
    /// Whose file it is.
    pub manager: Option<Manager>,
}

impl Pin {
    /// What it asks for, parsed.
    pub fn parsed(&self, environment: &Environment) -> Result<Vec<Wish>, Failure> {
        let malformed = |text: &str, what: &str| {
            Failure::new(
                &errors::PIN_MALFORMED,
                format!("{} asks for Node `{text}`, {what}", self.source),
            )
            .hint("write a version or a range, for example `24` or `>=22.18`")
        };
        self.wishes
            .iter()
            .map(|text| {
                let word = resolve_alias(environment, text).map_err(|circle| {
                    malformed(text, &format!("an alias that leads in a circle: {circle}"))
                })?;
                Wish::parse(&word, self.manager)
                    .ok_or_else(|| malformed(text, "which is neither a version nor an alias"))
            })
            .collect()
    }
}

/// Every pin for a run in `directory` of `workspace`, the strongest first.
pub(crate) fn pins(
    environment: &Environment,
    configured: Option<&str>,
    workspace: &Path,
    directory: &Path,
) -> Result<Vec<Pin>, Failure> {
    let mut found = Vec::new();
    if let Some(wish) = configured {
        found.push(pin("krepis.json (node)".into(), vec![wish.to_owned()], None));
    }
    let manifests = manifests(workspace, directory)?;
    found.extend(
        manifests
            .iter()
            .find_map(|(path, manifest)| dev_engine(path, manifest)),
    );
    for (path, manifest) in &manifests {
        if let Some(version) = volta(path, manifest, &mut vec![path.clone()])? {
            found.push(pin(
                format!("{} (volta.node)", shown(path, workspace)),
                vec![version],
                Some(Manager::Volta),
            ));
            break;
        }
    }
    found.extend(version_files(environment, workspace, directory)?);
    Ok(found)
}

/// The `engines.node` of the nearest package.json that has one.
pub(crate) fn engines(workspace: &Path, directory: &Path) -> Result<Option<(String, Range)>, Failure> {
    for (path, manifest) in manifests(workspace, directory)? {
        if let Some(text) = manifest["engines"]["node"].as_str() {
            let range = Range::parse(text).ok_or_else(|| {
                Failure::new(
                    &errors::PIN_MALFORMED,
                    format!("engines.node is `{text}`, which is no range"),
                )
                .at(shown(&path, workspace), 0, 0)
                .hint("write a range as npm reads it, for example `>=22.18`")
            })?;
            return Ok(Some((text.to_owned(), range)));
        }
    }
    Ok(None)
}

fn pin(source: String, wishes: Vec<String>, manager: Option<Manager>) -> Pin {
    Pin {
        source,
        wishes,
        binding: true,
        manager,
    }
}

/// The package.json files from the folder up to the workspace, the nearest first.
fn manifests(workspace: &Path, directory: &Path) -> Result<Vec<(PathBuf, Value)>, Failure> {
    let inside = directory
        .ancestors()
        .take_while(|folder| folder.starts_with(workspace));
    inside
        .map(|folder| folder.join("package.json"))
        .filter(|path| path.is_file())
        .map(|path| {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Failure::io(&errors::PIN_MALFORMED, "reading", &path, &error))?;
            let manifest = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
                Failure::new(&errors::PIN_MALFORMED, "package.json is not JSON")
                    .at(
                        shown(&path, workspace),
                        small(error.line()),
                        small(error.column()),
                    )
                    .reason(error.to_string())
                    .hint("mend the file; its engines, devEngines and volta say which Node to use")
            })?;
            Ok((path, manifest))
        })
        .collect()
}

/// `devEngines.runtime`: one object or several, of which one may be Node
/// (<https://docs.npmjs.com/cli/v11/configuring-npm/package-json#devengines>).
fn dev_engine(path: &Path, manifest: &Value) -> Option<Pin> {
    let runtime = &manifest["devEngines"]["runtime"];
    let all = runtime
        .as_array()
        .map_or(std::slice::from_ref(runtime), Vec::as_slice);
    let node = all.iter().find(|runtime| runtime["name"] == "node")?;
    let version = node["version"].as_str()?;
    let name = path.file_name()?.to_string_lossy();
    Some(Pin {
        binding: !matches!(node["onFail"].as_str(), Some("ignore" | "warn")),
        ..pin(
            format!("{name} (devEngines.runtime)"),
            vec![version.to_owned()],
            None,
        )
    })
}

/// `volta.node`, which another file may hold that `volta.extends` names.
fn volta(path: &Path, manifest: &Value, way: &mut Vec<PathBuf>) -> Result<Option<String>, Failure> {
    let section = &manifest["volta"];
    if let Some(version) = section["node"].as_str() {
        return Ok(Some(version.to_owned()));
    }
    let (Some(extends), Some(folder)) = (section["extends"].as_str(), path.parent()) else {
        return Ok(None);
    };
    let base = folder.join(extends);
    let base = base.canonicalize().unwrap_or(base);
    let failed = |what: &str| {
        Failure::new(
            &errors::PIN_MALFORMED,
            format!("volta.extends names `{extends}`, {what}"),
        )
        .at(path.display().to_string(), 0, 0)
        .hint("name a package.json that has `volta.node`")
    };
    if way.contains(&base) {
        return Err(failed("which leads in a circle"));
    }
    way.push(base.clone());
    let text = std::fs::read_to_string(&base)
        .map_err(|error| failed("which cannot be read").reason(error.to_string()))?;
    let manifest: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| failed("which is not JSON").reason(error.to_string()))?;
    volta(&base, &manifest, way)
}

/// Files that name a version, in the order in which they count inside one folder.
const FILES: [(&str, Option<Manager>, Form); 10] = [
    (".node-version", None, Form::Word),
    (".nvmrc", Some(Manager::Nvm), Form::Word),
    (".tool-versions", Some(Manager::Asdf), Form::ToolVersions),
    ("mise.local.toml", Some(Manager::Mise), Form::Mise),
    ("mise.toml", Some(Manager::Mise), Form::Mise),
    (".mise.toml", Some(Manager::Mise), Form::Mise),
    (".config/mise.toml", Some(Manager::Mise), Form::Mise),
    ("mise/config.toml", Some(Manager::Mise), Form::Mise),
    (".prototools", Some(Manager::Proto), Form::Proto),
    (".n-node-version", Some(Manager::N), Form::Word),
];

#[derive(Debug, Clone, Copy)]
enum Form {
    /// One word; `#` begins a comment.
    Word,
    ToolVersions,
    Mise,
    Proto,
}

/// The nearest file that names a version, after the empty ones that were passed over; what lies in the home folder itself is
/// no project's.
fn version_files(environment: &Environment, workspace: &Path, directory: &Path) -> Result<Vec<Pin>, Failure> {
    let home = environment.home.as_deref();
    let mut found = Vec::new();
    for folder in directory.ancestors().take_while(|folder| Some(*folder) != home) {
        for (name, manager, form) in FILES {
            let path = folder.join(name);
            if !path.is_file() {
                continue;
            }
            let text = std::fs::read(&path)
                .map_err(|error| Failure::io(&errors::PIN_MALFORMED, "reading", &path, &error))?;
            let text = String::from_utf8_lossy(&text);
            let text = text.trim_start_matches('\u{feff}');
            let toml = |wishes: Result<Vec<String>, toml_edit::TomlError>| {
                wishes.map_err(|error| {
                    let line = error.span().map_or(0, |span| {
                        text.get(..span.start).unwrap_or_default().matches('\n').count() + 1
                    });
                    Failure::new(&errors::PIN_MALFORMED, format!("{name} is not TOML"))
                        .at(shown(&path, workspace), small(line), 0)
                        .reason(error.message())
                        .hint("mend the file; it says which Node to use")
                })
            };
            let wishes = match form {
                Form::Word => first_word(text).into_iter().collect(),
                Form::ToolVersions => tool_versions(text),
                Form::Mise => toml(mise_tools(text))?,
                Form::Proto => toml(prototools(text))?,
            };
            if !wishes.is_empty() {
                found.push(pin(shown(&path, workspace), wishes, manager));
                return Ok(found);
            }
            // A `.tool-versions` of other tools says nothing about Node; an empty `.nvmrc` is likely a mistake.
            if matches!(form, Form::Word) {
                found.push(Pin {
                    binding: false,
                    ..pin(shown(&path, workspace), Vec::new(), manager)
                });
            }
        }
    }
    Ok(found)
}

fn shown(path: &Path, workspace: &Path) -> String {
    path.strip_prefix(workspace).unwrap_or(path).display().to_string()
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
