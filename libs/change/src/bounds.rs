//! Paths as powers: what somebody who may change a path can do with it.
//!
//! A proposer that may only write files could still run a program (by a script in package.json), in CI or through
//! somebody's coding agent, or loosen the rules it is judged by. So a third party's change of anything but
//! [`PathClass::Source`] needs the user's consent.
//!
//! | class | what it gives | paths (case is ignored) |
//! |---|---|---|
//! | [`Policy`](PathClass::Policy) | says what Krepis allows | `krepis.json`, `krepis.*.json`, `krepis.lock`, `krepis-baseline*.json`, `krepis.plugin.json`, `.krepisignore` |
//! | [`AgentControl`](PathClass::AgentControl) | steers coding agents | `AGENTS.md`, `AGENT.md`, `CLAUDE.md`, `CLAUDE.local.md`, `GEMINI.md`, `SKILL.md`, `.mcp.json`, `mcp.json`, `.cursorrules`, `.windsurfrules`, `.clinerules`, `.aider*`, `.github/copilot-instructions.md`; anything in `.claude/`, `.cursor/`, `.codex/`, `.gemini/`, `.windsurf/`, `.continue/`, `.roo/`, `.clinerules/`, `.agents/`, `.github/{instructions,prompts,agents,chatmodes}/` |
//! | [`Ci`](PathClass::Ci) | runs on a build server | `.gitlab-ci.yml`, `.travis.yml`, `azure-pipelines*.yml`, `bitbucket-pipelines.yml`, `appveyor.yml`, `cloudbuild.yaml`, `.drone.yml`, `.woodpecker.yml`, `Jenkinsfile*`, `action.yml`, `renovate.json*`, `CODEOWNERS`; anything in `.ci/`, `.github/` (but for the agents' and for plain Markdown), `.gitlab/`, `.circleci/`, `.buildkite/`, `.woodpecker/`, `.forgejo/`, `.gitea/`, `.azure-pipelines/` |
//! | [`ExecutableConfig`](PathClass::ExecutableConfig) | is run by install, build, test, editor or shell, or says what they run | `package.json`, lock files and settings of npm, pnpm, yarn, bun, deno; `*.config.{js,ts,json,…}`, `*.setup.*`, `*.preset.*`, `.*rc`, `.*rc.*`; `tsconfig*.json`, `jsconfig*.json`, `nx.json`, `project.json`, `workspace.json`, `generators.json`, `executors.json`, `migrations.json`, `turbo.json`, `lerna.json`, `nest-cli.json`, `angular.json`, `biome.json*`, `buf*.yaml`, `.swcrc`; `Makefile`, `GNUmakefile`, `*.mk`, `justfile`, `Taskfile*`, `Rakefile`, `Gemfile*`, `Procfile`, `Dockerfile*`, `Containerfile*`, `compose*.yml`, `docker-compose*.yml`; `build.rs`, `Cargo.toml`, `Cargo.lock`, `rust-toolchain*`, `clippy.toml`, `rustfmt.toml`, `go.mod`, `pyproject.toml`, `setup.py`, `conftest.py`, `flake.nix`; `.npmrc`, `.env*`, `.envrc`, `.node-version`, `.nvmrc`, `.tool-versions`, `mise.toml`, `.gitattributes`, `.gitmodules`, `.gitignore`, `.pre-commit-config.yaml`, `lefthook.yml`; anything in `.husky/`, `.githooks/`, `.cargo/`, `.vscode/`, `.idea/`, `.devcontainer/`, `.yarn/`, `.changeset/`, `.storybook/`, `patches/` at the root |
//! | [`Source`](PathClass::Source) | code and text that the framework, its tests or people read | anything else |
//!
//! Folders count at any depth (a nested package has its own `.husky`, an editor opens any folder), files too. The
//! first class of the table that fits is taken.

use std::fmt;

use crate::WorkspacePath;

