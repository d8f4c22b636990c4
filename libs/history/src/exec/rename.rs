//! Which created file is which deleted one under a new name.

use std::collections::{BTreeMap, HashMap, HashSet};

use krepis_change::{Digest, FileState, WorkspacePath};

use super::compare::Change;

/// Share of lines two files must have in common to be one, in percent: git's default.
const ALIKE: usize = 50;
/// Beyond this many files on a side only equal contents are looked for: comparing is quadratic.
const FEW: usize = 64;
/// Larger files are compared as a whole only, in bytes.
const LARGE: usize = 1 << 20;

/// Old path by new path.
pub(super) fn renames(changes: &BTreeMap<WorkspacePath, Change>) -> BTreeMap<WorkspacePath, WorkspacePath> {
    let content = |state: &FileState| state.bytes().filter(|bytes| !bytes.is_empty()).cloned();
    let mut gone: Vec<(&WorkspacePath, std::sync::Arc<[u8]>)> = Vec::new();
    let mut made: Vec<(&WorkspacePath, std::sync::Arc<[u8]>)> = Vec::new();
    for (path, change) in changes {
        match (&change.before, &change.after) {
            (before, FileState::Absent) => gone.extend(content(before).map(|bytes| (path, bytes))),
            (FileState::Absent, after) => made.extend(content(after).map(|bytes| (path, bytes))),
            _ => {}
        }
    }
    if gone.is_empty() || made.is_empty() {
        return BTreeMap::new();
    }
    let mut renames = BTreeMap::new();
    let mut by_digest: HashMap<Digest, Vec<&WorkspacePath>> = HashMap::new();
    for (path, bytes) in &gone {
        by_digest.entry(Digest::of(bytes)).or_default().push(path);
    }
    // Where several are equal, those with the same name belong together.
    for same_name in [true, false] {
        made.retain(|(path, bytes)| {
            let Some(candidates) = by_digest.get_mut(&Digest::of(bytes)) else {
                return true;
            };
            let fits = |old: &&WorkspacePath| !same_name || old.file_name() == path.file_name();
            let Some(at) = candidates.iter().position(fits) else {
                return true;
            };
            renames.insert((*path).clone(), candidates.remove(at).clone());
            false
        });
    }
    let paired: HashSet<WorkspacePath> = renames.values().cloned().collect();
    gone.retain(|(path, _)| !paired.contains(*path));
    if made.len() <= FEW && gone.len() <= FEW {
        similar(&gone, &made, &mut renames);
    }
    renames
}

fn similar(
    gone: &[(&WorkspacePath, std::sync::Arc<[u8]>)],
    made: &[(&WorkspacePath, std::sync::Arc<[u8]>)],
    renames: &mut BTreeMap<WorkspacePath, WorkspacePath>,
) {
    let lines = |bytes: &[u8]| -> Option<HashMap<Digest, usize>> {
        let text = std::str::from_utf8(bytes)
            .ok()
            .filter(|text| text.len() <= LARGE)?;
        let mut counts = HashMap::new();
        for line in text.lines() {
            *counts.entry(Digest::of(line.as_bytes())).or_default() += 1;
        }
        Some(counts)
    };
    let old: Vec<_> = gone.iter().map(|(path, bytes)| (*path, lines(bytes))).collect();
    let new: Vec<_> = made.iter().map(|(path, bytes)| (*path, lines(bytes))).collect();
    let mut pairs = Vec::new();
    for (new_path, new_lines) in &new {
        for (old_path, old_lines) in &old {
            let (Some(new_lines), Some(old_lines)) = (new_lines, old_lines) else {
                continue;
            };
            let common: usize = new_lines
                .iter()
                .map(|(line, count)| old_lines.get(line).map_or(0, |other| *count.min(other)))
                .sum();
            let largest = new_lines
                .values()
                .sum::<usize>()
                .max(old_lines.values().sum::<usize>());
            let score = common * 100 / largest.max(1);
            if score >= ALIKE {
                let same_name = old_path.file_name() == new_path.file_name();
                pairs.push((score, same_name, *new_path, *old_path));
            }
        }
    }
    pairs.sort_by(|one, other| other.cmp(one));
    for (_, _, new, old) in pairs {
        if !renames.contains_key(new) && !renames.values().any(|taken| taken == old) {
            renames.insert(new.clone(), old.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(table: &[(&str, Option<&str>, Option<&str>)]) -> Vec<(String, String)> {
        let state = |text: Option<&str>| text.map_or(FileState::Absent, FileState::text);
        let changes = table
            .iter()
            .map(|(path, before, after)| {
                let change = Change {
                    before: state(*before),
                    after: state(*after),
                };
                (WorkspacePath::parse(path).expect("valid"), change)
            })
            .collect();
        renames(&changes)
            .into_iter()
            .map(|(new, old)| (new.to_string(), old.to_string()))
            .collect()
    }

    fn pair(new: &str, old: &str) -> (String, String) {
        (new.to_owned(), old.to_owned())
    }

    #[test]
    fn equal_contents_are_paired_by_name_first() {
        let table = [
            ("a/index.ts", Some("same"), None),
            ("a/other.ts", Some("same"), None),
            ("b/other.ts", None, Some("same")),
            ("b/third.ts", None, Some("same")),
        ];
        assert_eq!(
            found(&table),
            [pair("b/other.ts", "a/other.ts"), pair("b/third.ts", "a/index.ts")]
        );
    }

    #[test]
    fn an_edited_file_is_paired_when_half_of_its_lines_are_left() {
        let table = [
            ("old.ts", Some("1\n2\n3\n4\n"), None),
            ("new.ts", None, Some("1\n2\n3\nfour\n")),
            ("unlike.ts", None, Some("5\n6\n7\n")),
        ];
        assert_eq!(found(&table), [pair("new.ts", "old.ts")]);
    }

    #[test]
    fn empty_files_and_edited_ones_are_no_renames() {
        let table = [
            ("a", Some(""), None),
            ("b", None, Some("")),
            ("c", Some("x"), Some("y")),
        ];
        assert_eq!(found(&table), []);
    }
}
