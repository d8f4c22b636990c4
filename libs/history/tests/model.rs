//! Laws: undo after apply is the identity, redo after undo too, whatever the operations were; and no later edit is lost.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use krepis_change::{Change, FileState, Transition, WorkspacePath};
use krepis_history::{Entry, History, Intent, Meta, Stage, UndoOptions, read_state};
use proptest::prelude::*;
use tempfile::TempDir;

const PATHS: &[&str] = &["a", "b.ts", "c/d.ts", "c/e/f.ts", "c/e/g", "a/h"];

#[derive(Debug, Clone)]
enum Action {
    Apply(Vec<(usize, FileState)>),
    Undo,
    Redo,
    /// Takes back the operation that is so many steps back, if it can be.
    UndoOlder(usize),
}

fn state() -> impl Strategy<Value = FileState> {
    let content = prop_oneof![
        "[ab\n]{0,12}".prop_map(String::into_bytes),
        Just(b"one\ntwo\nthree\n".to_vec()),
        Just(vec![0, 159, 146, 150]),
    ];
    let mode = prop_oneof![Just(0o644), Just(0o755), Just(0o600)];
    prop_oneof![
        2 => Just(FileState::Absent),
        5 => (content, mode).prop_map(|(bytes, mode)| FileState::File { bytes: bytes.into(), mode }),
        1 => "[abc/.]{1,6}".prop_map(|target| FileState::Symlink { target: target.into_bytes().into() }),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => prop::collection::vec((0..PATHS.len(), state()), 1..4).prop_map(Action::Apply),
        3 => Just(Action::Undo),
        2 => Just(Action::Redo),
        1 => (1usize..4).prop_map(Action::UndoOlder),
    ]
}

type Snapshot = BTreeMap<String, (u32, Vec<u8>)>;

fn snapshot(root: &Path) -> Snapshot {
    fn walk(root: &Path, folder: &Path, found: &mut Snapshot) {
        for entry in fs::read_dir(folder).expect("list").flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).expect("below").display().to_string();
            let metadata = fs::symlink_metadata(&path).expect("lstat");
            if name == ".krepis" {
                continue;
            }
            if metadata.is_dir() {
                found.insert(name, (0, Vec::new()));
                walk(root, &path, found);
            } else if metadata.is_symlink() {
                let target = fs::read_link(&path).expect("link").display().to_string();
                found.insert(name, (1, target.into_bytes()));
            } else {
                found.insert(name, (metadata.mode(), fs::read(&path).expect("read")));
            }
        }
    }
    let mut found = Snapshot::new();
    walk(root, root, &mut found);
    found
}

fn path(text: &str) -> WorkspacePath {
    WorkspacePath::parse(text).expect("a path")
}

/// `None` if the change would be no change, or of two things at one place.
fn change(root: &Path, wanted: &[(usize, FileState)]) -> Option<Change> {
    let wanted: BTreeMap<WorkspacePath, &FileState> = wanted
        .iter()
        .map(|(index, state)| (path(PATHS[*index]), state))
        .collect();
    let transitions: Vec<Transition> = wanted
        .into_iter()
        .map(|(path, after)| {
            let before = read_state(root, &path).unwrap_or(FileState::Absent);
            Transition {
                path,
                before,
                after: after.clone(),
                edits: Vec::new(),
                renamed_from: None,
            }
        })
        .filter(|one| one.before != one.after)
        .collect();
    let makes = |text: &str| {
        transitions
            .iter()
            .any(|one| one.path.as_str() == text && !one.after.is_absent())
    };
    if transitions.is_empty() || (makes("a") && makes("a/h")) {
        return None;
    }
    Some(Change {
        title: "step".into(),
        transitions,
        reads: Vec::new(),
    })
}

