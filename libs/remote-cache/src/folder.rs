//! The local back end: a folder.
//!
//! ```text
//! DIR/lock                       held by the one server that uses the folder
//! DIR/key-check                  says which key signed what is here, without saying the key
//! DIR/blobs/ab/<sha256>          the artefacts, by what they are
//! DIR/records/<scope>/35/<hash>  which artefact a task made, signed; written once
//! DIR/under-way/                 nothing in it is an entry; emptied at the start
//! DIR/quarantine/                what was not what was signed
//! ```
//!
//! An artefact is moved into place before the record that names it is linked, and `link` never replaces: a crash leaves an
//! entry whole or not there, and of two writers exactly one wins. Files are synced before they are named; folders are not:
//! an entry that is lost with the power is a miss, and a torn one does not pass its digest.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use krepis_change::Failure;
use serde_json::json;

use crate::record::{self, Digest, Hasher, Record};
use crate::spool::{Artifact, Content, SMALL, STEP, Spool, make_private};
use crate::{Key, Log, Records, Scope, TaskHash, errors};

/// How often the last use of an entry is written to disk; the order in memory is exact.
const USE_WRITTEN_EVERY: Duration = Duration::from_hours(1);
/// Down to which part of the limit entries are evicted, in percent: not one by one.
const EVICT_TO: u64 = 90;
/// What all scopes but main may fill together, in percent of the limit: pull requests cannot push out what main has.
const OTHER_SCOPES: u64 = 25;
/// How many files are kept in quarantine: the latest.
const QUARANTINED: usize = 32;

/// What became of an artefact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    New,
    Exists,
}

/// The folder.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    most: u64,
    records: Records,
    spool: Arc<Spool>,
    log: Log,
    index: Mutex<Index>,
    #[expect(dead_code, reason = "held as long as the folder is used")]
    lock: File,
}

/// What is in the folder, for eviction, and which artefacts were verified. The disk is the truth, this only a help.
#[derive(Debug, Default)]
struct Index {
    entries: HashMap<(Scope, TaskHash), Entry>,
    blobs: HashMap<Digest, Blob>,
    total: u64,
    other: u64,
}

#[derive(Debug)]
struct Entry {
    record: Record,
    used: SystemTime,
}

#[derive(Debug, Default)]
struct Blob {
    entries: usize,
    verified: Option<Stamp>,
}

/// What a file was when its digest was made. A file that was written to since has another change time, which only the
/// kernel sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

impl Folder {
    /// Opens a folder, or makes it: takes its lock, reads its records, and removes what a crash left.
    pub(crate) fn open(
        root: &Path,
        most: u64,
        key: &Key,
        spool: impl FnOnce(&Path) -> io::Result<Spool>,
        log: Log,
    ) -> Result<Self, Failure> {
        let failed = |error: &io::Error| {
            Failure::io(&errors::FOLDER, "using", root, error)
                .hint("name a folder that can be written with --dir")
        };
        make_private(root).map_err(|error| failed(&error))?;
        let lock = lock(root)?;
        check_key(root, key)?;
        let spool = spool(&root.join("under-way")).map_err(|error| failed(&error))?;
        let folder = Self {
            root: root.to_owned(),
            most,
            records: Records::new(key),
            spool: Arc::new(spool),
            log,
            index: Mutex::default(),
            lock,
        };
        folder.scan().map_err(|error| failed(&error))?;
        Ok(folder)
    }

    /// The spool beside it, on the same file system.
    pub(crate) fn spool(&self) -> &Arc<Spool> {
        &self.spool
    }

    /// The artefact of a hash in the first of these scopes that has it, verified.
    pub(crate) fn get(&self, scope: &Scope, hash: &TaskHash) -> io::Result<Option<Artifact>> {
        for scope in scope.readable() {
            if let Some(artifact) = self.entry(&scope, hash)? {
                return Ok(Some(artifact));
            }
        }
        Ok(None)
    }

