//! `krepis new DIR`: a service that installs, compiles, passes its tests and answers HTTP.

use std::path::{Path, PathBuf};

use krepis_change::{Change, Failure, FileState, Transition, WorkspacePath};
use krepis_workspace::Workspace;

use crate::arguments::NewArguments;
use crate::errors;
use crate::session::Session;

/// The template; `__NAME__`, `__CORE__` and `__CLI__` are filled in.
const FILES: &[(&str, &str)] = &[
    (".gitignore", include_str!("../../templates/service/gitignore")),
    ("README.md", include_str!("../../templates/service/README.md")),
    ("krepis.json", include_str!("../../templates/service/krepis.json")),
    (
        "package.json",
        include_str!("../../templates/service/package.json"),
    ),
    (
        "src/app.module.ts",
        include_str!("../../templates/service/src/app.module.ts"),
    ),
    (
        "src/hello/hello.module.ts",
        include_str!("../../templates/service/src/hello/hello.module.ts"),
    ),
    (
        "src/hello/hello.routes.ts",
        include_str!("../../templates/service/src/hello/hello.routes.ts"),
    ),
    (
        "src/hello/hello.service.ts",
        include_str!("../../templates/service/src/hello/hello.service.ts"),
    ),
    (
        "src/hello/hello.test.ts",
        include_str!("../../templates/service/src/hello/hello.test.ts"),
    ),
    ("src/main.ts", include_str!("../../templates/service/src/main.ts")),
    (
        "tsconfig.json",
        include_str!("../../templates/service/tsconfig.json"),
    ),
];

pub fn run(session: &Session, arguments: &NewArguments) -> Result<u8, Failure> {
    let root = session.directory.join(&arguments.dir);
    let name = package_name(arguments, &root)?;
    let [core, cli] = ["core", "cli"].map(|package| version(session, arguments, package));
    let (core, cli) = (core?, cli?);

    let transitions = FILES
        .iter()
        .map(|(path, text)| {
            let text = text
                .replace("__NAME__", &name)
                .replace("__CORE__", &core)
                .replace("__CLI__", &cli);
            Ok(Transition {
                path: WorkspacePath::parse(path)?,
                before: FileState::Absent,
                after: FileState::text(&text),
                edits: Vec::new(),
                renamed_from: None,
            })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let title = format!("new {name}");
    let change = Change {
        title: title.clone(),
        transitions,
        reads: Vec::new(),
    };

    must_be_empty(&root)?;
    let cannot = |error: &std::io::Error| {
        Failure::io(&errors::NOT_MADE, "making", &root, error).hint("name a folder that you may write to")
    };
    std::fs::create_dir_all(&root).map_err(|error| cannot(&error))?;
    let workspace = Workspace::at(std::fs::canonicalize(&root).map_err(|error| cannot(&error))?);
    let meta = Session::meta(&workspace, &title);
    let applied = session.transact(&workspace, meta, &mut |_| Ok(change.clone()))?;
    session.report(&applied, &title);
    session.shell.say(&format!(
        "Next: cd {} && npm install && npm test && npm start",
        arguments.dir.display()
    ));
    Ok(0)
}

fn must_be_empty(root: &Path) -> Result<(), Failure> {
    let taken = match std::fs::read_dir(root) {
        // A git folder is what `git init` or a host's "new repository" leaves.
        Ok(entries) => entries.flatten().any(|entry| entry.file_name() != ".git"),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    };
    if taken {
        return Err(Failure::new(
            &errors::NOT_EMPTY,
            format!("`{}` is not an empty folder", root.display()),
        )
        .hint("name a folder that does not exist yet; for a project that exists, run `krepis init` in it"));
    }
    Ok(())
}

/// npm's rule for names, without a scope: <https://docs.npmjs.com/cli/v11/configuring-npm/package-json#name>.
fn package_name(arguments: &NewArguments, root: &Path) -> Result<String, Failure> {
    let name = arguments.name.clone().unwrap_or_else(|| {
        root.file_name()
            .map(|name| name.to_string_lossy().to_lowercase())
            .unwrap_or_default()
    });
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.~".contains(&byte);
    let bare = name
        .strip_prefix('@')
        .and_then(|scoped| scoped.split_once('/'))
        .map_or(name.as_str(), |(_, bare)| bare);
    if bare.is_empty() || bare.starts_with(['.', '_']) || !bare.bytes().all(good) || name.len() > 214 {
        return Err(Failure::new(
            &errors::BAD_NAME,
            format!("`{name}` is not the name of an npm package"),
        )
        .hint("give one with --name: lower-case letters, digits and -"));
    }
    Ok(name)
}

/// The version to ask a registry for, or the tarball.
fn version(session: &Session, arguments: &NewArguments, package: &str) -> Result<String, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let Some(folder) = &arguments.packages else {
        return Ok(format!("^{version}"));
    };
    let file: PathBuf = session
        .directory
        .join(folder)
        .join(format!("krepis-{package}-{version}.tgz"));
    if !file.is_file() {
        return Err(Failure::new(
            &errors::NO_TARBALL,
            format!("`{}` does not exist", file.display()),
        )
        .hint("fill the folder with `npm run pack -- DIR` in the krepis repository"));
    }
    Ok(format!("file:{}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_own_policy_is_valid() {
        let (path, text) = FILES
            .iter()
            .find(|(path, _)| *path == "krepis.json")
            .expect("there");
        krepis_rules::Config::parse(text, path).expect("valid");
    }
}
