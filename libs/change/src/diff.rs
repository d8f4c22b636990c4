//! What two sequences have in common, as pieces that cover both from beginning to end.

use std::hash::Hash;
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

/// A run that is the same on both sides, or one that takes another's place. Changed pieces never follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) same: bool,
    pub(crate) old: Range<usize>,
    pub(crate) new: Range<usize>,
}

/// The pieces of a minimal difference (Myers).
pub(crate) fn pieces<T: Eq + Hash + Ord>(old: &[T], new: &[T]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut at_old, mut at_new) = (0, 0);
    for op in capture_diff_slices(Algorithm::Myers, old, new) {
        // Only tags and lengths are taken: when similar moves an insertion it leaves the other side's index behind.
        let (old_range, new_range) = (op.old_range(), op.new_range());
        let piece = Piece {
            same: op.tag() == DiffTag::Equal,
            old: at_old..at_old + old_range.len(),
            new: at_new..at_new + new_range.len(),
        };
        (at_old, at_new) = (piece.old.end, piece.new.end);
        match pieces.last_mut() {
            Some(last) if last.same == piece.same => {
                last.old.end = piece.old.end;
                last.new.end = piece.new.end;
            }
            _ if piece.old.is_empty() && piece.new.is_empty() => {}
            _ => pieces.push(piece),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn pieces_cover_both_sides_and_what_is_the_same_is_the_same(
            old in proptest::collection::vec(0..4_u8, 0..30),
            new in proptest::collection::vec(0..4_u8, 0..30),
        ) {
            let (mut at_old, mut at_new) = (0, 0);
            let mut last = None;
            for piece in pieces(&old, &new) {
                prop_assert_eq!((piece.old.start, piece.new.start), (at_old, at_new));
                (at_old, at_new) = (piece.old.end, piece.new.end);
                if piece.same {
                    prop_assert_eq!(&old[piece.old.clone()], &new[piece.new.clone()]);
                }
                prop_assert_ne!(last, Some(piece.same));
                last = Some(piece.same);
            }
            prop_assert_eq!((at_old, at_new), (old.len(), new.len()));
        }
    }
}
