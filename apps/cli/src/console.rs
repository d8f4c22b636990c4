//! What goes on while commands run: their output line by line under their names, and, on a terminal, who is at work.

use std::collections::{BTreeMap, VecDeque};
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};

/// Bytes that wait for a slow terminal. More are left out: whoever waited for the reader would hold up every command.
const WAITING: usize = 8 * 1024 * 1024;
/// Bytes of one line; a longer one is broken.
const LINE: usize = 16 * 1024;
/// A run shorter than this shows no progress.
const SHORT: Duration = Duration::from_millis(500);
/// How often the time in the progress line is drawn anew.
const TICK: Duration = Duration::from_secs(1);

const NAME: Style = AnsiColor::Cyan.on_default();

/// The console of one run. Printing never waits for the reader of stderr.
#[derive(Debug)]
pub struct Console {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
    lines: Lines,
    width: usize,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<String>,
    bytes: usize,
    left_out: usize,
    progress: Option<String>,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Console {
    /// For a run of commands with these names.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let progress = shows_progress(std::io::stderr().is_terminal(), |name| {
            std::env::var_os(name).is_some()
        });
        let writer = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name("console".into())
                .spawn(move || write(&shared, progress))
        };
        Self {
            shared,
            writer: writer.ok(),
            lines: Lines::default(),
            width: names.map(|name| name.chars().count()).max().unwrap_or_default(),
        }
    }

    /// Shows what a command has printed, as far as its lines are whole.
    pub fn print(&mut self, name: &str, text: &str) {
        let lines = self.lines.push(name, text);
        self.show(name, lines);
    }

    /// Says how far the run is; nothing when it is through.
    pub fn progress(&self, text: Option<String>) {
        self.shared.lock().progress = text;
        self.shared.changed.notify_one();
    }

    /// Shows what is left and waits until it is written. Nothing that others wait for is left to do, then.
    pub fn finish(mut self) {
        self.close();
    }

    fn show(&self, name: &str, lines: Vec<String>) {
        let mut state = self.shared.lock();
        for line in lines {
            if state.bytes + line.len() > WAITING {
                state.left_out += 1;
                continue;
            }
            state.bytes += line.len();
            state.waiting.push_back(format!(
                "{NAME}{name:width$}{NAME:#} | {line}",
                width = self.width
            ));
        }
        self.shared.changed.notify_one();
    }

    fn close(&mut self) {
        for (name, line) in self.lines.end() {
            self.show(&name, vec![line]);
        }
        self.shared.lock().closed = true;
        self.shared.changed.notify_one();
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}

/// A run that ends with a failure has shown what was printed before it.
impl Drop for Console {
    fn drop(&mut self) {
        if self.writer.is_some() {
            self.close();
        }
    }
}

