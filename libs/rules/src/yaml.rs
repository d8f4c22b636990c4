//! YAML as buf and pnpm write it, with places.

use krepis_facts::{Lines, Place};
use saphyr::{LoadableYamlNode as _, MarkedYaml};

/// The first document of a text; `None` if it is empty.
///
/// # Errors
/// What is wrong, and where.
pub fn parse(text: &str) -> Result<Option<MarkedYaml<'_>>, (String, Place)> {
    let documents = MarkedYaml::load_from_str(text).map_err(|error| {
        let start = offset(text, error.marker().index());
        (
            error.info().to_owned(),
            Lines::new(text).place(start, start.saturating_add(1)),
        )
    })?;
    Ok(documents.into_iter().next())
}

/// Where a value stands.
pub fn place(text: &str, node: &MarkedYaml<'_>) -> Place {
    let end = offset(text, node.span.end.index());
    Lines::new(text).place(offset(text, node.span.start.index()), end)
}

/// The entries of a list under a key.
pub fn list<'y, 'a>(node: &'y MarkedYaml<'a>, key: &str) -> &'y [MarkedYaml<'a>] {
    node.data
        .as_mapping_get(key)
        .and_then(|list| list.data.as_vec())
        .map_or(&[], Vec::as_slice)
}

/// The text under a key.
pub fn text<'y, 'a>(node: &'y MarkedYaml<'a>, key: &str) -> Option<(&'y str, &'y MarkedYaml<'a>)> {
    let value = node.data.as_mapping_get(key)?;
    Some((value.data.as_str()?, value))
}

/// The scanner counts characters; everything here counts bytes.
fn offset(text: &str, characters: usize) -> u32 {
    let bytes = text
        .char_indices()
        .nth(characters)
        .map_or(text.len(), |(offset, _)| offset);
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_places_in_bytes_and_mistakes_have_theirs() {
        let source = "# é\nplugins:\n  - local: x\n    out: libs/ü\n";
        let document = parse(source).unwrap().unwrap();
        let plugin = &list(&document, "plugins")[0];
        let (out, node) = text(plugin, "out").unwrap();
        assert_eq!(out, "libs/ü");
        let at = place(source, node);
        assert_eq!((at.line, at.column), (4, 10));
        assert_eq!(&source[at.start as usize..at.end as usize], "libs/ü");
        assert_eq!(parse("a: [1\nb: }\n").unwrap_err().1.line, 2);
        assert!(parse("").unwrap().is_none());
    }
}
