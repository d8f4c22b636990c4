//! One change with every kind of transition, for the crash tests.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use krepis_change::{Change, Failure, FileState, Span, Transition, WorkspacePath};
use krepis_history::{Coverage, Decision, History, Intent, Meta, Owner, UndoOptions, read_state};

/// Everything below a folder but `.krepis`: path -> what it is, with mode and content.
pub type Snapshot = BTreeMap<String, String>;

pub fn snapshot(root: &Path) -> Snapshot {
    let mut found = Snapshot::new();
    walk(root, root, &mut found);
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Snapshot) {
    for entry in fs::read_dir(folder).expect("list") {
        let path = entry.expect("entry").path();
        let name = path.strip_prefix(root).expect("below").display().to_string();
        if name == ".krepis" {
            continue;
        }
        let metadata = fs::symlink_metadata(&path).expect("lstat");
        if metadata.is_dir() {
            found.insert(name, "directory".into());
            walk(root, &path, found);
        } else if metadata.is_symlink() {
            found.insert(
                name,
                format!("link to {}", fs::read_link(&path).expect("link").display()),
            );
        } else {
            let content = String::from_utf8_lossy(&fs::read(&path).expect("read")).into_owned();
            found.insert(name, format!("{:o} {content}", metadata.mode() & 0o7777));
        }
    }
}

fn path(text: &str) -> WorkspacePath {
    WorkspacePath::parse(text).expect("a path")
}

fn file(text: &str, mode: u32) -> FileState {
    FileState::File {
        bytes: text.as_bytes().into(),
        mode,
    }
}

fn link(target: &str) -> FileState {
    FileState::Symlink {
        target: target.as_bytes().into(),
    }
}

/// The files there are before the change.
pub fn lay_out(root: &Path) {
    fs::create_dir_all(root.join("src/shared")).expect("folders");
    for (name, text, mode) in [
        ("src/edited.ts", "const a = 1;\nconst b = 2;\n", 0o644),
        ("src/whole.ts", "whole\n", 0o600),
        ("src/gone.ts", "gone\n", 0o644),
        ("src/old.ts", "moved\n", 0o644),
        ("src/run.sh", "#!/bin/sh\n", 0o644),
        ("src/becomes-folder", "a file\n", 0o644),
        ("src/becomes-link", "a file\n", 0o644),
        ("src/shared/untouched.ts", "untouched\n", 0o640),
    ] {
        fs::write(root.join(name), text).expect("write");
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(mode)).expect("mode");
    }
    std::os::unix::fs::symlink("whole.ts", root.join("src/becomes-file")).expect("link");
    std::os::unix::fs::symlink("whole.ts", root.join("src/turned")).expect("link");
}

fn change(root: &Path) -> Change {
    let one = |name: &str, after: FileState| Transition {
        path: path(name),
        before: read_state(root, &path(name)).unwrap_or(FileState::Absent),
        after,
        edits: Vec::new(),
        renamed_from: None,
    };
    let mut edited = one("src/edited.ts", FileState::text("const a = 3;\nconst b = 2;\n"));
    edited.edits = vec![Span {
        start: 10,
        end: 11,
        text: "3".into(),
    }];
    let mut renamed = one("lib/new.ts", FileState::text("moved\n"));
    renamed.renamed_from = Some(path("src/old.ts"));
    let mut transitions = vec![
        edited,
        renamed,
        one("src/old.ts", FileState::Absent),
        one("src/whole.ts", file("written anew\n", 0o600)),
        one("src/gone.ts", FileState::Absent),
        one("src/run.sh", file("#!/bin/sh\n", 0o755)),
        one("src/becomes-folder", FileState::Absent),
        one("src/becomes-folder/inside.ts", FileState::text("inside\n")),
        one("src/becomes-link", link("edited.ts")),
        one("src/becomes-file", file("a file now\n", 0o644)),
        one("src/turned", link("run.sh")),
        one("src/shared/added.ts", FileState::text("added\n")),
        one("deep/er/and/deeper.ts", FileState::text("deep\n")),
        one(
            "deep/er/image.bin",
            FileState::File {
                bytes: vec![0, 255, 254, 0].into(),
                mode: 0o644,
            },
        ),
    ];
    transitions.sort_by(|one, other| one.path.cmp(&other.path));
    Change {
        title: "everything".into(),
        transitions,
        reads: Vec::new(),
    }
}

/// A change of what [`change`] left.
fn more(root: &Path) -> Change {
    let wanted = [
        ("deep/er/and/deeper.ts", FileState::Absent),
        ("lib/new.ts", file("moved and edited\n", 0o640)),
        ("other/one.ts", FileState::text("one\n")),
        ("src/run.sh", FileState::Absent),
        ("src/turned", FileState::text("no link\n")),
        ("src/whole.ts", file("written again\n", 0o644)),
    ];
    of("more", root, wanted.map(|(name, after)| (name.to_owned(), after)))
}

