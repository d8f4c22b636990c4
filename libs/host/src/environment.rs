//! What this crate looks at outside of the workspace, as a value.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Variables, home and the places of the system. Tests make their own.
///
/// ```
/// use krepis_host::Environment;
/// let environment = Environment::of_process();
/// assert!(environment.system_root.is_absolute());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Environment variables; those that are not UTF-8 are left out.
    pub variables: HashMap<String, String>,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// Where the layouts of the system begin: `/`.
    pub system_root: PathBuf,
    /// The running `krepis`.
    pub executable: Option<PathBuf>,
    /// Whose layouts and names count.
    pub platform: Platform,
}

/// The systems that Node is looked for on. A value, so that the layouts of each are tested on all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux, and any other Unix but macOS.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl Platform {
    /// The one this program is built for.
    pub const fn current() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }

    /// The program's name in a folder of executables.
    pub(crate) const fn node(self) -> &'static str {
        match self {
            Self::Windows => "node.exe",
            Self::Linux | Self::MacOs => "node",
        }
    }

    /// Where an installation keeps its program.
    pub(crate) fn program_in(self, installation: &Path) -> PathBuf {
        match self {
            Self::Windows => installation.join(self.node()),
            Self::Linux | Self::MacOs => installation.join("bin").join(self.node()),
        }
    }
}

impl Default for Platform {
    fn default() -> Self {
        Self::current()
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linux => "Linux",
            Self::MacOs => "macOS",
            Self::Windows => "Windows",
        })
    }
}

impl Environment {
    /// That of this process.
    pub fn of_process() -> Self {
        let variables: HashMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let executable = std::env::current_exe()
            .ok()
            .map(|path| path.canonicalize().unwrap_or(path));
        Self {
            home: std::env::home_dir(),
            system_root: PathBuf::from("/"),
            variables,
            executable,
            platform: Platform::current(),
        }
    }

    /// A variable that is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let exact = self.variables.get(name);
        // On Windows `Path` and `PATH` are one.
        let found = exact.or_else(|| {
            let mut all = self
                .variables
                .iter()
                .filter(|_| self.platform == Platform::Windows);
            all.find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        });
        found.map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A variable that holds an absolute path.
    pub fn folder(&self, name: &str) -> Option<PathBuf> {
        self.variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    }

    /// A path below the home folder.
    pub fn below_home(&self, path: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(path))
    }

    /// A path below the system's root.
    pub fn below_system(&self, path: &str) -> PathBuf {
        self.system_root.join(path)
    }

    /// The folders of PATH, in order.
    pub fn path(&self) -> Vec<PathBuf> {
        let path = self.variable("PATH").unwrap_or_default();
        std::env::split_paths(path)
            .filter(|folder| folder.is_absolute())
            .collect()
    }
}
