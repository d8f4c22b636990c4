//! `krepis cache`: the caches of a workspace; the remote cache of Nx, its tokens and its key.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use krepis_cache::{Budget, Condition, KindStats};
use krepis_change::Failure;
use krepis_remote_cache::{
    Access, BackEnd, Key, Level, Limits, Log, S3Credentials, S3Settings, Scope, Settings, Tokens, errors,
    parse_duration, parse_size,
};
use serde_json::json;

use crate::arguments::{
    CacheCommand, CacheKeyArguments, CacheLogLevel, CacheServeArguments, CacheTokenArguments,
};
use crate::session::Session;

/// The key itself, for machines that hand out secrets by the environment.
const KEY_VARIABLE: &str = "KREPIS_CACHE_KEY";

pub fn run(session: &Session, command: CacheCommand) -> Result<u8, Failure> {
    match command {
        CacheCommand::Stats => stats(session),
        CacheCommand::Clear { kind } => clear(session, kind.as_deref()),
        CacheCommand::Serve(arguments) => serve(session, &arguments),
        CacheCommand::Token(arguments) => token(session, &arguments),
        CacheCommand::Key { file } => new_key(session, file),
    }
}

fn stats(session: &Session) -> Result<u8, Failure> {
    let caches = session.workspace()?.caches();
    let mut found: Vec<(KindStats, Option<u64>)> = krepis_workspace::CACHES
        .iter()
        .map(|kind| (caches.stats(*kind, Budget::default()), Some(kind.most)))
        .collect();
    // What another version of krepis keeps counts too.
    for name in caches.kinds() {
        if !found.iter().any(|(stats, _)| stats.name == name) {
            found.push((caches.size(&name), None));
        }
    }
    if session.shell.is_json() {
        let list: Vec<_> = found
            .iter()
            .map(|(kind, most)| {
                json!({
                    "name": kind.name,
                    "bytes": kind.bytes,
                    "limit": most,
                    "records": kind.stats.map(|stats| stats.records),
                    "payload": kind.stats.map(|stats| stats.payload),
                    "state": state(kind.condition).0,
                    "damagedCopy": kind.damaged_copy,
                })
            })
            .collect();
        session.shell.json(&json!({ "schema": 1, "caches": list }));
        return Ok(0);
    }
    for (kind, most) in &found {
        let most = most.map_or_else(String::new, |most| format!(" of {}", size(most)));
        let records = kind
            .stats
            .map_or_else(String::new, |stats| format!(", {} records", stats.records));
        let copy = if kind.damaged_copy {
            ", with a damaged one moved aside"
        } else {
            ""
        };
        let state = state(kind.condition).1;
        session.shell.data(&format!(
            "{}  {}{most}{records}{copy}{state}\n",
            kind.name,
            size(kind.bytes)
        ));
    }
    Ok(0)
}

/// A word for programs, and what a person is told beside the size.
fn state(condition: Condition) -> (&'static str, String) {
    match condition {
        Condition::Open => ("ok", String::new()),
        Condition::Missing => ("empty", String::new()),
        Condition::Busy(None) => ("busy", ", in use".to_owned()),
        Condition::Busy(Some(pid)) => ("busy", format!(", in use by process {pid}")),
        Condition::Unusable => ("unusable", ", cannot be opened".to_owned()),
        Condition::Damaged => ("damaged", ", was damaged and is begun anew".to_owned()),
        Condition::Late => ("slow", ", did not answer in time".to_owned()),
    }
}

/// Bytes for people: `412 KiB`, `1.5 MiB`.
fn size(bytes: u64) -> String {
    let kibibytes = bytes.div_ceil(1 << 10);
    if kibibytes < 1 << 10 {
        return format!("{kibibytes} KiB");
    }
    let tenths = (kibibytes * 10).div_ceil(1 << 10);
    if tenths.is_multiple_of(10) {
        format!("{} MiB", tenths / 10)
    } else {
        format!("{}.{} MiB", tenths / 10, tenths % 10)
    }
}

