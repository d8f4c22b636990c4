//! From requests to change sets, by the runner; and the whole way from requests to an operation.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use krepis_change::{At, Change, Code, Failure, FileState, Overlay, Tree};
use krepis_host::{CacheFolder, Environment, Happening, Purpose, Run, RunnerLocation, Runtime};
use krepis_proto::v1::{
    ChangeSet, ClassSite, Command, CommandResult, OverlayFile, Problem, Query, QueryAnswer, StartCommands,
    command, command_result::Outcome, query::Question,
};
use krepis_sandbox::Standing;
use krepis_workspace::{Applied, Workspace};

use crate::console::Console;
use crate::plugins::Plugins;
use crate::propose::{Joined, Pending, Request, Source, propose};
use crate::session::{Session, config, config_text, judge};

/// How often a plan that another process made stale is made again.
const ATTEMPTS: usize = 4;

/// What commands may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Wall-clock seconds.
    pub timeout: f64,
    /// MiB of V8 heap and buffers.
    pub memory_mb: u32,
    /// How many run at once.
    pub jobs: u32,
}

/// The cores that this process may use.
pub fn cores() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    u32::try_from(cores).unwrap_or(1)
}

/// Runs commands of one invocation.
#[derive(Debug)]
pub struct Runner<'a> {
    session: &'a Session,
    workspace: &'a Workspace,
    purpose: Purpose,
    limits: Limits,
    /// Apply nothing unless every command succeeds.
    pub all_or_nothing: bool,
    /// The command that has to succeed after the write, for the record.
    pub verify: Option<String>,
    /// Classes of paths that the user lets plugins change in this run.
    pub consents: Vec<String>,
    /// What each plugin's process was confined with.
    pub in_force: Mutex<BTreeMap<String, Vec<Standing>>>,
    environment: Environment,
    found: Option<(Runtime, RunnerLocation, Option<CacheFolder>)>,
    background: Option<krepis_host::SnapshotBuild>,
    logs: Vec<(String, String)>,
    console: Option<Console>,
}

/// What came of an invocation.
#[derive(Debug)]
pub struct Settled {
    /// The change of all that landed.
    pub change: Change,
    /// Names of the commands whose result is in it.
    pub landed: Vec<String>,
    /// The others.
    pub failed: Vec<(String, Failure)>,
    /// What was applied; `None` in a dry run or where nothing may land.
    pub applied: Option<Applied>,
}

impl<'a> Runner<'a> {
    /// For the built-in generators: any Node above the floor will do.
    pub fn first_party(session: &'a Session, workspace: &'a Workspace) -> Self {
        Self::new(
            session,
            workspace,
            Purpose::FirstParty,
            Limits {
                timeout: 120.0,
                memory_mb: 0,
                jobs: cores(),
            },
        )
    }

    /// For commands of the workspace: the project's own Node, within limits.
    pub fn of_workspace(session: &'a Session, workspace: &'a Workspace, limits: Limits) -> Self {
        Self::new(session, workspace, Purpose::Workspace, limits)
    }

    fn new(session: &'a Session, workspace: &'a Workspace, purpose: Purpose, limits: Limits) -> Self {
        Self {
            session,
            workspace,
            purpose,
            limits,
            all_or_nothing: false,
            verify: None,
            consents: Vec::new(),
            in_force: Mutex::default(),
            environment: Environment::of_process(),
            found: None,
            background: None,
            logs: Vec::new(),
            console: None,
        }
    }

    /// What the commands have printed, with `--json`: in the order of the commands.
    pub fn logs(&self) -> &[(String, String)] {
        &self.logs
    }

    /// Runs the requests, joins what they propose, judges and applies it. A plan that another process has made stale is
    /// made again.
    pub fn settle(&mut self, requests: &[Request], dry_run: bool) -> Result<Settled, Failure> {
        let mut attempt = 1;
        let settled = loop {
            match self.settle_once(requests, dry_run) {
                Err(failure) if failure.exit() == 3 && attempt < ATTEMPTS => attempt += 1,
                outcome => break outcome,
            }
        };
        // Only now is the terminal waited for: the change does not hang on who reads.
        if let Some(console) = self.console.take() {
            console.finish();
        }
        settled
    }