    /// Whether a token of this scope would find an entry. The artefact is looked for, not read.
    pub(crate) fn exists(&self, scope: &Scope, hash: &TaskHash) -> io::Result<bool> {
        for scope in scope.readable() {
            let Some((document, _)) = self.document(&scope, hash)? else {
                continue;
            };
            let Some(record) = self.records.decode(&scope, hash, &document) else {
                self.set_aside(
                    &scope,
                    hash,
                    &document,
                    None,
                    "its record was not signed by this server's key",
                )?;
                continue;
            };
            match fs::metadata(self.blob_path(record.digest)) {
                Ok(metadata) if metadata.len() == record.size => return Ok(true),
                Ok(_) => self.set_aside(
                    &scope,
                    hash,
                    &document,
                    Some(record.digest),
                    "its artefact has another length",
                )?,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.forget(&scope, hash, &document, record.digest)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Stores an artefact unless the scope has an entry of this hash.
    pub(crate) fn put(&self, scope: &Scope, hash: &TaskHash, artifact: Artifact) -> io::Result<Stored> {
        let record = Record {
            digest: artifact.digest,
            size: artifact.size,
        };
        let (file, temporary) = match artifact.content {
            Content::Memory(bytes) => {
                let (mut file, temporary) = self.spool.create()?;
                file.write_all(&bytes)?;
                (Arc::new(file), temporary)
            }
            Content::File(file, Some((temporary, _space))) => (file, temporary),
            Content::File(_, None) => return Err(io::Error::other("a stored artefact is not stored again")),
        };
        file.sync_data()?;
        let (mut out, document) = self.spool.create()?;
        out.write_all(self.records.encode(scope, hash, record).as_bytes())?;
        out.sync_data()?;
        drop(out);

        let (blob, entry) = (self.blob_path(record.digest), self.record_path(scope, hash));
        for path in [&blob, &entry] {
            make_private(path.parent().unwrap_or(&self.root))?;
        }
        let mut index = self.index();
        let verified = index.blobs.get(&record.digest).and_then(|blob| blob.verified);
        let is_there =
            verified.is_some() && File::open(&blob).and_then(|file| Stamp::of(&file)).ok() == verified;
        let verified = if is_there {
            drop(temporary);
            verified
        } else {
            temporary.rename(&blob)?;
            Some(Stamp::of(&file)?)
        };
        match fs::hard_link(document.path(), &entry) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if !index.blobs.contains_key(&record.digest) {
                    drop(fs::remove_file(&blob));
                }
                return Ok(Stored::Exists);
            }
            Err(error) => return Err(error),
        }
        index.insert(scope, hash, record, SystemTime::now());
        index.blobs.entry(record.digest).or_default().verified = verified;
        self.evict(&mut index);
        Ok(Stored::New)
    }

    fn entry(&self, scope: &Scope, hash: &TaskHash) -> io::Result<Option<Artifact>> {
        let Some((document, file)) = self.document(scope, hash)? else {
            return Ok(None);
        };
        let Some(record) = self.records.decode(scope, hash, &document) else {
            self.set_aside(
                scope,
                hash,
                &document,
                None,
                "its record was not signed by this server's key",
            )?;
            return Ok(None);
        };
        let blob = match File::open(self.blob_path(record.digest)) {
            Ok(blob) => blob,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.forget(scope, hash, &document, record.digest)?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let content = if record.size <= SMALL {
            read_small(&blob, record)?.map(Content::Memory)
        } else {
            self.verify(&blob, record)?
                .then(|| Content::File(Arc::new(blob), None))
        };
        let Some(content) = content else {
            self.set_aside(
                scope,
                hash,
                &document,
                Some(record.digest),
                "its artefact is not what was signed",
            )?;
            return Ok(None);
        };
        self.used(scope, hash, &file);
        Ok(Some(Artifact {
            digest: record.digest,
            size: record.size,
            content,
        }))
    }

    /// Whether a file is what was signed; read once, and again only when the file has changed.
    fn verify(&self, file: &File, record: Record) -> io::Result<bool> {
        let before = Stamp::of(file)?;
        if before.size != record.size {
            return Ok(false);
        }
        if self
            .index()
            .blobs
            .get(&record.digest)
            .is_some_and(|blob| blob.verified == Some(before))
        {
            return Ok(true);
        }
        let mut hasher = Hasher::new();
        let (mut step, mut at) = (vec![0; STEP], 0);
        loop {
            let read = file.read_at(&mut step, at)?;
            if read == 0 {
                break;
            }
            hasher.update(&step[..read]);
            at += read as u64;
        }
        // A file that changed meanwhile is judged anew by whoever asks next.
        if hasher.finish() != record.digest || Stamp::of(file)? != before {
            return Ok(false);
        }
        if let Some(blob) = self.index().blobs.get_mut(&record.digest) {
            blob.verified = Some(before);
        }
        Ok(true)
    }

    fn used(&self, scope: &Scope, hash: &TaskHash, record: &File) {
        let now = SystemTime::now();
        if let Some(entry) = self.index().entries.get_mut(&(scope.clone(), hash.clone())) {
            entry.used = now;
        }
        let written = record.metadata().and_then(|metadata| metadata.modified());
        let is_recent =
            written.is_ok_and(|time| now.duration_since(time).is_ok_and(|age| age < USE_WRITTEN_EVERY));
        if !is_recent {
            // On a disk that cannot be written, the order after the next start is older; nothing else.
            drop(record.set_modified(now));
        }
    }

    /// The record's document, and its file.
    fn document(&self, scope: &Scope, hash: &TaskHash) -> io::Result<Option<(Vec<u8>, File)>> {
        let file = match File::open(self.record_path(scope, hash)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut document = Vec::new();
        (&file).take(record::LONGEST).read_to_end(&mut document)?;
        Ok(Some((document, file)))
    }

    /// Moves a record, and its artefact if that was wrong, out of the way, so that the entry can be written again.
    fn set_aside(
        &self,
        scope: &Scope,
        hash: &TaskHash,
        document: &[u8],
        digest: Option<Digest>,
        reason: &str,
    ) -> io::Result<()> {
        let mut index = self.index();
        // Somebody else may have set it aside, and a good one may be there now.
        if self.document(scope, hash)?.is_none_or(|(now, _)| now != document) {
            return Ok(());
        }
        let fields =
            json!({ "scope": scope.as_str(), "hash": hash.as_str(), "sha256": digest.map(Digest::to_hex) });
        self.log.warn("quarantine", &errors::TAMPERED, reason, fields);
        let quarantine = self.root.join("quarantine");
        make_private(&quarantine)?;
        let name = format!("{}-{scope}-{hash}", jiff::Timestamp::now().as_nanosecond());
        fs::rename(
            self.record_path(scope, hash),
            quarantine.join(format!("{name}.record")),
        )?;
        if let Some(digest) = digest {
            match fs::rename(
                self.blob_path(digest),
                quarantine.join(format!("{name}.artifact")),
            ) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            if let Some(blob) = index.blobs.get_mut(&digest) {
                blob.verified = None;
            }
        }
        index.remove(scope, hash);
        drop(index);
        keep_latest(&quarantine)
    }

    /// Removes a record whose artefact is not there.
    fn forget(&self, scope: &Scope, hash: &TaskHash, document: &[u8], digest: Digest) -> io::Result<()> {
        let mut index = self.index();
        let is_same = self
            .document(scope, hash)?
            .is_some_and(|(now, _)| now == document);
        if is_same && !self.blob_path(digest).try_exists()? {
            fs::remove_file(self.record_path(scope, hash))?;
            index.remove(scope, hash);
            let fields = json!({ "scope": scope.as_str(), "hash": hash.as_str() });
            self.log
                .warn("forget", &errors::TAMPERED, "its artefact was removed", fields);
        }
        Ok(())
    }

    /// Evicts what was not used for longest: of the other scopes while they hold more than their share, then of all.
    fn evict(&self, index: &mut Index) {
        let share = self.most / 100 * OTHER_SCOPES;
        if index.other > share {
            self.evict_until(
                index,
                |scope| !scope.is_main(),
                |index| index.other <= share / 100 * EVICT_TO,
            );
        }
        if index.total > self.most {
            let most = self.most / 100 * EVICT_TO;
            self.evict_until(index, |_| true, |index| index.total <= most);
        }
    }

    fn evict_until(&self, index: &mut Index, of: impl Fn(&Scope) -> bool, enough: impl Fn(&Index) -> bool) {
        let mut oldest: Vec<_> = index
            .entries
            .iter()
            .filter(|((scope, _), _)| of(scope))
            .map(|(name, entry)| (entry.used, name.clone()))
            .collect();
        oldest.sort_by_key(|(used, _)| *used);
        let (mut evicted, before) = (0, index.total);
        for (_, (scope, hash)) in oldest {
            if enough(index) {
                break;
            }
            drop(fs::remove_file(self.record_path(&scope, &hash)));
            if let Some(digest) = index.remove(&scope, &hash) {
                drop(fs::remove_file(self.blob_path(digest)));
            }
            evicted += 1;
        }
        self.log.info(
            "evict",
            json!({ "entries": evicted, "bytes": before - index.total, "left": index.total }),
        );
    }

    /// Reads every record, drops artefacts without one.
    fn scan(&self) -> io::Result<()> {
        let mut index = Index::default();
        let mut unsound = Vec::new();
        for scope in names(&self.root.join("records"))? {
            let Ok(scope) = Scope::parse(&scope) else { continue };
            let folder = self.root.join("records").join(scope.as_str());
            for shard in names(&folder)? {
                for hash in names(&folder.join(&shard))? {
                    let Some(hash) = TaskHash::parse(&hash).filter(|hash| hash.shard() == shard) else {
                        continue;
                    };
                    let Some((document, file)) = self.document(&scope, &hash)? else {
                        continue;
                    };
                    match self.records.decode(&scope, &hash, &document) {
                        Some(record) => index.insert(&scope, &hash, record, file.metadata()?.modified()?),
                        None => unsound.push((scope.clone(), hash, document)),
                    }
                }
            }
        }
        for shard in names(&self.root.join("blobs"))? {
            for name in names(&self.root.join("blobs").join(&shard))? {
                if Digest::from_hex(&name).is_some_and(|digest| !index.blobs.contains_key(&digest)) {
                    fs::remove_file(self.root.join("blobs").join(&shard).join(&name))?;
                }
            }
        }
        self.log
            .info("open", json!({ "entries": index.entries.len(), "bytes": index.total, "dir": self.root.display().to_string() }));
        self.evict(&mut index);
        *self.index() = index;
        for (scope, hash, document) in unsound {
            self.set_aside(
                &scope,
                &hash,
                &document,
                None,
                "its record was not signed by this server's key",
            )?;
        }
        Ok(())
    }

    fn record_path(&self, scope: &Scope, hash: &TaskHash) -> PathBuf {
        let mut path = self.root.join("records");
        path.extend([scope.as_str(), hash.shard(), hash.as_str()]);
        path
    }

    fn blob_path(&self, digest: Digest) -> PathBuf {
        let name = digest.to_hex();
        let mut path = self.root.join("blobs");
        path.extend([&name[..2], &name]);
        path
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn insert(&mut self, scope: &Scope, hash: &TaskHash, record: Record, used: SystemTime) {
        self.remove(scope, hash);
        self.total += record.size;
        if !scope.is_main() {
            self.other += record.size;
        }
        self.blobs.entry(record.digest).or_default().entries += 1;
        self.entries
            .insert((scope.clone(), hash.clone()), Entry { record, used });
    }

    /// Takes an entry out; the digest of its artefact if no other entry names it.
    fn remove(&mut self, scope: &Scope, hash: &TaskHash) -> Option<Digest> {
        let Entry { record, .. } = self.entries.remove(&(scope.clone(), hash.clone()))?;
        self.total -= record.size;
        if !scope.is_main() {
            self.other -= record.size;
        }
        let blob = self.blobs.get_mut(&record.digest)?;
        blob.entries -= 1;
        if blob.entries > 0 {
            return None;
        }
        self.blobs.remove(&record.digest);
        Some(record.digest)
    }
}

/// A small artefact, if it is what was signed. It is sent from memory: nobody can change it after this.
fn read_small(file: &File, record: Record) -> io::Result<Option<Bytes>> {
    let mut bytes = Vec::with_capacity(usize::try_from(record.size).unwrap_or(STEP) + 1);
    let mut limited: io::Take<&File> = file.take(record.size + 1);
    limited.read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 == record.size && Digest::of(&bytes) == record.digest).then(|| bytes.into()))
}

/// Makes this process the only one that uses a folder.
pub(crate) fn lock(root: &Path) -> Result<File, Failure> {
    let path = root.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|error| Failure::io(&errors::FOLDER, "opening", &path, &error))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(Failure::new(
            &errors::FOLDER_IN_USE,
            format!("another server uses {}", root.display()),
        )
        .hint("let it serve, or name another folder with --dir")),
        Err(error) => Err(Failure::io(&errors::FOLDER, "locking", &path, &error.into())),
    }
}

