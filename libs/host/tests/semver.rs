//! Our ranges beside npm's own: random pairs, judged by the package `semver`.

use std::path::Path;
use std::process::Command;

use krepis_host::{Range, Version};

#[test]
fn ranges_are_what_npm_says_on_5000_random_pairs() {
    let seed = std::env::var("KREPIS_SEED").unwrap_or_else(|_| "1".into());
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let output = Command::new(repository.join("node_modules/node/bin/node"))
        .arg(repository.join("libs/host/fixtures/semver-pairs.mjs"))
        .args([seed.as_str(), "5000"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let (mut pairs, mut valid, mut inside) = (0, 0, 0);
    let mut different = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (range, version, is_valid, satisfied): (String, String, bool, bool) =
            serde_json::from_str(line).unwrap();
        let ours = Range::parse(&range);
        let version = Version::parse(&version).unwrap();
        pairs += 1;
        valid += usize::from(is_valid);
        inside += usize::from(satisfied);
        if ours.is_some() != is_valid || ours.is_some_and(|range| range.satisfies(&version)) != satisfied {
            different.push(line.to_owned());
        }
    }
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        different.join("\n")
    );
    assert_eq!(pairs, 5000);
    // Pairs that nobody accepts would prove nothing.
    assert!(valid > 3500 && inside > 1000, "{valid} valid, {inside} satisfied");
}
