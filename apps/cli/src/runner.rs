//! From requests to change sets, by the runner; and the whole way from requests to an operation.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use krepis_change::{At, Change, Code, Failure, FileState, Overlay, Tree};
use krepis_host::{CacheFolder, Environment, Purpose, Run, RunnerLocation, Runtime};
use krepis_proto::v1::{
    ChangeSet, ClassSite, Command, CommandResult, OverlayFile, Problem, Query, QueryAnswer, StartCommands,
    command, command_result::Outcome, query::Question,
};
use krepis_sandbox::Standing;
use krepis_workspace::{Applied, Workspace};

use crate::plugins::Plugins;
use crate::propose::{Joined, Pending, Request, Source, propose};
use crate::session::{Session, config, config_text, judge};

/// How often a plan that another process made stale is made again.
const ATTEMPTS: usize = 4;

/// What a command may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Wall-clock seconds.
    pub timeout: f64,
    /// MiB of V8 heap.
    pub memory_mb: u32,
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
    /// Classes of paths that the user lets plugins change in this run.
    pub consents: Vec<String>,
    /// What each plugin's process was confined with.
    pub in_force: Mutex<BTreeMap<String, Vec<Standing>>>,
    environment: Environment,
    found: Option<(Runtime, RunnerLocation, Option<CacheFolder>)>,
    background: Option<krepis_host::SnapshotBuild>,
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
            consents: Vec::new(),
            in_force: Mutex::default(),
            environment: Environment::of_process(),
            found: None,
            background: None,
        }
    }

    /// Runs the requests, joins what they propose, judges and applies it. A plan that another process has made stale is
    /// made again.
    pub fn settle(&mut self, requests: &[Request], dry_run: bool) -> Result<Settled, Failure> {
        let mut attempt = 1;
        loop {
            match self.settle_once(requests, dry_run) {
                Err(failure) if failure.exit() == 3 && attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
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
        let meta = Session::meta(self.workspace, &change.title);
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
        let plugins = Plugins {
            runtime,
            location,
            environment: &self.environment,
            workspace: self.workspace,
            config: &config,
            limits: self.limits,
            consents: &self.consents,
            shell: self.session.shell,
            in_force: &self.in_force,
        };
        // Beside each other: neither waits for the other's slowest.
        let (of_plugins, own) = std::thread::scope(|scope| {
            let of_plugins = scope.spawn(|| plugins.run(&of_plugins, tree, pending));
            let own = self.run_own(&own, tree, pending, &config, (runtime, location, cache.as_ref()));
            let of_plugins = of_plugins
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (of_plugins, own)
        });
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

    fn run_own(
        &self,
        requests: &[&Request],
        tree: &dyn Tree,
        pending: &Pending,
        config: &krepis_rules::Config,
        (runtime, location, cache): (&Runtime, &RunnerLocation, Option<&CacheFolder>),
    ) -> Result<OwnResults, Failure> {
        if requests.is_empty() {
            return Ok((Vec::new(), None));
        }
        let names: BTreeMap<u32, &str> = ids(requests)
            .map(|(id, request)| (id, request.name.as_str()))
            .collect();
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
        };
        let longest = Duration::try_from_secs_f64(self.limits.timeout).unwrap_or(Duration::from_mins(1));
        let run = Run {
            runtime,
            location,
            cache,
            environment: &self.environment,
            // The runner ends a command that takes too long; this is for a runner that does not.
            time_limit: Some(longest * 2 + Duration::from_secs(30)),
        };
        let shell = self.session.shell;
        let finished = krepis_host::run_commands(
            &run,
            &start,
            &mut |query| answer(query, tree, config),
            &mut |log| shell.log(names.get(&log.command).copied().unwrap_or("runner"), &log.text),
        )?;
        let results = finished
            .results
            .into_iter()
            .zip(requests)
            .map(|(result, request)| outcome(result, &request.name))
            .collect();
        Ok((results, finished.background))
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
