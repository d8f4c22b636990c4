//! Files whose content the history may not keep.

use krepis_change::{Change, Failure, Tree, WorkspacePath};
use krepis_history::Reversal;
use krepis_rules::Globs;

use crate::errors;

/// Refuses a change of `.env*` and of files listed under `secrets` in krepis.json: recording it would put the content
/// into the history.
pub(crate) fn refuse(tree: &dyn Tree, change: &Change) -> Result<(), Failure> {
    let paths = change.transitions.iter().map(|one| &one.path);
    refuse_paths(tree, paths, "edit the file by hand")
}

/// Refuses to take back, or do again, what touches a file that is secret by now: what the file holds today would be
/// recorded.
pub(crate) fn refuse_reversal(tree: &dyn Tree, reversal: &Reversal) -> Result<(), Failure> {
    let hint = "`--path` names the other files of the operation; edit this one by hand";
    refuse_paths(tree, reversal.outcomes.keys(), hint)
}

fn refuse_paths<'a>(
    tree: &dyn Tree,
    paths: impl Iterator<Item = &'a WorkspacePath>,
    hint: &str,
) -> Result<(), Failure> {
    let is_secret = secrets(tree);
    let found = paths.filter(|path| is_secret(path)).map(|path| {
        Failure::new(
            &errors::SECRET,
            format!("`{path}` is kept secret, no operation may touch it"),
        )
        .at_path(path)
        .reason("the history keeps the contents of what it changes, and secrets must not lie in it")
        .hint(hint)
    });
    Failure::join(found).map_or(Ok(()), Err)
}

/// The change without secret files.
pub(crate) fn without(tree: &dyn Tree, change: &Change) -> Change {
    let is_secret = secrets(tree);
    let mut change = change.clone();
    change.transitions.retain(|one| !is_secret(&one.path));
    change
}

/// The globs listed under `secrets` in krepis.json.
///
/// # Errors
/// Where it cannot be read: what is secret is unknown then.
pub(crate) fn listed(tree: &dyn Tree) -> Result<Vec<String>, Failure> {
    krepis_rules::load_config(tree).map(|config| config.secrets)
}

fn secrets(tree: &dyn Tree) -> impl Fn(&WorkspacePath) -> bool {
    // Globs that cannot be read are refused with the rest of krepis.json, by the gate.
    let listed = krepis_rules::load_config(tree)
        .ok()
        .and_then(|config| Globs::new(&config.secrets).ok());
    move |path| {
        krepis_history::is_environment_file(path.as_str())
            || listed.as_ref().is_some_and(|globs| globs.matches(path.as_str()))
    }
}