/// What changing a path gives power over. Ordered: the greater, the more it takes to allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathClass {
    /// Code and text.
    Source,
    /// Configuration that runs programs, or is one.
    ExecutableConfig,
    /// What a build server runs.
    Ci,
    /// What coding agents obey.
    AgentControl,
    /// What Krepis itself obeys.
    Policy,
}

impl PathClass {
    /// All classes, the least power first.
    pub const ALL: [Self; 5] = [
        Self::Source,
        Self::ExecutableConfig,
        Self::Ci,
        Self::AgentControl,
        Self::Policy,
    ];
}

impl fmt::Display for PathClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::ExecutableConfig => "executable configuration",
            Self::Ci => "CI",
            Self::AgentControl => "agent control",
            Self::Policy => "policy",
        })
    }
}

/// The class of a path, by the table of this module.
///
/// ```
/// use krepis_change::{WorkspacePath, bounds::{PathClass, classify}};
/// let class = |path| classify(&WorkspacePath::parse(path).unwrap());
/// assert_eq!(class("src/orders/orders.service.ts"), PathClass::Source);
/// assert_eq!(class("apps/api/package.json"), PathClass::ExecutableConfig);
/// assert_eq!(class(".github/workflows/ci.yml"), PathClass::Ci);
/// assert_eq!(class("CLAUDE.md"), PathClass::AgentControl);
/// assert_eq!(class("krepis.json"), PathClass::Policy);
/// ```
pub fn classify(path: &WorkspacePath) -> PathClass {
    let path = path.as_str().to_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let folders: Vec<&str> = folders.split('/').filter(|folder| !folder.is_empty()).collect();
    if is_policy(name) {
        PathClass::Policy
    } else if is_agent_control(&folders, name) {
        PathClass::AgentControl
    } else if is_ci(&folders, name) {
        PathClass::Ci
    } else if is_executable_config(&folders, name) {
        PathClass::ExecutableConfig
    } else {
        PathClass::Source
    }
}

fn is_policy(name: &str) -> bool {
    matches!(name, "krepis.json" | "krepis.lock" | ".krepisignore")
        || (name.starts_with("krepis.") || name.starts_with("krepis-baseline")) && has_extension(name, "json")
}

fn is_agent_control(folders: &[&str], name: &str) -> bool {
    const FOLDERS: [&str; 9] = [
        ".claude",
        ".cursor",
        ".codex",
        ".gemini",
        ".windsurf",
        ".continue",
        ".roo",
        ".clinerules",
        ".agents",
    ];
    matches!(
        name,
        "agents.md"
            | "agent.md"
            | "claude.md"
            | "claude.local.md"
            | "gemini.md"
            | "skill.md"
            | ".mcp.json"
            | "mcp.json"
            | ".cursorrules"
            | ".windsurfrules"
            | ".clinerules"
            | "copilot-instructions.md"
    ) || name.starts_with(".aider")
        || folders.iter().any(|folder| FOLDERS.contains(folder))
        || folders.windows(2).any(|pair| {
            pair[0] == ".github" && matches!(pair[1], "instructions" | "prompts" | "agents" | "chatmodes")
        })
}

fn is_ci(folders: &[&str], name: &str) -> bool {
    const FOLDERS: [&str; 8] = [
        ".ci",
        ".gitlab",
        ".circleci",
        ".buildkite",
        ".woodpecker",
        ".forgejo",
        ".gitea",
        ".azure-pipelines",
    ];
    let yaml = is_yaml(name);
    let stem = name.split('.').next().unwrap_or_default();
    matches!(name, "codeowners" | "action.yml" | "action.yaml")
        || yaml
            && matches!(
                name.rsplit_once('.').map_or("", |(stem, _)| stem),
                ".gitlab-ci" | ".travis" | "bitbucket-pipelines" | "appveyor" | "cloudbuild" | ".drone" | ".woodpecker"
            )
        || yaml && name.starts_with("azure-pipelines")
        || stem == "jenkinsfile"
        || stem == "renovate" && name.contains(".json")
        || name.starts_with(".renovaterc")
        || folders.iter().any(|folder| FOLDERS.contains(folder))
        // Issue templates and the like are prose; anything else there runs, or says who must review.
        || folders.contains(&".github") && !has_extension(name, "md")
}

