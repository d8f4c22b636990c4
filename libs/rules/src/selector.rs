//! How rules name what is depended on.

use crate::config::Element;
use crate::resolve::{Target, is_builtin};

/// One entry of `from`, `deny` or `allow`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// `*`: every element.
    Any,
    /// `NAME`
    Element(String),
    /// `layer:NAME`
    Layer(String),
    /// `tag:NAME`
    Tag(String),
    /// `npm:*`
    AnyPackage,
    /// `npm:@scope/*`
    Scope(String),
    /// `npm:NAME`
    Package(String),
    /// `cargo:*`
    AnyCrate,
    /// `cargo:NAME`
    Crate(String),
    /// `node:*`
    AnyBuiltin,
    /// `node:NAME` with what is below it (`node:fs` is also `node:fs/promises`)
    Builtin(String),
}

impl Selector {
    /// Reads one entry; what it names must be there.
    ///
    /// # Errors
    /// What is wrong, and a hint.
    pub fn parse(written: &str, elements: &[Element], is_from: bool) -> Result<Self, (String, String)> {
        let names = || {
            elements
                .iter()
                .map(|element| element.name.as_str())
                .collect::<Vec<_>>()
        };
        let (kind, name) = written.split_once(':').unwrap_or(("", written));
        match kind {
            "" if written == "*" => Ok(Self::Any),
            "" => known(name, &names(), "element", "elements").map(Self::Element),
            "layer" => {
                let layers = distinct(elements.iter().filter_map(|element| element.layer.as_deref()));
                known(name, &layers, "layer", "layers").map(Self::Layer)
            }
            "tag" => {
                let tags = distinct(
                    elements
                        .iter()
                        .flat_map(|element| &element.tags)
                        .map(String::as_str),
                );
                // A project may have tags in its manifests; whether one has this is seen when they are read.
                if !name.is_empty()
                    && elements
                        .iter()
                        .any(|element| !element.projects.written.is_empty())
                {
                    return Ok(Self::Tag(name.to_owned()));
                }
                known(name, &tags, "tag", "tags").map(Self::Tag)
            }
            "npm" | "node" | "cargo" if is_from => Err((
                format!("a rule cannot bind `{written}`"),
                "`from` names elements of this workspace; name packages in `deny` or `allow`".to_owned(),
            )),
            "npm" => package(name).ok_or_else(|| {
                (
                    format!("`{written}` is not the name of a package"),
                    "write npm:*, npm:@scope/*, npm:name or npm:@scope/name".to_owned(),
                )
            }),
            "cargo" if name == "*" => Ok(Self::AnyCrate),
            "cargo" if !name.is_empty() && !name.contains(['*', '/', ' ']) => {
                Ok(Self::Crate(name.to_owned()))
            }
            "node" if name == "*" => Ok(Self::AnyBuiltin),
            "node" if is_builtin(name) => Ok(Self::Builtin(name.to_owned())),
            "node" => Err((
                format!("Node has no module `{written}`"),
                "write node:* or the name of a builtin module, for example node:fs".to_owned(),
            )),
            _ => Err((
                format!("`{written}` names nothing"),
                "write the name of an element, or layer:, tag:, npm:, node: or cargo: with a name".to_owned(),
            )),
        }
    }

    /// True if it names this element.
    pub fn names_element(&self, element: &Element) -> bool {
        match self {
            Self::Any => true,
            Self::Element(name) => *name == element.name,
            Self::Layer(layer) => element.layer.as_ref() == Some(layer),
            Self::Tag(tag) => element.tags.contains(tag),
            _ => false,
        }
    }

    /// True if it names this target by what it is outside of the elements: a package, a crate, a builtin module.
    pub fn names(&self, target: &Target) -> bool {
        match (self, target) {
            (Self::AnyPackage, Target::Package(_) | Target::Member(_, _))
            | (Self::AnyBuiltin, Target::Builtin(_))
            | (Self::AnyCrate, Target::Crate(_)) => true,
            (Self::Crate(one), Target::Crate(name)) => one == name,
            (Self::Scope(scope), Target::Package(name) | Target::Member(_, name)) => name
                .strip_prefix(scope.as_str())
                .is_some_and(|rest| rest.starts_with('/')),
            (Self::Package(package), Target::Package(name) | Target::Member(_, name)) => package == name,
            (Self::Builtin(builtin), Target::Builtin(name)) => name
                .strip_prefix(builtin.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            _ => false,
        }
    }
}

fn known(name: &str, candidates: &[&str], what: &str, plural: &str) -> Result<String, (String, String)> {
    if candidates.contains(&name) {
        return Ok(name.to_owned());
    }
    let hint = crate::config::hint(name, candidates, plural);
    Err((format!("there is no {what} `{name}`"), hint))
}

fn distinct<'e>(names: impl Iterator<Item = &'e str>) -> Vec<&'e str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn package(name: &str) -> Option<Selector> {
    if name == "*" {
        return Some(Selector::AnyPackage);
    }
    let plain = |part: &str| !part.is_empty() && !part.contains(['*', '/', ' ', ':']);
    match name.split_once('/') {
        Some((scope, "*")) if scope.len() > 1 && scope.starts_with('@') && plain(scope) => {
            Some(Selector::Scope(scope.to_owned()))
        }
        Some((scope, rest)) if scope.len() > 1 && scope.starts_with('@') && plain(scope) && plain(rest) => {
            Some(Selector::Package(name.to_owned()))
        }
        None if plain(name) && !name.starts_with('@') => Some(Selector::Package(name.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_builtins_are_named_in_their_forms() {
        let parse = |text| Selector::parse(text, &[], false);
        let package = |name: &str| Target::Package(name.to_owned());
        let builtin = |name: &str| Target::Builtin(name.to_owned());
        assert!(parse("npm:*").unwrap().names(&package("fastify")));
        assert!(parse("npm:@nestjs/*").unwrap().names(&package("@nestjs/core")));
        assert!(!parse("npm:@nestjs/*").unwrap().names(&package("@nestjs-x/core")));
        assert!(parse("npm:@a/b").unwrap().names(&package("@a/b")));
        assert!(!parse("npm:*").unwrap().names(&builtin("fs")));
        assert!(parse("node:*").unwrap().names(&builtin("fs")));
        assert!(parse("node:fs").unwrap().names(&builtin("fs/promises")));
        assert!(!parse("node:fs").unwrap().names(&builtin("fsx")));
        for wrong in [
            "npm:",
            "npm:@scope",
            "npm:a/b",
            "npm:a*",
            "node:fss",
            "domain",
            "layer:x",
            "web:x",
            "",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(Selector::parse("npm:*", &[], true).is_err());
    }
}
