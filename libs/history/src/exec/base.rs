//! The folder `.krepis/history/base`: the contents of every covered file, held before a command runs.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use krepis_change::{Digest, Failure};

use super::coverage::{Compiled, LARGEST};
use super::index::{Content, Entry, Index, Why};
use super::pack::{self, Batch, Pack, PackId, PackWriter};
use super::parallel;
use super::walk::{Found, Stat, Type, Walked};
use crate::failpoints::{inject, step};
use crate::write::write_failure;
use crate::{History, OperationId, Stage, errors, store};

/// How often a file that is being written is read again.
const ATTEMPTS: usize = 3;
/// With more packs than this, small ones are joined.
const PACKS: usize = 32;
/// A pack with less live content than this counts as small, in bytes before compression.
const SMALL: u64 = 4 << 20;

/// The base of one workspace.
pub(super) struct Base<'a> {
    history: &'a History,
    folder: PathBuf,
}

/// What filling the base did.
#[derive(Debug, Clone, Default)]
pub struct Filled {
    /// Files and links whose state is held.
    pub files: usize,
    /// Bytes of these files.
    pub bytes: u64,
    /// Files that had to be read.
    pub read: usize,
    /// Contents that were not held yet, in bytes.
    pub stored_bytes: u64,
    /// What they take on disk.
    pub pack_bytes: u64,
    /// How long looking and storing took.
    pub took: Duration,
    /// Files whose content is not kept, with the reason: too large, unreadable, or never at rest. Secret ones are not named.
    pub uncovered: Vec<(String, String)>,
}

/// The clock of the file system that holds the workspace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) now: i64,
    pub(super) device: u64,
}

impl<'a> Base<'a> {
    pub(super) fn new(history: &'a History) -> Self {
        Self {
            history,
            folder: history.folder().join("base"),
        }
    }

    pub(super) fn create(&self) -> Result<(), Failure> {
        store::ensure_folder(self.history.root())?;
        store::make_private(&self.folder).map_err(|error| write_failure("creating", &self.folder, &error))
    }

    /// What time a file that is changed now gets.
    pub(super) fn clock(&self) -> io::Result<Clock> {
        let path = self.folder.join(".clock");
        let mut file = private(&path, true)?;
        file.write_all(b"\n")?;
        let metadata = file.metadata()?;
        Ok(Clock {
            now: Stat::of(&metadata).modified,
            device: metadata.dev(),
        })
    }

    fn index_file(&self, id: PackId) -> PathBuf {
        self.folder.join(format!("{id}.index"))
    }

    pub(super) fn index(&self, id: PackId) -> Result<Index, Failure> {
        let file = self.index_file(id);
        let bytes = fs::read(&file).map_err(|error| super::index::damaged(&file, &error.to_string()))?;
        Index::decode(&bytes, &file)
    }

    /// The newest index, if it can be read: a damaged one costs reading everything again, no more.
    fn latest(&self) -> Option<(PackId, Index)> {
        let id = self.listed("index").pop_last()?;
        Some((id, self.index(id).ok()?))
    }

