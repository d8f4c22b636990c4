//! What the facts of a file are, by example.

use krepis_change::WorkspacePath;
use krepis_facts::DependencyKind::{self, Constructor, Inject};
use krepis_facts::{Facts, Unknown, facts, facts_of_bytes};
use proptest::prelude::*;

fn of(path: &str, text: &str) -> Facts {
    facts(&WorkspacePath::parse(path).expect("a path"), text)
}

fn clean(path: &str, text: &str) -> Facts {
    let facts = of(path, text);
    assert_eq!(facts.errors, [], "{path}: {text}");
    assert_eq!(facts.unknown, None, "{path}: {text}");
    facts
}

/// `kind specifier [type] names` of each import.
fn imports(facts: &Facts) -> Vec<String> {
    facts
        .imports
        .iter()
        .map(|import| {
            let names: Vec<String> = import
                .names
                .iter()
                .map(|name| {
                    let mark = if name.type_only { "type " } else { "" };
                    format!("{mark}{}>{}", name.imported, name.local)
                })
                .collect();
            let kind = format!("{:?}", import.kind);
            let type_only = if import.type_only { " type" } else { "" };
            format!("{kind} {}{type_only} [{}]", import.specifier, names.join(" ")).replace(" []", "")
        })
        .collect()
}

#[test]
fn every_form_of_import_is_seen() {
    let facts = clean(
        "src/a.cts",
        r"
import 'side';
import d, { n, n as m, type T } from './named.js';
import * as ns from 'ns';
import type { A } from './types';
import { type B, type C } from './inline';
import {} from './none';
import eq = require('./equals');
export { x, y as z } from './re';
export type { U } from './re-type';
export * from './all';
export * as all from './all-as';
const lazy = () => import('./lazy');
const template = import(`./template`);
const cjs = require('./cjs'), where = require.resolve('./where');
let t: import('./query').Thing<string>;
let u: typeof import('./typeof');
",
    );
    assert_eq!(
        imports(&facts),
        [
            "Static side",
            "Static ./named.js [default>d n>n n>m type T>T]",
            "Static ns [*>ns]",
            "Static ./types type [type A>A]",
            "Static ./inline type [type B>B type C>C]",
            "Static ./none",
            "ImportEquals ./equals [=>eq]",
            "ReExport ./re [x>x y>z]",
            "ReExport ./re-type type [type U>U]",
            "ReExport ./all",
            "ReExport ./all-as",
            "Dynamic ./lazy",
            "Dynamic ./template",
            "Require ./cjs",
            "Require ./where",
            "TypeQuery ./query type",
            "TypeQuery ./typeof type",
        ]
    );
}

#[test]
fn what_only_looks_like_an_import_is_none() {
    let facts = clean(
        "src/a.ts",
        "// import './comment';\nconst a = `import './template'`;\nconst b = \"require('./string')\";\nobject.require('./member');\n",
    );
    assert_eq!(imports(&facts), [] as [&str; 0]);
}

#[test]
fn an_import_of_an_expression_is_opaque() {
    let text = "import('./' + name);\nrequire(name);\n";
    let facts = clean("src/a.ts", text);
    assert_eq!(facts.imports, []);
    let places: Vec<_> = facts
        .opaque_imports
        .iter()
        .map(|place| (place.line, place.column))
        .collect();
    assert_eq!(places, [(1, 8), (2, 9)]);
}

#[test]
fn places_count_characters_and_spans_are_bytes_of_the_file() {
    let text = "\u{feff}#!/usr/bin/env node\n/* ä */ import { x } from './x.js';\n";
    let facts = clean("src/a.mts", text);
    let import = &facts.imports[0];
    assert_eq!((import.at.line, import.at.column), (2, 27));
    assert_eq!(
        &text[import.at.start as usize..import.at.end as usize],
        "'./x.js'"
    );
    assert_eq!(
        &text[import.start as usize..import.end as usize],
        "import { x } from './x.js';"
    );
}

#[test]
fn exports_have_their_inner_names() {
    let facts = clean(
        "src/a.ts",
        "export const a = 1, { b, c: [d = 2, ...e] } = x;\nexport function f() {}\nexport interface I {}\nconst g = 1;\nexport { g as h, type T };\nexport default g;\nexport * from './all';\nexport { q } from './q';\n",
    );
    let exports: Vec<String> = facts
        .exports
        .iter()
        .map(|export| {
            let mark = if export.type_only { "type " } else { "" };
            format!("{mark}{}<{}", export.name, export.local.as_deref().unwrap_or("-"))
        })
        .collect();
    assert_eq!(
        exports,
        [
            "a<a",
            "b<b",
            "d<d",
            "e<e",
            "f<f",
            "type I<I",
            "h<g",
            "type T<T",
            "default<g",
            "*<-",
            "q<-"
        ]
    );
}

