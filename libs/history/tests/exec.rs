//! Undo of foreign commands: what is held, what is compared, what comes back.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use krepis_change::{Change, FileState, Transition, WorkspacePath};
use krepis_history::{
    Begun, Coverage, Ended, Ending, History, Image, Intent, Kind, Meta, Operation, Owner, UndoOptions,
};

/// Everything below a folder but what krepis keeps: kind, mode, content.
fn tree(root: &Path) -> BTreeMap<String, String> {
    fn walk(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).expect("listed") {
            let entry = entry.expect("an entry");
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let metadata = entry.path().symlink_metadata().expect("there");
            let mode = metadata.mode() & 0o7777;
            if name == ".krepis" {
                continue;
            }
            if metadata.is_symlink() {
                let target = fs::read_link(entry.path()).expect("a link");
                found.insert(name, format!("-> {}", target.display()));
            } else if metadata.is_dir() {
                found.insert(format!("{name}/"), format!("{mode:o}"));
                walk(&entry.path(), &format!("{name}/"), found);
            } else if metadata.is_file() {
                let text = fs::read(entry.path()).expect("read");
                found.insert(name, format!("{mode:o} {}", String::from_utf8_lossy(&text)));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, "", &mut found);
    found
}

fn write(root: &Path, path: &str, text: &str) {
    let full = root.join(path);
    fs::create_dir_all(full.parent().expect("a folder")).expect("made");
    fs::write(full, text).expect("written");
}

fn chmod(root: &Path, path: &str, mode: u32) {
    fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).expect("mode");
}

fn meta(title: &str) -> Meta {
    Meta {
        title: title.to_owned(),
        command: vec!["krepis".to_owned(), "exec".to_owned(), title.to_owned()],
        ..Meta::default()
    }
}

fn begin(history: &History, coverage: &Coverage) -> Begun {
    history.recover().expect("recovered");
    history
        .begin_command(coverage, Vec::new(), meta("command"), Owner::this_process())
        .expect("begun")
}

/// Runs `command` as `krepis exec` would.
fn exec_with(root: &Path, coverage: &Coverage, command: impl FnOnce()) -> Ended {
    let history = History::new(root);
    let begun = begin(&history, coverage);
    command();
    history.end_command(&begun).expect("ended")
}

fn exec(root: &Path, command: impl FnOnce()) -> Ended {
    exec_with(root, &Coverage::default(), command)
}

fn undo(root: &Path) {
    let history = History::new(root);
    history.recover().expect("recovered");
    history
        .undo(Meta::default(), &UndoOptions::default())
        .expect("undone");
}

fn redo(root: &Path) {
    let history = History::new(root);
    history
        .redo(Meta::default(), &UndoOptions::default())
        .expect("done again");
}

fn changed(ended: &Ended) -> Vec<String> {
    let operation = ended.operation.as_ref();
    operation.map_or_else(Vec::new, |operation| {
        operation.files.iter().map(|file| file.path.to_string()).collect()
    })
}

fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    write(root, "krepis.json", "{}\n");
    write(root, "src/a.ts", "export const a = 1;\n");
    write(root, "src/b.ts", "export const b = 1;\n");
    write(root, "src/deep/c.ts", "1\n2\n3\n4\n5\n6\n");
    write(root, "run.sh", "#!/bin/sh\n");
    folder
}