fn cases(number: u32) -> ProptestConfig {
    ProptestConfig {
        cases: number,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    }
    .expect("a folder")
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn undo_and_redo_walk_over_the_states_byte_for_byte(actions in prop::collection::vec(action(), 1..24)) {
        let folder = memory();
        let root = folder.path();
        let history = History::new(root);
        let options = UndoOptions::default();
        // The model: what an editor does.
        let (mut past, mut future): (Vec<Snapshot>, Vec<Snapshot>) = (Vec::new(), Vec::new());
        let mut linear = true;
        for action in actions {
            let before = snapshot(root);
            match action {
                Action::Apply(wanted) => {
                    let Some(change) = change(root, &wanted) else { continue };
                    match history.apply(&change, Intent::apply(Meta::default())) {
                        Ok(_) => {
                            for one in &change.transitions {
                                let now = read_state(root, &one.path).unwrap_or(FileState::Absent);
                                prop_assert_eq!(&now, &one.after);
                            }
                            past.push(before);
                            future.clear();
                        }
                        Err(failure) => {
                            // A directory or a link stands in the way: refused as a whole.
                            prop_assert!(["KRP4031", "KRP4032", "KRP4033"].contains(&failure.code.id), "{:?}", failure);
                            prop_assert_eq!(snapshot(root), before);
                        }
                    }
                }
                Action::Undo => match (history.undo(Meta::default(), &options), past.pop()) {
                    (Ok(_), Some(wanted)) => {
                        if linear {
                            prop_assert_eq!(snapshot(root), wanted);
                        }
                        future.push(before);
                    }
                    (Err(failure), None) => prop_assert_eq!(failure.code.id, "KRP4011"),
                    (Err(failure), Some(wanted)) if !linear => {
                        prop_assert_eq!(failure.exit(), if failure.code.id == "KRP4014" { 3 } else { 2 });
                        prop_assert_eq!(snapshot(root), before);
                        past.push(wanted);
                    }
                    (outcome, model) => prop_assert!(false, "{:?} {:?}", outcome, model),
                },
                Action::Redo => match (history.redo(Meta::default(), &options), future.pop()) {
                    (Ok(_), Some(wanted)) => {
                        if linear {
                            prop_assert_eq!(snapshot(root), wanted);
                        }
                        past.push(before);
                    }
                    (Err(failure), None) => prop_assert_eq!(failure.code.id, "KRP4012"),
                    (Err(failure), Some(wanted)) if !linear => {
                        prop_assert_eq!(failure.exit(), if failure.code.id == "KRP4014" { 3 } else { 2 });
                        prop_assert_eq!(snapshot(root), before);
                        future.push(wanted);
                    }
                    (outcome, model) => prop_assert!(false, "{:?} {:?}", outcome, model),
                },
                Action::UndoOlder(back) => {
                    let log = history.log().expect("log");
                    let effective: Vec<_> = log.entries.iter().filter(|it| it.root == it.operation.id && !it.is_undone()).collect();
                    let Some(older) = effective.iter().rev().nth(back) else { continue };
                    let id = older.operation.id;
                    let touched: Vec<String> = older.operation.files.iter().map(|it| it.path.to_string()).collect();
                    let named = UndoOptions { operation: Some(id.to_string()), ..UndoOptions::default() };
                    match history.undo(Meta::default(), &named) {
                        Ok(_) => {
                            // From here on the states of the stack are not those of the model.
                            linear = false;
                            let now = snapshot(root);
                            for (name, found) in &before {
                                let own = touched.iter().any(|it| it == name || it.starts_with(&format!("{name}/")));
                                prop_assert!(own || now.get(name) == Some(found), "{} is not of the operation", name);
                            }
                            past.pop();
                            future.push(before);
                            prop_assert!(history.log().expect("log").find(id).is_some_and(Entry::is_undone));
                        }
                        Err(failure) => {
                            prop_assert!([2, 3].contains(&failure.exit()), "{:?}", failure);
                            prop_assert_eq!(snapshot(root), before);
                        }
                    }
                }
            }
            let open = history.scan().expect("scan");
            prop_assert!(open.iter().all(|(_, stage)| *stage == Stage::Done), "{:?}", open);
        }
    }

    #[test]
    fn no_edit_of_the_user_is_lost(
        wanted in prop::collection::vec((0..PATHS.len(), state()), 1..5),
        edits in prop::collection::vec((0..PATHS.len(), state()), 1..4),
    ) {
        let folder = memory();
        let root = folder.path();
        let history = History::new(root);
        let lines = FileState::text("one\ntwo\nthree\n");
        let base: Vec<(usize, FileState)> = vec![(1, lines.clone()), (2, lines)];
        history.apply(&change(root, &base).expect("a change"), Intent::apply(Meta::default())).expect("applied");
        let Some(change) = change(root, &wanted) else { return Ok(()) };
        if history.apply(&change, Intent::apply(Meta::default())).is_err() {
            return Ok(());
        }
        let mut edited = Vec::new();
        for (index, state) in edits {
            let target = root.join(PATHS[index]);
            let parent = target.parent().expect("a parent");
            if target.is_dir() || (fs::create_dir_all(parent).is_err()) {
                continue;
            }
            drop(fs::remove_file(&target));
            if let FileState::File { bytes, mode } = &state {
                fs::write(&target, bytes).expect("write");
                fs::set_permissions(&target, fs::Permissions::from_mode(*mode)).expect("mode");
            }
            edited.push(PATHS[index]);
        }
        let before = snapshot(root);
        match history.undo(Meta::default(), &UndoOptions::default()) {
            Ok((_, reversal)) => {
                let now = snapshot(root);
                for (name, found) in &before {
                    let own = reversal.outcomes.keys().any(|it| it.as_str() == name || it.as_str().starts_with(&format!("{name}/")));
                    prop_assert!(own || now.get(name) == Some(found), "{} is not of the operation", name);
                }
            }
            Err(failure) => {
                prop_assert!([2, 3].contains(&failure.exit()), "{:?}", failure);
                prop_assert_eq!(snapshot(root), before, "a refused undo touches nothing");
                prop_assert!(!edited.is_empty());
            }
        }
    }
}
