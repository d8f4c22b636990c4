//! `krepis history`, `history show`, and what the Nx plugin calls to record its own writing.

mod gc;
mod graph;

use krepis_change::{Change, Failure, FileState, Transition, WorkspacePath};
use krepis_history::{Barrier, Image, Kind, Log, Operation, OperationFile, Owner, Stage};
use krepis_workspace::Workspace;
use serde_json::{Value, json};

use crate::arguments::{HistoryArguments, HistoryCommand};
use crate::errors;
use crate::output::{files_json, kind_of, short, shown};
use crate::session::Session;

pub fn run(session: &Session, arguments: &HistoryArguments) -> Result<u8, Failure> {
    match &arguments.command {
        None if arguments.graph => graph::run(session, arguments.limit),
        None => list(session, arguments.limit),
        Some(HistoryCommand::Gc { dry_run }) => gc::run(session, *dry_run),
        Some(HistoryCommand::Show { operation, patch }) => show(session, operation, *patch),
        Some(HistoryCommand::Observe {
            owner_pid,
            title,
            command,
        }) => observe(session, *owner_pid, title.as_deref(), command),
        Some(HistoryCommand::Complete { operation }) => complete(session, operation),
    }
}

fn list(session: &Session, limit: usize) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    let log = workspace.history().log()?;
    session.say_cache_warnings(&workspace);
    let lines = lines(&log);
    let skipped = lines.len().saturating_sub(limit);
    let shown = &lines[skipped..];
    if session.shell.is_json() {
        let operations: Vec<Value> = shown
            .iter()
            .rev()
            .map(|line| operation_json(line.operation, line.state, line.undone))
            .collect();
        let horizon = log.horizon.as_ref().map(|horizon| horizon.removed);
        let damaged: Vec<Value> = log
            .damaged
            .iter()
            .map(|(id, failure)| json!({ "id": id.to_string(), "reason": failure.message }))
            .collect();
        let mut document = json!({ "schema": 1, "operations": operations });
        if !damaged.is_empty() {
            document["damaged"] = damaged.into();
        }
        if let Some(removed) = horizon {
            document["removed"] = removed.into();
        }
        session.shell.json(&document);
        return Ok(0);
    }
    for line in shown.iter().rev() {
        let operation = line.operation;
        let note = match (line.state, line.undone) {
            ("done", true) if line.rolled_back => " (taken back: not verified)".to_owned(),
            ("done", true) => " (undone)".to_owned(),
            ("done", false) => String::new(),
            (state, _) => format!(" ({state})"),
        };
        let head = operation.meta.git_head.as_deref();
        let head = head
            .map(|commit| format!(", at {}", short(commit)))
            .unwrap_or_default();
        session.shell.data(&format!(
            "{}  {}  {:8}  {}{note}\n          {} {}, by `{}`{head}\n",
            operation.id,
            time(operation.meta.time_ms),
            kind(operation.kind),
            operation.meta.title,
            operation.files.len(),
            if operation.files.len() == 1 {
                "file"
            } else {
                "files"
            },
            operation.meta.command.join(" "),
        ));
        for barrier in &operation.barriers {
            session
                .shell
                .data(&format!("          {}\n", barrier_line(barrier)));
        }
    }
    if lines.is_empty() {
        session.shell.say("No operations yet.");
    }
    if let Some(horizon) = log.horizon.as_ref().filter(|_| skipped == 0) {
        session.shell.say(&format!(
            "The log begins here: {} older {} removed by retention.",
            horizon.removed,
            if horizon.removed == 1 {
                "operation was"
            } else {
                "operations were"
            }
        ));
    }
    if skipped > 0 {
        session
            .shell
            .say(&format!("{skipped} older ones: -n {}.", lines.len()));
    }
    for (id, failure) in &log.damaged {
        session
            .shell
            .warn(&format!("{id} cannot be undone: {}", failure.message));
    }
    Ok(0)
}

