//! One command of a plugin in a process of its own: exactly one result, however it ends.

use std::fmt;
use std::process::Command as Program;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use krepis_change::{Failure, Tree, WorkspacePath};
use krepis_proto::v1::{
    ClassSite, Command, CommandResult, Problem, Query, QueryAnswer, StartCommands, command,
    command_result::Outcome, query::Question, runner_frame::Frame,
};
use krepis_sandbox::{Attached, Confinement, Layers, Limits, Policy, Standing};

use super::broker::Broker;
use super::{Plugin, errors, program, view};
use crate::runner::{Death, Event, Runner};
use crate::{Environment, Interrupts, RunnerLocation, Runtime};

/// Memory that Node itself needs beside a command's, in MiB.
const OWN_MEMORY_MB: u64 = 96;
/// Output that is shown of one command, in bytes.
const SHOWN: usize = 1 << 20;
/// Output from which on a command is ended.
const FLOOD: usize = 16 << 20;
/// Answers that a process may leave unread.
const BACKLOG: usize = 80 << 20;
/// Descriptors of a process: its three streams and the frames, in and out.
const FIRST_CLOSED: u32 = 5;

/// What a command of a plugin may use.
#[derive(Debug, Clone, Copy)]
pub struct PluginLimits {
    /// Wall-clock time.
    pub time: Duration,
    /// MiB of memory of every kind, beside what Node itself takes.
    pub memory_mb: u32,
}

/// One command of a plugin, and what it is run with.
pub struct PluginRun<'a> {
    /// The Node to run on.
    pub runtime: &'a Runtime,
    /// The runner's bundle.
    pub location: &'a RunnerLocation,
    /// The environment of which declared variables are handed on.
    pub environment: &'a Environment,
    /// The plugin.
    pub plugin: &'a Plugin,
    /// Name of its command.
    pub command: &'a str,
    /// A JSON object.
    pub options_json: String,
    /// What it may use.
    pub limits: PluginLimits,
    /// What it is confined with (of [`decide`](super::decide)).
    pub layers: &'a Layers,
    /// The workspace as the command sees it: [`Beneath`](super::Beneath) with pending content over it.
    pub tree: &'a dyn Tree,
    /// Text of krepis.json; told only where the manifest declares to read it.
    pub config_json: &'a str,
    /// Where a class is declared.
    pub classes: &'a (dyn Fn(&str) -> Result<Vec<ClassSite>, Failure> + Sync),
    /// Signals that ask for an end.
    pub interrupts: Option<&'a Interrupts>,
    /// Takes what the command prints.
    pub log: &'a (dyn Fn(&str) + Sync),
}

impl fmt::Debug for PluginRun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginRun")
            .field("plugin", &self.plugin.name)
            .field("command", &self.command)
            .field("limits", &self.limits)
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}

/// What came of it.
#[derive(Debug)]
pub struct PluginFinished {
    /// The result; a process that broke has an error as its result.
    pub result: CommandResult,
    /// What was in force.
    pub in_force: Vec<Standing>,
}

/// Runs one command of a plugin.
///
/// # Errors
/// `KRP5212` no such command, `KRP5220` a Node that is too old, `KRP5201` and `KRP5202` a layer that is missing or cannot be
/// set: nothing was started then.
pub fn run_plugin(run: &PluginRun) -> Result<PluginFinished, Failure> {
    let module = run.plugin.module(run.command)?;
    program::check_node(run.runtime)?;
    let entry = run.location.file("plugin.cjs");
    let api = run.location.file("plugin-api.cjs");
    let reads = vec![run.plugin.folder.clone(), entry.clone(), api];
    let (execute, mut read) = program::files(&run.runtime.path);
    read.extend(reads.iter().cloned());
    let confinement = Confinement::prepare(&Policy {
        read,
        execute,
        limits: Limits {
            memory: (u64::from(run.limits.memory_mb) + OWN_MEMORY_MB) << 20,
            ..Limits::default()
        },
        layers: run.layers.clone(),
    })?;
    let mut in_force = confinement.in_force().to_vec();
    let mut program = Program::new(&run.runtime.path);
    program
        .args(program::arguments(
            &run.runtime.version,
            &reads,
            run.limits.memory_mb,
        ))
        .arg(&entry)
        .current_dir(&run.plugin.folder)
        .env_clear()
        .envs(program::environment(run.plugin, run.environment));
    let hold = run.interrupts.map(Interrupts::hold);
    let (mut runner, attached) = Runner::spawn(program, Some(run.limits.time), |program| {
        confinement.attach(program, FIRST_CLOSED)
    })
    .map_err(|failure| match failure.code {
        // A layer's own failure says more.
        code if code == &crate::errors::RUNNER_NOT_STARTED => Failure {
            code: &errors::PLUGIN_NOT_STARTED,
            ..failure
        },
        _ => failure,
    })?;
    if let Some(interrupts) = run.interrupts {
        runner.watch(interrupts);
    }
    in_force.sort_by_key(|standing| standing.layer);
    let watch = Watch::start(&runner, &attached, run.limits.memory_mb);
    let mut session = Session {
        run,
        runner,
        attached,
        broker: Broker::new(&run.plugin.name, &run.plugin.hosts),
        printed: 0,
    };
    let end = session.go(&module.to_string_lossy());
    drop(session.runner.finish(true));
    let outcome = match end {
        End::Outcome(outcome) => Some(outcome),
        End::Interrupted => None,
        end => {
            let ran_out =
                watch.as_ref().is_some_and(Watch::has_struck) || session.attached.ran_out_of_memory();
            Some(Outcome::Error(explain(run, end, ran_out)))
        }
    };
    drop(watch);
    // The process before its group.
    let Session { runner, attached, .. } = session;
    drop(runner);
    drop(attached);
    drop(hold);
    if let (None, Some(interrupts)) = (&outcome, run.interrupts) {
        interrupts.check()?;
    }
    Ok(PluginFinished {
        result: CommandResult { command: 1, outcome },
        in_force,
    })
}

