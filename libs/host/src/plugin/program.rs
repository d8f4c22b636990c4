//! The program of a plugin's process: which Node, with which arguments, environment and files.

use std::io::Read;
use std::path::{Path, PathBuf};

use krepis_change::Failure;
use semver::Version;

use super::{Plugin, errors};
use crate::version::unsuitable;
use crate::{Environment, PLUGIN_FLOORS, Purpose, Runtime};

/// Variables that are handed on without being asked for: how text is written, and nothing of whose machine it is.
const HANDED_ON: &[&str] = &["LANG", "LC_ALL", "LC_CTYPE", "TZ"];

/// Variables that every plugin's process has. Empty: OpenSSL looks for no configuration, which could load code and which
/// lies where nothing may be read; a Node that finds the file and may not open it ends.
pub const OWN: &[(&str, &str)] = &[("OPENSSL_CONF", "")];

/// Folders of the system's libraries. Nobody's own files are there.
const LIBRARIES: &[&str] = &[
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
];

/// Whether a Node can confine a plugin.
///
/// # Errors
/// `KRP5220`.
pub fn check_node(runtime: &Runtime) -> Result<(), Failure> {
    if is_safe(&runtime.version) {
        return Ok(());
    }
    let floors: Vec<String> = PLUGIN_FLOORS
        .iter()
        .map(|(major, minor, patch)| format!("{major}.{minor}.{patch}"))
        .collect();
    Err(Failure::new(
        &errors::NODE_TOO_OLD,
        format!(
            "Node.js {} at {} cannot confine a plugin",
            runtime.version,
            runtime.path.display()
        ),
    )
    .reason(format!(
        "plugins run on {} or newer of these lines, where the known holes of the permission model are closed",
        floors.join(", ")
    ))
    .hint(
        "install a newer Node.js, or name one with --node; `krepis runtime --explain` shows what was found",
    ))
}

fn is_safe(version: &Version) -> bool {
    unsuitable(version, Purpose::Plugin).is_none()
}

/// Node's own arguments: the permission model with nothing but reads, and the doors that it leaves open shut. By version
/// and not by `--help`: a flag that a Node does not know ends it.
pub fn arguments(version: &Version, reads: &[PathBuf], heap_mb: u32) -> Vec<String> {
    let mut arguments = vec![
        "--permission".to_owned(),
        // It opens files past the permission model.
        "--no-experimental-sqlite".to_owned(),
        "--no-addons".to_owned(),
        // No inspector by signal.
        "--disable-sigusr1".to_owned(),
        // Less address space, which an RLIMIT_DATA would count.
        "--disable-wasm-trap-handler".to_owned(),
        "--disable-warning=ExperimentalWarning".to_owned(),
        "--disable-warning=SecurityWarning".to_owned(),
        format!("--max-old-space-size={heap_mb}"),
    ];
    if version.major >= 26 {
        arguments.push("--no-experimental-ffi".to_owned());
    }
    for path in reads {
        arguments.push(format!("--allow-fs-read={}", path.display()));
    }
    arguments
}

/// The whole environment of a plugin's process.
pub fn environment(plugin: &Plugin, environment: &Environment) -> Vec<(String, String)> {
    let asked = plugin.capabilities().env;
    let handed_on = HANDED_ON
        .iter()
        .copied()
        .chain(asked.iter().map(String::as_str))
        .filter_map(|name| Some((name.to_owned(), environment.variable(name)?.to_owned())));
    OWN.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .chain(handed_on)
        .collect()
}

/// What the program needs to run, beside its script: itself and its loader; the folders of libraries.
pub fn files(program: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let mut execute = vec![program.to_owned()];
    execute.extend(loader(program));
    let mut read: Vec<PathBuf> = LIBRARIES.iter().map(PathBuf::from).collect();
    // Nix and Homebrew keep libraries in trees of their own.
    for tree in ["/nix/store", "/gnu/store", "/home/linuxbrew/.linuxbrew"] {
        if program.starts_with(tree) {
            read.push(tree.into());
        }
    }
    read.extend(libraries_beside(program));
    (execute, read)
}

