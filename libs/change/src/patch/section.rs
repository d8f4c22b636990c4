//! The parts of a diff as they stand in the text: a section for each file, with its hunks.

use super::quote::unquote;
use crate::{Failure, errors};

/// What a diff says of one file.
#[derive(Debug, Default)]
pub(super) struct Section<'a> {
    /// Line of the diff, from 1, where the section begins.
    pub(super) line: usize,
    /// `None` for `/dev/null`.
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
    pub(super) old_mode: Option<&'a str>,
    pub(super) new_mode: Option<&'a str>,
    pub(super) origin: Origin,
    pub(super) binary: bool,
    pub(super) hunks: Vec<Hunk<'a>>,
}

/// How the new file relates to the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Origin {
    #[default]
    Same,
    Renamed,
    Copied,
}

#[derive(Debug)]
pub(super) struct Hunk<'a> {
    /// Line of the diff, from 1.
    pub(super) line: usize,
    /// Line of the old file, from 1, as stated; with no old lines, the line before.
    pub(super) old_start: usize,
    pub(super) lines: Vec<(Sign, Line<'a>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Context,
    Old,
    New,
}

/// A line with or without its newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) newline: bool,
}

impl Line<'_> {
    pub(super) fn is(&self, found: &[u8]) -> bool {
        let (content, newline) = match found.split_last() {
            Some((b'\n', content)) => (content, true),
            _ => (found, false),
        };
        content == self.text.as_bytes() && newline == self.newline
    }
}

impl<'a> Hunk<'a> {
    /// Lines the old file has there.
    pub(super) fn old(&self) -> impl Iterator<Item = Line<'a>> + '_ {
        self.side(Sign::New)
    }

    /// Lines the new file has there.
    pub(super) fn new_side(&self) -> impl Iterator<Item = Line<'a>> + '_ {
        self.side(Sign::Old)
    }

    fn side(&self, without: Sign) -> impl Iterator<Item = Line<'a>> + '_ {
        self.lines
            .iter()
            .filter(move |(sign, _)| *sign != without)
            .map(|(_, line)| *line)
    }
}

pub(super) fn syntax(line: usize, message: impl Into<String>) -> Failure {
    Failure::new(&errors::PATCH_SYNTAX, message).at("", u32::try_from(line).unwrap_or(0), 1)
}

/// Cuts a diff into sections. What stands before, between and after them (a commit message, a signature) is passed
/// over.
pub(super) fn sections(text: &str) -> Result<Vec<Section<'_>>, Failure> {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut reader = Reader {
        // Behind the last newline there is no line.
        end: lines.len() - usize::from(lines.last() == Some(&"")),
        lines,
        at: 0,
    };
    let mut found: Vec<Section<'_>> = Vec::new();
    while let Some(line) = reader.header() {
        if let Some(names) = line.strip_prefix("diff --git ") {
            let section = reader.git_section(names)?;
            found.push(section);
        } else if line.starts_with("diff --cc ") || line.starts_with("diff --combined ") {
            return Err(
                syntax(reader.at + 1, "the diff of a merge has more than one old side")
                    .hint("make the diff against one parent, for example `git diff HEAD~1`"),
            );
        } else if line.starts_with("--- ")
            && reader.next_header().is_some_and(|next| next.starts_with("+++ "))
        {
            let mut section = Section {
                line: reader.at + 1,
                ..Section::default()
            };
            reader.names_and_hunks(&mut section)?;
            if section.hunks.is_empty() {
                return Err(syntax(reader.at + 1, "no hunk follows the file names")
                    .hint("a hunk begins with `@@ -1,3 +1,4 @@`"));
            }
            found.push(section);
        } else if line.starts_with("@@ -") {
            return Err(syntax(reader.at + 1, "a hunk stands before any file name")
                .hint("put `--- a/PATH` and `+++ b/PATH` above it"));
        } else {
            reader.at += 1;
        }
    }
    Ok(found)
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    end: usize,
    at: usize,
}

