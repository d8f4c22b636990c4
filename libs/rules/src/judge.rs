//! Rules applied to one file.
//!
//! A file may belong to one element by its path (`files`) and to one by its project (`projects`), and its project may have
//! tags of its own, for Nx. A dependency has to satisfy the rules of all three. Inside one element everything is allowed, and
//! so is, for what binds a project, everything inside that project.

use krepis_change::WorkspacePath;
use krepis_facts::{Place, code_frame};

use crate::cargo;
use crate::config::{Config, Element, Judgement, Rule};
use crate::errors;
use crate::manifest::{self, Kind};
use crate::reach::{Hop, Node};
use crate::report::{UnknownImport, Violation};
use crate::resolve::{self, Package, Target};
use crate::selector::Selector;
use crate::side::Side;
use crate::source::{Edge, Source};
use crate::view::{Cache, View};
use crate::walk;

/// A configuration, ready to judge files by.
pub struct Judge<'c> {
    pub config: &'c Config,
    /// True if elements have projects.
    pub has_projects: bool,
    /// Of each element, the rules that bind it.
    binding: Vec<Vec<&'c Rule>>,
    /// The rules that bind a tag.
    tagged: Vec<&'c Rule>,
    /// True if the edges between projects are to be kept.
    pub keeps_hops: bool,
    elements: Cache<Option<usize>>,
}

/// What is known of one file.
#[derive(Debug, Default)]
pub struct Judged {
    pub violations: Vec<Violation>,
    pub unknown: Vec<UnknownImport>,
    pub edges: usize,
    /// Set if the file belongs to no element but should.
    pub unclassified: Option<WorkspacePath>,
    /// Edges that leave the project, if they are kept.
    pub hops: Vec<Hop>,
}

/// By what a rule names one end of a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// By this element.
    Element(usize),
    /// By a tag of the project itself, or by its own name: a package, a crate, a builtin module.
    Itself,
}

/// A rule that a dependency breaks.
pub struct Broken<'c> {
    pub rule: &'c Rule,
    /// What the rule binds.
    pub from: Named,
    /// What the rule names, or else what is depended on.
    pub to: Named,
    /// True if the rule binds the project, not the file by its path.
    pub binds_project: bool,
}

/// How far a dependency counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// It is for development only.
    pub dev: bool,
    /// It binds projects, not files: what a package.json names; of a Cargo.toml what is for
    /// development, or a package that is run.
    pub projects_only: bool,
}

impl<'c> Judge<'c> {
    pub fn new(config: &'c Config) -> Self {
        let binds = |rule: &Rule, element: &Element| rule.from.iter().any(|from| from.names_element(element));
        let binding = config
            .elements
            .iter()
            .map(|element| config.rules.iter().filter(|rule| binds(rule, element)).collect())
            .collect();
        let tagged = |rule: &&Rule| rule.from.iter().any(|from| matches!(from, Selector::Tag(_)));
        let has_projects = config.has_projects();
        Self {
            config,
            has_projects,
            binding,
            tagged: config.rules.iter().filter(tagged).collect(),
            keeps_hops: has_projects && config.rules.iter().any(|rule| rule.transitive),
            elements: Cache::default(),
        }
    }

    /// Keeps the edges between projects whether or not a rule is transitive.
    pub fn keeping_hops(mut self) -> Self {
        self.keeps_hops = self.has_projects;
        self
    }

    /// The element of a project.
    pub fn project_element(&self, root: &str) -> Option<usize> {
        self.elements.get(root, || self.config.project_element(root))
    }

