//! What version a program is, asked at most once for each state of the file.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, UNIX_EPOCH};

use semver::Version;

use crate::cache_folder::CacheFolder;
use crate::version::parse_exact;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks programs for their version and remembers the answers across runs.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    file: Option<PathBuf>,
    known: RefCell<BTreeMap<String, String>>,
}

impl Probe {
    /// With the answers of earlier runs, if there is a cache.
    pub fn new(cache: Option<&CacheFolder>) -> Self {
        let file = cache.map(|cache| cache.path().join("node-versions.json"));
        let text = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        // A file that cannot be read is as good as none.
        let known = text
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        Self {
            file,
            known: RefCell::new(known),
        }
    }

    /// The version, from the place the file lies at, from an earlier answer, or from the program itself.
    pub fn version(&self, program: &Path) -> Result<Version, String> {
        if let Some(version) = version_by_place(program) {
            return Ok(version);
        }
        let key = key(program)?;
        if let Some(version) = self.known.borrow().get(&key).and_then(|text| parse_exact(text)) {
            return Ok(version);
        }
        let answer = ask(program)?;
        // Bun says `1.2.3` where Node says `v24.1.0`.
        let version = answer.strip_prefix('v').and_then(parse_exact).ok_or_else(|| {
            format!(
                "`node --version` says `{}`, which Node.js does not",
                answer.escape_debug()
            )
        })?;
        self.known.borrow_mut().insert(key, version.to_string());
        self.save();
        Ok(version)
    }

    fn save(&self) {
        let Some(file) = &self.file else { return };
        let Ok(text) = serde_json::to_string(&*self.known.borrow()) else {
            return;
        };
        let temporary = file.with_extension(format!("{}.tmp", std::process::id()));
        // Only a cache: without it the programs are asked again.
        if std::fs::write(&temporary, text)
            .and_then(|()| std::fs::rename(&temporary, file))
            .is_err()
        {
            drop(std::fs::remove_file(&temporary));
        }
    }
}

/// The version that a layout says: `…/v22.18.0/bin/node`, or the npm package `node` around the program.
fn version_by_place(program: &Path) -> Option<Version> {
    let folder = program.parent()?;
    let home = if folder.file_name().is_some_and(|name| name == "bin") {
        folder.parent()?
    } else {
        folder
    };
    let named = if home.file_name().is_some_and(|name| name == "installation") {
        home.parent()?
    } else {
        home
    };
    if let Some(version) = named.file_name().and_then(|name| parse_exact(name.to_str()?)) {
        return Some(version);
    }
    let manifest: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(home.join("package.json")).ok()?).ok()?;
    (manifest["name"] == "node")
        .then(|| parse_exact(manifest["version"].as_str()?))
        .flatten()
}

fn key(program: &Path) -> Result<String, String> {
    let found = std::fs::metadata(program).map_err(|error| error.to_string())?;
    let modified = found
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default();
    Ok(format!(
        "{}\n{}\n{}",
        program.display(),
        modified.as_nanos(),
        found.len()
    ))
}

fn ask(program: &Path) -> Result<String, String> {
    let mut child = Command::new(program)
        .arg("--version")
        .env_remove("NODE_OPTIONS")
        // Electron would open a window.
        .env("ELECTRON_RUN_AS_NODE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("it does not start: {error}"))?;
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        if Instant::now() > deadline {
            drop(child.kill());
            drop(child.wait());
            return Err(format!(
                "it did not say its version within {} s",
                PATIENCE.as_secs()
            ));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("`node --version` ended with {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim()
        .chars()
        .take(100)
        .collect())
}