/// Twenty files in their next version, and files in new folders.
fn mixed(root: &Path) -> Change {
    let more = (0..8).map(|number| (format!("zz/{number}/new.ts"), FileState::text("new\n")));
    of(
        "mixed",
        root,
        (0..20).map(|index| version_of(index, 1)).chain(more),
    )
}

/// A hundred files: more than are synced one by one.
fn spread(root: &Path) -> Change {
    let wanted = (0..100).map(|number| {
        (
            format!("many/{}/{number:03}.ts", number % 7),
            FileState::text(&format!("{number}\n")),
        )
    });
    of("spread", root, wanted)
}

/// File number `index` of a workspace that goes from version to version: most are text, some come and go, change their mode
/// or are links.
pub fn version_of(index: usize, version: u32) -> (String, FileState) {
    let name = format!("d{}/{index:04}", index % 13);
    let text = |lines: usize| format!("file {index} version {version}\n").repeat(lines);
    let state = match index % 10 {
        7 if version.is_multiple_of(2) => FileState::Absent,
        7 => FileState::text(&text(3)),
        8 => file(
            "the same\n",
            if version.is_multiple_of(2) { 0o644 } else { 0o755 },
        ),
        9 => link(&format!("version-{version}")),
        // Some are long enough for a torn write to show.
        _ => FileState::text(&text(if index.is_multiple_of(50) {
            3000
        } else {
            1 + index % 40
        })),
    };
    (name, state)
}

/// The first `count` files as they are in a version.
pub fn lay_out_version(root: &Path, count: usize, version: u32) {
    for (name, state) in (0..count).map(|index| version_of(index, version)) {
        let target = root.join(&name);
        fs::create_dir_all(target.parent().expect("a parent")).expect("folders");
        put(&target, &state);
    }
}

fn put(target: &Path, state: &FileState) {
    match state {
        FileState::Absent => {}
        FileState::File { bytes, mode } => {
            fs::write(target, bytes).expect("write");
            fs::set_permissions(target, fs::Permissions::from_mode(*mode)).expect("mode");
        }
        FileState::Symlink { target: to } => {
            std::os::unix::fs::symlink(String::from_utf8_lossy(to).as_ref(), target).expect("link");
        }
    }
}

fn of(title: &str, root: &Path, wanted: impl IntoIterator<Item = (String, FileState)>) -> Change {
    let mut transitions: Vec<Transition> = wanted
        .into_iter()
        .map(|(name, after)| Transition {
            path: path(&name),
            before: read_state(root, &path(&name)).unwrap_or(FileState::Absent),
            after,
            edits: Vec::new(),
            renamed_from: None,
        })
        .collect();
    transitions.sort_by(|one, other| one.path.cmp(&other.path));
    Change {
        title: title.into(),
        transitions,
        reads: Vec::new(),
    }
}

pub fn act(root: &Path, action: &str) -> Result<(), Failure> {
    let history = History::new(root);
    let meta = || Meta {
        title: "everything".into(),
        command: vec!["krepis".into()],
        ..Meta::default()
    };
    let options = UndoOptions::default();
    history.recover()?;
    if let Some(numbers) = action.strip_prefix("version:") {
        let (count, version) = numbers.split_once(':').expect("COUNT:VERSION");
        let (count, version): (usize, u32) = (
            count.parse().expect("a count"),
            version.parse().expect("a version"),
        );
        let mut change = of(
            "version",
            root,
            (0..count).map(|index| version_of(index, version)),
        );
        change.transitions.retain(|one| one.before != one.after);
        return history.apply(&change, Intent::apply(meta())).map(drop);
    }
    match action {
        "recover" => Ok(()),
        "apply" => history.apply(&change(root), Intent::apply(meta())).map(drop),
        "apply-more" => history.apply(&more(root), Intent::apply(meta())).map(drop),
        "mixed" => history.apply(&mixed(root), Intent::apply(meta())).map(drop),
        "spread" => history.apply(&spread(root), Intent::apply(meta())).map(drop),
        "undo" => history.undo(meta(), &options).map(drop),
        "redo" => history.redo(meta(), &options).map(drop),
        "decide-before" => history.decide(Decision::Before).map(drop),
        "observe" => {
            // Another program writes between the two records.
            let change = change(root);
            let owner = Owner::of(std::process::id()).expect("this process");
            let id = history.observe(&change, meta(), owner)?;
            for one in &change.transitions {
                write(root, one);
            }
            history.complete(id).map(drop)
        }
        "exec" => {
            let change = change(root);
            let owner = Owner::this_process();
            let mut begun = history.begin_command(&Coverage::default(), Vec::new(), meta(), owner)?;
            history.command_started(&mut begun, std::process::id())?;
            for one in &change.transitions {
                write(root, one);
            }
            history.end_command(&begun).map(drop)
        }
        other => panic!("unknown action {other}"),
    }
}

fn write(root: &Path, one: &Transition) {
    let target = one.path.on_disk(root);
    fail::fail_point!("test::owner-writes", |_| std::process::abort());
    drop(fs::remove_file(&target));
    if !one.after.is_absent() {
        fs::create_dir_all(target.parent().expect("a parent")).expect("folders");
    }
    put(&target, &one.after);
}
