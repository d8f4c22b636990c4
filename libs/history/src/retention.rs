//! How much is kept, and removing the rest: by age, number and size, without touching what a kept operation needs.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use krepis_change::Failure;

use crate::failpoints::step;
use crate::temporary::{self, Budget};
use crate::write::write_failure;
use crate::{History, Horizon, Log, OperationId, Stage};

/// How much of the history is kept. An operation goes when it is past one of the limits, the oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Days that an operation is kept. The latest [`AT_LEAST`] stay however old they are.
    pub days: u32,
    /// Operations kept.
    pub operations: usize,
    /// Bytes of all operation files. The latest operation stays however large it is.
    pub bytes: u64,
}

impl Default for Retention {
    /// 90 days, 1,000 operations, 1 GiB.
    fn default() -> Self {
        Self {
            days: 90,
            operations: 1000,
            bytes: 1 << 30,
        }
    }
}

/// So many of the latest operations are never too old: a clock that runs ahead for a moment must not cost the undo of the
/// last hour.
pub const AT_LEAST: usize = 10;

/// Aborted operations that are kept, for whoever wants to see what was interrupted.
const ABORTED: usize = 16;

/// What a writer spends on old files after its own work.
const WRITER: Budget = Budget {
    files: 256,
    time: Some(Duration::from_millis(5)),
};

/// What is, or would be, removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collection {
    /// Operations, oldest first, with their titles.
    pub removed: Vec<(OperationId, String)>,
    /// Operations past the limits that stay, since a newer one takes them back or does them again.
    pub needed: Vec<OperationId>,
    /// Bytes of the operation files removed.
    pub bytes: u64,
    /// Old files that exchanges left behind in `.krepis/history/tmp`.
    pub temporaries: usize,
    /// Operations that stay.
    pub kept: usize,
    /// Bytes of their files.
    pub kept_bytes: u64,
}

/// An operation file as its name and its size tell.
#[derive(Debug, Clone, Copy)]
struct Weight {
    id: OperationId,
    bytes: u64,
}

impl History {
    /// What [`History::collect`] would remove. Reads only.
    pub fn plan_collection(&self, retention: Retention) -> Result<Collection, Failure> {
        let log = self.log()?;
        let mut collection = self.select(&log, retention, now_ms());
        collection.temporaries = temporary::count(self);
        Ok(collection)
    }

    /// Removes what is past the limits, and every old file that exchanges left behind. The caller holds the workspace lock
    /// and has called [`History::recover`]. May be interrupted at any point: what was not removed goes the next time.
    ///
    /// # Errors
    /// `KRP4001`, and those of writing.
    pub fn collect(&self, retention: Retention) -> Result<Collection, Failure> {
        let log = self.log()?;
        let mut collection = self.select(&log, retention, now_ms());
        self.remove(&collection)?;
        self.sweep_base()?;
        collection.temporaries = temporary::sweep(self, Budget::ALL);
        Ok(collection)
    }

    /// The same after a write, cheaply: whether there is anything to do is decided by names and sizes alone, and only when a
    /// limit is passed by a tenth, so that it is not done at every write. Of old files only some are removed at a time.
    /// `None` if no limit is passed. The caller holds the workspace lock.
    ///
    /// # Errors
    /// As [`History::collect`]; the operation before it is not concerned.
    pub fn collect_after_write(&self, retention: Retention) -> Result<Option<Collection>, Failure> {
        temporary::sweep(self, WRITER);
        let now = now_ms();
        if !self.is_due(retention, now)? {
            return Ok(None);
        }
        let log = self.log()?;
        let collection = self.select(&log, retention, now);
        self.remove(&collection)?;
        Ok(Some(collection))
    }

    fn is_due(&self, retention: Retention, now: u64) -> Result<bool, Failure> {
        let all = self.scan()?;
        let aborted = all.iter().filter(|(_, stage)| *stage == Stage::Aborted).count();
        let done: Vec<OperationId> = all
            .iter()
            .filter(|(_, stage)| *stage == Stage::Done)
            .map(|(id, _)| *id)
            .collect();
        let late = Retention {
            days: retention.days.saturating_add(retention.days / 10),
            operations: retention.operations.saturating_add(retention.operations / 10),
            bytes: retention.bytes.saturating_add(retention.bytes / 10),
        };
        let needed = self.horizon().needed;
        let weights: Vec<Weight> = done
            .into_iter()
            .filter(|id| !needed.contains(id))
            .map(|id| self.weight(id))
            .collect();
        Ok(past(&weights, late, now) > 0 || aborted > 2 * ABORTED)
    }

    fn weight(&self, id: OperationId) -> Weight {
        let bytes = fs::metadata(self.file(id, Stage::Done)).map_or(0, |metadata| metadata.len());
        Weight { id, bytes }
    }