/// How it ended.
enum End {
    Outcome(Outcome),
    Died(Death),
    TimedOut,
    Interrupted,
    Flooded,
    Garbled(Failure),
}

struct Session<'a> {
    run: &'a PluginRun<'a>,
    runner: Runner,
    attached: Attached,
    broker: Broker<'a>,
    printed: usize,
}

impl Session<'_> {
    fn go(&mut self, module: &str) -> End {
        loop {
            let event = match self.runner.next() {
                Ok(event) => event,
                Err(failure) => return End::Garbled(failure),
            };
            match event {
                // It has loaded our code and nobody else's yet.
                Event::Frame(Frame::Ready(_)) => {
                    let given = self
                        .attached
                        .set_memory_limit(self.runner.child())
                        .and_then(|()| self.runner.give(self.start(module)));
                    if let Err(failure) = given {
                        return End::Garbled(failure);
                    }
                }
                Event::Frame(Frame::Result(result)) => {
                    if let (1, Some(outcome)) = (result.command, result.outcome) {
                        return End::Outcome(outcome);
                    }
                    return End::Garbled(Failure::new(
                        &errors::PLUGIN_GARBLED,
                        "it sent a result that is none",
                    ));
                }
                Event::Frame(Frame::Query(query)) => {
                    let answer = QueryAnswer {
                        id: query.id,
                        ..self.answer(query)
                    };
                    if let Err(failure) = self.runner.answer(answer) {
                        return End::Garbled(failure);
                    }
                    if self.runner.backlog() > BACKLOG {
                        return End::Flooded;
                    }
                }
                Event::Frame(Frame::Started(_)) => {}
                Event::Frame(Frame::Log(log)) => {
                    if !self.print(&log.text) {
                        return End::Flooded;
                    }
                }
                Event::Output(text) => {
                    if !self.print(&text) {
                        return End::Flooded;
                    }
                }
                Event::End => return End::Died(self.runner.death()),
                Event::TimedOut => return End::TimedOut,
                Event::Interrupted => return End::Interrupted,
            }
        }
    }

    fn start(&self, module: &str) -> StartCommands {
        let sees_config =
            WorkspacePath::parse("krepis.json").is_ok_and(|path| self.run.plugin.may_read(&path));
        StartCommands {
            // For places in messages. Where the workspace lies is not told.
            root: self.run.plugin.folder.to_string_lossy().into_owned(),
            commands: vec![Command {
                id: 1,
                name: format!("{}:{}", self.run.plugin.name, self.run.command),
                source: Some(command::Source::Module(module.to_owned())),
                options_json: self.run.options_json.clone(),
                ..Command::default()
            }],
            config_json: if sees_config {
                self.run.config_json.to_owned()
            } else {
                String::new()
            },
            ..StartCommands::default()
        }
    }

    fn answer(&mut self, query: Query) -> QueryAnswer {
        let Self { run, broker, .. } = self;
        match query.question {
            Some(Question::Read(path)) => view::read(run.plugin, run.tree, &path),
            Some(Question::List(path)) => view::list(run.plugin, run.tree, &path),
            Some(Question::ClassName(name)) => view::classes(run.plugin, (run.classes)(&name)),
            Some(Question::Http(request)) => {
                let left = self.runner.time_left().unwrap_or(Duration::MAX);
                match broker.request(request, left) {
                    Ok(response) => QueryAnswer {
                        http: Some(response),
                        ..QueryAnswer::default()
                    },
                    Err(failure) => view::failed(&failure),
                }
            }
            None => QueryAnswer::default(),
        }
    }

    /// False if it is enough.
    fn print(&mut self, text: &str) -> bool {
        let before = self.printed;
        self.printed += text.len();
        if before < SHOWN {
            let mut end = text.len().min(SHOWN - before);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            (self.run.log)(&text[..end]);
            if end < text.len() {
                (self.run.log)("[the rest of this command's output is left out]\n");
            }
        }
        self.printed <= FLOOD
    }
}

