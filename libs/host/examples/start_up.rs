//! Measures what a built-in command costs from the start of Node to its result, three ways (docs/decisions/0001).
//!
//! `cargo run --release --example start_up -- NODE RUNNER_DIR WORKSPACE KIND OPTIONS_JSON [RUNS]`

#![expect(clippy::print_stdout, reason = "a program that prints figures")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use krepis_change::Failure;
use krepis_host::{
    CacheFolder, Environment, Happening, Purpose, Request, Run, RunnerLocation, Runtime, find_node,
    run_commands,
};
use krepis_proto::v1::{Command, QueryAnswer, StartCommands, command};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [node, runner, workspace, kind, options, rest @ ..] = arguments.as_slice() else {
        return Err("NODE RUNNER_DIR WORKSPACE KIND OPTIONS_JSON [RUNS]".into());
    };
    let runs = rest.first().map_or(Ok(11), |text| text.parse())?;
    let scratch = std::env::temp_dir().join(format!("krepis-start-up-{}", std::process::id()));
    let variables = [("KREPIS_CACHE_DIR".to_owned(), scratch.display().to_string())];
    let mut environment = Environment {
        variables: variables.into(),
        ..Environment::default()
    };
    let cache = CacheFolder::open(&environment)?;
    let workspace = PathBuf::from(workspace);
    let request = Request {
        environment: &environment,
        cache: Some(&cache),
        workspace: &workspace,
        directory: &workspace,
        option: Some(node),
        configured: None,
        purpose: Purpose::FirstParty,
    };
    let runtime = find_node(&request)?;
    let location = RunnerLocation::at(&PathBuf::from(runner))?;
    let start = StartCommands {
        root: workspace.display().to_string(),
        commands: vec![Command {
            id: 1,
            name: kind.clone(),
            source: Some(command::Source::Builtin(kind.clone())),
            options_json: options.clone(),
            ..Command::default()
        }],
        ..StartCommands::default()
    };

    environment
        .variables
        .insert("KREPIS_NO_SNAPSHOT".into(), "1".into());
    let measure = |name: &str, cache: Option<&CacheFolder>, environment: &Environment| {
        let run = || once(&runtime, &location, cache, environment, &start);
        let first = run()?;
        let mut times = (0..runs)
            .map(|_| run())
            .collect::<Result<Vec<Duration>, Failure>>()?;
        times.sort_unstable();
        let [least, median, most] =
            [0, times.len() / 2, times.len() - 1].map(|index| times[index].as_millis());
        println!(
            "{name}: first {} ms, then median {median} ms ({least}-{most}) of {runs}",
            first.as_millis()
        );
        Ok::<(), Failure>(())
    };
    measure("from source", None, &environment)?;
    measure("compile cache", Some(&cache), &environment)?;
    environment.variables.remove("KREPIS_NO_SNAPSHOT");
    let run = Run {
        runtime: &runtime,
        location: &location,
        cache: Some(&cache),
        environment: &environment,
        time_limit: None,
        interrupts: None,
    };
    let finished = run_commands(&run, &start, &mut |_| QueryAnswer::default(), &mut |happening| {
        if let Happening::Printed(log) = happening {
            print!("{}", log.text);
        }
    })?;
    println!(
        "outcome: {}",
        format!("{:?}", finished.results)
            .chars()
            .take(300)
            .collect::<String>()
    );
    if let Some(build) = finished.background {
        let before = Instant::now();
        build.start();
        while !build.blob().exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let size = std::fs::metadata(build.blob())?.len() / 1_000_000;
        println!(
            "building the snapshot in the background: {} ms, {size} MB",
            before.elapsed().as_millis()
        );
    }
    measure("snapshot", Some(&cache), &environment)?;
    std::fs::remove_dir_all(&scratch)?;
    Ok(())
}

fn once(
    runtime: &Runtime,
    location: &RunnerLocation,
    cache: Option<&CacheFolder>,
    environment: &Environment,
    start: &StartCommands,
) -> Result<Duration, Failure> {
    let before = Instant::now();
    let run = Run {
        runtime,
        location,
        cache,
        environment,
        time_limit: None,
        interrupts: None,
    };
    run_commands(&run, start, &mut |_| QueryAnswer::default(), &mut |_| {})?;
    Ok(before.elapsed())
}
