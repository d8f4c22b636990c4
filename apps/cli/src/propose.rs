//! From commands to one change: run them, join what they propose.
//!
//! Commands run in parallel and see the workspace as it is. What they propose is joined by position, in command-line
//! order. Where positions alone cannot decide (two insertions into one empty list), the later command is asked again on top
//! of the earlier ones: a command is a pure function of its view, so that is the same as having run them one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use krepis_change::{Change, Failure, FileState, Overlay, Transition, Tree, WorkspacePath};
use krepis_host::plugin::Plugin;
use krepis_proto::v1::ChangeSet;

use crate::errors;

/// What to run.
#[derive(Debug, Clone)]
pub struct Request {
    /// What the user called it.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// A JSON object.
    pub options: serde_json::Value,
}

/// Where a command comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A built-in generator, by kind.
    Builtin(String),
    /// A module of the workspace, by absolute path.
    Module(PathBuf),
    /// A command of a plugin.
    Plugin { plugin: Arc<Plugin>, command: String },
}

/// Pending content over the disk.
pub type Pending = BTreeMap<WorkspacePath, FileState>;

/// Runs requests on top of pending content; one result a request, in order.
pub type Run<'a> = dyn FnMut(&[Request], &Pending) -> Result<Vec<Result<ChangeSet, Failure>>, Failure> + 'a;

/// What came of all requests.
#[derive(Debug, Default)]
pub struct Joined {
    /// What is to be applied: the good results, joined.
    pub change: Change,
    /// Names of the requests whose result is in `change`.
    pub landed: Vec<String>,
    /// The others, with their reasons, in command-line order.
    pub failed: Vec<(String, Failure)>,
}

/// Runs the requests against `tree` and joins their results.
pub fn propose(requests: &[Request], tree: &dyn Tree, run: &mut Run) -> Result<Joined, Failure> {
    let mut results: Vec<Result<ChangeSet, Failure>> = run(requests, &Pending::new())?;
    loop {
        match join(requests, &results, tree, run)? {
            Ok((change, landed)) => {
                let name = |index: usize| requests[index].name.clone();
                let failed = results
                    .into_iter()
                    .enumerate()
                    .filter_map(|(index, result)| result.err().map(|failure| (name(index), failure)))
                    .collect();
                return Ok(Joined {
                    change,
                    landed: landed.into_iter().map(name).collect(),
                    failed,
                });
            }
            // Both are refused, and the others are joined without them.
            Err(conflicts) => {
                for (index, failure) in conflicts {
                    results[index] = Err(failure);
                }
            }
        }
    }
}

type Conflicts = Vec<(usize, Failure)>;

/// Joins the good results in order; the conflicting pair if two of them cannot be.
fn join(
    requests: &[Request],
    results: &[Result<ChangeSet, Failure>],
    tree: &dyn Tree,
    run: &mut Run,
) -> Result<Result<(Change, Vec<usize>), Conflicts>, Failure> {
    let mut joined = Change::default();
    // Which request changed a path last, to name the other side of a conflict.
    let mut changed_by: BTreeMap<WorkspacePath, usize> = BTreeMap::new();
    let mut landed = Vec::new();
    // Sets that were joined by position alone; once one had to be asked again, the rest goes on top.
    let mut by_position: Option<Vec<ChangeSet>> = Some(Vec::new());
    for (index, result) in results.iter().enumerate() {
        let Ok(set) = result else { continue };
        let alone = match krepis_change::resolve(set, tree) {
            Ok(change) => change,
            Err(failure) => return Ok(Err(vec![(index, failure)])),
        };
        let touches = |path: &WorkspacePath| changed_by.contains_key(path);
        let separate = alone
            .transitions
            .iter()
            .map(|transition| &transition.path)
            .chain(alone.reads.iter().map(|read| &read.0))
            .all(|path| !touches(path));
        let merged = by_position.as_ref().and_then(|sets| {
            let all: Vec<ChangeSet> = sets.iter().cloned().chain([set.clone()]).collect();
            let merged = krepis_change::merge(&all, tree).ok()?;
            krepis_change::resolve(&merged, tree)
                .ok()
                .map(|change| (change, all))
        });
        if let Some((change, all)) = merged {
            joined = Change {
                title: joined.title,
                ..change
            };
            by_position = Some(all);
        } else if separate {
            joined = compose(joined, alone.clone());
            by_position = None;
        } else {
            by_position = None;
            let pending: Pending = joined.after().collect();
            let over = Overlay::new(tree, pending.clone());
            let again = run(std::slice::from_ref(&requests[index]), &pending)?
                .into_iter()
                .next()
                .unwrap_or_else(|| Ok(ChangeSet::default()))
                .and_then(|set| krepis_change::resolve(&set, &over));
            match again {
                Ok(change) => joined = compose(joined, change),
                Err(failure) => {
                    let other = alone.transitions.iter().find_map(|transition| {
                        Some((*changed_by.get(&transition.path)?, transition.path.clone()))
                    });
                    return Ok(Err(conflict(requests, index, other, &failure)));
                }
            }
        }
        for transition in &joined.transitions {
            changed_by.entry(transition.path.clone()).or_insert(index);
        }
        for transition in &alone.transitions {
            changed_by.insert(transition.path.clone(), index);
        }
        landed.push(index);
    }
    let titles: Vec<&str> = landed
        .iter()
        .filter_map(|index| results[*index].as_ref().ok())
        .map(|set| set.title.as_str())
        .collect();
    joined.title = titles.join("; ");
    Ok(Ok((joined, landed)))
}