fn clear(session: &Session, kind: Option<&str>) -> Result<u8, Failure> {
    let caches = session.workspace()?.caches();
    let mut known: Vec<String> = krepis_workspace::CACHES
        .iter()
        .map(|kind| kind.name.to_owned())
        .chain(caches.kinds())
        .collect();
    known.sort_unstable();
    known.dedup();
    if let Some(kind) = kind {
        if !known.iter().any(|name| name == kind) {
            return Err(Failure::new(
                &krepis_cache::errors::UNKNOWN_KIND,
                format!("there is no cache `{kind}`"),
            )
            .hint(format!("there is: {}", known.join(", "))));
        }
        known.retain(|name| name == kind);
    }
    let mut freed = 0;
    for name in &known {
        freed += caches.clear(name, session.options().lock_timeout)?;
    }
    if session.shell.is_json() {
        session
            .shell
            .json(&json!({ "schema": 1, "cleared": known, "bytes": freed }));
    } else {
        session
            .shell
            .say(&format!("Cleared {}: {}.", known.join(", "), size(freed)));
    }
    Ok(0)
}

fn new_key(session: &Session, file: Option<PathBuf>) -> Result<u8, Failure> {
    let file = match file {
        Some(file) => session.directory.join(file),
        None => default_key_file()?,
    };
    Key::create(&file)?;
    if session.shell.is_json() {
        session.shell.json(&json!({ "schema": 1, "keyFile": file }));
    } else {
        session.shell.data(&format!("{}\n", file.display()));
        session
            .shell
            .say("The key is written. Whoever holds it can make tokens and entries: keep it where the server runs, and nowhere else.");
    }
    Ok(0)
}

fn token(session: &Session, arguments: &CacheTokenArguments) -> Result<u8, Failure> {
    let scope = Scope::parse(&arguments.scope)?;
    let lasts = parse_duration(&arguments.expires)?;
    let (key, _) = key(session, &arguments.key)?;
    let access = if arguments.read_only {
        Access::Read
    } else {
        Access::Write
    };
    let now = SystemTime::now();
    let token = Tokens::new(&key, arguments.key.token_epoch).mint(&scope, access, now, lasts)?;
    if session.shell.is_json() {
        let access = if arguments.read_only { "read" } else { "write" };
        let document = json!({ "schema": 1, "token": token, "scope": scope.as_str(), "access": access, "seconds": lasts.as_secs() });
        session.shell.json(&document);
        return Ok(0);
    }
    session.shell.data(&format!("{token}\n"));
    let reads = if scope.is_main() {
        "main".to_owned()
    } else {
        format!("main and {scope}")
    };
    let stores = if arguments.read_only {
        "stores nothing".to_owned()
    } else {
        format!("stores in {scope}")
    };
    session.shell.say(&format!(
        "The token reads {reads}, {stores}, for {}.",
        arguments.expires
    ));
    Ok(0)
}

fn serve(session: &Session, arguments: &CacheServeArguments) -> Result<u8, Failure> {
    let (key, key_file) = key(session, &arguments.key)?;
    let folder = match &arguments.dir {
        Some(dir) => session.directory.join(dir),
        None => default_folder()?,
    };
    if let Some(file) = &key_file {
        refuse_key_beside_data(file, &folder)?;
    }
    let artifact = parse_size(&arguments.max_artifact)?;
    let limits = Limits {
        artifact,
        under_way: parse_size(&arguments.max_under_way)?,
        connections: arguments.max_connections.max(1),
        idle: parse_duration(&arguments.idle_timeout)?,
        grace: parse_duration(&arguments.grace)?,
        ..Limits::default()
    };
    if limits.under_way < artifact {
        return Err(Failure::new(
            &errors::BAD_OPTION,
            "--max-under-way is smaller than --max-artifact",
        )
        .reason("an artefact of the largest size could never be taken in"));
    }
    let most = parse_size(&arguments.max_size)?;
    let back_end = match &arguments.s3_bucket {
        Some(bucket) => BackEnd::S3(s3(arguments, bucket)?),
        None => BackEnd::Folder { most },
    };
    let level = match arguments.log {
        CacheLogLevel::Warn => Level::Warn,
        CacheLogLevel::Info => Level::Info,
    };
    let (log, writer) = Log::to(std::io::stderr(), level);
    let settings = Settings {
        listen: arguments.listen,
        key,
        token_epoch: arguments.key.token_epoch,
        folder,
        back_end,
        limits,
        log,
    };
    let shell = session.shell;
    if !arguments.listen.ip().is_loopback() {
        shell.warn("tokens and artefacts go over the network as plain HTTP: put a proxy with TLS in front");
    }
    krepis_remote_cache::serve(settings, |address| {
        if shell.is_json() {
            shell.json(&json!({ "schema": 1, "url": format!("http://{address}") }));
        } else {
            shell.data(&format!("http://{address}\n"));
        }
    })?;
    writer.finish();
    Ok(0)
}

