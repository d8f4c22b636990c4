//! package.json.

use jsonc_parser::ast::{Object, Value as Ast};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, parse_to_ast};
use krepis_change::WorkspacePath;
use krepis_facts::Place;
use serde_json::Value;

use super::{Declared, Means, place, script};
use crate::config::STRICT;
use crate::resolve::{Members, Package, Target};
use crate::view::{View, join};

/// Dependencies of a package, and whether what is built does without.
const SECTIONS: [(&str, bool); 4] = [
    ("dependencies", false),
    ("devDependencies", true),
    ("optionalDependencies", false),
    ("peerDependencies", false),
];

/// Parses JSON as npm does: strictly, but for a byte-order mark.
///
/// # Errors
/// Why it is not JSON, and where.
pub fn parse(text: &str) -> Result<(Ast<'_>, usize), (String, Place)> {
    let (code, shift) = text.strip_prefix('\u{feff}').map_or((text, 0), |code| (code, 3));
    match parse_to_ast(code, &CollectOptions::default(), &STRICT) {
        Ok(parsed) => match parsed.value {
            Some(value) => Ok((value, shift)),
            None => Err(("it is empty".to_owned(), place(text, 0..0))),
        },
        Err(error) => {
            let range = error.range();
            let at = place(text, range.start + shift..range.end + shift);
            Err((error.kind().to_string(), at))
        }
    }
}

/// What a package.json declares.
pub fn read(text: &str) -> Result<Vec<Declared>, (String, Place)> {
    let (value, shift) = parse(text)?;
    let Ast::Object(root) = &value else {
        return Err(("it is not an object".to_owned(), place(text, 0..0)));
    };
    let mut found = Vec::new();
    let at = |start: usize, end: usize| place(text, start + shift..end + shift);
    for (section, dev) in SECTIONS {
        for property in entries(root, section) {
            let name = property.name.as_str();
            let version = property
                .value
                .as_string_lit()
                .map_or("", |version| version.value.as_ref());
            let range = property.name.range();
            found.push(Declared {
                specifier: name.to_owned(),
                section,
                dev,
                at: at(range.start, range.end),
                home: None,
                means: means(name, version),
            });
        }
    }
    let mut crates = Vec::new();
    for property in entries(root, "scripts") {
        let Some(command) = property.value.as_string_lit() else {
            continue;
        };
        for (specifier, means) in script::crates(&command.value) {
            crates.push(Declared {
                specifier,
                section: "scripts",
                dev: false,
                at: at(command.range.start, command.range.end),
                home: None,
                means,
            });
        }
    }
    if let Some(napi) = root.get_object("napi")
        && crates.is_empty()
    {
        let keys = ["package", "binaryName", "name"];
        let names = keys.iter().filter_map(|key| napi.get_string(key));
        let range = root.get("napi").map_or(0..0, |property| {
            let range = property.name.range();
            range.start..range.end
        });
        crates.push(Declared {
            specifier: "napi".to_owned(),
            section: "napi",
            dev: false,
            at: at(range.start, range.end),
            home: None,
            means: Means::Addon(names.map(|name| name.value.to_string()).collect()),
        });
    }
    found.extend(crates);
    found.sort_by_key(|declared| declared.at);
    Ok(found)
}

fn entries<'o, 'a>(root: &'o Object<'a>, key: &str) -> &'o [jsonc_parser::ast::ObjectProp<'a>] {
    root.get_object(key).map_or(&[], |object| &object.properties)
}

