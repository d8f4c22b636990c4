//! A store in a folder of sled 0.34.
//!
//! Settings and habits follow from what was measured of it: no flusher thread, a small page cache (the default is 1 GiB),
//! no compression, many small batches; after each flush an fsync of its file by a handle of our own, since sled's flush ends
//! in `sync_file_range`, which promises nothing when the power fails (spacejam/sled#1351); every call behind
//! [`caught`](crate::panics::caught).

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::caches::Access;
use crate::folder::{bytes_below, sync};
use crate::panics::caught;
use crate::sealed;
use crate::store::MOST_PAYLOAD;
use crate::{Batch, Fault, Stats, Store};

/// Bytes of pages that sled keeps in memory.
const PAGE_CACHE: u64 = 8 << 20;
/// Largest batch that sled gets: it loses a damaged one as a whole.
const BATCH: usize = 64 << 10;

/// What a key of the engine begins with: a payload, or the day on which it was used last.
const DATA: u8 = b'd';
const USED: u8 = b'u';

/// An open store. The holder's lock is held by the caller.
pub(crate) struct SledStore {
    /// `None` once it was given up.
    db: Option<sled::Db>,
    /// Our own handle of sled's file, for the fsync.
    file: File,
    folder: PathBuf,
    access: Access,
    /// Days since 1970-01-01.
    today: u32,
    /// Keys that were read today for the first time.
    touched: RefCell<Vec<Vec<u8>>>,
    /// The engine is in a state nobody knows.
    broken: Cell<bool>,
    damage: RefCell<Option<String>>,
}

impl SledStore {
    /// Opens the store in `folder`, or makes one there.
    pub(crate) fn open(folder: &Path, access: Access, today: u32) -> Result<Self, Fault> {
        let fresh = !folder.join("db").exists();
        let config = sled::Config::new()
            .path(folder)
            .cache_capacity(PAGE_CACHE)
            .flush_every_ms(None)
            .mode(sled::Mode::LowSpace);
        let db = caught(|| config.open().map_err(fault))?;
        let file = File::open(folder.join("db"))?;
        let store = Self {
            db: Some(db),
            file,
            folder: folder.to_path_buf(),
            access,
            today,
            touched: RefCell::default(),
            broken: Cell::new(false),
            damage: RefCell::default(),
        };
        if fresh {
            store.flush()?;
            sync(folder)?;
            sync(folder.parent().unwrap_or(folder))?;
        }
        Ok(store)
    }

    /// What was found damaged so far, also if whoever asked did not care.
    pub(crate) fn damage(&self) -> Option<String> {
        self.damage.borrow().clone()
    }

    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        bytes_below(&self.folder)
    }

    /// Notes what was read today, and waits for the disk.
    pub(crate) fn finish(&self) -> Result<(), Fault> {
        let touched = self.touched.take();
        let rows = touched
            .into_iter()
            .map(|key| (engine_key(USED, &key), Some(self.today.to_le_bytes().to_vec())));
        self.write(rows)?;
        self.flush()
    }

    pub(crate) fn close(mut self) -> Result<(), Fault> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Fault> {
        match self.db.take() {
            // Its locks may be held for ever: not even dropping it is safe.
            Some(db) if self.broken.get() => {
                std::mem::forget(db);
                Ok(())
            }
            Some(db) => caught(move || {
                drop(db);
                Ok(())
            }),
            None => Ok(()),
        }
    }

    /// Keys by the day of their last use, the latest first.
    pub(crate) fn by_last_use(&self) -> Result<Vec<(u32, Vec<u8>)>, Fault> {
        let mut keys = Vec::new();
        self.rows(&[USED], &mut |key, day| {
            keys.push((day.try_into().map_or(0, u32::from_le_bytes), key.to_vec()));
        })?;
        keys.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        Ok(keys)
    }

    /// What is under `key`, without counting as a use.
    pub(crate) fn peek(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let row = engine_key(DATA, key);
        self.call(|db| {
            let value = db.get(&row).map_err(fault)?;
            value
                .map(|value| opened(&row, &value).map(<[u8]>::to_vec))
                .transpose()
        })
    }

    /// Takes over records of another store with their days.
    pub(crate) fn adopt(&self, records: Vec<(u32, Vec<u8>, Vec<u8>)>) -> Result<(), Fault> {
        self.write(records.into_iter().flat_map(|(day, key, payload)| {
            [
                (engine_key(DATA, &key), Some(payload)),
                (engine_key(USED, &key), Some(day.to_le_bytes().to_vec())),
            ]
        }))
    }

    /// Runs a call of the engine and remembers damage.
    fn call<T>(&self, call: impl FnOnce(&sled::Db) -> Result<T, Fault>) -> Result<T, Fault> {
        let Some(db) = self.db.as_ref().filter(|_| !self.broken.get()) else {
            return Err(Fault::Damaged("it was given up".into()));
        };
        let outcome = caught(|| call(db));
        if let Err(Fault::Damaged(why)) = &outcome {
            self.broken.set(true);
            self.damage.borrow_mut().get_or_insert_with(|| why.clone());
        }
        outcome
    }

    /// Hands over every engine row of this prefix, opened: its key without the first byte, and its payload.
    fn rows(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), Fault> {
        let mut rows = self.call(|db| Ok(db.scan_prefix(prefix)))?;
        loop {
            // `each` is the caller's: it runs outside of the call.
            let Some((key, value)) = self.call(|_| rows.next().transpose().map_err(fault))? else {
                return Ok(());
            };
            let payload = self.call(|_| opened(&key, &value))?;
            each(&key[1..], payload);
        }
    }

    /// Writes engine rows in small batches; each value is sealed here.
    fn write(&self, rows: impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)>) -> Result<(), Fault> {
        let mut batch = sled::Batch::default();
        let mut bytes = 0;
        for (key, payload) in rows {
            match payload {
                Some(payload) => {
                    let value = sealed::seal(&key, &payload);
                    bytes += key.len() + value.len();
                    batch.insert(key, value);
                }
                None => batch.remove(key),
            }
            if bytes >= BATCH {
                let full = std::mem::take(&mut batch);
                self.call(|db| db.apply_batch(full).map_err(fault))?;
                bytes = 0;
            }
        }
        self.call(|db| db.apply_batch(batch).map_err(fault))
    }
}

