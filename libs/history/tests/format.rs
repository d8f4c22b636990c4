//! The reader of operation files, given what a broken disk or a bad program may hand it: it refuses with `KRP4002` or
//! `KRP4003`, never panics, and does not take a length for true that the file cannot have.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use krepis_change::{Change, FileState, Span, Transition, WorkspacePath};
use krepis_history::{History, Intent, Meta, OperationId, Stage};
use tempfile::TempDir;

struct Fixture {
    _folder: TempDir,
    history: History,
    id: OperationId,
    file: PathBuf,
    whole: Vec<u8>,
}

/// An operation with whole contents, edits, a link, a rename and folders.
fn fixture() -> Fixture {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    };
    let folder = folder.expect("a folder");
    fs::write(folder.path().join("edited"), "one two\n").expect("write");
    let one = |name: &str, before: FileState, after: FileState| Transition {
        path: WorkspacePath::parse(name).expect("a path"),
        before,
        after,
        edits: Vec::new(),
        renamed_from: None,
    };
    let mut edited = one("edited", FileState::text("one two\n"), FileState::text("one 2\n"));
    edited.edits = vec![Span {
        start: 4,
        end: 7,
        text: "2".into(),
    }];
    let link = FileState::Symlink {
        target: b"edited".as_slice().into(),
    };
    let change = Change {
        title: "all sorts".into(),
        transitions: vec![
            one(
                "deep/er/a",
                FileState::Absent,
                FileState::text(&"text\n".repeat(100)),
            ),
            one("deep/link", FileState::Absent, link),
            edited,
        ],
        reads: Vec::new(),
    };
    let history = History::new(folder.path());
    let meta = Meta {
        command: vec!["krepis".into(), "apply".into()],
        git_head: Some("0".repeat(40)),
        ..Meta::default()
    };
    let id = history.apply(&change, Intent::apply(meta)).expect("applied").id;
    let file = folder.path().join(format!(".krepis/history/ops/{id}.op"));
    let whole = fs::read(&file).expect("read");
    Fixture {
        _folder: folder,
        history,
        id,
        file,
        whole,
    }
}

impl Fixture {
    /// The code it is refused with; `None` if it was read.
    fn read(&self, bytes: &[u8]) -> Option<&'static str> {
        fs::write(&self.file, bytes).expect("write");
        let opened = self.history.open(self.id, Stage::Done);
        let failure = opened.and_then(|file| file.states()).err()?;
        assert!(["KRP4002", "KRP4003"].contains(&failure.code.id), "{failure:?}");
        Some(failure.code.id)
    }

    /// The same bytes with a checksum that fits them, as a bad program would write it.
    fn sealed(bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four")) as usize;
        let head = word(16)
            .checked_mul(20)
            .and_then(|table| table.checked_add(32 + word(12)))
            .filter(|head| *head <= bytes.len());
        if let Some(head) = head {
            let mut crc = crc32fast::Hasher::new();
            crc.update(&bytes[..28]);
            crc.update(&bytes[32..head]);
            let crc = crc.finalize();
            bytes[28..32].copy_from_slice(&crc.to_le_bytes());
        }
        bytes
    }
}

struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).expect("small")
    }
}

#[test]
fn any_damage_is_an_error_and_never_a_panic() {
    let torture = std::env::var_os("KREPIS_TORTURE").is_some();
    let rounds = if torture { 1_000_000 } else { 20_000 };
    let fixture = fixture();
    assert_eq!(fixture.read(&fixture.whole), None);
    let started = Instant::now();
    let mut numbers = Numbers(7);
    let (mut refused, mut read) = (0, 0);
    for round in 0..rounds {
        let mut bytes = fixture.whole.clone();
        for _ in 0..=numbers.below(4) {
            let (at, length) = (numbers.below(bytes.len()), bytes.len());
            match numbers.below(6) {
                0 => bytes.truncate(at.max(33)),
                1 => bytes.extend(std::iter::repeat_n(0xAA, at)),
                2 => bytes.swap(at, (at + 1) % length),
                3 => bytes[at] = [0, 0xFF, 0x7F, 0x80][numbers.below(4)],
                4 if at + 8 <= length => bytes[at..at + 8].fill(0xFF),
                _ => bytes[at] ^= 1 << numbers.below(8),
            }
        }
        // Half of them as a broken disk leaves them, half with a checksum that fits.
        let sealed = round % 2 == 0;
        let bytes = if sealed { Fixture::sealed(&bytes) } else { bytes };
        if fixture.read(&bytes).is_some() {
            refused += 1;
        } else {
            read += 1;
            assert!(
                sealed || bytes == fixture.whole,
                "damage that no checksum saw, round {round}"
            );
        }
    }
    let _ = writeln!(
        std::io::stderr(),
        "figures: format: {rounds} damaged operation files in {:.1} s: {refused} refused, {read} with another meaning",
        started.elapsed().as_secs_f64()
    );
    assert!(refused > rounds / 2);
}

/// A table that promises what the file does not hold: the checksum fits, so that nothing but the lengths can tell.
#[test]
fn a_length_that_the_file_cannot_have_is_refused_before_memory_is_taken_for_it() {
    let fixture = fixture();
    let word = |at: usize| u32::from_le_bytes(fixture.whole[at..at + 4].try_into().expect("four")) as usize;
    let (table, rows) = (32 + word(12), word(16));
    assert!(rows >= 2);
    for huge in [1_u64 << 40, u64::MAX, u64::MAX / 2 + 1, i64::MAX as u64] {
        for row in 0..rows {
            // The stored length, then the length of the content.
            for at in [table + row * 20, table + row * 20 + 8] {
                let mut bytes = fixture.whole.clone();
                bytes[at..at + 8].copy_from_slice(&huge.to_le_bytes());
                assert_eq!(
                    fixture.read(&Fixture::sealed(&bytes)),
                    Some("KRP4002"),
                    "{huge} at {at}"
                );
            }
        }
    }
}
