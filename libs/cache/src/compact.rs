//! Making a store smaller. sled's file never shrinks, so what shall stay is copied to a new store, which takes the old
//! one's place.

use std::time::Instant;

use crate::caches::Access;
use crate::folder::{KindFolder, bytes_below, remove, sync};
use crate::sled_store::SledStore;
use crate::{Fault, Kind, Store as _};

/// Bytes that are copied between two looks at the clock and the copy's size.
const STEP: usize = 1 << 20;

/// Replaces the store by a copy of what was used latest, of at most 90 % of the kind's limit. Copying ends at `deadline`:
/// what was not reached by then is gone too.
///
/// The holder's lock is held. A crash leaves the old store or the new one, and perhaps the other beside it to be swept.
pub(crate) fn compact(
    folder: &KindFolder,
    kind: Kind,
    store: SledStore,
    today: u32,
    deadline: Instant,
) -> Result<(), Fault> {
    let goal = kind.most / 10 * 9;
    let place = folder.new_copy();
    remove(&place)?;
    let copy = SledStore::open(&place, Access::Write, today)?;
    let mut step = Vec::new();
    let mut bytes = 0;
    for (day, key) in store.by_last_use()? {
        let Some(payload) = store.peek(&key)? else {
            continue;
        };
        bytes += key.len() + payload.len();
        step.push((day, key, payload));
        if bytes >= STEP {
            copy.adopt(std::mem::take(&mut step))?;
            copy.flush()?;
            bytes = 0;
            // The next step must fit as well.
            if bytes_below(&place) + 2 * STEP as u64 > goal || Instant::now() >= deadline {
                break;
            }
        }
    }
    copy.adopt(step)?;
    copy.flush()?;
    copy.close()?;
    store.close()?;
    swap(folder, kind)
}

/// Puts the copy in the store's place.
fn swap(folder: &KindFolder, kind: Kind) -> Result<(), Fault> {
    let (store, copy, old) = (folder.store(kind.version), folder.new_copy(), folder.old());
    // Two renames: between them there is no store, which a crash turns into an empty cache. Nobody else looks: the lock
    // is held.
    std::fs::rename(&store, &old)?;
    std::fs::rename(&copy, &store)?;
    sync(folder.path())?;
    remove(&old)?;
    Ok(())
}
