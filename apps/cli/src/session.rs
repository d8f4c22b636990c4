//! One run: where, how it talks, and the steps that several commands share.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use krepis_change::{Change, Failure, Tree, WorkspacePath};
use krepis_history::{Ending, Meta, Operation, Recovered};
use krepis_host::{Hold, Interrupts};
use krepis_rules::Config;
use krepis_workspace::{Applied, Options, Plan, Workspace};

use crate::arguments::{Global, VerifyArguments};
use crate::errors;
use crate::output::{Shell, files_json};

/// One run of krepis.
#[derive(Debug)]
pub struct Session {
    /// How it talks.
    pub shell: Shell,
    /// Options of every command.
    pub global: Global,
    /// Where it runs: the current folder, or the one of `-C`.
    pub directory: PathBuf,
    interrupts: OnceLock<Option<Interrupts>>,
}

impl Session {
    /// Finds the folder to run in.
    pub fn new(global: Global, shell: Shell) -> Result<Self, Failure> {
        let directory = global.directory.clone().unwrap_or_else(|| PathBuf::from("."));
        let directory = std::fs::canonicalize(&directory).map_err(|error| {
            Failure::new(
                &errors::NO_DIRECTORY,
                format!("`{}` is not a folder to run in", directory.display()),
            )
            .reason(error.to_string())
            .hint("name an existing folder with -C, or leave it out to use the current one")
        })?;
        Ok(Self {
            shell,
            global,
            directory,
            interrupts: OnceLock::new(),
        })
    }

    /// The signals that ask for an end, taken over at the first call; none where they cannot be.
    pub fn interrupts(&self) -> Option<&Interrupts> {
        self.interrupts
            .get_or_init(|| Interrupts::install().ok())
            .as_ref()
    }

