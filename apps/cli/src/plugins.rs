//! Commands of plugins: each in a confined process, several at once; what they propose is checked against what they declare.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use krepis_change::{Failure, Overlay, Tree};
use krepis_host::plugin::{
    Beneath, Consent, Plugin, PluginFinished, PluginLimits, PluginRun, check_paths, decide, run_plugin,
};
use krepis_host::{Environment, Interrupts, RunnerLocation, Runtime};
use krepis_proto::v1::{ChangeSet, ClassSite, Problem, command_result::Outcome};
use krepis_rules::Config;
use krepis_sandbox::{Layers, Standing};
use krepis_workspace::Workspace;

use crate::errors;
use crate::propose::{Pending, Request, Source};
use crate::runner::{Limits, class_sites, outcome};
use crate::session::config_text;

/// What the plugins of an invocation are run with.
#[derive(Clone, Copy)]
pub struct Plugins<'a> {
    pub runtime: &'a Runtime,
    pub location: &'a RunnerLocation,
    pub environment: &'a Environment,
    pub workspace: &'a Workspace,
    pub config: &'a Config,
    pub limits: Limits,
    /// Classes of paths that the user agrees to in this run.
    pub consents: &'a [String],
    /// Takes what a command prints: its name, and text without escape sequences.
    pub log: &'a (dyn Fn(&str, &str) + Sync),
    pub interrupts: Option<&'a Interrupts>,
    /// What was in force, by command.
    pub in_force: &'a Mutex<BTreeMap<String, Vec<Standing>>>,
}

/// The plugin and the command of `NAME:COMMAND`; `None` for a name without a colon.
///
/// # Errors
/// `KRP1004` no such plugin; those of [`Plugin::read`] and [`Plugin::module`].
pub fn find(name: &str, workspace: &Workspace, config: &Config) -> Result<Option<Source>, Failure> {
    let Some((plugin, command)) = name.split_once(':') else {
        return Ok(None);
    };
    let Some((_, folder)) = config.plugins.iter().find(|(known, _)| known == plugin) else {
        let known: Vec<&str> = config.plugins.iter().map(|(known, _)| known.as_str()).collect();
        return Err(Failure::new(
            &errors::UNKNOWN_COMMAND,
            format!("krepis.json has no plugin `{plugin}`"),
        )
        .hint(if known.is_empty() {
            "name its folder under `plugins` in krepis.json: { \"NAME\": \"./plugins/x\" }".to_owned()
        } else {
            format!("there are: {}", known.join(", "))
        }));
    };
    let plugin = Plugin::read(workspace.root(), plugin, folder)?;
    plugin.module(command)?;
    Ok(Some(Source::Plugin {
        plugin: Arc::new(plugin),
        command: command.to_owned(),
    }))
}

