//! Commands in, exactly one result for each out.

use std::path::Path;
use std::time::Duration;

use krepis_change::Failure;
use krepis_proto::v1::{
    Command, CommandResult, Log, Problem, Query, QueryAnswer, StartCommands, command, command_result,
    runner_frame,
};

use crate::output::Throttle;
use crate::runner::{Death, Event, Runner};
use crate::snapshot::{Snapshot, SnapshotBuild};
use crate::{CacheFolder, Environment, Interrupts, RunnerLocation, Runtime, errors};

/// What a run is made of.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The Node to run on.
    pub runtime: &'a Runtime,
    /// The runner's bundle.
    pub location: &'a RunnerLocation,
    /// The cache for snapshots and compiled code; none: everything is loaded from source.
    pub cache: Option<&'a CacheFolder>,
    /// Switches (`KREPIS_NO_SNAPSHOT`).
    pub environment: &'a Environment,
    /// Wall-clock limit of the whole run; the process group is killed then.
    pub time_limit: Option<Duration>,
    /// Signals that end the run in order; none: they do what they do by themselves.
    pub interrupts: Option<&'a Interrupts>,
}

/// What is told while a run goes on. Commands are named by their id.
#[derive(Debug)]
pub enum Happening<'a> {
    /// A command has left the queue.
    Started(u32),
    /// A command has printed something; command 0 is output that cannot be told apart. At most
    /// [`OUTPUT_LIMIT`](crate::OUTPUT_LIMIT) bytes of each come, then a note.
    Printed(&'a Log),
    /// A command has its result.
    Finished(u32),
}

/// What came of a run.
#[derive(Debug)]
pub struct Finished {
    /// One result for each command, in the order of the commands.
    pub results: Vec<CommandResult>,
    /// Whether the process began from a start-up snapshot.
    pub from_snapshot: bool,
    /// What would make the next run faster: to be started when the user has the answer.
    pub background: Option<SnapshotBuild>,
}

/// Runs all commands of an invocation.
///
/// A command that breaks has an error as its result; so has every command that a dying runner leaves unfinished. Where
/// it leaves several, each is run again in a process of its own, so that one command's death (V8 ends the whole process
/// on some kinds of exhausted heaps) is not the others': commands only propose, so a second run changes nothing.
///
/// The failure is for what concerns no single command: the runner cannot be started at all.
///
/// - `on_query` answers a command's question; the answer's id is set by this function.
/// - `on_happening` is told what goes on, as it does; whoever is slow there holds all commands up.
///
/// A signal of `interrupts` ends everything that was started and is the failure.
pub fn run_commands(
    run: &Run,
    start: &StartCommands,
    on_query: &mut dyn FnMut(&Query) -> QueryAnswer,
    on_happening: &mut dyn FnMut(Happening),
) -> Result<Finished, Failure> {
    let _hold = run.interrupts.map(Interrupts::hold);
    let snapshot = match start.commands.as_slice() {
        // A process from a snapshot has no `import()` and no workers: it serves a single built-in.
        [
            Command {
                source: Some(command::Source::Builtin(_)),
                ..
            },
        ] => Snapshot::of(run.runtime, run.location, run.cache, run.environment),
        _ => None,
    };
    if let Some(snapshot) = &snapshot
        && let Some(blob) = snapshot.ready()
    {
        let option = Path::new("--snapshot-blob");
        let mut attempt = attempt(
            run,
            &Start {
                arguments: &[option, blob],
                compiled: None,
            },
            start,
            on_query,
            on_happening,
        )?;
        if attempt.ready {
            return Ok(Finished {
                results: complete(&mut attempt, start),
                from_snapshot: true,
                background: None,
            });
        }
        // It belongs to another build of Node, or is damaged.
        snapshot.discard();
    }
    let main = run.location.file("main.cjs");
    // Where the next run has a snapshot, a cache of compiled code would be written for nobody: that costs this run as much
    // as compiling does.
    let compiled = run
        .cache
        .filter(|_| snapshot.is_none())
        .and_then(|cache| cache.inner("compile"));
    let plain = Start {
        arguments: &[&main],
        compiled: compiled.as_deref(),
    };
    let mut first = attempt(run, &plain, start, on_query, on_happening)?;
    if first.may_repeat(start) {
        let unfinished: Vec<Command> = first.unfinished(start).cloned().collect();
        for command in unfinished {
            let alone = StartCommands {
                commands: vec![command],
                ..start.clone()
            };
            let mut again = attempt(run, &plain, &alone, on_query, on_happening)?;
            first.results.extend(complete(&mut again, &alone));
        }
    }
    let background = snapshot.map(|snapshot| snapshot.build(run.runtime, run.location));
    Ok(Finished {
        results: complete(&mut first, start),
        from_snapshot: false,
        background,
    })
}

/// One process's share of a run.
struct Attempt {
    results: Vec<CommandResult>,
    ready: bool,
    end: End,
}

enum End {
    Complete,
    Died(Death),
    TimedOut(Duration),
    Garbled(Failure),
}

impl Attempt {
    fn unfinished<'a>(&'a self, start: &'a StartCommands) -> impl Iterator<Item = &'a Command> {
        let is_open = |command: &&Command| !self.results.iter().any(|result| result.command == command.id);
        start.commands.iter().filter(is_open)
    }

    /// A runner that came up and died under several commands: one of them is the cause, and which is not known.
    fn may_repeat(&self, start: &StartCommands) -> bool {
        self.ready && matches!(self.end, End::Died(_)) && self.unfinished(start).count() > 1
    }
}

