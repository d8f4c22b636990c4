//! `krepis exec -- COMMAND`: run any other command, and record what it changed.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use krepis_change::Failure;
use krepis_history::{Barrier, Begun, Ended, FileEntry, History, Image, OperationId, Stage, errors};
use krepis_workspace::CommandOptions;
use serde_json::{Value, json};

use crate::arguments::{ExecArguments, ExecStartArguments};
use crate::output::file_line;
use crate::session::Session;
use crate::signals::Forwarding;

/// How often the process that becomes the command looks whether it may.
const POLL: Duration = Duration::from_micros(500);
/// How many files are listed; `krepis history show` lists all.
const LISTED: usize = 20;
/// A look at the files that takes longer than this, in seconds, is explained.
const WORTH_A_WORD: f64 = 1.0;

pub fn run(session: &Session, arguments: &ExecArguments) -> Result<u8, Failure> {
    let workspace = session.workspace()?;
    // Before anything is written: a typo costs nothing.
    let program = program(&arguments.command[0], &session.directory)?;
    let title = arguments
        .title
        .clone()
        .unwrap_or_else(|| title(&arguments.command));
    // Arguments of the command may be no text.
    let words = std::env::args_os().skip(1);
    let command = std::iter::once("krepis".to_owned())
        .chain(words.map(|word| word.to_string_lossy().into_owned()))
        .collect();
    let meta = Session::meta_of(&workspace, title, command);
    let options = CommandOptions {
        include: arguments.include.clone(),
        exclude: arguments.exclude.clone(),
        barriers: arguments.barriers.clone(),
    };
    let (turn, mut begun) = workspace.begin_command(options, meta, session.options())?;
    session.say_recovered(&turn.recovered);
    say_begun(session, arguments, &begun);
    // From here on Ctrl-C is the command's.
    let forwarding = Forwarding::start();
    let started = spawn(session, workspace.root(), &begun, &program, &arguments.command)
        .map_err(|error| not_run(&arguments.command[0], &error.to_string()))
        .and_then(|mut child| {
            let noted = turn.history.command_started(&mut begun, child.id());
            if noted.is_err() {
                // It waits for that record and has not become the command yet.
                drop(child.kill().and_then(|()| child.wait()));
            }
            noted?;
            forwarding.to(child.id());
            Ok(child)
        });
    let mut child = match started {
        Ok(child) => child,
        Err(failure) => {
            turn.history.abandon_command(&begun)?;
            return Err(failure);
        }
    };
    drop(turn);
    let status = wait(&mut child);
    forwarding.stop();
    let ended = workspace.end_command(&begun, session.options());
    let code = exit_code(status);
    match ended {
        Ok(ended) => report(session, &begun, &ended, status),
        Err(failure) => {
            let mut outer = Failure::new(
                &errors::NOT_RECORDED,
                format!(
                    "the command {}, and what it changed is not recorded yet",
                    ending(status)
                ),
            )
            .reason(failure.message.clone())
            .hint("the next krepis command that writes records it: run `krepis recover`");
            outer.others.push(failure);
            session.shell.fail(&outer);
            return Ok(if code == 0 { outer.exit() } else { code });
        }
    }
    Ok(code)
}

/// As a shell finds it: a name in `PATH`, or a path.
fn program(name: &OsStr, directory: &Path) -> Result<PathBuf, Failure> {
    let candidates: Vec<PathBuf> = if name.as_bytes().contains(&b'/') {
        vec![directory.join(name)]
    } else {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .map(|folder| directory.join(folder).join(name))
            .collect()
    };
    let mut refused = None;
    for candidate in candidates {
        match check_executable(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => drop(refused.get_or_insert((candidate, error))),
        }
    }
    if let Some((candidate, error)) = refused {
        return Err(not_run(candidate.as_os_str(), &error.to_string()));
    }
    Err(Failure::new(
        &errors::COMMAND_NOT_FOUND,
        format!("there is no command `{}`", name.to_string_lossy()),
    )
    .reason("it is not in PATH, and not a path to a file")
    .hint("commands of the project's packages are run by `krepis exec -- npx NAME …`"))
}

fn check_executable(file: &Path) -> std::io::Result<()> {
    if file.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    Ok(rustix::fs::access(file, rustix::fs::Access::EXEC_OK)?)
}

