//! Records: what the server once took in under a scope and a hash, signed. The bytes lie elsewhere, under their digest.
//!
//! A record is one small JSON document, the same in a folder and in S3:
//! `{"schema":1,"scope":"main","hash":"151…","sha256":"…","size":252,"mac":"…"}`. Whoever can write the back end but does
//! not hold the key can neither make one nor move one to another scope or hash.

use ring::{digest, hmac};
use serde_json::json;

use crate::{Key, Scope, TaskHash, hex};

/// More than any record needs; what is longer is none.
pub(crate) const LONGEST: u64 = 1024;

/// SHA-256 of an artefact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest as 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        hex::encode(&self.0)
    }

    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text)?.try_into().ok().map(Self)
    }

    /// The digest of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        hasher.finish()
    }
}

/// Makes a digest of what comes in parts.
pub(crate) struct Hasher(digest::Context);

impl Hasher {
    pub(crate) fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Digest {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.finish().as_ref());
        Digest(bytes)
    }
}

/// What is stored under a scope and a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// SHA-256 of the artefact.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
}

/// Signs and checks records.
#[derive(Debug, Clone)]
pub struct Records(hmac::Key);

impl Records {
    /// Records of a key.
    pub fn new(key: &Key) -> Self {
        Self(key.derive("krepis remote cache record 1"))
    }

    /// The signed document.
    pub fn encode(&self, scope: &Scope, hash: &TaskHash, record: Record) -> String {
        let mac = hmac::sign(&self.0, signed(scope, hash, record).as_bytes());
        let document = json!({
            "schema": 1,
            "scope": scope.as_str(),
            "hash": hash.as_str(),
            "sha256": record.digest.to_hex(),
            "size": record.size,
            "mac": hex::encode(mac.as_ref()),
        });
        format!("{document}\n")
    }

    /// The record of a document that was signed for this scope and hash; `None` for anything else. Scope and hash are
    /// those asked for, never those the document claims.
    pub fn decode(&self, scope: &Scope, hash: &TaskHash, document: &[u8]) -> Option<Record> {
        let document: serde_json::Value = serde_json::from_slice(document).ok()?;
        let record = Record {
            digest: Digest::from_hex(document.get("sha256")?.as_str()?)?,
            size: document.get("size")?.as_u64()?,
        };
        let mac = hex::decode(document.get("mac")?.as_str()?)?;
        hmac::verify(&self.0, signed(scope, hash, record).as_bytes(), &mac).ok()?;
        Some(record)
    }
}

/// Neither name can hold a space, so no two records are signed as one text.
fn signed(scope: &Scope, hash: &TaskHash, record: Record) -> String {
    format!("{scope} {hash} {} {}", record.digest.to_hex(), record.size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::token::tests::key;

    #[test]
    fn a_record_holds_for_its_scope_and_hash_only() {
        let records = Records::new(&key());
        let (main, pull_request) = (Scope::main(), Scope::parse("pr-1").unwrap());
        let (one, two) = (TaskHash::parse("1").unwrap(), TaskHash::parse("2").unwrap());
        let record = Record {
            digest: Digest::of(b"x"),
            size: 1,
        };
        let document = records.encode(&pull_request, &one, record);
        assert_eq!(
            records.decode(&pull_request, &one, document.as_bytes()),
            Some(record)
        );
        assert_eq!(records.decode(&main, &one, document.as_bytes()), None);
        assert_eq!(
            records.decode(&main, &one, document.replace("pr-1", "main").as_bytes()),
            None
        );
        assert_eq!(records.decode(&pull_request, &two, document.as_bytes()), None);
        assert_eq!(
            records.decode(
                &pull_request,
                &one,
                document.replace("\"size\":1", "\"size\":2").as_bytes()
            ),
            None
        );
        assert!(u64::try_from(document.len()).unwrap() < LONGEST);
    }

    proptest! {
        #[test]
        fn what_was_not_signed_is_no_record(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Records::new(&key()).decode(&Scope::main(), &TaskHash::parse("1").unwrap(), &bytes), None);
        }
    }
}