    fn listed(&self, extension: &str) -> BTreeSet<PackId> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return BTreeSet::new();
        };
        entries
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name();
                let (stem, found) = name.to_str()?.split_once('.')?;
                (found == extension).then(|| PackId::parse(stem)).flatten()
            })
            .collect()
    }

    fn length(&self, id: PackId) -> Option<u64> {
        fs::metadata(pack::path(&self.folder, id)).ok().map(|it| it.len())
    }

    /// Holds the content of everything that was found, and writes down what is where: the index's name comes back. All of
    /// it is durable then.
    pub(super) fn fill(
        &self,
        id: OperationId,
        walked: &Walked,
        coverage: &Compiled,
        taken: i64,
    ) -> Result<(PackId, Index, Filled), Failure> {
        let started = Instant::now();
        let (old_id, old) = self.latest().unzip();
        let old = old.unwrap_or_default();
        let mut draft = self.compare(&old, walked, coverage);
        let mut filled = Filled {
            read: draft.unread.len(),
            ..Filled::default()
        };
        if let (Some(old_id), true) = (old_id, draft.unread.is_empty() && draft.entries == old.entries) {
            filled.count(&old);
            filled.took = started.elapsed();
            return Ok((old_id, old, filled));
        }
        let own = PackId::of(id);
        let packs = self.read(own, walked, &old, &mut draft, &mut filled)?;
        let index = Index {
            taken,
            packs,
            entries: draft.entries,
        };
        let index = index.without_unused_packs();
        step!("history::exec::pack-written");
        self.put_index(own, &index)
            .map_err(|error| not_filled(&self.index_file(own), &error))?;
        step!("history::exec::index-written");
        filled.count(&index);
        filled.took = started.elapsed();
        Ok((own, index, filled))
    }

    /// What of the old index still holds; the rest is to be read.
    fn compare(&self, old: &Index, walked: &Walked, coverage: &Compiled) -> Draft {
        let held: Vec<bool> = old
            .packs
            .iter()
            .map(|(id, length)| self.length(*id) == Some(*length))
            .collect();
        let mut draft = Draft {
            entries: Vec::with_capacity(walked.found.len()),
            unread: Vec::new(),
        };
        let mut known = old.entries.iter().peekable();
        for (at, found) in walked.found.iter().enumerate() {
            while known.next_if(|entry| entry.path < found.path).is_some() {}
            let known = known.next_if(|entry| entry.path == found.path);
            let content = match found.kind {
                Type::Directory => Some(Content::Directory),
                _ if coverage.is_secret(&found.path) => Some(Content::Uncovered(Why::Secret)),
                Type::File if found.stat.size > LARGEST => Some(Content::Uncovered(Why::TooLarge)),
                _ => known
                    .filter(|entry| old.proves(entry, &found.stat))
                    .map(|entry| &entry.content)
                    .filter(|content| match content {
                        Content::File { pack, .. } => {
                            found.kind == Type::File && held.get(*pack as usize) == Some(&true)
                        }
                        Content::Symlink { .. } => found.kind == Type::Symlink,
                        Content::Directory | Content::Uncovered(_) => false,
                    })
                    .cloned(),
            };
            if content.is_none() {
                draft.unread.push((draft.entries.len(), at));
            }
            draft.entries.push(Entry {
                path: found.path.clone(),
                stat: found.stat,
                content: content.unwrap_or(Content::Uncovered(Why::Unreadable)),
            });
        }
        for (folder, _) in &walked.blind {
            let at = draft.entries.binary_search_by(|entry| (*entry.path).cmp(folder));
            if let Ok(at) = at {
                draft.entries[at].content = Content::Uncovered(Why::Unreadable);
            }
        }
        draft
    }

    /// Reads what is unread, holds what is not held yet in a pack of this run, and answers the packs by position.
    fn read(
        &self,
        own: PackId,
        walked: &Walked,
        old: &Index,
        draft: &mut Draft,
        filled: &mut Filled,
    ) -> Result<Vec<(PackId, u64)>, Failure> {
        let mut packs = old.packs.clone();
        let mut known: HashMap<Digest, u32> = HashMap::new();
        let mut moving: Vec<(u32, Pack)> = Vec::new();
        if !draft.unread.is_empty() {
            let live = live_bytes(&draft.entries, packs.len());
            for id in self.listed("pack") {
                let Some((length, pack)) = self.length(id).zip(Pack::open(&self.folder, id).ok()) else {
                    continue;
                };
                let position = packs.iter().position(|it| *it == (id, length));
                let position = position.unwrap_or_else(|| {
                    packs.push((id, length));
                    packs.len() - 1
                });
                let number = u32::try_from(position).unwrap_or(u32::MAX);
                let live = live.get(position).copied().unwrap_or_default();
                let total: u64 = pack.contents().map(|(_, bytes)| bytes).sum();
                let many = packs.len() > PACKS && live < SMALL;
                if live > 0 && (live < total / 2 || many) {
                    moving.push((number, pack));
                } else {
                    known.extend(pack.contents().map(|(digest, _)| (digest, number)));
                }
            }
        }
        let own_number = u32::try_from(packs.len()).unwrap_or(u32::MAX);
        let pool = Pool {
            root: self.history.root(),
            folder: &self.folder,
            own,
            own_number,
            known: &known,
            fresh: Mutex::default(),
            writer: Mutex::default(),
            failed: AtomicBool::new(false),
            failure: Mutex::default(),
        };
        let unread = &draft.unread;
        let results = parallel::draw(unread.len(), |draw| {
            pool.work(draw.shares().map(|at| {
                let (entry, found) = unread[at];
                (entry, &walked.found[found])
            }))
        });
        pool.move_over(&moving, &mut draft.entries);
        filled.stored_bytes = pool
            .fresh
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .sum();
        let target = pack::path(&self.folder, own);
        if let Some(error) = pool.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(not_filled(&target, &error));
        }
        let mut gone = HashSet::new();
        for (at, state) in results {
            match state {
                Some((stat, content)) => {
                    draft.entries[at].stat = stat;
                    draft.entries[at].content = content;
                }
                None => drop(gone.insert(at)),
            }
        }
        let mut at = 0..;
        draft
            .entries
            .retain(|_| !at.next().is_some_and(|at| gone.contains(&at)));
        let writer = pool.writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = writer {
            let length = finish(writer).map_err(|error| not_filled(&target, &error))?;
            filled.pack_bytes = length;
            packs.push((own, length));
        }
        Ok(packs)
    }

    fn put_index(&self, id: PackId, index: &Index) -> io::Result<()> {
        let temporary = self.folder.join(format!(".{id}.index.tmp"));
        let written = private(&temporary, true).and_then(|mut file| {
            file.write_all(&index.encode())?;
            file.sync_all()
        });
        if let Err(error) = written.and_then(|()| fs::rename(&temporary, self.index_file(id))) {
            drop(fs::remove_file(&temporary));
            return Err(error);
        }
        fs::File::open(&self.folder)?.sync_all()
    }

    /// Contents of `index` by digest; what is damaged is missing in the answer.
    pub(super) fn contents(
        &self,
        index: &Index,
        wanted: &[(Digest, u32)],
    ) -> HashMap<Digest, std::sync::Arc<[u8]>> {
        let mut by_pack: HashMap<u32, Vec<Digest>> = HashMap::new();
        for (digest, pack) in wanted {
            by_pack.entry(*pack).or_default().push(*digest);
        }
        let mut found = HashMap::with_capacity(wanted.len());
        for (number, digests) in by_pack {
            let Some((id, _)) = index.packs.get(number as usize) else {
                continue;
            };
            if let Ok(contents) = Pack::open(&self.folder, *id).map(|pack| pack.read(&digests)) {
                found.extend(contents.unwrap_or_default());
            }
        }
        found
    }

    /// Removes what no open operation and not the newest index needs; the bytes that are free again. `newest` saves reading
    /// it again.
    pub(super) fn sweep(&self, newest: Option<(PackId, &Index)>) -> Result<u64, Failure> {
        let mut kept: BTreeSet<PackId> = self.listed("index").pop_last().into_iter().collect();
        for (id, stage) in self.history.scan()? {
            if stage == Stage::Observed {
                let operation = self.history.open(id, stage)?.operation;
                kept.extend(operation.running.iter().filter_map(|it| PackId::parse(&it.index)));
            }
        }
        let mut packs = BTreeSet::new();
        for id in &kept {
            let read;
            let index = match newest {
                Some((newest, index)) if newest == *id => Ok(index),
                _ => {
                    read = self.index(*id);
                    read.as_ref()
                }
            };
            match index {
                Ok(index) => packs.extend(index.packs.iter().map(|(id, _)| *id)),
                // Whose packs these are is unknown: none is removed.
                Err(_) => packs.extend(self.listed("pack")),
            }
        }
        let mut freed = 0;
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Ok(0);
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some((stem, extension)) = name.to_str().and_then(|name| name.split_once('.')) else {
                continue;
            };
            let in_use = match (PackId::parse(stem), extension) {
                (Some(id), "index") => kept.contains(&id),
                (Some(id), "pack") => packs.contains(&id),
                // Left by a crash; nobody else writes while the lock is held.
                (None, rest) => !(stem.is_empty() && rest.strip_suffix(".tmp").is_some()),
                (Some(_), _) => true,
            };
            if !in_use {
                let bytes = entry.metadata().map_or(0, |it| it.len());
                freed += fs::remove_file(entry.path()).map_or(0, |()| bytes);
            }
        }
        Ok(freed)
    }

    /// Packs and indexes, with their bytes.
    pub(super) fn usage(&self) -> (usize, u64) {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return (0, 0);
        };
        let sizes = entries.flatten().filter_map(|entry| entry.metadata().ok());
        sizes.fold((0, 0), |(count, bytes), it| (count + 1, bytes + it.len()))
    }
}

