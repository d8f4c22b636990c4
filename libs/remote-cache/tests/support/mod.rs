//! A server on a loopback port, and a client that speaks HTTP by hand, so that it can also speak it badly.
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses a part")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use krepis_change::Failure;
use krepis_remote_cache::{Access, BackEnd, Key, Level, Limits, Log, Scope, Server, Settings, Tokens};
use tokio::sync::oneshot;

pub const KEY: &str = "8f3a52c1d0e94b7766a1f20c3d5e8b9947c6120fae85d37b1b0c6f92e4a8d751";
pub const OTHER_KEY: &str = "1f3a52c1d0e94b7766a1f20c3d5e8b9947c6120fae85d37b1b0c6f92e4a8d752";

pub struct Running {
    pub address: SocketAddr,
    log: Captured,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Serves a folder of at most 1 GiB with short patience.
pub fn start(folder: &Path) -> Running {
    start_with(folder, BackEnd::Folder { most: 1 << 30 }, limits()).unwrap()
}

pub fn limits() -> Limits {
    Limits {
        idle: Duration::from_secs(2),
        ..Limits::default()
    }
}

pub fn start_with(folder: &Path, back_end: BackEnd, limits: Limits) -> Result<Running, Failure> {
    start_signed(folder, back_end, limits, KEY)
}

pub fn start_signed(folder: &Path, back_end: BackEnd, limits: Limits, key: &str) -> Result<Running, Failure> {
    let captured = Captured::default();
    let (log, _) = Log::to(captured.clone(), Level::Info);
    let settings = Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        key: Key::parse(key).unwrap(),
        token_epoch: 1,
        folder: folder.to_owned(),
        back_end,
        limits,
        log,
    };
    let (stop, stopped) = oneshot::channel();
    let (ready, bound) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            match Server::bind(settings).await {
                Ok(server) => {
                    ready.send(Ok(server.address())).unwrap();
                    server.run(async { drop(stopped.await) }).await;
                }
                Err(failure) => ready.send(Err(failure)).unwrap(),
            }
        });
        runtime.shutdown_background();
    });
    let address = bound.recv().unwrap()?;
    Ok(Running {
        address,
        log: captured,
        stop: Some(stop),
        thread: Some(thread),
    })
}

impl Running {
    /// The log's lines so far that hold a text; waits for at least one.
    pub fn logged(&self, text: &str) -> Vec<String> {
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        loop {
            let log = String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap();
            let found: Vec<String> = log
                .lines()
                .filter(|line| line.contains(text))
                .map(str::to_owned)
                .collect();
            assert!(
                std::time::Instant::now() < deadline,
                "no line with {text} in\n{log}"
            );
            if !found.is_empty() {
                return found;
            }
            std::thread::yield_now();
        }
    }

    /// Tells it to stop, without waiting.
    pub fn tell_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Tells it to stop and waits until it has.
    pub fn stop(&mut self) {
        self.tell_to_stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub fn get(&self, token: &str, hash: &str) -> Answer {
        request(self.address, "GET", &format!("/v1/cache/{hash}"), token, None)
    }

    pub fn put(&self, token: &str, hash: &str, body: &[u8]) -> Answer {
        request(
            self.address,
            "PUT",
            &format!("/v1/cache/{hash}"),
            token,
            Some(body),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            eprintln!("{}", String::from_utf8_lossy(&self.log.0.lock().unwrap()));
        }
    }
}

pub fn token(scope: &str, access: Access) -> String {
    token_of(KEY, 1, scope, access, Duration::from_mins(1))
}

pub fn token_of(key: &str, epoch: u32, scope: &str, access: Access, lasts: Duration) -> String {
    let tokens = Tokens::new(&Key::parse(key).unwrap(), epoch);
    tokens
        .mint(&Scope::parse(scope).unwrap(), access, SystemTime::now(), lasts)
        .unwrap()
}

pub fn main_token() -> String {
    token("main", Access::Write)
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub fn request(address: SocketAddr, method: &str, path: &str, token: &str, body: Option<&[u8]>) -> Answer {
    let mut client = Client::connect(address);
    client.send(method, path, token, body);
    client.answer().unwrap()
}

/// One connection.
pub struct Client {
    pub stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Self { stream, reader }
    }

    /// Sends a whole request.
    pub fn send(&mut self, method: &str, path: &str, token: &str, body: Option<&[u8]>) {
        self.head(method, path, token, body.map(<[u8]>::len));
        self.stream.write_all(body.unwrap_or_default()).unwrap();
    }

    /// Sends the head of a request.
    pub fn head(&mut self, method: &str, path: &str, token: &str, length: Option<usize>) {
        let length = length
            .map(|length| format!("content-length: {length}\r\n"))
            .unwrap_or_default();
        let authorization = if token.is_empty() {
            String::new()
        } else {
            format!("authorization: Bearer {token}\r\n")
        };
        let head = format!("{method} {path} HTTP/1.1\r\nhost: test\r\n{authorization}{length}\r\n");
        self.stream.write_all(head.as_bytes()).unwrap();
    }

    /// Reads an answer.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let length = answer.header("content-length").unwrap().parse().unwrap();
        answer.body.resize(length, 0);
        self.reader.read_exact(&mut answer.body)?;
        Ok(answer)
    }
}

/// Bytes that do not repeat, different for each seed.
pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
