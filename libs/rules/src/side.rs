//! What a file, or a project, is to rules.

use std::sync::Arc;

use krepis_change::WorkspacePath;

use crate::judge::Judge;
use crate::project::Project;
use crate::resolve::Target;
use crate::view::{View, split};

/// One end of a dependency.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// The element that its path gives it.
    pub file: Option<usize>,
    /// The element that its project gives it.
    pub project: Option<usize>,
    /// Its project.
    pub home: Option<Arc<Project>>,
}

impl Side {
    /// That of a file.
    pub fn of_file(judge: &Judge<'_>, view: &View<'_>, path: &WorkspacePath) -> Self {
        let file = judge.config.element_of(path);
        Self {
            file,
            ..Self::of_folder(judge, view, split(path.as_str()).0)
        }
    }

    /// That of what lies in a folder, but for its own path.
    pub fn of_folder(judge: &Judge<'_>, view: &View<'_>, folder: &str) -> Self {
        if !judge.has_projects {
            return Self::default();
        }
        let home = Project::owner(view, folder);
        Self {
            file: None,
            project: home.as_ref().and_then(|home| judge.project_element(&home.root)),
            home,
        }
    }

    /// That of what is depended on; nothing for what is not of this workspace.
    pub fn of_target(judge: &Judge<'_>, view: &View<'_>, target: &Target) -> Self {
        match target {
            Target::File(path) | Target::Member(path, _) => Self::of_file(judge, view, path),
            Target::Project(folder) => Self::of_folder(judge, view, folder.as_str()),
            Target::Package(_) | Target::Crate(_) | Target::Builtin(_) | Target::Unknown(_) => {
                Self::default()
            }
        }
    }

    /// True if both lie in one project.
    pub fn is_beside(&self, other: &Self) -> bool {
        match (&self.home, &other.home) {
            (Some(one), Some(other)) => one.root == other.root,
            _ => false,
        }
    }

    /// The project's own tags.
    pub fn tags(&self) -> &[String] {
        self.home.as_ref().map_or(&[], |home| &home.tags)
    }
}