#[test]
fn undo_restores_the_tree_exactly_and_redo_does_it_again() {
    let folder = workspace();
    let root = folder.path();
    write(root, "replaced", "a file that becomes a folder\n");
    write(root, "folder/x", "a folder that becomes a file\n");
    write(root, "linked/w", "a folder that becomes a link\n");
    write(root, "gone/y", "y\n");
    chmod(root, "gone", 0o700);
    write(root, "kept/z", "z\n");
    fs::create_dir(root.join("empty")).expect("made");
    chmod(root, "empty", 0o711);
    symlink("a.ts", root.join("src/link")).expect("linked");
    symlink("nowhere", root.join("dangling")).expect("linked");
    let before = tree(root);
    let ended = exec(root, || {
        write(root, "new/one/two.ts", "new\n");
        write(root, "src/a.ts", "export const a = 2;\n");
        fs::rename(root.join("src/b.ts"), root.join("src/renamed.ts")).expect("renamed");
        fs::rename(root.join("src/deep"), root.join("moved")).expect("renamed");
        chmod(root, "run.sh", 0o755);
        fs::remove_file(root.join("replaced")).expect("removed");
        write(root, "replaced/inside", "now a folder\n");
        fs::remove_dir_all(root.join("folder")).expect("removed");
        write(root, "folder", "now a file\n");
        fs::remove_dir_all(root.join("linked")).expect("removed");
        symlink("src", root.join("linked")).expect("linked");
        fs::remove_dir_all(root.join("gone")).expect("removed");
        fs::remove_dir(root.join("empty")).expect("removed");
        fs::create_dir(root.join("made")).expect("made");
        chmod(root, "kept", 0o750);
        fs::remove_file(root.join("src/link")).expect("removed");
        symlink("renamed.ts", root.join("src/link")).expect("linked");
        fs::remove_file(root.join("dangling")).expect("removed");
        write(root, "dangling", "a file now\n");
    });
    let operation = ended.operation.expect("recorded");
    assert_eq!((operation.kind, operation.running), (Kind::Observed, None));
    let renamed: Vec<(String, String)> = operation
        .files
        .iter()
        .filter_map(|file| Some((file.renamed_from.as_ref()?.to_string(), file.path.to_string())))
        .collect();
    assert_eq!(
        renamed,
        [
            ("src/deep/c.ts".to_owned(), "moved/c.ts".to_owned()),
            ("src/b.ts".to_owned(), "src/renamed.ts".to_owned())
        ]
    );
    let after = tree(root);
    undo(root);
    assert_eq!(tree(root), before);
    redo(root);
    assert_eq!(tree(root), after);
    undo(root);
    assert_eq!(tree(root), before);
}

#[test]
fn a_command_that_changes_nothing_leaves_no_operation_and_the_next_one_reads_no_content() {
    let folder = workspace();
    let root = folder.path();
    let history = History::new(root);
    let first = begin(&history, &Coverage::default());
    assert_eq!((first.filled.read, first.filled.files), (5, 5));
    assert!(history.end_command(&first).expect("ended").operation.is_none());
    assert!(history.log().expect("read").entries.is_empty());
    assert_eq!(
        fs::read_dir(root.join(".krepis/history/ops"))
            .expect("listed")
            .count(),
        0
    );
    // A file changed in the very tick of a look is read again: only the clock makes it trusted.
    let read = loop {
        let begun = begin(&history, &Coverage::default());
        history.end_command(&begun).expect("ended");
        if begun.filled.read == 0 {
            break begun.filled.files;
        }
    };
    assert_eq!(read, 5);
}

#[test]
fn a_change_that_keeps_size_and_modification_time_is_seen() {
    let folder = workspace();
    let root = folder.path();
    let ended = exec(root, || {
        let file = root.join("src/a.ts");
        let modified = file.metadata().and_then(|it| it.modified()).expect("a time");
        write(root, "src/a.ts", "export const a = 7;\n");
        fs::File::options()
            .write(true)
            .open(&file)
            .and_then(|file| file.set_modified(modified))
            .expect("set");
    });
    assert_eq!(changed(&ended), ["src/a.ts"]);
}

#[test]
fn ignored_files_are_left_alone_and_include_and_exclude_move_the_line() {
    let folder = workspace();
    let root = folder.path();
    write(root, ".gitignore", "dist/\n*.log\n");
    write(root, "src/.gitignore", "generated.ts\n");
    for path in [
        "dist/x.js",
        "a.log",
        "src/generated.ts",
        "node_modules/p/index.js",
        "sub/node_modules/q.js",
    ] {
        write(root, path, "1\n");
    }
    let everything = || {
        for path in [
            "dist/x.js",
            "a.log",
            "src/generated.ts",
            "node_modules/p/index.js",
            "sub/node_modules/q.js",
            "src/a.ts",
        ] {
            let text = fs::read_to_string(root.join(path)).expect("read");
            write(root, path, &format!("{text}2\n"));
        }
    };
    assert_eq!(changed(&exec(root, everything)), ["src/a.ts"]);
    let coverage = Coverage {
        include: vec!["dist/".to_owned(), "node_modules/".to_owned()],
        exclude: vec!["src/a.ts".to_owned()],
        ..Coverage::default()
    };
    let before = tree(root);
    let ended = exec_with(root, &coverage, || {
        everything();
        write(root, "dist/deep/y.js", "new\n");
    });
    assert_eq!(changed(&ended), ["dist/deep/y.js", "dist/x.js"]);
    undo(root);
    let mut expected = before;
    for (path, state) in tree(root) {
        if ["a.log", "src/a.ts", "src/generated.ts"].contains(&path.as_str()) || path.contains("node_modules")
        {
            expected.insert(path, state);
        }
    }
    assert_eq!(tree(root), expected);
}

