//! The HTTP server: Nx's self-hosted cache contract.
//!
//! The contract is the `OpenAPI` document in Nx's manual (self-hosted caching). What its client does with an answer was tried
//! with Nx 23.2.1: after a GET, anything but 200 and 404 ends the run with 1; after a PUT, anything but 200, 403 and 409,
//! even the 202 that the document once had. So a read that fails is 404, and an artefact that is not taken is 403.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use krepis_change::{Code, Failure};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::folder::{Folder, Stored};
use crate::payload::Payload;
use crate::progress::{Counted, Progress};
use crate::receive::{Broken, Frames, receive};
use crate::s3::{Failed, S3};
use crate::settings::{BackEnd, Limits, Settings};
use crate::spool::Spool;
use crate::store::Store;
use crate::token::{Access, Token, Tokens};
use crate::{Log, TaskHash, errors};

/// Bytes buffered for a connection in each direction.
pub(crate) const BUFFER: usize = 32 << 10;
/// What is read from a client without a valid token before it is answered: an artefact of most tasks. A client that is
/// still sending when the connection ends sees a reset instead of the answer.
const READ_OF_STRANGERS: u64 = 16 << 20;

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    store: Store,
    tokens: Tokens,
    limits: Limits,
    log: Log,
}

/// An answer that carries no artefact.
struct Refusal {
    status: StatusCode,
    code: &'static Code,
    reason: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static Code) -> Self {
        Self {
            status,
            code,
            reason: String::new(),
        }
    }

    fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }
}

/// What the log says about a request.
#[derive(Default)]
struct Noted {
    token: Option<Token>,
    hash: Option<TaskHash>,
    bytes: u64,
}

impl Server {
    /// Opens the back end and listens. Must be called on a runtime.
    pub async fn bind(settings: Settings) -> Result<Self, Failure> {
        let Settings {
            listen,
            key,
            token_epoch,
            folder,
            back_end,
            limits,
            log,
        } = settings;
        let spool = |path: &std::path::Path| Spool::open(path, limits.under_way, limits.idle / 2);
        let store = match back_end {
            BackEnd::Folder { most } => {
                Store::Folder(Arc::new(Folder::open(&folder, most, &key, spool, log.clone())?))
            }
            BackEnd::S3(s3) => {
                // One server per spool: a folder of its own below, held as long as the process lives.
                let path = folder.join("s3-under-way");
                let failed = |error| Failure::io(&errors::FOLDER, "using", &path, &error);
                crate::spool::make_private(&path).map_err(failed)?;
                let lock = crate::folder::lock(&path)?;
                let spool = spool(&path.join("files")).map_err(failed)?;
                let s3 = S3::new(&s3, &key, Arc::new(spool), lock, log.clone())?;
                match s3.check().await {
                    Ok(checked) => checked?,
                    Err(Failed(reason)) => {
                        log.warn("s3", &errors::BACK_END, &reason, json!({ "at": "start" }));
                    }
                }
                Store::S3(Box::new(s3))
            }
        };
        let failed = |error: &std::io::Error| {
            Failure::new(&errors::NOT_LISTENING, format!("{listen} cannot be listened on"))
                .reason(error.to_string())
                .hint("name another address with --listen; port 0 takes a free one")
        };
        let listener = TcpListener::bind(listen).await.map_err(|error| failed(&error))?;
        let address = listener.local_addr().map_err(|error| failed(&error))?;
        log.info("listen", json!({ "address": address.to_string() }));
        let state = State {
            store,
            tokens: Tokens::new(&key, token_epoch),
            limits,
            log,
        };
        Ok(Self {
            listener,
            address,
            state: Arc::new(state),
        })
    }

