use proptest::prelude::*;

use super::*;

#[track_caller]
fn undone(before: &str, after: &str, today: &str) -> (String, How) {
    match take_out(before, after, today) {
        TakeOut::Done { text, how } => (text, how),
        TakeOut::Conflict { lines } => panic!("conflict in lines {lines:?}"),
    }
}

#[track_caller]
fn becomes(before: &str, after: &str, today: &str, expected: &str) {
    assert_eq!(undone(before, after, today).0, expected);
}

#[track_caller]
fn conflict(before: &str, after: &str, today: &str) -> Vec<RangeInclusive<u32>> {
    match take_out(before, after, today) {
        TakeOut::Conflict { lines } => lines,
        TakeOut::Done { text, how } => panic!("{how:?}: {text}"),
    }
}

#[test]
fn untouched_lines_are_exchanged_exactly() {
    let (text, how) = undone(
        "a\nb\nc\nd\n",
        "a\nB\nc\nd\nnew\n",
        "zero\na\nB\nc\nd\nnew\nmine\n",
    );
    assert_eq!((text.as_str(), how), ("zero\na\nb\nc\nd\nmine\n", How::Exact));
    assert_eq!(undone("a\n", "a\nb\n", "a\nb\n"), ("a\n".to_owned(), How::Exact));
    assert_eq!(undone("a\n", "a\nb\n", "a\n"), ("a\n".to_owned(), How::Exact));
}

#[test]
fn the_older_of_two_appended_providers_goes_and_the_younger_stays() {
    becomes(
        "providers: [A, B],\n",
        "providers: [A, B, Older],\n",
        "providers: [A, B, Older, Younger],\n",
        "providers: [A, B, Younger],\n",
    );
    becomes("[]", "[Older]", "[Older, Younger]", "[Younger]");
    becomes("[ ]", "[ Older ]", "[ Older, Younger ]", "[ Younger ]");
    becomes("[]", "[Older]", "[\n  Older,\n  Younger,\n]", "[\n  Younger,\n]");
    becomes("{ a: [] }", "{ a: [X] }", "{ a: [Y, X] }", "{ a: [Y] }");
    becomes("[A]", "[X, A]", "[X, Y, A]", "[Y, A]");
    becomes("[A]", "[A, X, Y]", "[A, X, Z, Y]", "[A, Z]");
}

#[test]
fn a_list_that_a_formatter_expanded_loses_the_whole_line() {
    let before = "module({ providers: [A, B], exports: [] });\n";
    let after = "module({ providers: [A, B, C], exports: [] });\n";
    let expanded = |list: &str| format!("module({{\n  providers: [\n{list}  ],\n  exports: [],\n}});\n");
    becomes(
        before,
        after,
        &expanded("    A,\n    B,\n    C,\n"),
        &expanded("    A,\n    B,\n"),
    );
    becomes(
        before,
        after,
        &expanded("    A,\n    B,\n    C\n"),
        &expanded("    A,\n    B\n"),
    );
    becomes(
        before,
        after,
        &expanded("    A,\n    B,\n    C,\n    D,\n"),
        &expanded("    A,\n    B,\n    D,\n"),
    );
    becomes(
        before,
        after,
        &expanded("    C, // ours\n    A,\n    B,\n"),
        &expanded("    // ours\n    A,\n    B,\n"),
    );
}

#[test]
fn a_list_that_was_collapsed_again_loses_the_element() {
    becomes(
        "providers: [\n  A,\n],\n",
        "providers: [\n  A,\n  X,\n],\n",
        "providers: [A, X, Y],\n",
        "providers: [A, Y],\n",
    );
}

