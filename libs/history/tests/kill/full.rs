//! A full disk: a small file system in memory, with room for so many pages or so many files.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use krepis_history::{History, Meta, UndoOptions};
use tempfile::TempDir;

use crate::scenario::{act, lay_out_version, snapshot};
use crate::{VICTIM, done, figures, torture};

const FILES: usize = 40;

/// A tmpfs of its own, unmounted when dropped.
struct Small(TempDir);

impl Small {
    /// `None` where this account may not mount, which CI may.
    fn mount() -> Option<Self> {
        let folder = TempDir::new().expect("a folder");
        let output = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                "size=4m,nr_inodes=400,mode=755",
                "krepis-test",
            ])
            .arg(folder.path())
            .output()
            .expect("mount(8)");
        if output.status.success() {
            return Some(Self(folder));
        }
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            std::env::var_os("CI").is_none(),
            "this test needs the right to mount: {text}"
        );
        None
    }

    fn free(&self) -> (u64, u64) {
        let stat = rustix::fs::statvfs(self.0.path()).expect("statvfs");
        (stat.f_bavail * stat.f_frsize / 4096, stat.f_favail)
    }

    /// Leaves so many pages free.
    fn fill_pages(&self, leave: u64) -> PathBuf {
        let filler = self.0.path().join("filler");
        let file = std::fs::File::create(&filler).expect("filler");
        let pages = self.free().0.saturating_sub(leave);
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, pages * 4096).expect("room");
        assert_eq!(self.free().0, leave);
        filler
    }

    /// Leaves room for so many more files and folders.
    fn fill_files(&self, leave: u64) -> PathBuf {
        let filler = self.0.path().join("filler");
        std::fs::create_dir(&filler).expect("filler");
        let files = self.free().1.saturating_sub(leave);
        for number in 0..files {
            std::fs::File::create(filler.join(number.to_string())).expect("room");
        }
        assert_eq!(self.free().1, leave);
        filler
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(self.0.path()).status());
    }
}

fn remove(filler: &Path) {
    if filler.is_dir() {
        std::fs::remove_dir_all(filler).expect("removed");
    } else {
        std::fs::remove_file(filler).expect("removed");
    }
}

#[derive(Debug, Clone, Copy)]
enum Room {
    Pages(u64),
    Files(u64),
}

impl Room {
    fn fill(self, disk: &Small) -> PathBuf {
        match self {
            Self::Pages(leave) => disk.fill_pages(leave),
            Self::Files(leave) => disk.fill_files(leave),
        }
    }
}

fn rooms(step: usize) -> impl Iterator<Item = Room> {
    let pages = (0..260).step_by(step).map(Room::Pages);
    pages.chain((0..90).step_by(step.min(5)).map(Room::Files))
}

/// The whole workspace in another version: apply, undo or redo.
const ACTIONS: &[(&str, &[&str])] = &[
    ("version:40:1", &[]),
    ("undo", &["version:40:1"]),
    ("redo", &["version:40:1", "undo"]),
    // Folders have to be made and to go.
    ("mixed", &[]),
    ("undo", &["mixed"]),
    ("spread", &[]),
    ("undo", &["spread"]),
];

#[test]
fn on_a_full_disk_it_is_all_or_nothing_at_once() {
    let Some(disk) = Small::mount() else { return };
    let started = Instant::now();
    let (mut refused, mut went) = (0, 0);
    for (action, ahead) in ACTIONS {
        for room in rooms(if torture() { 1 } else { 13 }) {
            let root = disk.0.path().join("w");
            std::fs::create_dir(&root).expect("folder");
            lay_out_version(&root, FILES, 0);
            ahead.iter().for_each(|action| act(&root, action).expect(action));
            let (before, operations) = (snapshot(&root), done(&root, "before"));
            let context = format!("{action} after {ahead:?} with room for {room:?}");
            let filler = room.fill(&disk);
            match act(&root, action) {
                Ok(()) => {
                    went += 1;
                    assert_ne!(snapshot(&root), before, "{context}");
                    assert_eq!(done(&root, &context), operations + 1, "{context}");
                }
                Err(failure) => {
                    refused += 1;
                    assert_eq!(failure.code.id, "KRP4035", "{context}: {failure:?}");
                    assert_eq!(snapshot(&root), before, "{context}");
                    assert_eq!(done(&root, &context), operations, "{context}");
                    act(&root, "recover").expect("nothing is left to do");
                    remove(&filler);
                    act(&root, action)
                        .unwrap_or_else(|failure| panic!("{context}, then with room: {failure:?}"));
                }
            }
            if filler.exists() {
                remove(&filler);
            }
            let after = snapshot(&root);
            let history = History::new(&root);
            let options = UndoOptions::default();
            if *action == "undo" {
                history.redo(Meta::default(), &options).expect(&context);
            } else {
                history.undo(Meta::default(), &options).expect(&context);
            }
            assert_eq!(snapshot(&root), before, "{context}, {} entries", after.len());
            std::fs::remove_dir_all(&root).expect("removed");
        }
    }
    figures(&format!(
        "full disk: {} runs in {:.1} s: {refused} refused with nothing touched, {went} had room",
        refused + went,
        started.elapsed().as_secs_f64()
    ));
    assert!(refused > 20 && went > 20, "{refused} {went}");
}

#[test]
fn a_recovery_on_a_full_disk_loses_nothing() {
    let Some(disk) = Small::mount() else { return };
    let (mut at_once, mut later) = (0, 0);
    for (action, ahead) in ACTIONS {
        for passing in (0..FILES).step_by(if torture() { 1 } else { 6 }) {
            let root = disk.0.path().join("w");
            std::fs::create_dir(&root).expect("folder");
            lay_out_version(&root, FILES, 0);
            ahead.iter().for_each(|action| act(&root, action).expect(action));
            let (before, operations) = (snapshot(&root), done(&root, "before"));
            let status = Command::new(VICTIM)
                .arg(&root)
                .arg(action)
                .env(
                    "FAILPOINTS",
                    format!("history::apply::swapped={passing}*off->return"),
                )
                .status()
                .expect("the victim starts");
            let context = format!("{action} after {ahead:?}, killed at swap {passing}");
            let filler = disk.fill_pages(0);
            match act(&root, "recover") {
                Ok(()) => at_once += 1,
                Err(failure) => {
                    later += 1;
                    assert!(
                        ["KRP4035", "KRP4041"].contains(&failure.code.id),
                        "{context}: {failure:?}"
                    );
                }
            }
            remove(&filler);
            act(&root, "recover").unwrap_or_else(|failure| panic!("{context}: {failure:?}"));
            if !status.success() && done(&root, &context) == operations {
                assert_eq!(snapshot(&root), before, "{context}");
            } else {
                assert_eq!(done(&root, &context), operations + 1, "{context}");
            }
            std::fs::remove_dir_all(&root).expect("removed");
        }
    }
    figures(&format!(
        "full disk: {} recoveries: {at_once} went at once, {later} when there was room",
        at_once + later
    ));
}
