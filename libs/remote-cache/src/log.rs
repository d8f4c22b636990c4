//! The log: one JSON document a line, for machines first.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use krepis_change::Code;
use serde_json::{Map, Value};

/// Lines that wait for a slow reader of the log before lines are dropped (and counted): a full pipe must not stop the server.
const WAITING: usize = 4096;

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What went wrong on the server's side.
    Warn,
    /// Every request, too.
    Info,
}

/// Takes events from every thread; a thread of its own writes them.
#[derive(Debug, Clone)]
pub struct Log {
    level: Level,
    lines: Option<SyncSender<String>>,
    dropped: Arc<AtomicU64>,
}

/// Waits for the last lines to be written.
#[derive(Debug)]
pub struct LogWriter(JoinHandle<()>);

impl LogWriter {
    /// Waits until every line is written; every [`Log`] must be gone by then.
    pub fn finish(self) {
        drop(self.0.join());
    }
}

impl Log {
    /// A log that writes to `out`.
    pub fn to(out: impl Write + Send + 'static, level: Level) -> (Self, LogWriter) {
        let (lines, received) = sync_channel(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&dropped);
        let writer = std::thread::spawn(move || write(out, &received, &counted));
        let log = Self {
            level,
            lines: Some(lines),
            dropped,
        };
        (log, LogWriter(writer))
    }

    /// A log that goes nowhere.
    pub fn none() -> Self {
        Self {
            level: Level::Warn,
            lines: None,
            dropped: Arc::default(),
        }
    }

    /// Something that happened as it should. `fields` is a JSON object.
    pub fn info(&self, event: &str, fields: Value) {
        if self.level >= Level::Info {
            self.line("info", event, fields);
        }
    }

    /// Something that went wrong, with its code and its reason.
    pub fn warn(&self, event: &str, code: &Code, reason: &str, mut fields: Value) {
        fields["code"] = code.id.into();
        fields["message"] = code.title.into();
        fields["reason"] = reason.into();
        self.line("warn", event, fields);
    }

    fn line(&self, level: &str, event: &str, fields: Value) {
        let Some(lines) = &self.lines else { return };
        let mut document = Map::new();
        document.insert("time".to_owned(), jiff::Timestamp::now().to_string().into());
        document.insert("level".to_owned(), level.into());
        document.insert("event".to_owned(), event.into());
        if let Value::Object(fields) = fields {
            document.extend(fields);
        }
        if lines.try_send(format!("{}\n", Value::Object(document))).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn write(mut out: impl Write, lines: &Receiver<String>, dropped: &AtomicU64) {
    // Whoever reads the log may go away; the server stays.
    while let Ok(line) = lines.recv() {
        drop(out.write_all(line.as_bytes()));
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            drop(writeln!(
                out,
                r#"{{"level":"warn","event":"log","dropped":{lost}}}"#
            ));
        }
    }
    drop(out.flush());
}
