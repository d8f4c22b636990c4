//! One file per command.

mod apply;
mod cache;
mod check;
mod completions;
mod doctor;
mod errors;
mod exec;
mod generate;
mod history;
mod init;
mod new;
mod plan;
mod recover;
mod run;
mod runtime;
mod undo;

use krepis_change::Failure;

use crate::arguments::{Arguments, Command};
use crate::output::Shell;
use crate::session::Session;

/// Runs the command; the exit code of a run that did what it should (0, or 1 for `check` with findings).
pub fn run(arguments: Arguments, shell: Shell) -> Result<u8, Failure> {
    let session = Session::new(arguments.global, shell)?;
    let done = match arguments.command {
        Command::New(arguments) => new::run(&session, &arguments),
        Command::Init(arguments) => init::run(&session, &arguments),
        Command::Generate(arguments) => generate::run(&session, &arguments),
        Command::Plan(arguments) => plan::run(&session, &arguments),
        Command::Apply(arguments) => apply::run(&session, &arguments),
        Command::Run(arguments) => run::run(&session, &arguments),
        Command::Exec(arguments) => exec::run(&session, &arguments),
        Command::ExecStart(arguments) => Err(exec::start(&arguments)),
        Command::Check(arguments) => check::run(&session, &arguments),
        Command::Undo(arguments) => undo::undo(&session, &arguments),
        Command::Redo(arguments) => undo::redo(&session, &arguments),
        Command::History(arguments) => history::run(&session, &arguments),
        Command::Recover(arguments) => recover::run(&session, &arguments),
        Command::Runtime(arguments) => runtime::run(&session, &arguments),
        Command::Doctor(arguments) => Ok(doctor::run(&session, &arguments)),
        Command::Cache(command) => cache::run(&session, command),
        Command::Completions { shell } => Ok(completions::run(&session, shell)),
        Command::Errors => Ok(errors::run(&session)),
    };
    session.conclude(done)
}