fn finish(writer: PackWriter) -> io::Result<u64> {
    inject!("history::exec::write");
    writer.finish()
}

fn private(path: &Path, truncate: bool) -> io::Result<fs::File> {
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(truncate)
        .mode(0o600)
        .open(path)
}

fn not_filled(path: &Path, error: &io::Error) -> Failure {
    let mut failure = Failure::new(
        &errors::BASE_NOT_FILLED,
        "the files could not be saved, so the command was not run",
    );
    let cause = write_failure("writing", path, error);
    failure.reason = Some(format!("{}: {error}", cause.message));
    failure.hint = cause.hint;
    failure
}

fn live_bytes(entries: &[Entry], packs: usize) -> Vec<u64> {
    let mut live = vec![0; packs];
    for entry in entries {
        if let Content::File { pack, .. } = entry.content
            && let Some(bytes) = live.get_mut(pack as usize)
        {
            // An empty file keeps its pack as well.
            *bytes += entry.stat.size.max(1);
        }
    }
    live
}

impl Index {
    fn without_unused_packs(mut self) -> Self {
        let live = live_bytes(&self.entries, self.packs.len());
        let mut numbers = vec![0; live.len()];
        let mut next = 0;
        for (number, live) in numbers.iter_mut().zip(&live) {
            *number = next;
            next += u32::from(*live > 0);
        }
        for entry in &mut self.entries {
            if let Content::File { pack, .. } = &mut entry.content {
                *pack = numbers[*pack as usize];
            }
        }
        let mut live = live.iter();
        self.packs.retain(|_| live.next().is_some_and(|bytes| *bytes > 0));
        self
    }
}