struct Line<'a> {
    operation: &'a Operation,
    state: &'static str,
    undone: bool,
    rolled_back: bool,
}

fn lines(log: &Log) -> Vec<Line<'_>> {
    let done = log.entries.iter().map(|entry| Line {
        operation: &entry.operation,
        state: "done",
        undone: entry.is_undone(),
        rolled_back: entry.rolled_back,
    });
    let pending = log.pending.iter().map(|(operation, stage)| Line {
        operation,
        state: if *stage == Stage::Observed {
            "running"
        } else {
            "interrupted"
        },
        undone: false,
        rolled_back: false,
    });
    done.chain(pending).collect()
}

fn show(session: &Session, text: &str, patch: bool) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    let history = workspace.history();
    let log = history.log()?;
    session.say_cache_warnings(&workspace);
    let id = log.resolve(text)?;
    let lines = lines(&log);
    let line = lines.iter().find(|line| line.operation.id == id).ok_or_else(|| {
        log.damaged
            .iter()
            .find(|(damaged, _)| *damaged == id)
            .map_or_else(
                || {
                    Failure::new(
                        &krepis_history::errors::UNKNOWN_OPERATION,
                        format!("there is no operation {id}"),
                    )
                    .hint("`krepis history` lists them")
                },
                |(_, failure)| failure.clone(),
            )
    })?;
    let stage = match line.state {
        "done" => Stage::Done,
        "running" => Stage::Observed,
        _ => Stage::Prepared,
    };
    let change = change(&history.open(id, stage)?)?;
    let patch = patch.then(|| krepis_change::render_patch(&change));
    let operation = line.operation;
    if session.shell.is_json() {
        let mut value = operation_json(operation, line.state, line.undone);
        value["files"] = files_json(&change);
        if let Some(patch) = patch {
            value["patch"] = patch.into();
        }
        session.shell.json(&json!({ "schema": 1, "operation": value }));
        return Ok(0);
    }
    let mut text = format!(
        "operation {}\nkind      {}{}\ntitle     {}\nactor     {}\ntime      {}\ncommand   {}\n",
        operation.id,
        kind(operation.kind),
        if line.undone { " (undone)" } else { "" },
        operation.meta.title,
        operation.meta.actor,
        time(operation.meta.time_ms),
        operation.meta.command.join(" "),
    );
    if let Some(head) = &operation.meta.git_head {
        text += &format!("git HEAD  {head}\n");
    }
    if let Some(target) = &operation.target {
        text += &format!("of        {target}\n");
    }
    if let Some(command) = &operation.meta.verify {
        text += &format!("verify    {command}\n");
    }
    for barrier in &operation.barriers {
        text += &format!("barrier   {}\n", barrier_line(barrier));
    }
    for one in &operation.uncovered {
        text += &format!("not kept  {}: {}\n", one.path, one.why);
    }
    text += "files\n";
    for transition in shown(&change) {
        text += &format!("  {:8}  {}\n", kind_of(transition), transition.path);
    }
    if let Some(patch) = patch {
        text += &format!("\n{patch}");
    }
    session.shell.data(&text);
    Ok(0)
}

/// The change an operation file holds, with contents.
pub fn change(file: &OperationFile) -> Result<Change, Failure> {
    let states = file.states()?;
    let transitions = file
        .operation
        .files
        .iter()
        .zip(states)
        .map(|(entry, (before, after))| Transition {
            path: entry.path.clone(),
            after: after.unwrap_or_else(|| before.clone()),
            before,
            edits: entry.edits.clone(),
            renamed_from: entry.renamed_from.clone(),
        })
        .collect();
    Ok(Change {
        title: file.operation.meta.title.clone(),
        transitions,
        reads: Vec::new(),
    })
}

