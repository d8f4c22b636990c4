//! `krepis recover`: settle what a crash left behind; with an option, decide what krepis could not.

use std::path::PathBuf;

use krepis_change::Failure;
use krepis_history::Decision;
use krepis_workspace::Workspace;
use serde_json::json;

use crate::arguments::RecoverArguments;
use crate::session::Session;

pub fn run(session: &Session, arguments: &RecoverArguments) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    if arguments.forget_damaged {
        return forget_damaged(session, &workspace);
    }
    let decision = match (arguments.before, arguments.after, arguments.keep) {
        (true, _, _) => Some(Decision::Before),
        (_, true, _) => Some(Decision::After),
        (_, _, true) => Some(Decision::Keep),
        _ => None,
    };
    let recovered = match decision {
        Some(decision) => workspace
            .undecided_turn(session.options())?
            .history
            .decide(decision)?,
        None => workspace.turn(session.options())?.recovered,
    };
    session.say_recovered(&recovered);
    if session.shell.is_json() {
        let list: Vec<_> = recovered
            .iter()
            .map(|one| json!({ "id": one.id.to_string(), "title": one.title, "ending": format!("{:?}", one.ending).to_lowercase() }))
            .collect();
        session.shell.json(&json!({ "schema": 1, "recovered": list }));
    } else if recovered.is_empty() {
        session.shell.say("Nothing was interrupted.");
    }
    Ok(0)
}

fn forget_damaged(session: &Session, workspace: &Workspace) -> Result<u8, Failure> {
    // A damaged operation may be the very one that keeps a turn from settling.
    let forgotten = workspace
        .undecided_turn(session.options())?
        .history
        .forget_damaged()?;
    let shown = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    if session.shell.is_json() {
        let list: Vec<_> = forgotten
            .iter()
            .map(|one| json!({ "id": one.id.to_string(), "file": shown(&one.file), "oldFiles": shown(&one.old_files) }))
            .collect();
        session.shell.json(&json!({ "schema": 1, "forgotten": list }));
        return Ok(0);
    }
    for one in &forgotten {
        match shown(&one.file) {
            Some(file) => session
                .shell
                .say(&format!("{} is given up; its file is {file} now.", one.id)),
            None => session
                .shell
                .say(&format!("{} is given up: its file was missing.", one.id)),
        }
        if let Some(files) = shown(&one.old_files) {
            session.shell.warn(&format!(
                "{} was interrupted: some files may be written and others not. Contents from before are in {files}.",
                one.id
            ));
        }
    }
    session
        .shell
        .say("No file of yours was touched. The other operations can be undone in their order again.");
    Ok(0)
}
