//! macOS: the Seatbelt profile of a policy, as text for `sandbox-exec -p`.
//!
//! Not run anywhere yet: the text is tested, that macOS takes it is not. The language is Apple's own and undocumented; the
//! forms used here are those of Apple's profiles in `/System/Library/Sandbox/Profiles`, which other programs rely on too.

use crate::Policy;

/// The profile: everything denied but what the policy grants and what any program needs to start.
///
/// ```
/// use krepis_sandbox::{Layers, Limits, Policy, seatbelt};
/// let policy = Policy { read: vec!["/plugins/a \"b\"".into()], execute: vec!["/usr/bin/node".into()],
///   limits: Limits::default(), layers: Layers::all() };
/// let profile = seatbelt::profile(&policy);
/// assert!(profile.contains(r#"(allow file-read* (subpath "/plugins/a \"b\""))"#));
/// assert!(profile.contains("(deny network*)"));
/// ```
pub fn profile(policy: &Policy) -> String {
    let mut lines = vec![
        "(version 1)".to_owned(),
        "(deny default)".to_owned(),
        "(deny network*)".to_owned(),
        "(deny process-fork)".to_owned(),
        "(deny signal (target others))".to_owned(),
        "(allow signal (target self))".to_owned(),
        "(allow sysctl-read)".to_owned(),
        "(allow mach-lookup (global-name \"com.apple.system.logger\"))".to_owned(),
        "(allow file-read-metadata)".to_owned(),
        "(allow file-read* (subpath \"/usr/lib\") (subpath \"/System/Library\") (literal \"/dev/urandom\") (literal \"/dev/null\"))"
            .to_owned(),
    ];
    for path in &policy.execute {
        let path = quoted(&path.to_string_lossy());
        lines.push(format!("(allow process-exec (literal {path}))"));
        lines.push(format!("(allow file-read* (literal {path}))"));
    }
    for path in &policy.read {
        lines.push(format!(
            "(allow file-read* (subpath {}))",
            quoted(&path.to_string_lossy())
        ));
    }
    lines.join("\n") + "\n"
}

/// A string of the profile language: a path must not be able to end it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Layers, Limits};

    fn of(read: &str) -> String {
        profile(&Policy {
            read: vec![read.into()],
            execute: vec!["/opt/node".into()],
            limits: Limits::default(),
            layers: Layers::all(),
        })
    }

    #[test]
    fn the_default_is_denied_and_nothing_may_be_written() {
        let profile = of("/work");
        assert!(profile.starts_with("(version 1)\n(deny default)\n"));
        assert!(!profile.contains("(allow file-write"));
        assert!(!profile.contains("(allow network"));
        assert!(profile.contains("(allow process-exec (literal \"/opt/node\"))"));
    }

    #[test]
    fn a_path_cannot_write_a_rule_of_its_own() {
        let profile = of("/x\") (allow default) (literal \"\\");
        assert!(profile.contains(r#"(subpath "/x\") (allow default) (literal \"\\")"#));
        let plain = profile.replace("\\\\", "").replace("\\\"", "");
        assert_eq!(plain.matches('(').count(), plain.matches(')').count());
        assert_eq!(plain.matches('"').count() % 2, 0);
    }
}
