//! Where version managers and systems keep Node.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::Environment;
use crate::environment::Platform;
use crate::version::{Wish, parse_exact};

/// Who installed a Node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// <https://github.com/nvm-sh/nvm>
    Nvm,
    /// <https://github.com/Schniz/fnm>
    Fnm,
    /// <https://volta.sh>
    Volta,
    /// <https://mise.jdx.dev>
    Mise,
    /// <https://moonrepo.dev/proto>
    Proto,
    /// <https://asdf-vm.com>
    Asdf,
    /// <https://github.com/nodenv/nodenv>
    Nodenv,
    /// <https://github.com/tj/n>
    N,
    /// <https://brew.sh>
    Homebrew,
    /// The operating system.
    System,
}

impl Manager {
    /// In the order of DESIGN §6.
    pub const ALL: [Self; 10] = [
        Self::Nvm,
        Self::Fnm,
        Self::Volta,
        Self::Mise,
        Self::Proto,
        Self::Asdf,
        Self::Nodenv,
        Self::N,
        Self::Homebrew,
        Self::System,
    ];

    /// The folders it may keep its things in.
    fn roots(self, environment: &Environment) -> Vec<PathBuf> {
        let variable = |name| environment.folder(name);
        let below = |name, path: &str| environment.folder(name).map(|folder| folder.join(path));
        let home = |path| environment.below_home(path);
        let places = match self {
            // nvm-windows is another program with a layout of its own.
            Self::Nvm if environment.platform == Platform::Windows => {
                vec![variable("NVM_HOME"), below("APPDATA", "nvm")]
            }
            Self::Nvm => vec![variable("NVM_DIR"), below("XDG_CONFIG_HOME", "nvm"), home(".nvm")],
            Self::Fnm => vec![
                variable("FNM_DIR"),
                below("XDG_DATA_HOME", "fnm"),
                home(".local/share/fnm"),
                home(".fnm"),
                home("Library/Application Support/fnm"),
                below("APPDATA", "fnm"),
            ],
            Self::Volta => vec![
                variable("VOLTA_HOME"),
                home(".volta"),
                below("LOCALAPPDATA", "Volta"),
            ],
            Self::Mise => vec![
                variable("MISE_DATA_DIR"),
                below("XDG_DATA_HOME", "mise"),
                home(".local/share/mise"),
                below("LOCALAPPDATA", "mise"),
            ],
            Self::Proto => vec![variable("PROTO_HOME"), home(".proto")],
            Self::Asdf => vec![variable("ASDF_DATA_DIR"), home(".asdf")],
            Self::Nodenv => vec![variable("NODENV_ROOT"), home(".nodenv")],
            Self::N => vec![
                variable("N_CACHE_PREFIX"),
                variable("N_PREFIX"),
                Some(environment.below_system("usr/local")),
            ],
            Self::Homebrew => ["opt/homebrew", "usr/local", "home/linuxbrew/.linuxbrew"]
                .map(|path| Some(environment.below_system(path)))
                .into(),
            Self::System if environment.platform == Platform::Windows => vec![
                // The link that nvm-windows turns to the version in use.
                variable("NVM_SYMLINK"),
                below("ProgramFiles", "nodejs"),
                below("ProgramFiles(x86)", "nodejs"),
                home("scoop/apps/nodejs-lts/current"),
                home("scoop/apps/nodejs/current"),
            ],
            Self::System => vec![
                Some(environment.below_system("usr/local")),
                Some(environment.below_system("usr")),
                Some(environment.below_system("snap/node/current")),
            ],
        };
        let mut roots: Vec<PathBuf> = Vec::new();
        for place in places.into_iter().flatten() {
            if !roots.contains(&place) {
                roots.push(place);
            }
        }
        roots
    }

    /// Whether this shell works with it: what its own set-up leaves in the environment says so.
    pub fn is_active(self, environment: &Environment) -> bool {
        let names: &[&str] = match self {
            Self::Nvm => &["NVM_BIN", "NVM_DIR", "NVM_HOME"],
            Self::Fnm => &["FNM_MULTISHELL_PATH", "FNM_DIR"],
            Self::Volta => &["VOLTA_HOME"],
            Self::Mise => &["MISE_SHELL", "MISE_DATA_DIR"],
            Self::Proto => &["PROTO_HOME"],
            Self::Asdf => &["ASDF_DATA_DIR", "ASDF_DIR"],
            Self::Nodenv => &["NODENV_SHELL", "NODENV_ROOT"],
            Self::N => &["N_PREFIX"],
            Self::Homebrew | Self::System => &[],
        };
        names.iter().any(|name| environment.variable(name).is_some())
    }

    /// Whether this machine has it.
    pub fn is_present(self, environment: &Environment) -> bool {
        let marker = match self {
            Self::N => "n",
            Self::Homebrew => "Cellar",
            _ => "",
        };
        self.roots(environment)
            .iter()
            .any(|root| root.join(marker).is_dir())
    }

