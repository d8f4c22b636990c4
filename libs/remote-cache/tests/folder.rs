//! The folder as a back end: whoever can write it but does not hold the key plants nothing, and what breaks is a miss.

mod support;

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use krepis_remote_cache::{Access, BackEnd};
use support::{KEY, OTHER_KEY, bytes, files, limits, main_token, start, start_signed, start_with, token};

const SMALL: usize = 300;
const LARGE: usize = 400_000;

fn only(folder: &Path) -> PathBuf {
    let found = files(folder);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn an_artefact_that_was_changed_is_a_miss_and_is_set_aside() {
    for length in [SMALL, LARGE] {
        let folder = tempfile::tempdir().unwrap();
        let server = start(folder.path());
        let (main, body) = (main_token(), bytes(1, length));
        assert_eq!(server.put(&main, "1", &body).status, 200);
        assert!(server.get(&main, "1").body == body);

        // Same length, same times, same file: only its content differs, by one bit.
        let blob = only(&folder.path().join("blobs"));
        let before = fs::metadata(&blob).unwrap();
        let mut planted = body.clone();
        planted[length / 2] ^= 1;
        fs::write(&blob, &planted).unwrap();
        File::options()
            .write(true)
            .open(&blob)
            .unwrap()
            .set_modified(before.modified().unwrap())
            .unwrap();
        let after = fs::metadata(&blob).unwrap();
        assert_eq!(
            (before.ino(), before.len(), before.mtime_nsec()),
            (after.ino(), after.len(), after.mtime_nsec())
        );

        assert_eq!(server.get(&main, "1").status, 404);
        let line = server.logged("KRP4728").remove(0);
        assert!(
            line.contains(r#""level":"warn""#) && line.contains(r#""hash":"1""#),
            "{line}"
        );
        let kept = files(&folder.path().join("quarantine"));
        assert_eq!(kept.len(), 2, "{kept:?}");
        assert!(kept.iter().any(|file| fs::read(file).unwrap() == planted));
        // The entry can be written again.
        assert_eq!(server.put(&main, "1", &body).status, 200);
        assert!(server.get(&main, "1").body == body);
    }
}

#[test]
fn a_record_that_was_not_signed_for_its_place_is_a_miss() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let (main, one) = (main_token(), token("pr-1", Access::Write));
    assert_eq!(server.put(&one, "11", b"planted").status, 200);
    assert_eq!(server.put(&main, "22", b"true").status, 200);
    let records = folder.path().join("records");
    let planted = fs::read(records.join("pr-1/11/11")).unwrap();
    let place = |scope: &str, hash: &str, document: &[u8]| {
        let file = records.join(scope).join(hash).join(hash);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, document).unwrap();
    };
    // Moved to main; main's own under another hash; another digest in it; no record at all; an endless one.
    place("main", "11", &planted);
    place("main", "33", &fs::read(records.join("main/22/22")).unwrap());
    let text = String::from_utf8(planted).unwrap();
    let (head, tail) = text.split_once("sha256\":\"").unwrap();
    place(
        "main",
        "44",
        format!("{head}sha256\":\"{}{}", "0".repeat(64), &tail[64..]).as_bytes(),
    );
    place("main", "55", b"{}");
    place("main", "66", &vec![b' '; 10_000_000]);
    for hash in ["11", "33", "44", "55", "66"] {
        assert_eq!(server.get(&main, hash).status, 404, "{hash}");
    }
    assert_eq!(server.get(&main, "22").body, b"true");
    assert_eq!(server.get(&one, "11").body, b"planted");
    assert_eq!(server.put(&main, "11", b"true").status, 200);
    assert_eq!(server.get(&one, "11").body, b"true");
}

#[test]
fn a_planted_record_does_not_keep_main_from_writing() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let file = folder.path().join("records/main/77/77");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, b"{\"schema\":1}").unwrap();
    assert_eq!(server.put(&main_token(), "77", b"true").status, 200);
    assert_eq!(server.get(&main_token(), "77").body, b"true");
}

#[test]
fn an_artefact_that_was_removed_is_a_miss_and_can_be_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let main = main_token();
    for (hash, rewrite_first) in [("1", true), ("2", false)] {
        let body = bytes(9, LARGE);
        assert_eq!(server.put(&main, hash, &body).status, 200);
        fs::remove_file(only(&folder.path().join("blobs"))).unwrap();
        if !rewrite_first {
            assert_eq!(server.get(&main, hash).status, 404);
        }
        assert_eq!(server.put(&main, hash, &body).status, 200);
        assert!(server.get(&main, hash).body == body);
        fs::remove_dir_all(folder.path().join("records")).unwrap();
        fs::remove_file(only(&folder.path().join("blobs"))).unwrap();
    }
}

#[test]
fn one_content_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let body = bytes(1, LARGE);
    assert_eq!(server.put(&main_token(), "1", &body).status, 200);
    let inode = fs::metadata(only(&folder.path().join("blobs"))).unwrap().ino();
    assert_eq!(server.put(&main_token(), "2", &body).status, 200);
    assert_eq!(server.put(&token("pr-1", Access::Write), "3", &body).status, 200);
    assert_eq!(
        fs::metadata(only(&folder.path().join("blobs"))).unwrap().ino(),
        inode
    );
    assert!(server.get(&main_token(), "2").body == body);
}