impl Filled {
    fn count(&mut self, index: &Index) {
        for entry in &index.entries {
            match entry.content {
                Content::Directory | Content::Uncovered(Why::Secret) => {}
                Content::File { .. } | Content::Symlink { .. } => {
                    self.files += 1;
                    self.bytes += entry.stat.size;
                }
                Content::Uncovered(why) => {
                    self.uncovered
                        .push((entry.path.to_string(), why.text().to_owned()));
                }
            }
        }
    }
}

struct Draft {
    entries: Vec<Entry>,
    /// Positions in `entries` and in what was found.
    unread: Vec<(usize, usize)>,
}

/// What the reading threads share.
struct Pool<'a> {
    root: &'a Path,
    folder: &'a Path,
    own: PackId,
    own_number: u32,
    /// Held already, and in which pack.
    known: &'a HashMap<Digest, u32>,
    /// Held by this run, with the bytes.
    fresh: Mutex<HashMap<Digest, u64>>,
    writer: Mutex<Option<PackWriter>>,
    failed: AtomicBool,
    failure: Mutex<Option<io::Error>>,
}

type Read = Option<(Stat, Content)>;

impl Pool<'_> {
    fn work<'f>(&self, files: impl Iterator<Item = (usize, &'f Found)>) -> Vec<(usize, Read)> {
        let mut compressor = match pack::compressor() {
            Ok(compressor) => compressor,
            Err(error) => {
                self.fail(error);
                return Vec::new();
            }
        };
        let mut batch = Batch::default();
        let mut results = Vec::new();
        for (at, found) in files {
            if self.failed.load(Ordering::Relaxed) {
                return results;
            }
            results.push((at, self.one(found, &mut batch)));
            if batch.is_full() {
                self.close(std::mem::take(&mut batch), &mut compressor);
            }
        }
        if !batch.is_empty() {
            self.close(batch, &mut compressor);
        }
        results
    }

    fn one(&self, found: &Found, batch: &mut Batch) -> Read {
        let uncovered = |why| Some((found.stat, Content::Uncovered(why)));
        match read_stable(&self.root.join(&*found.path)) {
            Ok(Stable::File(bytes, stat)) => {
                let digest = Digest::of(&bytes);
                let pack = self.known.get(&digest).copied().unwrap_or_else(|| {
                    self.keep(digest, &bytes, batch);
                    self.own_number
                });
                Some((stat, Content::File { digest, pack }))
            }
            Ok(Stable::Symlink(target, stat)) => Some((
                stat,
                Content::Symlink {
                    target: target.into(),
                },
            )),
            Ok(Stable::Restless) => uncovered(Why::Restless),
            Ok(Stable::Other) => None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => uncovered(Why::Unreadable),
        }
    }

    fn keep(&self, digest: Digest, bytes: &[u8], batch: &mut Batch) {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        if fresh.insert(digest, bytes.len() as u64).is_none() {
            batch.add(digest, bytes);
        }
    }

    fn close(&self, batch: Batch, compressor: &mut zstd::bulk::Compressor<'_>) {
        let written = batch.compress(compressor).and_then(|frame| {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            if writer.is_none() {
                *writer = Some(PackWriter::create(self.folder, self.own)?);
            }
            writer.as_mut().map_or(Ok(()), |writer| writer.append(&frame))
        });
        if let Err(error) = written {
            self.fail(error);
        }
    }

    /// Copies what is still needed out of packs that are mostly unused.
    fn move_over(&self, moving: &[(u32, Pack)], entries: &mut [Entry]) {
        for (number, pack) in moving {
            let wanted: Vec<Digest> = entries
                .iter()
                .filter_map(|entry| match entry.content {
                    Content::File { digest, pack } if pack == *number => Some(digest),
                    _ => None,
                })
                .collect();
            let Ok(contents) = pack.read(&wanted) else {
                continue;
            };
            let Ok(mut compressor) = pack::compressor() else {
                return;
            };
            let mut batch = Batch::default();
            for (digest, bytes) in &contents {
                self.keep(*digest, bytes, &mut batch);
                if batch.is_full() {
                    self.close(std::mem::take(&mut batch), &mut compressor);
                }
            }
            if !batch.is_empty() {
                self.close(batch, &mut compressor);
            }
            for entry in entries.iter_mut() {
                if let Content::File { digest, pack } = &mut entry.content
                    && *pack == *number
                    && contents.contains_key(digest)
                {
                    *pack = self.own_number;
                }
            }
        }
    }

    fn fail(&self, error: io::Error) {
        self.failed.store(true, Ordering::Relaxed);
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
    }
}

