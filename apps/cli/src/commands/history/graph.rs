//! `krepis history --graph`: the changes as a tree. What was undone before another change was made is a branch of it.

use krepis_change::Failure;
use krepis_history::{Entry, Log, OperationId};
use renderdag::{Ancestor, GraphRowRenderer, Renderer as _};
use serde_json::{Value, json};

use super::time;
use crate::output::short;
use crate::session::Session;

pub fn run(session: &Session, limit: usize) -> Result<u8, Failure> {
    let log = session.workspace()?.history().log()?;
    let changes: Vec<&Entry> = log
        .entries
        .iter()
        .rev()
        .filter(|entry| entry.root == entry.operation.id && entry.forward)
        .collect();
    let shown = &changes[..changes.len().min(limit)];
    if session.shell.is_json() {
        let changes: Vec<Value> = shown.iter().map(|entry| change_json(entry)).collect();
        session.shell.json(&json!({
            "schema": 1,
            "current": log.next_undo().map(|id| id.to_string()),
            "changes": changes,
            "removed": log.horizon.as_ref().map(|horizon| horizon.removed),
        }));
        return Ok(0);
    }
    session
        .shell
        .data(&drawn(&log, shown, changes.len() > shown.len()));
    if shown.iter().any(|entry| state(entry) != "done") {
        session.shell.say("`krepis redo OP` does again what is undone.");
    }
    if changes.len() > shown.len() {
        let older = changes.len() - shown.len();
        session
            .shell
            .say(&format!("{older} older ones: -n {}.", changes.len()));
    }
    for (id, failure) in &log.damaged {
        session
            .shell
            .warn(&format!("{id} cannot be undone: {}", failure.message));
    }
    Ok(0)
}

fn drawn(log: &Log, shown: &[&Entry], is_cut: bool) -> String {
    let mut renderer = GraphRowRenderer::new()
        .output()
        .with_min_row_height(1)
        .build_box_drawing();
    let mut out = String::new();
    // `None` is the state before the first change.
    let is_shown = |id: &Option<OperationId>| match id {
        Some(id) => shown.iter().any(|entry| entry.operation.id == *id),
        None => !is_cut,
    };
    for entry in shown {
        let id = entry.operation.id;
        let glyph = match state(entry) {
            _ if log.next_undo() == Some(id) => "@",
            "done" => "○",
            "partial" => "◐",
            _ => "×",
        };
        let parent = if is_shown(&entry.base) {
            Ancestor::Parent(entry.base)
        } else {
            Ancestor::Anonymous
        };
        out += &renderer.next_row(Some(id), vec![parent], glyph.to_owned(), line(entry));
    }
    if !is_cut {
        let glyph = if log.next_undo().is_none() { "@" } else { "◆" };
        let text = match &log.horizon {
            Some(horizon) => format!("older operations were removed by retention ({})", horizon.removed),
            None => "before the first operation".to_owned(),
        };
        out += &renderer.next_row(None, Vec::new(), glyph.to_owned(), text);
    }
    out
}

fn line(entry: &Entry) -> String {
    let operation = &entry.operation;
    let note = match state(entry) {
        "done" => "",
        "partial" => " (in part undone)",
        "unverified" => " (taken back: not verified)",
        _ => " (undone)",
    };
    let head = operation.meta.git_head.as_deref();
    let head = head
        .map(|commit| format!("  at {}", short(commit)))
        .unwrap_or_default();
    format!(
        "{}  {}{head}\n{}{note}",
        operation.id,
        time(operation.meta.time_ms),
        operation.meta.title
    )
}

fn state(entry: &Entry) -> &'static str {
    if entry.rolled_back && entry.is_undone() {
        "unverified"
    } else if entry.is_undone() {
        "undone"
    } else if entry.effective.len() < entry.operation.files.len() {
        "partial"
    } else {
        "done"
    }
}

fn change_json(entry: &Entry) -> Value {
    let operation = &entry.operation;
    json!({
        "id": operation.id.to_string(),
        "base": entry.base.map(|id| id.to_string()),
        "state": state(entry),
        "title": operation.meta.title,
        "time": time(operation.meta.time_ms),
        "gitHead": operation.meta.git_head,
    })
}