    /// Judges one file as it is in `view`.
    pub fn file(&self, view: &View<'_>, source: &Source) -> Judged {
        let own = Side::of_file(self, view, &source.path);
        let mut judged = Judged::default();
        if own.file.is_none()
            && own.project.is_none()
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
        let is_cargo = manifest::kind_of(source.path.as_str()) == Some(Kind::Cargo);
        for mut edge in source.edges(view) {
            let is_foreign = |target: &Target| target.file().is_none() && target.project().is_none();
            let dev = edge.declared.is_some_and(|declared| declared.dev);
            // What is used to develop binds nobody, unless it is a project of this workspace.
            if dev && (!self.has_projects || is_foreign(&edge.target)) {
                let to = Side::default();
                judged
                    .hops
                    .extend(hop(&own, &to, source, &edge, dev).filter(|_| self.keeps_hops));
                continue;
            }
            judged.edges += 1;
            let mut counts = Counts {
                dev,
                projects_only: edge
                    .declared
                    .is_some_and(|declared| !is_cargo || dev || declared.section == cargo::RUNS),
            };
            if let Target::Unknown(why) = edge.target {
                judged
                    .unknown
                    .push(UnknownImport::import(&source.path, edge.at, edge.specifier, why));
                let project = (self.has_projects && edge.declared.is_none())
                    .then(|| resolve::project_of(view, &source.path, edge.specifier))
                    .flatten();
                // Inside its own project nothing is known of it but that it stays there.
                let project = project
                    .filter(|folder| own.home.as_ref().is_none_or(|home| home.root != folder.as_str()));
                match project {
                    Some(folder) => edge.target = Target::Project(folder),
                    None => continue,
                }
                counts.projects_only = true;
            }
            let elsewhere = edge.declared.and_then(|declared| declared.home.as_deref());
            let from = match elsewhere {
                Some(home) => Side::of_folder(self, view, home),
                None => own.clone(),
            };
            let to = Side::of_target(self, view, &edge.target);
            counts.dev |= edge.declared.is_none() && self.is_development(view, &from, &edge.target);
            for broken in self.broken(&from, &edge.target, &to, counts) {
                judged
                    .violations
                    .push(self.violation(&broken, &from, &to, source, &edge));
            }
            if self.keeps_hops
                && let Some(hop) = hop(&from, &to, source, &edge, counts.dev)
            {
                judged.hops.push(hop);
            }
        }
        judged
    }

    /// True if an import is of a package that the importing one names for development only.
    fn is_development(&self, view: &View<'_>, from: &Side, target: &Target) -> bool {
        let (Target::Member(_, name), Some(home)) = (target, &from.home) else {
            return false;
        };
        self.has_projects
            && Package::at(view, &home.root)
                .is_some_and(|package| manifest::is_development_only(&package, name))
    }