fn observe(session: &Session, pid: u32, title: Option<&str>, command: &[String]) -> Result<u8, Failure> {
    let set = krepis_change::parse_json(&session.input("-".as_ref())?)?;
    // A writer that is about to make krepis.json (`nx add`) starts the history of the folder it runs in.
    let makes_workspace = set.files.iter().any(|file| file.path == "krepis.json");
    let workspace = if makes_workspace {
        Workspace::at(&session.directory)
    } else {
        session.workspace()?
    };
    let owner = Owner::of(pid).ok_or_else(|| {
        Failure::new(&errors::USAGE, format!("there is no process {pid}"))
            .hint("--owner-pid names the process that writes")
    })?;
    // Only the paths matter: what is there now is read from disk, and what comes is up to the owner.
    let transitions = set
        .files
        .iter()
        .flat_map(|file| [Some(file.path.as_str()), file.renamed_from.as_deref()])
        .flatten()
        .map(|path| {
            Ok(Transition {
                path: WorkspacePath::parse(path)?,
                before: FileState::Absent,
                after: FileState::Absent,
                edits: Vec::new(),
                renamed_from: None,
            })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let title = title.unwrap_or(&set.title);
    let meta = Session::meta_of(&workspace, title, command.to_vec());
    let change = Change {
        title: title.to_owned(),
        transitions,
        reads: Vec::new(),
    };
    let id = workspace.observe(&change, meta, owner, session.options())?;
    session
        .shell
        .json(&json!({ "schema": 1, "operation": id.to_string() }));
    Ok(0)
}

fn complete(session: &Session, text: &str) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    let id = krepis_history::OperationId::parse(text).ok_or_else(|| {
        Failure::new(
            &krepis_history::errors::UNKNOWN_OPERATION,
            format!("`{text}` is not the id of an operation"),
        )
        .hint("it is what `krepis history observe` printed")
    })?;
    let operation = workspace.complete(id, session.options())?;
    session
        .shell
        .json(&json!({ "schema": 1, "operation": operation.map(|operation| operation.id.to_string()) }));
    Ok(0)
}

fn operation_json(operation: &Operation, state: &str, undone: bool) -> Value {
    let mut value = json!({
        "id": operation.id.to_string(),
        "kind": kind(operation.kind),
        "state": state,
        "undone": undone,
        "title": operation.meta.title,
        "actor": operation.meta.actor,
        "command": operation.meta.command,
        "time": time(operation.meta.time_ms),
        "files": operation.files.iter().map(|file| json!({ "path": file.path.as_str(), "change": file_kind(&file.before, file.after.as_ref()) })).collect::<Vec<_>>(),
    });
    if let Some(parent) = &operation.parent {
        value["parent"] = parent.to_string().into();
    }
    if let Some(target) = &operation.target {
        value["target"] = target.to_string().into();
    }
    if !operation.barriers.is_empty() {
        value["barriers"] = operation.barriers.iter().map(super::exec::barrier_json).collect();
    }
    if let Some(head) = &operation.meta.git_head {
        value["gitHead"] = head.as_str().into();
    }
    if let Some(command) = &operation.meta.verify {
        value["verify"] = command.as_str().into();
    }
    if operation.meta.rollback {
        value["rollback"] = true.into();
    }
    value
}

/// What undo does not reach, and how to mend it.
fn barrier_line(barrier: &Barrier) -> String {
    let mend = super::exec::mend(barrier).map(|mend| format!("; {mend} brings it in step"));
    format!("not undone by undo: {}{}", barrier.what, mend.unwrap_or_default())
}

fn file_kind(before: &Image, after: Option<&Image>) -> &'static str {
    match (before, after) {
        (_, None) => "pending",
        (Image::Absent, _) => "created",
        (_, Some(Image::Absent)) => "deleted",
        (before, Some(after)) if before.digest() == after.digest() => "mode",
        _ => "modified",
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Apply => "apply",
        Kind::Undo => "undo",
        Kind::Redo => "redo",
        Kind::Observed => "observed",
    }
}

/// UTC, to the second, as in RFC 3339.
fn time(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map_or_else(|_| "unknown".to_owned(), |time| format!("{time:.0}"))
}