/// Whole names.
const CONFIG_NAMES: [&str; 64] = [
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    ".pnpmfile.cjs",
    ".pnpmfile.mjs",
    "pnpmfile.js",
    "yarn.lock",
    "bun.lock",
    "bun.lockb",
    "bunfig.toml",
    "deno.json",
    "deno.jsonc",
    "deno.lock",
    "import_map.json",
    "nx.json",
    "project.json",
    "workspace.json",
    "generators.json",
    "executors.json",
    "migrations.json",
    "builders.json",
    "collection.json",
    "turbo.json",
    "lerna.json",
    "nest-cli.json",
    "angular.json",
    "biome.json",
    "biome.jsonc",
    "oxlint.json",
    "makefile",
    "gnumakefile",
    "justfile",
    ".justfile",
    "rakefile",
    "gemfile",
    "gemfile.lock",
    "procfile",
    "vagrantfile",
    "tiltfile",
    "build.rs",
    "cargo.toml",
    "cargo.lock",
    "clippy.toml",
    "rustfmt.toml",
    "go.mod",
    "go.sum",
    "go.work",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "conftest.py",
    "tox.ini",
    "flake.nix",
    "shell.nix",
    "mise.toml",
    ".mise.toml",
    ".envrc",
    ".gitattributes",
    ".gitmodules",
    ".gitignore",
    "lefthook.yml",
    "lefthook.yaml",
];

fn is_executable_config(folders: &[&str], name: &str) -> bool {
    const FOLDERS: [&str; 9] = [
        ".husky",
        ".githooks",
        ".cargo",
        ".vscode",
        ".idea",
        ".devcontainer",
        ".yarn",
        ".changeset",
        ".storybook",
    ];
    CONFIG_NAMES.contains(&name)
        || has_role(name)
        || is_run_control(name)
        || (name.starts_with("tsconfig") || name.starts_with("jsconfig")) && has_extension(name, "json")
        || name.starts_with("buf.") && is_yaml(name)
        || (name.starts_with("compose") || name.starts_with("docker-compose")) && is_yaml(name)
        || name.starts_with("taskfile") && is_yaml(name)
        || [
            "dockerfile",
            "containerfile",
            "rust-toolchain",
            ".env",
            ".pre-commit-config",
            "requirements",
        ]
        .iter()
        .any(|stem| {
            name == *stem
                || name
                    .strip_prefix(stem)
                    .is_some_and(|rest| rest.starts_with(['.', '-']))
        })
        || ["mk", "dockerfile"]
            .iter()
            .any(|extension| has_extension(name, extension))
        || matches!(
            name,
            ".node-version" | ".python-version" | ".ruby-version" | ".tool-versions"
        )
        || folders.iter().any(|folder| FOLDERS.contains(folder))
        || folders.first() == Some(&"patches")
}

/// `jest.config.ts`, `vitest.workspace.mts`, `jest.setup.js`, `jest.preset.cjs`, `app.config.json`: what tools load by
/// name. Not `app.config.service.ts`, whose last word says that it is a service.
fn has_role(name: &str) -> bool {
    const EXTENSIONS: [&str; 13] = [
        "js", "cjs", "mjs", "ts", "cts", "mts", "jsx", "tsx", "json", "jsonc", "yaml", "yml", "toml",
    ];
    let mut parts = name.rsplit('.');
    let (Some(extension), Some(role)) = (parts.next(), parts.next()) else {
        return false;
    };
    EXTENSIONS.contains(&extension)
        && parts.next().is_some()
        && matches!(role, "config" | "setup" | "preset" | "workspace")
}

