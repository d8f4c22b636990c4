//! What the user has agreed to do without, on this machine.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use krepis_change::Failure;
use krepis_sandbox::{Layers, Standing, errors};
use serde_json::{Value, json};

use crate::Environment;

/// The record of consent: a file in the user's configuration folder, not in a workspace, so that no repository brings
/// one along. It holds for one machine: a folder that is shared between machines gives it to none but the one.
#[derive(Debug, Clone)]
pub struct Consent {
    file: Option<PathBuf>,
    machine: String,
}

impl Consent {
    /// Of this user on this machine.
    pub fn of(environment: &Environment) -> Self {
        let folder = environment.folder("KREPIS_CONFIG_DIR").or_else(|| {
            let base = environment.folder("XDG_CONFIG_HOME").or_else(|| {
                environment.below_home(if cfg!(target_os = "macos") {
                    "Library/Application Support"
                } else {
                    ".config"
                })
            });
            base.map(|base| base.join("krepis"))
        });
        Self {
            file: folder.map(|folder| folder.join("sandbox.json")),
            machine: machine(environment),
        }
    }

    /// Names of the layers that the user has agreed to do without. A file that cannot be read agrees to nothing.
    pub fn given(&self) -> Vec<String> {
        let record = self.record();
        let layers = record
            .get(&self.machine)
            .and_then(|layers| layers.as_array().cloned());
        layers
            .unwrap_or_default()
            .iter()
            .filter_map(|layer| layer.as_str().map(str::to_owned))
            .collect()
    }

    /// Records the consent to do without these layers, in place of what was recorded before; gives the file.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn record_without(&self, layers: &[String]) -> io::Result<&Path> {
        let file = self
            .file
            .as_deref()
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no home folder"))?;
        let mut record = self.record();
        if layers.is_empty() {
            record.remove(&self.machine);
        } else {
            record.insert(self.machine.clone(), json!(layers));
        }
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = format!("{:#}\n", json!({ "schema": 1, "without": record }));
        let temporary = file.with_extension(format!("{}.tmp", std::process::id()));
        std::fs::write(&temporary, text)?;
        std::fs::rename(&temporary, file)?;
        Ok(file)
    }

    fn record(&self) -> BTreeMap<String, Value> {
        let text = self
            .file
            .as_ref()
            .and_then(|file| std::fs::read_to_string(file).ok());
        let document: Option<Value> = text.and_then(|text| serde_json::from_str(&text).ok());
        document
            .and_then(|document| {
                (document["schema"] == 1).then(|| document["without"].as_object().cloned())?
            })
            .unwrap_or_default()
            .into_iter()
            .collect()
    }
}

/// A name of the machine that says nothing about it elsewhere: the digest of systemd's identifier, else of the host's name.
fn machine(environment: &Environment) -> String {
    let identifier = std::fs::read_to_string(environment.below_system("etc/machine-id"))
        .ok()
        .filter(|text| !text.trim().is_empty())
        .or_else(|| std::fs::read_to_string(environment.below_system("etc/hostname")).ok())
        .unwrap_or_default();
    let digest = krepis_change::Digest::of(format!("krepis sandbox {}", identifier.trim()).as_bytes());
    digest.to_string().chars().take(16).collect()
}

/// The layers to confine a plugin with: all that this machine has. A layer that is missing refuses, unless the user has
/// agreed to do without it.
///
/// # Errors
/// `KRP5201` for every layer that is missing without consent.
///
/// ```
/// use krepis_sandbox::{Layer, Standing};
/// let here = [Standing { layer: Layer::Files, state: Err("no Landlock".into()) }];
/// assert!(krepis_host::plugin::decide(&here, &[]).is_err());
/// let layers = krepis_host::plugin::decide(&here, &["files".to_owned()]).unwrap();
/// assert!(!layers.has(Layer::Files));
/// ```
pub fn decide(here: &[Standing], given: &[String]) -> Result<Layers, Failure> {
    let mut layers = Layers::none();
    let mut failures = Vec::new();
    for standing in here {
        match &standing.state {
            Ok(_) => layers = layers.with(standing.layer),
            Err(_) if given.iter().any(|name| name == standing.layer.name()) => {}
            Err(reason) => failures.push(
                Failure::new(
                    &errors::LAYER_MISSING,
                    format!(
                        "the layer `{}` of the sandbox is missing on this machine",
                        standing.layer
                    ),
                )
                .reason(reason.clone())
                .hint(
                    "no plugin is run without it; `krepis doctor` says what this machine has, and \
                     `krepis doctor --accept-weaker-sandbox` records that you do without it on this machine",
                ),
            ),
        }
    }
    Failure::join(failures).map_or(Ok(layers), Err)
}

#[cfg(test)]
mod tests {
    use krepis_sandbox::Layer;

    use super::*;

    fn environment(folder: &Path) -> Environment {
        Environment {
            variables: [(
                "XDG_CONFIG_HOME".to_owned(),
                folder.to_string_lossy().into_owned(),
            )]
            .into(),
            system_root: folder.join("system"),
            ..Environment::default()
        }
    }

    #[test]
    fn consent_holds_for_one_machine_and_for_what_was_agreed_to() {
        let scratch = tempfile::tempdir().expect("a folder");
        let etc = scratch.path().join("system/etc");
        std::fs::create_dir_all(&etc).expect("a folder");
        std::fs::write(etc.join("machine-id"), "one\n").expect("a file");
        let environment = environment(scratch.path());
        let consent = Consent::of(&environment);
        assert!(consent.given().is_empty());
        consent.record_without(&["scopes".into()]).expect("recorded");
        assert_eq!(Consent::of(&environment).given(), ["scopes"]);

        std::fs::write(etc.join("machine-id"), "two\n").expect("a file");
        let other = Consent::of(&environment);
        assert!(other.given().is_empty(), "another machine");
        other.record_without(&["files".into()]).expect("recorded");
        std::fs::write(etc.join("machine-id"), "one\n").expect("a file");
        assert_eq!(Consent::of(&environment).given(), ["scopes"]);
        consent.record_without(&[]).expect("recorded");
        assert!(Consent::of(&environment).given().is_empty());
    }

    #[test]
    fn a_damaged_record_agrees_to_nothing() {
        let scratch = tempfile::tempdir().expect("a folder");
        let environment = environment(scratch.path());
        let consent = Consent::of(&environment);
        consent.record_without(&["files".into()]).expect("recorded");
        for text in [
            "",
            "{",
            "[]",
            r#"{ "schema": 2, "without": {} }"#,
            r#"{ "schema": 1, "without": 3 }"#,
        ] {
            std::fs::write(scratch.path().join("krepis/sandbox.json"), text).expect("written");
            assert!(Consent::of(&environment).given().is_empty(), "{text}");
        }
    }

    #[test]
    fn every_missing_layer_is_named_and_consent_to_one_is_not_consent_to_another() {
        let here = [
            Standing {
                layer: Layer::Files,
                state: Err("old kernel".into()),
            },
            Standing {
                layer: Layer::Syscalls,
                state: Ok("seccomp".into()),
            },
            Standing {
                layer: Layer::Scopes,
                state: Err("old kernel".into()),
            },
        ];
        let failure = decide(&here, &["scopes".into()]).expect_err("refused");
        assert!(failure.message.contains("files") && failure.others.is_empty());
        assert_eq!(decide(&here, &[]).expect_err("refused").others.len(), 1);
        let layers = decide(&here, &["scopes".into(), "files".into()]).expect("agreed");
        assert_eq!(layers.iter().collect::<Vec<_>>(), [Layer::Syscalls]);
    }
}