impl Plugins<'_> {
    /// Runs the requests that are of plugins; one result each, in their order. `tree` is the workspace under `pending`. What
    /// concerns all of them, as a layer of the sandbox that is missing here, is the result of each.
    pub fn run(
        &self,
        requests: &[&Request],
        tree: &dyn Tree,
        pending: &Pending,
    ) -> Vec<Result<ChangeSet, Failure>> {
        if requests.is_empty() {
            return Vec::new();
        }
        let prepared = self.prepare();
        let (layers, disk) = match &prepared {
            Ok(prepared) => (&prepared.0, &prepared.1),
            Err(failure) => return requests.iter().map(|_| Err(failure.clone())).collect(),
        };
        let seen = Overlay::new(disk, pending.clone());
        let lanes = self.limits.jobs.max(1) as usize;
        let waiting = Mutex::new((0..requests.len()).rev().collect::<Vec<usize>>());
        let results: Mutex<Vec<Option<Result<ChangeSet, Failure>>>> = Mutex::new(vec![None; requests.len()]);
        std::thread::scope(|scope| {
            for _ in 0..lanes.min(requests.len()) {
                scope.spawn(|| {
                    while let Some(index) = lock(&waiting).pop() {
                        let result = self.run_one(requests[index], layers, &seen, tree);
                        lock(&results)[index] = Some(result);
                    }
                });
            }
        });
        let missing = || Failure::new(&krepis_host::errors::RUNNER_DIED, "a plugin was not run");
        lock(&results)
            .iter_mut()
            .map(|result| result.take().unwrap_or_else(|| Err(missing())))
            .collect()
    }

    /// What a plugin is confined with here, and the workspace as it may see it.
    fn prepare(&self) -> Result<(Layers, Beneath), Failure> {
        let layers = decide(&krepis_sandbox::survey(), &Consent::of(self.environment).given())?;
        let disk = Beneath::open(self.workspace.root()).map_err(|error| {
            Failure::new(
                &krepis_host::plugin::errors::READ_REFUSED,
                "the workspace cannot be opened",
            )
            .reason(error.to_string())
        })?;
        Ok((layers, disk))
    }

    fn run_one(
        &self,
        request: &Request,
        layers: &Layers,
        seen: &dyn Tree,
        tree: &dyn Tree,
    ) -> Result<ChangeSet, Failure> {
        let Source::Plugin { plugin, command } = &request.source else {
            return Err(Failure::new(
                &errors::UNKNOWN_COMMAND,
                format!("`{}` is no plugin's", request.name),
            ));
        };
        let finished = run_plugin(&PluginRun {
            runtime: self.runtime,
            location: self.location,
            environment: self.environment,
            plugin,
            command,
            options_json: request.options.to_string(),
            limits: PluginLimits {
                time: Duration::try_from_secs_f64(self.limits.timeout).unwrap_or(Duration::MAX),
                memory_mb: self.limits.memory_mb,
            },
            layers,
            tree: seen,
            config_json: &config_text(tree),
            classes: &|name| self.classes(tree, name),
            interrupts: self.interrupts,
            log: &|text| (self.log)(&request.name, &plain(text)),
        })?;
        let PluginFinished { mut result, in_force } = finished;
        lock(self.in_force).insert(request.name.clone(), in_force);
        match &mut result.outcome {
            Some(Outcome::ChangeSet(set)) => set.title = plain(&set.title).replace(['\n', '\t'], " "),
            Some(Outcome::Refusal(problem) | Outcome::Error(problem)) => plain_problem(problem),
            None => {}
        }
        let mut set = outcome(result, &request.name)?;
        // What it may not read it cannot have read.
        set.reads.retain(|read| {
            krepis_change::WorkspacePath::parse(&read.path).is_ok_and(|path| plugin.may_read(&path))
        });
        // A set that does not resolve is refused where all are joined.
        if let Ok(change) = krepis_change::resolve(&set, tree) {
            check_paths(plugin, &change, self.consents)?;
        }
        Ok(set)
    }

    fn classes(&self, tree: &dyn Tree, name: &str) -> Result<Vec<ClassSite>, Failure> {
        krepis_rules::find_classes(tree, self.config, name).map(class_sites)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A stranger's text for a terminal: escape sequences could move its cursor, set its title or fill the clipboard.
fn plain(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\t' => character,
            other if other.is_control() => '\u{fffd}',
            other => other,
        })
        .collect()
}

fn plain_problem(problem: &mut Problem) {
    let texts = [
        Some(&mut problem.message),
        problem.reason.as_mut(),
        problem.hint.as_mut(),
    ];
    for text in texts.into_iter().flatten() {
        *text = plain(text);
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        let hostile = "a\x1b]52;c;ZXZpbA==\x07b\x1b[2J\r\x08\u{9b}31m\nc\td";
        let text = plain(hostile);
        assert!(
            !text
                .chars()
                .any(|character| character.is_control() && character != '\n' && character != '\t')
        );
        assert!(text.ends_with("\nc\td"));
    }
}
