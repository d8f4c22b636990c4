//! Where the log begins: what retention removed, and what was given up as lost.
//!
//! The file `.krepis/history/horizon` is the magic `KRPSHZ\r\n`, a CRC-32 of the record, and the record: protobuf
//! `krepis.v1.Horizon`. It is written before the first file goes, so a missing operation is always explained.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;

use krepis_change::Failure;
use krepis_proto::v1;
use prost::Message as _;

use crate::store::write_new;
use crate::write::write_failure;
use crate::{History, OperationId, errors, sync};

const MAGIC: &[u8; 8] = b"KRPSHZ\r\n";

/// Where the log begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Horizon {
    /// The greatest id among the operations that retention removed; none greater is missing for that reason.
    pub last: Option<OperationId>,
    /// How many it removed, all times together.
    pub removed: u64,
    /// When it last did, in milliseconds since 1970-01-01 UTC.
    pub time_ms: i64,
    /// Operations past the limits that stay because a newer one needs them.
    pub(crate) needed: BTreeSet<OperationId>,
    /// Lost operations that the user has given up.
    pub(crate) forgotten: BTreeSet<OperationId>,
}

impl Horizon {
    /// True if an operation that is not there was removed, or given up, by intention.
    pub fn explains(&self, id: OperationId) -> bool {
        self.last.is_some_and(|last| id <= last) || self.forgotten.contains(&id)
    }

    /// The failure of asking for what is not kept any more.
    pub(crate) fn beyond(&self, text: String) -> Failure {
        let plural = if self.removed == 1 { "" } else { "s" };
        Failure::new(&errors::BEYOND_HORIZON, text)
            .reason(format!(
                "older operations were removed by retention ({} operation{plural})",
                self.removed
            ))
            .hint("`history` in krepis.json sets how much is kept (keepDays, keepOperations, maxSize)")
    }

    fn to_record(&self) -> v1::Horizon {
        let texts = |ids: &BTreeSet<OperationId>| ids.iter().map(ToString::to_string).collect();
        v1::Horizon {
            schema: 1,
            last: self.last.map(|id| id.to_string()),
            removed: self.removed,
            time_ms: self.time_ms,
            needed: texts(&self.needed),
            forgotten: texts(&self.forgotten),
        }
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (crc, record) = rest.split_first_chunk::<4>()?;
        if magic != MAGIC || u32::from_le_bytes(*crc) != crc32fast::hash(record) {
            return None;
        }
        let record = v1::Horizon::decode(record).ok()?;
        let ids = |texts: &[String]| -> Option<BTreeSet<OperationId>> {
            texts.iter().map(|text| OperationId::parse(text)).collect()
        };
        Some(Self {
            last: match record.last {
                Some(text) => Some(OperationId::parse(&text)?),
                None => None,
            },
            removed: record.removed,
            time_ms: record.time_ms,
            needed: ids(&record.needed).unwrap_or_default(),
            forgotten: ids(&record.forgotten)?,
        })
    }
}

impl History {
    fn horizon_file(&self) -> PathBuf {
        self.folder().join("horizon")
    }

    /// Reads the horizon; none where nothing was removed yet. One that cannot be read counts as none: what is missing is
    /// then reported as missing, and `recover --forget-damaged` writes it anew.
    pub(crate) fn horizon(&self) -> Horizon {
        fs::read(self.horizon_file())
            .ok()
            .and_then(|bytes| Horizon::from_bytes(&bytes))
            .unwrap_or_default()
    }

    /// Makes the horizon durable.
    pub(crate) fn put_horizon(&self, horizon: &Horizon) -> Result<(), Failure> {
        let record = horizon.to_record().encode_to_vec();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&crc32fast::hash(&record).to_le_bytes());
        bytes.extend_from_slice(&record);
        let target = self.horizon_file();
        let temporary = self.folder().join(".horizon.tmp");
        write_new(&temporary, &bytes)
            .and_then(|()| fs::rename(&temporary, &target))
            .map_err(|error: io::Error| write_failure("writing", &target, &error))?;
        sync::directory(&self.folder())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_any_other_byte_makes_it_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let history = History::new(folder.path());
        fs::create_dir_all(history.folder()).expect("made");
        assert_eq!(history.horizon(), Horizon::default());
        let first = OperationId::after(None);
        let last = OperationId::after(Some(first));
        let horizon = Horizon {
            last: Some(last),
            removed: 7,
            time_ms: 1,
            needed: BTreeSet::from([first]),
            forgotten: BTreeSet::new(),
        };
        history.put_horizon(&horizon).expect("written");
        assert_eq!(history.horizon(), horizon);
        assert!(horizon.explains(first) && !horizon.explains(OperationId::after(Some(last))));
        let whole = fs::read(history.horizon_file()).expect("read");
        for index in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[index] ^= 1;
            assert_eq!(Horizon::from_bytes(&bytes), None, "byte {index}");
        }
    }
}