#[test]
fn import_lines_are_found_where_an_organizer_sorted_them() {
    let before = "import { C } from './c';\nimport { D } from './d';\n\nuse(C, D);\n";
    let after =
        "import { C } from './c';\nimport { D } from './d';\nimport { A } from './a';\n\nuse(C, D);\n";
    becomes(
        before,
        after,
        "import { A } from './a';\nimport { C } from './c';\nimport { D } from './d';\n\nuse(C, D);\n",
        before,
    );
    becomes(
        before,
        after,
        "import { A } from \"./a\"\nimport { C } from \"./c\"\nimport { D } from \"./d\"\nimport { E } from \"./e\"\n\nuse(C, D)\n",
        "import { C } from \"./c\"\nimport { D } from \"./d\"\nimport { E } from \"./e\"\n\nuse(C, D)\n",
    );
    let two = "import { C } from './c';\nimport { Z } from './z';\nimport { A } from './a';\n";
    becomes(
        "import { C } from './c';\n",
        two,
        "import { A } from './a';\nimport { C } from './c';\nimport { Z } from './z';\n",
        "import { C } from './c';\n",
    );
}

#[test]
fn names_in_braces_are_found_where_they_were_sorted() {
    becomes(
        "import { B, C } from 'm';\n",
        "import { B, C, A } from 'm';\n",
        "import { A, B, C, D } from 'm';\n",
        "import { B, C, D } from 'm';\n",
    );
    becomes(
        "import { B } from 'm';\n",
        "import { B, A } from 'm';\n",
        "import {\n  A,\n  B,\n} from 'm';\n",
        "import {\n  B,\n} from 'm';\n",
    );
}

#[test]
fn a_function_goes_whole_and_what_was_written_beside_it_stays() {
    let before = "class S {\n  a() {\n    return 1;\n  }\n}\n";
    let after = "class S {\n  a() {\n    return 1;\n  }\n\n  b(x: string) {\n    return x;\n  }\n}\n";
    let today = "class S {\n  a() {\n    return 1\n  }\n\n  b(\n    x: string,\n  ) {\n    return x\n  }\n\n  c() {}\n}\n";
    becomes(
        before,
        after,
        today,
        "class S {\n  a() {\n    return 1\n  }\n\n  c() {}\n}\n",
    );
}

#[test]
fn what_the_operation_removed_is_put_back() {
    becomes(
        "[A, B, C]",
        "[A, C]",
        "[\n  A,\n  C,\n  D,\n]",
        "[\n  A,\n  B,\n  C,\n  D,\n]",
    );
    becomes("[A, B]", "[A]", "[\n  A,\n]", "[\n  A,\n  B,\n]");
    becomes("f(one, two)", "f(two)", "f( two )", "f( one, two )");
    becomes(
        "let a = 1;\n",
        "let a = 2;\n",
        "let  a = 2; // two\n",
        "let  a = 1; // two\n",
    );
}

#[test]
fn replaced_text_is_exchanged_where_the_line_changed_around_it() {
    becomes(
        "const routes = [get('/a', A)];\n",
        "const routes = [get('/b', A)];\n",
        "const routes = [get('/b', A), post('/c', C)];\n",
        "const routes = [get('/a', A), post('/c', C)];\n",
    );
}

#[test]
fn json_stays_json() {
    let before = "{\n  \"a\": 1\n}\n";
    let after = "{\n  \"a\": 1,\n  \"b\": { \"x\": [1] }\n}\n";
    let today = "{\n  \"a\": 1,\n  \"b\": { \"x\": [1] },\n  \"c\": 3\n}\n";
    becomes(before, after, today, "{\n  \"a\": 1,\n  \"c\": 3\n}\n");
    becomes(
        before,
        after,
        "{\n  \"a\": 1,\n  \"b\": {\n    \"x\": [1]\n  }\n}\n",
        "{\n  \"a\": 1\n}\n",
    );
    becomes("{}", "{ \"b\": 1 }", "{ \"b\": 1, \"c\": 2 }", "{ \"c\": 2 }");
}

#[test]
fn markdown_that_was_wrapped_anew_loses_the_sentence() {
    becomes(
        "# T\n\nOne two three.\n",
        "# T\n\nOne two three. Krepis don't mind.\n",
        "# T\n\nOne two\nthree. Krepis\ndon't mind. More.\n",
        "# T\n\nOne two\nthree. More.\n",
    );
}

