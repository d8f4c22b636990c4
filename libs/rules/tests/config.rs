//! krepis.json: what is read, and what is said of what cannot be read.

use krepis_change::{FileState, MemoryTree, WorkspacePath};
use krepis_rules::{Config, Judgement, Selector, load_config};

fn parse(text: &str) -> Config {
    Config::parse(text, "krepis.json").unwrap_or_else(|failure| panic!("{failure}: {failure:?}"))
}

/// `code line:column message` of every problem.
fn problems(text: &str) -> Vec<String> {
    let failure = Config::parse(text, "krepis.json").expect_err("a failure");
    assert_eq!(failure.exit(), 2);
    std::iter::once(&failure)
        .chain(&failure.others)
        .map(|one| {
            let at = one.at.as_ref().expect("a place");
            assert_eq!(at.path, "krepis.json");
            assert!(
                one.hint.is_some() || one.reason.is_some(),
                "{one:?} says nothing more"
            );
            format!("{} {}:{} {}", one.code.id, at.line, at.column, one.message)
        })
        .collect()
}

fn hint(text: &str) -> String {
    Config::parse(text, "krepis.json")
        .expect_err("a failure")
        .hint
        .expect("a hint")
}

#[test]
fn everything_is_read() {
    let config = parse(
        r#"{
  "$schema": "./x.json", "schema": 1, "runtime": "turbo", "root": "./src/", "node": "24", "unclassified": "error",
  "elements": [
    { "name": "domain", "files": ["src/*/domain/**", "!**/*.test.ts"], "layer": "core", "tags": ["pure", "old"] },
    { "name": "web", "files": ["src/web/**"], "optional": true }
  ],
  "rules": [
    { "id": "a", "from": "domain", "deny": ["web", "layer:core", "tag:old", "npm:*", "npm:@x/*", "npm:y", "npm:@x/z", "node:*", "node:fs"], "why": "w", "fix": "f" },
    { "id": "b", "from": ["web", "*"], "allow": [] }
  ],
  "commands": { "two": "./tools/2.ts", "one": "./tools/1.ts" }, "plugins": { "acme": "./plugins/acme" },
  "ignore": ["src/gen/**"], "secrets": ["*.pem"], "baseline": "./tools/baseline.json"
}"#,
    );
    assert_eq!(
        (config.runtime.as_str(), config.root.0.as_str()),
        ("turbo", "src")
    );
    assert_eq!(config.node.as_deref(), Some("24"));
    assert!(config.unclassified_is_error);
    assert_eq!(config.elements[0].place, (4, 5));
    assert_eq!(config.elements[0].tags, ["pure", "old"]);
    assert!(config.elements[1].optional);
    let Judgement::Deny(denied) = &config.rules[0].judgement else {
        panic!("deny")
    };
    assert_eq!(
        denied[..],
        [
            Selector::Element("web".into()),
            Selector::Layer("core".into()),
            Selector::Tag("old".into()),
            Selector::AnyPackage,
            Selector::Scope("@x".into()),
            Selector::Package("y".into()),
            Selector::Package("@x/z".into()),
            Selector::AnyBuiltin,
            Selector::Builtin("fs".into()),
        ]
    );
    assert_eq!(config.rules[1].judgement, Judgement::Allow(Vec::new()));
    assert_eq!(
        config.rules[1].from,
        [Selector::Element("web".into()), Selector::Any]
    );
    let names: Vec<_> = config.commands.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["two", "one"]);
    assert_eq!(config.plugins, [("acme".to_owned(), "./plugins/acme".to_owned())]);
    assert!(config.ignore.matches("src/gen/a.ts"));
    assert_eq!(config.secrets, ["*.pem"]);
    assert_eq!(config.baseline_path().as_str(), "tools/baseline.json");
    let path = |text| WorkspacePath::parse(text).expect("a path");
    assert_eq!(config.element_of(&path("src/a/domain/b.ts")), Some(0));
    assert_eq!(config.element_of(&path("src/a/domain/b.test.ts")), None);
}

#[test]
fn the_least_there_can_be_has_defaults() {
    let config = parse("\u{feff}{ \"schema\": 1 }");
    assert_eq!(
        (config.runtime.as_str(), config.root.0.as_str()),
        ("standard", "")
    );
    assert_eq!(config.baseline_path().as_str(), "krepis.baseline.json");
    assert!(config.elements.is_empty() && config.rules.is_empty());
}

#[test]
fn what_is_not_json_has_the_place() {
    assert_eq!(
        problems("{\n  \"schema\": 1,\n  \"elements\": [}\n}\n")[0][..12],
        *"KRP3001 3:16"
    );
    assert_eq!(problems(""), ["KRP3001 1:1 krepis.json is not JSON"]);
    assert_eq!(problems("{ \"schema\": 1, }")[0][..7], *"KRP3001");
    assert_eq!(problems("{ // no\n \"schema\": 1 }")[0][..7], *"KRP3001");
    assert_eq!(problems("{ \"schema\": 1 } x")[0][..7], *"KRP3001");
    assert_eq!(
        problems("[]"),
        ["KRP3003 1:1 `krepis.json` must be an object, not a list"]
    );
}