    /// The command that installs a version.
    pub fn install_command(self, version: &str) -> Option<String> {
        Some(match self {
            Self::Nvm => format!("nvm install {version}"),
            Self::Fnm => format!("fnm install {version}"),
            Self::Volta => format!("volta install node@{version}"),
            Self::Mise => format!("mise install node@{version}"),
            Self::Proto => format!("proto install node {version}"),
            Self::Asdf => format!("asdf install nodejs {version}"),
            Self::Nodenv => format!("nodenv install {version}"),
            Self::N => format!("n {version}"),
            Self::Homebrew => format!("brew install node@{version}"),
            Self::System => return None,
        })
    }

    /// Programs of this manager's layout; the version where the layout says it.
    pub(crate) fn installed(self, environment: &Environment) -> Vec<(PathBuf, Option<String>)> {
        let versions = match self {
            Self::Nvm if environment.platform == Platform::Windows => "",
            Self::Nvm => "versions/node",
            Self::Fnm => "node-versions",
            Self::Volta => "tools/image/node",
            Self::Mise => "installs/node",
            Self::Proto => "tools/node",
            Self::Asdf => "installs/nodejs",
            Self::Nodenv => "versions",
            Self::N => "n/versions/node",
            Self::Homebrew => return homebrew(environment, &self.roots(environment)),
            Self::System => return system(environment, &self.roots(environment)),
        };
        let platform = environment.platform;
        self.roots(environment)
            .iter()
            .flat_map(|root| entries(&root.join(versions)))
            // Aliases such as mise's `22` are links to the folders beside them.
            .filter(|(path, _)| path.is_dir() && !path.is_symlink())
            .filter_map(|(path, name)| {
                let version = parse_exact(&name)?.to_string();
                let places = [path.join("installation"), path.clone()];
                let program = places
                    .iter()
                    .flat_map(|place| [platform.program_in(place), place.join(platform.node())])
                    .find(|program| program.is_file())?;
                Some((program, Some(version)))
            })
            .collect()
    }

    /// The version that this manager's shim starts outside of any project.
    pub(crate) fn default_version(self, environment: &Environment) -> Option<String> {
        let read = |path: PathBuf| std::fs::read_to_string(path).ok();
        let root = |path: &str| {
            self.roots(environment)
                .into_iter()
                .map(|root| root.join(path))
                .find_map(read)
        };
        match self {
            Self::Nodenv => root("version").map(|text| text.trim().to_owned()),
            Self::Volta => {
                let platform: serde_json::Value =
                    serde_json::from_str(&root("tools/user/platform.json")?).ok()?;
                platform["node"]["runtime"].as_str().map(str::to_owned)
            }
            Self::Asdf => tool_versions(&read(environment.below_home(".tool-versions")?)?)
                .into_iter()
                .next(),
            Self::Nvm => root("alias/default").and_then(|text| first_word(&text)),
            Self::Mise => {
                let folder = environment
                    .folder("XDG_CONFIG_HOME")
                    .or_else(|| environment.below_home(".config"))?;
                mise_tools(&read(folder.join("mise/config.toml"))?)
                    .ok()?
                    .into_iter()
                    .next()
            }
            Self::Proto => prototools(&root(".prototools")?).ok()?.into_iter().next(),
            Self::Fnm | Self::N | Self::Homebrew | Self::System => None,
        }
    }

    /// What a name of the user's own stands for: nvm keeps a text file for each, the others a link to the version.
    fn alias(self, environment: &Environment, name: &str) -> Option<String> {
        // A name with a way out of the folder is none.
        if name
            .split(['/', '\\'])
            .any(|part| part.is_empty() || part.starts_with('.'))
        {
            return None;
        }
        let place = match self {
            Self::Nvm => "alias",
            Self::Fnm => "aliases",
            Self::Nodenv => "versions",
            Self::Mise => "installs/node",
            _ => return None,
        };
        let mut files = self
            .roots(environment)
            .into_iter()
            .map(|root| root.join(place).join(name));
        if self == Self::Nvm {
            return files.find_map(|file| first_word(&std::fs::read_to_string(file).ok()?));
        }
        // `../node-versions/v22.18.0/installation` and `./22.18.0`: the part that is a version.
        files.find_map(|file| {
            let target = std::fs::read_link(file).ok()?;
            let mut parts = target.iter().rev().filter_map(|part| part.to_str());
            parts.find(|part| parse_exact(part).is_some()).map(str::to_owned)
        })
    }

    /// The manager whose shim a script is, by what it hands over to: its folder may be named by a variable that only the
    /// user's shell knows.
    pub(crate) fn of_script(text: &str) -> Option<Self> {
        let words = [
            ("asdf exec", Self::Asdf),
            ("/asdf\" exec", Self::Asdf),
            ("nodenv exec", Self::Nodenv),
            ("/nodenv\" exec", Self::Nodenv),
            ("volta run", Self::Volta),
            ("mise exec", Self::Mise),
            ("mise x ", Self::Mise),
            ("proto run", Self::Proto),
            ("fnm exec", Self::Fnm),
        ];
        words
            .into_iter()
            .find_map(|(word, manager)| text.contains(word).then_some(manager))
    }

