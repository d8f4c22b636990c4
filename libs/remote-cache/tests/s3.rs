//! S3 as a back end: a real server (moto, installed by `.ci/s3-server`), behind a proxy that breaks what it is told to.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use krepis_remote_cache::{Access, BackEnd, Limits, S3Credentials, S3Settings};
use support::{Client, KEY, OTHER_KEY, Running, bytes, files, limits, main_token, start_signed, token};

const LARGE: usize = 700_000;

/// moto, on a free port.
struct Moto {
    process: Child,
    address: SocketAddr,
}

impl Moto {
    /// `None` on a developer's machine without it; in CI that is a failure.
    fn start() -> Option<Self> {
        let installed =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node_modules/.cache/krepis-s3/bin/moto_server");
        let program = std::env::var_os("KREPIS_S3_SERVER").map_or(installed, PathBuf::from);
        if !program.exists() {
            let reason = format!("{} is missing: run `bash .ci/s3-server`", program.display());
            assert!(std::env::var_os("CI").is_none(), "{reason}");
            eprintln!("skipped: {reason}");
            return None;
        }
        // The port is free for a moment only; another test may take it meanwhile.
        for _ in 0..5 {
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let mut process = Command::new(&program)
                .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let deadline = Instant::now() + Duration::from_mins(1);
            while Instant::now() < deadline && process.try_wait().unwrap().is_none() {
                if TcpStream::connect(address).is_ok() {
                    let moto = Self { process, address };
                    assert_eq!(moto.ask("PUT", "/cache", b"").0, 200);
                    return Some(moto);
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            drop(process.kill());
        }
        panic!("moto does not start");
    }

    /// A request of whoever can write the bucket.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        // moto takes any signature; without one it answers 403.
        let signed = "authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n";
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\n{signed}content-length: {}\r\nconnection: close\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
        (status, answer[end + 4..].to_vec())
    }

    /// Names in the bucket that begin with a text.
    fn names(&self, prefix: &str) -> Vec<String> {
        let (_, listing) = self.ask("GET", &format!("/cache?list-type=2&prefix={prefix}"), b"");
        let listing = String::from_utf8(listing).unwrap();
        listing
            .split("<Key>")
            .skip(1)
            .map(|part| part.split('<').next().unwrap().to_owned())
            .collect()
    }

    fn object(&self, name: &str) -> Vec<u8> {
        self.ask("GET", &format!("/cache/{name}"), b"").1
    }

    fn plant(&self, name: &str, body: &[u8]) {
        assert_eq!(self.ask("PUT", &format!("/cache/{name}"), body).0, 200);
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// What the proxy does with a connection.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Mode {
    Pass,
    /// Closes it at once.
    Refuse,
    /// Takes the request and never answers.
    Hang,
    /// Breaks it off after some of the answer.
    Truncate,
    /// Answers 500.
    Fail,
}

struct Proxy {
    address: SocketAddr,
    mode: Arc<AtomicU8>,
}

impl Proxy {
    fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mode = Arc::new(AtomicU8::new(Mode::Pass as u8));
        let shared = Arc::clone(&mode);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, mode) = (client.unwrap(), Arc::clone(&shared));
                std::thread::spawn(move || drop(pass(client, to, &mode)));
            }
        });
        Self { address, mode }
    }

    fn set(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::SeqCst);
    }
}

