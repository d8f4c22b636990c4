//! Bits flipped, pages zeroed, files cut: whatever is read is what was put, or nothing, and the next writer begins anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use krepis_cache::{Access, Budget, Caches, Condition, Kind};

const KIND: Kind = Kind {
    name: "things",
    version: 1,
    most: 64 << 20,
};
const PATIENT: Budget = Budget {
    open: Duration::from_secs(20),
    work: Duration::from_mins(1),
};
const RECORDS: u32 = 120;

fn key(name: u32) -> Vec<u8> {
    format!("key {name}").into_bytes()
}

/// Some short, some longer than a page.
fn payload(name: u32) -> Vec<u8> {
    let length = 40 + (name % 7) as usize * 900;
    (0..length)
        .map(|at| (at.wrapping_mul(31) + name as usize * 17).to_le_bytes()[0])
        .collect()
}

/// A store with all records, written by several visits as it is in life.
fn whole(folder: &Path) -> Caches {
    let caches = Caches::at(folder);
    for first in (0..RECORDS).step_by(40) {
        let visit = caches.visit(KIND, Access::Write, PATIENT, move |store| {
            (first..first + 40).try_for_each(|name| store.put(&key(name), &payload(name)))
        });
        assert_eq!(visit.condition, Condition::Open);
    }
    caches
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("listed") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.metadata().expect("metadata").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("copied");
        }
    }
}

/// Reads every record of a damaged store, then writes one: nothing wrong comes out, nothing panics, and the store works.
///
/// Returns whether the damage was noticed, and how many records were found.
fn judge(folder: &Path, what: &str) -> (bool, u32) {
    let caches = Caches::at(folder);
    let visit = caches.visit(KIND, Access::Read, PATIENT, |store| {
        let mut found = 0;
        for name in 0..RECORDS {
            if let Some(there) = store.get(&key(name))? {
                assert_eq!(there, payload(name));
                found += 1;
            }
        }
        // Whatever a scan shows was put, too.
        store.scan(b"", &mut |key, payload_there| {
            let name: u32 = std::str::from_utf8(&key[4..])
                .expect("a key")
                .parse()
                .expect("a key");
            assert_eq!(payload_there, payload(name));
        })?;
        Ok(found)
    });
    let noticed = matches!(visit.condition, Condition::Damaged);
    assert_eq!(
        visit.notes.iter().any(|note| note.code.id == "KRP4080"),
        noticed,
        "{what}"
    );
    let after = caches.visit(KIND, Access::Write, PATIENT, |store| {
        store.put(b"key 0", &payload(0))?;
        store.get(b"key 0")
    });
    // What reading did not touch, writing may still stumble over: then the next one begins anew.
    if after.condition == Condition::Damaged {
        let again = caches.visit(KIND, Access::Write, PATIENT, |store| {
            store.put(b"key 0", &payload(0))?;
            store.get(b"key 0")
        });
        assert_eq!(again.condition, Condition::Open, "{what}");
        assert_eq!(again.value, Some(payload(0)), "{what}");
    } else {
        assert_eq!(
            (after.condition, after.value),
            (Condition::Open, Some(payload(0))),
            "{what}"
        );
    }
    (noticed, visit.value)
}

/// A small generator, so that a failure can be run again: xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % limit
    }
}