#[test]
fn line_ends_that_changed_are_no_hindrance() {
    becomes("a\nb\n", "a\nx\nb\n", "a\r\nx\r\nb\r\nc\r\n", "a\r\nb\r\nc\r\n");
    becomes("a\r\nb\r\n", "a\r\nx\r\nb\r\n", "a\nx\nb\nc\n", "a\nb\nc\n");
}

#[test]
fn what_somebody_took_out_already_is_no_conflict() {
    becomes(
        "import { A } from 'a';\n[A]\n",
        "import { A } from 'a';\nimport { X } from 'x';\n[A, X]\n",
        "import { A } from 'a';\n[A, Y]\n",
        "import { A } from 'a';\n[A, Y]\n",
    );
}

#[test]
fn what_was_changed_since_is_a_conflict_with_its_lines() {
    let before = "a\nb\n";
    let after = "a\nfunction f() {\n  return 1;\n}\nb\n";
    assert_eq!(
        conflict(before, after, "a\nfunction f() {\n  more();\n  return 2;\n}\nb\n"),
        [2..=5]
    );
    conflict("[A]", "[A, X]", "[A, X.forRoot(), Y]");
    conflict("[A]", "[A, X]", "[wrap(X), A, Y]");
    conflict("v = 1\n", "v = 2\n", "v = 3\n");
    conflict("one\ntwo\n", "one\n", "one\nother\n");
}

#[test]
fn an_operation_that_changed_blanks_only_is_merged_by_lines() {
    let (text, how) = undone("a b\n\nc\n", "a  b\n\nc\n", "a  b\nx\nc\n");
    assert_eq!((text.as_str(), how), ("a b\nx\nc\n", How::Exact));
    conflict("a b\n", "a  b\n", "a  b c\n");
}

#[test]
fn putting_back_is_the_other_direction() {
    let put = |before: &str, after: &str, today: &str| match put_back(before, after, today) {
        TakeOut::Done { text, .. } => text,
        TakeOut::Conflict { lines } => panic!("{lines:?}"),
    };
    assert_eq!(put("[A, B]", "[A, B, C]", "[A, B, D]"), "[A, B, C, D]");
    assert_eq!(put("[A]", "[A, C]", "[\n  A,\n  D,\n]"), "[\n  A,\n  C,\n  D,\n]");
    assert_eq!(put("[B, A]", "[B, A, C]", "[A, B, D]"), "[A, C, B, D]");
    assert_eq!(
        put(
            "import { A } from 'a';\n\nx\n",
            "import { A } from 'a';\nimport { C } from 'c';\n\nx\n",
            "import { A } from 'a';\nimport { D } from 'd';\n\nx\n"
        ),
        "import { A } from 'a';\nimport { C } from 'c';\nimport { D } from 'd';\n\nx\n"
    );
}

/// A module as a project has it, in the layout of one formatter or another.
fn module(names: &[&str], layout: &str) -> String {
    let quote = if layout.contains("double") { '"' } else { '\'' };
    let semicolon = if layout.contains("no-semicolons") { "" } else { ";" };
    let mut sorted = names.to_vec();
    if layout.contains("sorted") {
        sorted.sort_unstable();
    }
    let imports: String = sorted
        .iter()
        .map(|name| {
            let file = name.to_lowercase();
            if layout.contains("spread") {
                format!("import {{\n  {name}Service,\n}} from {quote}./{file}.service{quote}{semicolon}\n")
            } else {
                format!("import {{ {name}Service }} from {quote}./{file}.service{quote}{semicolon}\n")
            }
        })
        .collect();
    let services: Vec<String> = names.iter().map(|name| format!("{name}Service")).collect();
    let list = if layout.contains("line") {
        let comma = if layout.contains("bare") { "" } else { "," };
        format!("[\n    {}{comma}\n  ]", services.join(",\n    "))
    } else {
        format!("[{}]", services.join(", "))
    };
    format!("{imports}\n@Module({{\n  providers: {list},\n}})\nexport class AppModule {{}}\n")
}

