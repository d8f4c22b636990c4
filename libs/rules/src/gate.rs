//! A change judged before it is written.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use krepis_change::{Change, Failure, FileState, Overlay, Transition, Tree, WorkspacePath};
use rayon::prelude::*;

use crate::baseline::{Baseline, BaselineEntry};
use crate::check::{self, sources};
use crate::config::{CONFIG_PATH, Config, load_config};
use crate::errors;
use crate::importers;
use crate::judge::{Judge, Judged};
use crate::manifest;
use crate::reach::Hops;
use crate::report::{UnknownImport, Violation};
use crate::resolve::is_structural;
use crate::source::{Source, is_always_analysed};
use crate::view::View;
use crate::walk;

/// What the gate says of a change that may pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Imports and files that nothing can be said about and that were not so before.
    pub unknown: Vec<UnknownImport>,
    /// Files that were analysed.
    pub files: usize,
}

/// Judges the workspace as it would be. Refused is only what the change *adds*: a violation that was there before, by
/// rule, file and target, does not count, whether or not a baseline names it; where the change renames files, their old
/// names stand for the new ones.
///
/// It is judged by the policy before the change and, if the change touches krepis.json, by the new one too: a change
/// cannot switch off its own judge. A workspace whose krepis.json is broken can be changed only by mending that.
///
/// Only what can differ is looked at: the changed files, and files that import what is created, deleted or renamed. If a
/// change alters how modules are found (`paths` of a tsconfig.json, `exports` of a package.json), that is every file.
///
/// # Errors
/// `KRP3101` to `KRP3103` (exit 4) violations added, all of them; `KRP3201` (exit 2) a syntax error added; `KRP3001` to
/// `KRP3010` (exit 2) a krepis.json or baseline that is broken.
pub fn gate(before: &dyn Tree, change: &Change) -> Result<Verdict, Failure> {
    krepis_facts::pool().install(|| Gate::new(before, change).judge())
}

struct Gate<'t> {
    change: &'t Change,
    before: View<'t>,
    before_tree: &'t dyn Tree,
    /// New names of renamed files, by old name.
    moved: HashMap<&'t str, &'t str>,
}

/// A changed file, before and after. What was before is parsed only if something is wrong after.
struct Changed {
    before: Option<LazyLock<Source, Box<dyn FnOnce() -> Source + Send>>>,
    after: Option<Source>,
}

impl Changed {
    fn before(&self) -> Option<&Source> {
        self.before.as_ref().map(LazyLock::force)
    }
}

impl<'t> Gate<'t> {
    fn new(before: &'t dyn Tree, change: &'t Change) -> Self {
        let moved = change
            .transitions
            .iter()
            .filter_map(|transition| {
                Some((
                    transition.renamed_from.as_ref()?.as_str(),
                    transition.path.as_str(),
                ))
            })
            .collect();
        Self {
            change,
            before: View::new(before),
            before_tree: before,
            moved,
        }
    }

    fn judge(&self) -> Result<Verdict, Failure> {
        let after_tree = Overlay::new(self.before_tree, self.change.after());
        let after = View::new(&after_tree);
        let policies = self.policies(&after_tree, &after)?;
        let changed = self.changed();
        let mut failures = Vec::new();
        let mut verdict = Verdict::default();
        for policy in &policies {
            let judged = self.by(policy, &after_tree, &after, &changed)?;
            verdict.files = verdict.files.max(judged.files);
            verdict.unknown.extend(judged.unknown);
            for violation in judged.added {
                let failure = violation.to_failure();
                if !failures.contains(&failure) {
                    failures.push(failure);
                }
            }
        }
        let counts = |source: &Source| {
            is_always_analysed(source.path.as_str())
                || policies
                    .iter()
                    .any(|policy| walk::is_covered(policy, &source.path))
        };
        failures.extend(new_syntax_errors(&changed, counts));
        verdict.unknown.sort_unstable();
        verdict.unknown.dedup();
        match Failure::join(failures) {
            Some(failure) => Err(failure),
            None => Ok(verdict),
        }
    }