    /// The address; the port is a real one.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is done, then lets requests under way finish, for as long as the limits allow.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let connections = Arc::new(Semaphore::new(self.state.limits.connections));
        let mut stop = pin!(stop);
        loop {
            let accepted = async {
                // More wait in the kernel's queue.
                let permit = Arc::clone(&connections).acquire_owned().await;
                (permit, self.listener.accept().await)
            };
            let (permit, accepted) = match first(accepted, stop.as_mut()).await {
                First::Left(accepted) => accepted,
                First::Right(()) => break,
            };
            let (Ok(permit), Ok((stream, _))) = (permit, accepted) else {
                // Out of file descriptors, mostly: those under way give some back.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            connection(stream, permit, &self.state, &graceful);
        }
        drop(self.listener);
        self.state
            .log
            .info("stop", json!({ "connections": graceful.count() }));
        if tokio::time::timeout(self.state.limits.grace, graceful.shutdown())
            .await
            .is_err()
        {
            self.state.log.info("stop", json!({ "broken_off": true }));
        }
    }
}

/// Serves one connection, in a task of its own.
fn connection(
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    state: &Arc<State>,
    graceful: &GracefulShutdown,
) {
    // Answers are small or whole steps: waiting to join them only delays the client.
    drop(stream.set_nodelay(true));
    let progress = Arc::new(Progress::default());
    let stream = Counted {
        stream,
        progress: Arc::clone(&progress),
    };
    let service = {
        let (state, progress) = (Arc::clone(state), Arc::clone(&progress));
        service_fn(move |request| answer(Arc::clone(&state), Arc::clone(&progress), request))
    };
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(state.limits.keep_alive)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    let served = graceful.watch(served);
    let (limits, log) = (state.limits, state.log.clone());
    tokio::spawn(async move {
        let _permit = permit;
        if let First::Right(reason) = first(served, stands_still(&progress, limits)).await {
            log.warn("connection", &errors::SLOW_CLIENT, reason, json!({}));
        }
    });
}

/// Done when a connection has stood still for too long, with the reason.
async fn stands_still(progress: &Progress, limits: Limits) -> &'static str {
    let mut quiet_since = Instant::now();
    let (mut read, mut written) = (0, 0);
    loop {
        tokio::time::sleep(limits.idle).await;
        let (now_read, now_written) = (progress.read(), progress.written());
        if progress.requests() == 0 {
            return "no request came";
        }
        let least = limits.rate.saturating_mul(limits.idle.as_secs().max(1));
        if progress.is_sending() && now_written - written < least {
            return "the client does not take what it asked for";
        }
        if (now_read, now_written) != (read, written) || progress.is_sending() {
            quiet_since = Instant::now();
        } else if quiet_since.elapsed() > limits.keep_alive + limits.idle {
            return "nothing came or went";
        }
        (read, written) = (now_read, now_written);
    }
}

/// Answers a request and logs it.
async fn answer(
    state: Arc<State>,
    progress: Arc<Progress>,
    request: Request<Incoming>,
) -> Result<Response<Payload>, Infallible> {
    progress.request();
    let begun = Instant::now();
    let method = request.method().clone();
    let mut noted = Noted::default();
    let answered = route(&state, &progress, request, &mut noted).await;
    let (response, code) = match answered {
        Ok(response) => (response, None),
        Err(refusal) => {
            let code = refusal.code;
            if matches!(code.id, "KRP4727" | "KRP4730") {
                let fields = json!({ "hash": noted.hash.as_ref().map(TaskHash::as_str) });
                state.log.warn("back end", code, &refusal.reason, fields);
            }
            (refused(&refusal), Some(code))
        }
    };
    if noted.hash.is_some() || code.is_some() {
        let mut fields = json!({
            "method": method.as_str(),
            "hash": noted.hash.as_ref().map(TaskHash::as_str),
            "status": response.status().as_u16(),
            "bytes": noted.bytes,
            "ms": milliseconds(begun),
        });
        if let Some(token) = &noted.token {
            fields["scope"] = token.scope.as_str().into();
            fields["token"] = token.id.as_str().into();
        }
        if let Some(code) = code {
            fields["code"] = code.id.into();
        }
        state.log.info("request", fields);
    }
    Ok(response)
}

