//! What a visit gives, keeps and forgets, on a whole store.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use krepis_cache::{Access, Batch, Budget, Caches, Condition, Fault, Kind, Store, Visit};
use tempfile::TempDir;

const KIND: Kind = Kind {
    name: "things",
    version: 1,
    most: 64 << 20,
};

/// Enough for a slow machine where the outcome is not about time.
const PATIENT: Budget = Budget {
    open: Duration::from_secs(20),
    work: Duration::from_mins(1),
};

fn caches() -> (TempDir, Caches) {
    let folder = tempfile::tempdir().expect("a folder");
    let caches = Caches::at(folder.path().join("cache"));
    (folder, caches)
}

fn write<T: Default + Send + 'static>(
    caches: &Caches,
    kind: Kind,
    work: impl FnOnce(&dyn Store) -> Result<T, Fault> + Send + 'static,
) -> Visit<T> {
    caches.visit(kind, Access::Write, PATIENT, work)
}

fn read<T: Default + Send + 'static>(
    caches: &Caches,
    kind: Kind,
    work: impl FnOnce(&dyn Store) -> Result<T, Fault> + Send + 'static,
) -> Visit<T> {
    caches.visit(kind, Access::Read, PATIENT, work)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("listed")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn what_was_put_is_there_in_the_next_visit_and_what_was_deleted_is_not() {
    let (_folder, caches) = caches();
    let batch = Batch::default()
        .put(b"a/2", b"two")
        .put(b"a/1", b"one")
        .put(b"b/1", b"")
        .put(b"a/3", b"three")
        .delete(b"a/3");
    let visit = write(&caches, KIND, |store| store.batch(batch));
    assert_eq!(visit.condition, Condition::Open);
    assert!(visit.notes.is_empty(), "{:?}", visit.notes);
    let visit = read(&caches, KIND, |store| {
        let mut found = Vec::new();
        store.scan(b"a/", &mut |key, payload| {
            found.push((key.to_vec(), payload.to_vec()));
        })?;
        Ok((found, store.get(b"b/1")?, store.get(b"a/3")?, store.stats()?))
    });
    let (found, empty, deleted, stats) = visit.value;
    let pair = |key: &[u8], payload: &[u8]| (key.to_vec(), payload.to_vec());
    assert_eq!(found, [pair(b"a/1", b"one"), pair(b"a/2", b"two")]);
    assert_eq!((empty, deleted), (Some(Vec::new()), None));
    assert_eq!((stats.records, stats.payload), (3, 3 * 3 + 6));
}

#[test]
fn reading_where_there_is_no_store_makes_none() {
    let (folder, caches) = caches();
    let visit = read(&caches, KIND, |store| store.get(b"key"));
    assert_eq!((visit.value, visit.condition), (None, Condition::Missing));
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn what_another_version_of_a_program_put_is_neither_read_nor_lost() {
    let (_folder, caches) = caches();
    let newer = Kind { version: 2, ..KIND };
    write(&caches, KIND, |store| store.put(b"key", b"old form"));
    let visit = write(&caches, newer, |store| store.get(b"key"));
    assert_eq!((visit.value, visit.condition), (None, Condition::Open));
    let visit = read(&caches, KIND, |store| store.get(b"key"));
    assert_eq!(visit.value.as_deref(), Some(b"old form".as_slice()));
}

#[test]
fn a_payload_that_is_too_large_is_not_kept_and_takes_its_predecessor_with_it() {
    let (_folder, caches) = caches();
    write(&caches, KIND, |store| store.put(b"key", b"small"));
    let visit = write(&caches, KIND, |store| store.put(b"key", &vec![0; 1 << 20]));
    assert_eq!(visit.condition, Condition::Open);
    assert_eq!(read(&caches, KIND, |store| store.get(b"key")).value, None);
}

#[test]
fn while_another_has_the_store_the_work_gets_none_and_goes_on() {
    let (_folder, caches) = caches();
    write(&caches, KIND, |store| store.put(b"key", b"payload"));
    let inner = caches.clone();
    let outer = write(&caches, KIND, move |_| {
        let hurried = Budget {
            open: Duration::from_millis(5),
            ..PATIENT
        };
        let visit = inner.visit(KIND, Access::Write, hurried, |store| {
            store.put(b"key", b"lost")?;
            store.get(b"key")
        });
        Ok((visit.value, Some(visit.condition), visit.notes.len()))
    });
    let busy = Condition::Busy(Some(std::process::id()));
    assert_eq!(outer.value, (None, Some(busy), 0));
    let visit = read(&caches, KIND, |store| store.get(b"key"));
    assert_eq!(visit.value.as_deref(), Some(b"payload".as_slice()));
}

#[test]
fn work_that_is_late_is_not_waited_for() {
    let (_folder, caches) = caches();
    let (release, released) = mpsc::channel::<()>();
    let hurried = Budget {
        open: Duration::from_millis(1),
        work: Duration::from_millis(1),
    };
    let visit = caches.visit(KIND, Access::Write, hurried, move |_| {
        released.recv().ok();
        Ok(7)
    });
    assert_eq!((visit.value, visit.condition), (0, Condition::Late));
    drop(release);
}

#[test]
#[should_panic(expected = "the work's own")]
fn a_panic_of_the_work_is_the_callers() {
    let (_folder, caches) = caches();
    write(&caches, KIND, |_| -> Result<(), Fault> {
        panic!("the work's own")
    });
}

#[test]
fn where_no_folder_can_be_the_work_gets_none_and_a_warning_says_why() {
    let (folder, caches) = caches();
    fs::write(folder.path().join("cache"), "a file").expect("written");
    let visit = write(&caches, KIND, |store| {
        store.put(b"key", b"payload")?;
        store.get(b"key")
    });
    assert_eq!((visit.value, visit.condition), (None, Condition::Unusable));
    assert_eq!(visit.notes[0].code.id, "KRP4081");
    assert_eq!(names(folder.path()), ["cache"]);
}

#[test]
fn a_link_in_the_folders_place_is_not_followed() {
    let (folder, caches) = caches();
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("made");
    std::os::unix::fs::symlink(&elsewhere, folder.path().join("cache")).expect("linked");
    let visit = write(&caches, KIND, |store| store.put(b"key", b"payload"));
    assert_eq!(visit.condition, Condition::Unusable);
    assert_eq!(names(&elsewhere), Vec::<String>::new());
}

#[test]
fn a_full_store_keeps_what_was_used_latest_and_stays_below_its_limit() {
    let kind = Kind {
        most: 6 << 20,
        ..KIND
    };
    let (folder, caches) = caches();
    let payload = |name: u32| -> Vec<u8> {
        (0..32_768_u32)
            .map(|at| (at.wrapping_mul(name + 7) >> 3).to_le_bytes()[0])
            .collect()
    };
    let key = |name: u32| format!("key {name}").into_bytes();
    let on = |day: u32| caches.clone().on_day(day);
    let put = |day: u32, names: std::ops::Range<u32>| {
        write(&on(day), kind, move |store| {
            names
                .into_iter()
                .try_for_each(|name| store.put(&key(name), &payload(name)))
        })
    };
    put(10, 0..20);
    put(11, 20..40);
    // A hit today makes an old record one of today.
    let visit = write(&on(12), kind, move |store| store.get(&key(3)));
    assert_eq!(visit.value, Some(payload(3)));
    let mut name = 40;
    let held = loop {
        put(13, name..name + 10);
        name += 10;
        let bytes: u64 = walk(folder.path());
        assert!(bytes <= kind.most, "{bytes} bytes after {name} records");
        let all = read(&caches, kind, move |store| {
            let mut held = Vec::new();
            for name in 0..name {
                if let Some(found) = store.get(&key(name))? {
                    assert_eq!(found, payload(name));
                    held.push(name);
                }
            }
            Ok(held)
        });
        if all.value.len() < name as usize {
            break all.value;
        }
        assert!(name < 2_000, "it never got full");
    };
    assert!(held.contains(&(name - 1)), "the newest are kept: {held:?}");
    let oldest = held.iter().filter(|name| **name < 20 && **name != 3).count();
    let middle = held.iter().filter(|name| (20..40).contains(*name)).count();
    let last_hit = held.contains(&3);
    assert!(oldest == 0 || middle == 20, "the oldest go first: {held:?}");
    assert!(middle == 0 || last_hit, "a hit counts as use: {held:?}");
}

fn walk(folder: &Path) -> u64 {
    fs::read_dir(folder)
        .expect("listed")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let metadata = entry.metadata().expect("metadata");
            if metadata.is_dir() {
                walk(&entry.path())
            } else {
                metadata.len()
            }
        })
        .sum()
}

