//! The same work on many items, on every core.

use rayon::prelude::*;

/// Fewer are done at once: starting threads costs more than they would save.
const FEW: usize = 128;

/// `work` on every item; the results in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if items.len() <= FEW {
        items.iter().map(work).collect()
    } else {
        items.par_iter().with_min_len(FEW / 4).map(&work).collect()
    }
}

/// The same for work that is cheaper on several items in a row.
pub(crate) fn map_runs<T: Sync, R: Send>(items: &[T], work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    if items.len() <= FEW {
        vec![work(items)]
    } else {
        items.par_chunks(FEW).map(&work).collect()
    }
}