async fn route(
    state: &State,
    progress: &Arc<Progress>,
    mut request: Request<Incoming>,
    noted: &mut Noted,
) -> Result<Response<Payload>, Refusal> {
    let path = request.uri().path();
    if path == "/health" && request.method() == Method::GET {
        return Ok(health(state));
    }
    let Some(name) = path.strip_prefix("/v1/cache/") else {
        return Err(Refusal::new(StatusCode::NOT_FOUND, &errors::BAD_REQUEST)
            .because("the addresses are /v1/cache/{hash} and /health"));
    };
    let hash = TaskHash::parse(name);
    let is_put = request.method() == Method::PUT;
    if !is_put && request.method() != Method::GET {
        return Err(
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, &errors::BAD_REQUEST).because("only GET and PUT")
        );
    }
    let token = match authorize(state, &request) {
        Ok(token) => token,
        Err(refusal) => {
            drop(drain(state, request.body_mut(), READ_OF_STRANGERS).await);
            return Err(refusal);
        }
    };
    noted.token = Some(token.clone());
    let Some(hash) = hash else {
        drop(drain(state, request.body_mut(), READ_OF_STRANGERS).await);
        return Err(Refusal::new(StatusCode::BAD_REQUEST, &errors::BAD_REQUEST)
            .because("a hash is digits and lower-case letters, 64 at most"));
    };
    noted.hash = Some(hash.clone());
    if is_put {
        put(state, request, &token, &hash, noted).await
    } else {
        get(state, progress, &token, &hash, noted).await
    }
}

async fn get(
    state: &State,
    progress: &Arc<Progress>,
    token: &Token,
    hash: &TaskHash,
    noted: &mut Noted,
) -> Result<Response<Payload>, Refusal> {
    let found = state
        .store
        .get(&token.scope, hash)
        .await
        .map_err(|Failed(reason)| {
            // Not 5xx: Nx would end the build.
            Refusal::new(StatusCode::NOT_FOUND, &errors::BACK_END).because(reason)
        })?;
    let Some(artifact) = found else {
        return Ok(text(StatusCode::NOT_FOUND, "not found\n".to_owned()));
    };
    noted.bytes = artifact.size;
    let size = artifact.size;
    let mut response = Response::new(Payload::artifact(artifact, progress.sending()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    Ok(response)
}

async fn put(
    state: &State,
    mut request: Request<Incoming>,
    token: &Token,
    hash: &TaskHash,
    noted: &mut Noted,
) -> Result<Response<Payload>, Refusal> {
    let size = content_length(&request)?;
    noted.bytes = size;
    let accepted = accept(state, token, hash, size).await;
    let body = request.body_mut();
    let artifact = match accepted {
        Ok(()) => receive(body, size, state.limits.pace(), state.store.spool())
            .await
            .map_err(|broken| match broken {
                Broken::Sender(reason) => {
                    Refusal::new(StatusCode::REQUEST_TIMEOUT, &errors::SLOW_CLIENT).because(reason)
                }
                Broken::Disk(error) => {
                    Refusal::new(StatusCode::FORBIDDEN, &errors::BACK_END).because(error.to_string())
                }
                Broken::NoSpace => Refusal::new(StatusCode::FORBIDDEN, &errors::NO_SPACE)
                    .because("too many artefacts are under way"),
            }),
        Err(refusal) => Err(refusal),
    };
    let artifact = match artifact {
        Ok(artifact) => artifact,
        Err(refusal) => {
            if refusal.status != StatusCode::REQUEST_TIMEOUT {
                drop(drain(state, body, u64::MAX).await);
            }
            return Err(refusal);
        }
    };
    match state.store.put(&token.scope, hash, artifact).await {
        Ok(Stored::New) => Ok(text(StatusCode::OK, "stored\n".to_owned())),
        Ok(Stored::Exists) => Err(Refusal::new(StatusCode::CONFLICT, &errors::EXISTS)),
        Err(Failed(reason)) => Err(Refusal::new(StatusCode::FORBIDDEN, &errors::BACK_END).because(reason)),
    }
}

/// Whether an artefact is to be taken in at all.
async fn accept(state: &State, token: &Token, hash: &TaskHash, size: u64) -> Result<(), Refusal> {
    if token.access == Access::Read {
        return Err(Refusal::new(StatusCode::FORBIDDEN, &errors::READ_ONLY));
    }
    if size > state.limits.artifact {
        return Err(
            Refusal::new(StatusCode::FORBIDDEN, &errors::TOO_LARGE).because(format!(
                "it has {size} bytes, {} is the most",
                state.limits.artifact
            )),
        );
    }
    match state.store.exists(&token.scope, hash).await {
        Ok(false) => Ok(()),
        Ok(true) => Err(Refusal::new(StatusCode::CONFLICT, &errors::EXISTS)),
        Err(Failed(reason)) => Err(Refusal::new(StatusCode::FORBIDDEN, &errors::BACK_END).because(reason)),
    }
}

fn authorize(state: &State, request: &Request<Incoming>) -> Result<Token, Refusal> {
    let refuse = |code| Refusal::new(StatusCode::UNAUTHORIZED, code);
    let header = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = header
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty())
        .map(|(_, token)| token.trim())
        .ok_or_else(|| refuse(&errors::NO_TOKEN).because("set NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN"))?;
    state
        .tokens
        .verify(token, SystemTime::now())
        .map_err(|code| refuse(code).because("make one with `krepis cache token`"))
}

/// The length of what is sent, which the contract demands.
fn content_length(request: &Request<Incoming>) -> Result<u64, Refusal> {
    request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok())
        .ok_or_else(|| {
            Refusal::new(StatusCode::LENGTH_REQUIRED, &errors::BAD_REQUEST)
                .because("Content-Length is missing")
        })
}