#[test]
fn every_problem_of_form_is_named_in_order() {
    assert_eq!(
        problems(
            r#"{
  "schema": 2,
  "elemnts": [],
  "elements": {},
  "runtime": "fast",
  "rules": [
    { "id": "", "from": 1, "deny": [] },
    { "id": "b", "from": [], "deny": [], "allow": [] },
    { "from": "x" }
  ],
  "unclassified": "no",
  "commands": { "x": "tools/x.ts", "x": "./y.ts" },
  "root": true
}"#
        ),
        [
            "KRP3009 2:13 `schema` must be 1",
            "KRP3002 3:3 unknown key `elemnts`",
            "KRP3003 4:15 `elements` must be a list, not an object",
            "KRP3003 5:14 `runtime` must be one of standard, turbo",
            "KRP3003 7:13 `rules[0].id` cannot be ``",
            "KRP3003 7:25 `rules[0].from` must be a string or a list, not a number",
            "KRP3004 8:5 `rules[1]` must have exactly one of `deny` and `allow`",
            "KRP3003 8:26 `rules[1].from` must have an entry",
            "KRP3004 9:5 `rules[2]` lacks the key `id`",
            "KRP3004 9:5 `rules[2]` must have exactly one of `deny` and `allow`",
            "KRP3003 11:19 `unclassified` must be one of report, error",
            "KRP3003 12:22 `commands.x` cannot be `tools/x.ts`",
            "KRP3005 12:36 the key `commands.x` stands twice",
            "KRP3003 13:11 `root` must be true or false, not a boolean",
        ]
        .map(|line| line.replace(
            "`root` must be true or false, not a boolean",
            "`root` must be a string, not true or false"
        ))
    );
}

#[test]
fn names_that_mean_nothing_are_named_with_the_nearest_that_does() {
    let text = |rest: &str| {
        format!(
            "{{ \"schema\": 1, \"elements\": [{{ \"name\": \"domain\", \"files\": [\"a/**\"], \"layer\": \"core\", \"tags\": [\"pure\"] }}],\n\"rules\": [{{ \"id\": \"r\", {rest} }}] }}"
        )
    };
    let deny = |name: &str| text(&format!("\"from\": \"domain\",\n\"deny\": [\"{name}\"]"));
    assert_eq!(
        problems(&text("\"from\": \"domian\", \"deny\": []")),
        ["KRP3006 2:32 there is no element `domian`"]
    );
    assert_eq!(
        hint(&text("\"from\": \"domian\", \"deny\": []")),
        "did you mean `domain`?"
    );
    assert_eq!(
        problems(&text("\"from\": \"npm:x\", \"deny\": []")),
        ["KRP3006 2:32 a rule cannot bind `npm:x`"]
    );
    for (name, message, expected) in [
        ("fastify", "there is no element `fastify`", "elements: domain"),
        ("layer:coer", "there is no layer `coer`", "did you mean `core`?"),
        ("tag:x", "there is no tag `x`", "tags: pure"),
        (
            "npm:a/b",
            "`npm:a/b` is not the name of a package",
            "write npm:*, npm:@scope/*, npm:name or npm:@scope/name",
        ),
        (
            "node:fss",
            "Node has no module `node:fss`",
            "write node:* or the name of a builtin module, for example node:fs",
        ),
    ] {
        assert_eq!(problems(&deny(name)), [format!("KRP3006 3:10 {message}")]);
        assert_eq!(hint(&deny(name)), expected);
    }
}

#[test]
fn the_same_name_twice_and_globs_that_lead_out_are_refused() {
    assert_eq!(
        problems(
            "{ \"schema\": 1,\n\"elements\": [\n{ \"name\": \"a\", \"files\": [\"src/**\", \"../x\"] },\n{ \"name\": \"a\", \"files\": [\"src/[\"] }],\n\"rules\": [{ \"id\": \"r\", \"from\": \"a\", \"deny\": [] }, { \"id\": \"r\", \"from\": \"a\", \"deny\": [] }],\n\"root\": \"../..\", \"baseline\": \"/etc/x\" }"
        )
        .iter()
        .map(|line| line.split(" is not a glob").next().unwrap_or_default().to_owned())
        .collect::<Vec<_>>(),
        [
            "KRP3007 3:36 `../x`",
            "KRP3005 4:11 the name `a` stands twice in `elements`",
            "KRP3007 4:26 `src/[`",
            "KRP3005 5:59 the id `r` stands twice in `rules`",
            "KRP3007 6:9 `../..` lies outside the workspace",
            "KRP3007 6:30 `/etc/x` lies outside the workspace",
        ]
    );
}

#[test]
fn a_workspace_without_krepis_json_has_no_rules_and_one_that_is_no_text_says_so() {
    assert!(
        load_config(&MemoryTree::default())
            .expect("a default")
            .elements
            .is_empty()
    );
    let mut tree = MemoryTree::default();
    let bytes = FileState::File {
        bytes: b"\xff\xfe".as_slice().into(),
        mode: 0o644,
    };
    tree.0
        .insert(WorkspacePath::parse("krepis.json").expect("a path"), bytes);
    assert_eq!(load_config(&tree).expect_err("a failure").code.id, "KRP3001");
}

#[test]
fn the_policies_of_this_repository_are_valid() {
    for (path, text) in [
        ("krepis.json", include_str!("../../../krepis.json")),
        (
            "examples/shop/krepis.json",
            include_str!("../../../examples/shop/krepis.json"),
        ),
        (
            "apps/cli/templates/service/krepis.json",
            include_str!("../../../apps/cli/templates/service/krepis.json"),
        ),
    ] {
        Config::parse(text, path).unwrap_or_else(|failure| panic!("{path}: {failure}"));
    }
}
