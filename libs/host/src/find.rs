//! Which Node to run the runner on.

use std::path::{Path, PathBuf};

use krepis_change::Failure;
use semver::Version;

use crate::Environment;
use crate::binary;
use crate::candidate::{Candidate, Purpose, Request, Runtime, Source, Verdict};
use crate::errors;
use crate::layouts::{Manager, resolve_alias};
use crate::pins::{Pin, engines, pins};
use crate::probe::Probe;
use crate::range::Range;
use crate::version::{Wish, better, plain_word, unsuitable};

/// Finds the Node to use.
///
/// Looks only as far as it must: candidates that come later than the first fitting one are not even listed.
pub fn find_node(request: &Request) -> Result<Runtime, Failure> {
    Search::new(request)?.run(false).0
}

/// Every candidate in the order of the search, and what was thought of it.
pub fn explain(request: &Request) -> Result<Vec<Candidate>, Failure> {
    let (chosen, mut candidates) = Search::new(request)?.run(true);
    if let Ok(chosen) = chosen
        && let Some(candidate) = candidates.iter_mut().find(|candidate| {
            candidate.source == chosen.source && candidate.path.as_deref() == Some(chosen.path.as_path())
        })
    {
        candidate.verdict = Verdict::Chosen;
    }
    Ok(candidates)
}

struct Search<'a> {
    request: &'a Request<'a>,
    probe: Probe,
    pins: Vec<Pin>,
    engines: Option<(String, Range)>,
}

type Outcome = (Result<Runtime, Failure>, Vec<Candidate>);

impl<'a> Search<'a> {
    fn new(request: &'a Request<'a>) -> Result<Self, Failure> {
        let binding = request.purpose != Purpose::FirstParty;
        let pins = pins(
            request.environment,
            request.configured,
            request.workspace,
            request.directory,
        );
        let engines = engines(request.workspace, request.directory);
        Ok(Self {
            request,
            probe: Probe::new(request.cache),
            // Our own generators also run where a manifest is broken: one of them may mend it.
            pins: if binding { pins? } else { pins.unwrap_or_default() },
            engines: if binding { engines? } else { None },
        })
    }

    /// The choice, and what was looked at; everything if `all`.
    fn run(&self, all: bool) -> Outcome {
        let mut choice: Option<Result<Runtime, Failure>> = None;
        let mut seen: Vec<Candidate> = Vec::new();
        for stage in 0..7 {
            if choice.is_some() && !all {
                break;
            }
            let (decision, candidates) = match stage {
                0 => self.named(
                    &Source::Variable,
                    self.request.environment.variable("KREPIS_NODE"),
                ),
                1 => self.named(&Source::Option, self.request.option),
                2 => self.pinned(),
                3 => self.first(&Source::Workspace, self.of_workspace()),
                4 => self.first(&Source::Path, self.of_path()),
                5 => self.of_layouts(),
                _ => self.first(&Source::Bundled, self.bundled()),
            };
            choice = choice.or(decision);
            for candidate in candidates {
                // `/bin` is often `/usr/bin` by another name.
                if !seen
                    .iter()
                    .any(|known| known.source == candidate.source && known.path == candidate.path)
                {
                    seen.push(candidate);
                }
            }
        }
        (choice.unwrap_or_else(|| Err(no_node(&seen))), seen)
    }

    /// What the user names is taken or refused, never passed over.
    fn named(
        &self,
        source: &Source,
        value: Option<&str>,
    ) -> (Option<Result<Runtime, Failure>>, Vec<Candidate>) {
        let Some(value) = value else {
            return (None, Vec::new());
        };
        let unusable = |reason: String| {
            Failure::new(&errors::NODE_UNUSABLE, format!("{source} names `{value}`, which cannot be used"))
                .reason(reason)
                .hint("name a Node.js from 22.18 on, by path or version; `krepis runtime --explain` lists what is there")
        };
        if let Some(path) = as_path(value, self.request.directory) {
            let path = self.program_at(path);
            let (runtime, candidate) = self.judge(source.clone(), &path, None);
            let refused = match &candidate.verdict {
                Verdict::Refused(reason) => reason.clone(),
                _ => String::new(),
            };
            return (Some(runtime.ok_or_else(|| unusable(refused))), vec![candidate]);
        }
        let alias = resolve_alias(self.request.environment, value);
        let Some(wish) = alias.ok().and_then(|word| Wish::parse(&word, None)) else {
            return (
                Some(Err(unusable(
                    "it is neither a path nor a version nor an alias".into(),
                ))),
                Vec::new(),
            );
        };
        match self.granted(source, std::slice::from_ref(&wish)) {
            Some(runtime) => {
                let candidate = usable(&runtime);
                (Some(Ok(runtime)), vec![candidate])
            }
            None => (
                Some(Err(
                    unusable("no such version is installed".into()).hint(self.install(value, None))
                )),
                Vec::new(),
            ),
        }
    }