    fn transition(&self, path: &str) -> Option<&'t Transition> {
        self.change
            .transitions
            .iter()
            .find(|transition| transition.path.as_str() == path)
    }

    /// The policy before, and the one after if the change touches it.
    fn policies(&self, after_tree: &dyn Tree, after: &View<'_>) -> Result<Vec<Config>, Failure> {
        let old = load_config(self.before_tree);
        let Some(_) = self.transition(CONFIG_PATH) else {
            return Ok(vec![self.with_baseline(old?)?]);
        };
        let new = load_config(after_tree)?;
        let kept = |index: usize| {
            let element = &new.elements[index];
            old.as_ref().is_ok_and(|old| {
                old.elements.iter().any(|other| {
                    other.name == element.name
                        && other.files == element.files
                        && other.projects == element.projects
                })
            })
        };
        if (0..new.elements.len()).any(|index| !kept(index)) {
            let files = sources(after, &new)?;
            if let Some(failure) = check::empty_elements(after, &new, &files, |index| !kept(index)) {
                return Err(failure);
            }
        }
        let new = self.with_baseline(new)?;
        Ok(old.into_iter().chain([new]).collect())
    }

    /// A baseline written by the change must be one. It excuses nothing here.
    fn with_baseline(&self, config: Config) -> Result<Config, Failure> {
        let path = config.baseline_path();
        match self.transition(path.as_str()).map(|transition| &transition.after) {
            None | Some(FileState::Absent) => Ok(config),
            Some(state) => {
                Baseline::parse(state.as_text().unwrap_or_default(), path.as_str()).map(|_| config)
            }
        }
    }

    /// The changed source files, parsed.
    fn changed(&self) -> Vec<Changed> {
        let old = |path: &WorkspacePath| {
            self.change
                .transitions
                .iter()
                .find(|transition| transition.path == *path)
                .map(|transition| &transition.before)
        };
        let bytes = |path: &WorkspacePath, state: &FileState| -> Option<Arc<[u8]>> {
            let is_read = is_always_analysed(path.as_str()) || manifest::kind_of(path.as_str()).is_some();
            state.bytes().filter(|_| is_read).cloned()
        };
        let later = |path: &WorkspacePath, state: &FileState| {
            let (path, bytes) = (path.clone(), bytes(path, state)?);
            let parse: Box<dyn FnOnce() -> Source + Send> = Box::new(move || Source::of(&path, bytes));
            Some(LazyLock::new(parse))
        };
        let one = |transition: &Transition| {
            let after = bytes(&transition.path, &transition.after);
            let after = after.map(|bytes| Source::of(&transition.path, bytes));
            // A renamed file is compared with itself under its old name.
            let before = match &transition.renamed_from {
                Some(from) => old(from).and_then(|state| later(from, state)),
                None => later(&transition.path, &transition.before),
            };
            (before.is_some() || after.is_some()).then_some(Changed { before, after })
        };
        if self.change.transitions.len() < 4 {
            return self.change.transitions.iter().filter_map(one).collect();
        }
        self.change.transitions.par_iter().filter_map(one).collect()
    }

    fn by(
        &self,
        policy: &Config,
        after_tree: &dyn Tree,
        after: &View<'_>,
        changed: &[Changed],
    ) -> Result<Outcome, Failure> {
        if self.change.transitions.iter().any(is_structural) {
            return self.whole(policy, after_tree, changed.len());
        }
        let judge = Judge::new(policy);
        let importers = importers::affected(&self.before, &judge, self.change)?;
        let covered = |source: &&Source| walk::is_covered(policy, &source.path);
        let news = changed
            .iter()
            .filter_map(|one| one.after.as_ref())
            .filter(covered)
            .chain(&importers);
        let new = collect(news.map(|source| judge.file(after, source)));
        let old = if new.violations.is_empty() && new.unknown.is_empty() && !judge.keeps_hops {
            Judged::default()
        } else {
            let olds = changed
                .iter()
                .filter_map(Changed::before)
                .filter(covered)
                .chain(&importers);
            collect(olds.map(|source| judge.file(&self.before, source)))
        };
        // Only edges between projects that come or go can lead further than where they stand.
        if judge.keeps_hops && hops(&old).pairs() != hops(&new).pairs() {
            return self.whole(policy, after_tree, changed.len());
        }
        let known: HashSet<(&WorkspacePath, &str)> = old
            .unknown
            .iter()
            .map(|one| (&one.path, one.specifier.as_str()))
            .collect();
        let unknown = new
            .unknown
            .iter()
            .filter(|one| !known.contains(&(&one.path, one.specifier.as_str())))
            .cloned()
            .collect();
        Ok(Outcome {
            added: self.added(old.violations, new.violations),
            unknown,
            files: changed.len() + importers.len(),
        })
    }

    /// The same by all files: what a change means can reach any of them.
    fn whole(&self, policy: &Config, after_tree: &dyn Tree, files: usize) -> Result<Outcome, Failure> {
        let old = check::violations(self.before_tree, policy)?;
        let new = check::violations(after_tree, policy)?;
        Ok(Outcome {
            added: self.added(old, new),
            unknown: Vec::new(),
            files,
        })
    }

    /// The violations of `new` that are not in `old`, by name before or after a rename.
    fn added(&self, old: Vec<Violation>, new: Vec<Violation>) -> Vec<Violation> {
        let mut known: HashSet<BaselineEntry> = HashSet::new();
        for violation in old {
            let entry = violation.entry();
            let mut renamed = entry.clone();
            if let Some(path) = self
                .moved
                .get(entry.file.as_str())
                .and_then(|path| WorkspacePath::parse(path).ok())
            {
                renamed.file = path;
            }
            if let Some(target) = self.moved.get(entry.target.as_str()) {
                (*target).clone_into(&mut renamed.target);
            }
            known.extend([entry, renamed]);
        }
        let mut added: Vec<Violation> = new
            .into_iter()
            .filter(|violation| !known.contains(&violation.entry()))
            .collect();
        added.sort_by(|left, right| {
            (&left.path, left.line, left.column).cmp(&(&right.path, right.line, right.column))
        });
        added
    }
}

