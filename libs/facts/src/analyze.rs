//! From a text to its facts.

use std::panic::{AssertUnwindSafe, catch_unwind};

use krepis_change::WorkspacePath;
use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_span::SourceType;

use crate::{Facts, Lines, Place, SyntaxError, Unknown, collect, language, nesting};

/// Largest file that is parsed.
const LARGEST: usize = 4 << 20;

/// The facts of a source file. The path says the language only; nothing is read.
///
/// Never fails: what cannot be understood says so in [`Facts::unknown`]. A panic inside the parser is caught, and it
/// runs where it has enough stack.
///
/// ```
/// use krepis_change::WorkspacePath;
/// let path = WorkspacePath::parse("src/a.ts").unwrap();
/// let facts = krepis_facts::facts(&path, "import { b } from './b.ts';\nexport class A {}\n");
/// assert_eq!(facts.imports[0].specifier, "./b.ts");
/// assert_eq!(facts.classes[0].at.line, 2);
/// ```
pub fn facts(path: &WorkspacePath, text: &str) -> Facts {
    let languages = language::languages(path.as_str());
    if languages.is_empty() {
        return unknown(Unknown::Language);
    }
    if text.len() > LARGEST {
        return unknown(Unknown::TooLarge);
    }
    nesting::with_stack_for(text, || parse_as(&languages, text)).unwrap_or_else(|| unknown(Unknown::TooDeep))
}

fn parse_as(languages: &[SourceType], text: &str) -> Facts {
    // The parser sees no byte-order mark (with a shebang behind it, it would not know either); offsets stay the file's.
    let (code, offset) = text.strip_prefix('\u{feff}').map_or((text, 0), |code| (code, 3));
    let lines = Lines::new(text);
    let mut best: Option<Facts> = None;
    for language in languages {
        let attempt = catch_unwind(AssertUnwindSafe(|| parse(code, offset, *language, &lines)))
            .unwrap_or_else(|_| unknown(Unknown::Parser));
        let clean = attempt.unknown.is_none() && attempt.errors.is_empty();
        if clean || best.is_none() {
            best = Some(attempt);
        }
        if clean {
            break;
        }
    }
    best.unwrap_or_else(|| unknown(Unknown::Parser))
}

/// The same from bytes: not UTF-8 is [`Unknown::NotText`].
pub fn facts_of_bytes(path: &WorkspacePath, bytes: &[u8]) -> Facts {
    match std::str::from_utf8(bytes) {
        Ok(text) => facts(path, text),
        Err(_) => unknown(Unknown::NotText),
    }
}

fn unknown(reason: Unknown) -> Facts {
    Facts {
        unknown: Some(reason),
        ..Facts::default()
    }
}

fn parse(code: &str, offset: u32, language: SourceType, lines: &Lines<'_>) -> Facts {
    let allocator = Allocator::default();
    let options = ParseOptions {
        allow_return_outside_function: language.is_commonjs(),
        enable_ident_hashes: false,
        ..ParseOptions::default()
    };
    let parsed = Parser::new(&allocator, code, language)
        .with_options(options)
        .parse();
    let mut facts = collect::collect(&parsed.program, offset, lines);
    facts.errors = errors(&parsed, offset, lines);
    if parsed.panicked {
        facts.unknown = Some(Unknown::Syntax);
    } else if parsed.is_flow_language {
        facts.unknown = Some(Unknown::Language);
    }
    facts
}

fn errors(parsed: &ParserReturn<'_>, offset: u32, lines: &Lines<'_>) -> Vec<SyntaxError> {
    let mut errors: Vec<SyntaxError> = parsed
        .diagnostics
        .errors()
        .map(|diagnostic| {
            let at = diagnostic.labels.first().map_or(
                Place {
                    line: 1,
                    column: 1,
                    ..Place::default()
                },
                |label| {
                    let span = label.span();
                    lines.place(span.start + offset, span.end + offset)
                },
            );
            SyntaxError {
                message: diagnostic.message.clone().into_owned(),
                at,
            }
        })
        .collect();
    errors.sort_by_key(|error| error.at);
    errors
}