#[test]
fn the_older_of_two_registrations_goes_in_every_layout_and_after_every_formatter() {
    let (before, older, younger) = (["App"], ["App", "Older"], ["App", "Older", "Younger"]);
    let layouts = [
        "one",
        "a-line",
        "a-line bare",
        "one double",
        "a-line double",
        "one no-semicolons",
        "a-line spread",
        "one sorted",
        "a-line double sorted no-semicolons",
    ];
    for made in layouts {
        for formatted in layouts {
            let context = format!("made as {made}, formatted as {formatted}");
            let take = |names: &[&str], today: &[&str], expected: &[&str]| {
                let base: Vec<&str> = names[..names.len() - 1].to_vec();
                match take_out(
                    &module(&base, made),
                    &module(names, made),
                    &module(today, formatted),
                ) {
                    TakeOut::Done { text, .. } => assert_eq!(text, module(expected, formatted), "{context}"),
                    // A comma within the import came or went: said, with the lines, and nothing is changed.
                    TakeOut::Conflict { lines }
                        if made.contains("spread") != formatted.contains("spread") =>
                    {
                        assert!(!lines.is_empty(), "{context}");
                    }
                    TakeOut::Conflict { lines } => panic!("{context}: conflict in {lines:?}"),
                }
            };
            take(&older, &younger, &["App", "Younger"]);
            take(&older, &older, &before);
            take(&younger, &younger, &older);
            // The user has put one of his own between them, or moved the list about.
            take(
                &older,
                &["Mine", "App", "Older", "Between", "Younger"],
                &["Mine", "App", "Between", "Younger"],
            );
            take(&older, &["Younger", "Older", "App"], &["Younger", "App"]);
        }
    }
}

#[test]
fn a_registration_that_the_user_made_his_own_is_a_conflict_and_the_younger_one_still_goes() {
    let before = module(&["App"], "one");
    let older = module(&["App", "Older"], "one");
    let younger = module(&["App", "Older", "Younger"], "one");
    for own in [
        "{ provide: OlderService, useClass: Mine }",
        "OlderService.forRoot({ url: 'x' })",
        "...withDefaults(OlderService)",
    ] {
        let today = younger.replace("[AppService, OlderService", &format!("[AppService, {own}"));
        let lines = conflict(&before, &older, &today);
        assert!(lines.iter().any(|range| range.contains(&6)), "{own}: {lines:?}");
        becomes(
            &older,
            &younger,
            &today,
            &older.replace("[AppService, OlderService", &format!("[AppService, {own}")),
        );
    }
    // What he took out by hand is gone already; what he added to the line stays.
    becomes(
        &before,
        &older,
        &younger.replace("OlderService, YoungerService],", "YoungerService], // mine"),
        &module(&["App", "Younger"], "one").replace("YoungerService],", "YoungerService], // mine"),
    );
}

#[test]
fn a_generated_method_goes_unless_its_body_was_written() {
    let class = |methods: &str| format!("export class S {{\n{methods}}}\n");
    let method = |name: &str, body: &str| format!("  {name}(id: string): string {{\n    {body}\n  }}\n");
    let old = method("old", "return id;");
    let generated = method("made", "return '';");
    let (before, after) = (class(&old), class(&format!("{old}\n{generated}")));
    let later = method("later", "return 'later';");
    // Formatted: other quotes, no semicolons, arguments a line.
    let formatted = after
        .replace("'';", "\"\"")
        .replace("made(id: string)", "made(\n    id: string,\n  )");
    becomes(&before, &after, &formatted, &before);
    becomes(
        &before,
        &after,
        &class(&format!("{old}\n{generated}\n{later}")),
        &class(&format!("{old}\n{later}")),
    );
    becomes(
        &before,
        &after,
        &class(&format!("{}\n{generated}", method("old", "return id.trim();"))),
        &class(&method("old", "return id.trim();")),
    );
    for body in [
        "return this.#rows.get(id);",
        "const row = this.find(id);\n    return row.name;",
        "return '';\n    // mine",
    ] {
        let written = class(&format!("{old}\n{}\n{later}", method("made", body)));
        let lines = conflict(&before, &after, &written);
        assert!(lines.iter().all(|range| *range.start() >= 4), "{body}: {lines:?}");
    }
}

