//! `krepis-cache-writer FOLDER FIRST`: puts FIRST, FIRST + 1, …, one per visit, and prints each number when it is kept.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use krepis_cache::{Access, Budget, Caches, Condition, Kind};

#[path = "record.rs"]
mod record;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, first] = arguments.as_slice() else {
        return 2.into();
    };
    let caches = Caches::at(Path::new(folder));
    let Ok(first) = first.parse::<u32>() else {
        return 2.into();
    };
    for name in first.. {
        let visit = caches.visit(record::KIND, Access::Write, record::PATIENT, move |store| {
            store.put(&record::key(name), &record::payload(name))
        });
        if visit.condition != Condition::Open {
            eprintln!("{name}: {:?} {:?}", visit.condition, visit.notes);
            return 1.into();
        }
        let mut out = std::io::stdout().lock();
        if writeln!(out, "{name}").and_then(|()| out.flush()).is_err() {
            return 0.into();
        }
    }
    0.into()
}