#[test]
fn a_folder_that_goes_away_is_a_miss_and_stores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("cache");
    let server = start(&root);
    let main = main_token();
    assert_eq!(server.put(&main, "1", &bytes(1, LARGE)).status, 200);
    fs::remove_dir_all(&root).unwrap();
    assert_eq!(server.get(&main, "1").status, 404);
    for length in [SMALL, LARGE] {
        let refused = server.put(&main, "2", &bytes(2, length));
        assert_eq!((refused.status, &refused.text()[..7]), (403, "KRP4727"));
    }
    // A file where a folder was: neither missing nor readable.
    fs::create_dir(&root).unwrap();
    fs::write(root.join("records"), b"").unwrap();
    assert_eq!(server.get(&main, "1").status, 404);
    assert!(
        server
            .logged("KRP4727")
            .iter()
            .any(|line| line.contains(r#""level":"warn""#))
    );
}

#[test]
fn what_a_crash_left_is_removed_and_is_no_entry() {
    let folder = tempfile::tempdir().unwrap();
    let (main, body) = (main_token(), bytes(1, LARGE));
    let mut server = start(folder.path());
    assert_eq!(server.put(&main, "1", &body).status, 200);
    server.stop();
    // Killed while it received, and killed between the artefact's and the record's place.
    fs::write(folder.path().join("under-way/0.tmp"), b"half").unwrap();
    let orphan = folder.path().join("blobs/00").join("0".repeat(64));
    fs::create_dir_all(orphan.parent().unwrap()).unwrap();
    fs::write(&orphan, b"whole").unwrap();

    let server = start(folder.path());
    assert_eq!(files(&folder.path().join("under-way")), Vec::<PathBuf>::new());
    assert!(!orphan.exists());
    assert!(server.get(&main, "1").body == body);
}

#[test]
fn another_key_and_a_second_server_are_refused_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(folder.path());
    assert_eq!(server.put(&main_token(), "1", b"x").status, 200);
    let open = |key| start_signed(folder.path(), BackEnd::Folder { most: 1 << 30 }, limits(), key);
    assert_eq!(open(KEY).err().unwrap().code.id, "KRP4711");
    server.stop();
    let before = files(folder.path());
    assert_eq!(open(OTHER_KEY).err().unwrap().code.id, "KRP4713");
    assert_eq!(files(folder.path()), before);
    assert_eq!(open(KEY).unwrap().get(&main_token(), "1").body, b"x");
}

#[test]
fn what_was_not_used_for_longest_is_evicted() {
    let folder = tempfile::tempdir().unwrap();
    let main = main_token();
    let mut server = start_with(folder.path(), BackEnd::Folder { most: 1_000_000 }, limits()).unwrap();
    for hash in 0..9 {
        assert_eq!(
            server
                .put(&main, &hash.to_string(), &bytes(hash + 1, 100_000))
                .status,
            200
        );
    }
    assert_eq!(server.get(&main, "0").status, 200);
    for hash in 9..11 {
        assert_eq!(
            server
                .put(&main, &hash.to_string(), &bytes(hash + 1, 100_000))
                .status,
            200
        );
    }
    // 1,100,000 bytes; down to 900,000: the two that were neither read nor written since.
    let there = |server: &support::Running| -> Vec<u64> {
        (0..11)
            .filter(|hash| server.get(&main, &hash.to_string()).status == 200)
            .collect()
    };
    assert_eq!(there(&server), [0, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(files(&folder.path().join("blobs")).len(), 9);

    // A smaller limit at the next start evicts, too, by the times on disk.
    server.stop();
    for record in files(&folder.path().join("records")) {
        let hash: u64 = record.file_name().unwrap().to_str().unwrap().parse().unwrap();
        let used = SystemTime::now() - Duration::from_secs(10_000 - hash);
        File::options()
            .write(true)
            .open(record)
            .unwrap()
            .set_modified(used)
            .unwrap();
    }
    let server = start_with(folder.path(), BackEnd::Folder { most: 400_000 }, limits()).unwrap();
    assert_eq!(there(&server), [8, 9, 10]);
}

#[test]
fn pull_requests_cannot_push_out_what_main_has() {
    let folder = tempfile::tempdir().unwrap();
    let server = start_with(folder.path(), BackEnd::Folder { most: 1_000_000 }, limits()).unwrap();
    for hash in 0..7 {
        assert_eq!(
            server
                .put(&main_token(), &hash.to_string(), &bytes(hash + 1, 100_000))
                .status,
            200
        );
    }
    for hash in 100..130 {
        let writer = token(&format!("pr-{hash}"), Access::Write);
        assert_eq!(
            server
                .put(&writer, &hash.to_string(), &bytes(hash, 50_000))
                .status,
            200
        );
    }
    for hash in 0..7 {
        assert_eq!(server.get(&main_token(), &hash.to_string()).status, 200, "{hash}");
    }
    assert_eq!(server.get(&token("pr-129", Access::Read), "129").status, 200);
    assert_eq!(server.get(&token("pr-100", Access::Read), "100").status, 404);
}

#[test]
fn nobody_else_may_look_into_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("cache");
    let server = start(&root);
    assert_eq!(server.put(&main_token(), "1", &bytes(1, LARGE)).status, 200);
    for path in [root.clone(), root.join("records"), root.join("blobs")] {
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o077,
            0,
            "{}",
            path.display()
        );
    }
    for file in files(&root.join("blobs")) {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0);
    }
}
