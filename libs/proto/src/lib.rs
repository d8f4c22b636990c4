//! The messages that cross a border, generated from `proto/krepis/v1` by `npm run generate`. Never edited by hand.
//!
//! Binary form by [`prost`], proto3 JSON by `serde`. Unknown binary fields are ignored on this side (prost keeps
//! none): whoever only passes a message on forwards its bytes. Unknown JSON fields are refused by name.
//!
//! ```
//! use krepis_proto::v1::ChangeSet;
//! let set: ChangeSet = ChangeSet { title: "empty".into(), ..ChangeSet::default() };
//! assert!(set.files.is_empty());
//! ```

/// Version 1 of every message.
#[expect(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    unused_qualifications,
    reason = "generated code"
)]
pub mod v1 {
    include!("gen/krepis/v1/krepis.v1.rs");
}