/// Started with another key, everything in the folder would look tampered with.
fn check_key(root: &Path, key: &Key) -> Result<(), Failure> {
    let path = root.join("key-check");
    let ours = key.check();
    match fs::read_to_string(&path) {
        Ok(theirs) if theirs.trim() == ours => Ok(()),
        Ok(_) => Err(Failure::new(
            &errors::OTHER_KEY,
            format!("the entries in {} were signed with another key", root.display()),
        )
        .hint(
            "start with that key, or name another folder with --dir; the entries of a lost key are worthless",
        )),
        Err(error) if error.kind() == ErrorKind::NotFound => fs::write(&path, format!("{ours}\n"))
            .map_err(|error| Failure::io(&errors::FOLDER, "writing", &path, &error)),
        Err(error) => Err(Failure::io(&errors::FOLDER, "reading", &path, &error)),
    }
}

/// The names in a folder; none if it is not there. Names that are not text are not ours.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    entries
        .filter_map(|entry| {
            entry
                .map(|entry| entry.file_name().into_string().ok())
                .transpose()
        })
        .collect()
}

fn keep_latest(quarantine: &Path) -> io::Result<()> {
    let mut kept = names(quarantine)?;
    // Names begin with the time.
    kept.sort();
    let surplus = kept.len().saturating_sub(QUARANTINED);
    for name in &kept[..surplus] {
        fs::remove_file(quarantine.join(name))?;
    }
    Ok(())
}
