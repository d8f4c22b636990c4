//! Paths in a diff: git puts names with special characters in quotes, C style.

use std::fmt::Write as _;

/// A path as it stands after `a/` or `b/`, quoted only where a line could not carry it otherwise.
pub(super) fn quote(prefixed: &str) -> String {
    if !prefixed.chars().any(|c| c.is_control() || c == '"' || c == '\\') {
        return prefixed.to_owned();
    }
    let mut out = String::from("\"");
    for c in prefixed.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                let mut utf8 = [0; 4];
                for byte in c.encode_utf8(&mut utf8).bytes() {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\{byte:03o}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
