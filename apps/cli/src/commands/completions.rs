//! `krepis completions SHELL`.

use clap::CommandFactory;

use crate::arguments::Arguments;
use crate::session::Session;

pub fn run(session: &Session, shell: clap_complete::Shell) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "krepis", &mut script);
    session.shell.bytes(&script);
    0
}
