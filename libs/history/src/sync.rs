//! Making things durable, many at once.

use std::fs::File;
use std::io;
use std::num::NonZero;
use std::path::Path;

use krepis_change::Failure;

use crate::write::write_failure;

/// More threads than this gain nothing: the disk joins what waits at one moment.
const THREADS: NonZero<usize> = NonZero::new(16).expect("not zero");

/// Syncs every item. A journalling file system commits what several threads wait for in one go, so this costs little more
/// than one sync, where a loop would pay for each.
pub(crate) fn all<T: Sync>(
    items: &[T],
    sync: impl Fn(&T) -> Result<(), Failure> + Sync,
) -> Result<(), Failure> {
    if let [] | [_] = items {
        return items.iter().try_for_each(sync);
    }
    let share = items.len().div_ceil(THREADS.get());
    std::thread::scope(|scope| {
        let sync = &sync;
        let workers: Vec<_> = items
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().try_for_each(sync)))
            .collect();
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}

/// Makes a directory's entries durable.
pub(crate) fn directory(path: &Path) -> Result<(), Failure> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|error: io::Error| write_failure("syncing", path, &error))
}
