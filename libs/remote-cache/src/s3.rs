//! The S3 back end.
//!
//! ```text
//! <prefix>key-check                 says which key signed what is here, and that If-None-Match is honoured
//! <prefix>blobs/<sha256>            the artefacts, by what they are
//! <prefix>records/<scope>/<hash>    which artefact a task made, signed; written once, by If-None-Match: *
//! <prefix>quarantine/…              what was not what was signed
//! ```
//!
//! An artefact is fetched whole and verified before its first byte is sent on. Old entries are removed by a lifecycle rule
//! of the bucket, not by us; a record whose artefact has gone is a miss, and is replaced by the next write.

use std::fmt;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use krepis_change::Failure;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use serde_json::json;

use crate::folder::Stored;
use crate::payload::Payload;
use crate::receive::{Broken, Pace, receive};
use crate::record::{self, Digest, Record};
use crate::spool::{Artifact, Content, Spool};
use crate::{Key, Log, Records, Scope, TaskHash, errors};

/// How long a signed address holds; each is used at once.
const SIGNED_FOR: Duration = Duration::from_mins(5);
/// After this many failures in a row S3 is left alone for a while, so that builds do not wait for every miss.
const FAILURES: u32 = 3;
const LEFT_ALONE: Duration = Duration::from_secs(5);
/// How often a request is sent that fails at once.
const ATTEMPTS: u32 = 4;
/// The least S3 may send in a second.
const RATE: u64 = 16 << 10;

/// Where the bucket is.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// Name of the bucket.
    pub bucket: String,
    /// Region; the one that requests are signed for.
    pub region: String,
    /// Address of a server that is not AWS: `http://127.0.0.1:9000`.
    pub endpoint: Option<String>,
    /// What every name in the bucket begins with: empty, or ended by `/`.
    pub prefix: String,
    /// The bucket is in the path, not in the host name. Servers that are not AWS mostly want that.
    pub path_style: bool,
    /// Access key, secret, and session token.
    pub credentials: S3Credentials,
    /// Longest wait for a connection and for an answer to begin.
    pub timeout: Duration,
}

/// What requests are signed with.
#[derive(Clone)]
pub struct S3Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_key: String,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<String>,
}

impl fmt::Debug for S3Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3Credentials({}, …)", self.access_key)
    }
}

/// The bucket.
pub(crate) struct S3 {
    client: Http,
    bucket: Bucket,
    credentials: Credentials,
    prefix: String,
    timeout: Duration,
    key: Key,
    records: Records,
    spool: Arc<Spool>,
    log: Log,
    is_checked: AtomicBool,
    health: Health,
    #[expect(dead_code, reason = "held as long as the spool is used")]
    lock: File,
}

enum Http {
    Plain(Client<HttpConnector, Payload>),
    Tls(Client<HttpsConnector<HttpConnector>, Payload>),
}

/// S3 did not do what was asked, with the reason.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) String);

/// What a name in the bucket is asked for.
#[derive(Clone)]
enum Ask {
    Get,
    Head,
    Delete,
    /// With a body.
    Put(Sent),
    /// With a body, unless the name is taken.
    PutNew(Bytes),
    /// From another name.
    Copy(String),
}

/// A body that can be sent again.
#[derive(Clone)]
enum Sent {
    Bytes(Bytes),
    File(Arc<File>, u64),
}

impl From<Sent> for Payload {
    fn from(sent: Sent) -> Self {
        match sent {
            Sent::Bytes(bytes) => Self::bytes(bytes),
            Sent::File(file, size) => Self::file(file, size),
        }
    }
}

#[derive(Debug, Default)]
struct Health {
    failures: AtomicU32,
    /// Milliseconds since `begun` until which S3 is left alone.
    until: AtomicU64,
    begun: std::sync::OnceLock<Instant>,
}

