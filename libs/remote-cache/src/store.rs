//! The back end, whichever it is.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::folder::{Folder, Stored};
use crate::s3::{Failed, S3};
use crate::spool::{Artifact, Spool};
use crate::{Scope, TaskHash};

/// Longest wait for the disk. A network file system that hangs is a miss, like one that fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where entries are.
#[derive(Debug)]
pub(crate) enum Store {
    Folder(Arc<Folder>),
    S3(Box<S3>),
}

impl Store {
    pub(crate) fn spool(&self) -> &Arc<Spool> {
        match self {
            Self::Folder(folder) => folder.spool(),
            Self::S3(s3) => s3.spool(),
        }
    }

    pub(crate) fn is_well(&self) -> bool {
        match self {
            Self::Folder(_) => true,
            Self::S3(s3) => s3.is_well(),
        }
    }

    pub(crate) async fn get(&self, scope: &Scope, hash: &TaskHash) -> Result<Option<Artifact>, Failed> {
        match self {
            Self::S3(s3) => s3.get(scope, hash).await,
            Self::Folder(folder) => {
                let (scope, hash) = (scope.clone(), hash.clone());
                on_disk(folder, move |folder| folder.get(&scope, &hash)).await
            }
        }
    }

    pub(crate) async fn exists(&self, scope: &Scope, hash: &TaskHash) -> Result<bool, Failed> {
        match self {
            Self::S3(s3) => s3.exists(scope, hash).await,
            Self::Folder(folder) => {
                let (scope, hash) = (scope.clone(), hash.clone());
                on_disk(folder, move |folder| folder.exists(&scope, &hash)).await
            }
        }
    }

    pub(crate) async fn put(
        &self,
        scope: &Scope,
        hash: &TaskHash,
        artifact: Artifact,
    ) -> Result<Stored, Failed> {
        match self {
            Self::S3(s3) => s3.put(scope, hash, artifact).await,
            Self::Folder(folder) => {
                let (scope, hash) = (scope.clone(), hash.clone());
                on_disk(folder, move |folder| folder.put(&scope, &hash, artifact)).await
            }
        }
    }
}

async fn on_disk<T: Send + 'static>(
    folder: &Arc<Folder>,
    work: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
) -> Result<T, Failed> {
    let folder = Arc::clone(folder);
    tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(move || work(&folder)))
        .await
        .map_err(|_| Failed(format!("the disk did not answer within {} s", PATIENCE.as_secs())))?
        .map_err(io::Error::other)
        .flatten()
        .map_err(|error| Failed(error.to_string()))
}
