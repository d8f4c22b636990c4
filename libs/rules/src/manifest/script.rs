//! Scripts of a package.json that build a crate: `napi build --manifest-path …`, `cargo build -p …`, `wasm-pack build …`.

use std::collections::BTreeMap;

use krepis_change::{EntryKind, WorkspacePath};
use toml_edit::Document;

use super::Means;
use crate::cargo;
use crate::resolve::{Target, normalize};
use crate::view::{View, join};

/// The crates a command line builds: how it names them, and what that means.
///
/// A shell is not interpreted: variables and substitutions name nothing here.
pub fn crates(command: &str) -> Vec<(String, Means)> {
    let mut found = Vec::new();
    let mut folder = String::new();
    for words in commands(command) {
        // What stands before the program: `NAME=value`, `cross-env`, `npx`, …
        let program = words
            .iter()
            .position(|word| matches!(basename(word), "napi" | "cargo" | "cross" | "wasm-pack"));
        match program {
            Some(at) => found.extend(named(basename(&words[at]), &words[at + 1..], &folder)),
            None if words.first().is_some_and(|word| word == "cd") && words.len() == 2 => {
                folder = beside(&folder, &words[1]);
            }
            None => {}
        }
    }
    found
}

fn named(program: &str, words: &[String], folder: &str) -> Option<(String, Means)> {
    let mut manifest: Option<(String, String)> = None;
    let mut package: Option<(String, String)> = None;
    let mut within = folder.to_owned();
    let mut positional = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        // Behind it stand arguments of what is run.
        if word == "--" && program == "cargo" {
            break;
        }
        let (flag, glued) = word
            .split_once('=')
            .map_or((word.as_str(), None), |(flag, value)| (flag, Some(value)));
        let mut value = || glued.map(str::to_owned).or_else(|| words.next().cloned());
        match flag {
            "--manifest-path" => manifest = value().map(|value| (format!("{flag} {value}"), value)),
            "-p" | "--package" | "--cargo-name" => {
                package = value().map(|value| (format!("{flag} {value}"), value));
            }
            "--cwd" | "--cargo-cwd" => {
                within = beside(folder, &value()?);
                manifest = Some((format!("{flag} {within}"), cargo::MANIFEST.to_owned()));
            }
            _ if !word.starts_with('-') => positional.push(word.as_str()),
            _ => {}
        }
    }
    if let Some((written, name)) = package {
        // `name@1.2` and a path are Cargo's other forms of a package.
        let name = name.rsplit(['#', '/']).next().unwrap_or(&name);
        let name = name.split('@').next().unwrap_or(name);
        return Some((written, Means::CrateNamed(vec![name.to_owned()])));
    }
    if let Some((written, path)) = manifest {
        return Some((written, Means::CrateManifest(beside(&within, &path))));
    }
    match (program, positional.as_slice()) {
        ("wasm-pack", ["build", path, ..]) => Some((
            format!("wasm-pack build {path}"),
            Means::Crate(beside(folder, path)),
        )),
        // In another folder than the package's own.
        _ if !folder.is_empty() && matches!(program, "napi" | "cargo" | "cross") => Some((
            format!("cd {folder}"),
            Means::CrateManifest(beside(folder, cargo::MANIFEST)),
        )),
        _ => None,
    }
}

/// `path` in `folder`, both relative to the package.
fn beside(folder: &str, path: &str) -> String {
    if folder.is_empty() || path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{folder}/{path}")
    }
}

fn basename(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// The commands of a line, each as its words, without quotes.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for one in line.chars() {
        match (quote, one) {
            (Some(open), _) if one == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(one);
                word.get_or_insert_default();
            }
            (None, '&' | '|' | ';' | '\n' | '(' | ')') => {
                words.extend(word.take());
                all.push(std::mem::take(&mut words));
            }
            (None, _) if one.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(one),
        }
    }
    words.extend(word);
    all.push(words);
    all.retain(|words| !words.is_empty());
    all
}

