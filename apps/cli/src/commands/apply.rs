//! `krepis apply FILE|-`: a change from anyone, through the whole way.

use krepis_change::{Change, Failure, Tree};

use crate::arguments::ApplyArguments;
use crate::session::{Session, judge};

pub fn run(session: &Session, arguments: &ApplyArguments) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    let input = session.input(&arguments.file)?;
    let plan = |tree: &dyn Tree| -> Result<Change, Failure> {
        let set =
            krepis_change::parse_input(&input, tree).map_err(|failure| named(failure, &arguments.file))?;
        let mut change = krepis_change::resolve(&set, tree)?;
        if change.title.is_empty() {
            change.title = match change.transitions.len() {
                1 => format!("change {}", change.transitions[0].path),
                count => format!("change {count} files"),
            };
        }
        Ok(change)
    };
    if arguments.dry_run {
        let tree = workspace.tree();
        let change = plan(&tree)?;
        judge(&tree, &change)?;
        session.preview(&change);
        return Ok(0);
    }
    // Looked at without the lock first: bad input must not make a `.krepis` folder.
    let title = plan(&workspace.tree())
        .and_then(|change| judge(&workspace.tree(), &change).map(|()| change.title))?;
    let mut meta = Session::meta(&workspace, &title);
    meta.verify.clone_from(&arguments.verify.command);
    let applied = session.transact(&workspace, meta, &mut |tree| plan(tree))?;
    session.confirm(&workspace, applied.operation.as_ref(), &arguments.verify)?;
    session.report(&applied, &title);
    Ok(0)
}

/// What does not parse has a place in the input, whose name only this side knows.
fn named(mut failure: Failure, file: &std::path::Path) -> Failure {
    if let Some(at) = failure.at.as_mut().filter(|at| at.path.is_empty()) {
        at.path = if file == std::path::Path::new("-") {
            "(input)".to_owned()
        } else {
            file.display().to_string()
        };
    }
    failure
}