struct Outcome {
    added: Vec<Violation>,
    unknown: Vec<UnknownImport>,
    files: usize,
}

fn collect(judged: impl Iterator<Item = Judged>) -> Judged {
    judged.fold(Judged::default(), |mut all, one| {
        all.violations.extend(one.violations);
        all.unknown.extend(one.unknown);
        all.hops.extend(one.hops);
        all
    })
}

fn hops(judged: &Judged) -> Hops {
    let mut all = Hops::default();
    judged.hops.iter().for_each(|hop| all.add(hop.clone()));
    all
}

/// Files that do not parse after the change and did before, or have an error they did not have.
fn new_syntax_errors(changed: &[Changed], counts: impl Fn(&Source) -> bool) -> Vec<Failure> {
    let mut failures = Vec::new();
    for one in changed {
        let Some(after) = one
            .after
            .as_ref()
            .filter(|after| !after.facts.errors.is_empty() && counts(after))
        else {
            continue;
        };
        let known = one.before().map_or(&[][..], |before| &before.facts.errors);
        let new = after.facts.errors.iter().find(|error| {
            let count = |errors: &[krepis_facts::SyntaxError]| {
                errors
                    .iter()
                    .filter(|other| other.message == error.message)
                    .count()
            };
            count(&after.facts.errors) > count(known)
        });
        if let Some(error) = new {
            let frame = krepis_facts::code_frame(after.text(), error.at);
            failures.push(
                Failure::new(
                    &errors::NEW_SYNTAX_ERROR,
                    format!("{} would have a syntax error: {}", after.path, error.message),
                )
                .at(after.path.as_str(), error.at.line, error.at.column)
                .reason(frame)
                .hint("nothing was written; mend the text in the change and propose it again"),
            );
        }
    }
    failures
}
