//! One sequence: does what an action says to a real folder and holds the engine to the law.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use krepis_change::{Change, Failure, FileState, Span, Transition, WorkspacePath};
use krepis_history::failpoints::{Crash, Fault, arm, disarm};
use krepis_history::{Decision, History, Intent, Meta, Operation, Owner, Stage, UndoOptions};
use proptest::test_runner::TestCaseError;
use tempfile::TempDir;

use crate::action::{Action, At, Edit, NAMES, PATHS, Strike, Wish};
use crate::oracle::{Entry, Expected, Model, Moved, OBSTACLES, Planned, Resolve, Verdict, changed};
use crate::world::{Shown, Tree, above, is_obstructed, put, read, remove, state, written};

type Checked<T = ()> = Result<T, TestCaseError>;

macro_rules! ensure {
    ($condition:expr, $($text:tt)*) => {
        if !$condition {
            return Err(TestCaseError::fail(format!($($text)*)));
        }
    };
}

/// How often each kind of thing happened, so that a run can show that it tried them.
#[derive(Debug, Default, Clone)]
pub struct Counts(pub BTreeMap<&'static str, u64>);

impl Counts {
    pub fn add(&mut self, name: &'static str) {
        *self.0.entry(name).or_default() += 1;
    }
}

pub struct Bench {
    folder: TempDir,
    history: History,
    model: Model,
    /// Number of the next line that is nowhere else.
    line: usize,
    pub counts: Counts,
}

/// What came of an operation.
enum Fate {
    Done,
    Refused(Failure),
    /// It died or failed and left nothing.
    Vanished,
    /// It died, and with what a user did then the tree is what it is.
    Decided,
}

/// In memory where there is such a folder: no sync costs anything there.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    }
    .expect("a folder")
}