    fn settle_once(&mut self, requests: &[Request], dry_run: bool) -> Result<Settled, Failure> {
        let tree = self.workspace.tree();
        let Joined {
            change,
            landed,
            failed,
        } = self.propose_on(requests, &tree, &Pending::new())?;
        let nothing = landed.is_empty() || (self.all_or_nothing && !failed.is_empty());
        if nothing || dry_run {
            if !nothing {
                judge(&tree, &change)?;
            }
            return Ok(Settled {
                change,
                landed,
                failed,
                applied: None,
            });
        }
        if change.transitions.is_empty() {
            let applied = Applied {
                operation: None,
                change: change.clone(),
                recovered: Vec::new(),
            };
            return Ok(Settled {
                change,
                landed,
                failed,
                applied: Some(applied),
            });
        }
        // A refusal must not even make a `.krepis` folder.
        judge(&tree, &change)?;
        let set = krepis_change::change_set(&change);
        let mut meta = Session::meta(self.workspace, &change.title);
        meta.verify.clone_from(&self.verify);
        let applied = self.session.transact(self.workspace, meta, &mut |tree| {
            krepis_change::resolve(&set, tree)
        })?;
        Ok(Settled {
            change,
            landed,
            failed,
            applied: Some(applied),
        })
    }

    /// Runs the requests on `tree`, which is the disk under `pending`, and joins what they propose.
    pub fn propose_on(
        &mut self,
        requests: &[Request],
        tree: &dyn Tree,
        pending: &Pending,
    ) -> Result<Joined, Failure> {
        propose(requests, tree, &mut |requests, more| {
            let mut all = pending.clone();
            all.extend(more.iter().map(|(path, state)| (path.clone(), state.clone())));
            let over = Overlay::new(tree, more.clone());
            self.run(requests, &over, &all)
        })
    }

    fn run(
        &mut self,
        requests: &[Request],
        tree: &dyn Tree,
        pending: &Pending,
    ) -> Result<Vec<Result<ChangeSet, Failure>>, Failure> {
        let config = config(tree)?;
        if self.found.is_none() {
            self.found = Some(self.find(config.node.as_deref())?);
        }
        let Some((runtime, location, cache)) = &self.found else {
            return Ok(Vec::new());
        };
        let is_plugin = |request: &&Request| matches!(request.source, Source::Plugin { .. });
        let (of_plugins, own): (Vec<&Request>, Vec<&Request>) = requests.iter().partition(is_plugin);
        let collects = self.session.shell.is_json() && self.purpose == Purpose::Workspace;
        let names = requests.iter().map(|request| request.name.as_str());
        let console = self.console.get_or_insert_with(|| Console::new(names));
        let show = Mutex::new(Show::new(requests, console, collects));
        let interrupts = self.session.interrupts();
        let plugins = Plugins {
            runtime,
            location,
            environment: &self.environment,
            workspace: self.workspace,
            config: &config,
            limits: self.limits,
            consents: &self.consents,
            log: &|name, text| lock(&show).print(name, text),
            interrupts,
            in_force: &self.in_force,
        };
        let of_own = Own {
            run: Run {
                runtime,
                location,
                cache: cache.as_ref(),
                environment: &self.environment,
                time_limit: Some(time_limit(&own, self.limits)),
                interrupts,
            },
            root: self.workspace.root(),
            limits: self.limits,
            config: &config,
            show: &show,
        };
        // Beside each other: neither waits for the other's slowest.
        let (of_plugins, own) = std::thread::scope(|scope| {
            let of_plugins = scope.spawn(|| plugins.run(&of_plugins, tree, pending));
            let own = of_own.run(&own, tree, pending);
            let of_plugins = of_plugins
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (of_plugins, own)
        });
        let logs = show
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .finish();
        self.logs = logs;
        // A signal is an end of the whole and no plugin's failure.
        interrupts.map_or(Ok(()), krepis_host::Interrupts::check)?;
        let (own, background) = own?;
        let (mut of_plugins, mut own) = (of_plugins.into_iter(), own.into_iter());
        self.background = background;
        Ok(requests
            .iter()
            .filter_map(|request| {
                if is_plugin(&request) {
                    of_plugins.next()
                } else {
                    own.next()
                }
            })
            .collect())
    }

    fn find(
        &self,
        configured: Option<&str>,
    ) -> Result<(Runtime, RunnerLocation, Option<CacheFolder>), Failure> {
        let cache = CacheFolder::open(&self.environment).ok();
        let option = self.session.global.node.as_deref().map(Path::to_string_lossy);
        let runtime = krepis_host::find_node(&krepis_host::Request {
            environment: &self.environment,
            cache: cache.as_ref(),
            workspace: self.workspace.root(),
            directory: &self.session.directory,
            option: option.as_deref(),
            configured,
            purpose: self.purpose,
        })?;
        Ok((runtime, RunnerLocation::find(&self.environment)?, cache))
    }
}

