use krepis_change::MemoryTree;

use super::*;

fn resolves(files: &[(&str, &str)], from: &str, specifier: &str) -> String {
    let tree = MemoryTree::of(files);
    resolve(&View::new(&tree), &WorkspacePath::parse(from).unwrap(), specifier).to_string()
}

#[test]
fn relative_specifiers_follow_typescript() {
    let files = [
        ("src/a.ts", ""),
        ("src/b.tsx", ""),
        ("src/c.js", ""),
        ("src/d.service.ts", ""),
        ("src/e.mts", ""),
        ("src/f/index.ts", ""),
        ("src/f/g.ts", ""),
        ("src/g.d.ts", ""),
        ("src/h.json", "{}"),
        ("src/i.ts", ""),
        ("src/i/index.ts", ""),
        ("src/j/package.json", r#"{ "main": "./lib/main.js" }"#),
        ("src/j/lib/main.ts", ""),
        ("src/k.svg", ""),
        ("index.ts", ""),
    ];
    for (from, specifier, expected) in [
        ("src/x.ts", "./a", "src/a.ts"),
        ("src/x.ts", "./a.ts", "src/a.ts"),
        ("src/x.ts", "./a.js", "src/a.ts"),
        ("src/x.ts", "./b.js", "src/b.tsx"),
        ("src/x.ts", "./b.jsx", "src/b.tsx"),
        ("src/x.ts", "./c.js", "src/c.js"),
        ("src/x.ts", "./d.service", "src/d.service.ts"),
        ("src/x.ts", "./d.service.js", "src/d.service.ts"),
        ("src/x.ts", "./e.mjs", "src/e.mts"),
        ("src/x.ts", "./f", "src/f/index.ts"),
        ("src/x.ts", "./f/", "src/f/index.ts"),
        ("src/x.ts", "./f/index.js", "src/f/index.ts"),
        ("src/x.ts", "./g", "src/g.d.ts"),
        ("src/x.ts", "./h.json", "src/h.json"),
        ("src/x.ts", "./i", "src/i.ts"),
        ("src/x.ts", "./i/", "src/i/index.ts"),
        ("src/x.ts", "./j", "src/j/lib/main.ts"),
        ("src/x.ts", "./k.svg?raw", "src/k.svg"),
        ("src/f/g.ts", ".", "src/f/index.ts"),
        ("src/f/g.ts", "..", "? (no such file)"),
        ("src/f/g.ts", "../a", "src/a.ts"),
        ("src/x.ts", "..", "index.ts"),
        ("src/x.ts", "../..", "? (it leads out of the workspace)"),
        ("src/x.ts", "./missing", "? (no such file)"),
        ("src/x.ts", "../node_modules/@a/b/c.js", "npm:@a/b"),
    ] {
        assert_eq!(
            resolves(&files, from, specifier),
            expected,
            "{specifier} in {from}"
        );
    }
}

#[test]
fn builtins_and_packages_are_names() {
    for (specifier, expected) in [
        ("fs", "node:fs"),
        ("node:fs/promises", "node:fs/promises"),
        ("fs/promises", "node:fs/promises"),
        ("node:test", "node:test"),
        ("test", "npm:test"),
        ("fastify", "npm:fastify"),
        ("rxjs/operators", "npm:rxjs"),
        ("@nestjs/common/enums", "npm:@nestjs/common"),
        ("https://x/y.js", "? (it is a URL)"),
        ("/abs", "? (it is an absolute path)"),
        (
            "#x",
            "? (no `imports` entry of the nearest package.json leads to a file)",
        ),
        ("", "? (it is not the name of a module)"),
    ] {
        assert_eq!(resolves(&[], "src/x.ts", specifier), expected, "{specifier}");
    }
}

#[test]
fn paths_and_base_url_of_the_nearest_tsconfig_with_what_it_extends() {
    let files = [
        (
            "tsconfig.base.json",
            r#"{ "compilerOptions": { "paths": { "@app/*": ["src/app/*", "src/gen/*"], "@core": ["src/core/index.ts"], "@app/special": ["src/special.ts"] } } }"#,
        ),
        (
            "tsconfig.json",
            "{\n  // comment\n  \"extends\": \"./tsconfig.base\",\n}",
        ),
        ("src/app/a.ts", ""),
        ("src/gen/b.ts", ""),
        ("src/core/index.ts", ""),
        ("src/special.ts", ""),
        (
            "web/tsconfig.json",
            r#"{ "compilerOptions": { "baseUrl": "./src", "paths": { "~/*": ["*"] } } }"#,
        ),
        ("web/src/c.ts", ""),
        (
            "sol/tsconfig.json",
            r#"{ "files": [], "references": [{ "path": "./tsconfig.app.json" }] }"#,
        ),
        (
            "sol/tsconfig.app.json",
            r#"{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }"#,
        ),
        ("sol/src/d.ts", ""),
        ("loop/tsconfig.json", r#"{ "extends": "./tsconfig.json" }"#),
    ];
    for (from, specifier, expected) in [
        ("src/x.ts", "@app/a", "src/app/a.ts"),
        ("src/x.ts", "@app/a.js", "src/app/a.ts"),
        ("src/x.ts", "@app/b", "src/gen/b.ts"),
        ("src/x.ts", "@app/special", "src/special.ts"),
        ("src/x.ts", "@core", "src/core/index.ts"),
        ("src/x.ts", "@app/none", "npm:@app/none"),
        ("web/src/x.ts", "~/c", "web/src/c.ts"),
        ("web/src/x.ts", "c", "web/src/c.ts"),
        ("web/src/x.ts", "@core", "npm:@core"),
        ("sol/src/x.ts", "@/d", "sol/src/d.ts"),
        ("loop/x.ts", "@core", "npm:@core"),
    ] {
        assert_eq!(
            resolves(&files, from, specifier),
            expected,
            "{specifier} in {from}"
        );
    }
}

#[test]
fn packages_of_the_workspace_lead_to_their_source() {
    let files = [
        (
            "pnpm-workspace.yaml",
            "packages:\n  - 'libs/*'\n  - '!libs/not'\n",
        ),
        ("package.json", r#"{ "name": "root", "workspaces": ["apps/**"] }"#),
        (
            "libs/core/package.json",
            r#"{ "name": "@x/core", "exports": { ".": { "types": "./dist/index.d.ts", "@x/source": "./src/index.ts", "default": "./dist/index.js" }, "./deep/*": "./dist/deep/*.js" } }"#,
        ),
        ("libs/core/src/index.ts", ""),
        ("libs/core/src/deep/a.ts", ""),
        (
            "libs/plain/package.json",
            r#"{ "name": "plain", "main": "dist/index.js" }"#,
        ),
        ("libs/plain/src/index.ts", ""),
        ("libs/empty/package.json", r#"{ "name": "empty" }"#),
        ("libs/not/package.json", r#"{ "name": "not" }"#),
        (
            "apps/deep/er/package.json",
            r##"{ "name": "er", "imports": { "#db": "./src/db.ts", "#lib/*": "./src/lib/*.js", "#out": "fastify", "#fs": "node:fs" } }"##,
        ),
        ("apps/deep/er/src/db.ts", ""),
        ("apps/deep/er/src/lib/a.ts", ""),
        ("apps/deep/er/index.ts", ""),
    ];
    for (from, specifier, expected) in [
        ("libs/plain/src/x.ts", "@x/core", "libs/core/src/index.ts"),
        (
            "libs/plain/src/x.ts",
            "@x/core/src/deep/a",
            "libs/core/src/deep/a.ts",
        ),
        ("libs/plain/src/x.ts", "@x/core/deep/a", "libs/core/src/deep/a.ts"),
        ("libs/plain/src/x.ts", "plain", "libs/plain/src/index.ts"),
        ("libs/plain/src/x.ts", "empty", "libs/empty/package.json"),
        ("libs/plain/src/x.ts", "not", "npm:not"),
        ("libs/plain/src/x.ts", "er", "apps/deep/er/index.ts"),
        ("apps/deep/er/src/x.ts", "#db", "apps/deep/er/src/db.ts"),
        ("apps/deep/er/src/x.ts", "#lib/a", "apps/deep/er/src/lib/a.ts"),
        ("apps/deep/er/src/x.ts", "#out", "npm:fastify"),
        ("apps/deep/er/src/x.ts", "#fs", "node:fs"),
    ] {
        assert_eq!(
            resolves(&files, from, specifier),
            expected,
            "{specifier} in {from}"
        );
    }
}
