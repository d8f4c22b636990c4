//! What `krepis apply` is given: the JSON form or a diff.

use krepis_proto::v1::ChangeSet;

use super::parse_patch;
use crate::{Failure, Tree, errors, parse_json};

/// Reads a change set in either form that people and programs write: JSON if the first thing in it is a `{`, else a
/// unified diff.
///
/// # Errors
/// Those of [`parse_json`] and [`parse_patch`]; `KRP2201` if it can be neither.
///
/// ```
/// use krepis_change::{MemoryTree, parse_input};
/// let tree = MemoryTree::of(&[("a", "1\n")]);
/// let json = parse_input(br#"{"files":[{"path":"b","text":""}]}"#, &tree).unwrap();
/// let diff = parse_input(b"--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n", &tree).unwrap();
/// assert_eq!((json.files[0].path.as_str(), diff.files[0].path.as_str()), ("b", "a"));
/// ```
pub fn parse_input(bytes: &[u8], tree: &dyn Tree) -> Result<ChangeSet, Failure> {
    let content = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let neither = |what: &str| {
        Failure::new(&errors::PATCH_SYNTAX, what)
            .hint("give the JSON form of a change set, or the output of `git diff`")
    };
    match content.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Err(neither("the input is empty: there is no change in it")),
        Some(b'{') => parse_json(bytes),
        Some(_) => match std::str::from_utf8(content) {
            Ok(text) => parse_patch(text, tree),
            Err(error) => Err(neither("the input is neither JSON nor UTF-8 text").reason(format!(
                "byte {} is not part of a UTF-8 character; a change of such a file goes into the JSON form, as `content`",
                error.valid_up_to()
            ))),
        },
    }
}