#[test]
fn a_class_tells_its_dependencies_decorators_and_methods() {
    let facts = clean(
        "src/a.ts",
        r"
@Injectable()
@nest.Thing
export class A extends ns.Base<string> {
  readonly #orders = inject(ORDERS);
  private readonly clock = inject(Clock, { optional: true })!;
  plain = other(Clock);
  constructor(a: string);
  constructor(private readonly users: UsersService, @Inject(TOKEN) b: Port, @Inject(forwardRef(() => Late)) c: Late, { d }: Options, e: string[]) { super(); }
  get size() { return 1; }
  set size(value) {}
  run(): void;
  run(x?: string): void {}
  static of() { return class Inner {}; }
}
const B = class { go() {} };
class C {}
export { C as D };
export default class {}
abstract class E {}
",
    );
    let classes: Vec<(&str, bool, bool)> = facts
        .classes
        .iter()
        .map(|class| (class.name.as_str(), class.exported, class.is_abstract))
        .collect();
    assert_eq!(
        classes,
        [
            ("A", true, false),
            ("Inner", false, false),
            ("B", false, false),
            ("C", true, false),
            ("", true, false),
            ("E", false, true)
        ]
    );
    let class = &facts.classes[0];
    assert_eq!((class.at.line, class.at.column), (4, 14));
    assert_eq!(class.extends.as_deref(), Some("ns.Base"));
    assert_eq!(class.decorators, ["Injectable", "nest.Thing"]);
    assert_eq!(class.methods, ["size", "run", "of"]);
    let dependencies: Vec<(DependencyKind, &str, Option<&str>)> = class
        .dependencies
        .iter()
        .map(|dependency| {
            (
                dependency.kind,
                dependency.name.as_str(),
                dependency.token.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        dependencies,
        [
            (Inject, "orders", Some("ORDERS")),
            (Inject, "clock", Some("Clock")),
            (Constructor, "users", Some("UsersService")),
            (Constructor, "b", Some("TOKEN")),
            (Constructor, "c", Some("Late")),
            (Constructor, "", Some("Options")),
            (Constructor, "e", None),
        ]
    );
}

#[test]
fn each_language_is_read_as_what_it_is() {
    clean("a.tsx", "const a = <T,>(x: T) => <div>{x}</div>;\n");
    clean("a.ts", "const a = <string>x;\n");
    clean("a.jsx", "export const a = <div />;\n");
    clean("a.js", "export const a = <div />;\n");
    clean("a.js", "with (a) { b = 010; }\n");
    clean("a.cjs", "if (x) return;\nmodule.exports = {};\n");
    clean("a.mjs", "await import('x');\n");
    clean(
        "a.d.ts",
        "export declare class A { m(): void; }\ndeclare module 'x' { import y = require('y'); }\n",
    );
    clean("a.ts", "");
    assert_eq!(of("a.json", "{}").unknown, Some(Unknown::Language));
    assert_eq!(of("Makefile", "x").unknown, Some(Unknown::Language));
}

#[test]
fn a_syntax_error_has_a_place_and_does_not_hide_what_stands_before_it() {
    let facts = of("a.ts", "import './a';\nexport class C {\n  broken( {\n}\n");
    assert!(!facts.errors.is_empty());
    assert!(facts.errors[0].at.line >= 3, "{:?}", facts.errors);
}

#[test]
fn bytes_that_are_no_text_and_texts_too_large_are_unknown() {
    let path = WorkspacePath::parse("a.ts").unwrap();
    assert_eq!(facts_of_bytes(&path, b"\xff\xfe").unknown, Some(Unknown::NotText));
    let large = "a;\n".repeat(2 << 20);
    assert_eq!(facts(&path, &large).unknown, Some(Unknown::TooLarge));
}

/// What nests, as `(before, inside, after)`; each repeated on both sides.
const NESTS: [(&str, &str, &str); 28] = [
    ("(", "x", ")"),
    ("[", "x", "]"),
    ("({a:", "x", "})"),
    ("{", "x", "}"),
    ("f(", "x", ")"),
    ("!", "x", ""),
    ("- ", "x", ""),
    ("x=>", "x", ""),
    ("a?b:", "x", ""),
    ("a?", "x", ":b"),
    ("new ", "x", ""),
    ("typeof ", "x", ""),
    ("`${", "x", "}`"),
    ("if(a);else ", "x", ""),
    ("<a>", "", "</a>"),
    ("class A{m(){", "x", "}}"),
    ("(function(){", "x", "})"),
    ("type A=[", "x", "];"),
    ("while(1)", "x", ""),
    ("a:", "x", ""),
    ("a=", "x", ""),
    ("a**", "x", ""),
    ("a+", "x", ""),
    ("a.", "x", ""),
    ("do ", "x", " while(1)"),
    ("@(", "x", ")"),
    ("[a=", "x", "]"),
    ("let a:A<", "x", ">"),
];

#[test]
fn deep_nesting_never_overflows_the_stack() {
    for (before, inside, after) in NESTS {
        for depth in [100, 2_000, 15_000] {
            let text = format!("{}{inside}{}", before.repeat(depth), after.repeat(depth));
            for path in ["a.tsx", "a.ts"] {
                let _ = of(path, &text);
            }
        }
    }
}

#[test]
fn ordinary_depth_is_not_refused() {
    let nested = format!("{}x{}", "f([{a:(".repeat(20), ")}])".repeat(20));
    assert_eq!(of("a.ts", &nested).unknown, None);
    let many = "const a = b ? c : !d\nexport type T = A<B> | undefined\n".repeat(5_000);
    assert_eq!(of("a.ts", &many).unknown, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_has_facts(text in r"([a-z(){}\[\]<>=;:,.'`$/\\!?@# \n]|import|export|class|from|\u{feff}|ä){0,60}") {
        for path in ["a.ts", "a.tsx", "a.js", "a.d.ts"] {
            let facts = of(path, &text);
            for import in &facts.imports {
                prop_assert!(text.get(import.at.start as usize..import.at.end as usize).is_some());
            }
        }
    }

    #[test]
    fn any_bytes_have_facts(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = facts_of_bytes(&WorkspacePath::parse("a.ts").unwrap(), &bytes);
    }

    #[test]
    fn import_specifiers_survive(names in proptest::collection::vec("[a-z./@-]{1,12}", 0..8)) {
        let text: String = names.iter().map(|name| format!("import '{name}';\n")).collect();
        let facts = of("a.ts", &text);
        let found: Vec<String> = facts.imports.into_iter().map(|import| import.specifier).collect();
        prop_assert_eq!(found, names);
    }
}