    fn select(&self, log: &Log, retention: Retention, now: u64) -> Collection {
        let weights: Vec<Weight> = log
            .entries
            .iter()
            .map(|entry| self.weight(entry.operation.id))
            .collect();
        let cut = past(&weights, retention, now);
        // An undo needs the change that it took back, and the change all that was done to it.
        let mut newest: HashMap<OperationId, usize> = HashMap::new();
        for (index, entry) in log.entries.iter().enumerate() {
            newest.insert(entry.root, index);
        }
        let mut collection = Collection::default();
        for (index, (entry, weight)) in log.entries.iter().zip(&weights).enumerate() {
            if index < cut && newest[&entry.root] < cut {
                collection
                    .removed
                    .push((entry.operation.id, entry.operation.meta.title.clone()));
                collection.bytes += weight.bytes;
                continue;
            }
            if index < cut {
                collection.needed.push(entry.operation.id);
            }
            collection.kept += 1;
            collection.kept_bytes += weight.bytes;
        }
        collection
    }

    fn remove(&self, collection: &Collection) -> Result<(), Failure> {
        let mut horizon = self.horizon();
        let needed: BTreeSet<OperationId> = collection.needed.iter().copied().collect();
        let last = collection.removed.iter().map(|(id, _)| *id).max();
        if last.is_some() || needed != horizon.needed {
            horizon = Horizon {
                last: horizon.last.max(last),
                removed: horizon.removed + collection.removed.len() as u64,
                time_ms: i64::try_from(now_ms()).unwrap_or(i64::MAX),
                needed,
                forgotten: horizon.forgotten,
            };
            self.put_horizon(&horizon)?;
            step!("history::collect::horizon");
        }
        for (id, _) in &collection.removed {
            let file = self.file(*id, Stage::Done);
            fs::remove_file(&file).map_err(|error| write_failure("removing", &file, &error))?;
            step!("history::collect::removed");
        }
        let aborted: Vec<OperationId> = self
            .scan()?
            .into_iter()
            .filter(|(_, stage)| *stage == Stage::Aborted)
            .map(|(id, _)| id)
            .collect();
        for id in aborted.iter().rev().skip(ABORTED) {
            drop(fs::remove_file(self.file(*id, Stage::Aborted)));
        }
        Ok(())
    }
}

/// How many of the oldest operations are past a limit. `weights` are oldest first.
fn past(weights: &[Weight], retention: Retention, now: u64) -> usize {
    let count = weights.len();
    let by_number = count.saturating_sub(retention.operations.max(1));
    let oldest = now.saturating_sub(u64::from(retention.days) * 24 * 60 * 60 * 1000);
    let by_age = weights
        .iter()
        .take(count.saturating_sub(AT_LEAST))
        .take_while(|weight| weight.id.time_ms() < oldest)
        .count();
    let mut total = 0u64;
    let by_size = weights
        .iter()
        .rev()
        .skip_while(|weight| {
            total = total.saturating_add(weight.bytes);
            total <= retention.bytes
        })
        .count();
    by_number.max(by_age).max(by_size.min(count.saturating_sub(1)))
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60 * 1000;

    fn weights(list: &[(u64, u64)]) -> Vec<Weight> {
        let one = |(day, bytes): &(u64, u64)| Weight {
            id: OperationId::at(day * DAY),
            bytes: *bytes,
        };
        list.iter().map(one).collect()
    }

    fn keep(days: u32, operations: usize, bytes: u64) -> Retention {
        Retention {
            days,
            operations,
            bytes,
        }
    }

    #[test]
    fn the_strictest_limit_counts_and_the_latest_operation_always_stays() {
        let list = weights(&[(1, 10), (2, 10), (3, 10), (4, 100)]);
        let all = keep(1000, 1000, 1000);
        assert_eq!(past(&list, all, 5 * DAY), 0);
        assert_eq!(past(&list, keep(1000, 3, 1000), 5 * DAY), 1);
        assert_eq!(past(&list, keep(1000, 0, 1000), 5 * DAY), 3);
        assert_eq!(past(&list, keep(1000, 1000, 119), 5 * DAY), 2);
        assert_eq!(past(&list, keep(1000, 1000, 120), 5 * DAY), 1);
        assert_eq!(past(&list, keep(1000, 1000, 5), 5 * DAY), 3);
        assert_eq!(past(&[], keep(0, 0, 0), 5 * DAY), 0);
    }

    #[test]
    fn age_never_takes_the_latest_ones() {
        let old = weights(&[(1, 1); 12]);
        assert_eq!(past(&old, keep(7, 1000, 1000), 100 * DAY), 2);
        let mixed: Vec<(u64, u64)> = (1..=20).map(|day| (day, 1)).collect();
        assert_eq!(past(&weights(&mixed), keep(15, 1000, 1000), 21 * DAY), 5);
        // A clock that is behind makes nothing old.
        assert_eq!(past(&weights(&mixed), keep(15, 1000, 1000), 0), 0);
    }
}
