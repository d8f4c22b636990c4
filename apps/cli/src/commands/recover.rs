//! `krepis recover`: settle what a crash left behind; with an option, decide what krepis could not.

use krepis_change::Failure;
use krepis_history::Decision;
use serde_json::json;

use crate::arguments::RecoverArguments;
use crate::session::Session;

pub fn run(session: &Session, arguments: &RecoverArguments) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
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
