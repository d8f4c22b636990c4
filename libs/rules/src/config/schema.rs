//! The JSON Schema of krepis.json is the one source of truth: it is what editors read and what this module checks by.
//!
//! It knows just the keywords the schema uses (a test says so), and reports places, which general validators do not.

use std::sync::OnceLock;

use jsonc_parser::ast::Value as Ast;
use jsonc_parser::common::Ranged as _;
use krepis_change::Code;
use serde_json::Value;

use super::suggest;
use crate::errors;

/// The schema, as text. `docs/reference/krepis.schema.json` is a copy.
pub const SCHEMA: &str = include_str!("../krepis.schema.json");

/// Something wrong at a place.
#[derive(Debug)]
pub struct Problem {
    pub code: &'static Code,
    pub message: String,
    /// Byte offset.
    pub start: usize,
    pub reason: Option<String>,
    pub hint: Option<String>,
}

/// Everything in which `value` is not as the schema says.
pub fn validate(value: &Ast<'_>) -> Vec<Problem> {
    static PARSED: OnceLock<Value> = OnceLock::new();
    let schema = PARSED.get_or_init(|| serde_json::from_str(SCHEMA).expect("the schema is JSON"));
    let mut problems = Vec::new();
    check(schema, value, "", &mut problems);
    problems
}