#[test]
fn an_ignored_file_that_the_command_brings_out_is_never_taken_for_new() {
    let folder = workspace();
    let root = folder.path();
    write(root, ".gitignore", "private/\n");
    write(root, "private/mine", "not yours to delete\n");
    write(root, "private/also", "nor this\n");
    let ended = exec(root, || {
        write(root, ".gitignore", "\n");
        // Even where it is edited in place.
        write(root, "private/also", "edited\n");
        write(root, "private/new", "new\n");
    });
    assert_eq!(changed(&ended), [".gitignore", "private/new"]);
    let left: Vec<&str> = ended.uncovered.iter().map(|one| &*one.path).collect();
    assert_eq!(left, ["private/also", "private/mine"]);
    undo(root);
    assert_eq!(
        fs::read_to_string(root.join("private/mine")).expect("there"),
        "not yours to delete\n"
    );
    assert!(root.join("private/also").exists() && !root.join("private/new").exists());
}

#[test]
fn a_file_that_the_command_hides_by_an_ignore_rule_is_still_compared() {
    let folder = workspace();
    let root = folder.path();
    let before = tree(root);
    let ended = exec(root, || {
        write(root, ".gitignore", "src/\n");
        write(root, "src/a.ts", "hidden edit\n");
        fs::remove_file(root.join("src/b.ts")).expect("removed");
    });
    assert_eq!(changed(&ended), [".gitignore", "src/a.ts", "src/b.ts"]);
    undo(root);
    assert_eq!(tree(root), before);
}

#[test]
fn secrets_are_never_stored_and_their_change_is_said() {
    let folder = workspace();
    let root = folder.path();
    write(root, ".env", "TOKEN=hunter2hunter2\n");
    write(root, "keys/a.pem", "hunter2hunter2\n");
    let coverage = Coverage {
        secrets: vec!["keys/**".to_owned()],
        ..Coverage::default()
    };
    let ended = exec_with(root, &coverage, || {
        write(root, ".env", "TOKEN=hunter3hunter3\n");
        write(root, ".env.local", "TOKEN=hunter3hunter3\n");
        fs::remove_file(root.join("keys/a.pem")).expect("removed");
        write(root, "src/a.ts", "edited\n");
    });
    assert_eq!(changed(&ended), ["src/a.ts"]);
    let said: Vec<&str> = ended.uncovered.iter().map(|one| &*one.path).collect();
    assert_eq!(said, [".env", ".env.local", "keys/a.pem"]);
    for file in walk_files(&root.join(".krepis")) {
        let bytes = fs::read(&file).expect("read");
        // Short contents are stored literally by zstd, so a plain search sees them.
        assert!(
            !bytes.windows(7).any(|it| it == b"hunter2" || it == b"hunter3"),
            "{}",
            file.display()
        );
    }
}

