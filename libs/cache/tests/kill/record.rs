//! What the killed process writes and its judge expects.

use super::{Budget, Duration, Kind};

/// Small enough that a run reaches the limit and is also killed while the store is made smaller.
pub const KIND: Kind = Kind {
    name: "things",
    version: 1,
    most: 3 << 20,
};

pub const PATIENT: Budget = Budget {
    open: Duration::from_secs(20),
    work: Duration::from_mins(1),
};

pub fn key(name: u32) -> Vec<u8> {
    name.to_be_bytes().to_vec()
}

pub fn payload(name: u32) -> Vec<u8> {
    (0..4_000_u32)
        .map(|at| at.wrapping_mul(name | 1).to_le_bytes()[1])
        .collect()
}
