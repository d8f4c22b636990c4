//! Where git's HEAD is, read from its files: starting git costs more than an undo.

use std::fs;
use std::path::{Path, PathBuf};

/// The commit of HEAD in the git repository around `root`; `None` outside one, before the first commit, or where the
/// files are of a form this does not know (reftable): the history is complete without it.
pub fn git_head(root: &Path) -> Option<String> {
    let dot_git = root
        .ancestors()
        .map(|folder| folder.join(".git"))
        .find(|path| path.exists())?;
    let git_dir = git_dir(&dot_git)?;
    let common = fs::read_to_string(git_dir.join("commondir"))
        .map_or_else(|_| git_dir.clone(), |path| git_dir.join(path.trim()));
    let mut reference = fs::read_to_string(git_dir.join("HEAD")).ok()?.trim().to_owned();
    // A symbolic reference may name another; git itself follows five.
    for _ in 0..5 {
        let Some(name) = reference.strip_prefix("ref:").map(str::trim) else {
            return is_commit(&reference).then_some(reference);
        };
        reference = [&git_dir, &common]
            .iter()
            .find_map(|folder| fs::read_to_string(folder.join(name)).ok())
            .map(|text| text.trim().to_owned())
            .or_else(|| packed(&common, name))?;
    }
    None
}

/// `.git` is a folder, or in a worktree or submodule a file that names one.
fn git_dir(dot_git: &Path) -> Option<PathBuf> {
    if dot_git.is_dir() {
        return Some(dot_git.to_path_buf());
    }
    let text = fs::read_to_string(dot_git).ok()?;
    let path = text.strip_prefix("gitdir:")?.trim();
    Some(dot_git.parent()?.join(path))
}

fn packed(common: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(common.join("packed-refs")).ok()?;
    text.lines()
        .find_map(|line| line.split_once(' ').filter(|(_, reference)| *reference == name))
        .map(|(commit, _)| commit.to_owned())
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn write(root: &Path, path: &str, text: &str) {
        let file = root.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, text).expect("written");
    }

    #[test]
    fn a_branch_is_followed_from_a_folder_below() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), ".git/HEAD", "ref: refs/heads/main\n");
        write(root.path(), ".git/refs/heads/main", &format!("{COMMIT}\n"));
        write(root.path(), "apps/a/krepis.json", "{}");
        assert_eq!(git_head(&root.path().join("apps/a")).as_deref(), Some(COMMIT));
    }

    #[test]
    fn packed_references_detached_heads_and_worktrees_are_read() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), "main/.git/HEAD", "ref: refs/heads/main\n");
        write(
            root.path(),
            "main/.git/packed-refs",
            &format!("# pack-refs\n{COMMIT} refs/heads/main\n"),
        );
        assert_eq!(git_head(&root.path().join("main")).as_deref(), Some(COMMIT));

        write(root.path(), "detached/.git/HEAD", COMMIT);
        assert_eq!(git_head(&root.path().join("detached")).as_deref(), Some(COMMIT));

        write(
            root.path(),
            "main/.git/worktrees/w/HEAD",
            "ref: refs/heads/main\n",
        );
        write(root.path(), "main/.git/worktrees/w/commondir", "../..\n");
        write(root.path(), "w/.git", "gitdir: ../main/.git/worktrees/w\n");
        assert_eq!(git_head(&root.path().join("w")).as_deref(), Some(COMMIT));
    }

    #[test]
    fn an_unborn_branch_and_no_repository_have_none() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), ".git/HEAD", "ref: refs/heads/main\n");
        assert_eq!(git_head(root.path()), None);
    }
}
