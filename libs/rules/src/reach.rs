//! What a project reaches through others: rules with `"transitive": true`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use krepis_change::WorkspacePath;
use krepis_facts::Place;

use crate::config::Judgement;
use crate::errors;
use crate::judge::{Broken, Judge, Named, frame};
use crate::report::{Step, Violation};
use crate::resolve::Target;
use crate::side::Side;
use crate::view::View;

/// An edge that leaves a project, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// Folder of the project.
    pub from: String,
    pub to: Node,
    pub path: WorkspacePath,
    pub at: Place,
    pub specifier: String,
    /// The manifest's key; `None` for an import.
    pub section: Option<&'static str>,
    pub dev: bool,
}

/// What a project depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// Another project, by its folder.
    Project(String),
    /// What is not of this workspace.
    External(Target),
}

impl Node {
    /// As a target of rules.
    pub fn target(&self) -> Target {
        match self {
            Self::Project(root) => WorkspacePath::parse(root)
                .map_or(Target::Unknown("it is the workspace itself"), Target::Project),
            Self::External(target) => target.clone(),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Project(root) if root.is_empty() => ".".to_owned(),
            Self::Project(root) => root.clone(),
            Self::External(target) => target.to_string(),
        }
    }
}

/// The edges between projects, one for each pair: what a manifest says stands before an import.
#[derive(Debug, Default)]
pub struct Hops(BTreeMap<String, BTreeMap<Node, Hop>>);

impl Hops {
    pub fn add(&mut self, hop: Hop) {
        let rank = |hop: &Hop| (hop.section.is_none(), hop.dev);
        let known = self.0.entry(hop.from.clone()).or_default();
        match known.get(&hop.to) {
            Some(before) if rank(before) <= rank(&hop) => {}
            _ => drop(known.insert(hop.to.clone(), hop)),
        }
    }

    /// True if there is an edge between two.
    pub fn has(&self, from: &str, to: &Node) -> bool {
        self.0.get(from).is_some_and(|known| known.contains_key(to))
    }

    /// The pairs, with whether the edge is for development.
    pub fn pairs(&self) -> BTreeSet<(&str, &Node, bool)> {
        let all = self.0.iter();
        all.flat_map(|(from, known)| known.iter().map(|(to, hop)| (from.as_str(), to, hop.dev)))
            .collect()
    }

    fn of(&self, from: &str) -> impl Iterator<Item = &Hop> {
        self.0.get(from).into_iter().flat_map(BTreeMap::values)
    }
}

/// The violations of transitive rules by paths of two edges and more; a single edge is judged where it stands.
///
/// Development dependencies count for the first edge only: those of a dependency are not used with it.
pub fn violations(judge: &Judge<'_>, view: &View<'_>, hops: &Hops) -> Vec<Violation> {
    let mut found = Vec::new();
    for from in hops.0.keys() {
        let side = Side::of_folder(judge, view, from);
        for (rule, bound) in judge.transitive(&side) {
            let Judgement::Deny(denied) = &rule.judgement else {
                continue;
            };
            // Breadth first, so that the path shown is a shortest one.
            let mut seen: BTreeSet<&Node> = BTreeSet::new();
            let own = Node::Project(from.clone());
            seen.insert(&own);
            let mut queue: VecDeque<Vec<&Hop>> = hops
                .of(from)
                .filter(|hop| rule.dev || !hop.dev)
                .map(|hop| vec![hop])
                .collect();
            while let Some(path) = queue.pop_front() {
                let Some(last) = path.last() else { continue };
                if !seen.insert(&last.to) {
                    continue;
                }
                let target = last.to.target();
                let to = Side::of_target(judge, view, &target);
                let is_own_element = to.project.map(Named::Element) == Some(bound);
                let named = denied
                    .iter()
                    .find_map(|one| judge.named(one, &target, &to, false))
                    .filter(|_| !is_own_element);
                match (named, &last.to) {
                    (Some(named), _) => {
                        if path.len() > 1 {
                            let broken = Broken {
                                rule,
                                from: bound,
                                to: named,
                                binds_project: true,
                            };
                            found.push(violation(judge, view, &broken, &side, &to, &target, &path));
                        }
                    }
                    (None, Node::Project(root)) => {
                        let next = hops.of(root).filter(|hop| !hop.dev);
                        queue.extend(next.map(|hop| [path.as_slice(), &[hop]].concat()));
                    }
                    (None, Node::External(_)) => {}
                }
            }
        }
    }
    found
}

fn violation(
    judge: &Judge<'_>,
    view: &View<'_>,
    broken: &Broken<'_>,
    from: &Side,
    to: &Side,
    target: &Target,
    path: &[&Hop],
) -> Violation {
    let first = path[0];
    let rule = broken.rule;
    Violation {
        code: &errors::REACHED,
        rule: rule.id.clone(),
        path: first.path.clone(),
        line: first.at.line,
        column: first.at.column,
        from: judge.name_of(broken.from, from, None),
        to: judge.name_of(broken.to, to, Some(target)),
        specifier: first.specifier.clone(),
        section: first.section,
        target: target.to_string(),
        type_only: false,
        frame: frame(view, &first.path, first.at),
        why: rule.why.clone(),
        fix: rule.fix.clone().unwrap_or_else(|| {
            format!(
                "cut one of the {} edges, for example by an interface that `{}` owns and the application binds",
                path.len(),
                judge.name_of(broken.from, from, None)
            )
        }),
        steps: path
            .iter()
            .map(|hop| Step {
                from: Node::Project(hop.from.clone()).shown(),
                to: hop.to.shown(),
                path: hop.path.clone(),
                line: hop.at.line,
                column: hop.at.column,
            })
            .collect(),
    }
}