/// `.npmrc`, `.eslintrc`, `.eslintrc.json`, `.swcrc`, `.babelrc.js`.
fn is_run_control(name: &str) -> bool {
    name.strip_prefix('.')
        .and_then(|rest| rest.split('.').next())
        .is_some_and(|stem| stem.len() > 2 && stem.ends_with("rc"))
        || name == ".nvmrc"
}

fn is_yaml(name: &str) -> bool {
    has_extension(name, "yml") || has_extension(name, "yaml")
}

fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, found)| found == extension)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn class(path: &str) -> PathClass {
        classify(&WorkspacePath::parse(path).unwrap())
    }

    #[test]
    fn every_class_has_its_paths() {
        for (expected, paths) in [
            (
                PathClass::Policy,
                "krepis.json apps/shop/krepis.json krepis.baseline.json krepis-baseline.json Krepis.JSON krepis.lock \
                 plugins/x/krepis.plugin.json",
            ),
            (
                PathClass::AgentControl,
                "AGENTS.md apps/api/CLAUDE.md .cursor/rules/x.mdc .cursorrules .mcp.json .claude/settings.json \
                 .github/copilot-instructions.md .github/prompts/p.prompt.md .aider.conf.yml GEMINI.md",
            ),
            (
                PathClass::Ci,
                ".github/workflows/ci.yml .github/actions/x/index.js .github/CODEOWNERS .gitlab-ci.yml .ci/run \
                 .circleci/config.yml Jenkinsfile Jenkinsfile.release azure-pipelines.yml renovate.json CODEOWNERS action.yml",
            ),
            (
                PathClass::ExecutableConfig,
                "package.json libs/a/package.json pnpm-lock.yaml jest.config.ts vite.config.mts vitest.workspace.ts \
                 jest.setup.js jest.preset.cjs tsconfig.json tsconfig.base.json nx.json libs/a/project.json Makefile \
                 rules.mk build.rs Cargo.toml .cargo/config.toml .husky/pre-commit .npmrc .eslintrc .eslintrc.cjs .swcrc \
                 .env .env.local .envrc Dockerfile Dockerfile.dev api.dockerfile docker-compose.yml compose.dev.yaml \
                 .vscode/tasks.json .gitattributes rust-toolchain.toml .nvmrc .node-version patches/a.patch buf.gen.yaml \
                 .lintstagedrc.json .prettierrc Justfile lefthook.yml .pre-commit-config.yaml .storybook/main.ts",
            ),
            (
                PathClass::Source,
                "src/a.ts README.md src/config/app.config.service.ts docs/ci.md src/package.ts src/makefile.ts \
                 src/environment.ts .github/ISSUE_TEMPLATE/bug.md src/patches/a.ts data/products.json config.ts \
                 src/dockerfiles.ts build/x.rs src/agents.ts proto/x.proto logo.png .gitkeep src/arc.ts",
            ),
        ] {
            for path in paths.split_whitespace() {
                assert_eq!(class(path), expected, "{path}");
            }
        }
    }

    #[test]
    fn the_table_names_every_folder_and_file_that_counts() {
        let table = include_str!("bounds.rs")
            .split("\n\nuse ")
            .next()
            .unwrap()
            .to_lowercase();
        for name in [
            ".husky/",
            ".ci/",
            "package.json",
            ".mcp.json",
            "krepis.json",
            "build.rs",
            ".claude/",
            ".vscode/",
        ] {
            assert!(table.contains(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn case_and_depth_take_no_power_away(depth in "([a-z]{1,4}/){0,3}") {
            for path in ["package.json", "krepis.json", "CLAUDE.md", ".husky/pre-push", "jest.config.ts", ".ci/run"] {
                prop_assert_eq!(class(&format!("{depth}{path}")), class(path));
                prop_assert_eq!(class(&format!("{depth}{}", path.to_uppercase())), class(path));
            }
        }
    }
}