/// Names in a list, on one line or one a line, with or without a comma at the end.
fn list(names: &[String], layout: u8) -> String {
    match (layout % 3, names) {
        (_, []) => "list: [],\n".to_owned(),
        (0, names) => format!("list: [{}],\n", names.join(", ")),
        (1, names) => format!("list: [\n  {},\n],\n", names.join(",\n  ")),
        (_, names) => format!("list: [\n  {}\n],\n", names.join(",\n  ")),
    }
}

fn names(text: &str) -> Vec<String> {
    text[text.find('[').unwrap() + 1..text.rfind(']').unwrap()]
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// The law of undo: whatever came before and after, in whatever layout and order, exactly the operation goes.
    #[test]
    fn exactly_the_operation_goes_from_a_list_of_any_layout(
        old in 0..4_usize,
        at in 0..4_usize,
        ours in 1..3_usize,
        later in proptest::collection::vec(0..9_usize, 0..4),
        layouts in (0..3_u8, 0..3_u8),
        shuffle in proptest::option::of(any::<u64>()),
    ) {
        let before: Vec<String> = (0..old).map(|n| format!("Old{n}")).collect();
        let mut after = before.clone();
        for n in 0..ours {
            after.insert((at + n).min(after.len()), format!("Ours{n}"));
        }
        let mut today = after.clone();
        for (n, at) in later.iter().enumerate() {
            today.insert(at % (today.len() + 1), format!("Later{n}"));
        }
        if let Some(seed) = shuffle {
            let mut seed = seed;
            today.sort_by_cached_key(|name| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(name.len() as u64);
                seed >> 33
            });
        }
        let text = list(&today, layouts.1);
        let expected: Vec<String> = today.into_iter().filter(|name| !name.starts_with("Ours")).collect();
        let (before, after) = (list(&before, layouts.0), list(&after, layouts.0));
        match take_out(&before, &after, &text) {
            TakeOut::Done { text: result, .. } => {
                prop_assert_eq!(names(&result), expected, "{}{}{}=>\n{}", before, after, text, result);
                prop_assert!(!result.contains(",,") && !result.contains("[,"), "{}", result);
                prop_assert!(!result.lines().any(|line| line.trim() == ","), "{}", result);
            }
            TakeOut::Conflict { .. } => prop_assert!(false, "conflict:\n{}{}{}", before, after, text),
        }
    }

    /// What is taken out and put back in the same layout is what was there.
    #[test]
    fn taking_out_and_putting_back_is_identity_when_nothing_was_done_since(
        before in "([a-c ]{0,4}[\n,;()]){0,8}",
        after in "([a-c ]{0,4}[\n,;()]){0,8}",
    ) {
        let there = TakeOut::Done { text: after.clone(), how: How::Exact };
        prop_assert_eq!(put_back(&before, &after, &before), there);
    }

    #[test]
    fn no_texts_make_it_panic(
        before in "([abX\"' ]{0,3}[\n,;(){}\\[\\]]){0,10}",
        after in "([abX\"' ]{0,3}[\n,;(){}\\[\\]]){0,10}",
        today in "([abX\"' ]{0,3}[\n,;(){}\\[\\]]){0,10}",
    ) {
        if let TakeOut::Conflict { lines } = take_out(&before, &after, &today) {
            prop_assert!(!lines.is_empty());
        }
    }

    /// Lines far from each other: what the user did stays, what the operation did goes, byte for byte.
    #[test]
    fn distant_changes_do_not_disturb_each_other(
        top in "[a-c]{0,3}\n", bottom in "[a-c]{0,3}\n", ours in "[x-z]{1,3}\n", mine in "[u-w]{1,3}\n",
    ) {
        let before = format!("{top}1\n2\n3\n4\n{bottom}");
        let after = format!("{top}{ours}1\n2\n3\n4\n{bottom}");
        let today = format!("{top}{ours}1\n2\n3\n{mine}4\n{bottom}");
        let expected = format!("{top}1\n2\n3\n{mine}4\n{bottom}");
        prop_assert_eq!(undone(&before, &after, &today), (expected, How::Exact));
    }
}
