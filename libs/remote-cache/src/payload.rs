//! Bodies that are sent: to clients and to S3.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

use crate::progress::Sending;
use crate::spool::{Artifact, Content, STEP, Space, Temporary};

/// A body of known length, read from its file in steps.
#[derive(Debug)]
pub(crate) struct Payload {
    left: u64,
    source: Source,
    /// Held until the last byte is handed over.
    sending: Option<Sending>,
}

#[derive(Debug)]
enum Source {
    Memory(Bytes),
    File {
        file: Arc<File>,
        at: u64,
        reading: Option<JoinHandle<io::Result<Bytes>>>,
        #[expect(dead_code, reason = "held until the last byte is handed over")]
        temporary: Option<(Temporary, Space)>,
    },
}

impl Payload {
    /// Bytes.
    pub(crate) fn bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            left: bytes.len() as u64,
            source: Source::Memory(bytes),
            sending: None,
        }
    }

    /// A file's first `size` bytes.
    pub(crate) fn file(file: Arc<File>, size: u64) -> Self {
        Self::of(file, size, None)
    }

    /// An artefact, for a client whose progress is watched.
    pub(crate) fn artifact(artifact: Artifact, sending: Sending) -> Self {
        let mut payload = match artifact.content {
            Content::Memory(bytes) => Self::bytes(bytes),
            Content::File(file, temporary) => Self::of(file, artifact.size, temporary),
        };
        payload.sending = Some(sending);
        payload
    }

    fn of(file: Arc<File>, size: u64, temporary: Option<(Temporary, Space)>) -> Self {
        Self {
            left: size,
            source: Source::File {
                file,
                at: 0,
                reading: None,
                temporary,
            },
            sending: None,
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        let step = match &mut this.source {
            Source::Memory(bytes) => std::mem::take(bytes),
            Source::File {
                file, at, reading, ..
            } => {
                let (from, length) = (*at, this.left.min(STEP as u64));
                let handle = reading.get_or_insert_with(|| {
                    let file = Arc::clone(file);
                    tokio::task::spawn_blocking(move || read(&file, from, length))
                });
                let read = ready!(Pin::new(handle).poll(context));
                *reading = None;
                let step = read.map_err(io::Error::other)??;
                *at += step.len() as u64;
                step
            }
        };
        this.left -= step.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(step))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

fn read(file: &File, at: u64, length: u64) -> io::Result<Bytes> {
    let mut step = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact_at(&mut step, at)?;
    Ok(step.into())
}
