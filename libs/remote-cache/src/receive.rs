//! Takes in an artefact of known length: from a client or from S3. The digest is made on the way.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;

use crate::record::Hasher;
use crate::spool::{Artifact, Content, SMALL, STEP, Spool};

/// Why an artefact was not taken in.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The other side stood still, sent too slowly, broke off, or sent another number of bytes than it said.
    Sender(String),
    /// Our disk failed.
    Disk(io::Error),
    /// Too much is under way.
    NoSpace,
}

/// How slow the other side may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Longest time without a byte, and what is allowed beyond the rate.
    pub(crate) idle: Duration,
    /// Fewest bytes a second, on average.
    pub(crate) rate: u64,
}

/// The bytes of a body, one frame after the other, at a bearable pace.
pub(crate) struct Frames<'a, B> {
    body: &'a mut B,
    pace: Pace,
    begun: Instant,
    received: u64,
}

impl<'a, B> Frames<'a, B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    pub(crate) fn new(body: &'a mut B, pace: Pace) -> Self {
        Self {
            body,
            pace,
            begun: Instant::now(),
            received: 0,
        }
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            let frame = tokio::time::timeout(self.pace.idle, self.body.frame())
                .await
                .map_err(|_| Broken::Sender(format!("no byte came for {} s", self.pace.idle.as_secs())))?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|error| Broken::Sender(error.to_string()))?;
            let Ok(bytes) = frame.into_data() else { continue };
            self.received += bytes.len() as u64;
            let allowed = self.pace.idle + Duration::from_secs(self.received / self.pace.rate.max(1));
            if self.begun.elapsed() > allowed {
                return Err(Broken::Sender(format!(
                    "fewer than {} bytes a second came",
                    self.pace.rate
                )));
            }
            return Ok(Some(bytes));
        }
    }

    /// Reads what is left, up to `most` bytes, and forgets it: a client that is still sending does not see an answer.
    pub(crate) async fn drain(mut self, most: u64) -> Result<(), Broken> {
        while self.received < most && self.next().await?.is_some() {}
        Ok(())
    }
}

/// Takes in an artefact of `size` bytes.
pub(crate) async fn receive<B>(
    body: &mut B,
    size: u64,
    pace: Pace,
    spool: &Arc<Spool>,
) -> Result<Artifact, Broken>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    if size <= SMALL {
        return small(&mut Frames::new(body, pace), size).await;
    }
    let space = spool.reserve(size).await.ok_or(Broken::NoSpace)?;
    // From now on: the wait for space is not the sender's.
    let mut frames = Frames::new(body, pace);
    let create = Arc::clone(spool);
    let (file, temporary) = blocking(move || create.create()).await?;
    let mut writing = Writing {
        file,
        hasher: Hasher::new(),
        step: BytesMut::with_capacity(STEP),
    };
    let mut received = 0;
    while let Some(bytes) = frames.next().await? {
        received += bytes.len() as u64;
        if received > size {
            break;
        }
        // Written before it would have to grow: 200 clients at once each have one.
        if writing.step.len() + bytes.len() > STEP {
            writing = blocking(move || writing.write()).await?;
        }
        writing.step.extend_from_slice(&bytes);
    }
    of_length(received, size)?;
    let writing = blocking(move || writing.write()).await?;
    Ok(Artifact {
        digest: writing.hasher.finish(),
        size,
        content: Content::File(Arc::new(writing.file), Some((temporary, space))),
    })
}

async fn small<B>(frames: &mut Frames<'_, B>, size: u64) -> Result<Artifact, Broken>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let mut whole = BytesMut::new();
    while let Some(bytes) = frames.next().await? {
        whole.extend_from_slice(&bytes);
        if whole.len() as u64 > size {
            break;
        }
    }
    of_length(whole.len() as u64, size)?;
    let mut hasher = Hasher::new();
    hasher.update(&whole);
    Ok(Artifact {
        digest: hasher.finish(),
        size,
        content: Content::Memory(whole.freeze()),
    })
}

fn of_length(received: u64, size: u64) -> Result<(), Broken> {
    if received == size {
        return Ok(());
    }
    let how = if received < size { "fewer" } else { "more" };
    Err(Broken::Sender(format!(
        "{how} than the {size} bytes came that were announced"
    )))
}

struct Writing {
    file: File,
    hasher: Hasher,
    step: BytesMut,
}

impl Writing {
    fn write(mut self) -> io::Result<Self> {
        self.hasher.update(&self.step);
        self.file.write_all(&self.step)?;
        self.step.clear();
        Ok(self)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Broken> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)
        .flatten()
        .map_err(Broken::Disk)
}
