//! `--verify CMD`: what was written stands only if a command says so.

use std::os::fd::AsFd as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use krepis_change::{Failure, WorkspacePath};
use krepis_history::{Operation, Outcome, errors, read_state};
use krepis_workspace::Workspace;
use signal_hook::consts::{SIGINT, SIGQUIT, SIGTERM};

use crate::session::Session;

/// Runs `command` by `sh` in the workspace's root, with this terminal, after `operation` was written. If it does not end
/// with 0 the operation is taken back as if it had never been. Nobody holds the lock meanwhile: a test suite may take
/// minutes, and may itself run krepis.
///
/// # Errors
/// `KRP4024` it failed and everything is as before; `KRP4025` it failed and the operation stands.
pub fn confirm(
    session: &Session,
    workspace: &Workspace,
    operation: &Operation,
    command: &str,
) -> Result<(), Failure> {
    let title = &operation.meta.title;
    session.shell.say(&format!(
        "Written: {title} ({}). Verifying: {command}",
        operation.id
    ));
    let outcome = run(session, workspace, operation, command);
    let edited = edited(workspace, operation);
    let how = match outcome {
        Ok(status) if status.success() => {
            for path in edited {
                session
                    .shell
                    .say(&format!("note: {path}: it was changed while the command ran"));
            }
            session.shell.say("Verified.");
            return Ok(());
        }
        Ok(status) => status.to_string(),
        Err(error) => format!("it did not start: {error}"),
    };
    roll_back(session, workspace, operation, command)
        .map_err(|failure| {
            let text = format!("`{command}` failed, and \"{title}\" could not be taken back");
            let mut outer = Failure::new(&errors::NOT_ROLLED_BACK, text)
                .reason(format!("{how}; then: {}", failure.message))
                .hint(format!("`krepis undo {}` tries again", operation.id));
            outer.others.push(failure);
            outer
        })
        .and_then(|notes| {
            let reason = std::iter::once(how).chain(notes).collect::<Vec<_>>().join("\n");
            Err(Failure::new(
                &errors::VERIFY_FAILED,
                format!("`{command}` failed: \"{title}\" was taken back, every file is as before"),
            )
            .reason(reason)
            .hint(again(operation)))
        })
}

fn again(operation: &Operation) -> String {
    match operation.kind {
        krepis_history::Kind::Undo => "without --verify it is undone all the same".to_owned(),
        _ => format!(
            "`krepis redo {}` writes it again, without the check",
            operation.id
        ),
    }
}

fn run(
    session: &Session,
    workspace: &Workspace,
    operation: &Operation,
    command: &str,
) -> std::io::Result<ExitStatus> {
    // The terminal sends these to the command too. It ends by them and so fails; this process has to live on to take
    // the operation back.
    let outliving = session.interrupts().map(krepis_host::Interrupts::outlive);
    let noted = Arc::new(AtomicBool::new(false));
    let handlers =
        [SIGINT, SIGQUIT, SIGTERM].map(|signal| signal_hook::flag::register(signal, Arc::clone(&noted)));
    let mut child = Command::new("sh");
    child
        .arg("-c")
        .arg(command)
        .current_dir(workspace.root())
        .env("KREPIS_OPERATION", operation.id.to_string());
    if session.shell.is_json() {
        // Standard output is one JSON document.
        child.stdout(Stdio::from(std::io::stderr().as_fd().try_clone_to_owned()?));
    }
    let status = child.status();
    for handler in handlers.into_iter().flatten() {
        signal_hook::low_level::unregister(handler);
    }
    drop(outliving);
    status
}

/// Files of the operation that are not as it left them.
fn edited<'a>(workspace: &Workspace, operation: &'a Operation) -> Vec<&'a WorkspacePath> {
    let is_same = |entry: &krepis_history::FileEntry| {
        read_state(workspace.root(), &entry.path)
            .is_ok_and(|now| entry.after.as_ref().is_none_or(|after| after.matches(&now)))
    };
    operation
        .files
        .iter()
        .filter(|entry| !is_same(entry))
        .map(|entry| &entry.path)
        .collect()
}

/// Takes the operation back; what was edited while the command ran, and where it is now.
fn roll_back(
    session: &Session,
    workspace: &Workspace,
    operation: &Operation,
    command: &str,
) -> Result<Vec<String>, Failure> {
    let turn = workspace.turn(session.options())?;
    session.say_recovered(&turn.recovered);
    let title = format!("take back {}: `{command}` failed", operation.meta.title);
    let meta = Session::meta(workspace, title);
    let (_, reversal, saved) = turn.history.roll_back_unverified(meta, operation.id)?;
    turn.tidy();
    let kept = reversal
        .outcomes
        .iter()
        .filter(|(_, outcome)| **outcome == Outcome::Merged)
        .map(|(path, _)| format!("{path} was edited while the command ran: the edit is kept"));
    let copies = saved.iter().map(|copy| {
        format!(
            "edited while the command ran, and taken back: a copy is kept in {}",
            copy.display()
        )
    });
    Ok(kept.chain(copies).collect())
}
