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
    target: Arc<Mutex<Target>>,
    handle: Option<Handle>,
    thread: Option<JoinHandle<()>>,
}

/// Who gets the signals.
#[derive(Default)]
struct Target {
    pid: Option<Pid>,
    /// What came before there was anybody.
    missed: Vec<Signal>,
}

impl Target {
    fn send(&mut self, signal: Signal) {
        match self.pid {
            // It has ended in this moment: then there is nobody to tell.
            Some(pid) => drop(kill_process(pid, signal).ok()),
            None => self.missed.push(signal),
        }
    }
}

impl Forwarding {
    /// Starts catching. Where that is not possible the signals keep their reactions.
    pub fn start() -> Self {
        let target = Arc::new(Mutex::new(Target::default()));
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
                let mut target = seen.lock().unwrap_or_else(PoisonError::into_inner);
                let from_terminal = matches!(number, SIGINT | SIGQUIT) && is_foreground();
                if let (Some(signal), false) = (Signal::from_named_raw(number), from_terminal) {
                    target.send(signal);
                }
            }
        });
        Self {
            target,
            handle: Some(handle),
            thread: Some(thread),
        }
    }

    /// Passes signals on to this process from now on, first those that came already.
    pub fn to(&self, pid: u32) {
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        target.pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        for signal in std::mem::take(&mut target.missed) {
            target.send(signal);
        }
    }

    /// The command has ended: nothing is passed on any more, and the signals stay caught until krepis has recorded.
    pub fn stop(&self) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = Target::default();
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