fn write(shared: &Shared, progress: bool) {
    let began = Instant::now();
    let mut drawn = false;
    let mut state = shared.lock();
    loop {
        let lines = std::mem::take(&mut state.waiting);
        let left_out = std::mem::take(&mut state.left_out);
        state.bytes = 0;
        let closed = state.closed;
        let text = state.progress.clone();
        drop(state);
        let mut out = anstream::stderr().lock();
        if drawn {
            drop(write!(out, "\r\x1b[2K"));
            drawn = false;
        }
        for line in lines {
            drop(writeln!(out, "{line}"));
        }
        if left_out > 0 {
            drop(writeln!(
                out,
                "[{left_out} lines were left out: they came faster than they were read]"
            ));
        }
        let since = began.elapsed();
        if progress
            && !closed
            && since >= SHORT
            && let Some(text) = text
        {
            // Wider than the terminal, it is cut there and not wrapped.
            drop(write!(out, "\x1b[?7l{} s  {text}\x1b[?7h", since.as_secs()));
            drawn = true;
        }
        drop(out.flush());
        drop(out);
        if closed {
            return;
        }
        state = shared.lock();
        if state.waiting.is_empty() && !state.closed {
            let patience = if since < SHORT { SHORT } else { TICK };
            state = shared
                .changed
                .wait_timeout(state, patience)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

/// Progress is for a person who looks at a terminal.
fn shows_progress(terminal: bool, is_set: impl Fn(&str) -> bool) -> bool {
    terminal && !["CI", "NO_COLOR"].into_iter().any(is_set)
}

/// Whole lines out of pieces of text, for each command.
#[derive(Debug, Default)]
struct Lines(BTreeMap<String, String>);

impl Lines {
    fn push(&mut self, name: &str, text: &str) -> Vec<String> {
        let open = self.0.entry(name.to_owned()).or_default();
        open.push_str(text);
        let mut lines = Vec::new();
        let mut rest = open.as_str();
        while let Some((line, later)) = cut(rest) {
            lines.push(plain(line));
            rest = later;
        }
        *open = rest.to_owned();
        lines
    }

    fn end(&mut self) -> Vec<(String, String)> {
        let open = std::mem::take(&mut self.0);
        open.into_iter()
            .filter(|(_, line)| !line.is_empty())
            .map(|(name, line)| (name, plain(&line)))
            .collect()
    }
}

fn cut(text: &str) -> Option<(&str, &str)> {
    match text.split_once('\n') {
        Some((line, later)) if line.len() <= LINE => Some((line, later)),
        None if text.len() <= LINE => None,
        _ => Some(text.split_at(text.floor_char_boundary(LINE))),
    }
}

/// A line as it may stand after a name: what would move the cursor, clear the screen or ring is left out, colours stay, and
/// of what was overwritten by carriage returns the last is kept.
fn plain(line: &str) -> String {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let line = line.rsplit('\r').next().unwrap_or(line);
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(|character: char| character.is_control() && character != '\t') {
        text.push_str(&rest[..at]);
        let sequence = escape(&rest[at..]);
        let (escaped, later) = rest[at..].split_at(sequence);
        if escaped.ends_with('m') && escaped.starts_with("\x1b[") {
            text.push_str(escaped);
        }
        rest = later;
    }
    text.push_str(rest);
    if text.contains("\x1b[") {
        text.push_str("\x1b[0m");
    }
    text
}

/// The length of the control sequence that a text begins with (ECMA-48: CSI, OSC and the other strings, or one character).
fn escape(text: &str) -> usize {
    let bytes = text.as_bytes();
    let first = text.chars().next().map_or(0, char::len_utf8);
    match bytes.get(1) {
        _ if bytes.first() != Some(&0x1b) => first,
        Some(b'[') => {
            let end = bytes.iter().skip(2).position(|byte| (0x40..=0x7e).contains(byte));
            end.map_or(text.len(), |end| end + 3)
        }
        Some(b']' | b'P' | b'^' | b'_' | b'X') => text.find('\x07').map_or(text.len(), |end| end + 1),
        Some(byte) if byte.is_ascii() => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_when_they_are_whole_and_the_rest_at_the_end() {
        let mut lines = Lines::default();
        assert_eq!(lines.push("a", "one\ntw"), ["one"]);
        assert_eq!(lines.push("b", "other\n"), ["other"]);
        assert_eq!(lines.push("a", "o\n\nthree"), ["two", ""]);
        assert_eq!(lines.end(), [("a".to_owned(), "three".to_owned())]);
    }

    #[test]
    fn a_line_without_an_end_is_broken() {
        let mut lines = Lines::default();
        let shown = lines.push("a", &"ä".repeat(LINE));
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].len(), LINE);
        assert_eq!(lines.end()[0].1.len(), LINE);
    }

    #[test]
    fn what_would_move_the_cursor_is_left_out_and_colours_stay() {
        for (line, expected) in [
            ("plain\ttext", "plain\ttext"),
            ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m\x1b[0m"),
            ("a\x1b[2Jb\x1b[1;1Hc", "abc"),
            ("a\x1b]0;title\x07b", "ab"),
            ("a\x1b]8;;http://x", "a"),
            ("10%\r50%\r100%\r", "100%"),
            ("bell\x07 \x1bcreset\u{9b}x", "bell resetx"),
            ("\x1b", ""),
            ("\x1b\u{e4}", "\u{e4}"),
        ] {
            assert_eq!(plain(line), expected, "{line:?}");
        }
    }

    #[test]
    fn progress_is_for_terminals_only() {
        assert!(shows_progress(true, |_| false));
        assert!(!shows_progress(false, |_| false));
        assert!(!shows_progress(true, |name| name == "CI"));
        assert!(!shows_progress(true, |name| name == "NO_COLOR"));
    }
}