impl Health {
    fn now(&self) -> u64 {
        let begun = self.begun.get_or_init(Instant::now);
        u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_left_alone(&self) -> bool {
        self.now() < self.until.load(Ordering::Relaxed)
    }

    fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    fn failed(&self) {
        if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES {
            let until = self.now() + u64::try_from(LEFT_ALONE.as_millis()).unwrap_or(u64::MAX);
            self.until.store(until, Ordering::Relaxed);
        }
    }
}

impl S3 {
    /// Makes the client; nothing is sent yet.
    pub(crate) fn new(
        settings: &S3Settings,
        key: &Key,
        spool: Arc<Spool>,
        lock: File,
        log: Log,
    ) -> Result<Self, Failure> {
        let wrong =
            |reason: String| Failure::new(&errors::S3_CONFIGURATION, "S3 cannot be used").reason(reason);
        let endpoint = settings
            .endpoint
            .clone()
            .unwrap_or_else(|| format!("https://s3.{}.amazonaws.com", settings.region));
        let is_plain = endpoint.starts_with("http://");
        let url = endpoint
            .parse()
            .map_err(|error| wrong(format!("the endpoint `{endpoint}` is not an address: {error}")))?;
        let style = if settings.path_style {
            UrlStyle::Path
        } else {
            UrlStyle::VirtualHost
        };
        let bucket = Bucket::new(url, style, settings.bucket.clone(), settings.region.clone())
            .map_err(|error| wrong(format!("the endpoint `{endpoint}`: {error}")))?;
        let given = &settings.credentials;
        let credentials = match &given.session_token {
            None => Credentials::new(&given.access_key, &given.secret_key),
            Some(token) => Credentials::new_with_token(&given.access_key, &given.secret_key, token),
        };
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(settings.timeout));
        http.set_nodelay(true);
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(4))
            .http1_max_buf_size(crate::server::BUFFER);
        let client = if is_plain {
            Http::Plain(builder.build(http))
        } else {
            http.enforce_http(false);
            let connector = HttpsConnectorBuilder::new()
                .with_native_roots()
                .map_err(|error| wrong(format!("this machine's certificates cannot be read: {error}")))?
                .https_only()
                .enable_http1()
                .wrap_connector(http);
            Http::Tls(builder.build(connector))
        };
        Ok(Self {
            client,
            bucket,
            credentials,
            prefix: settings.prefix.clone(),
            timeout: settings.timeout,
            key: key.clone(),
            records: Records::new(key),
            spool,
            log,
            is_checked: AtomicBool::new(false),
            health: Health::default(),
            lock,
        })
    }

    /// The spool that artefacts pass through.
    pub(crate) fn spool(&self) -> &Arc<Spool> {
        &self.spool
    }

    /// Whether the last requests were answered.
    pub(crate) fn is_well(&self) -> bool {
        self.health.failures.load(Ordering::Relaxed) == 0
    }

    /// Sees that the bucket's entries were signed with our key, and that `If-None-Match` is honoured.
    ///
    /// @returns the failure that says this bucket must not be used; or that S3 did not answer
    pub(crate) async fn check(&self) -> Result<Result<(), Failure>, Failed> {
        let name = format!("{}key-check", self.prefix);
        let ours = self.key.check();
        let put = || Ask::PutNew(ours.clone().into());
        let first = self.send(&name, put()).await?.status();
        if first == StatusCode::PRECONDITION_FAILED {
            let theirs = self.read(&name, Ask::Get).await?;
            if theirs.as_deref().map(<[u8]>::trim_ascii) != Some(ours.as_bytes()) {
                let message = format!(
                    "the entries in the bucket {} were signed with another key",
                    self.bucket.name()
                );
                return Ok(Err(Failure::new(&errors::OTHER_KEY, message)
                    .hint("start with that key, or name another place with --s3-prefix")));
            }
        } else if first.is_success() {
            let second = self.send(&name, put()).await?.status();
            if second.is_success() {
                return Ok(Err(Failure::new(
                    &errors::NOT_WRITE_ONCE,
                    "the S3 server does not honour `If-None-Match: *`",
                )
                .reason("of two writers of one entry, the later would win")
                .hint("use a server with conditional writes: AWS S3, MinIO, Ceph, R2 and others of today have them")));
            }
        } else {
            return Err(Failed(format!("S3 answered {first} to a write of {name}")));
        }
        self.is_checked.store(true, Ordering::Relaxed);
        Ok(Ok(()))
    }

    /// The artefact of a hash in the first of these scopes that has it, verified.
    pub(crate) async fn get(&self, scope: &Scope, hash: &TaskHash) -> Result<Option<Artifact>, Failed> {
        for scope in scope.readable() {
            let Some(document) = self.read(&self.record_name(&scope, hash), Ask::Get).await? else {
                continue;
            };
            let Some(record) = self.records.decode(&scope, hash, &document) else {
                self.tampered(&scope, hash, "its record was not signed by this server's key");
                continue;
            };
            match self.fetch(record).await? {
                Fetched::Artifact(artifact) => return Ok(Some(artifact)),
                Fetched::Gone => {}
                Fetched::Wrong => {
                    self.tampered(&scope, hash, "its artefact is not what was signed");
                    self.set_aside(&scope, hash, Some(record.digest)).await?;
                }
            }
        }
        Ok(None)
    }

    /// Whether a token of this scope would find an entry.
    pub(crate) async fn exists(&self, scope: &Scope, hash: &TaskHash) -> Result<bool, Failed> {
        for scope in scope.readable() {
            let name = self.record_name(&scope, hash);
            let Some(document) = self.read(&name, Ask::Get).await? else {
                continue;
            };
            let Some(record) = self.records.decode(&scope, hash, &document) else {
                self.tampered(&scope, hash, "its record was not signed by this server's key");
                self.set_aside(&scope, hash, None).await?;
                continue;
            };
            let blob = self.send(&self.blob_name(record.digest), Ask::Head).await?;
            match blob.status() {
                StatusCode::OK => return Ok(true),
                StatusCode::NOT_FOUND => self.delete(&name).await?,
                status => return Err(Failed(format!("S3 answered {status} to a look at an artefact"))),
            }
        }
        Ok(false)
    }

    /// Stores an artefact unless the scope has an entry of this hash.
    pub(crate) async fn put(
        &self,
        scope: &Scope,
        hash: &TaskHash,
        artifact: Artifact,
    ) -> Result<Stored, Failed> {
        if !self.is_checked.load(Ordering::Relaxed) {
            self.check()
                .await?
                .map_err(|failure| Failed(failure.to_string()))?;
        }
        let record = Record {
            digest: artifact.digest,
            size: artifact.size,
        };
        let body = match &artifact.content {
            Content::Memory(bytes) => Sent::Bytes(bytes.clone()),
            Content::File(file, _) => Sent::File(Arc::clone(file), artifact.size),
        };
        let name = self.blob_name(record.digest);
        let status = self
            .send_within(&name, Ask::Put(body), self.time_for(artifact.size))
            .await?
            .status();
        if !status.is_success() {
            return Err(self.refused(status, "a write of an artefact"));
        }
        let document = Bytes::from(self.records.encode(scope, hash, record));
        let name = self.record_name(scope, hash);
        // 409: another conditional write of this name is under way; AWS asks to try again.
        for _ in 0..5 {
            let status = self.send(&name, Ask::PutNew(document.clone())).await?.status();
            match status {
                // The answer to our own write may have been lost, and the write repeated.
                StatusCode::PRECONDITION_FAILED => {
                    let is_ours = self
                        .read(&name, Ask::Get)
                        .await?
                        .is_some_and(|there| there == document);
                    return Ok(if is_ours { Stored::New } else { Stored::Exists });
                }
                StatusCode::CONFLICT => tokio::time::sleep(Duration::from_millis(50)).await,
                _ if status.is_success() => return Ok(Stored::New),
                _ => return Err(self.refused(status, "a write of a record")),
            }
        }
        Err(Failed("another write of this record did not end".to_owned()))
    }

    async fn fetch(&self, record: Record) -> Result<Fetched, Failed> {
        let response = self.send(&self.blob_name(record.digest), Ask::Get).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(Fetched::Gone),
            status => return Err(self.refused(status, "a read of an artefact")),
        }
        let mut body = response.into_body();
        if hyper::body::Body::size_hint(&body)
            .exact()
            .is_some_and(|size| size != record.size)
        {
            return Ok(Fetched::Wrong);
        }
        let pace = Pace {
            idle: self.timeout,
            rate: RATE,
        };
        match receive(&mut body, record.size, pace, &self.spool).await {
            Ok(artifact) if artifact.digest == record.digest => Ok(Fetched::Artifact(artifact)),
            Ok(_) => Ok(Fetched::Wrong),
            Err(broken) => {
                let reason = match broken {
                    Broken::Sender(reason) => reason,
                    Broken::Disk(error) => format!("the spool: {error}"),
                    Broken::NoSpace => errors::NO_SPACE.title.to_owned(),
                };
                self.health.failed();
                Err(Failed(reason))
            }
        }
    }

    /// A small object; `None` if there is none.
    async fn read(&self, name: &str, ask: Ask) -> Result<Option<Bytes>, Failed> {
        let response = self.send(name, ask).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status => return Err(self.refused(status, "a read of a record")),
        }
        let mut body = response.into_body();
        let mut whole = BytesMut::new();
        let reading = async {
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| Failed(error.to_string()))?;
                whole.extend_from_slice(frame.data_ref().map_or(&[], |bytes| bytes.as_ref()));
                if whole.len() as u64 > record::LONGEST {
                    break;
                }
            }
            Ok(())
        };
        tokio::time::timeout(self.timeout, reading)
            .await
            .map_err(|_| Failed("a record did not come".to_owned()))??;
        Ok(Some(whole.freeze()))
    }

    /// Copies a wrong record, and a wrong artefact, to the quarantine and deletes them, so that the entry can be written again.
    async fn set_aside(&self, scope: &Scope, hash: &TaskHash, digest: Option<Digest>) -> Result<(), Failed> {
        let to = format!(
            "{}quarantine/{}-{scope}-{hash}",
            self.prefix,
            jiff::Timestamp::now().as_nanosecond()
        );
        let blob = digest.map(|digest| (self.blob_name(digest), format!("{to}.artifact")));
        let record = (self.record_name(scope, hash), format!("{to}.record"));
        for (name, copy) in blob.into_iter().chain([record]) {
            let status = self.send(&copy, Ask::Copy(name.clone())).await?.status();
            if !status.is_success() {
                return Err(self.refused(status, "a copy to the quarantine"));
            }
            self.delete(&name).await?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), Failed> {
        let status = self.send(name, Ask::Delete).await?.status();
        if status.is_success() || status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        Err(self.refused(status, "a removal"))
    }

    fn tampered(&self, scope: &Scope, hash: &TaskHash, reason: &str) {
        let fields = json!({ "scope": scope.as_str(), "hash": hash.as_str() });
        self.log.warn("quarantine", &errors::TAMPERED, reason, fields);
    }

    fn refused(&self, status: StatusCode, what: &str) -> Failed {
        self.health.failed();
        let hint = if status == StatusCode::FORBIDDEN {
            " (it needs s3:GetObject, s3:PutObject, s3:DeleteObject, and s3:ListBucket to tell a missing object)"
        } else {
            ""
        };
        Failed(format!("S3 answered {status} to {what}{hint}"))
    }

    async fn send(&self, name: &str, ask: Ask) -> Result<Response<Incoming>, Failed> {
        self.send_within(name, ask, self.timeout).await
    }

    /// Sends a request and waits for the head of its answer. Every request can be repeated: a write of an artefact writes
    /// the same again, and a write of a record that was done already is recognised.
    async fn send_within(&self, name: &str, ask: Ask, limit: Duration) -> Result<Response<Incoming>, Failed> {
        let mut attempt = 1;
        loop {
            if self.health.is_left_alone() {
                return Err(Failed(
                    "S3 failed several times and is left alone for some seconds".to_owned(),
                ));
            }
            let begun = Instant::now();
            let answer = self.send_once(name, ask.clone(), limit).await;
            if answer
                .as_ref()
                .is_ok_and(|response| !response.status().is_server_error())
            {
                self.health.succeeded();
                return answer;
            }
            // Connections kept open may all have been closed by S3 meanwhile: that costs an attempt each, and no time.
            if attempt == ATTEMPTS || begun.elapsed() > limit / 2 {
                self.health.failed();
                return answer;
            }
            attempt += 1;
        }
    }

    async fn send_once(&self, name: &str, ask: Ask, limit: Duration) -> Result<Response<Incoming>, Failed> {
        let (bucket, credentials) = (&self.bucket, Some(&self.credentials));
        let source;
        let mut request = Request::builder();
        let (url, body) = match ask {
            Ask::Get => (bucket.get_object(credentials, name).sign(SIGNED_FOR), None),
            Ask::Head => {
                request = request.method("HEAD");
                (bucket.head_object(credentials, name).sign(SIGNED_FOR), None)
            }
            Ask::Delete => {
                request = request.method("DELETE");
                (bucket.delete_object(credentials, name).sign(SIGNED_FOR), None)
            }
            Ask::Put(body) => {
                request = request.method("PUT");
                (
                    bucket.put_object(credentials, name).sign(SIGNED_FOR),
                    Some(Payload::from(body)),
                )
            }
            Ask::PutNew(body) => {
                request = request.method("PUT").header("if-none-match", "*");
                let mut action = bucket.put_object(credentials, name);
                action.headers_mut().insert("if-none-match", "*");
                (action.sign(SIGNED_FOR), Some(Payload::bytes(body)))
            }
            Ask::Copy(from) => {
                source = format!("/{}/{from}", bucket.name());
                request = request.method("PUT").header("x-amz-copy-source", &source);
                let mut action = bucket.put_object(credentials, name);
                action.headers_mut().insert("x-amz-copy-source", source.as_str());
                (action.sign(SIGNED_FOR), None)
            }
        };
        let request = request
            .uri(url.as_str())
            .body(body.unwrap_or_else(|| Payload::bytes(Bytes::new())))
            .map_err(|error| Failed(error.to_string()))?;
        let sent = match &self.client {
            Http::Plain(client) => client.request(request),
            Http::Tls(client) => client.request(request),
        };
        tokio::time::timeout(limit, sent)
            .await
            .map_err(|_| Failed(format!("S3 did not answer within {} s", limit.as_secs())))?
            .map_err(|error| Failed(causes(&error)))
    }

    /// Time in which an artefact must have gone up.
    fn time_for(&self, size: u64) -> Duration {
        self.timeout + Duration::from_secs(size / RATE)
    }

    fn record_name(&self, scope: &Scope, hash: &TaskHash) -> String {
        format!("{}records/{scope}/{hash}", self.prefix)
    }

    fn blob_name(&self, digest: Digest) -> String {
        format!("{}blobs/{}", self.prefix, digest.to_hex())
    }
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3({})", self.bucket.name())
    }
}

enum Fetched {
    Artifact(Artifact),
    Gone,
    Wrong,
}

/// An error with what caused it: hyper's own text is only "client error (Connect)".
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}
