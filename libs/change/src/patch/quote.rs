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

/// Takes a quoted name off the beginning; the rest is what follows the closing quote. `None` if it is not one.
pub(super) fn unquote(text: &str) -> Option<(String, &str)> {
    let bytes = text.strip_prefix('"')?.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        match byte {
            b'"' => return Some((String::from_utf8(out).ok()?, text.get(at + 1..)?)),
            b'\\' => {
                let escape = *bytes.get(at)?;
                at += 1;
                out.push(match escape {
                    b'a' => 7,
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 11,
                    b'f' => 12,
                    b'r' => b'\r',
                    b'"' | b'\\' => escape,
                    b'0'..=b'3' => {
                        let digits = [escape, *bytes.get(at)?, *bytes.get(at + 1)?];
                        at += 2;
                        let octal = std::str::from_utf8(&digits).ok()?;
                        u8::from_str_radix(octal, 8).ok()?
                    }
                    _ => return None,
                });
            }
            byte => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn octal_bytes_make_characters() {
        assert_eq!(
            unquote(r#""a/\303\244\"\\.ts" rest"#),
            Some(("a/ä\"\\.ts".to_owned(), " rest"))
        );
        for broken in ["", "a", "\"a", r#""\x""#, r#""\30""#, r#""\377""#] {
            assert_eq!(unquote(broken), None, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn a_quoted_name_reads_back(name in any::<String>()) {
            let quoted = quote(&name);
            if quoted == name {
                prop_assert!(!name.contains(['\n', '"', '\t']));
            } else {
                prop_assert_eq!(unquote(&quoted), Some((name, "")));
            }
        }
    }
}
