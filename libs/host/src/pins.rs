//! What a project says about the Node it wants.

use std::path::{Path, PathBuf};

use krepis_change::Failure;
use nodejs_semver::Range;
use serde_json::Value;

use crate::Environment;
use crate::errors;
use crate::layouts::{Manager, tool_versions};
use crate::version::Wish;

/// One place that asks for a Node.
#[derive(Debug, Clone)]
pub(crate) struct Pin {
    /// The file and the field, as shown.
    pub source: String,
    /// As written; several where a file names fallbacks.
    pub wishes: Vec<String>,
    /// False where the project says that another one will do (`onFail`).
    pub binding: bool,
    /// Whose file it is.
    pub manager: Option<Manager>,
}

impl Pin {
    /// What it asks for, parsed.
    pub fn parsed(&self) -> Result<Vec<Wish>, Failure> {
        self.wishes
            .iter()
            .map(|text| {
                Wish::parse(text).ok_or_else(|| {
                    Failure::new(
                        &errors::PIN_MALFORMED,
                        format!("{} asks for Node `{text}`, which is no version", self.source),
                    )
                    .hint("write a version or a range, for example `24` or `>=22.18`")
                })
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
        if let Some(version) = volta(path, manifest, 0) {
            found.push(pin(
                format!("{} (volta.node)", shown(path, workspace)),
                vec![version],
                Some(Manager::Volta),
            ));
            break;
        }
    }
    found.extend(version_file(environment, workspace, directory)?);
    Ok(found)
}

/// The `engines.node` of the nearest package.json that has one.
pub(crate) fn engines(workspace: &Path, directory: &Path) -> Result<Option<(String, Range)>, Failure> {
    for (path, manifest) in manifests(workspace, directory)? {
        if let Some(text) = manifest["engines"]["node"].as_str() {
            let range = Range::parse(text).map_err(|error| {
                Failure::new(
                    &errors::PIN_MALFORMED,
                    format!("engines.node is `{text}`, which is no range"),
                )
                .at(shown(&path, workspace), 0, 0)
                .reason(error.to_string())
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
fn volta(path: &Path, manifest: &Value, depth: u8) -> Option<String> {
    let section = &manifest["volta"];
    if let Some(version) = section["node"].as_str() {
        return Some(version.to_owned());
    }
    // A chain of files may lead in a circle.
    let base = path.parent()?.join(section["extends"].as_str()?);
    if depth > 8 {
        return None;
    }
    let manifest: Value = serde_json::from_str(&std::fs::read_to_string(&base).ok()?).ok()?;
    volta(&base, &manifest, depth + 1)
}

/// The nearest of `.node-version`, `.nvmrc` and `.tool-versions`; what lies in the home folder itself is no project's.
fn version_file(
    environment: &Environment,
    workspace: &Path,
    directory: &Path,
) -> Result<Option<Pin>, Failure> {
    let home = environment.home.as_deref();
    for folder in directory.ancestors().take_while(|folder| Some(*folder) != home) {
        for (name, manager) in [
            (".node-version", None),
            (".nvmrc", Some(Manager::Nvm)),
            (".tool-versions", Some(Manager::Asdf)),
        ] {
            let path = folder.join(name);
            if !path.is_file() {
                continue;
            }
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Failure::io(&errors::PIN_MALFORMED, "reading", &path, &error))?;
            let wishes = if name == ".tool-versions" {
                tool_versions(&text)
            } else {
                let lines = text
                    .lines()
                    .map(|line| line.split('#').next().unwrap_or_default().trim());
                lines
                    .filter(|line| !line.is_empty())
                    .take(1)
                    .map(str::to_owned)
                    .collect()
            };
            // A `.tool-versions` of other tools says nothing about Node.
            if !wishes.is_empty() {
                return Ok(Some(pin(shown(&path, workspace), wishes, manager)));
            }
        }
    }
    Ok(None)
}

fn shown(path: &Path, workspace: &Path) -> String {
    path.strip_prefix(workspace).unwrap_or(path).display().to_string()
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
