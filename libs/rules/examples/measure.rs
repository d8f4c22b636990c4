//! How long checking and judging take: `cargo run --release -p krepis-rules --example measure [FOLDER]`.
//!
//! Without a folder: in a generated workspace of 2,000 files. With one: `check` on what is there, with its findings.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use krepis_change::{Change, EntryKind, FileState, Transition, Tree, WorkspacePath};
use krepis_rules::{check, find_classes, gate, load_config};

struct Disk(PathBuf);

impl Tree for Disk {
    fn state(&self, path: &WorkspacePath) -> io::Result<FileState> {
        match std::fs::read(path.on_disk(&self.0)) {
            Ok(bytes) => Ok(FileState::File {
                bytes: bytes.into(),
                mode: 0o644,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(FileState::Absent),
            Err(error) => Err(error),
        }
    }

    fn list(&self, directory: &WorkspacePath) -> io::Result<Vec<(String, EntryKind)>> {
        let entries = match std::fs::read_dir(directory.on_disk(&self.0)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        entries
            .map(|entry| {
                let entry = entry?;
                let kind = entry.file_type()?;
                let kind = match (kind.is_symlink(), kind.is_dir()) {
                    (true, _) => EntryKind::Symlink,
                    (_, true) => EntryKind::Directory,
                    _ => EntryKind::File,
                };
                Ok((entry.file_name().to_string_lossy().into_owned(), kind))
            })
            .collect()
    }
}

const POLICY: &str = r#"{ "schema": 1, "root": "src", "elements": [
  { "name": "domain", "files": ["src/*/domain/**"] }, { "name": "application", "files": ["src/*/application/**"] },
  { "name": "infrastructure", "files": ["src/*/infrastructure/**"] }, { "name": "http", "files": ["src/*/http/**"] } ],
  "rules": [
    { "id": "domain-is-pure", "from": "domain", "deny": ["application", "infrastructure", "http", "npm:*", "node:*"] },
    { "id": "application", "from": "application", "deny": ["infrastructure", "http"] },
    { "id": "http", "from": "http", "deny": ["infrastructure"] } ] }"#;

const LAYERS: [&str; 4] = ["domain", "application", "infrastructure", "http"];

/// A class of about 60 lines with five imports.
fn source(module: usize, layer: usize, index: usize) -> String {
    let mut text = String::new();
    for import in 0..5 {
        let other = (module * 7 + import * 13) % 50;
        let below = LAYERS[layer.min(1).min(import % 2)];
        let line = format!(
            "import {{ Thing{import} as T{import} }} from '../../m{other}/{below}/thing{}.service.js';\n",
            (index + import) % 10
        );
        text.push_str(&line);
    }
    text.push_str(&format!("export class Thing{index} {{\n"));
    for method in 0..15 {
        text.push_str(&format!(
            "  async method{method}(id: string): Promise<number> {{\n    const value = await this.load(id, {{ limit: {method} }});\n    return value.filter((one) => one.id === id).length;\n  }}\n"
        ));
    }
    text.push_str("}\n");
    text
}

fn generate(root: &Path) -> io::Result<()> {
    std::fs::write(root.join("krepis.json"), POLICY)?;
    for module in 0..50 {
        for (layer, name) in LAYERS.iter().enumerate() {
            let folder = root.join(format!("src/m{module}/{name}"));
            std::fs::create_dir_all(&folder)?;
            for index in 0..10 {
                std::fs::write(
                    folder.join(format!("thing{index}.service.ts")),
                    source(module, layer, index),
                )?;
            }
        }
    }
    Ok(())
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[10]
}

fn change(
    tree: &Disk,
    paths: impl Iterator<Item = String>,
    after: impl Fn(&FileState) -> FileState,
) -> Change {
    let transitions = paths
        .map(|path| {
            let path = WorkspacePath::parse(&path).expect("a path");
            let before = tree.state(&path).expect("readable");
            Transition {
                path,
                after: after(&before),
                before,
                edits: Vec::new(),
                renamed_from: None,
            }
        })
        .collect();
    Change {
        title: String::new(),
        transitions,
        reads: Vec::new(),
    }
}

fn main() -> io::Result<()> {
    if let Some(folder) = std::env::args().nth(1) {
        let tree = Disk(folder.into());
        let config = load_config(&tree).expect("a policy");
        let start = Instant::now();
        let report = check(&tree, &config).expect("a report");
        println!(
            "{:?}: {} files, {} edges",
            start.elapsed(),
            report.files,
            report.edges
        );
        for violation in &report.violations {
            let failure = violation.to_failure();
            println!(
                "{}:{} {}\n{}",
                violation.path,
                violation.line,
                failure.message,
                failure.reason.unwrap_or_default()
            );
        }
        report.notes().iter().for_each(|note| println!("{note}"));
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    generate(folder.path())?;
    let tree = Disk(folder.path().to_owned());
    let config = load_config(&tree).expect("a policy");
    let report = check(&tree, &config).expect("a report");
    println!(
        "{} files, {} edges, {} violations",
        report.files,
        report.edges,
        report.violations.len()
    );
    println!(
        "check                      {:?}",
        median(|| drop(check(&tree, &config).expect("a report")))
    );
    println!(
        "find_classes               {:?}",
        median(|| drop(find_classes(&tree, &config, "Thing7").expect("sites")))
    );
    let edit =
        |state: &FileState| FileState::text(&format!("// edited\n{}", state.as_text().unwrap_or_default()));
    let gated = |name: &str, change: &Change| {
        let verdict = gate(&tree, change).expect("allowed");
        println!(
            "gate {name:<22}{:?} ({} files)",
            median(|| drop(gate(&tree, change))),
            verdict.files
        );
    };
    gated(
        "1 edit",
        &change(
            &tree,
            std::iter::once("src/m1/http/thing1.service.ts".to_owned()),
            edit,
        ),
    );
    let fifty = (0..50).map(|module| format!("src/m{module}/application/thing1.service.ts"));
    gated("50 edits", &change(&tree, fifty, edit));
    let create = |_: &FileState| FileState::text("export class New {}\n");
    gated(
        "1 new domain",
        &change(
            &tree,
            std::iter::once("src/m1/domain/new.service.ts".to_owned()),
            create,
        ),
    );
    gated(
        "1 new infrastructure",
        &change(
            &tree,
            std::iter::once("src/m1/infrastructure/new.service.ts".to_owned()),
            create,
        ),
    );
    let delete = |_: &FileState| FileState::Absent;
    gated(
        "1 deletion",
        &change(
            &tree,
            std::iter::once("src/m1/http/thing1.service.ts".to_owned()),
            delete,
        ),
    );
    Ok(())
}