fn not_run(name: &OsStr, why: &str) -> Failure {
    Failure::new(
        &errors::COMMAND_NOT_RUN,
        format!("`{}` cannot be run", name.to_string_lossy()),
    )
    .reason(why)
    .hint("name a program, or run a script by its interpreter; nothing was run and nothing recorded")
}

/// With the terminal, the input, the process group and the environment of krepis itself.
///
/// The process is krepis once more, which becomes the command as soon as the record names it: whenever krepis is killed,
/// either the command has not begun or the next writer knows what to wait for.
fn spawn(
    session: &Session,
    root: &Path,
    begun: &Begun,
    program: &Path,
    command: &[OsString],
) -> std::io::Result<Child> {
    let mut child = Command::new(std::env::current_exe()?);
    child
        .arg("exec-start")
        .arg(root)
        .arg(begun.id.to_string())
        .arg(std::process::id().to_string())
        .arg(program)
        .arg("--")
        .args(command)
        .current_dir(&session.directory);
    if session.shell.is_json() {
        // stdout is for one JSON document.
        child.stdout(Stdio::from(std::io::stderr()));
    }
    child.spawn()
}

/// Becomes the command once the operation's record names this process; ends if krepis does first.
pub fn start(arguments: &ExecStartArguments) -> Failure {
    let history = History::new(&arguments.root);
    let own = std::process::id();
    let name = &arguments.command[0];
    let Some(id) = OperationId::parse(&arguments.operation) else {
        return not_run(name, "no operation was named");
    };
    loop {
        let operation = history.open(id, Stage::Observed).map(|file| file.operation);
        let process = operation.ok().and_then(|it| it.running?.process);
        if process.is_some_and(|process| process.pid == own) {
            break;
        }
        if std::os::unix::process::parent_id() != arguments.parent {
            return not_run(name, "krepis ended before the command began");
        }
        std::thread::sleep(POLL);
    }
    let error = Command::new(&arguments.program)
        .arg0(name)
        .args(&arguments.command[1..])
        .exec();
    not_run(name, &error.to_string())
}

fn wait(child: &mut Child) -> Option<ExitStatus> {
    // Only another waiter in this process could make it fail, and there is none.
    child.wait().ok()
}