/// Commands that are not plugins', in one runner.
struct Own<'a, 'show> {
    run: Run<'a>,
    root: &'a Path,
    limits: Limits,
    config: &'a krepis_rules::Config,
    show: &'a Mutex<Show<'show>>,
}

impl Own<'_, '_> {
    fn run(&self, requests: &[&Request], tree: &dyn Tree, pending: &Pending) -> Result<OwnResults, Failure> {
        if requests.is_empty() {
            return Ok((Vec::new(), None));
        }
        let start = StartCommands {
            root: self.root.to_string_lossy().into_owned(),
            commands: ids(requests)
                .map(|(id, request)| self.command(id, request))
                .collect(),
            overlay: pending
                .iter()
                .map(|(path, state)| overlay_file(path.as_str(), state))
                .collect(),
            config_json: config_text(tree),
            jobs: self.limits.jobs,
        };
        let name = |id| {
            ids(requests)
                .find(|(known, _)| *known == id)
                .map(|(_, request)| request.name.as_str())
        };
        let finished = krepis_host::run_commands(
            &self.run,
            &start,
            &mut |query| answer(query, tree, self.config),
            &mut |happening| lock(self.show).see(&happening, &name),
        )?;
        let results = finished
            .results
            .into_iter()
            .zip(requests)
            .map(|(result, request)| outcome(result, &request.name))
            .collect();
        Ok((results, finished.background))
    }

    fn command(&self, id: u32, request: &Request) -> Command {
        Command {
            id,
            name: request.name.clone(),
            source: match &request.source {
                Source::Builtin(kind) => Some(command::Source::Builtin(kind.clone())),
                Source::Module(path) => Some(command::Source::Module(path.to_string_lossy().into_owned())),
                // Never the runner's: it has a process of its own.
                Source::Plugin { .. } => None,
            },
            options_json: request.options.to_string(),
            timeout_ms: Duration::try_from_secs_f64(self.limits.timeout)
                .ok()
                .and_then(|limit| u32::try_from(limit.as_millis()).ok())
                .unwrap_or(u32::MAX),
            memory_mb: self.limits.memory_mb,
        }
    }
}

/// For the whole run, watched from outside. The runner itself ends a command that takes too long, except the single
/// built-in, which has the runner's only thread.
fn time_limit(requests: &[&Request], limits: Limits) -> Duration {
    let longest = Duration::try_from_secs_f64(limits.timeout).unwrap_or(Duration::MAX);
    if let [only] = requests
        && matches!(only.source, Source::Builtin(_))
    {
        return longest;
    }
    let rounds = requests.len().div_ceil(limits.jobs.max(1) as usize);
    longest
        .saturating_mul(u32::try_from(rounds + 1).unwrap_or(u32::MAX))
        .saturating_add(Duration::from_secs(30))
}

/// What is shown of a run.
struct Show<'a> {
    console: &'a mut Console,
    names: Vec<&'a str>,
    /// With `--json`: what was printed, to be in the answer. The built-ins print for whoever debugs them.
    logs: Option<BTreeMap<String, String>>,
    running: Vec<String>,
    finished: usize,
}

/// Whose output cannot be told apart.
const RUNNER: &str = "runner";

impl<'a> Show<'a> {
    fn new(requests: &'a [Request], console: &'a mut Console, collects: bool) -> Self {
        Self {
            console,
            names: requests.iter().map(|request| request.name.as_str()).collect(),
            logs: collects.then(BTreeMap::new),
            running: Vec::new(),
            finished: 0,
        }
    }

    fn print(&mut self, name: &str, text: &str) {
        match &mut self.logs {
            Some(logs) => logs.entry(name.to_owned()).or_default().push_str(text),
            None => self.console.print(name, text),
        }
    }

