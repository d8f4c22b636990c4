//! `krepis.plugin.json`: what a plugin is called, offers and asks for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use krepis_change::{Failure, WorkspacePath};
use krepis_proto::v1::{self, Capabilities, PluginManifest};
use serde::Deserialize;

use super::capabilities::{ReadGlobs, class_of};
use super::errors;
use super::hosts::Hosts;

/// The file in a plugin's folder.
const MANIFEST: &str = "krepis.plugin.json";

/// A plugin, read and checked.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// What the workspace calls it.
    pub name: String,
    /// Its folder: absolute, no link in it.
    pub folder: PathBuf,
    /// What it says of itself.
    pub manifest: PluginManifest,
    pub(super) read: ReadGlobs,
    pub(super) hosts: Hosts,
}

/// The author's form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "$schema")]
    _schema: Option<String>,
    name: String,
    version: String,
    commands: BTreeMap<String, String>,
    #[serde(default)]
    capabilities: WrittenCapabilities,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenCapabilities {
    network: Vec<String>,
    read: Vec<String>,
    env: Vec<String>,
    tools: Vec<String>,
    paths: Vec<String>,
}

impl Plugin {
    /// Reads the plugin in a folder of a workspace. `name` and `folder` are what krepis.json says.
    ///
    /// # Errors
    /// `KRP5210` to `KRP5213`.
    pub fn read(workspace: &Path, name: &str, folder: &str) -> Result<Self, Failure> {
        let shown = format!(
            "{}/{MANIFEST}",
            folder.trim_start_matches("./").trim_end_matches('/')
        );
        let missing = |reason: String| {
            Failure::new(
                &errors::MANIFEST_MISSING,
                format!("plugin `{name}` has no manifest at {shown}"),
            )
            .reason(reason)
            .hint(format!(
                "`plugins` of krepis.json names the plugin's folder; a {MANIFEST} stands in it"
            ))
        };
        let real = workspace
            .join(folder)
            .canonicalize()
            .map_err(|error| missing(error.to_string()))?;
        let text =
            std::fs::read_to_string(real.join(MANIFEST)).map_err(|error| missing(error.to_string()))?;
        // Its own folder is what a plugin's process may read.
        if workspace.canonicalize().is_ok_and(|root| root.starts_with(&real)) {
            return Err(Failure::new(
                &errors::CANNOT_BE_GRANTED,
                format!("the folder of plugin `{name}` holds the workspace itself"),
            )
            .at(shown, 0, 0)
            .reason("a plugin may read its own folder, so it could read everything")
            .hint("give it a folder of its own, for example `./plugins/x`"));
        }
        Self::parse(name, &real, &text, &shown)
    }

