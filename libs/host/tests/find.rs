//! Finding Node in made-up homes: each `node` is a small script that says its version.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use krepis_host::{
    CacheFolder, Candidate, Environment, Platform, Purpose, Request, Runtime, Source, Verdict, explain,
    find_node,
};

/// A program that another thread's child still holds open for writing cannot be started: one test at a time writes.
static ONE: Mutex<()> = Mutex::new(());

struct Machine {
    scratch: tempfile::TempDir,
    environment: Environment,
    _one: MutexGuard<'static, ()>,
}

impl Machine {
    fn new() -> Self {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let scratch = tempfile::tempdir().unwrap();
        let base = scratch.path().canonicalize().unwrap();
        for folder in ["home", "system", "workspace/src", "bin"] {
            fs::create_dir_all(base.join(folder)).unwrap();
        }
        let environment = Environment {
            variables: [("PATH".to_owned(), base.join("bin").display().to_string())].into(),
            home: Some(base.join("home")),
            system_root: base.join("system"),
            executable: Some(base.join("cli/bin/krepis")),
            platform: Platform::Linux,
        };
        Self {
            scratch,
            environment,
            _one: one,
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.scratch.path().canonicalize().unwrap().join(path)
    }

    /// A program that says a version and counts how often it was asked.
    fn node(&self, path: &str, version: &str) -> PathBuf {
        let file = self.path(path);
        script(
            &file,
            &format!(
                "#!/bin/sh\necho asked >> '{}'\necho '{version}'\n",
                self.path("asked").display()
            ),
        );
        file
    }

    fn asked(&self) -> usize {
        fs::read_to_string(self.path("asked")).map_or(0, |text| text.lines().count())
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn set(&mut self, name: &str, value: &str) {
        self.environment.variables.insert(name.into(), value.into());
    }

    fn request<T>(&self, purpose: Purpose, use_it: impl FnOnce(&Request) -> T) -> T {
        use_it(&Request {
            environment: &self.environment,
            cache: None,
            workspace: &self.path("workspace"),
            directory: &self.path("workspace/src"),
            option: None,
            configured: None,
            purpose,
        })
    }

    fn find(&self, purpose: Purpose) -> Result<Runtime, krepis_change::Failure> {
        self.request(purpose, find_node)
    }

    fn explain(&self, purpose: Purpose) -> Vec<Candidate> {
        self.request(purpose, explain).unwrap()
    }
}

fn script(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

fn found(result: Result<Runtime, krepis_change::Failure>) -> (String, String) {
    let runtime = result.unwrap();
    (runtime.source.to_string(), runtime.version.to_string())
}

#[test]
fn path_goes_before_the_layouts_and_an_old_one_is_passed_over() {
    let machine = Machine::new();
    machine.node("home/.nvm/versions/node/v24.1.0/bin/node", "v24.1.0");
    let on_path = machine.node("bin/node", "v22.18.0");
    assert_eq!(machine.find(Purpose::FirstParty).unwrap().path, on_path);
    machine.node("bin/node", "v20.19.0");
    assert_eq!(
        found(machine.find(Purpose::FirstParty)),
        ("nvm".into(), "24.1.0".into())
    );
}

#[test]
fn every_layout_is_known() {
    for (place, manager) in [
        ("home/.nvm/versions/node/v24.1.0/bin/node", "nvm"),
        (
            "home/.local/share/fnm/node-versions/v24.1.0/installation/bin/node",
            "fnm",
        ),
        ("home/.volta/tools/image/node/24.1.0/bin/node", "volta"),
        ("home/.local/share/mise/installs/node/24.1.0/bin/node", "mise"),
        ("home/.proto/tools/node/24.1.0/bin/node", "proto"),
        ("home/.asdf/installs/nodejs/24.1.0/bin/node", "asdf"),
        ("home/.nodenv/versions/24.1.0/bin/node", "nodenv"),
        ("system/usr/local/n/versions/node/24.1.0/bin/node", "n"),
        ("system/opt/homebrew/opt/node@24/bin/node", "homebrew"),
        ("system/usr/bin/node", "system"),
    ] {
        let machine = Machine::new();
        machine.node(place, "v24.1.0");
        assert_eq!(
            found(machine.find(Purpose::Workspace)),
            (manager.into(), "24.1.0".into()),
            "{place}"
        );
    }
}

#[test]
fn lts_goes_before_current_and_newer_before_older() {
    let machine = Machine::new();
    for version in ["25.9.0", "22.20.0", "24.3.0", "24.10.0", "26.0.0-rc.1"] {
        machine.node(
            &format!("home/.nvm/versions/node/v{version}/bin/node"),
            &format!("v{version}"),
        );
    }
    assert_eq!(found(machine.find(Purpose::FirstParty)).1, "24.10.0");
    assert_eq!(machine.asked(), 0, "the layout says the version");
}

#[test]
fn variable_option_and_configuration_stand_in_their_order() {
    let mut machine = Machine::new();
    for version in ["22.18.0", "22.19.0", "22.20.0", "24.1.0"] {
        machine.node(&format!("home/.nvm/versions/node/v{version}/bin/node"), version);
    }
    let find = |machine: &Machine, option| {
        found(machine.request(Purpose::Workspace, |request| {
            find_node(&Request {
                option,
                configured: Some("22.18.0"),
                ..*request
            })
        }))
    };
    assert_eq!(
        find(&machine, None),
        ("krepis.json (node)".into(), "22.18.0".into())
    );
    assert_eq!(find(&machine, Some("22.19")), ("--node".into(), "22.19.0".into()));
    let named = machine.node("elsewhere/node", "v22.20.0");
    machine.set("KREPIS_NODE", named.to_str().unwrap());
    assert_eq!(
        find(&machine, Some("22.19")),
        ("KREPIS_NODE".into(), "22.20.0".into())
    );
}

#[test]
fn what_the_user_names_is_taken_or_refused_but_never_passed_over() {
    let mut machine = Machine::new();
    machine.node("bin/node", "v24.1.0");
    let old = machine.node("old/node", "v18.0.0");
    machine.set("KREPIS_NODE", old.to_str().unwrap());
    let failure = machine.find(Purpose::FirstParty).unwrap_err();
    assert_eq!((failure.code.id, failure.exit()), ("KRP5003", 70));
    assert_eq!(failure.reason.as_deref(), Some("it is older than 22.18.0"));
}

#[test]
fn each_kind_of_pin_binds_commands_of_the_workspace() {
    for (file, text, source) in [
        (
            "workspace/package.json",
            r#"{"devEngines":{"runtime":{"name":"node","version":"22.x"}}}"#,
            "package.json (devEngines.runtime)",
        ),
        (
            "workspace/package.json",
            r#"{"devEngines":{"runtime":[{"name":"bun"},{"name":"node","version":"22.x"}]}}"#,
            "package.json (devEngines.runtime)",
        ),
        (
            "workspace/package.json",
            r#"{"volta":{"node":"22.19.0"}}"#,
            "package.json (volta.node)",
        ),
        ("workspace/.nvmrc", "# ours\nlts/jod\n", ".nvmrc"),
        ("workspace/.node-version", "v22.19.0\n", ".node-version"),
        (
            "workspace/.tool-versions",
            "ruby 3.3.0\nnodejs 18.0.0 22.19.0\n",
            ".tool-versions",
        ),
        (
            "workspace/mise.toml",
            "[tools]\npython = '3'\nnode = '22'\n",
            "mise.toml",
        ),
        (
            "workspace/.mise.toml",
            "tools.node = ['18', '22.19']\n",
            ".mise.toml",
        ),
        (
            "workspace/.config/mise.toml",
            "[tools.node]\nversion = 'lts-jod'\n",
            ".config/mise.toml",
        ),
        (
            "workspace/mise.toml",
            "[tools]\nnodejs = { version = 'prefix:22' }\n",
            "mise.toml",
        ),
        (
            "workspace/.prototools",
            "node = \"~22\"\n[plugins]\n",
            ".prototools",
        ),
        ("workspace/.n-node-version", "jod\n", ".n-node-version"),
    ] {
        let machine = Machine::new();
        machine.node("bin/node", "v24.1.0");
        machine.node("home/.asdf/installs/nodejs/22.19.0/bin/node", "v22.19.0");
        machine.write(file, text);
        assert_eq!(
            found(machine.find(Purpose::Workspace)),
            (source.into(), "22.19.0".into()),
            "{text}"
        );
    }
}

#[test]
fn volta_may_extend_another_file_and_a_circle_is_named() {
    let machine = Machine::new();
    machine.node("home/.volta/tools/image/node/22.19.0/bin/node", "v22.19.0");
    machine.write(
        "workspace/package.json",
        r#"{"volta":{"extends":"../base.json"}}"#,
    );
    machine.write("base.json", r#"{"volta":{"node":"22.19.0"}}"#);
    assert_eq!(
        found(machine.find(Purpose::Workspace)).0,
        "package.json (volta.node)"
    );
    machine.write("base.json", r#"{"volta":{"extends":"workspace/package.json"}}"#);
    let failure = machine.find(Purpose::Workspace).unwrap_err();
    assert_eq!(failure.code.id, "KRP5004");
    assert!(
        failure.message.contains("leads in a circle"),
        "{}",
        failure.message
    );
    fs::remove_file(machine.path("base.json")).unwrap();
    let failure = machine.find(Purpose::Workspace).unwrap_err();
    assert!(failure.message.contains("cannot be read"), "{}", failure.message);
}

#[test]
fn the_nearest_version_file_wins_and_the_home_folder_has_none() {
    let machine = Machine::new();
    for version in ["22.18.0", "22.19.0", "24.1.0"] {
        machine.node(&format!("home/.nvm/versions/node/v{version}/bin/node"), version);
    }
    machine.write("workspace/.nvmrc", "22.18.0");
    machine.write("workspace/src/.node-version", "22.19.0");
    assert_eq!(
        found(machine.find(Purpose::Workspace)),
        ("src/.node-version".into(), "22.19.0".into())
    );
    fs::remove_file(machine.path("workspace/src/.node-version")).unwrap();
    fs::remove_file(machine.path("workspace/.nvmrc")).unwrap();
    machine.write("home/.nvmrc", "22.18.0");
    assert_eq!(
        found(machine.find(Purpose::Workspace)),
        ("nvm".into(), "24.1.0".into())
    );
}

#[test]
fn a_pin_that_is_not_installed_names_the_command_that_installs_it() {
    let machine = Machine::new();
    machine.node("bin/node", "v24.1.0");
    machine.write("workspace/.nvmrc", "v22.21.0");
    let hint = |machine: &Machine| {
        let failure = machine.find(Purpose::Workspace).unwrap_err();
        assert_eq!((failure.code.id, failure.exit()), ("KRP5002", 70));
        failure.hint.unwrap()
    };
    assert_eq!(hint(&machine), "run `npm install --save-dev node@22.21.0`");
    fs::create_dir_all(machine.path("home/.local/share/fnm")).unwrap();
    assert_eq!(hint(&machine), "run `fnm install 22.21.0`");
    fs::create_dir_all(machine.path("home/.nvm")).unwrap();
    assert_eq!(hint(&machine), "run `nvm install 22.21.0`");
    // Our own generators run all the same.
    assert_eq!(
        found(machine.find(Purpose::FirstParty)),
        ("PATH".into(), "24.1.0".into())
    );
}

#[test]
fn a_pin_that_only_warns_is_passed_over_and_one_that_cannot_be_read_is_an_error() {
    let machine = Machine::new();
    machine.node("bin/node", "v24.1.0");
    machine.write(
        "workspace/package.json",
        r#"{"devEngines":{"runtime":{"name":"node","version":"22.x","onFail":"warn"}}}"#,
    );
    assert_eq!(found(machine.find(Purpose::Workspace)).0, "PATH");
    machine.write("workspace/package.json", "{");
    assert_eq!(machine.find(Purpose::Workspace).unwrap_err().code.id, "KRP5004");
    assert_eq!(found(machine.find(Purpose::FirstParty)).0, "PATH");
}

#[test]
fn engines_filter_what_commands_of_the_workspace_run_on() {
    let machine = Machine::new();
    machine.node("bin/node", "v24.1.0");
    machine.node("home/.nvm/versions/node/v22.18.0/bin/node", "");
    machine.write("workspace/package.json", r#"{"engines":{"node":"^22"}}"#);
    assert_eq!(found(machine.find(Purpose::Workspace)).1, "22.18.0");
    assert_eq!(found(machine.find(Purpose::FirstParty)).1, "24.1.0");
}

#[test]
fn the_dependency_of_the_workspace_goes_before_path() {
    let machine = Machine::new();
    machine.node("bin/node", "v22.18.0");
    machine.node("workspace/node_modules/node/bin/node", "never asked");
    machine.write(
        "workspace/node_modules/node/package.json",
        r#"{"name":"node","version":"24.21.0"}"#,
    );
    assert_eq!(
        found(machine.find(Purpose::Workspace)),
        ("node_modules".into(), "24.21.0".into())
    );
    assert_eq!(machine.asked(), 0);
}

#[test]
fn a_version_file_is_read_whatever_wrote_it() {
    for (text, version) in [
        ("\u{feff}22.19.0\n", "22.19.0"),
        ("\r\n# ours\r\nv22.19.0\r\n", "22.19.0"),
        ("22.19.0\r24.1.0\r", "22.19.0"),
        ("  22.19  # not 24\n", "22.19.0"),
        ("lts/*", "24.1.0"),
        ("LTS/Jod", "22.19.0"),
        ("node", "25.0.0"),
        ("stable", "25.0.0"),
        (">=22 <24", "22.19.0"),
    ] {
        let machine = Machine::new();
        for version in ["22.19.0", "24.1.0", "25.0.0"] {
            machine.node(&format!("home/.nvm/versions/node/v{version}/bin/node"), "");
        }
        machine.write("workspace/.nvmrc", text);
        assert_eq!(
            found(machine.find(Purpose::Workspace)),
            (".nvmrc".into(), version.into()),
            "{text:?}"
        );
    }
}

#[test]
fn an_empty_version_file_is_passed_over_and_shown() {
    let machine = Machine::new();
    machine.node("bin/node", "v24.1.0");
    machine.node("home/.nvm/versions/node/v22.19.0/bin/node", "");
    machine.write("workspace/src/.nvmrc", "\u{feff}\r\n# nothing\r\n");
    assert_eq!(found(machine.find(Purpose::Workspace)).0, "PATH");
    machine.write("workspace/.node-version", "22");
    assert_eq!(
        found(machine.find(Purpose::Workspace)),
        (".node-version".into(), "22.19.0".into())
    );
    let shown = machine.explain(Purpose::Workspace);
    assert_eq!(shown[0].source.to_string(), "src/.nvmrc");
    assert_eq!(shown[0].why(), "it is empty: passed over");
}

#[test]
fn a_file_that_is_no_version_is_an_error_that_names_it() {
    for (file, text, message) in [
        (
            "workspace/.nvmrc",
            "banana",
            ".nvmrc asks for Node `banana`, which is neither a version nor an alias",
        ),
        (
            "workspace/.nvmrc",
            "lts/nobody",
            ".nvmrc asks for Node `lts/nobody`, which is neither a version nor an alias",
        ),
        (
            "workspace/mise.toml",
            "[tools]\nnode = \n",
            "mise.toml is not TOML",
        ),
        (
            "workspace/.prototools",
            "node = 22.1.1",
            ".prototools is not TOML",
        ),
    ] {
        let machine = Machine::new();
        machine.node("bin/node", "v24.1.0");
        machine.write(file, text);
        let failure = machine.find(Purpose::Workspace).unwrap_err();
        assert_eq!((failure.code.id, failure.message.as_str()), ("KRP5004", message));
    }
}

#[test]
fn aliases_are_followed_and_a_circle_is_named() {
    let machine = Machine::new();
    for version in ["22.19.0", "24.1.0"] {
        machine.node(&format!("home/.nvm/versions/node/v{version}/bin/node"), "");
    }
    machine.write("home/.nvm/alias/default", "work\n");
    machine.write("home/.nvm/alias/work", "lts/jod\n");
    machine.write("workspace/.nvmrc", "default");
    assert_eq!(found(machine.find(Purpose::Workspace)).1, "22.19.0");
    machine.write("home/.nvm/alias/work", "default\n");
    let failure = machine.find(Purpose::Workspace).unwrap_err();
    assert_eq!(failure.code.id, "KRP5004");
    assert!(
        failure.message.ends_with("default -> work -> default"),
        "{}",
        failure.message
    );
    // Not a way to any file.
    machine.write("home/.nvm/outside", "22\n");
    machine.write("workspace/.nvmrc", "../outside");
    assert!(machine.find(Purpose::Workspace).is_err());
}

#[test]
fn an_alias_may_be_a_link_to_a_version() {
    for (manager, link, target) in [
        ("fnm", "aliases/work", "../node-versions/v22.19.0/installation"),
        ("mise", "installs/node/work", "./22.19.0"),
    ] {
        let machine = Machine::new();
        machine.node("bin/node", "v24.1.0");
        machine.node(
            "home/.local/share/fnm/node-versions/v22.19.0/installation/bin/node",
            "",
        );
        let link = machine.path(&format!("home/.local/share/{manager}/{link}"));
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(target, link).unwrap();
        machine.write("workspace/.nvmrc", "work");
        assert_eq!(found(machine.find(Purpose::Workspace)).1, "22.19.0", "{manager}");
    }
}

#[test]
fn a_folder_that_links_to_a_version_is_no_version_of_its_own() {
    let machine = Machine::new();
    machine.node("home/.local/share/mise/installs/node/22.19.0/bin/node", "");
    for alias in ["22", "22.19", "lts", "latest"] {
        symlink(
            "22.19.0",
            machine.path(&format!("home/.local/share/mise/installs/node/{alias}")),
        )
        .unwrap();
    }
    assert_eq!(machine.explain(Purpose::Workspace).len(), 1);
}

#[test]
fn system_is_what_no_manager_brought() {
    let mut machine = Machine::new();
    machine.node("home/.nvm/versions/node/v24.1.0/bin/node", "");
    machine.set(
        "PATH",
        machine
            .path("home/.nvm/versions/node/v24.1.0/bin")
            .to_str()
            .unwrap(),
    );
    machine.node("system/usr/bin/node", "v22.19.0");
    machine.write("workspace/.nvmrc", "system");
    assert_eq!(
        found(machine.find(Purpose::Workspace)),
        (".nvmrc".into(), "22.19.0".into())
    );
}

#[test]
fn places_with_spaces_and_letters_of_all_kinds_are_places() {
    let mut machine = Machine::new();
    let home = machine.path("hôme of 李");
    machine.environment.home = Some(home.clone());
    let nvm = machine.path("my tools/ñvm");
    machine.set("NVM_DIR", nvm.to_str().unwrap());
    machine.node("my tools/ñvm/versions/node/v22.19.0/bin/node", "");
    machine.node("hôme of 李/.asdf/installs/nodejs/24.1.0/bin/node", "");
    let on_path = machine.node("a b/ü/node", "v24.2.0");
    machine.set("PATH", on_path.parent().unwrap().to_str().unwrap());
    machine.write("workspace/src/.nvmrc", "22.19.0\n");
    let runtime = machine.find(Purpose::Workspace).unwrap();
    assert_eq!(runtime.path, nvm.join("versions/node/v22.19.0/bin/node"));
    machine.write("workspace/src/.nvmrc", "24.1.0\n");
    assert!(machine.find(Purpose::Workspace).unwrap().path.starts_with(home));
    assert_eq!(
        machine.find(Purpose::FirstParty).unwrap().version.to_string(),
        "24.1.0"
    );
    fs::remove_file(machine.path("workspace/src/.nvmrc")).unwrap();
    assert_eq!(machine.find(Purpose::FirstParty).unwrap().path, on_path);
}

#[test]
fn the_layouts_of_windows_are_known() {
    for (variable, base, place, source) in [
        ("NVM_HOME", "AppData/nvm", "AppData/nvm/v24.1.0/node.exe", "nvm"),
        (
            "NVM_SYMLINK",
            "Program Files/nodejs",
            "Program Files/nodejs/node.exe",
            "system",
        ),
        (
            "PROGRAMFILES",
            "Program Files",
            "Program Files/nodejs/node.exe",
            "system",
        ),
        (
            "APPDATA",
            "AppData",
            "AppData/fnm/node-versions/v24.1.0/installation/node.exe",
            "fnm",
        ),
        (
            "LOCALAPPDATA",
            "Local",
            "Local/Volta/tools/image/node/24.1.0/node.exe",
            "volta",
        ),
        (
            "LOCALAPPDATA",
            "Local",
            "Local/mise/installs/node/24.1.0/node.exe",
            "mise",
        ),
        ("PATH", "tools", "tools/node.exe", "PATH"),
    ] {
        let mut machine = Machine::new();
        machine.environment.platform = Platform::Windows;
        machine.node(place, "v24.1.0");
        let base = machine.path(base).display().to_string();
        machine.set(variable, &base);
        assert_eq!(
            found(machine.find(Purpose::Workspace)),
            (source.into(), "24.1.0".into()),
            "{place}"
        );
    }
}

#[test]
fn a_program_for_another_machine_is_refused_before_it_is_started() {
    let machine = Machine::new();
    // The head of an ELF file for s390, big endian.
    machine.write("bin/node", "\x7fELF\x02\x02\x01 and no more of it");
    fs::set_permissions(machine.path("bin/node"), fs::Permissions::from_mode(0o755)).unwrap();
    let why = machine.explain(Purpose::FirstParty)[0].why();
    assert!(why.starts_with("it is built for another processor"), "{why}");
}

#[test]
fn electron_under_the_name_of_node_is_refused() {
    let machine = Machine::new();
    machine.node("bin/node", "v24.1.0");
    machine.write("bin/resources.pak", "");
    assert_eq!(
        machine.explain(Purpose::FirstParty)[0].why(),
        "it is Electron and not Node.js (resources.pak lies beside it)"
    );
    assert_eq!(machine.asked(), 0);
}

#[test]
fn plugins_need_a_newer_patch_of_their_line() {
    let machine = Machine::new();
    machine.node("bin/node", "v24.1.0");
    machine.node("home/.nvm/versions/node/v22.23.0/bin/node", "");
    assert_eq!(found(machine.find(Purpose::Workspace)).1, "24.1.0");
    assert_eq!(found(machine.find(Purpose::Plugin)).1, "22.23.0");
    machine.write("workspace/.nvmrc", "24.1.0");
    assert_eq!(machine.find(Purpose::Plugin).unwrap_err().code.id, "KRP5002");
}

#[test]
fn a_shim_that_starts_itself_is_never_started() {
    let mut machine = Machine::new();
    let shims = machine.path("somewhere/shims");
    // asdf in a place that no variable names; it would find itself on PATH and start itself for ever.
    script(
        &shims.join("node"),
        &format!(
            "#!/usr/bin/env bash\necho x >> '{}'\nexec asdf exec \"node\" \"$@\"\n",
            machine.path("asked").display()
        ),
    );
    script(&shims.join("asdf"), "#!/bin/sh\nshift\nexec \"$@\"\n");
    machine.set("PATH", shims.to_str().unwrap());
    let candidates = machine.explain(Purpose::FirstParty);
    assert_eq!(
        candidates[0].why(),
        "it is a shim of asdf, which has no Node.js installed"
    );
    machine.node("home/.asdf/installs/nodejs/24.1.0/bin/node", "");
    let runtime = machine.find(Purpose::FirstParty).unwrap();
    assert_eq!(
        runtime.path,
        machine.path("home/.asdf/installs/nodejs/24.1.0/bin/node")
    );
    assert_eq!(machine.asked(), 0);
}

#[test]
fn the_command_that_installs_is_the_one_of_the_manager_in_use() {
    let mut machine = Machine::new();
    for folder in ["home/.nvm", "home/.volta", "home/.local/share/mise"] {
        fs::create_dir_all(machine.path(folder)).unwrap();
    }
    machine.write("workspace/.nvmrc", "lts/jod");
    let hint = |machine: &Machine| machine.find(Purpose::Workspace).unwrap_err().hint.unwrap();
    assert_eq!(hint(&machine), "run `nvm install lts/jod`");
    machine.set("MISE_SHELL", "zsh");
    assert_eq!(hint(&machine), "run `mise install node@22`");
    machine.write("workspace/.nvmrc", ">=22 <23");
    assert_eq!(hint(&machine), "run `mise install node@'>=22 <23'`");
}

#[test]
fn shims_are_seen_through_and_never_started() {
    let mut machine = Machine::new();
    machine.node("home/.asdf/shims/node", "a shim was started");
    machine.node("home/.asdf/installs/nodejs/22.18.0/bin/node", "");
    machine.node("home/.asdf/installs/nodejs/24.1.0/bin/node", "");
    machine.write("home/.tool-versions", "nodejs 22.18.0\n");
    machine.node("home/.volta/bin/volta-shim", "a shim was started");
    symlink("volta-shim", machine.path("home/.volta/bin/node")).unwrap();
    let shims = machine.path("home/.asdf/shims");
    let volta = machine.path("home/.volta/bin");
    machine.set("PATH", &format!("{}:{}", volta.display(), shims.display()));
    let runtime = machine.find(Purpose::FirstParty).unwrap();
    assert_eq!(
        runtime.path,
        machine.path("home/.asdf/installs/nodejs/22.18.0/bin/node")
    );
    assert_eq!(machine.asked(), 0);
    let candidates = machine.explain(Purpose::FirstParty);
    assert_eq!(
        candidates[0].verdict,
        Verdict::Refused("it is a shim of volta, which has no Node.js installed".into())
    );
}

#[test]
fn what_only_poses_as_node_is_refused() {
    let machine = Machine::new();
    machine.node("elsewhere/bun", "v24.0.0");
    symlink(machine.path("elsewhere/bun"), machine.path("bin/node")).unwrap();
    let refused = |machine: &Machine| match machine.explain(Purpose::FirstParty).remove(0).verdict {
        Verdict::Refused(reason) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&machine), "it is `bun` and not Node.js");
    fs::remove_file(machine.path("bin/node")).unwrap();
    machine.node("bin/node", "1.2 (something else)");
    assert!(refused(&machine).contains("says `1.2 (something else)`"));
    // As Bun says it.
    machine.node("bin/node", "1.3.5");
    assert!(refused(&machine).contains("which Node.js does not"));
    machine.node("bin/node", "v24.0.0-nightly20250101");
    assert_eq!(refused(&machine), "it is a prerelease");
    script(&machine.path("bin/node"), "#!/bin/sh\nexit 3\n");
    assert!(refused(&machine).contains("ended with"));
}

#[test]
fn the_bundled_one_is_the_last() {
    let mut machine = Machine::new();
    let bundled = machine.node("cli/node_modules/node/bin/node", "v24.21.0");
    assert_eq!(
        machine.find(Purpose::FirstParty).unwrap(),
        Runtime {
            path: bundled,
            version: krepis_host::Version::parse("24.21.0").unwrap(),
            source: Source::Bundled,
        }
    );
    let launcher = machine.node("launcher/node", "v24.22.0");
    machine.set("KREPIS_BUNDLED_NODE", launcher.to_str().unwrap());
    assert_eq!(
        found(machine.find(Purpose::FirstParty)),
        ("bundled".into(), "24.22.0".into())
    );
    machine.node("system/usr/bin/node", "v22.18.0");
    assert_eq!(found(machine.find(Purpose::FirstParty)).0, "system");
}

#[test]
fn without_any_the_failure_says_what_was_looked_at() {
    let machine = Machine::new();
    machine.node("bin/node", "v20.19.0");
    let failure = machine.find(Purpose::FirstParty).unwrap_err();
    assert_eq!((failure.code.id, failure.exit()), ("KRP5001", 70));
    assert!(
        failure
            .reason
            .unwrap()
            .contains("bin/node (PATH): it is older than 22.18.0")
    );
}

#[test]
fn every_candidate_is_explained_and_one_is_chosen() {
    let machine = Machine::new();
    machine.node("bin/node", "v20.19.0");
    machine.node("home/.nvm/versions/node/v22.18.0/bin/node", "");
    machine.node("home/.nvm/versions/node/v24.1.0/bin/node", "");
    machine.node("cli/node_modules/node/bin/node", "v24.21.0");
    let shown: Vec<String> = machine
        .explain(Purpose::FirstParty)
        .iter()
        .map(|candidate| format!("{} {:?}", candidate.source, candidate.verdict))
        .collect();
    assert_eq!(
        shown,
        [
            "PATH Refused(\"it is older than 22.18.0\")",
            "nvm Usable",
            "nvm Chosen",
            "bundled Usable",
        ]
    );
}

#[test]
fn a_folder_under_two_names_is_one_candidate() {
    let mut machine = Machine::new();
    machine.node("bin/node", "v22.18.0");
    symlink(machine.path("bin"), machine.path("alias")).unwrap();
    machine.set(
        "PATH",
        &format!(
            "{}:{}",
            machine.path("alias").display(),
            machine.path("bin").display()
        ),
    );
    let candidates = machine.explain(Purpose::FirstParty);
    assert_eq!(candidates.len(), 1, "{candidates:?}");
    assert_eq!(candidates[0].verdict, Verdict::Chosen);
}

#[test]
fn a_program_is_asked_once_for_each_state_of_its_file() {
    let machine = Machine::new();
    let program = machine.node("bin/node", "v22.18.0");
    let variables = [(
        "KREPIS_CACHE_DIR".to_owned(),
        machine.path("cache").display().to_string(),
    )];
    let cache = CacheFolder::open(&Environment {
        variables: variables.into(),
        ..Environment::default()
    })
    .unwrap();
    let find = || {
        machine.request(Purpose::FirstParty, |request| {
            find_node(&Request {
                cache: Some(&cache),
                ..*request
            })
            .unwrap()
            .version
            .to_string()
        })
    };
    assert_eq!((find(), find()), ("22.18.0".into(), "22.18.0".into()));
    assert_eq!(machine.asked(), 1);
    machine.node("bin/node", "v22.18.10");
    assert_eq!(find(), "22.18.10", "{}", program.display());
    fs::write(cache.path().join("node-versions.json"), "not JSON").unwrap();
    assert_eq!(find(), "22.18.10");
}
