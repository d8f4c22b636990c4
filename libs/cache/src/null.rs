//! The store that holds nothing.

use crate::{Batch, Fault, Stats, Store};

/// Stands in where a store cannot be had: nothing is found, nothing is kept, nothing fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct Null;

impl Store for Null {
    fn get(&self, _key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(None)
    }

    fn scan(&self, _prefix: &[u8], _each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), Fault> {
        Ok(())
    }

    fn batch(&self, _batch: Batch) -> Result<(), Fault> {
        Ok(())
    }

    fn flush(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn stats(&self) -> Result<Stats, Fault> {
        Ok(Stats::default())
    }
}