/// What is at a path, read so that it is known to be one state and not two halves.
pub(super) enum Stable {
    File(Vec<u8>, Stat),
    Symlink(Vec<u8>, Stat),
    /// It changed each time it was read.
    Restless,
    /// A directory, a pipe, a socket or a device.
    Other,
}

pub(super) fn read_stable(path: &Path) -> io::Result<Stable> {
    for _ in 0..ATTEMPTS {
        let metadata = fs::symlink_metadata(path)?;
        if metadata.is_symlink() {
            let target = fs::read_link(path)?.into_os_string().into_vec();
            return Ok(Stable::Symlink(target, Stat::of(&metadata)));
        }
        if !metadata.is_file() {
            return Ok(Stable::Other);
        }
        let mut file = match open(path) {
            // A link or another kind of thing took its place in this moment.
            Err(error) if rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::LOOP) => {
                continue;
            }
            file => file?,
        };
        let before = file.metadata()?;
        if !before.is_file() {
            continue;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or(0).saturating_add(1));
        (&mut file).take(LARGEST + 1).read_to_end(&mut bytes)?;
        let (before, after) = (Stat::of(&before), Stat::of(&file.metadata()?));
        if before == after && bytes.len() as u64 == before.size {
            return Ok(Stable::File(bytes, before));
        }
    }
    Ok(Stable::Restless)
}

/// Never follows a link and never waits for a pipe.
fn open(path: &Path) -> io::Result<fs::File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    #[expect(
        clippy::cast_possible_wrap,
        reason = "open(2) takes an int, rustix keeps the flags as unsigned"
    )]
    fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits() as i32)
        .open(path)
}