fn s3(arguments: &CacheServeArguments, bucket: &str) -> Result<S3Settings, Failure> {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let demanded = |name: &str| {
        named(name).ok_or_else(|| {
            Failure::new(&errors::S3_CONFIGURATION, format!("${name} is not set"))
                .hint("S3's credentials come from $AWS_ACCESS_KEY_ID, $AWS_SECRET_ACCESS_KEY and, where there is one, $AWS_SESSION_TOKEN")
        })
    };
    Ok(S3Settings {
        bucket: bucket.to_owned(),
        region: arguments.s3_region.clone(),
        endpoint: arguments.s3_endpoint.clone(),
        prefix: arguments.s3_prefix.clone(),
        path_style: arguments.s3_endpoint.is_some() && !arguments.s3_virtual_host,
        credentials: S3Credentials {
            access_key: demanded("AWS_ACCESS_KEY_ID")?,
            secret_key: demanded("AWS_SECRET_ACCESS_KEY")?,
            session_token: named("AWS_SESSION_TOKEN"),
        },
        timeout: parse_duration(&arguments.s3_timeout)?,
    })
}

/// The key, and the file it came from.
fn key(session: &Session, arguments: &CacheKeyArguments) -> Result<(Key, Option<PathBuf>), Failure> {
    if let Some(file) = &arguments.key_file {
        let file = session.directory.join(file);
        return Ok((Key::read(&file)?, Some(file)));
    }
    if let Some(text) = std::env::var_os(KEY_VARIABLE).filter(|text| !text.is_empty()) {
        let key = Key::parse(&text.to_string_lossy())
            .map_err(|failure| failure.at(format!("${KEY_VARIABLE}"), 0, 0))?;
        return Ok((key, None));
    }
    let file = default_key_file()?;
    Ok((Key::read(&file)?, Some(file)))
}

/// Whoever can write the entries must not read the key, or the signatures say nothing.
fn refuse_key_beside_data(file: &Path, folder: &Path) -> Result<(), Failure> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if real(file).starts_with(real(folder)) {
        return Err(Failure::new(
            &errors::KEY_BESIDE_DATA,
            format!("the key {} lies in the folder of the entries", file.display()),
        )
        .reason("who can write there could sign what he plants")
        .hint("move it elsewhere, and name it with --key-file"));
    }
    Ok(())
}

fn default_key_file() -> Result<PathBuf, Failure> {
    home("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("krepis").join("remote-cache.key"))
}

fn default_folder() -> Result<PathBuf, Failure> {
    home("XDG_CACHE_HOME", ".cache").map(|folder| folder.join("krepis").join("remote-cache"))
}

/// A folder of the XDG base directory specification; relative values are ignored, as it demands.
fn home(variable: &str, below_home: &str) -> Result<PathBuf, Failure> {
    let named = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    named(variable)
        .or_else(|| named("HOME").map(|home| home.join(below_home)))
        .ok_or_else(|| {
            Failure::new(
                &errors::BAD_OPTION,
                format!("neither ${variable} nor $HOME is set"),
            )
            .hint("name the files with --key-file and --dir")
        })
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_rounded_up() {
        let cases = [
            (0, "0 KiB"),
            (1, "1 KiB"),
            (2048, "2 KiB"),
            ((1 << 20) - 1, "1 MiB"),
            (1 << 20, "1 MiB"),
            ((1 << 20) + 1, "1.1 MiB"),
            (256 << 20, "256 MiB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(size(bytes), text);
        }
    }
}
