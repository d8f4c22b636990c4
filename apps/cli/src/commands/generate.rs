//! `krepis generate KIND …`.

use krepis_change::Failure;

use crate::arguments::{GenerateArguments, Generator};
use crate::propose::{Request, Source};
use crate::runner::Runner;
use crate::session::Session;

pub fn run(session: &Session, arguments: &GenerateArguments) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    let request = request(session, workspace.root(), &arguments.generator)?;
    let mut runner = Runner::first_party(session, &workspace);
    runner.verify.clone_from(&arguments.verify.command);
    let joined = runner.settle(&[request], arguments.dry_run)?;
    if let Some((_, failure)) = joined.failed.into_iter().next() {
        return Err(failure);
    }
    if arguments.dry_run {
        session.preview(&joined.change);
    } else if let Some(applied) = joined.applied {
        session.confirm(&workspace, applied.operation.as_ref(), &arguments.verify)?;
        session.report(&applied, &joined.change.title);
    }
    Ok(0)
}

/// The request to the generator; options as `libs/generator` names them.
pub fn request(session: &Session, root: &std::path::Path, generator: &Generator) -> Result<Request, Failure> {
    let mut options = serde_json::json!({ "args": generator.args, "tests": !generator.no_tests });
    let cwd = session
        .directory
        .strip_prefix(root)
        .map_or_else(|_| String::new(), slashes);
    options["cwd"] = cwd.into();
    let named = [
        ("dir", &generator.dir),
        ("module", &generator.module),
        ("file", &generator.file),
        ("from", &generator.from),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            options[name] = value.as_str().into();
        }
    }
    if let Some(file) = &generator.body {
        options["body"] = String::from_utf8_lossy(&session.input(file)?).into_owned().into();
    }
    Ok(Request {
        name: generator.kind.clone(),
        source: Source::Builtin(generator.kind.clone()),
        options,
    })
}

fn slashes(path: &std::path::Path) -> String {
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}