/// The libraries of an installation (`bin/node` and `lib/libnode.so.137`): file by file, since what is beside `~/bin` is the user's.
fn libraries_beside(program: &Path) -> Vec<PathBuf> {
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    let folder = real
        .parent()
        .and_then(Path::parent)
        .map(|prefix| prefix.join("lib"));
    let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
    entries
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains(".so"))
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect()
}

/// The program that the kernel loads first, named in the ELF header (`PT_INTERP`).
fn loader(program: &Path) -> Option<PathBuf> {
    const INTERPRETER: u32 = 3;
    let mut head = Vec::new();
    std::fs::File::open(program)
        .ok()?
        .take(64 * 1024)
        .read_to_end(&mut head)
        .ok()?;
    let bytes = |at: usize, count: usize| head.get(at..at.checked_add(count)?);
    let u16_at = |at| bytes(at, 2)?.try_into().ok().map(u16::from_le_bytes);
    let u32_at = |at| bytes(at, 4)?.try_into().ok().map(u32::from_le_bytes);
    let u64_at =
        |at| -> Option<usize> { usize::try_from(u64::from_le_bytes(bytes(at, 8)?.try_into().ok()?)).ok() };
    // 64-bit, little-endian.
    if bytes(0, 6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let (table, size, count) = (u64_at(32)?, usize::from(u16_at(54)?), usize::from(u16_at(56)?));
    let entry = (0..count)
        .map(|index| table + index * size)
        .find(|entry| u32_at(*entry) == Some(INTERPRETER))?;
    let path = bytes(u64_at(entry + 8)?, u64_at(entry + 32)?)?;
    let path = std::str::from_utf8(path.strip_suffix(b"\0").unwrap_or(path)).ok()?;
    std::fs::canonicalize(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_with_known_holes_confine_nothing() {
        for (version, expected) in [
            ("22.22.9", false),
            ("22.23.0", true),
            ("23.11.0", false),
            ("24.16.9", false),
            ("24.17.0", true),
            ("25.9.0", false),
            ("26.3.0", false),
            ("26.3.1", true),
            ("27.0.0", true),
        ] {
            assert_eq!(
                is_safe(&Version::parse(version).expect("a version")),
                expected,
                "{version}"
            );
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_loader_of_this_program_is_found() {
        let own = std::env::current_exe().expect("a path");
        let loader = loader(&own).expect("a loader");
        assert!(loader.to_string_lossy().contains("ld"), "{}", loader.display());
        assert!(super::loader(Path::new("/etc/passwd")).is_none());
    }

    #[test]
    fn of_what_lies_beside_a_program_only_libraries_are_granted() {
        let scratch = tempfile::tempdir().expect("a folder");
        let home = scratch.path().canonicalize().expect("a path");
        for folder in ["bin", "lib", "lib/private.so"] {
            std::fs::create_dir(home.join(folder)).expect("a folder");
        }
        for file in ["bin/node", "lib/libnode.so.137", "lib/notes.txt"] {
            std::fs::write(home.join(file), "").expect("a file");
        }
        let (execute, read) = files(&home.join("bin/node"));
        assert_eq!(execute, [home.join("bin/node")]);
        let own: Vec<&PathBuf> = read.iter().filter(|path| path.starts_with(&home)).collect();
        assert_eq!(own, [&home.join("lib/libnode.so.137")]);
    }

    #[test]
    fn only_reads_are_ever_granted() {
        for version in ["22.23.0", "24.17.0", "26.3.1"] {
            let version = Version::parse(version).expect("a version");
            let arguments = arguments(&version, &["/p".into()], 64);
            let allowed: Vec<&String> = arguments
                .iter()
                .filter(|one| one.starts_with("--allow"))
                .collect();
            assert_eq!(allowed, ["--allow-fs-read=/p"]);
            assert!(arguments.contains(&"--permission".to_owned()));
        }
    }
}