    /// The first pin decides; for our own generators a pin that is not there is passed over.
    fn pinned(&self) -> (Option<Result<Runtime, Failure>>, Vec<Candidate>) {
        let mut seen = Vec::new();
        let mut decision = None;
        for pin in &self.pins {
            let source = Source::Pin(pin.source.clone());
            let result = self.of_pin(pin, &source);
            match result {
                Ok(runtime) => {
                    seen.push(usable(&runtime));
                    decision = decision.or(Some(Ok(runtime)));
                }
                Err(failure) => {
                    let reason = failure.reason.clone().unwrap_or_else(|| failure.message.clone());
                    seen.push(Candidate {
                        source,
                        path: None,
                        version: None,
                        verdict: Verdict::Refused(reason),
                    });
                    if pin.binding && self.request.purpose != Purpose::FirstParty {
                        decision = decision.or(Some(Err(failure)));
                    }
                }
            }
        }
        (decision, seen)
    }

    fn of_pin(&self, pin: &Pin, source: &Source) -> Result<Runtime, Failure> {
        if pin.wishes.is_empty() {
            return Err(Failure::new(&errors::PIN_MALFORMED, "it is empty: passed over"));
        }
        let as_program = |path: &Path| {
            let path = self.program_at(self.request.workspace.join(path));
            let (runtime, candidate) = self.judge(source.clone(), &path, None);
            runtime.ok_or_else(|| {
                Failure::new(
                    &errors::PIN_NOT_INSTALLED,
                    format!("{source} asks for {}", path.display()),
                )
                .reason(candidate.why())
                .hint("name a Node.js that is there, or a version")
            })
        };
        if let [only] = pin.wishes.as_slice()
            && let Some(path) = as_path(only, self.request.workspace)
            && path.exists()
        {
            return as_program(&path);
        }
        let wishes = pin.parsed(self.request.environment)?;
        if let [Wish::Path(path)] = wishes.as_slice() {
            return as_program(path);
        }
        self.granted(source, &wishes).ok_or_else(|| {
            let wanted = pin.wishes.join(" or ");
            let first = pin.wishes.first().map_or("", String::as_str);
            Failure::new(
                &errors::PIN_NOT_INSTALLED,
                format!("{source} asks for Node.js {wanted}, which is not installed"),
            )
            .reason(self.why_not(&wishes, &wanted))
            .hint(self.install(first, pin.manager))
        })
    }

    /// The best installed version that one of the wishes accepts; an earlier wish goes before a later one.
    fn granted(&self, source: &Source, wishes: &[Wish]) -> Option<Runtime> {
        let installed = self.installed();
        wishes.iter().find_map(|wish| {
            let best = installed
                .iter()
                .filter(|one| wish.accepts(&one.version) && (*wish != Wish::System || one.of_system))
                // Of equal ones the first in the order of the search.
                .rev()
                .max_by(|a, b| wish.compare(&a.version, &b.version))?;
            Some(Runtime {
                path: best.path.clone(),
                version: best.version.clone(),
                source: source.clone(),
            })
        })
    }

    /// That none is there, or what is wrong with the one that is.
    fn why_not(&self, wishes: &[Wish], wanted: &str) -> String {
        let places = Manager::ALL
            .into_iter()
            .flat_map(|manager| manager.installed(self.request.environment));
        let mut refused = places.filter_map(|(path, version)| {
            let version = crate::version::parse_exact(&version?)?;
            let (_, candidate) = self.judge(Source::Path, &path, Some(&version.to_string()));
            wishes
                .iter()
                .any(|wish| wish.accepts(&version))
                .then(|| format!("{} cannot be used: {}", path.display(), candidate.why()))
        });
        refused
            .next()
            .unwrap_or_else(|| format!("no usable Node.js {wanted} is in any known place"))
    }

    /// Every usable Node of this machine.
    fn installed(&self) -> Vec<Installed> {
        let environment = self.request.environment;
        let plain = |paths: Vec<PathBuf>| paths.into_iter().map(|path| (path, None));
        let mut places: Vec<(PathBuf, Option<String>)> = plain(self.of_workspace()).collect();
        let of_workspace = places.len();
        places.extend(plain(self.of_path()));
        for manager in Manager::ALL {
            places.extend(manager.installed(environment));
        }
        places.extend(plain(self.bundled()));
        let judged = places
            .into_iter()
            .enumerate()
            .filter_map(|(index, (path, version))| {
                let runtime = self.judge(Source::Path, &path, version.as_deref()).0?;
                Some(Installed {
                    of_system: index >= of_workspace
                        && version.is_none()
                        && !is_managed(environment, &runtime.path),
                    path: runtime.path,
                    version: runtime.version,
                })
            });
        judged.collect()
    }

