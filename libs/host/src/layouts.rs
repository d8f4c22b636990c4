//! Where version managers and systems keep Node.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::Environment;
use crate::environment::{NODE, program_in};
use crate::version::parse_exact;

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
            Self::Nvm => vec![
                variable("NVM_DIR"),
                variable("NVM_HOME"),
                below("XDG_CONFIG_HOME", "nvm"),
                home(".nvm"),
            ],
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
            Self::System => vec![
                Some(environment.below_system("usr/local")),
                Some(environment.below_system("usr")),
                below("ProgramFiles", "nodejs"),
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
            Self::Nvm if cfg!(windows) => "",
            Self::Nvm => "versions/node",
            Self::Fnm => "node-versions",
            Self::Volta => "tools/image/node",
            Self::Mise => "installs/node",
            Self::Proto => "tools/node",
            Self::Asdf => "installs/nodejs",
            Self::Nodenv => "versions",
            Self::N => "n/versions/node",
            Self::Homebrew => return homebrew(&self.roots(environment)),
            Self::System => return system(&self.roots(environment)),
        };
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
                    .flat_map(|place| [program_in(place), place.join(NODE)])
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
            Self::Mise => {
                let folder = environment
                    .folder("XDG_CONFIG_HOME")
                    .or_else(|| environment.below_home(".config"))?;
                toml_node(&read(folder.join("mise/config.toml"))?)
            }
            Self::Proto => toml_node(&root(".prototools")?),
            _ => None,
        }
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
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            matches!(words.next()?, "nodejs" | "node").then(|| words.map(str::to_owned).collect::<Vec<_>>())
        })
        .flatten()
        .collect()
}

/// The line `node = "22"` of a TOML file; the managers' own files have it on a line of its own.
fn toml_node(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        let value = value.trim().strip_prefix('"')?.split('"').next()?;
        (key.trim().trim_matches('"') == "node").then(|| value.to_owned())
    })
}

fn homebrew(roots: &[PathBuf]) -> Vec<(PathBuf, Option<String>)> {
    roots
        .iter()
        .flat_map(|root| entries(&root.join("opt")))
        .filter(|(_, name)| name == "node" || name.starts_with("node@"))
        .map(|(path, _)| (program_in(&path), None))
        .filter(|(program, _)| program.is_file())
        .collect()
}

fn system(roots: &[PathBuf]) -> Vec<(PathBuf, Option<String>)> {
    roots
        .iter()
        .flat_map(|root| [program_in(root), root.join("bin").join("nodejs"), root.join(NODE)])
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