/// Watches a process's memory where the kernel does not.
struct Watch {
    over: Arc<AtomicBool>,
    struck: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    /// None where a control group does it.
    fn start(runner: &Runner, attached: &Attached, memory_mb: u32) -> Option<Self> {
        if !attached.needs_watching() {
            return None;
        }
        let number = runner.child().id();
        let handle = Handle::open(number)?;
        let most = (u64::from(memory_mb) + OWN_MEMORY_MB) << 20;
        let over = Arc::new(AtomicBool::new(false));
        let struck = Arc::new(AtomicBool::new(false));
        let (is_over, strikes) = (Arc::clone(&over), Arc::clone(&struck));
        let thread = std::thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                if resident(number).is_some_and(|bytes| bytes > most) {
                    strikes.store(true, Ordering::SeqCst);
                    handle.kill();
                    return;
                }
                std::thread::park_timeout(Duration::from_millis(5));
            }
        });
        Some(Self {
            over,
            struck,
            thread: Some(thread),
        })
    }

    fn has_struck(&self) -> bool {
        self.struck.load(Ordering::SeqCst)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            drop(thread.join());
        }
    }
}

/// Names a process for as long as it is held, whatever becomes of its number.
#[cfg(target_os = "linux")]
struct Handle(std::os::fd::OwnedFd);

#[cfg(target_os = "linux")]
impl Handle {
    fn open(number: u32) -> Option<Self> {
        let pid = rustix::process::Pid::from_raw(i32::try_from(number).ok()?)?;
        rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())
            .ok()
            .map(Self)
    }

    fn kill(&self) {
        // It may have ended by itself.
        let _ = rustix::process::pidfd_send_signal(&self.0, rustix::process::Signal::KILL);
    }
}

#[cfg(not(target_os = "linux"))]
struct Handle(());

#[cfg(not(target_os = "linux"))]
impl Handle {
    fn open(_number: u32) -> Option<Self> {
        None
    }

    fn kill(&self) {}
}

/// Bytes of a process that are in memory.
fn resident(number: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{number}/statm")).ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

fn explain(run: &PluginRun, end: End, ran_out: bool) -> Problem {
    let name = format!("{}:{}", run.plugin.name, run.command);
    let unchanged = "nothing was changed";
    let failure = match end {
        End::Died(death) if ran_out || death.out_of_memory => Failure::new(
            &errors::PLUGIN_OUT_OF_MEMORY,
            format!("`{name}` needed more than {} MiB of memory", run.limits.memory_mb),
        )
        .reason(death.how)
        .hint(format!(
            "{unchanged}; give it more with --memory, or make it hold less at a time"
        )),
        End::Died(death) => Failure::new(
            &errors::PLUGIN_DIED,
            format!("the process of `{name}` ended before it had a result"),
        )
        .reason(match death.last_lines {
            Some(lines) => format!("{}; the last it said:\n{lines}", death.how),
            None => death.how,
        })
        .hint(format!(
            "{unchanged}; a command returns a change set and does not end its process"
        )),
        End::TimedOut => Failure::new(
            &errors::PLUGIN_TIMED_OUT,
            format!(
                "`{name}` ran longer than {} ms and was stopped",
                run.limits.time.as_millis()
            ),
        )
        .hint(format!(
            "{unchanged}; give it more with --timeout, or make it faster"
        )),
        End::Flooded => Failure::new(
            &errors::PLUGIN_FLOODED,
            format!("`{name}` wrote more than {} MiB and was stopped", FLOOD >> 20),
        )
        .hint(format!(
            "{unchanged}; what a command has to say goes into its change set"
        )),
        End::Garbled(failure) => Failure::new(
            &errors::PLUGIN_GARBLED,
            format!("the process of `{name}` sent something that cannot be read"),
        )
        .reason(failure.message)
        .hint(format!(
            "{unchanged}; a plugin leaves the descriptors 3 and 4 alone"
        )),
        End::Outcome(_) | End::Interrupted => {
            Failure::new(&errors::PLUGIN_DIED, format!("`{name}` has no result"))
        }
    };
    view::problem(&failure)
}