#[test]
fn clearing_removes_one_kind_and_leaves_the_others() {
    let other = Kind {
        name: "others",
        ..KIND
    };
    let (_folder, caches) = caches();
    write(&caches, KIND, |store| store.put(b"key", b"payload"));
    write(&caches, other, |store| store.put(b"key", b"payload"));
    assert_eq!(caches.kinds(), ["others", "things"]);
    let freed = caches.clear("things", PATIENT.open).expect("cleared");
    assert!(freed > 0);
    assert_eq!(
        read(&caches, KIND, |store| store.get(b"key")).condition,
        Condition::Missing
    );
    assert!(read(&caches, other, |store| store.get(b"key")).value.is_some());
    assert_eq!(caches.clear("never there", PATIENT.open), Ok(0));
    assert_eq!(caches.clear("../things", PATIENT.open), Ok(0));
}

#[test]
fn a_store_that_is_in_use_is_not_cleared() {
    let (_folder, caches) = caches();
    let inner = caches.clone();
    let visit = write(&caches, KIND, move |_| {
        Ok(inner.clear("things", Duration::ZERO).err())
    });
    let failure = visit.value.expect("refused");
    assert_eq!((failure.code.id, failure.exit()), ("KRP4083", 75));
    assert!(
        failure.message.contains(&std::process::id().to_string()),
        "{failure}"
    );
}
