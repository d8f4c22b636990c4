//! The runner on the workspace's own Node, with a stand-in for the built-in generators.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use krepis_host::{
    CacheFolder, Environment, Finished, Happening, OUTPUT_LIMIT, Run, RunnerLocation, Runtime, Source,
    Version, run_commands,
};
use krepis_proto::v1::command_result::Outcome;
use krepis_proto::v1::{ClassSite, Command, Problem, QueryAnswer, StartCommands, command, query};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .into()
}

fn node() -> PathBuf {
    repository().join("node_modules/node/bin/node")
}

fn runtime_at(path: PathBuf) -> Runtime {
    Runtime {
        path,
        version: Version::parse("24.21.0").unwrap(),
        source: Source::Workspace,
    }
}

/// The bundle with `libs/runner/fixtures/generator.mjs` in place of the generators, made once.
fn bundle() -> RunnerLocation {
    static BUNDLE: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUNDLE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runner");
        let runner = repository().join("libs/runner");
        let built = Process::new(node())
            .arg(runner.join("bundle.mjs"))
            .arg("--out")
            .arg(&folder)
            .arg("--generator")
            .arg(runner.join("fixtures/generator.mjs"))
            .env_remove("NODE_OPTIONS")
            .output()
            .unwrap();
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        folder
    });
    RunnerLocation::at(folder).unwrap()
}

struct Bench {
    scratch: tempfile::TempDir,
    commands: Vec<Command>,
    log: String,
    seen: Vec<String>,
    jobs: u32,
    time_limit: Option<Duration>,
}

impl Bench {
    fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir(scratch.path().join("workspace")).unwrap();
        Self {
            scratch,
            commands: Vec::new(),
            log: String::new(),
            seen: Vec::new(),
            jobs: 0,
            time_limit: Some(Duration::from_mins(1)),
        }
    }

    fn add(&mut self, name: &str, source: command::Source) -> &mut Command {
        let id = u32::try_from(self.commands.len()).unwrap() + 1;
        let options_json = format!("{{\"name\":\"{name}\"}}");
        self.commands.push(Command {
            id,
            name: name.into(),
            source: Some(source),
            options_json,
            ..Command::default()
        });
        self.commands.last_mut().unwrap()
    }

    fn builtin(&mut self, kind: &str) -> &mut Command {
        self.add(kind, command::Source::Builtin(kind.into()))
    }

    fn module(&mut self, name: &str, text: &str) -> &mut Command {
        let file = self.scratch.path().join("workspace").join(format!("{name}.ts"));
        fs::write(&file, text).unwrap();
        self.add(name, command::Source::Module(file.display().to_string()))
    }

    fn good(&mut self) -> &mut Command {
        self.module(
            "good",
            "export default () => ({ title: 'good', files: [{ path: 'made.txt', text: 'x' }] });",
        )
    }

    fn cache(&self) -> (CacheFolder, Environment) {
        let folder = self.scratch.path().join("cache").display().to_string();
        let variables = [("KREPIS_CACHE_DIR".to_owned(), folder)];
        let environment = Environment {
            variables: variables.into(),
            ..Environment::default()
        };
        (CacheFolder::open(&environment).unwrap(), environment)
    }

    fn run(&mut self) -> Finished {
        self.run_on(&runtime_at(node()), None)
    }

    fn run_on(&mut self, runtime: &Runtime, cache: Option<&CacheFolder>) -> Finished {
        let start = StartCommands {
            root: self.scratch.path().join("workspace").display().to_string(),
            commands: self.commands.clone(),
            jobs: self.jobs,
            ..StartCommands::default()
        };
        let environment = Environment::default();
        let location = bundle();
        let run = Run {
            runtime,
            location: &location,
            cache,
            environment: &environment,
            time_limit: self.time_limit,
            interrupts: None,
        };
        let mut answer = |query: &krepis_proto::v1::Query| {
            let Some(query::Question::ClassName(name)) = &query.question else {
                panic!("a question")
            };
            let site = ClassSite {
                path: "src/x.ts".into(),
                line: 7,
                name: name.clone(),
                exported: true,
            };
            QueryAnswer {
                classes: vec![site],
                ..QueryAnswer::default()
            }
        };
        run_commands(&run, &start, &mut answer, &mut |happening| match happening {
            Happening::Printed(log) => self.log.push_str(&log.text),
            Happening::Started(id) => self.seen.push(format!("started {id}")),
            Happening::Finished(id) => self.seen.push(format!("finished {id}")),
        })
        .unwrap()
    }
}

