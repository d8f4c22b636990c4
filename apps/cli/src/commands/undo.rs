//! `krepis undo`, `krepis redo`.

use krepis_change::{Change, Failure, Overlay, WorkspacePath};
use krepis_history::{Operation, Outcome, Reversal, UndoOptions};
use krepis_workspace::Workspace;
use serde_json::{Value, json};

use crate::arguments::{RedoArguments, UndoArguments};
use crate::output::files_json;
use crate::session::Session;

pub fn undo(session: &Session, arguments: &UndoArguments) -> Result<u8, Failure> {
    let options = UndoOptions {
        operation: arguments.operation.clone(),
        paths: arguments
            .paths
            .iter()
            .map(|path| WorkspacePath::parse(path.trim_end_matches('/')))
            .collect::<Result<_, _>>()?,
        force: arguments.force,
        skip: arguments.skip,
    };
    let workspace = session.workspace()?;
    if arguments.dry_run {
        session.preview(&workspace.history().plan_undo(&options)?.change);
        return Ok(0);
    }
    let turn = workspace.turn(session.options())?;
    session.say_recovered(&turn.recovered);
    let title = format!("undo {}", title(&workspace, &turn.history.plan_undo(&options)?));
    let done = turn.history.undo(Session::meta(&workspace, title), &options)?;
    turn.close();
    session.say_cache_warnings(&workspace);
    report(
        session,
        &workspace,
        &done.0,
        &done.1,
        "`krepis redo` does it again.",
    );
    Ok(0)
}

pub fn redo(session: &Session, arguments: &RedoArguments) -> Result<u8, Failure> {
    let options = UndoOptions {
        force: arguments.force,
        skip: arguments.skip,
        ..UndoOptions::default()
    };
    let workspace = session.workspace()?;
    let turn = workspace.turn(session.options())?;
    session.say_recovered(&turn.recovered);
    let title = format!("redo {}", title(&workspace, &turn.history.plan_redo(&options)?));
    let done = turn.history.redo(Session::meta(&workspace, title), &options)?;
    turn.close();
    session.say_cache_warnings(&workspace);
    report(
        session,
        &workspace,
        &done.0,
        &done.1,
        "`krepis undo` takes it back.",
    );
    Ok(0)
}

/// The title of the operation that is taken back or done again.
fn title(workspace: &Workspace, reversal: &Reversal) -> String {
    let log = workspace.history().log().ok();
    log.and_then(|log| {
        log.find(reversal.target)
            .map(|entry| entry.operation.meta.title.clone())
    })
    .unwrap_or_else(|| reversal.target.to_string())
}

fn report(session: &Session, workspace: &Workspace, operation: &Operation, reversal: &Reversal, next: &str) {
    let breaks = broken(workspace, &reversal.change);
    let notes: Vec<(&WorkspacePath, &str)> = reversal
        .outcomes
        .iter()
        .filter_map(|(path, outcome)| match outcome {
            Outcome::Restored => None,
            Outcome::Merged => Some((path, "it was edited since: the edits are kept")),
            Outcome::AlreadyThere => Some((path, "it was as wanted already")),
            Outcome::Forced => Some((path, "edits made since are overwritten")),
            Outcome::Skipped => Some((path, "it was edited since and is left as it is")),
        })
        .collect();
    if session.shell.is_json() {
        session.shell.json(&json!({
            "schema": 1,
            "operation": operation.id.to_string(),
            "target": reversal.target.to_string(),
            "title": operation.meta.title,
            "files": files_json(&reversal.change),
            "notes": notes.iter().map(|(path, note)| json!({ "path": path.as_str(), "note": note })).collect::<Value>(),
            "breaks": breaks.iter().map(|failure| failure.message.clone()).collect::<Vec<_>>(),
        }));
        return;
    }
    session.shell.files(&reversal.change);
    for (path, note) in notes {
        session.shell.say(&format!("note: {path}: {note}"));
    }
    for failure in breaks {
        session
            .shell
            .warn(&format!("the result breaks a rule: {}", failure.message));
    }
    session.shell.say(&format!(
        "Done: {} ({}). {next}",
        operation.meta.title, operation.id
    ));
}

/// What the result breaks that was whole before: said, never refused, for taking back must always be possible.
fn broken(workspace: &Workspace, change: &Change) -> Vec<Failure> {
    let now = workspace.tree();
    let before = Overlay::new(
        &now,
        change
            .transitions
            .iter()
            .map(|transition| (transition.path.clone(), transition.before.clone())),
    );
    match krepis_rules::gate(&before, change) {
        Ok(_) => Vec::new(),
        Err(failure) => {
            let others = failure.others.clone();
            std::iter::once(failure).chain(others).collect()
        }
    }
}
