//! A shelf with heads saves opening the files and never changes what the log says.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use krepis_change::{Change, FileState, Transition, WorkspacePath};
use krepis_history::{History, Intent, Meta, Shelf, UndoOptions};
use tempfile::TempDir;

const OPERATIONS: usize = 80;

#[derive(Debug, Default)]
struct Memory(Mutex<Vec<Vec<u8>>>);

impl Memory {
    fn parts(&self) -> Vec<Vec<u8>> {
        self.0.lock().expect("unpoisoned").clone()
    }
}

impl Shelf for Memory {
    fn worth_from(&self) -> usize {
        1
    }

    fn load(&self) -> Vec<Vec<u8>> {
        self.parts()
    }

    fn save(&self, parts: Vec<Vec<u8>>, instead: bool) {
        let mut kept = self.0.lock().expect("unpoisoned");
        if instead {
            kept.clear();
        }
        kept.extend(parts);
    }
}

fn apply(history: &History, number: usize) {
    let path = WorkspacePath::parse(&format!("src/f{number}.ts")).expect("a path");
    let one = Transition {
        path,
        before: FileState::Absent,
        after: FileState::text(&format!("export const a = {number};\n")),
        edits: Vec::new(),
        renamed_from: None,
    };
    let title = format!("edit {number:04}");
    let change = Change {
        title: title.clone(),
        transitions: vec![one],
        reads: Vec::new(),
    };
    let meta = Meta {
        title,
        ..Meta::default()
    };
    history.apply(&change, Intent::apply(meta)).expect("applied");
}

/// All that a log says.
fn said(history: &History) -> String {
    let log = history.log().expect("a log");
    let next = (log.next_undo(), log.next_redo());
    format!(
        "{:?}\n{:?}\n{:?}\n{next:?}",
        log.entries, log.pending, log.damaged
    )
}

/// A history, and a shelf that holds the head of each of its operations.
fn shelved() -> (TempDir, Arc<Memory>) {
    let folder = tempfile::tempdir().expect("a folder");
    let history = History::new(folder.path());
    for number in 0..OPERATIONS {
        apply(&history, number);
        if number % 7 == 0 {
            history
                .undo(Meta::default(), &UndoOptions::default())
                .expect("undone");
        }
    }
    let shelf = Arc::new(Memory::default());
    // What was written a moment ago is not learned: until then there is nothing to keep.
    while shelf.parts().iter().map(Vec::len).sum::<usize>() < OPERATIONS * 100 {
        shelf.0.lock().expect("unpoisoned").clear();
        let history = with(&folder, &shelf);
        history.log().expect("a log");
        history.keep_heads();
        std::thread::yield_now();
    }
    (folder, shelf)
}

fn with(folder: &TempDir, shelf: &Arc<Memory>) -> History {
    History::new(folder.path()).with_shelf(Arc::clone(shelf) as Arc<dyn Shelf>)
}

fn files(folder: &TempDir) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder.path().join(".krepis/history/ops"))
        .expect("listed")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort_unstable();
    files
}

/// Puts another title into every head on the shelf, with the checksum that fits.
fn forge(shelf: &Memory) {
    const ROW: usize = 68;
    for part in shelf.0.lock().expect("unpoisoned").iter_mut() {
        let mut at = 0;
        while at < part.len() {
            let length: [u8; 4] = part[at + ROW - 4..at + ROW].try_into().expect("four bytes");
            let head = &mut part[at + ROW..at + ROW + u32::from_le_bytes(length) as usize];
            while let Some(title) = head.windows(5).position(|text| text == b"edit ") {
                head[title..title + 5].copy_from_slice(b"fake ");
            }
            let mut crc = crc32fast::Hasher::new();
            crc.update(&head[..28]);
            crc.update(&head[32..]);
            head[28..32].copy_from_slice(&crc.finalize().to_le_bytes());
            at += ROW + u32::from_le_bytes(length) as usize;
        }
    }
}

#[test]
fn the_log_is_the_same_with_and_without_a_shelf_whatever_happens_to_the_files() {
    let (folder, shelf) = shelved();
    let bare = History::new(folder.path());
    assert_eq!(said(&with(&folder, &shelf)), said(&bare));

    // What comes later is not on the shelf.
    apply(&bare, 1_000);
    assert_eq!(said(&with(&folder, &shelf)), said(&bare));

    let files = files(&folder);
    let whole = fs::read(&files[3]).expect("read");
    fs::write(&files[3], &whole[..whole.len() / 2]).expect("cut");
    assert_eq!(said(&with(&folder, &shelf)), said(&bare));
    let mut flipped = whole.clone();
    flipped[40] ^= 1;
    fs::write(&files[3], &flipped).expect("flipped");
    assert_eq!(said(&with(&folder, &shelf)), said(&bare));
    assert!(said(&bare).contains("KRP4002"), "the damage is seen");
    fs::write(&files[3], &whole).expect("mended");
    assert_eq!(said(&with(&folder, &shelf)), said(&bare));

    fs::remove_file(&files[5]).expect("removed");
    assert_eq!(said(&with(&folder, &shelf)), said(&bare));
    fs::copy(&files[6], &files[5]).expect("another operation's file");
    assert_eq!(said(&with(&folder, &shelf)), said(&bare));
    fs::remove_file(&files[5]).expect("removed");

    fs::rename(&files[7], files[7].with_extension("prepared")).expect("renamed");
    assert_eq!(said(&with(&folder, &shelf)), said(&bare));
}

#[test]
fn heads_on_the_shelf_are_used_while_their_files_are_the_same_and_not_longer() {
    let (folder, shelf) = shelved();
    forge(&shelf);
    let forged = said(&with(&folder, &shelf));
    assert!(forged.contains("fake 0001") && !forged.contains("edit 0001"));
    for file in files(&folder) {
        let bytes = fs::read(&file).expect("read");
        fs::write(&file, bytes).expect("the same bytes again");
    }
    assert_eq!(said(&with(&folder, &shelf)), said(&History::new(folder.path())));
}

#[test]
fn rubbish_on_the_shelf_changes_nothing() {
    let (folder, shelf) = shelved();
    let parts = shelf.parts();
    for (round, change) in [0_usize, 1, 17, 67, 68, 100].into_iter().enumerate() {
        let mut rubbish = parts.clone();
        for part in &mut rubbish {
            part.drain(..change.min(part.len()));
            part.truncate(part.len() - round * 31 % part.len());
        }
        *shelf.0.lock().expect("unpoisoned") = rubbish;
        assert_eq!(
            said(&with(&folder, &shelf)),
            said(&History::new(folder.path())),
            "{change}"
        );
    }
}
