//! `krepis history gc`: remove what need not be kept any more.

use krepis_change::Failure;
use krepis_history::{Collection, Retention};
use serde_json::{Value, json};

use crate::session::Session;

pub fn run(session: &Session, dry_run: bool) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    let retention = workspace.retention()?;
    let collection = if dry_run {
        workspace.history().plan_collection(retention)?
    } else {
        let turn = workspace.turn(session.options())?;
        session.say_recovered(&turn.recovered);
        turn.history.collect(retention)?
    };
    if session.shell.is_json() {
        session.shell.json(&document(&collection, retention, dry_run));
        return Ok(0);
    }
    let Collection {
        removed,
        needed,
        bytes,
        temporaries,
        kept,
        kept_bytes,
    } = &collection;
    for (id, title) in removed {
        session.shell.data(&format!("{id}  {title}\n"));
    }
    let verb = if dry_run { "would be removed" } else { "removed" };
    session.shell.say(&format!(
        "{} {} ({}) and {} old {} {verb}; {} ({}) kept.",
        removed.len(),
        plural(removed.len(), "operation"),
        size(*bytes),
        temporaries,
        plural(*temporaries, "file"),
        kept,
        size(*kept_bytes),
    ));
    if !needed.is_empty() {
        session.shell.say(&format!(
            "{} of them past the limits, since a newer one needs them for its undo or redo.",
            needed.len()
        ));
    }
    Ok(0)
}

fn document(collection: &Collection, retention: Retention, dry_run: bool) -> Value {
    let removed: Vec<Value> = collection
        .removed
        .iter()
        .map(|(id, title)| json!({ "id": id.to_string(), "title": title }))
        .collect();
    let needed: Vec<String> = collection.needed.iter().map(ToString::to_string).collect();
    json!({
        "schema": 1,
        "dryRun": dry_run,
        "limits": { "keepDays": retention.days, "keepOperations": retention.operations, "maxSize": retention.bytes },
        "removed": removed,
        "removedBytes": collection.bytes,
        "oldFiles": collection.temporaries,
        "needed": needed,
        "kept": collection.kept,
        "keptBytes": collection.kept_bytes,
    })
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        noun.to_owned()
    } else {
        format!("{noun}s")
    }
}

#[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
fn size(bytes: u64) -> String {
    let units = [(1u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    units.into_iter().find(|(unit, _)| bytes >= *unit).map_or_else(
        || format!("{bytes} B"),
        |(unit, name)| format!("{:.1} {name}", bytes as f64 / unit as f64),
    )
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_shown_in_the_largest_unit_that_fits() {
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(3 << 30), "3.0 GiB");
    }
}
