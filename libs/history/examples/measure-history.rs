//! What the history costs beside a loop of plain writes: one JSON document on stdout, times in milliseconds.
//!
//! ```text
//! cargo run --release -p krepis-history --example measure-history -- [--files 10000] [--bytes 4096] [--runs 5] [--dir DIR]
//! ```
//! Each run does the same to two folders of the same content, in turns: `naive` as generators and schematics do
//! (`fs::write`, `fs::remove_file`, no sync), `apply` through the history, then `undo`. Before each measurement
//! everything that is dirty goes to the disk, so that nobody pays for what another left. `single` is one file of the same
//! size, `runs` x 20 times.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use krepis_change::{Change, FileState, Transition, WorkspacePath};
use krepis_history::{History, Intent, Meta, UndoOptions};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

struct Settings {
    files: usize,
    bytes: usize,
    runs: usize,
    directory: PathBuf,
}

fn settings() -> Outcome<Settings> {
    let mut settings = Settings {
        files: 10_000,
        bytes: 4096,
        runs: 5,
        directory: std::env::temp_dir(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or("every option takes a value")?;
        match name.as_str() {
            "--files" => settings.files = value.parse()?,
            "--bytes" => settings.bytes = value.parse()?,
            "--runs" => settings.runs = value.parse()?,
            "--dir" => settings.directory = value.into(),
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok(settings)
}

/// Content that no two files share and that compresses about as well as source code does.
fn content(file: usize, version: usize, bytes: usize) -> Vec<u8> {
    let mut text = String::with_capacity(bytes + 64);
    let mut seed = (file as u64) << 20 | version as u64;
    while text.len() < bytes {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text.push_str(&format!(
            "export const value{:x} = compute({:x});\n",
            seed >> 40,
            seed >> 52
        ));
    }
    text.truncate(bytes);
    text.into_bytes()
}

/// A hundred files a folder, as in a large source tree.
fn name(file: usize) -> String {
    format!("src/part{:03}/file{file:05}.ts", file / 100)
}

fn paths(count: usize) -> Outcome<Vec<WorkspacePath>> {
    let parsed =
        (0..count).map(|file| WorkspacePath::parse(&name(file)).map_err(|failure| failure.to_string()));
    Ok(parsed.collect::<Result<_, _>>()?)
}

fn lay_out(root: &Path, settings: &Settings, version: usize) -> Outcome<()> {
    for file in 0..settings.files {
        let target = root.join(name(file));
        if file % 100 == 0 {
            fs::create_dir_all(target.parent().ok_or("a parent")?)?;
        }
        fs::write(target, content(file, version, settings.bytes))?;
    }
    Ok(())
}

fn settle() {
    rustix::fs::sync();
}

fn timed<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(f64, T)> {
    settle();
    let started = Instant::now();
    let value = work()?;
    Ok((started.elapsed().as_secs_f64() * 1000.0, value))
}

fn file(bytes: Vec<u8>) -> FileState {
    FileState::File {
        bytes: bytes.into(),
        mode: 0o644,
    }
}

/// The change from version `from` to version `to` of every file; `None`: not there.
fn change(settings: &Settings, from: Option<usize>, to: Option<usize>) -> Outcome<Change> {
    let state = |index, version: Option<usize>| {
        version.map_or(FileState::Absent, |version| {
            file(content(index, version, settings.bytes))
        })
    };
    let one = |(index, path)| Transition {
        path,
        before: state(index, from),
        after: state(index, to),
        edits: Vec::new(),
        renamed_from: None,
    };
    Ok(Change {
        title: "measured".into(),
        transitions: paths(settings.files)?.into_iter().enumerate().map(one).collect(),
        reads: Vec::new(),
    })
}

fn naive(root: &Path, settings: &Settings, to: Option<usize>) -> Outcome<f64> {
    let contents: Vec<Option<Vec<u8>>> = (0..settings.files)
        .map(|index| to.map(|version| content(index, version, settings.bytes)))
        .collect();
    let (time, ()) = timed(|| {
        for (index, content) in contents.iter().enumerate() {
            let target = root.join(name(index));
            match content {
                Some(content) => {
                    if index % 100 == 0 {
                        fs::create_dir_all(target.parent().ok_or("a parent")?)?;
                    }
                    fs::write(target, content)?;
                }
                None => fs::remove_file(target)?,
            }
        }
        Ok(())
    })?;
    Ok(time)
}

fn told(failure: &krepis_change::Failure) -> String {
    failure.to_string()
}

/// One row: naive, apply and undo of the same change.
fn row(settings: &Settings, from: Option<usize>, to: Option<usize>) -> Outcome<Value> {
    let (mut plain, mut applied, mut undone) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..settings.runs {
        let folder = tempfile::tempdir_in(&settings.directory)?;
        let (one, other) = (folder.path().join("naive"), folder.path().join("krepis"));
        for root in [&one, &other] {
            fs::create_dir_all(root)?;
            if let Some(version) = from {
                lay_out(root, settings, version)?;
            }
        }
        plain.push(naive(&one, settings, to)?);
        let history = History::new(&other);
        let change = change(settings, from, to)?;
        applied.push(
            timed(|| {
                Ok(history
                    .apply(&change, Intent::apply(Meta::default()))
                    .map_err(|failure| told(&failure))?)
            })?
            .0,
        );
        undone.push(
            timed(|| {
                Ok(history
                    .undo(Meta::default(), &UndoOptions::default())
                    .map_err(|failure| told(&failure))?)
            })?
            .0,
        );
    }
    Ok(json!({ "naive": plain, "apply": applied, "undo": undone }))
}

/// One file, many times: what the record, its syncs and the swap add to a plain write.
fn single(settings: &Settings) -> Outcome<Value> {
    let folder = tempfile::tempdir_in(&settings.directory)?;
    let history = History::new(folder.path());
    let path = WorkspacePath::parse("file.ts").map_err(|failure| told(&failure))?;
    let target = folder.path().join("file.ts");
    fs::write(&target, content(0, 0, settings.bytes))?;
    let (mut plain, mut applied) = (Vec::new(), Vec::new());
    for version in 1..=settings.runs * 20 {
        let aside = folder.path().join("naive.ts");
        let new = content(0, version, settings.bytes);
        plain.push(timed(|| Ok(fs::write(&aside, &new)?))?.0);
        let change = Change {
            title: "measured".into(),
            transitions: vec![Transition {
                path: path.clone(),
                before: file(content(0, version - 1, settings.bytes)),
                after: file(new),
                edits: Vec::new(),
                renamed_from: None,
            }],
            reads: Vec::new(),
        };
        applied.push(
            timed(|| {
                Ok(history
                    .apply(&change, Intent::apply(Meta::default()))
                    .map_err(|failure| told(&failure))?)
            })?
            .0,
        );
    }
    Ok(json!({ "naive": plain, "apply": applied }))
}

fn main() -> Outcome<()> {
    let settings = settings()?;
    let document = json!({
        "schema": 1,
        "files": settings.files,
        "bytes": settings.bytes,
        "unit": "ms",
        "rows": {
            "overwrite": row(&settings, Some(0), Some(1))?,
            "create": row(&settings, None, Some(1))?,
            "delete": row(&settings, Some(0), None)?,
            "single": single(&settings)?,
        },
    });
    println!("{document:#}");
    Ok(())
}
