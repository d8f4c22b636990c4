//! `krepis undo`, `krepis redo`.

use krepis_change::{Change, Failure, Overlay, WorkspacePath};
use krepis_history::{History, Meta, Operation, Outcome, Reversal, UndoOptions};
use krepis_workspace::Workspace;
use serde_json::{Value, json};

use crate::arguments::{RedoArguments, UndoArguments, VerifyArguments};
use crate::output::{files_json, short};
use crate::session::Session;

pub fn undo(session: &Session, arguments: &UndoArguments) -> Result<u8, Failure> {
    let options = UndoOptions {
        operation: arguments.operation.clone(),
        paths: paths(&arguments.paths)?,
        force: arguments.force,
        skip: arguments.skip,
    };
    let next = "`krepis redo` does it again.";
    run(
        session,
        Way::Undo,
        &options,
        arguments.dry_run,
        &arguments.verify,
        next,
    )
}

pub fn redo(session: &Session, arguments: &RedoArguments) -> Result<u8, Failure> {
    let options = UndoOptions {
        operation: arguments.operation.clone(),
        paths: paths(&arguments.paths)?,
        force: arguments.force,
        skip: arguments.skip,
    };
    let next = "`krepis undo` takes it back.";
    run(
        session,
        Way::Redo,
        &options,
        arguments.dry_run,
        &arguments.verify,
        next,
    )
}

#[derive(Clone, Copy)]
enum Way {
    Undo,
    Redo,
}

impl Way {
    fn plan(self, history: &History, options: &UndoOptions) -> Result<Reversal, Failure> {
        match self {
            Self::Undo => history.plan_undo(options),
            Self::Redo => history.plan_redo(options),
        }
    }
}

fn paths(texts: &[String]) -> Result<Vec<WorkspacePath>, Failure> {
    texts
        .iter()
        .map(|path| WorkspacePath::parse(path.trim_end_matches('/')))
        .collect()
}

fn run(
    session: &Session,
    way: Way,
    options: &UndoOptions,
    dry_run: bool,
    verify: &VerifyArguments,
    next: &str,
) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    if dry_run {
        let reversal = way.plan(&workspace.history(), options)?;
        warn_of_checkout(session, &workspace, &reversal);
        session.preview(&reversal.change);
        return Ok(0);
    }
    let turn = workspace.turn(session.options())?;
    let whole = session.hold();
    session.say_recovered(&turn.recovered);
    let plan = way.plan(&turn.history, options)?;
    let verb = match way {
        Way::Undo => "undo",
        Way::Redo => "redo",
    };
    let mut meta = Session::meta(&workspace, format!("{verb} {}", title(&workspace, &plan)));
    meta.verify.clone_from(&verify.command);
    let (operation, reversal) = turn.reverse(meta, plan)?;
    turn.tidy();
    turn.close();
    drop(whole);
    session.say_cache_warnings(&workspace);
    session.confirm(&workspace, Some(&operation), verify)?;
    report(session, &workspace, &operation, &reversal, next);
    Ok(0)
}

/// The operation that is taken back or done again.
fn target(workspace: &Workspace, reversal: &Reversal) -> Option<Meta> {
    let log = workspace.history().log().ok()?;
    log.find(reversal.target)
        .map(|entry| entry.operation.meta.clone())
}

fn title(workspace: &Workspace, reversal: &Reversal) -> String {
    target(workspace, reversal).map_or_else(|| reversal.target.to_string(), |meta| meta.title)
}

/// Where the operation was made at another commit, the files come from elsewhere: said, never refused, for what is taken
/// back is found by content.
fn checkout(workspace: &Workspace, reversal: &Reversal) -> Option<(String, String)> {
    let then = target(workspace, reversal)?.git_head?;
    let now = krepis_workspace::git_head(workspace.root())?;
    (then != now).then_some((then, now))
}

fn warn_of_checkout(session: &Session, workspace: &Workspace, reversal: &Reversal) {
    if let Some((then, now)) = checkout(workspace, reversal) {
        session.shell.warn(&format!(
            "the operation was made at commit {}, git HEAD is {} now: what it did is looked for in the files as they are",
            short(&then),
            short(&now)
        ));
    }
}

fn report(session: &Session, workspace: &Workspace, operation: &Operation, reversal: &Reversal, next: &str) {
    let breaks = broken(workspace, &reversal.change);
    let barriers = barriers(workspace, reversal);
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
        let checkout = checkout(workspace, reversal);
        session.shell.json(&json!({
            "schema": 1,
            "operation": operation.id.to_string(),
            "checkout": checkout.map(|(then, now)| json!({ "then": then, "now": now })),
            "target": reversal.target.to_string(),
            "title": operation.meta.title,
            "files": files_json(&reversal.change),
            "notes": notes.iter().map(|(path, note)| json!({ "path": path.as_str(), "note": note })).collect::<Value>(),
            "barriers": barriers,
            "breaks": breaks.iter().map(|failure| failure.message.clone()).collect::<Vec<_>>(),
        }));
        return;
    }
    warn_of_checkout(session, workspace, reversal);
    session.shell.files(&reversal.change);
    for (path, note) in notes {
        session.shell.say(&format!("note: {path}: {note}"));
    }
    for note in barriers {
        session.shell.warn(&note);
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

/// What the operation that was reversed changed beyond files: said, since nobody else brings it in step.
fn barriers(workspace: &Workspace, reversal: &Reversal) -> Vec<String> {
    let written: Vec<String> = reversal
        .change
        .transitions
        .iter()
        .map(|one| one.path.to_string())
        .collect();
    let log = workspace.history().log().ok();
    let root = log
        .as_ref()
        .and_then(|log| log.find(log.find(reversal.target)?.root));
    let barriers = root.map_or(&[][..], |entry| &entry.operation.barriers);
    barriers
        .iter()
        .map(|barrier| super::exec::barrier_note(barrier, &written))
        .collect()
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