/// The crate of this workspace with one of these names; `-` and `_` are the same, as for a library's name.
pub fn crate_named(view: &View<'_>, names: &[String]) -> Target {
    let known = known(view);
    let folder = names.iter().find_map(|name| known.get(&alike(name)));
    match folder {
        Some(folder) => match WorkspacePath::parse(&join(folder, cargo::MANIFEST)) {
            Ok(path) => Target::File(path),
            Err(_) => Target::Unknown("it names no crate of this workspace"),
        },
        None => Target::Unknown("it names no crate of this workspace"),
    }
}

fn alike(name: &str) -> String {
    name.replace('_', "-")
}

/// Folders of all crates, by name. Of two with one name (a fixture's), the one nearer to the root counts.
fn known<'v>(view: &'v View<'_>) -> &'v BTreeMap<String, String> {
    view.crates.get_or_init(|| {
        let mut found = BTreeMap::new();
        let mut level = vec![String::new()];
        while !level.is_empty() {
            let mut next = Vec::new();
            for folder in level {
                let entries = view.folder(&folder);
                let has_manifest = entries.contains_key(cargo::MANIFEST);
                if let Some(name) = has_manifest.then(|| name_at(view, &folder)).flatten() {
                    found.entry(alike(&name)).or_insert_with(|| folder.clone());
                }
                let mut inner: Vec<&String> = entries
                    .iter()
                    .filter(|(_, kind)| **kind == EntryKind::Directory)
                    .map(|(name, _)| name)
                    // What Cargo builds into lies beside the workspace's manifest.
                    .filter(|name| !(crate::walk::is_skipped(name) || has_manifest && *name == "target"))
                    .collect();
                inner.sort_unstable();
                next.extend(inner.into_iter().map(|name| join(&folder, name)));
            }
            level = next;
        }
        found
    })
}

fn name_at(view: &View<'_>, folder: &str) -> Option<String> {
    let text = view.read_text(&join(folder, cargo::MANIFEST))?;
    let document = Document::parse(text).ok()?;
    let name = document.get("package")?.as_table_like()?.get("name")?.as_str()?;
    Some(name.to_owned())
}

/// The crate of an addon whose package names none: the one beside its package.json, or one with the addon's name.
pub fn addon(view: &View<'_>, folder: &str, names: &[String]) -> Target {
    match normalize(folder, cargo::MANIFEST).filter(|path| view.has_file(path)) {
        Some(own) => WorkspacePath::parse(&own).map_or(Target::Unknown("it names no crate"), Target::File),
        None => crate_named(view, names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_name_crates_in_many_ways() {
        let manifest = |path: &str| Means::CrateManifest(path.to_owned());
        let named = |name: &str| Means::CrateNamed(vec![name.to_owned()]);
        for (line, expected) in [
            ("tsc -p .", vec![]),
            ("cargo fmt", vec![]),
            ("napi build --platform --release", vec![]),
            (
                "napi build --manifest-path ../../crates/n/Cargo.toml --platform",
                vec![manifest("../../crates/n/Cargo.toml")],
            ),
            (
                "napi build --manifest-path=../n/Cargo.toml -p n_b",
                vec![named("n_b")],
            ),
            (
                "RUSTFLAGS='-C x' npx cross-env A=1 ./node_modules/.bin/napi build --cargo-cwd ../n && tsc",
                vec![manifest("../n/Cargo.toml")],
            ),
            ("cargo run -q --package \"gen\" -- -p other", vec![named("gen")]),
            (
                "tsc && cargo build -p a; cargo build -p b",
                vec![named("a"), named("b")],
            ),
            (
                "wasm-pack build ../w --target web",
                vec![Means::Crate("../w".to_owned())],
            ),
            ("cd ../n && cargo build", vec![manifest("../n/Cargo.toml")]),
            (
                "cd ../n && cargo build --manifest-path x/Cargo.toml",
                vec![manifest("../n/x/Cargo.toml")],
            ),
        ] {
            let found: Vec<Means> = crates(line).into_iter().map(|(_, means)| means).collect();
            assert_eq!(found, expected, "{line}");
        }
    }
}
