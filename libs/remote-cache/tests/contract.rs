//! What clients see.

mod support;

use std::collections::HashSet;
use std::io::Write;
use std::sync::Barrier;
use std::time::Duration;

use krepis_remote_cache::{Access, BackEnd, Limits};
use support::{
    Client, KEY, OTHER_KEY, bytes, files, limits, main_token, request, start, start_with, token, token_of,
};

#[test]
fn what_was_stored_comes_back_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let main = main_token();
    for (hash, length) in [0, 1, 252, 128 << 10, (128 << 10) + 1, 5_000_003]
        .into_iter()
        .enumerate()
    {
        let (hash, body) = (format!("15172161727512{hash}"), bytes(hash as u64 + 1, length));
        assert_eq!(server.get(&main, &hash).status, 404);
        let stored = server.put(&main, &hash, &body);
        assert_eq!(stored.status, 200, "{}", stored.text());
        for _ in 0..2 {
            let found = server.get(&main, &hash);
            assert_eq!(
                (found.status, found.header("content-type")),
                (200, Some("application/octet-stream"))
            );
            assert!(found.body == body, "{length} bytes came back changed");
        }
    }
}

#[test]
fn entries_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (main, body) = (main_token(), bytes(1, 300_000));
    let mut server = start(folder.path());
    assert_eq!(server.put(&main, "7", &body).status, 200);
    server.stop();
    let server = start(folder.path());
    assert!(server.get(&main, "7").body == body);
    assert_eq!(server.put(&main, "7", b"other").status, 409);
}

#[test]
fn an_entry_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let main = main_token();
    assert_eq!(server.put(&main, "1", b"first").status, 200);
    for body in [&b"second"[..], b"first", &bytes(3, 400_000)] {
        let refused = server.put(&main, "1", body);
        assert_eq!(refused.status, 409);
        assert!(refused.text().starts_with("KRP4726"), "{}", refused.text());
    }
    assert_eq!(server.get(&main, "1").body, b"first");
}

#[test]
fn of_writers_at_once_exactly_one_wins() {
    const WRITERS: usize = 12;
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let main = main_token();
    for (round, length) in [100, 200_000, 100, 200_000].into_iter().enumerate() {
        let hash = round.to_string();
        // Everybody has sent all but the last byte before anybody sends it: all pass the first look.
        let barrier = Barrier::new(WRITERS);
        let statuses: Vec<(u16, Vec<u8>)> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (server, main, hash, barrier) = (&server, &main, &hash, &barrier);
                    scope.spawn(move || {
                        let body = bytes((round * WRITERS + writer) as u64 + 1, length);
                        let mut client = Client::connect(server.address);
                        client.head("PUT", &format!("/v1/cache/{hash}"), main, Some(length));
                        client.stream.write_all(&body[..length - 1]).unwrap();
                        barrier.wait();
                        client.stream.write_all(&body[length - 1..]).unwrap();
                        (client.answer().unwrap().status, body)
                    })
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let won: Vec<_> = statuses.iter().filter(|(status, _)| *status == 200).collect();
        assert_eq!(
            won.len(),
            1,
            "{:?}",
            statuses.iter().map(|(status, _)| status).collect::<Vec<_>>()
        );
        assert!(statuses.iter().all(|(status, _)| [200, 409].contains(status)));
        assert!(server.get(&main, &hash).body == won[0].1);
    }
    assert_eq!(
        files(&folder.path().join("under-way")),
        Vec::<std::path::PathBuf>::new()
    );
    assert_eq!(
        files(&folder.path().join("blobs")).len(),
        4,
        "the losers' artefacts are not kept"
    );
}

