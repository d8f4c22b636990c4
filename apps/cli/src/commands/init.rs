//! `krepis init`: krepis.json for a project that exists, and a baseline of what already breaks its rules.

use krepis_change::{Change, Failure, FileState, Overlay, Transition, Tree, WorkspacePath};
use krepis_rules::Config;
use krepis_workspace::Workspace;

use crate::arguments::InitArguments;
use crate::errors;
use crate::session::{Session, judge};

pub fn run(session: &Session, arguments: &InitArguments) -> Result<u8, Failure> {
    let workspace = Workspace::at(&session.directory);
    if !workspace.root().join("package.json").is_file() {
        return Err(Failure::new(
            &errors::NO_PROJECT,
            format!("no package.json in {}", workspace.root().display()),
        )
        .hint("run it in a project's folder, or `krepis new DIR` for a new service"));
    }
    let title = "init";
    let plan = |tree: &dyn Tree| change(tree, title);
    let tree = workspace.tree();
    let planned = plan(&tree)?;
    judge(&tree, &planned)?;
    if arguments.dry_run {
        session.preview(&planned);
        return Ok(0);
    }
    let meta = Session::meta(&workspace, title);
    let applied = session.transact(&workspace, meta, &mut |tree| plan(tree))?;
    session.report(&applied, title);
    session.shell.say("Next: krepis check, or krepis g service NAME");
    Ok(0)
}

fn change(tree: &dyn Tree, title: &str) -> Result<Change, Failure> {
    let path = WorkspacePath::parse("krepis.json")?;
    let there = tree.state(&path).is_ok_and(|state| !state.is_absent());
    if there {
        return Err(Failure::new(
            &errors::ALREADY_INITIALISED,
            "this project has a krepis.json already",
        )
        .at_path(&path)
        .hint("edit it, then run `krepis check`"));
    }
    let text = krepis_rules::propose_config(tree)?;
    let config = Config::parse(&text, path.as_str())?;
    let after = FileState::text(&text);
    let with_config = Overlay::new(tree, [(path.clone(), after.clone())]);
    let baseline = krepis_rules::baseline_change(
        &with_config,
        &config,
        &krepis_rules::check(&with_config, &config)?,
    )?;
    let mut transitions = baseline.transitions;
    transitions.push(Transition {
        path,
        before: FileState::Absent,
        after,
        edits: Vec::new(),
        renamed_from: None,
    });
    transitions.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(Change {
        title: title.to_owned(),
        transitions,
        reads: Vec::new(),
    })
}
