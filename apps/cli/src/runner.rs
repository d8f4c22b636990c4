//! From requests to change sets, by the runner; and the whole way from requests to an operation.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use krepis_change::{At, Change, Code, Failure, FileState, Overlay, Tree};
use krepis_host::{CacheFolder, Environment, Happening, Purpose, Run, RunnerLocation, Runtime};
use krepis_proto::v1::{
    ChangeSet, ClassSite, Command, CommandResult, OverlayFile, Problem, Query, QueryAnswer, StartCommands,
    command, command_result::Outcome, query::Question,
};
use krepis_workspace::{Applied, Workspace};

use crate::console::Console;
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
        let start = StartCommands {
            root: self.workspace.root().to_string_lossy().into_owned(),
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
        let run = Run {
            runtime,
            location,
            cache: cache.as_ref(),
            environment: &self.environment,
            time_limit: Some(self.time_limit(requests)),
            interrupts: self.session.interrupts(),
        };
        let collects = self.session.shell.is_json() && self.purpose == Purpose::Workspace;
        let names = || requests.iter().map(|request| request.name.as_str());
        let console = self.console.get_or_insert_with(|| Console::new(names()));
        let mut show = Show::new(requests, console, collects);
        let finished = krepis_host::run_commands(
            &run,
            &start,
            &mut |query| answer(query, tree, &config),
            &mut |happening| show.see(&happening),
        );
        self.logs = show.finish();
        let finished = finished?;
        self.background = finished.background;
        Ok(finished
            .results
            .into_iter()
            .zip(requests)
            .map(|(result, request)| outcome(result, &request.name))
            .collect())
    }

    /// For the whole run, watched from outside. The runner itself ends a command that takes too long, except the single
    /// built-in, which has the runner's only thread.
    fn time_limit(&self, requests: &[Request]) -> Duration {
        let longest = Duration::try_from_secs_f64(self.limits.timeout).unwrap_or(Duration::MAX);
        if let [only] = requests
            && matches!(only.source, Source::Builtin(_))
        {
            return longest;
        }
        let rounds = requests.len().div_ceil(self.limits.jobs.max(1) as usize);
        longest
            .saturating_mul(u32::try_from(rounds + 1).unwrap_or(u32::MAX))
            .saturating_add(Duration::from_secs(30))
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

    fn command(&self, id: u32, request: &Request) -> Command {
        Command {
            id,
            name: request.name.clone(),
            source: Some(match &request.source {
                Source::Builtin(kind) => command::Source::Builtin(kind.clone()),
                Source::Module(path) => command::Source::Module(path.to_string_lossy().into_owned()),
            }),
            options_json: request.options.to_string(),
            timeout_ms: Duration::try_from_secs_f64(self.limits.timeout)
                .ok()
                .and_then(|limit| u32::try_from(limit.as_millis()).ok())
                .unwrap_or(u32::MAX),
            memory_mb: self.limits.memory_mb,
        }
    }
}

/// What is shown of a run.
struct Show<'a> {
    names: BTreeMap<u32, &'a str>,
    console: &'a mut Console,
    /// With `--json`: what was printed, to be in the answer. The built-ins print for whoever debugs them.
    logs: Option<BTreeMap<u32, String>>,
    running: Vec<u32>,
    finished: usize,
}

impl<'a> Show<'a> {
    fn new(requests: &'a [Request], console: &'a mut Console, collects: bool) -> Self {
        Self {
            names: ids(requests)
                .map(|(id, request)| (id, request.name.as_str()))
                .collect(),
            console,
            logs: collects.then(BTreeMap::new),
            running: Vec::new(),
            finished: 0,
        }
    }

    fn see(&mut self, happening: &Happening) {
        match *happening {
            Happening::Printed(log) => match &mut self.logs {
                Some(logs) => logs.entry(log.command).or_default().push_str(&log.text),
                None => self.console.print(self.name(log.command), &log.text),
            },
            Happening::Started(id) => {
                if !self.running.contains(&id) {
                    self.running.push(id);
                }
                self.progress();
            }
            Happening::Finished(id) => {
                self.running.retain(|running| *running != id);
                self.finished += 1;
                self.progress();
            }
        }
    }

    /// Output that cannot be told apart is the runner's.
    fn name(&self, id: u32) -> &'a str {
        self.names.get(&id).copied().unwrap_or("runner")
    }

    fn progress(&self) {
        let mut text = format!("{}/{} done", self.finished, self.names.len());
        if !self.running.is_empty() {
            let running: Vec<&str> = self.running.iter().map(|id| self.name(*id)).collect();
            text.push_str(&format!("; running: {}", running.join(", ")));
        }
        self.console.progress(Some(text));
    }

    fn finish(self) -> Vec<(String, String)> {
        self.console.progress(None);
        let logs = self.logs.unwrap_or_default();
        let name = |id| self.names.get(&id).copied().unwrap_or("runner").to_owned();
        logs.into_iter().map(|(id, text)| (name(id), text)).collect()
    }
}

/// The next run's snapshot is built when this one has given its answer.
impl Drop for Runner<'_> {
    fn drop(&mut self) {
        if let Some(build) = &self.background {
            build.start();
        }
    }
}

fn ids(requests: &[Request]) -> impl Iterator<Item = (u32, &Request)> {
    (1..).zip(requests)
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
        None => Ok(Vec::new()),
    };
    match found {
        Ok(sites) => QueryAnswer {
            id: query.id,
            classes: sites
                .into_iter()
                .map(|site| ClassSite {
                    path: site.path.to_string(),
                    line: site.line,
                    name: site.name,
                    exported: site.exported,
                })
                .collect(),
            error: None,
        },
        Err(failure) => QueryAnswer {
            id: query.id,
            classes: Vec::new(),
            error: Some(problem(&failure)),
        },
    }
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

fn outcome(result: CommandResult, name: &str) -> Result<ChangeSet, Failure> {
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