    /// While it is held, Ctrl-C waits: what has begun to be written is ended first. A second one does not.
    pub fn hold(&self) -> Option<Hold<'_>> {
        self.interrupts().map(Interrupts::hold)
    }

    /// The exit code of a command that is through: that of a signal, where one came too late to stop it.
    pub fn conclude(&self, done: Result<u8, Failure>) -> Result<u8, Failure> {
        let late = self
            .interrupts
            .get()
            .and_then(Option::as_ref)
            .map(Interrupts::check);
        if let (Ok(_), Some(Err(failure))) = (&done, late) {
            self.shell
                .warn(&format!("{}; what had begun was ended first", failure.message));
            return Ok(failure.exit());
        }
        done
    }

    /// The workspace this run is in.
    pub fn workspace(&self) -> Result<Workspace, Failure> {
        Workspace::find(&self.directory)
    }

    /// How long to wait for another writer.
    pub fn options(&self) -> Options {
        Options {
            lock_timeout: Duration::try_from_secs_f64(self.global.lock_timeout).unwrap_or_default(),
        }
    }

    /// Who, when, and by which command, for the history.
    pub fn meta(workspace: &Workspace, title: impl Into<String>) -> Meta {
        let command = std::iter::once("krepis".to_owned())
            .chain(std::env::args().skip(1))
            .collect();
        Self::meta_of(workspace, title, command)
    }

    /// The same with another writer's command line.
    pub fn meta_of(workspace: &Workspace, title: impl Into<String>, command: Vec<String>) -> Meta {
        Meta {
            command,
            actor: actor(),
            title: title.into(),
            git_head: krepis_workspace::git_head(workspace.root()),
            verify: None,
            rollback: false,
            time_ms: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .ok()
                .and_then(|since| i64::try_from(since.as_millis()).ok())
                .unwrap_or_default(),
        }
    }

    /// Plans under the lock, judges, applies and reports. `plan` sees the disk as it is then.
    pub fn transact(&self, workspace: &Workspace, meta: Meta, plan: &mut Plan) -> Result<Applied, Failure> {
        let mut hold = None;
        let mut plan = |tree: &dyn Tree| {
            // The lock is ours now; while that was waited for, a signal ended the run.
            hold = self.hold();
            plan(tree)
        };
        let judge = |tree: &dyn Tree, change: &Change| {
            judge(tree, change)?;
            // The last moment at which nothing has to be ended.
            self.interrupts().map_or(Ok(()), Interrupts::check)
        };
        let applied = workspace.apply(&mut plan, &judge, meta, self.options())?;
        drop(hold);
        self.say_recovered(&applied.recovered);
        self.say_cache_warnings(workspace);
        Ok(applied)
    }

    /// Lets a command confirm what was written, if the user named one; takes it back if that fails.
    pub fn confirm(
        &self,
        workspace: &Workspace,
        operation: Option<&Operation>,
        verify: &VerifyArguments,
    ) -> Result<(), Failure> {
        match (operation, &verify.command) {
            (Some(operation), Some(command)) => crate::verify::confirm(self, workspace, operation, command),
            _ => Ok(()),
        }
    }

    /// Says what was wrong with a cache: everything is done without it, so it is a warning.
    pub fn say_cache_warnings(&self, workspace: &Workspace) {
        for warning in workspace.take_warnings() {
            let text = [Some(warning.to_string()), warning.reason, warning.hint];
            let text: Vec<String> = text.into_iter().flatten().collect();
            self.shell.warn(&text.join("; "));
        }
    }

    /// Says what a crash had left behind and how it ended.
    pub fn say_recovered(&self, recovered: &[Recovered]) {
        for one in recovered {
            let how = match one.ending {
                Ending::Aborted => "it was taken back",
                Ending::Done => "it had been completed",
                Ending::Completed => "it was completed from what is on disk",
                Ending::Dropped => "it had changed nothing",
                Ending::Lost => {
                    "what was saved before it is damaged, so what it changed cannot be taken back"
                }
            };
            self.shell
                .warn(&format!("`{}` ({}) was interrupted: {how}", one.title, one.id));
            for copy in &one.rescued {
                self.shell.warn(&format!(
                    "a content that belonged to neither side is kept in {}",
                    copy.display()
                ));
            }
        }
    }

    /// Says what was done.
    pub fn report(&self, applied: &Applied, title: &str) {
        if self.shell.is_json() {
            self.shell.json(&serde_json::json!({
                "schema": 1,
                "operation": applied.operation.as_ref().map(|operation| operation.id.to_string()),
                "title": title,
                "files": files_json(&applied.change),
            }));
            return;
        }
        self.shell.files(&applied.change);
        match &applied.operation {
            Some(operation) => self.shell.say(&format!(
                "Done: {title} ({}). `krepis undo` takes it back.",
                operation.id
            )),
            None => self.shell.say(&format!("Nothing to change: {title}.")),
        }
    }

    /// Shows a change that is not made: the diff on stdout.
    pub fn preview(&self, change: &Change) {
        if self.shell.is_json() {
            self.shell.json(&serde_json::json!({
                "schema": 1,
                "operation": null,
                "title": change.title,
                "files": files_json(change),
                "patch": krepis_change::render_patch(change),
                "change": change_set_json(change),
            }));
            return;
        }
        self.shell.data(&krepis_change::render_patch(change));
        self.shell.files(change);
        self.shell.say("Dry run: nothing was written.");
    }

    /// Reads a file named on the command line; `-` is standard input.
    pub fn input(&self, file: &Path) -> Result<Vec<u8>, Failure> {
        use std::io::Read as _;
        let read = if file == Path::new("-") {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            std::fs::read(self.directory.join(file))
        };
        read.map_err(|error| {
            Failure::new(
                &errors::INPUT_UNREADABLE,
                format!("`{}` cannot be read", file.display()),
            )
            .reason(error.to_string())
            .hint("name a readable file, or `-` for standard input")
        })
    }
}

/// The public JSON form of a change, which `krepis apply` takes.
fn change_set_json(change: &Change) -> serde_json::Value {
    let text = krepis_change::print_json(&krepis_change::change_set(change));
    serde_json::from_str(&text).unwrap_or_default()
}

/// The rules gate as the transaction wants it.
pub fn judge(before: &dyn Tree, change: &Change) -> Result<(), Failure> {
    krepis_rules::gate(before, change).map(drop)
}

/// krepis.json of a tree; the default (no elements, no rules) if there is none.
pub fn config(tree: &dyn Tree) -> Result<Config, Failure> {
    krepis_rules::load_config(tree)
}

/// The text of krepis.json, `{}` if there is none.
pub fn config_text(tree: &dyn Tree) -> String {
    WorkspacePath::parse("krepis.json")
        .ok()
        .and_then(|path| tree.state(&path).ok())
        .and_then(|state| state.as_text().map(str::to_owned))
        .unwrap_or_else(|| "{}".to_owned())
}

fn actor() -> String {
    let named = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    krepis_workspace::account_name()
        .or_else(|| named("USER"))
        .or_else(|| named("USERNAME"))
        .unwrap_or_else(|| "unknown".to_owned())
}