fn walk_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("listed").flatten() {
        if entry.path().is_dir() {
            found.extend(walk_files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn large_files_pipes_and_strange_names_are_left_out_and_said() {
    use std::os::unix::ffi::OsStringExt as _;
    let folder = workspace();
    let root = folder.path();
    let large = fs::File::create(root.join("large.bin")).expect("made");
    large.set_len(50_000_001).expect("grown");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .expect("a pipe");
    let strange = std::ffi::OsString::from_vec(b"na\xffme".to_vec());
    fs::write(root.join(&strange), "x").expect("written");
    write(root, "back\\slash", "x");
    symlink(".", root.join("loop")).expect("linked");
    let history = History::new(root);
    let begun = begin(&history, &Coverage::default());
    assert_eq!(begun.unnameable, ["back\\slash", "na\u{fffd}me"]);
    assert_eq!(
        begun.filled.uncovered,
        [("large.bin".to_owned(), "larger than 50 MB".to_owned())]
    );
    large.set_len(50_000_002).expect("grown");
    write(root, "src/a.ts", "edited\n");
    let ended = history.end_command(&begun).expect("ended");
    assert_eq!(changed(&ended), ["src/a.ts"]);
    assert_eq!(ended.uncovered.len(), 1);
    assert_eq!(ended.uncovered[0].path, "large.bin");
}

fn applied(root: &Path, path: &str, before: &str, after: &str) -> Operation {
    let history = History::new(root);
    let state = |text: &str| {
        if text.is_empty() {
            FileState::Absent
        } else {
            FileState::text(text)
        }
    };
    let change = Change {
        title: "nested".to_owned(),
        transitions: vec![Transition {
            path: WorkspacePath::parse(path).expect("valid"),
            before: state(before),
            after: state(after),
            edits: Vec::new(),
            renamed_from: None,
        }],
        reads: Vec::new(),
    };
    history.recover().expect("recovered");
    history
        .apply(&change, Intent::apply(meta("nested")))
        .expect("applied")
}

#[test]
fn an_operation_of_krepis_that_lands_meanwhile_stays_its_own() {
    let folder = workspace();
    let root = folder.path();
    let text = fs::read_to_string(root.join("src/deep/c.ts")).expect("read");
    let before = tree(root);
    let ended = exec(root, || {
        applied(root, "src/generated.ts", "", "export {};\n");
        write(root, "src/a.ts", "edited\n");
        // The command, then krepis, then the command again, in one file.
        let first = text.replace("1\n", "one\n");
        write(root, "src/deep/c.ts", &first);
        let second = first.replace("6\n", "six\n");
        applied(root, "src/deep/c.ts", &first, &second);
        write(root, "src/deep/c.ts", &second.replace("3\n", "three\n"));
    });
    assert_eq!(changed(&ended), ["src/a.ts", "src/deep/c.ts"]);
    assert_eq!(ended.landed.len(), 2);
    assert!(ended.joined.is_empty());
    undo(root);
    assert_eq!(
        fs::read_to_string(root.join("src/deep/c.ts")).expect("read"),
        text.replace("6\n", "six\n")
    );
    assert!(root.join("src/generated.ts").exists());
    undo(root);
    undo(root);
    assert_eq!(tree(root), before);
}

#[test]
fn where_both_wrote_the_same_lines_the_command_takes_all_and_says_so() {
    let folder = workspace();
    let root = folder.path();
    let before = tree(root);
    let ended = exec(root, || {
        write(root, "src/a.ts", "export const a = 2;\n");
        applied(root, "src/a.ts", "export const a = 2;\n", "export const a = 3;\n");
    });
    let joined: Vec<String> = ended.joined.iter().map(ToString::to_string).collect();
    assert_eq!(joined, ["src/a.ts"]);
    undo(root);
    assert_eq!(tree(root), before);
}

/// As if krepis had been killed: its process is gone, and so is the command's.
fn killed(root: &Path) {
    let ops = root.join(".krepis/history/ops");
    let open: Vec<_> = fs::read_dir(&ops)
        .expect("listed")
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|it| it == "observed"))
        .collect();
    assert_eq!(open.len(), 1);
}

#[test]
fn what_a_killed_krepis_left_is_completed_by_the_next_writer() {
    let folder = workspace();
    let root = folder.path();
    let history = History::new(root);
    let before = tree(root);
    let mut other = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .expect("sleep");
    let owner = Owner::of(other.id()).expect("it runs");
    history.recover().expect("recovered");
    history
        .begin_command(&Coverage::default(), Vec::new(), meta("killed"), owner)
        .expect("begun");
    write(root, "src/a.ts", "edited\n");
    write(root, "new.ts", "new\n");
    killed(root);
    // While it lives nobody touches it, and nobody has to wait for it.
    assert_eq!(history.recover().expect("recovered"), []);
    history.check_owners(None).expect("not in the way");
    other.kill().expect("killed");
    other.wait().expect("ended");
    let recovered = history.recover().expect("recovered");
    assert_eq!(recovered.len(), 1);
    assert_eq!(recovered[0].ending, Ending::Completed);
    assert_eq!(history.recover().expect("recovered"), []);
    undo(root);
    assert_eq!(tree(root), before);
}

#[test]
fn a_damaged_base_never_gives_wrong_contents_and_never_blocks_a_writer() {
    let folder = workspace();
    let root = folder.path();
    let history = History::new(root);
    let mut other = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .expect("sleep");
    let owner = Owner::of(other.id()).expect("it runs");
    history
        .begin_command(&Coverage::default(), Vec::new(), meta("killed"), owner)
        .expect("begun");
    write(root, "src/a.ts", "edited\n");
    other.kill().expect("killed");
    other.wait().expect("ended");
    for entry in fs::read_dir(root.join(".krepis/history/base"))
        .expect("listed")
        .flatten()
    {
        if entry.path().extension().is_some_and(|it| it == "index") {
            fs::write(entry.path(), "garbage").expect("written");
        }
    }
    let recovered = history.recover().expect("recovered");
    assert_eq!(recovered[0].ending, Ending::Lost);
    let ended = exec(root, || write(root, "src/b.ts", "edited\n"));
    assert_eq!(changed(&ended), ["src/b.ts"]);
}

#[test]
fn a_lost_pack_is_filled_again() {
    let folder = workspace();
    let root = folder.path();
    assert_eq!(
        changed(&exec(root, || write(root, "src/a.ts", "edited\n"))),
        ["src/a.ts"]
    );
    for entry in fs::read_dir(root.join(".krepis/history/base"))
        .expect("listed")
        .flatten()
    {
        if entry.path().extension().is_some_and(|it| it == "pack") {
            fs::remove_file(entry.path()).expect("removed");
        }
    }
    let before = tree(root);
    assert_eq!(
        changed(&exec(root, || write(root, "src/b.ts", "edited\n"))),
        ["src/b.ts"]
    );
    undo(root);
    assert_eq!(tree(root), before);
}

#[test]
fn the_base_keeps_what_the_tree_needs_and_no_more() {
    let folder = workspace();
    let root = folder.path();
    let history = History::new(root);
    for round in 0..38 {
        write(root, &format!("many/{round}.ts"), &format!("{round}\n"));
        for other in 0..round {
            if other % 3 == round % 3 {
                write(
                    root,
                    &format!("many/{other}.ts"),
                    &format!("{other} in round {round}\n"),
                );
            }
        }
        exec(root, || write(root, "src/a.ts", &format!("{round}\n")));
    }
    let (files, _) = history.base_usage();
    assert!(files < 38, "{files} files");
    let before = tree(root);
    exec(root, || {
        for round in 0..38 {
            write(root, &format!("many/{round}.ts"), "overwritten\n");
        }
    });
    undo(root);
    assert_eq!(tree(root), before);
}

#[test]
fn an_install_is_a_barrier_and_a_barrier_alone_is_no_change_to_undo() {
    let folder = workspace();
    let root = folder.path();
    write(root, "package.json", "{}\n");
    write(root, "pnpm-lock.yaml", "lockfileVersion: 9\n");
    let ended = exec(root, || {
        write(root, "package.json", "{ \"dependencies\": {} }\n");
        write(root, "node_modules/.modules.yaml", "layoutVersion: 5\n");
    });
    let operation = ended.operation.expect("recorded");
    assert_eq!(operation.barriers.len(), 1);
    assert_eq!(operation.barriers[0].what, "node_modules");
    assert_eq!(operation.barriers[0].mend.as_deref(), Some("pnpm install"));

    let ended = exec(root, || {
        write(root, "node_modules/.modules.yaml", "layoutVersion: 6\n");
    });
    let install = ended.operation.expect("recorded");
    assert_eq!((install.files.len(), install.barriers.len()), (0, 1));
    let history = History::new(root);
    let options = UndoOptions {
        operation: Some(install.id.to_string()),
        ..UndoOptions::default()
    };
    assert_eq!(
        history.plan_undo(&options).expect_err("nothing").code.id,
        "KRP4066"
    );
    undo(root);
    assert_eq!(
        fs::read_to_string(root.join("package.json")).expect("read"),
        "{}\n"
    );
    // A cache that a tool keeps there is no install.
    let ended = exec(root, || write(root, "node_modules/.cache/x", "1\n"));
    assert!(ended.operation.is_none());
}

#[test]
fn a_record_of_many_files_keeps_every_image() {
    let folder = workspace();
    let root = folder.path();
    for number in 0..300 {
        write(root, &format!("many/{number}.ts"), &format!("{number}\n"));
    }
    let before = tree(root);
    let ended = exec(root, || {
        for number in 0..300 {
            write(root, &format!("many/{number}.ts"), &format!("{number};\n"));
        }
    });
    let operation = ended.operation.expect("recorded");
    assert_eq!(operation.files.len(), 300);
    let held = |image: &Image| matches!(image, Image::File { blob: Some(_), .. });
    assert!(
        operation
            .files
            .iter()
            .all(|file| held(&file.before) && file.after.as_ref().is_some_and(held))
    );
    undo(root);
    assert_eq!(tree(root), before);
}
