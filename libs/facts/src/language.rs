//! Which files are read, and as what.

use oxc_span::SourceType;

/// True for JavaScript and TypeScript by extension: ts, tsx, mts, cts, js, jsx, mjs, cjs (declaration files included).
///
/// ```
/// assert!(krepis_facts::is_source("src/app.module.ts"));
/// assert!(!krepis_facts::is_source("src/app.json"));
/// ```
pub fn is_source(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && !stem.ends_with('/')
            && matches!(
                extension,
                "ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs"
            )
    })
}

/// The languages to try, in order: the first that parses without error is the file's.
///
/// A `.js` file is a module or a script, with or without JSX; nothing in its name says which.
pub fn languages(path: &str) -> Vec<SourceType> {
    let Ok(language) = SourceType::from_path(path) else {
        return Vec::new();
    };
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "js" | "jsx" => vec![SourceType::mjs().with_jsx(true), SourceType::cjs().with_jsx(true)],
        _ => vec![language],
    }
}

#[cfg(test)]
mod tests {
    use super::is_source;

    #[test]
    fn a_dot_file_without_a_name_is_no_source() {
        assert!(!is_source(".ts"));
        assert!(!is_source("src/.js"));
        assert!(!is_source("src/ts"));
        assert!(is_source("types.d.ts"));
    }
}