    /// The rules that a dependency breaks.
    pub fn broken(&self, from: &Side, target: &Target, to: &Side, counts: Counts) -> Vec<Broken<'c>> {
        let inside = from.is_beside(to);
        let mut found: Vec<Broken<'c>> = Vec::new();
        let mut judge = |rules: &[&'c Rule], by: Named, binds_project: bool| {
            for rule in rules {
                if counts.dev && !rule.dev || found.iter().any(|one| std::ptr::eq(one.rule, *rule)) {
                    continue;
                }
                if let Some(to) = self.breaks(rule, target, to, inside) {
                    found.push(Broken {
                        rule,
                        from: by,
                        to,
                        binds_project,
                    });
                }
            }
        };
        if let Some(file) = from.file
            && !counts.projects_only
            && to.file != Some(file)
            && (inside || to.project != Some(file))
        {
            judge(&self.binding[file], Named::Element(file), false);
        }
        if inside {
            return found;
        }
        if let Some(project) = from.project
            && to.project != Some(project)
            && to.file != Some(project)
        {
            judge(&self.binding[project], Named::Element(project), true);
        }
        let tags = from.tags();
        if !tags.is_empty() {
            let binds = |rule: &&&Rule| {
                rule.from
                    .iter()
                    .any(|one| matches!(one, Selector::Tag(tag) if tags.contains(tag)))
            };
            let rules: Vec<&'c Rule> = self.tagged.iter().filter(binds).copied().collect();
            judge(&rules, Named::Itself, true);
        }
        found
    }

    /// Whether a dependency on a target breaks a rule; if so, what is at fault.
    fn breaks(&self, rule: &Rule, target: &Target, to: &Side, inside: bool) -> Option<Named> {
        match &rule.judgement {
            Judgement::Deny(denied) => denied.iter().find_map(|one| self.named(one, target, to, inside)),
            Judgement::Allow(allowed) => {
                let is_allowed = allowed
                    .iter()
                    .any(|one| self.named(one, target, to, inside).is_some());
                (!is_allowed).then(|| to.file.or(to.project).map_or(Named::Itself, Named::Element))
            }
        }
    }

    /// Whether a selector names what is depended on; if so, by what.
    pub fn named(&self, selector: &Selector, target: &Target, to: &Side, inside: bool) -> Option<Named> {
        let project = to.project.filter(|_| !inside);
        for index in [to.file, project].into_iter().flatten() {
            if selector.names_element(&self.config.elements[index]) {
                return Some(Named::Element(index));
            }
        }
        if let Selector::Tag(tag) = selector
            && !inside
            && to.tags().contains(tag)
        {
            return Some(Named::Itself);
        }
        // A package of this workspace is `npm:@x/y` where that is written out, but `npm:*` means those of others.
        let is_element = to.file.is_some() || to.project.is_some() && *selector == Selector::AnyPackage;
        (!is_element && selector.names(target)).then_some(Named::Itself)
    }

    /// The transitive rules that bind a project, each with what it binds.
    pub fn transitive(&self, from: &Side) -> Vec<(&'c Rule, Named)> {
        let mut found: Vec<(&'c Rule, Named)> = Vec::new();
        for rule in self.config.rules.iter().filter(|rule| rule.transitive) {
            let element = from.project.filter(|index| {
                self.binding[*index]
                    .iter()
                    .any(|binding| std::ptr::eq(*binding, rule))
            });
            let by_tag = || {
                rule.from
                    .iter()
                    .any(|one| matches!(one, Selector::Tag(tag) if from.tags().contains(tag)))
            };
            if let Some(element) = element {
                found.push((rule, Named::Element(element)));
            } else if by_tag() {
                found.push((rule, Named::Itself));
            }
        }
        found
    }

    /// True if nothing binds what lies there.
    pub fn is_free(&self, side: &Side) -> bool {
        let bound = |index: usize| !self.binding[index].is_empty();
        !side.file.is_some_and(bound)
            && !side.project.is_some_and(bound)
            && (side.tags().is_empty() || self.tagged.is_empty())
    }

    /// What a rule calls one end.
    pub fn name_of(&self, named: Named, side: &Side, target: Option<&Target>) -> String {
        match (named, &side.home, target) {
            (Named::Element(index), ..) => self.config.elements[index].name.clone(),
            (Named::Itself, Some(home), _) => home.shown().to_owned(),
            (Named::Itself, None, Some(Target::File(_) | Target::Member(..))) => {
                "a file of no element".to_owned()
            }
            (Named::Itself, None, Some(target)) => target.to_string(),
            (Named::Itself, None, None) => String::new(),
        }
    }

    fn violation(
        &self,
        broken: &Broken<'_>,
        from: &Side,
        to: &Side,
        source: &Source,
        edge: &Edge<'_>,
    ) -> Violation {
        let rule = broken.rule;
        Violation {
            code: code_of(rule),
            rule: rule.id.clone(),
            path: source.path.clone(),
            line: edge.at.line,
            column: edge.at.column,
            from: self.name_of(broken.from, from, None),
            to: self.name_of(broken.to, to, Some(&edge.target)),
            specifier: edge.specifier.to_owned(),
            section: edge.declared.map(|declared| declared.section),
            // Which file of a project it is changes with what was built; the project does not.
            target: match &to.home {
                Some(home) if broken.binds_project => home.shown().to_owned(),
                _ => edge.target.to_string(),
            },
            type_only: edge.type_only,
            frame: code_frame(source.text(), edge.at),
            why: rule.why.clone(),
            fix: rule
                .fix
                .clone()
                .unwrap_or_else(|| self.fix(broken, from, to, &edge.target, edge.declared.is_some())),
            steps: Vec::new(),
        }
    }

    /// What to do, where the rule does not say.
    pub fn fix(
        &self,
        broken: &Broken<'_>,
        from: &Side,
        to: &Side,
        target: &Target,
        is_declared: bool,
    ) -> String {
        let name = self.name_of(broken.from, from, None);
        let names = |indices: Vec<usize>| -> String {
            indices
                .into_iter()
                .map(|index| format!("`{}`", self.config.elements[index].name))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let of_projects = |index: usize| !self.config.elements[index].projects.written.is_empty();
        let all = 0..self.config.elements.len();
        if target.file().is_none() && target.project().is_none() {
            let may = |index: &usize| {
                let side = Side {
                    file: Some(*index),
                    ..Side::default()
                };
                self.broken(&side, target, to, Counts::default()).is_empty()
            };
            let allowed = names(all.filter(may).collect());
            let hidden = format!("hide {target} behind an interface that `{name}` owns");
            return if allowed.is_empty() {
                hidden
            } else {
                format!("{hidden}; {allowed} may depend on {target}")
            };
        }
        let rules: Vec<&Rule> = match broken.from {
            Named::Element(index) => self.binding[index].clone(),
            Named::Itself => vec![broken.rule],
        };
        let may = |other: &usize| {
            Named::Element(*other) != broken.from
                && !rules.iter().any(|rule| {
                    let other = &self.config.elements[*other];
                    match &rule.judgement {
                        Judgement::Deny(denied) => denied.iter().any(|one| one.names_element(other)),
                        Judgement::Allow(allowed) => !allowed.iter().any(|one| one.names_element(other)),
                    }
                })
        };
        // A project is told about projects, a file about files.
        let by_project = to.home.is_some()
            && match broken.from {
                Named::Element(index) => of_projects(index),
                Named::Itself => true,
            };
        let allowed = names(
            all.filter(may)
                .filter(|index| !by_project || of_projects(*index))
                .collect(),
        );
        let turn = if is_declared && by_project {
            format!(
                "take the dependency out of the manifest, and what `{name}` needs of it to where both may depend on it"
            )
        } else {
            format!(
                "let `{name}` own an interface (or token) for what it needs, and provide the implementation from outside"
            )
        };
        if allowed.is_empty() {
            format!("{turn}; `{name}` may depend on itself only")
        } else {
            format!("{turn}; `{name}` may depend on {allowed}")
        }
    }
}

/// The code of a rule that is broken directly.
pub fn code_of(rule: &Rule) -> &'static krepis_change::Code {
    match rule.judgement {
        Judgement::Deny(_) => &errors::DENIED,
        Judgement::Allow(_) => &errors::NOT_ALLOWED,
    }
}