fn conflict(
    requests: &[Request],
    index: usize,
    other: Option<(usize, WorkspacePath)>,
    failure: &Failure,
) -> Conflicts {
    let Some((earlier, path)) = other else {
        return vec![(index, failure.clone())];
    };
    let of = |this: usize, that: usize| {
        Failure::new(
            &errors::NOT_MERGED,
            format!(
                "the changes of `{}` and `{}` cannot be joined",
                requests[this].name, requests[that].name
            ),
        )
        .at_path(&path)
        .reason(format!("on top of the earlier one: {}", failure.message))
        .hint("run them one after the other")
    };
    vec![(earlier, of(earlier, index)), (index, of(index, earlier))]
}

/// `second` was resolved on top of `first`: the change that does both.
fn compose(first: Change, second: Change) -> Change {
    let written: BTreeSet<WorkspacePath> = first
        .transitions
        .iter()
        .map(|transition| transition.path.clone())
        .collect();
    let mut transitions: BTreeMap<WorkspacePath, Transition> = first
        .transitions
        .into_iter()
        .map(|transition| (transition.path.clone(), transition))
        .collect();
    for later in second.transitions {
        match transitions.remove(&later.path) {
            None => drop(transitions.insert(later.path.clone(), later)),
            Some(earlier) if earlier.before == later.after => {}
            Some(earlier) => {
                let both = Transition {
                    path: later.path.clone(),
                    before: earlier.before,
                    after: later.after,
                    edits: Vec::new(),
                    renamed_from: earlier.renamed_from.or(later.renamed_from),
                };
                transitions.insert(later.path, both);
            }
        }
    }
    let mut reads: BTreeMap<_, _> = first.reads.into_iter().collect();
    reads.extend(
        second
            .reads
            .into_iter()
            .filter(|(path, _)| !written.contains(path)),
    );
    Change {
        title: first.title,
        transitions: transitions.into_values().collect(),
        reads: reads.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use krepis_change::MemoryTree;
    use krepis_proto::v1::{Edit, FileChange};

    fn request(name: &str) -> Request {
        Request {
            name: name.into(),
            source: Source::Builtin(name.into()),
            options: serde_json::json!({}),
        }
    }

    /// Appends to the list of `a.ts` as it is in `tree`.
    fn append(name: &str, tree: &dyn Tree) -> ChangeSet {
        let path = WorkspacePath::parse("a.ts").expect("valid");
        let state = tree.state(&path).expect("readable");
        let text = state.as_text().expect("text");
        let close = text.find(']').expect("a list");
        let comma = if text.contains("[]") { "" } else { ", " };
        let at = u32::try_from(close).expect("small");
        ChangeSet {
            title: name.into(),
            files: vec![FileChange {
                path: "a.ts".into(),
                before: state.digest().map(|digest| digest.to_string()),
                edits: vec![Edit {
                    start: Some(at),
                    end: Some(at),
                    text: Some(format!("{comma}{name}")),
                    ..Edit::default()
                }],
                ..FileChange::default()
            }],
            ..ChangeSet::default()
        }
    }

    fn joined(text: &str, names: &[&str]) -> Joined {
        let tree = MemoryTree::of(&[("a.ts", text)]);
        let requests: Vec<Request> = names.iter().map(|name| request(name)).collect();
        propose(&requests, &tree, &mut |requests, pending| {
            let over = Overlay::new(&tree, pending.clone());
            Ok(requests
                .iter()
                .map(|request| Ok(append(&request.name, &over)))
                .collect())
        })
        .expect("joined")
    }

    #[test]
    fn additions_to_an_empty_list_all_land_in_order() {
        let joined = joined("[]", &["A", "B", "C"]);
        assert_eq!(joined.change.transitions[0].after.as_text(), Some("[A, B, C]"));
        assert_eq!(joined.landed, ["A", "B", "C"]);
        assert_eq!(joined.change.title, "A; B; C");
    }

    #[test]
    fn additions_to_a_list_all_land_in_order() {
        assert_eq!(
            joined("[X]", &["A", "B"]).change.transitions[0].after.as_text(),
            Some("[X, A, B]")
        );
    }

    #[test]
    fn what_cannot_be_joined_is_refused_on_both_sides_and_the_rest_lands() {
        let tree = MemoryTree::of(&[]);
        let create = |path: &str, text: &str| ChangeSet {
            title: text.into(),
            files: vec![FileChange {
                path: path.into(),
                body: Some(krepis_proto::v1::file_change::Body::Text(text.into())),
                ..FileChange::default()
            }],
            ..ChangeSet::default()
        };
        let requests = [request("one"), request("good"), request("two")];
        let joined = propose(&requests, &tree, &mut |requests, _| {
            Ok(requests
                .iter()
                .map(|request| {
                    Ok(create(
                        if request.name == "good" {
                            "good.ts"
                        } else {
                            "same.ts"
                        },
                        &request.name,
                    ))
                })
                .collect())
        })
        .expect("joined");
        assert_eq!(joined.landed, ["good"]);
        let failed: Vec<(&str, u8)> = joined
            .failed
            .iter()
            .map(|(name, failure)| (name.as_str(), failure.exit()))
            .collect();
        assert_eq!(failed, [("one", 3), ("two", 3)]);
    }
}
