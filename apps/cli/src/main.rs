//! `krepis`: the master. It decides, records and writes; everything else only proposes.

mod arguments;
mod commands;
mod console;
mod errors;
mod output;
mod plugins;
mod propose;
mod runner;
mod session;
mod signals;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;
use output::Shell;

fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    let _scenario = fail::FailScenario::setup();

    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let shell = Shell::new(arguments.global.json);
    match commands::run(arguments, shell) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            shell.fail(&failure);
            ExitCode::from(failure.exit())
        }
    }
}

/// `--help` and `--version` are data and end with 0; anything else clap says is a usage failure, exit 2.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        drop(error.print());
        return ExitCode::SUCCESS;
    }
    if std::env::args().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let message = lines
            .next()
            .unwrap_or("usage")
            .trim_start_matches("error: ")
            .to_owned();
        let failure = krepis_change::Failure::new(&errors::USAGE, message).hint("see `krepis --help`");
        Shell::new(true).fail(&failure);
    } else {
        drop(error.print());
    }
    ExitCode::from(2)
}