    /// The manager whose shim a program is, by the folder it was found in or the program it leads to.
    pub(crate) fn of_shim(environment: &Environment, found: &Path, real: &Path) -> Option<Self> {
        let program = real.file_stem()?.to_str()?;
        let by_program = match program {
            "volta-shim" | "volta" => Some(Self::Volta),
            "mise" => Some(Self::Mise),
            "proto-shim" | "proto" => Some(Self::Proto),
            "asdf" => Some(Self::Asdf),
            "nodenv" => Some(Self::Nodenv),
            _ => None,
        };
        by_program.or_else(|| {
            let folder = found.parent()?;
            [Self::Volta, Self::Mise, Self::Proto, Self::Asdf, Self::Nodenv]
                .into_iter()
                .find(|manager| {
                    let shims = if *manager == Self::Volta { "bin" } else { "shims" };
                    manager
                        .roots(environment)
                        .iter()
                        .any(|root| root.join(shims) == folder)
                })
        })
    }
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nvm => "nvm",
            Self::Fnm => "fnm",
            Self::Volta => "volta",
            Self::Mise => "mise",
            Self::Proto => "proto",
            Self::Asdf => "asdf",
            Self::Nodenv => "nodenv",
            Self::N => "n",
            Self::Homebrew => "homebrew",
            Self::System => "system",
        })
    }
}

/// The versions that a `.tool-versions` names for Node, preferred first.
pub(crate) fn tool_versions(text: &str) -> Vec<String> {
    text.trim_start_matches('\u{feff}')
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            matches!(words.next()?, "nodejs" | "node").then(|| words.map(str::to_owned).collect::<Vec<_>>())
        })
        .flatten()
        .collect()
}

/// What the table `[tools]` of a mise file asks of Node: `"22"`, `["22", "20"]`, `{ version = "22" }`, or a list of these.
pub(crate) fn mise_tools(text: &str) -> Result<Vec<String>, toml_edit::TomlError> {
    let document: toml_edit::Document<&str> = toml_edit::Document::parse(text)?;
    let tools = document.get("tools").and_then(toml_edit::Item::as_table_like);
    let node = tools.and_then(|tools| tools.get("node").or_else(|| tools.get("nodejs")));
    Ok(node.map(toml_versions).unwrap_or_default())
}

/// What a `.prototools` asks of Node.
pub(crate) fn prototools(text: &str) -> Result<Vec<String>, toml_edit::TomlError> {
    let document: toml_edit::Document<&str> = toml_edit::Document::parse(text)?;
    Ok(document.get("node").map(toml_versions).unwrap_or_default())
}

fn toml_versions(item: &toml_edit::Item) -> Vec<String> {
    let one = |item: &toml_edit::Value| {
        let version = item.as_inline_table().and_then(|table| table.get("version"));
        version.unwrap_or(item).as_str().map(str::to_owned)
    };
    if let Some(list) = item.as_array() {
        return list.iter().filter_map(one).collect();
    }
    let table = item.as_table().and_then(|table| table.get("version"));
    let value = table.unwrap_or(item).as_value();
    value.and_then(one).into_iter().collect()
}

/// What a name in a version file stands for, name after name: nvm's `default` may be `work`, which may be `lts/jod`. A
/// word that is nobody's alias is itself the answer; the error is the circle.
pub(crate) fn resolve_alias(environment: &Environment, word: &str) -> Result<String, String> {
    let mut way = vec![word.to_owned()];
    loop {
        let last = way.last().map(String::as_str).unwrap_or_default();
        // What has a meaning of its own is not looked up: nvm's file for `lts/jod` holds the version that was the newest
        // when it was written.
        if Wish::parse(last, None).is_some() {
            return Ok(last.to_owned());
        }
        let next = Manager::ALL
            .into_iter()
            .find_map(|manager| manager.alias(environment, last));
        let Some(next) = next else {
            return Ok(last.to_owned());
        };
        let again = way.contains(&next);
        way.push(next);
        if again {
            return Err(way.join(" -> "));
        }
    }
}

/// The first word of a text that is neither blank nor a comment, after a byte order mark.
pub(crate) fn first_word(text: &str) -> Option<String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text
        // A file of an old Mac has carriage returns alone.
        .split(['\n', '\r'])
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.find(|line| !line.is_empty()).map(str::to_owned)
}

fn homebrew(environment: &Environment, roots: &[PathBuf]) -> Vec<(PathBuf, Option<String>)> {
    roots
        .iter()
        .flat_map(|root| entries(&root.join("opt")))
        .filter(|(_, name)| name == "node" || name.starts_with("node@"))
        .map(|(path, _)| (environment.platform.program_in(&path), None))
        .filter(|(program, _)| program.is_file())
        .collect()
}

fn system(environment: &Environment, roots: &[PathBuf]) -> Vec<(PathBuf, Option<String>)> {
    let platform = environment.platform;
    roots
        .iter()
        .flat_map(|root| [platform.program_in(root), root.join("bin").join("nodejs")])
        .filter(|program| program.is_file())
        .map(|program| (program, None))
        .collect()
}

fn entries(folder: &Path) -> Vec<(PathBuf, String)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<(PathBuf, String)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.path(), entry.file_name().into_string().ok()?)))
        .collect();
    found.sort();
    found
}