impl Bench {
    pub fn new() -> Self {
        let folder = folder();
        let probe = folder.path().join("probe");
        fs::create_dir(&probe).expect("folder");
        let folder_mode = fs::metadata(&probe).expect("there").permissions().mode() & 0o7777;
        fs::remove_dir(&probe).expect("removed");
        let history = History::new(folder.path());
        for name in ["b.ts", "c/d.ts"] {
            let text: String = (0..7).map(|number| format!("{}{number}\n", &name[..1])).collect();
            put(folder.path(), name, &FileState::text(&text));
        }
        let tree = read(folder.path());
        let model = Model {
            tree,
            folder_mode,
            ..Model::default()
        };
        Self {
            folder,
            history,
            model,
            line: 0,
            counts: Counts::default(),
        }
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn act(&mut self, action: &Action) -> Checked {
        match action {
            Action::User(at, wish) => self.user(*at, wish),
            Action::Folder(at, mode) => self.folder(*at, *mode),
            Action::Apply(files, strike) => self.apply(files, strike.as_ref())?,
            Action::Observe(files, dies) => self.observe(files, *dies)?,
            Action::Stale(at) => self.stale(*at)?,
            Action::Undo {
                back,
                paths,
                resolve,
                strike,
            } => {
                let number = match back {
                    None => self.model.next_undo(),
                    Some(back) => self.model.entries.len().checked_sub(back + 1),
                };
                if back.is_some() && number.is_none() {
                    return Ok(());
                }
                let named = number.filter(|_| back.is_some());
                let options = self.options(named, paths, *resolve);
                self.reverse(number, false, &options, *resolve, strike.as_ref())?;
            }
            Action::Redo {
                paths,
                resolve,
                strike,
            } => {
                let options = self.options(None, paths, *resolve);
                let number = self.model.next_redo();
                self.reverse(number, true, &options, *resolve, strike.as_ref())?;
            }
        }
        self.check_history()
    }

    fn options(&self, named: Option<usize>, paths: &[usize], resolve: Resolve) -> UndoOptions {
        UndoOptions {
            operation: named.map(|number| self.model.entries[number].id.to_string()),
            paths: paths.iter().map(|at| path(NAMES[*at])).collect(),
            force: resolve == Resolve::Force,
            skip: resolve == Resolve::Skip,
        }
    }

    fn fresh(&mut self) -> String {
        self.line += 1;
        format!("line{}\n", self.line)
    }

    /// The states that a wish is for, by path.
    fn wanted(&mut self, at: At, wish: &Wish) -> Vec<(String, FileState, Option<String>)> {
        let name = PATHS[at].to_owned();
        let today = state(&self.model.tree, &name);
        match wish {
            Wish::Is(wanted) => vec![(name, wanted.0.clone(), None)],
            Wish::Mode(mode) => match today {
                FileState::File { bytes, .. } => vec![(name, FileState::File { bytes, mode: *mode }, None)],
                _ => Vec::new(),
            },
            Wish::RenamedTo(to) => {
                let to = PATHS[*to].to_owned();
                if to == name || today.is_absent() || !state(&self.model.tree, &to).is_absent() {
                    return Vec::new();
                }
                vec![(name.clone(), FileState::Absent, None), (to, today, Some(name))]
            }
            Wish::Lines(edits) => {
                let mode = if let FileState::File { mode, .. } = &today {
                    *mode
                } else {
                    0o644
                };
                let mut lines: Vec<String> = match today.as_text() {
                    Some(text) if text.ends_with('\n') => {
                        text.split_inclusive('\n').map(str::to_owned).collect()
                    }
                    _ => (0..5).map(|_| self.fresh()).collect(),
                };
                for (edit, at) in edits {
                    let at = at % (lines.len() + 1);
                    match edit {
                        Edit::Insert => lines.insert(at, self.fresh()),
                        Edit::Replace if at < lines.len() => lines[at] = self.fresh(),
                        Edit::Delete if at < lines.len() && lines.len() > 1 => drop(lines.remove(at)),
                        _ => {}
                    }
                }
                let bytes = lines.concat().into_bytes().into();
                vec![(name, FileState::File { bytes, mode }, None)]
            }
        }
    }

    fn user(&mut self, at: At, wish: &Wish) {
        for (name, wanted, _) in self.wanted(at, wish) {
            put(self.root(), &name, &wanted);
        }
        self.model.tree = read(self.root());
        self.counts.add("user edits");
    }

    fn folder(&mut self, at: At, mode: u32) {
        let target = self.root().join(PATHS[at]);
        if !target.is_dir() || target.is_symlink() {
            remove(&target);
            // A file above the path: then that is what there is.
            drop(fs::create_dir_all(&target));
        }
        if target.is_dir() && !target.is_symlink() {
            fs::set_permissions(&target, fs::Permissions::from_mode(mode)).expect("mode");
        }
        for above in above(PATHS[at]).map(|it| self.root().join(it)) {
            if above.is_dir() && !above.is_symlink() {
                fs::set_permissions(&above, fs::Permissions::from_mode(mode)).expect("mode");
            }
        }
        self.model.tree = read(self.root());
        self.counts.add("folders made or changed");
    }

    /// `None` if the wishes come to nothing, or to two things at one place.
    fn change(&mut self, files: &[(At, Wish)]) -> Option<Change> {
        let mut wanted = BTreeMap::new();
        for (at, wish) in files {
            for (name, state, from) in self.wanted(*at, wish) {
                wanted.insert(name, (state, from));
            }
        }
        let transitions: Vec<Transition> = wanted
            .into_iter()
            .map(|(name, (after, from))| {
                let before = state(&self.model.tree, &name);
                Transition {
                    path: path(&name),
                    edits: edits(&before, &after),
                    before,
                    after,
                    renamed_from: from.as_deref().map(path),
                }
            })
            .filter(|one| one.before != one.after)
            .collect();
        let comes = |name: &str| {
            transitions
                .iter()
                .any(|one| one.path.as_str() == name && !one.after.is_absent())
        };
        let goes = |name: &WorkspacePath| {
            transitions
                .iter()
                .any(|one| one.path == *name && one.after.is_absent())
        };
        let clash = transitions
            .iter()
            .any(|one| !one.after.is_absent() && above(one.path.as_str()).any(comes));
        let torn = transitions
            .iter()
            .any(|one| one.renamed_from.as_ref().is_some_and(|old| !goes(old)));
        (!transitions.is_empty() && !clash && !torn).then(|| Change {
            title: "step".into(),
            transitions,
            reads: Vec::new(),
        })
    }

    fn apply(&mut self, files: &[(At, Wish)], strike: Option<&Strike>) -> Checked {
        let Some(change) = self.change(files) else {
            return Ok(());
        };
        let goals = change
            .transitions
            .iter()
            .map(|one| (one.path.to_string(), one.after.clone()))
            .collect();
        let expected = written(&self.model.tree, &goals, &BTreeSet::new(), self.model.folder_mode);
        let fate = self.perform(strike, &|history| {
            history.apply(&change, Intent::apply(Meta::default()))
        })?;
        match (fate, expected) {
            (Fate::Done, Some((tree, made))) => {
                self.equal(&tree)?;
                let files = change
                    .transitions
                    .iter()
                    .map(|one| (one.path.to_string(), (one.before.clone(), one.after.clone())))
                    .collect();
                self.counts.add("applied");
                self.push(files, None, made)
            }
            (Fate::Refused(failure), None) => {
                self.counts.add("refused: in the way");
                ensure!(OBSTACLES.contains(&failure.code.id), "{failure:?}");
                Ok(())
            }
            (Fate::Vanished | Fate::Decided, _) => Ok(()),
            (Fate::Done, None) => Err(TestCaseError::fail("something stood in the way")),
            (Fate::Refused(failure), Some(_)) => Err(TestCaseError::fail(format!(
                "nothing stood in the way: {failure:?}"
            ))),
        }
    }

    fn stale(&mut self, at: At) -> Checked {
        let name = PATHS[at];
        let one = Transition {
            path: path(name),
            before: FileState::text("never there\n"),
            after: FileState::text("wanted\n"),
            edits: Vec::new(),
            renamed_from: None,
        };
        let change = Change {
            title: "stale".into(),
            transitions: vec![one],
            reads: Vec::new(),
        };
        let Fate::Refused(failure) = self.perform(None, &|history| {
            history.apply(&change, Intent::apply(Meta::default()))
        })?
        else {
            return Err(TestCaseError::fail("a stale change was applied"));
        };
        let obstructed = is_obstructed(&self.model.tree, name) && OBSTACLES.contains(&failure.code.id);
        ensure!(failure.code.id == "KRP4021" || obstructed, "{failure:?}");
        self.counts.add("refused: stale");
        Ok(())
    }

    /// What another program writes is what is there afterwards: it is held only to be undone rightly.
    fn observe(&mut self, files: &[(At, Wish)], dies: bool) -> Checked {
        let Some(change) = self.change(files) else {
            return Ok(());
        };
        let before: BTreeMap<String, FileState> = change
            .transitions
            .iter()
            .map(|one| (one.path.to_string(), one.before.clone()))
            .collect();
        let mut owner = Owner::of(std::process::id()).expect("this process");
        if dies {
            owner.start_time += 1;
        }
        let id = self
            .history
            .observe(&change, Meta::default(), owner)
            .map_err(|failure| TestCaseError::fail(format!("{failure:?}")))?;
        let folders = folders(&self.model.tree);
        for one in &change.transitions {
            put(self.root(), one.path.as_str(), &one.after);
        }
        self.model.tree = read(self.root());
        let completed = if dies {
            self.history.recover().map(drop)
        } else {
            self.history.complete(id).map(drop)
        };
        completed.map_err(|failure| TestCaseError::fail(format!("{failure:?}")))?;
        self.equal(&self.model.tree.clone())?;
        let files: BTreeMap<String, (FileState, FileState)> = before
            .into_iter()
            .map(|(name, before)| {
                let after = state(&self.model.tree, &name);
                (name, (before, after))
            })
            .filter(|(_, (before, after))| before != after)
            .collect();
        self.counts.add("observed");
        if files.is_empty() {
            return Ok(());
        }
        let made = change
            .transitions
            .iter()
            .flat_map(|one| above(one.path.as_str()).map(str::to_owned).collect::<Vec<_>>())
            .filter(|folder| !folders.contains(folder))
            .collect::<BTreeSet<String>>();
        let now = self::folders(&self.model.tree);
        self.push(files, None, made.intersection(&now).cloned().collect())
    }

    fn reverse(
        &mut self,
        number: Option<usize>,
        redo: bool,
        options: &UndoOptions,
        resolve: Resolve,
        strike: Option<&Strike>,
    ) -> Checked {
        let named: Vec<String> = options.paths.iter().map(ToString::to_string).collect();
        let expected = match number {
            Some(number) => self.model.reversal(number, redo, &named, resolve),
            None if redo => Expected::Refused(&["KRP4012"]),
            None => Expected::Refused(&["KRP4011"]),
        };
        let fate = self.perform(strike, &|history| {
            let outcome = if redo {
                history.redo(Meta::default(), options)
            } else {
                history.undo(Meta::default(), options)
            };
            outcome.map(|(operation, _)| operation)
        })?;
        match (fate, expected) {
            (Fate::Vanished | Fate::Decided, _) => Ok(()),
            (Fate::Refused(failure), Expected::Refused(codes)) => {
                ensure!(codes.contains(&failure.code.id), "{codes:?}, but {failure:?}");
                self.counts.add(match failure.code.id {
                    "KRP4014" => "refused: conflict",
                    "KRP4031" | "KRP4032" | "KRP4033" => "refused: in the way",
                    _ => "refused: nothing to do",
                });
                Ok(())
            }
            (Fate::Refused(failure), Expected::Happens { or_conflict, .. }) => {
                ensure!(
                    or_conflict && failure.code.id == "KRP4014",
                    "refused: {failure:?}"
                );
                self.counts.add("refused: touching edits");
                Ok(())
            }
            (Fate::Done, Expected::Refused(codes)) => {
                let (before, now) = (&self.model.tree, read(self.root()));
                Err(TestCaseError::fail(format!(
                    "it had to be refused: {codes:?}; the tree was {before:?}\nand is {now:?}"
                )))
            }
            (
                Fate::Done,
                Expected::Happens {
                    planned,
                    moved,
                    root,
                    forward,
                    ..
                },
            ) => {
                let actual = read(self.root());
                let results = self.results(&actual, &planned, &moved, resolve)?;
                let removable = self.model.removable(&results, root, forward);
                let goals = changed(&self.model.tree, results.clone());
                let wanted = written(&self.model.tree, &goals, &removable, self.model.folder_mode);
                let Some((tree, made)) = wanted else {
                    return Err(TestCaseError::fail("something stood in the way"));
                };
                self.equal(&tree)?;
                let files = results
                    .into_iter()
                    .map(|(name, after)| {
                        let before = state(&self.model.tree, &name);
                        (name, (before, after))
                    })
                    .collect();
                self.counts.add(if redo { "redone" } else { "undone" });
                self.push(files, Some((root, forward)), made)
            }
        }
    }

    /// What became of every file of an undo or a redo, each held to its verdict.
    fn results(
        &mut self,
        actual: &Tree,
        planned: &BTreeMap<String, Planned>,
        moved: &[Moved],
        resolve: Resolve,
    ) -> Checked<BTreeMap<String, FileState>> {
        let mut results = BTreeMap::new();
        for one in moved {
            let (old, new) = (state(actual, &one.old), state(actual, &one.new));
            let fits = match &one.verdict {
                Verdict::Exactly(goal) => old == *goal,
                Verdict::Touching(law) => law.check(&old).is_ok(),
                Verdict::Conflict => false,
            };
            if new.is_absent() && fits {
                self.counts.add("files renamed back with edits");
                results.insert(one.old.clone(), old);
                results.insert(one.new.clone(), new);
            } else {
                ensure!(
                    resolve != Resolve::Refuse && matches!(one.verdict, Verdict::Touching(_)),
                    "{one:?}: {:?} {:?}",
                    Shown(old),
                    Shown(new)
                );
            }
        }
        for (name, Planned { verdict, before }) in planned {
            if results.contains_key(name) {
                continue;
            }
            let (today, result) = (state(&self.model.tree, name), state(actual, name));
            let resolved = match resolve {
                Resolve::Refuse => None,
                Resolve::Force => Some(before),
                Resolve::Skip => Some(&today),
            };
            match verdict {
                Verdict::Exactly(goal) => ensure!(
                    result == *goal,
                    "`{name}` was {:?}\nis {:?}\nand not {:?}",
                    Shown(today),
                    Shown(result),
                    Shown(goal.clone())
                ),
                Verdict::Conflict => ensure!(Some(&result) == resolved, "`{name}` is {:?}", Shown(result)),
                Verdict::Touching(law) => {
                    if let Err(why) = law.check(&result) {
                        ensure!(Some(&result) == resolved, "`{name}`: {why}");
                    }
                    self.counts.add("touching edits merged");
                }
            }
            results.insert(name.clone(), result);
        }
        Ok(results)
    }

    /// Does it, with what strikes; brings to its end what that interrupted.
    fn perform(
        &mut self,
        strike: Option<&Strike>,
        act: &dyn Fn(&History) -> Result<Operation, Failure>,
    ) -> Checked<Fate> {
        let before = self.model.tree.clone();
        match strike {
            Some(Strike::Crash(at, _) | Strike::CrashAndEdit(at, ..)) => arm(*at, Fault::Crash),
            Some(Strike::Error(at, errno)) => arm(*at, Fault::Error(*errno)),
            Some(Strike::Errors(at, errno)) => arm(*at, Fault::Errors(*errno)),
            None => disarm(),
        }
        let outcome = crashes(|| act(&self.history));
        disarm();
        let failed = ["KRP4001", "KRP4034", "KRP4035", "KRP4036", "KRP4041"];
        match outcome {
            Some(Ok(_)) => return Ok(Fate::Done),
            Some(Err(failure)) if !failed.contains(&failure.code.id) => {
                self.unchanged(&before)?;
                return Ok(Fate::Refused(failure));
            }
            Some(Err(failure)) => {
                self.counts.add("failed calls");
                ensure!(
                    matches!(strike, Some(Strike::Error(..) | Strike::Errors(..))),
                    "{failure:?}"
                );
                if matches!(strike, Some(Strike::Error(..))) {
                    ensure!(self.open() == 0, "left open after one error: {failure:?}");
                }
            }
            None => self.counts.add("crashes"),
        }
        if let Some(Strike::CrashAndEdit(_, at, wish, decision)) = strike {
            return self.decide(*at, wish, *decision);
        }
        if let Some(Strike::Crash(_, again)) = strike {
            for at in again {
                arm(*at, Fault::Crash);
                let recovered = crashes(|| self.history.recover());
                disarm();
                match recovered {
                    None => self.counts.add("crashes of the recovery"),
                    Some(recovered) => ensure!(recovered.is_ok(), "{recovered:?}"),
                }
            }
        }
        let recovered = self.history.recover();
        ensure!(recovered.is_ok(), "{recovered:?}");
        ensure!(self.open() == 0, "still open");
        if self.done()? > self.model.entries.len() {
            return Ok(Fate::Done);
        }
        self.unchanged(&before)?;
        Ok(Fate::Vanished)
    }

    /// Somebody edits a file after the crash; the recovery may not decide that alone.
    fn decide(&mut self, at: At, wish: &Wish, decision: u8) -> Checked<Fate> {
        let fail = |failure: Failure| TestCaseError::fail(format!("{failure:?}"));
        let prepared = self
            .history
            .scan()
            .map_err(fail)?
            .into_iter()
            .find(|(_, stage)| *stage == Stage::Prepared);
        let files = match prepared {
            Some((id, stage)) => {
                let file = self.history.open(id, stage).map_err(fail)?;
                let states = file.states().map_err(fail)?;
                let names = file.operation.files.iter().map(|it| it.path.to_string());
                names.zip(states).collect()
            }
            None => Vec::new(),
        };
        self.model.tree = read(self.root());
        self.user(at, wish);
        let left = self.model.tree.clone();
        let mut kept = false;
        match self.history.recover() {
            Ok(_) => {}
            Err(failure) => {
                ensure!(failure.code.id == "KRP4041", "{failure:?}");
                self.unchanged(&left)?;
                let decision = match decision % 3 {
                    0 => Decision::Keep,
                    1 => Decision::Before,
                    _ => Decision::After,
                };
                self.counts.add("decisions");
                kept = decision == Decision::Keep;
                if self.history.decide(decision).is_err() {
                    self.counts.add("decisions that could not be carried out");
                    self.history.decide(Decision::Keep).map_err(fail)?;
                    self.model.tree = read(self.root());
                    self.check_names(&left, &files)?;
                    self.adopt()?;
                    return Ok(Fate::Decided);
                }
            }
        }
        ensure!(self.open() == 0, "still open");
        let now = read(self.root());
        let done = self.done()? > self.model.entries.len();
        for (name, (before, after)) in &files {
            let wanted = if done {
                after.as_ref().unwrap_or(before)
            } else {
                before
            };
            let found = state(&now, name);
            let alone = after.as_ref().is_none_or(|after| after == before);
            let fits = if kept || alone {
                found == state(&left, name)
            } else {
                found == *wanted
            };
            ensure!(fits, "`{name}` is {:?}, kept {kept}, done {done}", Shown(found));
        }
        self.check_names(&left, &files)?;
        self.adopt()?;
        Ok(Fate::Decided)
    }

    /// Files that are not of the operation are as they were left.
    fn check_names(&self, left: &Tree, files: &[(String, (FileState, Option<FileState>))]) -> Checked {
        let now = read(self.root());
        for name in PATHS {
            let own = files.iter().any(|(it, _)| it == name);
            ensure!(
                own || state(&now, name) == state(left, name),
                "`{name}` is not of the operation"
            );
        }
        Ok(())
    }

    /// Takes what a decision made into the model, as it is recorded.
    fn adopt(&mut self) -> Checked {
        self.model.tree = read(self.root());
        let log = self
            .history
            .log()
            .map_err(|failure| TestCaseError::fail(format!("{failure:?}")))?;
        if log.entries.len() == self.model.entries.len() {
            return Ok(());
        }
        let entry = log.entries.last().expect("one more");
        let file = self
            .history
            .open(entry.operation.id, Stage::Done)
            .and_then(|file| file.states())
            .map_err(|failure| TestCaseError::fail(format!("{failure:?}")))?;
        let names = entry.operation.files.iter().map(|it| it.path.to_string());
        let files = names
            .zip(file)
            .map(|(name, (before, after))| {
                let after = after.unwrap_or_else(|| before.clone());
                (name, (before, after))
            })
            .collect();
        let root = self.model.entries.iter().position(|it| it.id == entry.root);
        let made = entry
            .operation
            .created_directories
            .iter()
            .map(ToString::to_string)
            .collect();
        let forward = entry.forward;
        self.push(files, root.map(|root| (root, forward)), made)
    }

    /// Takes the operation that is done last into the model.
    fn push(
        &mut self,
        files: BTreeMap<String, (FileState, FileState)>,
        of: Option<(usize, bool)>,
        made: BTreeSet<String>,
    ) -> Checked {
        let log = self
            .history
            .log()
            .map_err(|failure| TestCaseError::fail(format!("{failure:?}")))?;
        let number = self.model.entries.len();
        ensure!(
            log.entries.len() == number + 1,
            "{} operations",
            log.entries.len()
        );
        let last = &log.entries[number].operation;
        let names: BTreeSet<String> = last.files.iter().map(|it| it.path.to_string()).collect();
        ensure!(
            names.iter().eq(files.keys()),
            "the record names {names:?} and not {:?}",
            files.keys()
        );
        let (root, forward) = of.unwrap_or((number, true));
        for folder in made {
            self.model.makers.insert(folder, number);
        }
        let renames = last
            .files
            .iter()
            .filter_map(|it| Some((it.renamed_from.as_ref()?.to_string(), it.path.to_string())))
            .collect();
        self.model.entries.push(Entry {
            id: last.id,
            root,
            forward,
            files,
            renames,
        });
        self.model.tree = read(self.root());
        Ok(())
    }

    fn equal(&self, wanted: &Tree) -> Checked {
        let now = read(self.root());
        ensure!(now == *wanted, "the tree is {now:#?}\nand not {wanted:#?}");
        Ok(())
    }

    /// Nothing was touched, and the history has not grown.
    fn unchanged(&self, before: &Tree) -> Checked {
        self.equal(before)?;
        let done = self.done()?;
        ensure!(done == self.model.entries.len(), "{done} operations");
        Ok(())
    }

    fn done(&self) -> Checked<usize> {
        let scan = self
            .history
            .scan()
            .map_err(|failure| TestCaseError::fail(format!("{failure:?}")))?;
        Ok(scan.iter().filter(|(_, stage)| *stage == Stage::Done).count())
    }

    fn open(&self) -> usize {
        let scan = self.history.scan().expect("scan");
        scan.iter()
            .filter(|(_, stage)| matches!(stage, Stage::Prepared | Stage::Observed))
            .count()
    }

    /// The history says what the model says.
    fn check_history(&self) -> Checked {
        let log = self
            .history
            .log()
            .map_err(|failure| TestCaseError::fail(format!("{failure:?}")))?;
        ensure!(
            log.damaged.is_empty() && log.pending.is_empty(),
            "{:?} {:?}",
            log.damaged,
            log.pending
        );
        ensure!(
            log.entries
                .iter()
                .map(|it| it.operation.id)
                .eq(self.model.entries.iter().map(|it| it.id)),
            "another order"
        );
        for (number, entry) in log.entries.iter().enumerate() {
            let known = &self.model.entries[number];
            ensure!(entry.forward == known.forward, "operation {number}: direction");
            ensure!(
                entry.root == self.model.entries[known.root].id,
                "operation {number}: root"
            );
            if known.root == number {
                let effective: BTreeSet<String> = entry.effective.iter().map(ToString::to_string).collect();
                ensure!(
                    effective == self.model.effective(number),
                    "operation {number} is in effect for {effective:?}"
                );
            }
        }
        let id = |number: Option<usize>| number.map(|number| self.model.entries[number].id);
        ensure!(log.next_undo() == id(self.model.next_undo()), "next undo");
        ensure!(log.next_redo() == id(self.model.next_redo()), "next redo");
        Ok(())
    }
}

fn path(text: &str) -> WorkspacePath {
    WorkspacePath::parse(text).expect("a path")
}

fn folders(tree: &Tree) -> BTreeSet<String> {
    tree.iter()
        .filter(|(_, node)| matches!(node, crate::world::Node::Folder(_)))
        .map(|(name, _)| name.clone())
        .collect()
}

/// The change of a text as one span.
fn edits(before: &FileState, after: &FileState) -> Vec<Span> {
    let (Some(old), Some(new)) = (before.as_text(), after.as_text()) else {
        return Vec::new();
    };
    if !old.is_ascii() || !new.is_ascii() {
        return Vec::new();
    }
    let start = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - start;
    let end = old
        .bytes()
        .rev()
        .zip(new.bytes().rev())
        .take_while(|(a, b)| a == b)
        .count()
        .min(most);
    vec![Span {
        start,
        end: old.len() - end,
        text: new[start..new.len() - end].to_owned(),
    }]
}

/// `None` if it died.
fn crashes<T>(act: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(value) => Some(value),
        Err(panic) if panic.is::<Crash>() => None,
        Err(panic) => resume_unwind(panic),
    }
}
