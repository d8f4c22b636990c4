//! Rules applied to one file.

use krepis_change::WorkspacePath;
use krepis_facts::{Import, code_frame};

use crate::config::{Config, Element, Judgement, Rule};
use crate::errors;
use crate::report::{UnknownImport, Violation};
use crate::resolve::Target;
use crate::source::Source;
use crate::view::View;
use crate::walk;

/// A configuration, ready to judge files by.
pub struct Judge<'c> {
    pub config: &'c Config,
    /// Of each element, the rules that bind it.
    binding: Vec<Vec<&'c Rule>>,
}

/// What is known of one file.
#[derive(Debug, Default)]
pub struct Judged {
    pub violations: Vec<Violation>,
    pub unknown: Vec<UnknownImport>,
    pub edges: usize,
    /// Set if the file belongs to no element but should.
    pub unclassified: Option<WorkspacePath>,
}

impl<'c> Judge<'c> {
    pub fn new(config: &'c Config) -> Self {
        let binds = |rule: &Rule, element: &Element| rule.from.iter().any(|from| from.names_element(element));
        let binding = config
            .elements
            .iter()
            .map(|element| config.rules.iter().filter(|rule| binds(rule, element)).collect())
            .collect();
        Self { config, binding }
    }

    /// Judges one file as it is in `view`.
    pub fn file(&self, view: &View<'_>, source: &Source) -> Judged {
        let element = self.config.element_of(&source.path);
        let mut judged = Judged::default();
        if element.is_none()
            && krepis_facts::is_source(source.path.as_str())
            && !self.config.elements.is_empty()
            && walk::is_below_root(self.config, &source.path)
        {
            judged.unclassified = Some(source.path.clone());
            if self.config.unclassified_is_error {
                judged.violations.push(unclassified(&source.path));
            }
        }
        if let Some(unknown) = source.facts.unknown {
            judged
                .unknown
                .push(UnknownImport::file(&source.path, unknown.reason()));
        }
        for place in &source.facts.opaque_imports {
            let why = "what it loads is decided at run time";
            judged
                .unknown
                .push(UnknownImport::import(&source.path, *place, "", why));
        }
        for (import, target) in source.edges(view) {
            judged.edges += 1;
            if let Target::Unknown(why) = target {
                judged.unknown.push(UnknownImport::import(
                    &source.path,
                    import.at,
                    &import.specifier,
                    why,
                ));
            } else if let Some(index) = element {
                for rule in self.broken(index, &target) {
                    judged
                        .violations
                        .push(self.violation(rule, index, source, import, &target));
                }
            }
        }
        judged
    }

    /// The rules that a dependency of an element on a target breaks.
    pub fn broken(&self, element: usize, target: &Target) -> impl Iterator<Item = &'c Rule> {
        let other = target.file().and_then(|path| self.config.element_of(path));
        let own = other == Some(element);
        let other = other.map(|index| &self.config.elements[index]);
        let rules = if own { &[][..] } else { &self.binding[element] };
        rules.iter().copied().filter(move |rule| match &rule.judgement {
            Judgement::Deny(denied) => denied.iter().any(|one| one.names(target, other)),
            Judgement::Allow(allowed) => !allowed.iter().any(|one| one.names(target, other)),
        })
    }

    /// True if files of an element are bound by no rule.
    pub fn is_free(&self, element: usize) -> bool {
        self.binding[element].is_empty()
    }

    fn violation(
        &self,
        rule: &Rule,
        element: usize,
        source: &Source,
        import: &Import,
        target: &Target,
    ) -> Violation {
        let from = &self.config.elements[element];
        let to = match target.file().map(|path| self.config.element_of(path)) {
            Some(Some(index)) => self.config.elements[index].name.clone(),
            Some(None) => "a file of no element".to_owned(),
            None => target.to_string(),
        };
        Violation {
            code: match rule.judgement {
                Judgement::Deny(_) => &errors::DENIED,
                Judgement::Allow(_) => &errors::NOT_ALLOWED,
            },
            rule: rule.id.clone(),
            path: source.path.clone(),
            line: import.at.line,
            column: import.at.column,
            from: from.name.clone(),
            to,
            specifier: import.specifier.clone(),
            target: target.to_string(),
            type_only: import.type_only,
            frame: code_frame(source.text(), import.at),
            why: rule.why.clone(),
            fix: rule.fix.clone().unwrap_or_else(|| self.fix(element, target)),
        }
    }

    /// What to do, where the rule does not say.
    fn fix(&self, element: usize, target: &Target) -> String {
        let from = &self.config.elements[element];
        let names = |indices: Vec<usize>| -> String {
            indices
                .into_iter()
                .map(|index| format!("`{}`", self.config.elements[index].name))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let all = 0..self.config.elements.len();
        if target.file().is_some() {
            let may = |other: &usize| {
                *other != element
                    && !self.binding[element].iter().any(|rule| {
                        let other = &self.config.elements[*other];
                        match &rule.judgement {
                            Judgement::Deny(denied) => denied.iter().any(|one| one.names_element(other)),
                            Judgement::Allow(allowed) => !allowed.iter().any(|one| one.names_element(other)),
                        }
                    })
            };
            let allowed = names(all.filter(may).collect());
            let turn = format!(
                "let `{}` own an interface (or token) for what it needs, and provide the implementation from outside",
                from.name
            );
            if allowed.is_empty() {
                format!("{turn}; `{}` may depend on itself only", from.name)
            } else {
                format!("{turn}; `{}` may depend on {allowed}", from.name)
            }
        } else {
            let may = |other: &usize| self.broken(*other, target).next().is_none();
            let allowed = names(all.filter(may).collect());
            let hidden = format!("hide {target} behind an interface that `{}` owns", from.name);
            if allowed.is_empty() {
                hidden
            } else {
                format!("{hidden}; {allowed} may depend on {target}")
            }
        }
    }
}

fn unclassified(path: &WorkspacePath) -> Violation {
    Violation {
        code: &errors::UNCLASSIFIED,
        rule: "unclassified".to_owned(),
        path: path.clone(),
        line: 1,
        column: 1,
        from: String::new(),
        to: String::new(),
        specifier: String::new(),
        target: String::new(),
        type_only: false,
        frame: String::new(),
        why: Some("krepis.json says `\"unclassified\": \"error\"`".to_owned()),
        fix: "move it into an element's folder, or name it in `files` of an element or in `ignore`"
            .to_owned(),
    }
}
