//! Signals while a foreign command runs: krepis survives them, to record what the command did.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

/// Catches what would end krepis, and passes on what the command does not get by itself.
///
/// The terminal sends Ctrl-C and Ctrl-\ to the whole foreground group, so the command has them already; the same signal
/// sent to krepis alone (`kill`) is passed on, and so are SIGTERM and SIGHUP. The command starts with the default
/// reactions: caught signals, unlike ignored ones, are not inherited.
pub struct Forwarding {
    target: Arc<Mutex<Option<Pid>>>,
    handle: Option<Handle>,
    thread: Option<JoinHandle<()>>,
}

impl Forwarding {
    /// Starts catching. Where that is not possible the signals keep their reactions.
    pub fn start() -> Self {
        let target = Arc::new(Mutex::new(None));
        let Ok(mut signals) = Signals::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP]) else {
            return Self {
                target,
                handle: None,
                thread: None,
            };
        };
        let handle = signals.handle();
        let seen = Arc::clone(&target);
        let thread = std::thread::spawn(move || {
            for number in &mut signals {
                // Held while sending: once `stop` has taken the pid away it may belong to another process.
                let target = seen.lock().unwrap_or_else(PoisonError::into_inner);
                let signal = Signal::from_named_raw(number);
                let from_terminal = matches!(number, SIGINT | SIGQUIT) && is_foreground();
                if let (Some(pid), Some(signal), false) = (*target, signal, from_terminal) {
                    // It has ended in this moment: then there is nobody to tell.
                    let _ = kill_process(pid, signal);
                }
            }
        });
        Self {
            target,
            handle: Some(handle),
            thread: Some(thread),
        }
    }

    /// Passes signals on to this process from now on.
    pub fn to(&self, pid: u32) {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = pid;
    }

    /// The command has ended: nothing is passed on any more, and the signals stay caught until krepis has recorded.
    pub fn stop(&self) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.close();
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// True if krepis's process group has the terminal: then the terminal sent the signal, and to the command as well.
fn is_foreground() -> bool {
    let Ok(terminal) = std::fs::File::open("/dev/tty") else {
        return false;
    };
    rustix::termios::tcgetpgrp(&terminal).is_ok_and(|group| group == rustix::process::getpgrp())
}