#[test]
fn a_pull_request_cannot_write_in_front_of_main() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let main = main_token();
    let (one, two) = (token("pr-1", Access::Write), token("pr-2", Access::Write));

    // Planted under the hash that main will compute.
    assert_eq!(server.put(&one, "99", b"planted").status, 200);
    assert_eq!(server.get(&one, "99").body, b"planted");
    assert_eq!(server.get(&main, "99").status, 404);
    assert_eq!(server.get(&two, "99").status, 404);

    // Main builds truly and stores; from then on everybody has main's.
    assert_eq!(server.put(&main, "99", b"true").status, 200);
    for reader in [&main, &one, &two] {
        assert_eq!(server.get(reader, "99").body, b"true");
    }
    for writer in [&one, &two] {
        assert_eq!(server.put(writer, "99", b"planted again").status, 409);
    }
    assert_eq!(server.get(&main, "99").body, b"true");

    // A token that may only read main reads no other scope either.
    let reader = token("main", Access::Read);
    assert_eq!(server.put(&one, "100", b"planted").status, 200);
    assert_eq!(server.get(&reader, "100").status, 404);
}

#[test]
fn a_read_only_token_stores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    for scope in ["main", "pr-1"] {
        let reader = token(scope, Access::Read);
        let refused = server.put(&reader, "1", &bytes(1, 300_000));
        assert_eq!((refused.status, &refused.text()[..7]), (403, "KRP4723"));
        assert_eq!(server.get(&reader, "1").status, 404);
    }
    assert_eq!(server.put(&main_token(), "1", b"x").status, 200);
    assert_eq!(server.get(&token("pr-1", Access::Read), "1").body, b"x");
}

#[test]
fn without_a_valid_token_nothing_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    assert_eq!(server.put(&main_token(), "1", b"secret").status, 200);
    let minute = Duration::from_mins(1);
    let cases = [
        ("", "KRP4720"),
        ("nonsense", "KRP4721"),
        (&token_of(OTHER_KEY, 1, "main", Access::Write, minute), "KRP4721"),
        (&token_of(KEY, 2, "main", Access::Write, minute), "KRP4721"),
        (
            &token_of(KEY, 1, "main", Access::Write, Duration::ZERO),
            "KRP4722",
        ),
    ];
    for (token, code) in cases {
        for answer in [server.get(token, "1"), server.put(token, "2", &bytes(1, 200_000))] {
            assert_eq!((answer.status, &answer.text()[..7]), (401, code));
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
    assert_eq!(server.get(&main_token(), "2").status, 404);
}

#[test]
fn what_is_not_of_the_contract_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let main = main_token();
    let long = "1".repeat(65);
    let statuses: Vec<(u16, u16)> = [
        ("GET", "/", 404),
        ("GET", "/v1/cache", 404),
        ("GET", "/v1/cache/", 400),
        ("GET", "/v1/cache/..%2f..%2fkey", 400),
        ("GET", "/v1/cache/../../lock", 400),
        ("GET", "/v1/cache/ABC", 400),
        ("GET", &format!("/v1/cache/{long}"), 400),
        ("DELETE", "/v1/cache/1", 405),
        ("POST", "/v1/cache/1", 405),
        ("PUT", "/v1/cache/1", 411),
        ("GET", "/v1/cache/1?scope=pr-1", 404),
    ]
    .map(|(method, path, expected)| {
        (
            request(server.address, method, path, &main, None).status,
            expected,
        )
    })
    .to_vec();
    assert!(
        statuses.iter().all(|(status, expected)| status == expected),
        "{statuses:?}"
    );

    let health = request(server.address, "GET", "/health", "", None);
    assert_eq!(
        (health.status, health.text().trim()),
        (200, r#"{"status":"ok","backEnd":"ok"}"#)
    );
}

#[test]
fn an_artefact_that_is_too_large_is_not_stored_and_the_connection_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        artifact: 1000,
        ..limits()
    };
    let server = start_with(folder.path(), BackEnd::Folder { most: 1 << 20 }, limits).unwrap();
    let main = main_token();
    let mut client = Client::connect(server.address);
    client.send("PUT", "/v1/cache/1", &main, Some(&bytes(1, 3_000_000)));
    let refused = client.answer().unwrap();
    // 413 would end Nx's run with 1.
    assert_eq!((refused.status, &refused.text()[..7]), (403, "KRP4725"));
    client.send("PUT", "/v1/cache/1", &main, Some(&bytes(1, 1000)));
    assert_eq!(client.answer().unwrap().status, 200);
    client.send("PUT", "/v1/cache/1", &main, Some(&bytes(2, 1000)));
    assert_eq!(client.answer().unwrap().status, 409);
    client.send("GET", "/v1/cache/1", &main, None);
    assert!(client.answer().unwrap().body == bytes(1, 1000));
}