/// How a process is started.
struct Start<'a> {
    arguments: &'a [&'a Path],
    /// Folder of Node's compile cache.
    compiled: Option<&'a Path>,
}

fn attempt(
    run: &Run,
    how: &Start,
    start: &StartCommands,
    on_query: &mut dyn FnMut(&Query) -> QueryAnswer,
    on_happening: &mut dyn FnMut(Happening),
) -> Result<Attempt, Failure> {
    let from_snapshot = how.arguments.len() > 1;
    let mut runner = Runner::start(
        &run.runtime.path,
        how.arguments,
        how.compiled,
        start.clone(),
        run.time_limit,
    )?;
    if let Some(interrupts) = run.interrupts {
        runner.watch(interrupts);
    }
    let mut throttle = Throttle::default();
    let mut print = |command: u32, text: String, on_happening: &mut dyn FnMut(Happening)| {
        if let Some(text) = throttle.take(command, text) {
            on_happening(Happening::Printed(&Log { command, text }));
        }
    };
    let only = if let [only] = start.commands.as_slice() {
        only.id
    } else {
        0
    };
    let mut attempt = Attempt {
        results: Vec::new(),
        ready: false,
        end: End::Complete,
    };
    while attempt.unfinished(start).next().is_some() {
        match runner.next() {
            Ok(Event::Frame(runner_frame::Frame::Ready(_))) => attempt.ready = true,
            Ok(Event::Frame(runner_frame::Frame::Result(result))) => {
                let expected = attempt
                    .unfinished(start)
                    .any(|command| command.id == result.command);
                if expected && result.outcome.is_some() {
                    on_happening(Happening::Finished(result.command));
                    attempt.results.push(result);
                }
            }
            Ok(Event::Frame(runner_frame::Frame::Query(query))) => {
                let answer = QueryAnswer {
                    id: query.id,
                    ..on_query(&query)
                };
                runner.answer(answer)?;
            }
            Ok(Event::Frame(runner_frame::Frame::Started(started))) => {
                if attempt
                    .unfinished(start)
                    .any(|command| command.id == started.command)
                {
                    on_happening(Happening::Started(started.command));
                }
            }
            Ok(Event::Frame(runner_frame::Frame::Log(log))) => {
                // A runner that makes names up gets no limit of its own for each.
                let known = start.commands.iter().any(|command| command.id == log.command);
                print(if known { log.command } else { 0 }, log.text, on_happening);
            }
            // What a snapshot of another build says is not the command's output.
            Ok(Event::Output(_)) if from_snapshot && !attempt.ready => {}
            Ok(Event::Output(text)) => print(only, text, on_happening),
            Ok(Event::End) => {
                attempt.end = End::Died(runner.death());
                return Ok(attempt);
            }
            Ok(Event::TimedOut) => {
                attempt.end = End::TimedOut(run.time_limit.unwrap_or_default());
                return Ok(attempt);
            }
            Ok(Event::Interrupted) => {
                run.interrupts.map_or(Ok(()), Interrupts::check)?;
            }
            Err(failure) => {
                attempt.end = End::Garbled(failure);
                return Ok(attempt);
            }
        }
    }
    // Without a cache to write there is nothing to wait for.
    if let Some(text) = runner.finish(how.compiled.is_none()) {
        print(only, text, on_happening);
    }
    Ok(attempt)
}

/// The results in the order of the commands, with an error for each that has none.
fn complete(attempt: &mut Attempt, start: &StartCommands) -> Vec<CommandResult> {
    let mut results = std::mem::take(&mut attempt.results);
    let of = |command: &Command| {
        let found = results.iter().position(|result| result.command == command.id);
        found.map_or_else(
            || CommandResult {
                command: command.id,
                outcome: Some(command_result::Outcome::Error(explain(
                    &attempt.end,
                    &command.name,
                ))),
            },
            |index| results.swap_remove(index),
        )
    };
    start.commands.iter().map(of).collect()
}

fn explain(end: &End, name: &str) -> Problem {
    let failure = match end {
        End::Complete => Failure::new(&errors::RUNNER_DIED, format!("command `{name}` has no result")),
        End::Died(death) if death.out_of_memory => Failure::new(
            &errors::OUT_OF_MEMORY,
            format!("command `{name}` needed more memory than its process had"),
        )
        .reason(death.how.clone())
        .hint("nothing was changed; give it a higher limit or make it hold less at a time"),
        End::Died(death) => {
            let reason = match &death.last_lines {
                Some(lines) => format!("{}; the last it said:\n{lines}", death.how),
                None => death.how.clone(),
            };
            Failure::new(
                &errors::RUNNER_DIED,
                format!("the runner ended before command `{name}` had a result"),
            )
            .reason(reason)
            .hint("nothing was changed; run the command again, and `krepis doctor` if it stays")
        }
        End::TimedOut(limit) => {
            let message = format!(
                "command `{name}` had no result after {} ms and was stopped",
                limit.as_millis()
            );
            Failure::new(&errors::RUN_TIMED_OUT, message)
                .hint("nothing was changed; give it more time or make it faster")
        }
        End::Garbled(failure) => failure.clone(),
    };
    Problem {
        code: failure.code.id.into(),
        message: failure.message,
        at: None,
        reason: failure.reason,
        hint: failure.hint,
        exit: None,
    }
}
