//! `krepis plan KIND …`: the change a generator would make, checked, on stdout.

use krepis_change::{Failure, FileState, Overlay, WorkspacePath, change_set};
use krepis_proto::v1::file_change::Body;
use prost::Message as _;

use crate::arguments::{PlanArguments, PlanFormat};
use crate::commands::generate::request;
use crate::errors;
use crate::propose::Pending;
use crate::runner::Runner;
use crate::session::{Session, judge};

pub fn run(session: &Session, arguments: &PlanArguments) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    let request = request(session, workspace.root(), &arguments.generator)?;
    let pending = match &arguments.overlay {
        Some(file) => overlay(&session.input(file)?)?,
        None => Pending::new(),
    };
    let disk = workspace.tree();
    let tree = Overlay::new(&disk, pending.clone());
    let mut runner = Runner::first_party(session, &workspace);
    let joined = runner.propose_on(&[request], &tree, &pending)?;
    if let Some((_, failure)) = joined.failed.into_iter().next() {
        return Err(failure);
    }
    judge(&tree, &joined.change)?;
    match arguments.format {
        PlanFormat::Patch => session.shell.data(&krepis_change::render_patch(&joined.change)),
        PlanFormat::Json => session
            .shell
            .data(&krepis_change::print_json(&change_set(&joined.change))),
        PlanFormat::Proto => session.shell.bytes(&change_set(&joined.change).encode_to_vec()),
    }
    Ok(0)
}

/// Pending content: whole contents and deletions, no digests needed, since nothing is compared.
fn overlay(bytes: &[u8]) -> Result<Pending, Failure> {
    let set = krepis_change::parse_json(bytes)?;
    let mut pending = Pending::new();
    for file in set.files {
        let path = WorkspacePath::parse(&file.path)?;
        let mode = file
            .mode
            .as_deref()
            .and_then(|mode| u32::from_str_radix(mode, 8).ok())
            .unwrap_or(0o644);
        let state = match file.body {
            Some(Body::Text(text)) => FileState::File {
                bytes: text.into_bytes().into(),
                mode,
            },
            Some(Body::Content(bytes)) => FileState::File {
                bytes: bytes.into(),
                mode,
            },
            Some(Body::Delete(true)) => FileState::Absent,
            _ => {
                return Err(
                    Failure::new(&errors::OVERLAY_FORM, "an overlay entry is no whole content")
                        .at_path(&path)
                        .hint("give `text`, `content` or `delete: true`"),
                );
            }
        };
        pending.insert(path, state);
    }
    Ok(pending)
}
