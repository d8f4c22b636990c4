//! From the text of krepis.json to a [`Config`], with places for everything that is wrong.

use std::collections::HashMap;

use jsonc_parser::ast::{Object, StringLit, Value as Ast};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use krepis_change::{Code, Failure, WorkspacePath};
use krepis_facts::Lines;

use super::schema::{self, Problem};
use super::{Config, Element, Folder, Globs, Judgement, Limits, OpenTag, Rule};
use crate::errors;
use crate::selector::Selector;

pub fn read(text: &str, path: &str) -> Result<Config, Failure> {
    let lines = Lines::new(text);
    let (code, offset) = text.strip_prefix('\u{feff}').map_or((text, 0), |code| (code, 3));
    let place = |start: usize| lines.line_column(u32::try_from(start + offset).unwrap_or(u32::MAX));
    let fail = |problem: Problem| {
        let (line, column) = place(problem.start);
        let mut failure = Failure::new(problem.code, problem.message).at(path, line, column);
        failure.reason = problem.reason;
        failure.hint = problem.hint;
        failure
    };
    let ast = parse(code).map_err(fail)?;
    let mut problems = schema::validate(&ast);
    let mut reader = Reader {
        place: &place,
        problems: Vec::new(),
        open_tags: Vec::new(),
    };
    // A file that is not of the right form has nothing further to read.
    let config = match (&ast, problems.is_empty()) {
        (Ast::Object(object), true) => reader.config(object, path),
        _ => Config::default(),
    };
    problems.append(&mut reader.problems);
    problems.sort_by_key(|problem| problem.start);
    match Failure::join(problems.into_iter().map(fail)) {
        Some(failure) => Err(failure),
        None => Ok(config),
    }
}

/// JSON as its standard has it.
pub const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

fn parse(text: &str) -> Result<Ast<'_>, Problem> {
    let problem = |start, reason: String| Problem {
        code: &errors::CONFIG_SYNTAX,
        message: "krepis.json is not JSON".to_owned(),
        start,
        reason: Some(reason),
        hint: Some("it is plain JSON: double quotes, no comments, no comma after the last entry".to_owned()),
    };
    match parse_to_ast(text, &CollectOptions::default(), &STRICT) {
        Ok(parsed) => parsed.value.ok_or_else(|| problem(0, "it is empty".to_owned())),
        Err(error) => Err(problem(error.range().start, error.kind().to_string())),
    }
}

/// Reads what the schema has found well-formed; collects what it cannot know.
struct Reader<'p> {
    place: &'p dyn Fn(usize) -> (u32, u32),
    problems: Vec<Problem>,
    open_tags: Vec<OpenTag>,
}