/// Damages copies of one store, each in its own way, and judges them.
fn each_damage(rounds: u64, damage: &dyn Fn(&mut Vec<u8>, &mut Random) -> String) -> (usize, usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let original = folder.path().join("original");
    whole(&original);
    let files = files_below(&original.join("things/v1"));
    let (mut noticed, mut partial) = (0, 0);
    for round in 0..rounds {
        let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (round + 1));
        let place = folder.path().join(format!("round-{round}"));
        copy(&original, &place);
        // Mostly the log, since nearly all is in it; now and then its companions.
        let file = if random.below(6) == 0 {
            &files[usize::try_from(random.below(files.len() as u64)).expect("small")]
        } else {
            files.iter().find(|file| file.ends_with("db")).expect("the log")
        };
        let target = place.join("things/v1").join(file);
        let mut bytes = fs::read(&target).expect("read");
        let what = damage(&mut bytes, &mut random);
        fs::write(&target, bytes).expect("written");
        let (seen, found) = judge(&place, &format!("round {round}: {what} in {}", file.display()));
        noticed += usize::from(seen);
        partial += usize::from(!seen && found < RECORDS);
        fs::remove_dir_all(&place).expect("removed");
    }
    (noticed, partial)
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("listed")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.metadata().expect("metadata").len() > 0)
        .filter(|entry| entry.path().is_file())
        .map(|entry| PathBuf::from(entry.file_name()))
        .collect();
    files.sort_unstable();
    files
}

fn rounds(quick: u64, torture: u64) -> u64 {
    if std::env::var_os("KREPIS_TORTURE").is_some() {
        torture
    } else {
        quick
    }
}

/// Where the written part of the log ends: most of the file is reserved and empty.
fn used(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(1, |at| at as u64 + 1)
}

#[test]
fn a_flipped_bit_never_gives_a_wrong_value() {
    let (noticed, partial) = each_damage(rounds(40, 2_000), &|bytes, random| {
        let bit = random.below(used(bytes) * 8);
        bytes[usize::try_from(bit / 8).expect("small")] ^= 1 << (bit % 8);
        format!("bit {bit} flipped")
    });
    println!("flipped bits: {noticed} noticed, {partial} lost records without a word");
    assert!(
        noticed + partial > 0,
        "no flip did anything: the wrong bytes were damaged"
    );
}

#[test]
fn a_zeroed_page_never_gives_a_wrong_value() {
    let (noticed, partial) = each_damage(rounds(40, 2_000), &|bytes, random| {
        let pages = used(bytes).div_ceil(4096);
        let page = usize::try_from(random.below(pages)).expect("small");
        let end = bytes.len().min((page + 1) * 4096);
        bytes[page * 4096..end].fill(0);
        format!("page {page} zeroed")
    });
    println!("zeroed pages: {noticed} noticed, {partial} lost records without a word");
    assert!(
        noticed + partial > 0,
        "no page did anything: the wrong bytes were damaged"
    );
}

#[test]
fn a_cut_file_never_gives_a_wrong_value() {
    let (noticed, partial) = each_damage(rounds(20, 500), &|bytes, random| {
        let length = random.below(used(bytes));
        bytes.truncate(usize::try_from(length).expect("small"));
        format!("cut to {length} bytes")
    });
    println!("cut files: {noticed} noticed, {partial} lost records without a word");
    assert!(noticed + partial > 0, "no cut did anything");
}

#[test]
fn a_damaged_store_is_moved_aside_as_a_whole_and_its_neighbour_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let caches = whole(folder.path());
    let other = Kind {
        name: "others",
        ..KIND
    };
    caches.visit(other, Access::Write, PATIENT, |store| {
        store.put(b"key", b"payload")
    });
    let log = folder.path().join("things/v1/db");
    let before = fs::read(&log).expect("read");
    let rubbish: Vec<u8> = before.iter().map(|byte| byte ^ 0x5A).collect();
    fs::write(&log, &rubbish).expect("written");
    fs::write(folder.path().join("things/v1/conf"), "rubbish").expect("written");
    for _ in 0..2 {
        let visit = caches.visit(KIND, Access::Write, PATIENT, |store| store.get(&key(1)));
        assert_eq!(visit.value, None);
    }
    assert_eq!(
        fs::read(folder.path().join("things/damaged/db")).expect("kept"),
        rubbish
    );
    let neighbour = caches.visit(other, Access::Read, PATIENT, |store| store.get(b"key"));
    assert_eq!(neighbour.value.as_deref(), Some(b"payload".as_slice()));
    assert!(caches.size("things").damaged_copy);
    caches.clear("things", PATIENT.open).expect("cleared");
    assert!(!caches.size("things").damaged_copy);
}