async fn drain(state: &State, body: &mut Incoming, most: u64) -> Result<(), Broken> {
    Frames::new(body, state.limits.pace()).drain(most).await
}

fn health(state: &State) -> Response<Payload> {
    let back_end = if state.store.is_well() { "ok" } else { "failing" };
    let mut response = text(
        StatusCode::OK,
        format!("{}\n", json!({ "status": "ok", "backEnd": back_end })),
    );
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn refused(refusal: &Refusal) -> Response<Payload> {
    let Code { id, title, .. } = refusal.code;
    // Why a disk or S3 failed is for the log, not for whoever holds a token.
    let is_ours = matches!(*id, "KRP4727" | "KRP4730");
    let reason = if is_ours || refusal.reason.is_empty() {
        String::new()
    } else {
        format!(": {}", refusal.reason)
    };
    let mut response = text(refusal.status, format!("{id}: {title}{reason}\n"));
    let headers = response.headers_mut();
    match refusal.status {
        StatusCode::UNAUTHORIZED => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::LENGTH_REQUIRED => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}

fn text(status: StatusCode, text: String) -> Response<Payload> {
    let mut response = Response::new(Payload::bytes(text));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

/// Milliseconds, to three digits behind the point.
fn milliseconds(since: Instant) -> Value {
    (f64::from(u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX)) / 1000.0).into()
}

/// Which of two futures was done first.
enum First<L, R> {
    Left(L),
    Right(R),
}

async fn first<L: Future, R: Future>(left: L, right: R) -> First<L::Output, R::Output> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    std::future::poll_fn(move |context| {
        use std::task::Poll;
        if let Poll::Ready(done) = left.as_mut().poll(context) {
            return Poll::Ready(First::Left(done));
        }
        right.as_mut().poll(context).map(First::Right)
    })
    .await
}
