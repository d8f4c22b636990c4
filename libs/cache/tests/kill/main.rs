//! A writer is killed at any moment, also while it makes the store smaller: what it said is kept, is, and nothing else.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use krepis_cache::{Access, Budget, Caches, Condition, Kind};

mod record;

/// Runs the writer, kills it after `lines` records, and returns the last one it said is kept.
fn killed(folder: &std::path::Path, first: u32, lines: u32) -> Option<u32> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_krepis-cache-writer"))
        .arg(folder)
        .arg(first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut said = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    let mut last = None;
    let mut take = |said: &mut BufReader<_>| {
        line.clear();
        let read = said.read_line(&mut line).expect("read");
        if let Ok(name) = line.trim().parse() {
            last = Some(name);
        }
        read > 0
    };
    for _ in 0..lines {
        assert!(take(&mut said), "the writer ended by itself");
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    // What it said before it died counts as well.
    while take(&mut said) {}
    last
}

#[test]
fn what_a_killed_writer_said_is_kept_is_kept() {
    let rounds = if std::env::var_os("KREPIS_TORTURE").is_some() {
        500
    } else {
        30
    };
    let folder = tempfile::tempdir().expect("a folder");
    let caches = Caches::at(folder.path());
    let mut next = 0;
    let mut newest_seen = 0;
    for round in 0..rounds {
        // 0 to 12 records, so that it also dies in its very first visit.
        let last = killed(folder.path(), next, (round * 5) % 13);
        let limit = last.map_or(next, |last| last + 1);
        let visit = caches.visit(record::KIND, Access::Read, record::PATIENT, move |store| {
            let mut names = Vec::new();
            store.scan(b"", &mut |key, payload| {
                let name = u32::from_be_bytes(key.try_into().expect("a key"));
                assert_eq!(key, record::key(name));
                assert_eq!(payload, record::payload(name));
                names.push(name);
            })?;
            Ok(names)
        });
        assert!(
            matches!(visit.condition, Condition::Open | Condition::Missing),
            "round {round}: {:?} {:?}",
            visit.condition,
            visit.notes
        );
        // Old ones may have been evicted. What was put in this round may not be missing, and one more may have got through.
        let missing: Vec<u32> = (next..limit).filter(|name| !visit.value.contains(name)).collect();
        assert_eq!(missing, Vec::<u32>::new(), "round {round}: {:?}", visit.value);
        assert!(visit.value.iter().all(|name| *name <= limit), "round {round}");
        newest_seen = newest_seen.max(visit.value.last().copied().unwrap_or_default());
        next = limit;
    }
    assert!(newest_seen > 20, "too little was written: {newest_seen}");
}
