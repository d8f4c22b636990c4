//! A project graph of another tool, in JSON: what `@krepis/nx:boundaries` or `nx graph --file` writes.

use std::collections::BTreeMap;

use krepis_change::{Failure, WorkspacePath};
use krepis_facts::{Lines, Place};
use serde::Deserialize;

use crate::errors;
use crate::reach::{Hop, Node};
use crate::resolve::{Target, normalize};
use crate::view::{View, join};

/// Projects and edges that another tool knows.
///
/// Two forms are read: `{ "nodes": [{ "name", "root", "tags" }], "edges": [{ "source", "target", "type", "sourceFile" }] }`, and
/// what `nx graph --file=graph.json` writes. Roots and source files are relative to the Krepis workspace. A target that is no
/// node is outside of the workspace: `npm:NAME` or `cargo:NAME`, with or without `@VERSION`.
///
/// ```
/// use krepis_rules::ProjectGraph;
/// let text = r#"{ "nodes": [{ "name": "ui", "root": "libs/ui", "tags": ["scope:ui"] }],
///   "edges": [{ "source": "ui", "target": "npm:react", "type": "static" }] }"#;
/// assert_eq!(ProjectGraph::parse(text, "graph.json").unwrap().len(), (1, 1));
/// let wrong = text.replace("npm:react", "gone");
/// assert_eq!(ProjectGraph::parse(&wrong, "graph.json").unwrap_err().code.id, "KRP3013");
/// ```
#[derive(Debug, Clone, Default)]
pub struct ProjectGraph {
    /// By folder.
    nodes: BTreeMap<String, GraphNode>,
    edges: Vec<GraphEdge>,
}

/// A project of a graph.
#[derive(Debug, Clone)]
pub(crate) struct GraphNode {
    pub name: String,
    pub tags: Vec<String>,
}

/// An edge of a graph.
#[derive(Debug, Clone)]
pub(crate) struct GraphEdge {
    /// Folder of the project.
    pub from: String,
    pub to: Node,
    /// What the graph calls the target.
    pub target: String,
    /// `static`, `dynamic`, `implicit`.
    pub kind: String,
    pub file: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Nx {
        graph: NxGraph,
    },
    Own {
        nodes: Vec<OwnNode>,
        edges: Vec<WrittenEdge>,
    },
}

#[derive(Deserialize)]
struct NxGraph {
    nodes: BTreeMap<String, NxNode>,
    dependencies: BTreeMap<String, Vec<WrittenEdge>>,
}

#[derive(Deserialize)]
struct NxNode {
    data: NxData,
}

#[derive(Deserialize)]
struct NxData {
    root: String,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct OwnNode {
    name: String,
    root: String,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenEdge {
    source: String,
    target: String,
    #[serde(default, rename = "type")]
    kind: String,
    source_file: Option<String>,
}

impl ProjectGraph {
    /// Reads a graph; `path` is shown in messages.
    ///
    /// # Errors
    /// `KRP3013` for what is not JSON (with line and column), not of the form, or names a project that is not there.
    pub fn parse(text: &str, path: &str) -> Result<Self, Failure> {
        let wrong = |message: String| {
            Failure::new(&errors::GRAPH, message).at(path, 0, 0).hint(
                "write it with `nx run PROJECT:boundaries` (executor @krepis/nx:boundaries) or `nx graph --file=graph.json`",
            )
        };
        let small = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        // First as any JSON: the place of a mistake is lost in the choice between two forms.
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| {
            wrong(format!("{path} is not JSON"))
                .at(path, small(error.line()), small(error.column()))
                .reason(error.to_string())
        })?;
        let written: Written = serde_json::from_value(value).map_err(|_| {
            wrong(format!("{path} is not a project graph")).reason(
                "it has neither `nodes` and `edges` as lists nor `graph` with `nodes` and `dependencies`, each entry with its `root`, or `source` and `target`",
            )
        })?;
        let (nodes, edges): (Vec<OwnNode>, Vec<WrittenEdge>) = match written {
            Written::Own { nodes, edges } => (nodes, edges),
            Written::Nx { graph } => (
                graph
                    .nodes
                    .into_iter()
                    .map(|(name, node)| OwnNode {
                        name,
                        root: node.data.root,
                        tags: node.data.tags,
                    })
                    .collect(),
                // What is outside of the workspace depends on things, too; no rule speaks of that.
                graph
                    .dependencies
                    .into_values()
                    .flatten()
                    .filter(|edge| external(&edge.source).is_none())
                    .collect(),
            ),
        };
        let mut roots: BTreeMap<String, String> = BTreeMap::new();
        let mut found = Self::default();
        for node in nodes {
            let root = Some(node.root.as_str())
                .filter(|root| !root.starts_with('/'))
                .and_then(|root| normalize("", root))
                .ok_or_else(|| {
                    wrong(format!("`{}` lies outside of the workspace", node.name))
                        .reason(format!("its root is `{}`", node.root))
                })?;
            if roots.insert(node.name.clone(), root.clone()).is_some() {
                return Err(wrong(format!("two projects are called `{}`", node.name)));
            }
            let (name, tags) = (node.name, node.tags);
            if let Some(other) = found.nodes.insert(root, GraphNode { name, tags }) {
                return Err(wrong(format!(
                    "`{}` shares its root with another project",
                    other.name
                )));
            }
        }
        for edge in edges {
            let from = roots
                .get(&edge.source)
                .ok_or_else(|| wrong(format!("an edge starts at `{}`, which is no node", edge.source)))?;
            let to = match roots.get(&edge.target) {
                Some(root) => Node::Project(root.clone()),
                None => Node::External(external(&edge.target).ok_or_else(|| {
                    wrong(format!(
                        "an edge of `{}` leads to `{}`, which is no node",
                        edge.source, edge.target
                    ))
                })?),
            };
            found.edges.push(GraphEdge {
                from: from.clone(),
                to,
                target: edge.target,
                kind: edge.kind,
                file: edge.source_file,
            });
        }
        Ok(found)
    }

    /// How many projects and edges it has.
    pub fn len(&self) -> (usize, usize) {
        (self.nodes.len(), self.edges.len())
    }

    /// True if it has no project.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The project with a folder.
    pub(crate) fn node(&self, root: &str) -> Option<&GraphNode> {
        self.nodes.get(root)
    }

    /// Folders of all projects.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    pub(crate) fn edges(&self) -> &[GraphEdge] {
        &self.edges
    }
}