/// What `"NAME": "VERSION"` leads to, by the protocols of npm, pnpm and Yarn.
fn means(name: &str, version: &str) -> Means {
    let (protocol, rest) = version.split_once(':').unwrap_or(("", version));
    match protocol {
        "workspace" if rest.starts_with(['.', '/']) => Means::PackageFolder(rest.to_owned()),
        // `workspace:other@*` is an alias; a scope's `@` stands first.
        "workspace" => match rest.get(1..).and_then(|tail| tail.find('@')) {
            Some(end) => Means::Member(rest[..=end].to_owned()),
            None => Means::Member(name.to_owned()),
        },
        // A packed tarball is a copy: it is no project.
        "file" | "link" | "portal" if !is_tarball(rest) => Means::PackageFolder(rest.to_owned()),
        "npm" => {
            let end = rest.get(1..).and_then(|tail| tail.find('@'));
            Means::External(end.map_or(rest, |end| &rest[..=end]).to_owned())
        }
        "file" | "git" | "git+ssh" | "git+https" | "github" | "http" | "https" => {
            Means::External(name.to_owned())
        }
        _ => Means::Package(name.to_owned()),
    }
}

fn is_tarball(path: &str) -> bool {
    [".tgz", ".tar.gz", ".tar"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

/// The package of the workspace with a name.
pub fn by_name(view: &View<'_>, name: &str) -> Option<Target> {
    let folder = Members::of(view).by_name(name)?;
    let path = WorkspacePath::parse(&join(folder, "package.json")).ok()?;
    Some(Target::Member(path, name.to_owned()))
}

/// True if a package names another among its development dependencies and nowhere else.
pub fn is_development_only(package: &Package, name: &str) -> bool {
    let has = |section: &str| {
        package
            .json()
            .get(section)
            .and_then(Value::as_object)
            .is_some_and(|names| names.contains_key(name))
    };
    SECTIONS.iter().any(|(section, dev)| *dev && has(section))
        && !SECTIONS.iter().any(|(section, dev)| !*dev && has(section))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocols_of_package_managers() {
        let name = |text: &str| text.to_owned();
        for (version, expected) in [
            ("workspace:*", Means::Member(name("a"))),
            ("workspace:^1.2.0", Means::Member(name("a"))),
            ("workspace:@x/b@*", Means::Member(name("@x/b"))),
            ("workspace:../b", Means::PackageFolder(name("../b"))),
            ("link:../b", Means::PackageFolder(name("../b"))),
            ("file:../b", Means::PackageFolder(name("../b"))),
            ("file:../b.tgz", Means::External(name("a"))),
            ("npm:@x/b@^1", Means::External(name("@x/b"))),
            ("npm:b", Means::External(name("b"))),
            ("git+ssh://git@x/y.git", Means::External(name("a"))),
            ("^1.0.0", Means::Package(name("a"))),
            ("catalog:", Means::Package(name("a"))),
            ("", Means::Package(name("a"))),
        ] {
            assert_eq!(means("a", version), expected, "{version}");
        }
    }

    #[test]
    fn a_package_names_packages_and_the_crates_its_scripts_build() {
        let text = "\u{feff}{\n  \"dependencies\": { \"é\": \"1\" },\n  \"devDependencies\": {\n    \"b\": \"workspace:*\"\n  },\n  \"napi\": { \"binaryName\": \"n\" },\n  \"scripts\": { \"build\": \"napi build --manifest-path ../n/Cargo.toml\" }\n}\n";
        let found: Vec<_> = read(text)
            .unwrap()
            .into_iter()
            .map(|one| (one.at.line, one.at.column, one.specifier, one.section, one.dev))
            .collect();
        assert_eq!(
            found,
            [
                (2, 21, "é".to_owned(), "dependencies", false),
                (4, 5, "b".to_owned(), "devDependencies", true),
                (
                    7,
                    25,
                    "--manifest-path ../n/Cargo.toml".to_owned(),
                    "scripts",
                    false
                ),
            ]
        );
    }

    #[test]
    fn what_is_not_json_has_the_place() {
        assert_eq!(read("{\n  \"name\": \"a\",\n}\n").unwrap_err().1.line, 2);
        assert_eq!(read("").unwrap_err().1.line, 1);
        assert!(read("[]").is_err());
    }
}