fn error(finished: &Finished, index: usize) -> &Problem {
    match &finished.results[index].outcome {
        Some(Outcome::Error(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

fn is_good(finished: &Finished, index: usize) -> bool {
    matches!(&finished.results[index].outcome, Some(Outcome::ChangeSet(_)))
}

#[test]
fn one_builtin_runs_and_its_output_is_log_text() {
    let mut bench = Bench::new();
    bench.builtin("chatty");
    let finished = bench.run();
    assert!(is_good(&finished, 0) && !finished.from_snapshot);
    assert_eq!(bench.log, "from the built-in\n");
}

#[test]
fn a_question_is_answered_on_the_main_thread_and_on_workers() {
    for count in [1, 2] {
        let mut bench = Bench::new();
        for _ in 0..count {
            bench.builtin("find");
        }
        let finished = bench.run();
        for result in &finished.results {
            let Some(Outcome::ChangeSet(set)) = &result.outcome else {
                panic!("{result:?}")
            };
            assert!(format!("{set:?}").contains("src/x.ts"));
        }
    }
}

#[test]
fn a_refusal_is_no_error() {
    let mut bench = Bench::new();
    bench.builtin("refuse");
    let finished = bench.run();
    let Some(Outcome::Refusal(problem)) = &finished.results[0].outcome else {
        panic!("{finished:?}")
    };
    assert_eq!(
        (problem.code.as_str(), problem.at.as_ref().unwrap().line),
        ("KRP6002", 3)
    );
}

#[test]
fn each_way_to_break_costs_the_broken_command_only() {
    let cases = [
        (
            "throws",
            "export default () => { throw new Error('no'); };",
            "KRP5501",
        ),
        (
            "rejects",
            "export default async () => { throw new Error('no'); };",
            "KRP5501",
        ),
        ("exits", "export default () => process.exit(0);", "KRP5503"),
        ("loops", "export default () => { for (;;); };", "KRP5504"),
        ("returns_garbage", "export default () => 42;", "KRP5506"),
    ];
    let mut bench = Bench::new();
    for (name, text, _) in cases {
        bench.module(name, text).timeout_ms = 1500;
    }
    bench.good();
    let finished = bench.run();
    for (index, (name, _, code)) in cases.iter().enumerate() {
        let problem = error(&finished, index);
        assert_eq!(&problem.code, code, "{problem:?}");
        assert!(
            problem.message.contains(&format!("`{name}`")),
            "{}",
            problem.message
        );
    }
    assert!(is_good(&finished, cases.len()));
    assert_eq!(
        finished
            .results
            .iter()
            .map(|result| result.command)
            .collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6]
    );
}

#[test]
fn an_exhausted_heap_that_ends_the_whole_process_costs_its_command_only() {
    let mut bench = Bench::new();
    // V8 gives up on this one without asking the worker's limit callback for time to stop.
    let text = "export default () => { const a: unknown[] = []; for (;;) a.push(new Array(1000).fill(0)); };";
    bench.module("greedy", text).memory_mb = 64;
    bench.good();
    let finished = bench.run();
    assert!(
        ["KRP5106", "KRP5505"].contains(&error(&finished, 0).code.as_str()),
        "{finished:?}"
    );
    assert!(is_good(&finished, 1));
}

#[test]
fn a_runner_killed_midway_leaves_an_error_that_says_how_it_died() {
    let mut bench = Bench::new();
    bench.module(
        "kills",
        "export default () => { console.error('dying'); process.kill(process.pid, 'SIGKILL'); for (;;); };",
    );
    let finished = bench.run();
    let problem = error(&finished, 0);
    assert_eq!(problem.code, "KRP5103");
    assert!(problem.message.contains("`kills`"));
    assert!(
        problem.reason.as_ref().unwrap().contains("signal 9"),
        "{problem:?}"
    );
}

#[test]
fn a_runner_killed_under_several_commands_costs_the_killer_only() {
    let mut bench = Bench::new();
    bench.good();
    bench.module("kills", "process.kill(process.pid, 'SIGKILL'); export default 1;");
    bench.module("slow", "export default async () => { await new Promise((done) => setTimeout(done, 300)); return { title: 'slow' }; };");
    let finished = bench.run();
    assert!(is_good(&finished, 0) && is_good(&finished, 2), "{finished:?}");
    assert_eq!(error(&finished, 1).code, "KRP5103");
}

#[test]
fn a_hanging_builtin_is_stopped_by_the_watchdog_with_all_it_started() {
    let mut bench = Bench::new();
    bench.time_limit = Some(Duration::from_millis(700));
    bench.builtin("loop");
    let before = Instant::now();
    let finished = bench.run();
    assert_eq!(error(&finished, 0).code, "KRP5105");
    assert!(before.elapsed() < Duration::from_secs(20));
}

#[test]
fn programs_that_a_command_leaves_behind_hold_nothing_up_and_are_ended() {
    let mut bench = Bench::new();
    let text = "import { spawn } from 'node:child_process';
        export default () => { const child = spawn('sleep', ['300'], { stdio: 'inherit' });
        return { title: String(child.pid) }; };";
    bench.module("leaves", text);
    let before = Instant::now();
    let finished = bench.run();
    let Some(Outcome::ChangeSet(set)) = &finished.results[0].outcome else {
        panic!("{finished:?}")
    };
    assert!(before.elapsed() < Duration::from_secs(30));
    let stat = format!("/proc/{}/stat", set.title);
    let is_gone = || fs::read_to_string(&stat).map_or(true, |text| text.contains(") Z "));
    while !is_gone() {
        assert!(
            before.elapsed() < Duration::from_secs(30),
            "still running: {}",
            set.title
        );
        std::thread::yield_now();
    }
}

#[test]
fn node_options_of_the_user_do_not_reach_the_runner() {
    let mut bench = Bench::new();
    bench.module(
        "looks",
        "export default () => ({ title: `${process.env.NODE_OPTIONS}` });",
    );
    let finished = bench.run();
    let Some(Outcome::ChangeSet(set)) = &finished.results[0].outcome else {
        panic!("{finished:?}")
    };
    assert_eq!(set.title, "undefined");
}

#[test]
fn something_that_is_no_runner_is_explained_and_never_waited_for() {
    use std::os::unix::fs::PermissionsExt;
    let mut bench = Bench::new();
    bench.good();
    let fake = bench.scratch.path().join("node");
    for (text, code, reason) in [
        (
            "#!/bin/sh\necho broken machine >&2\nexit 9\n",
            "KRP5103",
            "exit code 9",
        ),
        ("#!/bin/sh\necho 'this is not a frame' >&4\n", "KRP5104", ""),
        ("#!/bin/sh\nprintf KRPF >&4\n", "KRP5104", ""),
    ] {
        fs::write(&fake, text).unwrap();
        fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
        let finished = run_when_not_busy(&mut bench, &fake);
        let problem = error(&finished, 0);
        assert_eq!(problem.code, code, "{problem:?}");
        assert!(
            problem.reason.clone().unwrap_or_default().contains(reason),
            "{problem:?}"
        );
    }
}

/// Another test's child may hold the file open for writing between fork and exec.
fn run_when_not_busy(bench: &mut Bench, fake: &Path) -> Finished {
    while Process::new(fake)
        .output()
        .is_err_and(|error| error.kind() == std::io::ErrorKind::ExecutableFileBusy)
    {
        std::thread::yield_now();
    }
    bench.run_on(&runtime_at(fake.into()), None)
}

#[test]
fn a_start_larger_than_a_pipe_reaches_the_runner() {
    let mut bench = Bench::new();
    bench.builtin("good").options_json =
        format!("{{\"name\":\"big\",\"text\":\"{}\"}}", "x".repeat(3_000_000));
    assert!(is_good(&bench.run(), 0));
}

#[test]
fn a_flood_is_cut_with_a_note_and_holds_up_nobody() {
    let mut bench = Bench::new();
    let flood = "for (let i = 0; i < 200_000; i++) console.log('x'.repeat(1000));";
    let direct = "const b = Buffer.alloc(1 << 20, 120); for (let i = 0; i < 50; i++) writeSync(1, b);";
    let text = format!(
        "import {{ writeSync }} from 'node:fs'; export default () => {{ {flood} {direct} return {{ title: 'flood' }}; }};"
    );
    bench.module("floods", &text);
    bench.good();
    let finished = bench.run();
    assert!(is_good(&finished, 0) && is_good(&finished, 1), "{finished:?}");
    let notes = bench.log.matches("longer than 1 MiB").count();
    assert_eq!(notes, 2, "one for the command, one for what went past it");
    assert!(bench.log.len() < 2 * OUTPUT_LIMIT + 1000, "{}", bench.log.len());
}

#[test]
fn buffers_count_as_memory() {
    let mut bench = Bench::new();
    let text = "export default () => { const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1)); };";
    bench.module("hoards", text).memory_mb = 64;
    bench.good();
    let finished = bench.run();
    assert_eq!(error(&finished, 0).code, "KRP5505", "{finished:?}");
    assert!(is_good(&finished, 1));
}

#[test]
fn no_more_jobs_run_at_once_than_are_wanted() {
    let mut bench = Bench::new();
    bench.jobs = 1;
    for _ in 0..3 {
        bench.good();
    }
    assert!(is_good(&bench.run(), 2));
    let order = [
        "started 1",
        "finished 1",
        "started 2",
        "finished 2",
        "started 3",
        "finished 3",
    ];
    assert_eq!(bench.seen, order);
}

#[test]
fn a_snapshot_is_built_afterwards_used_next_time_and_replaced_if_damaged() {
    let mut bench = Bench::new();
    bench.builtin("good");
    let (cache, _) = bench.cache();
    let runtime = runtime_at(node());
    let plain = bench.run_on(&runtime, Some(&cache));
    assert!(!plain.from_snapshot);
    let build = plain.background.unwrap();
    build.start();
    wait_for(build.blob());
    let fast = bench.run_on(&runtime, Some(&cache));
    assert!(fast.from_snapshot && fast.background.is_none());
    assert_eq!(fast.results, plain.results);

    fs::write(build.blob(), "damaged").unwrap();
    let after = bench.run_on(&runtime, Some(&cache));
    assert!(is_good(&after, 0) && !after.from_snapshot && after.background.is_some());
    assert!(!build.blob().exists(), "a damaged blob is removed");
}

fn wait_for(file: &Path) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !file.exists() {
        assert!(Instant::now() < deadline, "{} did not appear", file.display());
        std::thread::yield_now();
    }
}

#[test]
fn snapshots_can_be_switched_off() {
    let mut bench = Bench::new();
    bench.builtin("good");
    let (cache, _) = bench.cache();
    let environment = Environment {
        variables: [("KREPIS_NO_SNAPSHOT".to_owned(), "1".to_owned())].into(),
        ..Environment::default()
    };
    let (runtime, location) = (runtime_at(node()), bundle());
    let run = Run {
        runtime: &runtime,
        location: &location,
        cache: Some(&cache),
        environment: &environment,
        time_limit: None,
        interrupts: None,
    };
    let start = StartCommands {
        root: bench.scratch.path().join("workspace").display().to_string(),
        commands: bench.commands.clone(),
        ..StartCommands::default()
    };
    let finished = run_commands(&run, &start, &mut |_| QueryAnswer::default(), &mut |_| {}).unwrap();
    assert!(finished.background.is_none());
}

#[test]
fn a_missing_bundle_says_where_it_was_looked_for() {
    let scratch = tempfile::tempdir().unwrap();
    let failure = RunnerLocation::at(scratch.path()).unwrap_err();
    assert_eq!(failure.code.id, "KRP5101");
    assert!(failure.message.contains(&scratch.path().display().to_string()));
}
