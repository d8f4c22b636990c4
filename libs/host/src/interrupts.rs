//! Signals that ask the program to stop: acted upon at once, or held back while something must be ended in order.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use krepis_change::Failure;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};

use crate::errors;

/// What a process is asked to stop by.
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// SIGINT, SIGTERM and SIGHUP of this process.
///
/// Outside of a [`Hold`] they do what they do without this: the process ends. Inside, the first one is noted and the holder
/// ends in order; a second one ends the process at once.
#[derive(Debug)]
pub struct Interrupts {
    received: Arc<AtomicUsize>,
    /// Whether a signal has its default effect.
    at_once: Arc<AtomicBool>,
    /// How many holds there are.
    holds: AtomicUsize,
    /// Readable from the first signal on.
    bell: UnixStream,
    rings: UnixStream,
    actions: Mutex<Vec<SigId>>,
}

impl Interrupts {
    /// Takes the signals over; once in a process. One that the process was started to ignore (`nohup`, a job in the
    /// background of a script) stays ignored.
    pub fn install() -> io::Result<Self> {
        let (bell, rings) = UnixStream::pair()?;
        let interrupts = Self {
            received: Arc::new(AtomicUsize::new(0)),
            at_once: Arc::new(AtomicBool::new(true)),
            holds: AtomicUsize::new(0),
            bell,
            rings,
            actions: Mutex::default(),
        };
        interrupts.register()?;
        Ok(interrupts)
    }

    fn register(&self) -> io::Result<()> {
        let ignored = ignored();
        let mut actions = self.actions.lock().unwrap_or_else(PoisonError::into_inner);
        for signal in SIGNALS
            .into_iter()
            .filter(|signal| ignored & (1 << (signal - 1)) == 0)
        {
            let number = usize::try_from(signal).unwrap_or_default();
            // They run in this order: what the first signal sets, the second one finds.
            actions.push(flag::register_conditional_default(
                signal,
                Arc::clone(&self.at_once),
            )?);
            actions.push(flag::register_usize(signal, Arc::clone(&self.received), number)?);
            actions.push(flag::register(signal, Arc::clone(&self.at_once))?);
            actions.push(low_level::pipe::register(signal, self.rings.try_clone()?)?);
        }
        Ok(())
    }

    /// From here until the result is dropped no signal does anything to this process, however many come: they are for a
    /// command that has the terminal, and this process has to outlive it.
    pub fn outlive(&self) -> Outliving<'_> {
        let mut actions = self.actions.lock().unwrap_or_else(PoisonError::into_inner);
        for action in actions.drain(..) {
            low_level::unregister(action);
        }
        Outliving(self)
    }

    /// From here until the hold is dropped the first signal is only noted.
    pub fn hold(&self) -> Hold<'_> {
        self.holds.fetch_add(1, Ordering::SeqCst);
        // After a first signal a second one stays immediate, whoever holds.
        if self.received.load(Ordering::SeqCst) == 0 {
            self.at_once.store(false, Ordering::SeqCst);
        }
        Hold(self)
    }

    /// What has come, as the failure of whatever it stops; asked where nothing has been changed yet.
    pub fn check(&self) -> Result<(), Failure> {
        let failure = match self.received.load(Ordering::SeqCst).try_into() {
            Ok(SIGINT) => Failure::new(&errors::INTERRUPTED, "stopped by Ctrl-C (SIGINT)"),
            Ok(SIGTERM) => Failure::new(&errors::TERMINATED, "stopped by SIGTERM"),
            Ok(SIGHUP) => Failure::new(&errors::HUNG_UP, "stopped, since the terminal has gone (SIGHUP)"),
            _ => return Ok(()),
        };
        Err(failure.reason("what was running has been ended, and nothing was changed"))
    }

    /// What becomes readable with the first signal, and stays so.
    pub(crate) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

/// While it lives, a first signal is noted and not acted upon.
#[derive(Debug)]
pub struct Hold<'a>(&'a Interrupts);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        if self.0.holds.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.at_once.store(true, Ordering::SeqCst);
        }
    }
}

/// While it lives, signals do nothing to this process.
#[derive(Debug)]
pub struct Outliving<'a>(&'a Interrupts);

impl Drop for Outliving<'_> {
    fn drop(&mut self) {
        // What cannot be registered again does not end the process: it ends by itself soon.
        drop(self.0.register());
    }
}

/// A bit for each signal that this process was started to ignore; none where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_in(&status)
}

fn ignored_in(status: &str) -> u64 {
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        assert_eq!(ignored_in("Name:\tx\nSigIgn:\t0000000000000003\n"), 0b11);
        assert_eq!(ignored_in(""), 0);
    }

    #[test]
    fn a_signal_under_a_hold_is_noted_and_rings_and_none_ends_a_process_that_outlives_a_command() {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let interrupts = Interrupts::install().expect("handlers");
        let hold = interrupts.hold();
        assert!(interrupts.check().is_ok());
        low_level::raise(SIGTERM).expect("raised");
        let failure = interrupts.check().expect_err("noted");
        assert_eq!((failure.code.id, failure.exit()), ("KRP5109", 143));
        let mut watched = [PollFd::from_borrowed_fd(interrupts.bell(), PollFlags::IN)];
        assert_eq!(poll(&mut watched, Some(&Timespec::default())), Ok(1));
        drop(hold);

        // Now another one would end the process; while a command is outlived, none does.
        let outliving = interrupts.outlive();
        for _ in 0..3 {
            low_level::raise(SIGTERM).expect("raised");
        }
        drop(outliving);
    }
}