/// The mode is looked at for every piece: a connection that is kept open follows it, too.
fn pass(mut client: TcpStream, to: SocketAddr, mode: &Arc<AtomicU8>) -> std::io::Result<()> {
    let is = |one: Mode| mode.load(Ordering::SeqCst) == one as u8;
    let mut server = TcpStream::connect(to)?;
    let (mut up_from, mut up_to) = (client.try_clone()?, server.try_clone()?);
    let up_mode = Arc::clone(mode);
    std::thread::spawn(move || -> std::io::Result<()> {
        let mut buffer = vec![0; 65536];
        loop {
            let read = up_from.read(&mut buffer)?;
            let now = up_mode.load(Ordering::SeqCst);
            if read == 0 || now == Mode::Refuse as u8 {
                drop(up_from.shutdown(Shutdown::Both));
                return up_to.shutdown(Shutdown::Both);
            }
            if now == Mode::Fail as u8 {
                up_from.write_all(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n")?;
                continue;
            }
            if now == Mode::Hang as u8 {
                continue;
            }
            up_to.write_all(&buffer[..read])?;
        }
    });
    let mut buffer = vec![0; 65536];
    let mut sent = 0;
    loop {
        let read = server.read(&mut buffer)?;
        if read == 0 || (is(Mode::Truncate) && sent > 200_000) {
            drop(server.shutdown(Shutdown::Both));
            return client.shutdown(Shutdown::Both);
        }
        client.write_all(&buffer[..read])?;
        sent += read;
    }
}

struct Setting {
    server: Running,
    proxy: Proxy,
    folder: tempfile::TempDir,
    // Last: the others stop first.
    moto: Moto,
}

fn settings(endpoint: SocketAddr) -> BackEnd {
    BackEnd::S3(S3Settings {
        bucket: "cache".to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(format!("http://{endpoint}")),
        prefix: "nx/".to_owned(),
        path_style: true,
        credentials: S3Credentials {
            access_key: "a".to_owned(),
            secret_key: "b".to_owned(),
            session_token: None,
        },
        timeout: Duration::from_secs(3),
    })
}

fn start() -> Option<Setting> {
    let moto = Moto::start()?;
    let proxy = Proxy::start(moto.address);
    let folder = tempfile::tempdir().unwrap();
    let server = start_signed(folder.path(), settings(proxy.address), limits(), KEY).unwrap();
    Some(Setting {
        server,
        proxy,
        folder,
        moto,
    })
}

#[test]
fn what_was_stored_comes_back_and_is_written_once() {
    let Some(setting) = start() else { return };
    let Setting {
        server, moto, folder, ..
    } = &setting;
    let (main, one) = (main_token(), token("pr-1", Access::Write));
    for (hash, length) in [("1", 0), ("2", 300), ("3", LARGE)] {
        let body = bytes(5, length);
        assert_eq!(server.get(&main, hash).status, 404);
        let stored = server.put(&main, hash, &body);
        assert_eq!(stored.status, 200, "{}", stored.text());
        assert!(server.get(&main, hash).body == body);
        assert!(server.get(&one, hash).body == body);
        assert_eq!(server.put(&main, hash, b"other").status, 409);
        assert_eq!(server.put(&one, hash, b"other").status, 409);
    }
    assert_eq!(
        moto.names("nx/records/"),
        ["nx/records/main/1", "nx/records/main/2", "nx/records/main/3"]
    );
    assert_eq!(
        files(&folder.path().join("s3-under-way/files")),
        Vec::<PathBuf>::new()
    );
}

#[test]
fn of_writers_at_once_at_most_one_wins() {
    const WRITERS: usize = 6;
    let Some(setting) = start() else { return };
    let server = &setting.server;
    let main = main_token();
    let barrier = Barrier::new(WRITERS);
    let answers: Vec<(u16, Vec<u8>)> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (server, main, barrier) = (&server, &main, &barrier);
                scope.spawn(move || {
                    let body = bytes(writer as u64 + 1, 300);
                    let mut client = Client::connect(server.address);
                    client.head("PUT", "/v1/cache/9", main, Some(body.len()));
                    client.stream.write_all(&body[..100]).unwrap();
                    barrier.wait();
                    client.stream.write_all(&body[100..]).unwrap();
                    (client.answer().unwrap().status, body)
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let won: Vec<_> = answers.iter().filter(|(status, _)| *status == 200).collect();
    assert_eq!(
        won.len(),
        1,
        "{:?}",
        answers.iter().map(|(status, _)| status).collect::<Vec<_>>()
    );
    assert!(server.get(&main, "9").body == won[0].1);
}

#[test]
fn a_pull_request_cannot_write_in_front_of_main() {
    let Some(setting) = start() else { return };
    let server = &setting.server;
    let (main, one, two) = (
        main_token(),
        token("pr-1", Access::Write),
        token("pr-2", Access::Write),
    );
    assert_eq!(server.put(&one, "99", b"planted").status, 200);
    assert_eq!(server.get(&one, "99").body, b"planted");
    assert_eq!(
        (server.get(&main, "99").status, server.get(&two, "99").status),
        (404, 404)
    );
    assert_eq!(server.put(&main, "99", b"true").status, 200);
    for reader in [&main, &one, &two] {
        assert_eq!(server.get(reader, "99").body, b"true");
    }
    assert_eq!(server.put(&one, "99", b"planted again").status, 409);
}

#[test]
fn what_somebody_wrote_into_the_bucket_is_never_sent() {
    let Some(setting) = start() else { return };
    let Setting { server, moto, .. } = &setting;
    let (main, one) = (main_token(), token("pr-1", Access::Write));
    // An artefact changed, small and large, in length and in content.
    for (hash, length, planted) in [
        ("1", 300, bytes(7, 300)),
        ("2", LARGE, bytes(7, LARGE)),
        ("3", 300, bytes(7, 200)),
    ] {
        let body = bytes(3, length + hash.len());
        assert_eq!(server.put(&main, hash, &body).status, 200);
        let document: serde_json::Value =
            serde_json::from_slice(&moto.object(&format!("nx/records/main/{hash}"))).unwrap();
        moto.plant(
            &format!("nx/blobs/{}", document["sha256"].as_str().unwrap()),
            &planted,
        );
        assert_eq!(server.get(&main, hash).status, 404);
        server.logged("KRP4728");
        // It was set aside and can be written again.
        assert!(
            moto.names("nx/quarantine/")
                .iter()
                .any(|name| moto.object(name) == planted)
        );
        assert_eq!(server.put(&main, hash, &body).status, 200);
        assert!(server.get(&main, hash).body == body);
    }
    // A pull request's record moved to main.
    assert_eq!(server.put(&one, "4", b"planted").status, 200);
    moto.plant("nx/records/main/4", &moto.object("nx/records/pr-1/4"));
    assert_eq!(server.get(&main, "4").status, 404);
    assert_eq!(server.put(&main, "4", b"true").status, 200);
    assert_eq!(server.get(&one, "4").body, b"true");
    // A record larger than any.
    moto.plant("nx/records/main/5", &vec![b' '; 3_000_000]);
    assert_eq!(server.get(&main, "5").status, 404);
    // An artefact that a lifecycle rule removed before its record.
    let body = bytes(8, 500);
    assert_eq!(server.put(&main, "6", &body).status, 200);
    let document: serde_json::Value = serde_json::from_slice(&moto.object("nx/records/main/6")).unwrap();
    assert_eq!(
        moto.ask(
            "DELETE",
            &format!("/cache/nx/blobs/{}", document["sha256"].as_str().unwrap()),
            b""
        )
        .0,
        204
    );
    assert_eq!(server.get(&main, "6").status, 404);
    assert_eq!(server.put(&main, "6", b"built again").status, 200);
    assert_eq!(server.get(&main, "6").body, b"built again");
}

#[test]
fn when_s3_fails_reads_are_misses_and_writes_are_not_stored() {
    let Some(Setting {
        server,
        proxy,
        folder,
        moto,
    }) = start()
    else {
        return;
    };
    let (main, body) = (main_token(), bytes(1, LARGE));
    assert_eq!(server.put(&main, "1", &body).status, 200);
    for mode in [Mode::Refuse, Mode::Fail, Mode::Truncate, Mode::Hang] {
        proxy.set(mode);
        let begun = Instant::now();
        assert_eq!(server.get(&main, "1").status, 404);
        if !matches!(mode, Mode::Truncate) {
            let refused = server.put(&main, "2", &body);
            assert_eq!((refused.status, &refused.text()[..7]), (403, "KRP4727"));
        }
        // Two attempts of at most 3 s each for both requests.
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        proxy.set(Mode::Pass);
        // It is left alone for 5 s after several failures, then used again.
        let deadline = Instant::now() + Duration::from_secs(30);
        while server.get(&main, "1").status == 404 {
            assert!(Instant::now() < deadline, "S3 is not used again");
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(server.get(&main, "1").body == body);
    }
    // S3 is killed, not only unreachable.
    drop(moto);
    for _ in 0..5 {
        assert_eq!(server.get(&main, "1").status, 404);
    }
    let begun = Instant::now();
    for _ in 0..50 {
        assert_eq!(server.get(&main, "1").status, 404);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "a build waits for every miss"
    );
    let health = support::request(server.address, "GET", "/health", "", None);
    assert_eq!(
        (health.status, health.text().contains(r#""backEnd":"failing""#)),
        (200, true)
    );
    assert_eq!(
        files(&folder.path().join("s3-under-way/files")),
        Vec::<PathBuf>::new()
    );
}

#[test]
fn the_server_starts_without_s3_and_uses_it_when_it_comes() {
    let Some(moto) = Moto::start() else { return };
    let proxy = Proxy::start(moto.address);
    proxy.set(Mode::Refuse);
    let folder = tempfile::tempdir().unwrap();
    let server = start_signed(folder.path(), settings(proxy.address), limits(), KEY).unwrap();
    assert_eq!(server.get(&main_token(), "1").status, 404);
    proxy.set(Mode::Pass);
    let deadline = Instant::now() + Duration::from_secs(30);
    while server.put(&main_token(), "1", b"x").status != 200 {
        assert!(Instant::now() < deadline, "S3 is not used");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(server.get(&main_token(), "1").body, b"x");
}

#[test]
fn a_bucket_of_another_key_is_refused_and_loses_nothing() {
    let Some(mut setting) = start() else { return };
    assert_eq!(setting.server.put(&main_token(), "1", b"x").status, 200);
    setting.server.stop();
    let Setting { proxy, moto, .. } = &setting;
    let folder = tempfile::tempdir().unwrap();
    let before = moto.names("");
    let refused = start_signed(folder.path(), settings(proxy.address), limits(), OTHER_KEY);
    assert_eq!(refused.err().unwrap().code.id, "KRP4713");
    assert_eq!(moto.names(""), before);
}

/// An S3 that takes every write, as some servers do: two writers of one entry would both be told that they won.
#[test]
fn an_s3_without_conditional_writes_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut buffer = [0; 8192];
                while stream.read(&mut buffer).is_ok_and(|read| read > 0) {
                    stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                        .unwrap();
                }
            });
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let refused = start_signed(folder.path(), settings(address), limits(), KEY);
    assert_eq!(refused.err().unwrap().code.id, "KRP4714");
}

#[test]
fn what_is_under_way_is_bounded() {
    let Some(moto) = Moto::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        under_way: 1 << 20,
        artifact: 1 << 20,
        idle: Duration::from_secs(3),
        ..limits()
    };
    let server = start_signed(folder.path(), settings(moto.address), limits, KEY).unwrap();
    let (main, body) = (main_token(), bytes(1, LARGE));
    let mut holding = Client::connect(server.address);
    holding.head("PUT", "/v1/cache/1", &main, Some(body.len()));
    holding.stream.write_all(&body[..1000]).unwrap();
    while files(&folder.path().join("s3-under-way/files")).is_empty() {}
    let refused = server.put(&main, "2", &body);
    assert_eq!((refused.status, &refused.text()[..7]), (403, "KRP4730"));
    drop(holding);
    let deadline = Instant::now() + Duration::from_secs(10);
    while server.put(&main, "2", &body).status != 200 {
        assert!(Instant::now() < deadline, "the space is not given back");
    }
}
