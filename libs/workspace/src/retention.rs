//! How much of the history is kept, as krepis.json says.

use krepis_change::{Failure, Tree};
use krepis_history::Retention;

use crate::Workspace;

impl Workspace {
    /// The limits in `history` of krepis.json; those it does not name, and all of them without krepis.json, are the
    /// default.
    ///
    /// # Errors
    /// If krepis.json cannot be read: nothing may be removed then.
    pub fn retention(&self) -> Result<Retention, Failure> {
        retention(&self.tree())
    }
}

pub(crate) fn retention(tree: &dyn Tree) -> Result<Retention, Failure> {
    let limits = krepis_rules::load_config(tree)?.history;
    let default = Retention::default();
    Ok(Retention {
        days: limits.keep_days.unwrap_or(default.days),
        operations: limits.keep_operations.unwrap_or(default.operations),
        bytes: limits.max_size.unwrap_or(default.bytes),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn limits_that_are_not_named_are_the_default_and_broken_ones_remove_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::at(folder.path());
        assert_eq!(workspace.retention(), Ok(Retention::default()));
        let of = |text: &str| {
            fs::write(folder.path().join("krepis.json"), text).expect("written");
            workspace.retention()
        };
        let read = of(r#"{ "schema": 1, "history": { "keepOperations": 5, "maxSize": "2MiB" } }"#);
        let expected = Retention {
            operations: 5,
            bytes: 2 << 20,
            ..Retention::default()
        };
        assert_eq!(read, Ok(expected));
        for broken in [
            r#"{ "schema": 1, "history": { "keepOperations": 0 } }"#,
            r#"{ "schema": 1, "history": { "keepDays": -1 } }"#,
            r#"{ "schema": 1, "history": { "maxSize": "much" } }"#,
            r#"{ "schema": 1, "history": { "keep": 5 } }"#,
            "{",
        ] {
            assert_eq!(of(broken).expect_err(broken).exit(), 2);
        }
    }
}