    fn see<'n>(&mut self, happening: &Happening, name: &dyn Fn(u32) -> Option<&'n str>) {
        match *happening {
            Happening::Printed(log) => self.print(name(log.command).unwrap_or(RUNNER), &log.text),
            Happening::Started(id) => self.started(name(id).unwrap_or(RUNNER)),
            Happening::Finished(id) => self.ended(name(id).unwrap_or(RUNNER)),
        }
    }

    fn started(&mut self, name: &str) {
        if !self.running.iter().any(|running| running == name) {
            self.running.push(name.to_owned());
        }
        self.progress();
    }

    fn ended(&mut self, name: &str) {
        self.running.retain(|running| running != name);
        self.finished += 1;
        self.progress();
    }

    fn progress(&self) {
        let mut text = format!("{}/{} done", self.finished, self.names.len());
        if !self.running.is_empty() {
            text.push_str(&format!("; running: {}", self.running.join(", ")));
        }
        self.console.progress(Some(text));
    }

    /// What was printed, in the order of the commands.
    fn finish(self) -> Vec<(String, String)> {
        self.console.progress(None);
        let mut logs = self.logs.unwrap_or_default();
        let of = |name: &&str| Some(((*name).to_owned(), logs.remove(*name)?));
        let mut all: Vec<(String, String)> = self.names.iter().filter_map(of).collect();
        all.extend(logs.remove_entry(RUNNER));
        all
    }
}

fn lock<'a, 'b>(show: &'a Mutex<Show<'b>>) -> std::sync::MutexGuard<'a, Show<'b>> {
    show.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The next run's snapshot is built when this one has given its answer.
impl Drop for Runner<'_> {
    fn drop(&mut self) {
        if let Some(build) = &self.background {
            build.start();
        }
    }
}

/// Results of commands that are not plugins', and what would make the next run faster.
type OwnResults = (
    Vec<Result<ChangeSet, Failure>>,
    Option<krepis_host::SnapshotBuild>,
);

fn ids<'a>(requests: &[&'a Request]) -> impl Iterator<Item = (u32, &'a Request)> {
    (1..).zip(requests.iter().copied())
}

fn overlay_file(path: &str, state: &FileState) -> OverlayFile {
    OverlayFile {
        path: path.to_owned(),
        content: state.bytes().map(|bytes| bytes.to_vec()),
    }
}

fn answer(query: &Query, tree: &dyn Tree, config: &krepis_rules::Config) -> QueryAnswer {
    let found = match &query.question {
        Some(Question::ClassName(name)) => krepis_rules::find_classes(tree, config, name),
        // The others are for plugins, which read nothing themselves.
        _ => Ok(Vec::new()),
    };
    match found {
        Ok(sites) => QueryAnswer {
            id: query.id,
            classes: class_sites(sites),
            ..QueryAnswer::default()
        },
        Err(failure) => QueryAnswer {
            id: query.id,
            error: Some(problem(&failure)),
            ..QueryAnswer::default()
        },
    }
}

/// Places of classes as a message.
pub fn class_sites(sites: Vec<krepis_rules::ClassSite>) -> Vec<ClassSite> {
    let of = |site: krepis_rules::ClassSite| ClassSite {
        path: site.path.to_string(),
        line: site.line,
        name: site.name,
        exported: site.exported,
    };
    sites.into_iter().map(of).collect()
}

fn problem(failure: &Failure) -> Problem {
    Problem {
        code: failure.code.id.to_owned(),
        message: failure.message.clone(),
        at: failure.at.as_ref().map(|at| krepis_proto::v1::Place {
            path: at.path.clone(),
            line: at.line,
            column: at.column,
        }),
        reason: failure.reason.clone(),
        hint: failure.hint.clone(),
        exit: Some(u32::from(failure.code.exit)),
    }
}

/// What a command's result means for the invocation.
pub fn outcome(result: CommandResult, name: &str) -> Result<ChangeSet, Failure> {
    match result.outcome {
        Some(Outcome::ChangeSet(mut set)) => {
            if set.title.is_empty() {
                name.clone_into(&mut set.title);
            }
            Ok(set)
        }
        Some(Outcome::Refusal(problem)) => {
            // A command may say "bad input" or "no"; the other exit codes are the master's to give.
            let exit = if problem.exit == Some(2) { 2 } else { 1 };
            Err(failure(problem, exit))
        }
        Some(Outcome::Error(problem)) => Err(failure(problem, 70)),
        None => Err(Failure::new(
            &krepis_host::errors::RUNNER_DIED,
            format!("`{name}` gave no result"),
        )),
    }
}

fn failure(problem: Problem, exit: u8) -> Failure {
    // The codes of commands are not known here; a handful of them live as long as the process.
    let id: &'static str = problem.code.leak();
    let code: &'static Code = Box::leak(Box::new(Code { id, exit, title: "" }));
    let mut failure = Failure::new(code, problem.message);
    failure.at = problem.at.map(|at| At {
        path: at.path,
        line: at.line,
        column: at.column,
    });
    failure.reason = problem.reason;
    failure.hint = problem.hint;
    failure
}