    /// The same from the manifest's text.
    fn parse(name: &str, folder: &Path, text: &str, shown: &str) -> Result<Self, Failure> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let written: Written = serde_json::from_str(text).map_err(|error| {
            Failure::new(
                &errors::MANIFEST_MALFORMED,
                format!("the manifest of plugin `{name}` cannot be understood"),
            )
            .at(shown, u32::try_from(error.line()).unwrap_or(0), u32::try_from(error.column()).unwrap_or(0))
            .reason(error.to_string())
            .hint("it is { \"name\", \"version\", \"commands\": { \"NAME\": \"./file.ts\" }, \"capabilities\" }; see docs/plugins.md")
        })?;
        let wrong = |what: String, hint: &str| {
            Failure::new(&errors::MANIFEST_MALFORMED, what)
                .at(shown, 0, 0)
                .hint(hint.to_owned())
        };
        if let Some(tool) = written.capabilities.tools.first() {
            return Err(Failure::new(
                &errors::CANNOT_BE_GRANTED,
                format!("plugin `{name}` declares the tool `{tool}`"),
            )
            .at(shown, 0, 0)
            .reason("a program that a plugin starts could do what the plugin may not; there is no way yet to confine it")
            .hint("leave `tools` empty; `krepis exec -- COMMAND` runs a program under the history"));
        }
        for (command, module) in &written.commands {
            let inside = module.strip_prefix("./").is_some_and(|path| {
                !path.is_empty() && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
            });
            if !inside || module.contains('\\') {
                return Err(wrong(
                    format!("command `{command}` of plugin `{name}` names the module `{module}`"),
                    "name a file of the plugin's folder, beginning with `./`",
                ));
            }
        }
        for variable in &written.capabilities.env {
            if !may_be_handed_on(variable) {
                return Err(wrong(
                    format!("plugin `{name}` asks for the environment variable `{variable}`"),
                    "variables that steer Node, the loader or krepis cannot be handed on",
                ));
            }
        }
        let read = ReadGlobs::parse(&written.capabilities.read).map_err(|(glob, reason)| {
            wrong(
                format!("plugin `{name}` declares to read `{glob}`: {reason}"),
                "globs are relative to the workspace root, with `/`",
            )
        })?;
        let hosts = Hosts::parse(&written.capabilities.network).map_err(|host| {
            wrong(
                format!("plugin `{name}` declares the host `{host}`"),
                "a host is `api.example.org`, `*.example.org`, `api.example.org:8443` or `http://localhost:8080`",
            )
        })?;
        let paths = written
            .capabilities
            .paths
            .iter()
            .map(|class| {
                class_of(class).map(|class| class as i32).ok_or_else(|| {
                    wrong(
                        format!("plugin `{name}` declares the class of paths `{class}`"),
                        "classes are: source, executable-config, ci, agent-control, policy",
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: name.to_owned(),
            folder: folder.to_owned(),
            read,
            hosts,
            manifest: PluginManifest {
                name: written.name,
                version: written.version,
                commands: written
                    .commands
                    .into_iter()
                    .map(|(name, module)| v1::PluginCommand {
                        name,
                        module: module.trim_start_matches("./").to_owned(),
                    })
                    .collect(),
                capabilities: Some(Capabilities {
                    network: written.capabilities.network,
                    read: written.capabilities.read,
                    env: written.capabilities.env,
                    tools: written.capabilities.tools,
                    paths,
                }),
            },
        })
    }

    /// The module of a command, absolute.
    ///
    /// # Errors
    /// `KRP5212`, with the commands there are.
    pub fn module(&self, command: &str) -> Result<PathBuf, Failure> {
        let found = self.manifest.commands.iter().find(|one| one.name == command);
        found.map(|one| self.folder.join(&one.module)).ok_or_else(|| {
            let names: Vec<String> = self
                .manifest
                .commands
                .iter()
                .map(|one| format!("{}:{}", self.name, one.name))
                .collect();
            Failure::new(
                &errors::NO_SUCH_COMMAND,
                format!("plugin `{}` has no command `{command}`", self.name),
            )
            .hint(format!("there are: {}", names.join(", ")))
        })
    }

    /// What it asks for.
    pub fn capabilities(&self) -> Capabilities {
        self.manifest.capabilities.clone().unwrap_or_default()
    }

    /// Whether its manifest lets it read a path of the workspace.
    pub fn may_read(&self, path: &WorkspacePath) -> bool {
        self.read.matches(path)
    }
}

/// Variables that change what Node or the loader does before the plugin's own code runs would undo the sandbox.
fn may_be_handed_on(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let well_formed = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let steers = [
        "NODE_",
        "LD_",
        "DYLD_",
        "KREPIS_",
        "NPM_CONFIG_",
        "UV_",
        "OPENSSL_",
        "SSL_",
        "ICU_",
        "GLIBC_",
        "MALLOC_",
    ];
    well_formed && !steers.iter().any(|prefix| upper.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Plugin, Failure> {
        Plugin::parse("acme", Path::new("/p"), text, "plugins/acme/krepis.plugin.json")
    }

    fn with(capabilities: &str) -> Result<Plugin, Failure> {
        parse(&format!(
            r#"{{ "name": "a", "version": "1.0.0", "commands": {{ "x": "./x.ts" }}, "capabilities": {{ {capabilities} }} }}"#
        ))
    }

    #[test]
    fn a_folder_that_holds_the_workspace_is_no_plugins() {
        let scratch = tempfile::tempdir().expect("a folder");
        let root = scratch.path().join("workspace");
        std::fs::create_dir_all(root.join("plugin")).expect("a folder");
        let text = r#"{ "name": "a", "version": "1.0.0", "commands": {} }"#;
        for place in [root.join("plugin"), root.clone(), scratch.path().to_owned()] {
            std::fs::write(place.join(MANIFEST), text).expect("written");
        }
        assert!(Plugin::read(&root, "a", "./plugin").is_ok());
        for folder in [".", "./", "./..", "./plugin/.."] {
            assert_eq!(
                Plugin::read(&root, "a", folder).expect_err(folder).code.id,
                "KRP5213",
                "{folder}"
            );
        }
        assert_eq!(
            Plugin::read(&root, "a", "./none").expect_err("none").code.id,
            "KRP5210"
        );
    }

    #[test]
    fn a_manifest_becomes_the_message() {
        let plugin =
            with(r#""read": ["src/**"], "network": ["api.example.org"], "paths": ["ci"], "env": ["LANG"]"#)
                .expect("a plugin");
        assert_eq!(plugin.module("x").expect("a module"), Path::new("/p/x.ts"));
        let capabilities = plugin.capabilities();
        assert_eq!(capabilities.paths, [v1::PathClass::Ci as i32]);
        assert_eq!(capabilities.read, ["src/**"]);
        let failure = plugin.module("y").expect_err("no such command");
        assert_eq!(failure.hint.as_deref(), Some("there are: acme:x"));
    }

    #[test]
    fn what_cannot_be_understood_or_granted_is_refused() {
        for (text, code) in [
            ("", "KRP5211"),
            ("{}", "KRP5211"),
            (
                r#"{ "name": "a", "version": "1", "commands": {}, "capabilites": {} }"#,
                "KRP5211",
            ),
            (
                r#"{ "name": "a", "version": "1", "commands": { "x": "x.ts" } }"#,
                "KRP5211",
            ),
            (
                r#"{ "name": "a", "version": "1", "commands": { "x": "./../x.ts" } }"#,
                "KRP5211",
            ),
            (
                r#"{ "name": "a", "version": "1", "commands": { "x": "./a/../../x.ts" } }"#,
                "KRP5211",
            ),
        ] {
            assert_eq!(parse(text).expect_err(text).code.id, code, "{text}");
        }
        for (capabilities, code) in [
            (r#""tools": ["git"]"#, "KRP5213"),
            (r#""read": ["../secrets/**"]"#, "KRP5211"),
            (r#""read": ["/etc/**"]"#, "KRP5211"),
            (r#""env": ["NODE_OPTIONS"]"#, "KRP5211"),
            (r#""env": ["ld_preload"]"#, "KRP5211"),
            (r#""env": ["A=B"]"#, "KRP5211"),
            (r#""paths": ["everything"]"#, "KRP5211"),
            (r#""network": ["*"]"#, "KRP5211"),
        ] {
            assert_eq!(
                with(capabilities).expect_err(capabilities).code.id,
                code,
                "{capabilities}"
            );
        }
    }
}