#[test]
fn a_client_that_breaks_off_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let main = main_token();
    for length in [1000, 1_000_000] {
        let mut client = Client::connect(server.address);
        client.head("PUT", "/v1/cache/5", &main, Some(length));
        client.stream.write_all(&bytes(1, length - 1)).unwrap();
        drop(client);
    }
    // Both are seen to have ended before it is looked.
    while server.logged("KRP4729").len() < 2 {}
    assert_eq!(server.get(&main, "5").status, 404);
    assert_eq!(
        files(&folder.path().join("under-way")),
        Vec::<std::path::PathBuf>::new()
    );
    assert_eq!(server.put(&main, "5", b"whole").status, 200);
}

#[test]
fn clients_that_stand_still_are_ended_and_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        idle: Duration::from_millis(300),
        connections: 8,
        ..limits()
    };
    let server = start_with(folder.path(), BackEnd::Folder { most: 1 << 30 }, limits).unwrap();
    let main = main_token();
    // More than the sockets' buffers hold.
    let large = bytes(1, 30_000_000);
    assert_eq!(server.put(&main, "1", &large).status, 200);

    let mut silent = Client::connect(server.address);
    let mut half_head = Client::connect(server.address);
    half_head
        .stream
        .write_all(b"GET /v1/cache/1 HTTP/1.1\r\n")
        .unwrap();
    let mut half_body = Client::connect(server.address);
    half_body.head("PUT", "/v1/cache/2", &main, Some(100));
    half_body.stream.write_all(b"some").unwrap();
    let mut not_reading = Client::connect(server.address);
    not_reading.send("GET", "/v1/cache/1", &main, None);

    assert!(server.get(&main, "1").body == large);
    assert!(silent.answer().is_err());
    assert!(half_head.answer().is_err());
    assert_eq!(half_body.answer().unwrap().status, 408);
    server.logged("the client does not take what it asked for");
    assert!(not_reading.answer().is_err());
    assert_eq!(server.get(&main, "2").status, 404);
}

#[test]
fn told_to_stop_it_lets_requests_finish_and_takes_no_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(folder.path());
    let (main, body) = (main_token(), bytes(1, 500_000));
    let mut writing = Client::connect(server.address);
    writing.head("PUT", "/v1/cache/1", &main, Some(body.len()));
    writing.stream.write_all(&body[..1000]).unwrap();
    let mut idle = Client::connect(server.address);
    idle.send("GET", "/v1/cache/1", &main, None);
    assert_eq!(idle.answer().unwrap().status, 404);
    // The other request is under way by now: its temporary file is there.
    while files(&folder.path().join("under-way")).is_empty() {}

    server.tell_to_stop();
    server.logged(r#""event":"stop""#);
    assert!(std::net::TcpStream::connect(server.address).is_err());
    assert!(idle.answer().is_err(), "an idle connection is closed at once");
    writing.stream.write_all(&body[1000..]).unwrap();
    assert_eq!(writing.answer().unwrap().status, 200);
    server.stop();

    let server = start(folder.path());
    assert!(server.get(&main, "1").body == body);
}

#[test]
fn the_log_says_who_did_what() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let one = token("pr-1", Access::Write);
    server.put(&one, "42", b"x");
    let line = server.logged(r#""method":"PUT""#).remove(0);
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let id = one.split('.').nth(4).unwrap();
    assert_eq!(
        (&line["scope"], &line["hash"], &line["status"]),
        (&"pr-1".into(), &"42".into(), &200.into())
    );
    assert_eq!(line["token"], id);
    // Never the token itself.
    assert!(!line.to_string().contains(one.rsplit('.').next().unwrap()));
    let names: HashSet<_> = line.as_object().unwrap().keys().cloned().collect();
    assert!(
        names.is_superset(
            &["time", "level", "event", "bytes", "ms"]
                .map(str::to_owned)
                .into()
        )
    );
}