fn check(schema: &Value, value: &Ast<'_>, path: &str, problems: &mut Vec<Problem>) {
    let shown = if path.is_empty() { "krepis.json" } else { path };
    let mut problem = |code, message: String, hint: Option<String>| {
        problems.push(Problem {
            code,
            message,
            start: value.start(),
            reason: reason(schema),
            hint,
        });
    };
    if let Some(expected) = schema.get("type") {
        let types: Vec<&str> = match expected {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        if !types.iter().any(|expected| is_of_type(value, expected)) {
            let message = format!(
                "`{shown}` must be {}, not {}",
                with_article(&types),
                with_article(&[type_of(value)])
            );
            problem(&errors::CONFIG_VALUE, message, None);
            return;
        }
    }
    if let Some(expected) = schema.get("const")
        && !equals(expected, value)
    {
        problem(
            &errors::CONFIG_SCHEMA,
            format!("`{shown}` must be {expected}"),
            Some("this build reads version 1 only; a newer krepis may read this file".to_owned()),
        );
    }
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.iter().any(|one| equals(one, value))
    {
        let names: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        let hint = value
            .as_string_lit()
            .map(|text| suggest::hint(&text.value, &names, "possible values"));
        problem(
            &errors::CONFIG_VALUE,
            format!("`{shown}` must be one of {}", names.join(", ")),
            hint,
        );
    }
    match value {
        Ast::NumberLit(number) => {
            let least = schema.get("minimum").and_then(Value::as_u64);
            if let Some(least) =
                least.filter(|least| number.value.parse::<u64>().is_ok_and(|given| given < *least))
            {
                problem(
                    &errors::CONFIG_VALUE,
                    format!("`{shown}` must be at least {least}"),
                    None,
                );
            }
        }
        Ast::StringLit(text) => {
            if text.value.is_empty() && schema.get("minLength").is_some() {
                problem(
                    &errors::CONFIG_VALUE,
                    format!("`{shown}` must not be empty"),
                    None,
                );
            } else if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
                && !matches_pattern(pattern, &text.value)
            {
                problem(
                    &errors::CONFIG_VALUE,
                    format!("`{shown}` cannot be `{}`", text.value),
                    Some(pattern_in_words(pattern).to_owned()),
                );
            }
        }
        Ast::Array(array) => {
            if array.elements.is_empty() && schema.get("minItems").is_some() {
                problem(
                    &errors::CONFIG_VALUE,
                    format!("`{shown}` must have an entry"),
                    None,
                );
            }
            if let Some(items) = schema.get("items") {
                for (index, element) in array.elements.iter().enumerate() {
                    check(items, element, &format!("{path}[{index}]"), problems);
                }
            }
        }
        Ast::Object(object) => check_object(schema, object, path, problems),
        _ => {}
    }
}

fn check_object(
    schema: &Value,
    object: &jsonc_parser::ast::Object<'_>,
    path: &str,
    problems: &mut Vec<Problem>,
) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let join = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    let mut seen: Vec<&str> = Vec::new();
    for property in &object.properties {
        let name = property.name.as_str();
        let mut at_name = |code, message, hint| {
            problems.push(Problem {
                code,
                message,
                start: property.range.start,
                reason: None,
                hint,
            });
        };
        if seen.contains(&name) {
            at_name(
                &errors::CONFIG_DUPLICATE,
                format!("the key `{}` stands twice", join(name)),
                Some("remove one of them: only the last would count".to_owned()),
            );
        }
        seen.push(name);
        if let Some(known) = properties.and_then(|properties| properties.get(name)) {
            check(known, &property.value, &join(name), problems);
        } else {
            match schema.get("additionalProperties") {
                Some(Value::Bool(false)) => {
                    let known: Vec<&str> = properties
                        .into_iter()
                        .flat_map(|properties| properties.keys())
                        .map(String::as_str)
                        .collect();
                    at_name(
                        &errors::CONFIG_KEY,
                        format!("unknown key `{}`", join(name)),
                        Some(suggest::hint(name, &known, "known keys")),
                    );
                }
                Some(other) => check(other, &property.value, &join(name), problems),
                None => {}
            }
        }
    }
    let mut missing = |message, hint: String| {
        problems.push(Problem {
            code: &errors::CONFIG_MISSING,
            message,
            start: object.range.start,
            reason: None,
            hint: Some(hint),
        });
    };
    let shown = if path.is_empty() {
        "krepis.json".to_owned()
    } else {
        format!("`{path}`")
    };
    for name in required(schema) {
        if !seen.contains(&name) {
            let example = properties.and_then(|properties| properties.get(name)?.get("const"));
            let example = example.map_or_else(|| "…".to_owned(), Value::to_string);
            missing(
                format!("{shown} lacks the key `{name}`"),
                format!("add \"{name}\": {example}"),
            );
        }
    }
    if let Some(Value::Array(alternatives)) = schema.get("anyOf") {
        let names: Vec<&str> = alternatives.iter().flat_map(required).collect();
        if !names.iter().any(|name| seen.contains(name)) {
            missing(
                format!("{shown} lacks `{}`", names.join("` or `")),
                "`files` takes files by their path, `projects` takes whole packages and crates by their folder"
                    .to_owned(),
            );
        }
    }
    if let Some(Value::Array(alternatives)) = schema.get("oneOf") {
        let names: Vec<&str> = alternatives.iter().flat_map(required).collect();
        if names.iter().filter(|name| seen.contains(name)).count() != 1 {
            let names = names.join("` and `");
            missing(
                format!("{shown} must have exactly one of `{names}`"),
                "`deny` lists what is forbidden, `allow` lists all that is not".to_owned(),
            );
        }
    }
}

