//! Making a store smaller. sled's file never shrinks, so what shall stay is copied to a new store, which takes the old
//! one's place.

use std::time::Instant;

use crate::caches::Access;
use crate::folder::{KindFolder, bytes_below, remove, sync};
use crate::sled_store::SledStore;
use crate::{Fault, Kind, Store as _};

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
    let keys = store.by_last_use()?;
    let mut goal = kind.most / 10 * 9;
    loop {
        copy(folder, &store, &keys, goal, today, deadline)?;
        if bytes_below(&folder.new_copy()) <= kind.most || goal == 0 {
            break;
        }
        // sled writes a page anew for some of the puts into it, and with large values that is far more than was put. How much,
        // only trying tells; an empty store is small enough for sure.
        goal = if goal < SMALL || Instant::now() >= deadline {
            0
        } else {
            goal / 2
        };
    }
    store.close()?;
    swap(folder, kind)
}

/// Half of less is not worth trying.
const SMALL: u64 = 2 << 20;

/// Makes a copy of the first keys, as many as make a store of about `goal` bytes on disk.
fn copy(
    folder: &KindFolder,
    store: &SledStore,
    keys: &[(u32, Vec<u8>)],
    goal: u64,
    today: u32,
    deadline: Instant,
) -> Result<(), Fault> {
    let place = folder.new_copy();
    remove(&place)?;
    let copy = SledStore::open(&place, Access::Write, today)?;
    // Bytes between two looks at the clock and the copy's size.
    let step = (goal / 16).min(1 << 20);
    let (mut records, mut bytes) = (Vec::new(), 0);
    for (day, key) in keys {
        if goal == 0 {
            break;
        }
        let Some(payload) = store.peek(key)? else { continue };
        bytes += (key.len() + payload.len()) as u64;
        records.push((*day, key.clone(), payload));
        if bytes >= step {
            copy.adopt(std::mem::take(&mut records))?;
            copy.flush()?;
            bytes = 0;
            // The next step must fit as well.
            if bytes_below(&place) + 2 * step > goal || Instant::now() >= deadline {
                break;
            }
        }
    }
    copy.adopt(records)?;
    copy.flush()?;
    copy.close()
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
