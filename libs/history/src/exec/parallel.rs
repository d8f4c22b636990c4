//! One function over many items, on a few threads.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many items a thread takes at once: enough to be rarely asked, few enough to end together.
const SHARE: usize = 16;

/// Threads for work that waits for the disk part of the time.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism()
        .map_or(2, NonZero::get)
        .clamp(2, 8)
}

/// Runs `worker` on every thread; each draws positions below `count` until there are none left, and all results are joined.
pub(super) fn draw<T: Send>(count: usize, worker: impl Fn(&Draw) -> Vec<T> + Sync) -> Vec<T> {
    let draw = Draw {
        next: AtomicUsize::new(0),
        count,
    };
    let threads = threads().min(count.div_ceil(SHARE));
    if threads <= 1 {
        return worker(&draw);
    }
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(|| worker(&draw))).collect();
        running
            .into_iter()
            .flat_map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    })
}

/// The positions that are left.
pub(super) struct Draw {
    next: AtomicUsize,
    count: usize,
}

impl Draw {
    pub(super) fn shares(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::from_fn(|| {
            let start = self.next.fetch_add(SHARE, Ordering::Relaxed);
            (start < self.count).then(|| start..(start + SHARE).min(self.count))
        })
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_position_is_drawn_once() {
        for count in [0, 1, 15, 16, 17, 1000] {
            let mut all = super::draw(count, |draw| draw.shares().collect());
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
    }
}