impl Reader<'_> {
    fn problem(
        &mut self,
        code: &'static Code,
        start: usize,
        message: String,
        hint: impl Into<Option<String>>,
    ) {
        self.problems.push(Problem {
            code,
            message,
            start,
            reason: None,
            hint: hint.into(),
        });
    }

    fn config(&mut self, object: &Object<'_>, path: &str) -> Config {
        let elements: Vec<Element> = objects(object, "elements")
            .into_iter()
            .map(|element| self.element(element))
            .collect();
        self.duplicates(object, "elements", "name");
        self.duplicates(object, "rules", "id");
        let rules = objects(object, "rules")
            .into_iter()
            .map(|rule| self.rule(rule, &elements))
            .collect();
        Config {
            path: path.to_owned(),
            runtime: text(object, "runtime").unwrap_or_else(|| "standard".to_owned()),
            root: object
                .get_string("root")
                .map_or_else(Folder::default, |root| self.folder(root)),
            node: text(object, "node"),
            rules,
            elements,
            commands: names(object, "commands"),
            plugins: names(object, "plugins"),
            open_tags: std::mem::take(&mut self.open_tags),
            ignore: self.globs(object, "ignore"),
            secrets: self.globs(object, "secrets").written,
            history: object.get_object("history").map(limits).unwrap_or_default(),
            unclassified_is_error: text(object, "unclassified").as_deref() == Some("error"),
            baseline: object.get_string("baseline").and_then(|baseline| {
                let file = baseline.value.strip_prefix("./").unwrap_or(&baseline.value);
                WorkspacePath::parse(file)
                    .map_err(|failure| {
                        self.problem(
                            &errors::CONFIG_GLOB,
                            baseline.start(),
                            failure.message,
                            failure.hint,
                        );
                    })
                    .ok()
            }),
        }
    }

    fn element(&mut self, object: &Object<'_>) -> Element {
        Element {
            name: text(object, "name").unwrap_or_default(),
            files: self.globs(object, "files"),
            projects: self.globs(object, "projects"),
            layer: text(object, "layer"),
            tags: strings(object, "tags")
                .into_iter()
                .map(|tag| tag.value.to_string())
                .collect(),
            optional: object
                .get_boolean("optional")
                .is_some_and(|optional| optional.value),
            place: (self.place)(object.range.start),
        }
    }

    fn rule(&mut self, object: &Object<'_>, elements: &[Element]) -> Rule {
        let from = match object.get_string("from") {
            Some(one) => vec![one],
            None => strings(object, "from"),
        };
        let from = from
            .into_iter()
            .filter_map(|name| self.selector(name, elements, true))
            .collect();
        let mut list = |key| -> Vec<Selector> {
            strings(object, key)
                .into_iter()
                .filter_map(|name| self.selector(name, elements, false))
                .collect()
        };
        let judgement = if object.get_array("allow").is_some() {
            Judgement::Allow(list("allow"))
        } else {
            Judgement::Deny(list("deny"))
        };
        Rule {
            id: text(object, "id").unwrap_or_default(),
            from,
            judgement,
            transitive: self.transitive(object),
            dev: object.get_boolean("dev").is_none_or(|dev| dev.value),
            why: text(object, "why"),
            fix: text(object, "fix"),
        }
    }

    fn transitive(&mut self, object: &Object<'_>) -> bool {
        let Some(written) = object.get_boolean("transitive").filter(|written| written.value) else {
            return false;
        };
        if object.get_array("deny").is_none() {
            self.problem(
                &errors::CONFIG_VALUE,
                written.range.start,
                "`transitive` goes with `deny` only".to_owned(),
                "an `allow` rule binds each step by itself; say with `deny` what must not be reached"
                    .to_owned(),
            );
        }
        true
    }

    fn selector(&mut self, name: &StringLit<'_>, elements: &[Element], is_from: bool) -> Option<Selector> {
        match Selector::parse(&name.value, elements, is_from) {
            Ok(selector) => {
                if let Selector::Tag(tag) = &selector
                    && !elements.iter().any(|element| element.tags.contains(tag))
                {
                    self.open_tags.push(OpenTag {
                        tag: tag.clone(),
                        place: (self.place)(name.start()),
                    });
                }
                Some(selector)
            }
            Err((message, hint)) => {
                self.problem(&errors::CONFIG_REFERENCE, name.start(), message, hint);
                None
            }
        }
    }

    fn globs(&mut self, object: &Object<'_>, key: &str) -> Globs {
        let written = strings(object, key);
        let folders = key == "projects";
        let texts: Vec<&str> = written
            .iter()
            .map(|glob| {
                let glob: &str = glob.value.as_ref();
                // A project is a folder, with or without a slash at its end.
                if folders {
                    glob.strip_suffix('/').unwrap_or(glob)
                } else {
                    glob
                }
            })
            .collect();
        Globs::new(&texts).unwrap_or_else(|(index, why)| {
            let glob = written[index];
            self.problem(
                &errors::CONFIG_GLOB,
                glob.start(),
                format!("`{}` is not a glob: {why}", glob.value),
                "write it from the workspace's root, for example `src/*/domain/**`".to_owned(),
            );
            Globs::default()
        })
    }

    fn folder(&mut self, root: &StringLit<'_>) -> Folder {
        let folder = root.value.trim_end_matches('/');
        let folder = folder.strip_prefix("./").unwrap_or(folder);
        if folder.is_empty() || folder == "." {
            return Folder::default();
        }
        Folder(WorkspacePath::parse(folder).unwrap_or_else(|failure| {
            self.problem(&errors::CONFIG_GLOB, root.start(), failure.message, failure.hint);
            WorkspacePath::root()
        }))
    }

    fn duplicates(&mut self, object: &Object<'_>, list: &str, key: &str) {
        let mut first: HashMap<&str, usize> = HashMap::new();
        for entry in objects(object, list) {
            let Some(name) = entry.get_string(key) else {
                continue;
            };
            if let Some(before) = first.insert(&name.value, name.start()) {
                let line = (self.place)(before).0;
                self.problem(
                    &errors::CONFIG_DUPLICATE,
                    name.start(),
                    format!("the {key} `{}` stands twice in `{list}`", name.value),
                    format!("the other one is on line {line}; give one of them another {key}"),
                );
            }
        }
    }
}

fn limits(object: &Object<'_>) -> Limits {
    let number = |key| object.get_number(key).map(|number| number.value);
    Limits {
        keep_days: number("keepDays").and_then(|days| days.parse().ok()),
        keep_operations: number("keepOperations").and_then(|count| count.parse().ok()),
        max_size: text(object, "maxSize").and_then(|size| schema::bytes(&size)),
    }
}

/// An object from names to texts.
fn names(object: &Object<'_>, key: &str) -> Vec<(String, String)> {
    object
        .get_object(key)
        .into_iter()
        .flat_map(|names| &names.properties)
        .filter_map(|name| {
            let text = name.value.as_string_lit()?;
            Some((name.name.as_str().to_owned(), text.value.to_string()))
        })
        .collect()
}

fn text(object: &Object<'_>, key: &str) -> Option<String> {
    object.get_string(key).map(|text| text.value.to_string())
}

fn strings<'o, 'a>(object: &'o Object<'a>, key: &str) -> Vec<&'o StringLit<'a>> {
    object
        .get_array(key)
        .into_iter()
        .flat_map(|array| &array.elements)
        .filter_map(Ast::as_string_lit)
        .collect()
}

fn objects<'o, 'a>(object: &'o Object<'a>, key: &str) -> Vec<&'o Object<'a>> {
    object
        .get_array(key)
        .into_iter()
        .flat_map(|array| &array.elements)
        .filter_map(Ast::as_object)
        .collect()
}