impl<'a> Reader<'a> {
    fn line(&self, at: usize) -> Option<&'a str> {
        self.lines.get(at).copied().filter(|_| at < self.end)
    }

    /// The present line as a header: without the `\r` of a diff that went through a Windows editor.
    fn header(&self) -> Option<&'a str> {
        self.line(self.at)
            .map(|line| line.strip_suffix('\r').unwrap_or(line))
    }

    fn next_header(&self) -> Option<&'a str> {
        self.line(self.at + 1)
    }

    fn git_section(&mut self, names: &'a str) -> Result<Section<'a>, Failure> {
        let mut section = Section {
            line: self.at + 1,
            ..Section::default()
        };
        let (mut created, mut deleted) = (false, false);
        let (mut from, mut to) = (None, None);
        self.at += 1;
        while let Some(line) = self.header() {
            if let Some(mode) = line.strip_prefix("old mode ") {
                section.old_mode = Some(mode);
            } else if let Some(mode) = line.strip_prefix("new mode ") {
                section.new_mode = Some(mode);
            } else if let Some(mode) = line.strip_prefix("new file mode ") {
                section.new_mode = Some(mode);
                created = true;
            } else if let Some(mode) = line.strip_prefix("deleted file mode ") {
                section.old_mode = Some(mode);
                deleted = true;
            } else if let Some(name) = line.strip_prefix("rename from ") {
                section.origin = Origin::Renamed;
                from = Some(name);
            } else if let Some(name) = line.strip_prefix("copy from ") {
                section.origin = Origin::Copied;
                from = Some(name);
            } else if let Some(name) = line
                .strip_prefix("rename to ")
                .or_else(|| line.strip_prefix("copy to "))
            {
                to = Some(name);
            } else if let Some(index) = line.strip_prefix("index ") {
                // `index OLD..NEW MODE`: the mode stands there if it does not change.
                if let Some((_, mode)) = index.split_once(' ') {
                    section.old_mode = Some(mode);
                    section.new_mode = Some(mode);
                }
            } else if line.starts_with("GIT binary patch") || line.starts_with("Binary files ") {
                section.binary = true;
            } else if !line.starts_with("similarity index ") && !line.starts_with("dissimilarity index ") {
                break;
            }
            self.at += 1;
        }
        let plain = |name: &str| unquote(name).map_or_else(|| name.to_owned(), |(name, _)| name);
        match (from, to) {
            (Some(from), Some(to)) => (section.old, section.new) = (Some(plain(from)), Some(plain(to))),
            (None, None) => {
                let path = git_names(names);
                (section.old, section.new) = (path.clone(), path);
            }
            _ => return Err(syntax(section.line, "a rename or copy names only one side")),
        }
        if self.header().is_some_and(|line| line.starts_with("--- ")) {
            let (old, new) = (section.old.clone(), section.new.clone());
            self.names_and_hunks(&mut section)?;
            if old.is_some() && new.is_some() {
                // The names of the git line are surer: what is before the first slash is known to be a prefix or not.
                (section.old, section.new) = (section.old.and(old), section.new.and(new));
            }
        } else if section.old.is_none() {
            return Err(syntax(
                section.line,
                "the names of the `diff --git` line cannot be told apart",
            ));
        }
        if created {
            section.old = None;
        }
        if deleted {
            section.new = None;
        }
        Ok(section)
    }

    /// `--- old`, `+++ new` and the hunks.
    fn names_and_hunks(&mut self, section: &mut Section<'a>) -> Result<(), Failure> {
        let old = self
            .header()
            .and_then(|line| line.strip_prefix("--- "))
            .map(file_name);
        self.at += 1;
        let Some(new) = self
            .header()
            .and_then(|line| line.strip_prefix("+++ "))
            .map(file_name)
        else {
            return Err(syntax(self.at + 1, "`+++` is missing after `---`"));
        };
        self.at += 1;
        (section.old, section.new) = without_prefixes(old.flatten(), new);
        if section.old.is_none() && section.new.is_none() {
            return Err(syntax(self.at, "both sides of a file are /dev/null"));
        }
        while self.header().is_some_and(|line| line.starts_with("@@ ")) {
            let hunk = self.hunk()?;
            section.hunks.push(hunk);
        }
        Ok(())
    }

    fn hunk(&mut self) -> Result<Hunk<'a>, Failure> {
        let line = self.at + 1;
        let Some((old_start, mut old_count, mut new_count)) = self.header().and_then(hunk_range) else {
            return Err(syntax(line, "the head of a hunk cannot be read")
                .hint("it has the form `@@ -START,COUNT +START,COUNT @@`"));
        };
        self.at += 1;
        let mut hunk = Hunk {
            line,
            old_start,
            lines: Vec::new(),
        };
        while old_count > 0 || new_count > 0 {
            let Some(text) = self.line(self.at) else {
                return Err(syntax(line, "the diff ends in the middle of a hunk").hint(
                    "the counts in its head say how many lines follow; copy the whole diff, or correct them",
                ));
            };
            let (sign, content) = match text.as_bytes().first() {
                Some(b' ') => (Sign::Context, &text[1..]),
                Some(b'-') => (Sign::Old, &text[1..]),
                Some(b'+') => (Sign::New, &text[1..]),
                // Editors take the blank off an empty context line.
                None | Some(b'\r') => (Sign::Context, text),
                Some(b'\\') => {
                    self.mark_no_newline(&mut hunk);
                    continue;
                }
                _ => {
                    return Err(syntax(
                        self.at + 1,
                        "a line of a hunk begins with none of blank, `-`, `+` and `\\`",
                    )
                    .reason(format!(
                        "the hunk of line {line} lacks {old_count} old and {new_count} new lines"
                    )));
                }
            };
            let short = |count: &mut usize| {
                *count = count.checked_sub(1)?;
                Some(())
            };
            let fits = (sign == Sign::New || short(&mut old_count).is_some())
                && (sign == Sign::Old || short(&mut new_count).is_some());
            if !fits {
                return Err(syntax(self.at + 1, "the hunk has more lines than its head says")
                    .reason(format!("the head is in line {line}")));
            }
            hunk.lines.push((
                sign,
                Line {
                    text: content,
                    newline: true,
                },
            ));
            self.at += 1;
        }
        if self.header().is_some_and(|line| line.starts_with('\\')) {
            self.mark_no_newline(&mut hunk);
        }
        Ok(hunk)
    }

    fn mark_no_newline(&mut self, hunk: &mut Hunk<'a>) {
        if let Some((_, line)) = hunk.lines.last_mut() {
            line.newline = false;
        }
        self.at += 1;
    }
}