/// An edge that leaves a project.
fn hop(from: &Side, to: &Side, source: &Source, edge: &Edge<'_>, dev: bool) -> Option<Hop> {
    let home = from.home.as_ref()?;
    let to = match &to.home {
        Some(other) if other.root == home.root => return None,
        Some(other) => Node::Project(other.root.clone()),
        None if matches!(
            edge.target,
            Target::Builtin(_) | Target::Package(_) | Target::Crate(_)
        ) =>
        {
            Node::External(edge.target.clone())
        }
        None => return None,
    };
    Some(Hop {
        from: home.root.clone(),
        to,
        path: source.path.clone(),
        at: edge.at,
        specifier: edge.specifier.to_owned(),
        section: edge.declared.map(|declared| declared.section),
        dev,
    })
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
        section: None,
        target: String::new(),
        type_only: false,
        frame: String::new(),
        why: Some("krepis.json says `\"unclassified\": \"error\"`".to_owned()),
        fix: "move it into an element's folder, or name it in `files` of an element or in `ignore`"
            .to_owned(),
        steps: Vec::new(),
    }
}

/// The frame of a place, if the file is text.
pub fn frame(view: &View<'_>, path: &WorkspacePath, at: Place) -> String {
    if at.line == 0 {
        return String::new();
    }
    let bytes = view.read(path);
    let text = bytes.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.map_or_else(String::new, |text| code_frame(text, at))
}