impl GraphEdge {
    /// What messages call it.
    pub(crate) fn section(&self) -> &'static str {
        match self.kind.as_str() {
            "implicit" => "the project graph (implicit)",
            "dynamic" => "the project graph (dynamic)",
            _ => "the project graph",
        }
    }

    /// The edge as one of the workspace's own.
    pub(crate) fn hop(&self, view: &View<'_>) -> Hop {
        let (path, at) = self.place(view);
        Hop {
            from: self.from.clone(),
            to: self.to.clone(),
            path,
            at,
            specifier: self.target.clone(),
            section: Some(self.section()),
            dev: false,
        }
    }

    /// Where the edge is said: at the target's name in what configures the source project, else in the file the graph names,
    /// else in the project's manifest as a whole.
    pub(crate) fn place(&self, view: &View<'_>) -> (WorkspacePath, Place) {
        let own = ["project.json", "package.json", crate::cargo::MANIFEST];
        let mut files: Vec<String> = self.file.iter().cloned().collect();
        files.extend(own.iter().map(|name| join(&self.from, name)));
        files.push("nx.json".to_owned());
        let existing: Vec<WorkspacePath> = files
            .iter()
            .filter(|file| view.has_file(file))
            .filter_map(|file| WorkspacePath::parse(file).ok())
            .collect();
        for path in &existing {
            let bytes = view.read(path);
            let Some(text) = bytes.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
                continue;
            };
            let quoted = format!("\"{}\"", self.target);
            if let Some(start) = text.find(&quoted) {
                let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                let at = Lines::new(text).place(offset(start), offset(start + quoted.len()));
                return (path.clone(), at);
            }
        }
        let whole = existing
            .into_iter()
            .next()
            .or_else(|| WorkspacePath::parse(&join(&self.from, "project.json")).ok());
        (whole.unwrap_or_else(WorkspacePath::root), Place::default())
    }
}

/// `npm:react@19.0.0`, `cargo:serde`: what is not of this workspace.
fn external(written: &str) -> Option<Target> {
    let (kind, name) = written.split_once(':')?;
    let name = match name.get(1..)?.find('@') {
        Some(end) => &name[..=end],
        None => name,
    };
    match kind {
        "npm" => Some(Target::Package(name.to_owned())),
        "cargo" => Some(Target::Crate(name.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_versions_dropped() {
        let own = r#"{ "nodes": [{ "name": "a", "root": "." }, { "name": "b", "root": "libs/b/" }],
          "edges": [{ "source": "a", "target": "b" }, { "source": "b", "target": "npm:@x/y@1.0.0" }, { "source": "b", "target": "cargo:serde@1.0.1" }] }"#;
        let nx = r#"{ "graph": { "nodes": { "a": { "name": "a", "type": "lib", "data": { "root": "." } }, "b": { "data": { "root": "libs/b", "tags": ["t"] } } },
          "dependencies": { "npm:z": [{ "source": "npm:z", "target": "npm:y" }], "a": [{ "source": "a", "target": "b", "type": "static" }], "b": [{ "source": "b", "target": "npm:@x/y", "type": "static" }, { "source": "b", "target": "cargo:serde", "type": "static" }] } } }"#;
        for text in [own, nx] {
            let graph = ProjectGraph::parse(text, "-").unwrap();
            let edges: Vec<_> = graph
                .edges()
                .iter()
                .map(|edge| format!("{:?} {}", edge.from, edge.to.target()))
                .collect();
            assert_eq!(
                edges,
                ["\"\" libs/b", "\"libs/b\" npm:@x/y", "\"libs/b\" cargo:serde"]
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("{", "- is not JSON"),
            ("{}", "- is not a project graph"),
            ("{ \"nodes\": [{}], \"edges\": [] }", "- is not a project graph"),
            (
                r#"{ "nodes": [{ "name": "a", "root": "../a" }], "edges": [] }"#,
                "`a` lies outside of the workspace",
            ),
            (
                r#"{ "nodes": [{ "name": "a", "root": "a" }, { "name": "a", "root": "b" }], "edges": [] }"#,
                "two projects are called `a`",
            ),
            (
                r#"{ "nodes": [{ "name": "a", "root": "a" }, { "name": "b", "root": "a" }], "edges": [] }"#,
                "`a` shares its root with another project",
            ),
            (
                r#"{ "nodes": [], "edges": [{ "source": "a", "target": "b" }] }"#,
                "an edge starts at `a`, which is no node",
            ),
            (
                r#"{ "nodes": [{ "name": "a", "root": "a" }], "edges": [{ "source": "a", "target": "b" }] }"#,
                "an edge of `a` leads to `b`, which is no node",
            ),
        ] {
            let failure = ProjectGraph::parse(text, "-").unwrap_err();
            assert_eq!((failure.code.id, failure.message.as_str()), ("KRP3013", expected));
        }
        assert_eq!(
            ProjectGraph::parse("{\n  nope", "-")
                .unwrap_err()
                .at
                .unwrap()
                .line,
            2
        );
    }
}
