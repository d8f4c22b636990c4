//! Data that can be rebuilt, kept between runs: the index of the history today, facts and shadow results later.
//!
//! A cache must never cost more than it saves. So a [`Visit`] opens a store, does one batch and closes it, on a thread of
//! its own and within a [`Budget`]: where another process holds the store, where it is damaged or slow, the work gets a
//! [`Null`] store or the caller the default value, and goes on without. Every value is checked against its key when it is
//! read, so what comes back is what was put, or nothing. A damaged store is moved aside and begun anew.
//!
//! ```
//! use krepis_cache::{Access, Budget, Caches, Kind};
//!
//! const GREETINGS: Kind = Kind { name: "greetings", version: 1, most: 1 << 20 };
//! let folder = tempfile::tempdir().unwrap();
//! let caches = Caches::at(folder.path());
//! caches.visit(GREETINGS, Access::Write, Budget::default(), |store| store.put(b"en", b"hello"));
//! let visit = caches.visit(GREETINGS, Access::Read, Budget::default(), |store| store.get(b"en"));
//! assert_eq!(visit.value.as_deref(), Some(b"hello".as_slice()));
//! ```

mod caches;
mod compact;
pub mod errors;
mod folder;
mod holder;
mod null;
mod panics;
mod sealed;
mod sled_store;
mod store;

pub use caches::{Access, Budget, Caches, Condition, KindStats, Visit};
pub use folder::Kind;
pub use null::Null;
pub use store::{Batch, Fault, MOST_PAYLOAD, Stats, Store};