    /// A folder stands for the program in it.
    fn program_at(&self, path: PathBuf) -> PathBuf {
        let platform = self.request.environment.platform;
        if !path.is_dir() {
            return path;
        }
        [platform.program_in(&path), path.join(platform.node())]
            .into_iter()
            .find(|program| program.is_file())
            .unwrap_or(path)
    }

    /// The first usable one of a list.
    fn first(
        &self,
        source: &Source,
        places: Vec<PathBuf>,
    ) -> (Option<Result<Runtime, Failure>>, Vec<Candidate>) {
        let mut seen = Vec::new();
        let mut found = None;
        for path in places {
            let (runtime, candidate) = self.judge_with_engines(source.clone(), &path, None);
            seen.push(candidate);
            found = found.or(runtime.map(Ok));
        }
        (found, seen)
    }

    fn of_layouts(&self) -> (Option<Result<Runtime, Failure>>, Vec<Candidate>) {
        let mut seen = Vec::new();
        let mut best: Option<Runtime> = None;
        for manager in Manager::ALL {
            for (path, version) in manager.installed(self.request.environment) {
                let (runtime, candidate) =
                    self.judge_with_engines(Source::Layout(manager), &path, version.as_deref());
                seen.push(candidate);
                if let Some(runtime) = runtime
                    && best
                        .as_ref()
                        .is_none_or(|best| better(&runtime.version, &best.version).is_gt())
                {
                    best = Some(runtime);
                }
            }
        }
        (best.map(Ok), seen)
    }

    fn of_workspace(&self) -> Vec<PathBuf> {
        let Request {
            workspace, directory, ..
        } = self.request;
        let platform = self.request.environment.platform;
        let folders = directory
            .ancestors()
            .take_while(|folder| folder.starts_with(workspace));
        folders
            .map(|folder| folder.join("node_modules"))
            // The package's own program first: `.bin/node` may be a script around it.
            .flat_map(|modules| {
                [
                    platform.program_in(&modules.join("node")),
                    modules.join(".bin").join(platform.node()),
                ]
            })
            .filter(|path| path.is_file())
            .take(1)
            .collect()
    }

    fn of_path(&self) -> Vec<PathBuf> {
        self.request
            .environment
            .path()
            .into_iter()
            .map(|folder| folder.join(self.request.environment.platform.node()))
            .filter(|path| path.is_file())
            .collect()
    }

    fn bundled(&self) -> Vec<PathBuf> {
        let environment = self.request.environment;
        let named = environment.folder("KREPIS_BUNDLED_NODE");
        let beside = environment
            .executable
            .iter()
            .flat_map(|program| program.ancestors().skip(1));
        let found = beside
            .map(|folder| {
                environment
                    .platform
                    .program_in(&folder.join("node_modules").join("node"))
            })
            .find(|path| path.is_file());
        named.into_iter().chain(found).collect()
    }

    fn judge_with_engines(
        &self,
        source: Source,
        path: &Path,
        version: Option<&str>,
    ) -> (Option<Runtime>, Candidate) {
        let (runtime, mut candidate) = self.judge(source, path, version);
        if let (Some(runtime), Some((text, range))) = (&runtime, &self.engines)
            && !range.satisfies(&runtime.version)
        {
            candidate.verdict = Verdict::Refused(format!("package.json wants {text} (engines.node)"));
            return (None, candidate);
        }
        (runtime, candidate)
    }

    fn judge(&self, source: Source, path: &Path, version: Option<&str>) -> (Option<Runtime>, Candidate) {
        let mut candidate = Candidate {
            source: source.clone(),
            path: Some(path.into()),
            version: None,
            verdict: Verdict::Usable,
        };
        match self.examine(path, version) {
            Ok((real, version)) => {
                candidate.path = Some(real.clone());
                candidate.version = Some(version.clone());
                if let Some(reason) = unsuitable(&version, self.request.purpose) {
                    candidate.verdict = Verdict::Refused(reason);
                    return (None, candidate);
                }
                (
                    Some(Runtime {
                        path: real,
                        version,
                        source,
                    }),
                    candidate,
                )
            }
            Err(reason) => {
                candidate.verdict = Verdict::Refused(reason);
                (None, candidate)
            }
        }
    }

    /// The real program behind a path, and its version.
    fn examine(&self, path: &Path, version: Option<&str>) -> Result<(PathBuf, Version), String> {
        if let Some(version) = version.and_then(crate::version::parse_exact) {
            executable(path)?;
            return match binary::objection(path, self.request.environment.platform) {
                Some(reason) => Err(reason),
                None => Ok((path.into(), version)),
            };
        }
        let real = path.canonicalize().map_err(|error| error.to_string())?;
        if let Some(manager) = Manager::of_shim(self.request.environment, path, &real) {
            return self.behind_shim(manager);
        }
        if let Some(text) = binary::script(&real)
            && let Some(manager) = Manager::of_script(&text)
        {
            return self.behind_shim(manager);
        }
        let name = real
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name != "node" && name != "nodejs" {
            return Err(format!("it is `{name}` and not Node.js"));
        }
        executable(&real)?;
        if let Some(reason) = binary::objection(&real, self.request.environment.platform) {
            return Err(reason);
        }
        let version = self.probe.version(&real)?;
        Ok((real, version))
    }