fn required(schema: &Value) -> Vec<&str> {
    schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn reason(schema: &Value) -> Option<String> {
    schema
        .get("description")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

fn type_of(value: &Ast<'_>) -> &'static str {
    match value {
        Ast::StringLit(_) => "string",
        Ast::NumberLit(_) => "number",
        Ast::BooleanLit(_) => "boolean",
        Ast::Object(_) => "object",
        Ast::Array(_) => "array",
        Ast::NullKeyword(_) => "null",
    }
}

fn is_of_type(value: &Ast<'_>, expected: &str) -> bool {
    match (value, expected) {
        (Ast::NumberLit(number), "integer") => number.value.parse::<u32>().is_ok(),
        _ => type_of(value) == expected,
    }
}

fn with_article(types: &[&str]) -> String {
    let named: Vec<String> = types
        .iter()
        .map(|name| match *name {
            "array" => "a list".to_owned(),
            "object" => "an object".to_owned(),
            "boolean" => "true or false".to_owned(),
            "null" => "null".to_owned(),
            "integer" => "a whole number without a sign".to_owned(),
            name => format!("a {name}"),
        })
        .collect();
    named.join(" or ")
}

fn equals(expected: &Value, value: &Ast<'_>) -> bool {
    match (expected, value) {
        (Value::String(expected), Ast::StringLit(text)) => *expected == text.value,
        (Value::Number(expected), Ast::NumberLit(number)) => number
            .value
            .parse::<f64>()
            .is_ok_and(|number| Some(number) == expected.as_f64()),
        _ => false,
    }
}

const NAME: &str = "^[A-Za-z0-9][A-Za-z0-9._/-]*$";
const RELATIVE: &str = "^\\./";
const SIZE: &str = "^[1-9][0-9]*(KiB|MiB|GiB)$";

fn matches_pattern(pattern: &str, text: &str) -> bool {
    match pattern {
        NAME => {
            text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text
                    .chars()
                    .all(|one| one.is_ascii_alphanumeric() || "._/-".contains(one))
        }
        RELATIVE => text.starts_with("./"),
        SIZE => bytes(text).is_some(),
        _ => false,
    }
}

/// Bytes of a size as krepis.json has it.
pub fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(3)?)?;
    let shift = match unit {
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    let is_plain = number.starts_with(|first: char| ('1'..='9').contains(&first))
        && number.chars().all(|digit| digit.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| is_plain)?;
    number.checked_mul(1 << shift)
}

fn pattern_in_words(pattern: &str) -> &'static str {
    match pattern {
        NAME => "use letters, digits and `.`, `_`, `/`, `-`, starting with a letter or a digit",
        SIZE => "write a whole number and KiB, MiB or GiB, for example `500MiB`",
        _ => "start it with `./`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keywords(schema: &Value, found: &mut Vec<(String, Value)>) {
        for (keyword, value) in schema.as_object().expect("a schema is an object") {
            found.push((keyword.clone(), value.clone()));
            match keyword.as_str() {
                "properties" => value
                    .as_object()
                    .unwrap()
                    .values()
                    .for_each(|inner| keywords(inner, found)),
                "items" => keywords(value, found),
                "additionalProperties" if value.is_object() => keywords(value, found),
                _ => {}
            }
        }
    }

    #[test]
    fn the_schema_uses_only_keywords_that_are_checked_here() {
        let mut found = Vec::new();
        keywords(&serde_json::from_str(SCHEMA).unwrap(), &mut found);
        for (keyword, value) in found {
            match keyword.as_str() {
                "$schema" | "title" | "description" | "default" | "type" | "const" | "enum" | "required"
                | "properties" | "items" => {}
                "additionalProperties" => assert!(value == Value::Bool(false) || value.is_object()),
                "minLength" | "minItems" | "minimum" => assert_eq!(value, 1),
                "pattern" => assert!(
                    [NAME, RELATIVE, SIZE].contains(&value.as_str().unwrap()),
                    "{value}"
                ),
                "oneOf" | "anyOf" => assert!(
                    value
                        .as_array()
                        .unwrap()
                        .iter()
                        .all(|one| !required(one).is_empty())
                ),
                other => panic!("`{other}` is not checked"),
            }
        }
    }

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        assert_eq!(bytes("1KiB"), Some(1024));
        assert_eq!(bytes("20GiB"), Some(20 << 30));
        for wrong in [
            "",
            "KiB",
            "1",
            "01KiB",
            "+1KiB",
            "-1KiB",
            "1.5MiB",
            "1 MiB",
            "1mib",
            "99999999999999GiB",
            "ä1KiB",
        ] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_copy_in_the_reference_is_the_same() {
        let copy = include_str!("../../../../docs/reference/krepis.schema.json");
        assert_eq!(
            copy, SCHEMA,
            "run: cp libs/rules/src/krepis.schema.json docs/reference/krepis.schema.json"
        );
    }
}