/// As a shell has it: 128 and the number of the signal that ended the command.
fn exit_code(status: Option<ExitStatus>) -> u8 {
    let Some(status) = status else { return 1 };
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

fn ending(status: Option<ExitStatus>) -> String {
    match status.map(|status| (status.code(), status.signal())) {
        Some((Some(code), _)) => format!("ended with {code}"),
        Some((None, Some(signal))) => format!("was ended by signal {signal}"),
        _ => "ended".to_owned(),
    }
}

/// The command line on one line.
fn title(command: &[OsString]) -> String {
    let words: Vec<String> = command
        .iter()
        .map(|word| {
            word.to_string_lossy()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let text = words.join(" ");
    match text.char_indices().nth(72) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn say_begun(session: &Session, arguments: &ExecArguments, begun: &Begun) {
    let shell = session.shell;
    let filled = &begun.filled;
    let seconds = filled.took.as_secs_f64();
    if seconds > WORTH_A_WORD {
        shell.say(&format!(
            "Saved {} of {} files ({} new, {} on disk) in {seconds:.1} s; later runs read only what changed.",
            filled.read,
            filled.files,
            size(filled.stored_bytes),
            size(filled.pack_bytes),
        ));
    }
    for pattern in &arguments.include {
        let mut protected = ["node_modules", ".git", ".krepis"].into_iter();
        if let Some(folder) = protected.find(|name| pattern.split('/').any(|part| part == *name)) {
            shell.warn(&format!(
                "--include {pattern}: what lies in {folder} is never covered"
            ));
        }
    }
    let patterns: Vec<&str> = arguments.exclude.iter().map(String::as_str).collect();
    if !patterns.is_empty() {
        shell.say(&format!("Not covered: --exclude {}", patterns.join(" ")));
    }
    let names = begun
        .unnameable
        .iter()
        .map(|name| (name.as_str(), "its name is not UTF-8 or has a backslash"));
    let uncovered = filled.uncovered.iter().map(|(path, why)| (&**path, &**why));
    for (path, why) in uncovered.chain(names).take(LISTED) {
        shell.warn(&format!("not covered: {path}: {why}"));
    }
    let more = (filled.uncovered.len() + begun.unnameable.len()).saturating_sub(LISTED);
    if more > 0 {
        shell.warn(&format!("not covered: {more} more"));
    }
}

fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.1} MB")
}

fn report(session: &Session, begun: &Begun, ended: &Ended, status: Option<ExitStatus>) {
    let shell = session.shell;
    if shell.is_json() {
        shell.json(&document(begun, ended, status));
        return;
    }
    if status.is_none_or(|status| !status.success()) {
        shell.say(&format!("The command {}.", ending(status)));
    }
    let files = ended.operation.as_ref().map_or(&[][..], |it| &it.files);
    let shown: Vec<&FileEntry> = shown(files).collect();
    for entry in shown.iter().take(LISTED) {
        let from = entry
            .renamed_from
            .as_ref()
            .map(krepis_change::WorkspacePath::as_str);
        shell.say(&file_line(kind(entry), from, entry.path.as_str()));
    }
    if shown.len() > LISTED {
        shell.say(&format!("… and {} more", shown.len() - LISTED));
    }
    for note in notes(ended) {
        shell.say(&format!("note: {note}"));
    }
    match &ended.operation {
        Some(operation) if operation.files.is_empty() => shell.say(&format!(
            "Recorded: {} ({}). No covered file changed, so there is nothing for undo to take back.",
            operation.meta.title, operation.id
        )),
        Some(operation) => shell.say(&format!(
            "Done: {} ({}), {}. `krepis undo` takes it back.",
            operation.meta.title,
            operation.id,
            match shown.len() {
                1 => "1 file".to_owned(),
                count => format!("{count} files"),
            }
        )),
        None => shell.say("No covered file changed: nothing to undo."),
    }
}

/// What the list of files does not say.
fn notes(ended: &Ended) -> Vec<String> {
    let mut notes = Vec::new();
    let barriers = ended.operation.as_ref().map_or(&[][..], |it| &it.barriers);
    notes.extend(barriers.iter().map(|barrier| match mend(barrier) {
        Some(mend) => format!(
            "{} changed and is not covered; after an undo {mend} brings it in step",
            barrier.what
        ),
        None => format!("undo will not take back: {}", barrier.what),
    }));
    let uncovered = ended.uncovered.iter();
    notes.extend(uncovered.map(|one| format!("{} changed and cannot be undone: {}", one.path, one.why)));
    notes.extend(ended.earlier.iter().map(|path| {
        format!("{path} was changed by another program before the command started; it is left out")
    }));
    notes.extend(ended.landed.iter().map(|(id, title)| {
        format!("`{title}` ({id}) was recorded meanwhile; what it did is its own and not counted here")
    }));
    notes.extend(ended.joined.iter().map(|path| {
        format!("{path} was changed by such an operation and by the command; undo takes both out of it")
    }));
    notes.extend(ended.beside.iter().map(|title| {
        format!("`{title}` runs under krepis exec at the same time: what it changed so far is counted here")
    }));
    if ended.operation.is_none() && ended.directories > 0 {
        notes.push(format!(
            "{} empty or changed folders are not recorded without a file",
            ended.directories
        ));
    }
    notes
}

/// The command to run, with its folder.
pub fn mend(barrier: &Barrier) -> Option<String> {
    let mend = barrier.mend.as_ref()?;
    Some(if barrier.folder.is_empty() {
        format!("`{mend}`")
    } else {
        format!("`{mend}` in {}", barrier.folder)
    })
}

/// What to say about a barrier when its operation is taken back or done again: which manifests are written, and which
/// command brings the rest in step.
pub fn barrier_note(barrier: &Barrier, written: &[String]) -> String {
    let manifests: Vec<&str> = written
        .iter()
        .filter(|path| {
            let name = path.rsplit('/').next().unwrap_or_default();
            MANIFESTS.contains(&name)
        })
        .map(String::as_str)
        .collect();
    let what = &barrier.what;
    match (mend(barrier), manifests.len()) {
        (None, _) => format!("not taken back: {what} (`{}`)", barrier.command.join(" ")),
        (Some(mend), 0) => format!("{what} is as it was left; run {mend} to bring it in step"),
        (Some(mend), count) => format!(
            "{} {} restored; run {mend} to bring {what} in step",
            joined(&manifests),
            if count == 1 { "is" } else { "are" },
        ),
    }
}

const MANIFESTS: [&str; 8] = [
    "package.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "bun.lock",
    "bun.lockb",
];

fn joined(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A barrier in JSON.
pub fn barrier_json(barrier: &Barrier) -> Value {
    let mut value = json!({ "what": barrier.what, "command": barrier.command });
    if let Some(mend) = &barrier.mend {
        value["mend"] = json!({ "command": mend, "folder": barrier.folder });
    }
    value
}

fn document(begun: &Begun, ended: &Ended, status: Option<ExitStatus>) -> Value {
    let filled = &begun.filled;
    let operation = ended.operation.as_ref();
    let files: Vec<Value> = shown(operation.map_or(&[][..], |it| &it.files))
        .map(|entry| {
            let mut value = json!({ "path": entry.path.as_str(), "change": kind(entry) });
            if let Some(old) = &entry.renamed_from {
                value["from"] = old.as_str().into();
            }
            value
        })
        .collect();
    let mut exit = json!({ "code": status.and_then(|status| status.code()) });
    if let Some(signal) = status.and_then(|status| status.signal()) {
        exit["signal"] = signal.into();
    }
    let reasons = |list: &[(String, String)]| -> Vec<Value> {
        list.iter()
            .map(|(path, why)| json!({ "path": path, "why": why }))
            .collect()
    };
    json!({
        "schema": 1,
        "operation": operation.map(|operation| operation.id.to_string()),
        "title": operation.map(|operation| operation.meta.title.clone()),
        "exit": exit,
        "files": files,
        "barriers": operation.map_or(&[][..], |it| &it.barriers).iter().map(barrier_json).collect::<Vec<_>>(),
        "notUndoable": ended.uncovered.iter().map(|one| json!({ "path": one.path, "why": one.why })).collect::<Vec<_>>(),
        "notCovered": reasons(&filled.uncovered).into_iter().chain(begun.unnameable.iter().map(|name| json!({ "path": name, "why": "its name is not UTF-8 or has a backslash" }))).collect::<Vec<_>>(),
        "earlier": ended.earlier.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "meanwhile": ended.landed.iter().map(|(id, title)| json!({ "operation": id.to_string(), "title": title })).collect::<Vec<_>>(),
        "joined": ended.joined.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "beside": ended.beside,
        "base": { "files": filled.files, "bytes": filled.bytes, "read": filled.read, "stored": filled.stored_bytes, "packed": filled.pack_bytes, "ms": u64::try_from(filled.took.as_millis()).unwrap_or(u64::MAX) },
    })
}

/// The entries to show: the old path of a rename is told by the new one.
fn shown(files: &[FileEntry]) -> impl Iterator<Item = &FileEntry> {
    let old: std::collections::HashSet<&krepis_change::WorkspacePath> = files
        .iter()
        .filter_map(|entry| entry.renamed_from.as_ref())
        .collect();
    files
        .iter()
        .filter(move |entry| !(entry.after == Some(Image::Absent) && old.contains(&entry.path)))
}

fn kind(entry: &FileEntry) -> &'static str {
    match (&entry.before, entry.after.as_ref()) {
        _ if entry.renamed_from.is_some() => "renamed",
        (Image::Absent, _) => "created",
        (_, Some(Image::Absent)) => "deleted",
        (before @ Image::File { .. }, Some(after @ Image::File { .. }))
            if before.digest() == after.digest() =>
        {
            "mode"
        }
        _ => "modified",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_short_line() {
        let of = |words: &[&str]| title(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of(&["sh", "-c", "a\n  b"]), "sh -c a b");
        let long = of(&["é".repeat(100).as_str()]);
        assert_eq!(long.chars().count(), 73);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn manifests_that_were_restored_are_named_with_the_command_that_mends() {
        let barrier = Barrier {
            what: "node_modules".into(),
            command: vec!["krepis".into()],
            mend: Some("pnpm install".into()),
            folder: String::new(),
        };
        let names = |written: &[&str]| -> String {
            let written: Vec<String> = written.iter().map(|it| (*it).to_owned()).collect();
            barrier_note(&barrier, &written)
        };
        assert_eq!(
            names(&["package.json", "pnpm-lock.yaml", "src/a.ts"]),
            "package.json and pnpm-lock.yaml are restored; run `pnpm install` to bring node_modules in step"
        );
        assert_eq!(
            names(&["src/a.ts"]),
            "node_modules is as it was left; run `pnpm install` to bring it in step"
        );
    }
}