    /// Shims cost up to 120 ms a call and start whatever the folder says: the program behind is taken from the layout.
    fn behind_shim(&self, manager: Manager) -> Result<(PathBuf, Version), String> {
        let environment = self.request.environment;
        let default = manager.default_version(environment);
        let wish = default
            .as_deref()
            .and_then(|text| Wish::parse(&resolve_alias(environment, text).ok()?, Some(manager)));
        let installed = manager
            .installed(environment)
            .into_iter()
            .filter_map(|(path, version)| {
                let version = crate::version::parse_exact(&version?)?;
                wish.as_ref()
                    .is_none_or(|wish| wish.accepts(&version))
                    .then_some((path, version))
            });
        installed.max_by(|a, b| better(&a.1, &b.1)).ok_or_else(|| {
            format!(
                "it is a shim of {manager}, which has no Node.js {}",
                default.as_deref().unwrap_or("installed")
            )
        })
    }

    /// The command that installs a version, in the terms of the manager that the machine or the file points at.
    fn install(&self, version: &str, manager: Option<Manager>) -> String {
        let environment = self.request.environment;
        let present = |manager: &Manager| manager.is_present(environment);
        let active = |manager: &Manager| manager.is_active(environment);
        let mut all = Manager::ALL
            .into_iter()
            .filter(present)
            .filter(|manager| manager.install_command(version).is_some());
        // The one in use goes before the one whose file it is: mise reads asdf's files, fnm and others read nvm's.
        let first = all.clone().find(active).or_else(|| manager.filter(present));
        let manager = first.or_else(|| all.next());
        let version = match manager {
            // Theirs is the word.
            Some(Manager::Nvm | Manager::Fnm) => version.to_owned(),
            _ => plain_word(version),
        };
        let version = version.trim_start_matches('v');
        // `lts/*` and `>=22` mean something to a shell.
        let quoted = format!("'{version}'");
        let plain = version
            .chars()
            .all(|letter| letter.is_alphanumeric() || ".-/".contains(letter));
        let version = if plain { version } else { quoted.as_str() };
        let command = manager.and_then(|manager| manager.install_command(version));
        format!(
            "run `{}`",
            command.unwrap_or_else(|| format!("npm install --save-dev node@{version}"))
        )
    }
}

/// A Node of this machine.
struct Installed {
    path: PathBuf,
    version: Version,
    /// No version manager brought it.
    of_system: bool,
}

fn is_managed(environment: &Environment, path: &Path) -> bool {
    Manager::ALL
        .into_iter()
        .flat_map(|manager| manager.installed(environment))
        .any(|(program, version)| version.is_some() && program == path)
}

fn usable(runtime: &Runtime) -> Candidate {
    Candidate {
        source: runtime.source.clone(),
        path: Some(runtime.path.clone()),
        version: Some(runtime.version.clone()),
        verdict: Verdict::Usable,
    }
}

/// A value with a separator is a path; relative ones count from `base`.
fn as_path(value: &str, base: &Path) -> Option<PathBuf> {
    // `lts/*` has one too.
    let is_path = (value.contains('/') || value.contains('\\')) && Wish::parse(value, None).is_none();
    is_path.then(|| base.join(value))
}

#[cfg(unix)]
fn executable(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let found = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if found.is_file() && found.permissions().mode() & 0o111 != 0 {
        Ok(())
    } else {
        Err("it is not executable".into())
    }
}

#[cfg(not(unix))]
fn executable(path: &Path) -> Result<(), String> {
    if path.is_file() {
        Ok(())
    } else {
        Err("it is not a file".into())
    }
}

fn no_node(seen: &[Candidate]) -> Failure {
    let refused: Vec<String> = seen
        .iter()
        .filter_map(|candidate| {
            let Verdict::Refused(reason) = &candidate.verdict else {
                return None;
            };
            Some(format!(
                "{} ({}): {reason}",
                candidate.path.as_ref()?.display(),
                candidate.source
            ))
        })
        .collect();
    let reason = if refused.is_empty() {
        "none is in any known place".into()
    } else {
        refused.join("; ")
    };
    Failure::new(&errors::NO_NODE, "there is no Node.js to run the generators on")
        .reason(reason)
        .hint("install Node.js 24 (https://nodejs.org), or name one with --node or KREPIS_NODE; `krepis runtime --explain` lists every candidate")
}