/// `@@ -1,3 +1,4 @@ fn main()`: old start, old count, new count.
fn hunk_range(line: &str) -> Option<(usize, usize, usize)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let range = |text: &str| match text.split_once(',') {
        Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    };
    let (old_start, old_count) = range(old)?;
    let (_, new_count): (usize, usize) = range(new)?;
    Some((old_start, old_count, new_count))
}

/// The name of a `---` or `+++` line, without time stamp; `None` for `/dev/null`.
fn file_name(text: &str) -> Option<String> {
    let name = match unquote(text) {
        Some((name, _)) => name,
        None => text.split('\t').next().unwrap_or(text).trim_end().to_owned(),
    };
    (name != "/dev/null").then_some(name)
}

const PREFIXES: [&str; 6] = ["a/", "b/", "i/", "w/", "c/", "o/"];

/// Takes `a/` and `b/` off (or git's mnemonic prefixes), if both sides have one.
fn without_prefixes(old: Option<String>, new: Option<String>) -> (Option<String>, Option<String>) {
    let bare = |name: &String| {
        PREFIXES
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix).map(str::to_owned))
    };
    let stripped = (old.as_ref().map(bare), new.as_ref().map(bare));
    let same_prefix = matches!((&old, &new), (Some(old), Some(new)) if old.get(..2) == new.get(..2));
    match stripped {
        (None | Some(Some(_)), None | Some(Some(_))) if !same_prefix => {
            (stripped.0.flatten(), stripped.1.flatten())
        }
        _ => {
            let plain =
                |name: Option<String>| name.map(|name| name.strip_prefix("./").unwrap_or(&name).to_owned());
            (plain(old), plain(new))
        }
    }
}

/// The one path in `a/PATH b/PATH` (or `PATH PATH`). Names with blanks are not quoted there: the place where both
/// halves say the same is the only way to cut.
fn git_names(names: &str) -> Option<String> {
    let halves: Vec<(String, String)> = if names.starts_with('"') {
        let (first, rest) = unquote(names)?;
        let rest = rest.strip_prefix(' ')?;
        vec![(
            first,
            unquote(rest).map_or_else(|| rest.to_owned(), |(name, _)| name),
        )]
    } else {
        names
            .match_indices(' ')
            .map(|(at, _)| {
                let rest = &names[at + 1..];
                (
                    names[..at].to_owned(),
                    unquote(rest).map_or_else(|| rest.to_owned(), |(name, _)| name),
                )
            })
            .collect()
    };
    let prefixed = halves.iter().find_map(|(old, new)| {
        let bare = |name: &str| {
            PREFIXES
                .iter()
                .find_map(|prefix| name.strip_prefix(prefix).map(str::to_owned))
        };
        (old.get(..2) != new.get(..2) && bare(old).is_some() && bare(old) == bare(new)).then(|| bare(old))?
    });
    prefixed.or_else(|| {
        halves
            .into_iter()
            .find(|(old, new)| old == new)
            .map(|(old, _)| old)
    })
}
