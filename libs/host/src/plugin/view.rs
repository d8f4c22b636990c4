//! Answers to a plugin's questions about the workspace, as far as its manifest declares them.

use krepis_change::{Code, EntryKind, Failure, Tree, WorkspacePath};
use krepis_proto::v1::{self, ClassSite, FileAnswer, FolderEntry, Place, Problem, QueryAnswer};

use super::{Plugin, errors};

/// Answers a file.
pub fn read(plugin: &Plugin, tree: &dyn Tree, asked: &str) -> QueryAnswer {
    let path = match WorkspacePath::parse(asked) {
        Ok(path) => path,
        Err(failure) => return failed(&failure),
    };
    if !plugin.may_read(&path) {
        return failed(&not_declared(plugin, &path));
    }
    match tree.state(&path) {
        Ok(state) => QueryAnswer {
            file: Some(FileAnswer {
                path: path.to_string(),
                content: state.bytes().map(|bytes| bytes.to_vec()),
            }),
            ..QueryAnswer::default()
        },
        // A folder is no file.
        Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => QueryAnswer {
            file: Some(FileAnswer {
                path: path.to_string(),
                content: None,
            }),
            ..QueryAnswer::default()
        },
        Err(error) => failed(&refused(&path, &error)),
    }
}

/// Answers a folder: its entries that are declared, or that hold something which could be.
pub fn list(plugin: &Plugin, tree: &dyn Tree, asked: &str) -> QueryAnswer {
    let directory = if matches!(asked, "" | ".") {
        Ok(WorkspacePath::root())
    } else {
        WorkspacePath::parse(asked.strip_suffix('/').unwrap_or(asked))
    };
    let directory = match directory {
        Ok(directory) => directory,
        Err(failure) => return failed(&failure),
    };
    let found = match tree.list(&directory) {
        Ok(found) => found,
        Err(error) => return failed(&refused(&directory, &error)),
    };
    let entries = found.into_iter().filter_map(|(name, kind)| {
        // What no change can name is not shown: `.git`, `.krepis`, `node_modules`.
        let path = directory.child(&name).ok()?;
        let shown = match kind {
            EntryKind::Directory => plugin.read.reaches(&path),
            EntryKind::File | EntryKind::Symlink => plugin.may_read(&path),
        };
        let kind = match kind {
            EntryKind::File => v1::EntryKind::File,
            EntryKind::Directory => v1::EntryKind::Directory,
            EntryKind::Symlink => v1::EntryKind::Symlink,
        };
        shown.then_some(FolderEntry {
            name,
            kind: kind as i32,
        })
    });
    QueryAnswer {
        entries: entries.collect(),
        ..QueryAnswer::default()
    }
}

/// Answers where a class is declared: in the files that the plugin may read.
pub fn classes(plugin: &Plugin, found: Result<Vec<ClassSite>, Failure>) -> QueryAnswer {
    match found {
        Ok(sites) => QueryAnswer {
            classes: sites
                .into_iter()
                .filter(|site| WorkspacePath::parse(&site.path).is_ok_and(|path| plugin.may_read(&path)))
                .collect(),
            ..QueryAnswer::default()
        },
        Err(failure) => failed(&failure),
    }
}

/// An answer that says no.
pub fn failed(failure: &Failure) -> QueryAnswer {
    QueryAnswer {
        error: Some(problem(failure)),
        ..QueryAnswer::default()
    }
}

/// A failure as a message.
pub fn problem(failure: &Failure) -> Problem {
    Problem {
        code: failure.code.id.to_owned(),
        message: failure.message.clone(),
        at: failure.at.as_ref().map(|at| Place {
            path: at.path.clone(),
            line: at.line,
            column: at.column,
        }),
        reason: failure.reason.clone(),
        hint: failure.hint.clone(),
        exit: None,
    }
}

fn not_declared(plugin: &Plugin, path: &WorkspacePath) -> Failure {
    let failure = |code: &'static Code| {
        Failure::new(code, format!("plugin `{}` may not read {path}", plugin.name)).at_path(path)
    };
    let declared = plugin.capabilities().read;
    failure(&errors::READ_NOT_DECLARED)
        .reason(if declared.is_empty() {
            "its manifest declares to read nothing".to_owned()
        } else {
            format!("its manifest declares to read {}", declared.join(", "))
        })
        .hint(format!(
            "declare it in the plugin's krepis.plugin.json: \"capabilities\": {{ \"read\": [\"{path}\"] }}"
        ))
}

fn refused(path: &WorkspacePath, error: &std::io::Error) -> Failure {
    Failure::new(&errors::READ_REFUSED, format!("{path} cannot be read")).reason(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use krepis_change::MemoryTree;

    use super::*;
    use crate::plugin::capabilities::ReadGlobs;

    fn plugin(read: &[&str]) -> Plugin {
        let read: Vec<String> = read.iter().map(|glob| (*glob).to_owned()).collect();
        Plugin {
            name: "acme".into(),
            folder: PathBuf::new(),
            manifest: v1::PluginManifest::default(),
            read: ReadGlobs::parse(&read).expect("globs"),
            hosts: super::super::hosts::Hosts::default(),
        }
    }

    #[test]
    fn only_what_is_declared_is_answered_and_what_is_not_names_the_capability() {
        let tree = MemoryTree::of(&[
            ("src/a.ts", "a"),
            ("src/b.js", "b"),
            ("package.json", "{}"),
            (".env", "KEY=1"),
        ]);
        let plugin = plugin(&["src/**/*.ts"]);
        let content = |path| read(&plugin, &tree, path).file.and_then(|file| file.content);
        assert_eq!(content("src/a.ts").as_deref(), Some(b"a".as_slice()));
        assert_eq!(content("src/none.ts"), None);
        for path in ["src/b.js", "package.json", ".env"] {
            let error = read(&plugin, &tree, path).error.expect(path);
            assert_eq!(error.code, "KRP5230");
            assert!(error.hint.expect("a hint").contains(path));
        }
        for path in ["../etc/passwd", "/etc/passwd", ".git/config", "src/../../x"] {
            assert!(read(&plugin, &tree, path).error.is_some(), "{path}");
        }
    }

    #[test]
    fn a_folder_shows_only_what_may_be_read() {
        let tree = MemoryTree::of(&[
            ("src/a.ts", ""),
            ("src/b.js", ""),
            ("docs/x.md", ""),
            ("src/deep/c.ts", ""),
            (".env", ""),
        ]);
        let plugin = plugin(&["src/**/*.ts"]);
        let names = |folder: &str| -> Vec<String> {
            list(&plugin, &tree, folder)
                .entries
                .into_iter()
                .map(|entry| entry.name)
                .collect()
        };
        assert_eq!(names(""), ["src"]);
        assert_eq!(names("src"), ["a.ts", "deep"]);
        assert_eq!(names("docs"), Vec::<String>::new());
    }

    #[test]
    fn classes_in_undeclared_files_are_not_told() {
        let site = |path: &str| ClassSite {
            path: path.into(),
            ..ClassSite::default()
        };
        let answer = classes(&plugin(&["src/**"]), Ok(vec![site("src/a.ts"), site("lib/b.ts")]));
        assert_eq!(answer.classes, [site("src/a.ts")]);
    }
}