impl Store for SledStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let found = self.peek(key)?;
        // The day is kept, not the time: a hit then writes once a day at most.
        if found.is_some() && self.access == Access::Write {
            let used = engine_key(USED, key);
            let day = self.call(|db| db.get(&used).map_err(fault))?;
            let today = sealed::seal(&used, &self.today.to_le_bytes());
            if day.is_none_or(|day| *day != *today) {
                self.touched.borrow_mut().push(key.to_vec());
            }
        }
        Ok(found)
    }

    fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), Fault> {
        self.rows(&engine_key(DATA, prefix), each)
    }

    fn batch(&self, batch: Batch) -> Result<(), Fault> {
        self.write(batch.steps.into_iter().flat_map(|(key, payload)| {
            let payload = payload.filter(|payload| payload.len() <= MOST_PAYLOAD);
            let day = payload.as_ref().map(|_| self.today.to_le_bytes().to_vec());
            [(engine_key(DATA, &key), payload), (engine_key(USED, &key), day)]
        }))
    }

    fn flush(&self) -> Result<(), Fault> {
        self.call(|db| db.flush().map_err(fault))?;
        // A page of large values gets a file of its own, which sled never syncs.
        let blobs = self.folder.join("blobs");
        let mut some = false;
        for blob in std::fs::read_dir(&blobs).into_iter().flatten().flatten() {
            match File::open(blob.path()) {
                Ok(blob) => blob.sync_all()?,
                // sled's own threads remove those that no page names any more.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
            some = true;
        }
        if some {
            sync(&blobs)?;
        }
        self.file.sync_all()?;
        Ok(())
    }

    fn stats(&self) -> Result<Stats, Fault> {
        let mut stats = Stats::default();
        self.scan(&[], &mut |key, payload| {
            stats.records += 1;
            stats.payload += (key.len() + payload.len()) as u64;
        })?;
        Ok(stats)
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        drop(self.end());
    }
}

fn engine_key(what: u8, key: &[u8]) -> Vec<u8> {
    let mut row = Vec::with_capacity(1 + key.len());
    row.push(what);
    row.extend_from_slice(key);
    row
}

fn opened<'a>(row: &[u8], value: &'a [u8]) -> Result<&'a [u8], Fault> {
    sealed::open(row, value).ok_or_else(|| Fault::Damaged("a value does not fit its checksum".into()))
}

/// What an error of sled means here. It has no kind for a lock that is held, only a text.
fn fault(error: sled::Error) -> Fault {
    match error {
        sled::Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock => Fault::Busy,
        sled::Error::Io(error) if error.to_string().contains("could not acquire lock") => Fault::Busy,
        sled::Error::Io(error)
            if matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
            ) =>
        {
            Fault::Damaged(error.to_string())
        }
        sled::Error::Io(error) => Fault::Io(error),
        other => Fault::Damaged(other.to_string()),
    }
}
