//! Where a crash test may kill the process. Active only with the feature `failpoints`.
//!
//! `FAILPOINTS='history::apply::swap=2*off->return'` kills the process with SIGKILL at the third time that point is
//! reached, provided that `fail::FailScenario::setup()` was called. With `panic` in place of `return` it panics there.
//!
//! [`arm`] is for tests in one process: it strikes on the calling thread only, at the n-th point of any name.

/// Every crash point, in the order in which an operation passes them.
pub const POINTS: &[&str] = &[
    "history::prepare::folders-made",
    "history::prepare::start",
    "history::prepare::written",
    "history::prepare::synced",
    "history::prepare::renamed",
    "history::prepare::durable",
    "history::apply::temporary",
    "history::apply::temporaries-written",
    "history::apply::temporaries-synced",
    "history::apply::remove",
    "history::apply::removed",
    "history::apply::directory-removed",
    "history::apply::directory-made",
    "history::apply::swap",
    "history::apply::swapped",
    "history::apply::all-swapped",
    "history::apply::directories-synced",
    "history::apply::verified",
    "history::apply::marked",
    "history::apply::cleaned",
    "history::recover::start",
    "history::recover::classified",
    "history::recover::rolled-back",
    "history::recover::marked",
    "history::recover::cleaned",
    "history::observe::recorded",
    "history::observe::read",
    "history::observe::completed",
    "history::collect::horizon",
    "history::collect::removed",
];

/// Every crash point of a foreign command, in order; apart, since no other operation passes them.
pub const COMMAND_POINTS: &[&str] = &[
    "history::exec::start",
    "history::exec::pack-written",
    "history::exec::index-written",
    "history::exec::recorded",
    "history::exec::compared",
    "history::exec::rewritten",
    "history::exec::completed",
];

/// Points at which `return` makes a call of the file system fail instead of killing the process; the argument is the
/// error: `return(28)` is ENOSPC, `return(30)` is EROFS.
pub const INJECTIONS: &[&str] = &[
    "history::swap::exchange",
    "history::swap::rename",
    "history::apply::write",
    "history::exec::write",
    "history::apply::make-directory",
    "history::apply::remove-directory",
    "history::store::rename",
];

/// A crash point.
macro_rules! step {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        crate::failpoints::pass();
        fail::fail_point!($name, |_| crate::failpoints::kill())
    };
}

/// A point where a call of the file system can be made to fail.
macro_rules! inject {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        crate::failpoints::call()?;
        fail::fail_point!($name, |number| Err(crate::failpoints::error(number.as_deref())))
    };
}

pub(crate) use {inject, step};

#[cfg(feature = "failpoints")]
pub(crate) fn kill<R>() -> R {
    // SIGKILL and not `abort`: no handler and no destructor runs, as in a real `kill -9`.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}

#[cfg(feature = "failpoints")]
pub(crate) fn error(number: Option<&str>) -> std::io::Error {
    let number = number.and_then(|text| text.parse().ok());
    std::io::Error::from_raw_os_error(number.unwrap_or_else(|| rustix::io::Errno::IO.raw_os_error()))
}

/// What [`arm`] makes happen.
#[cfg(feature = "failpoints")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The thread unwinds with a [`Crash`] at a crash point. Nothing in this crate has a destructor that writes, so that
    /// the disk is left as a `kill -9` would leave it.
    Crash,
    /// A call of the file system fails once, with this error number.
    Error(i32),
    /// Every call of the file system from there on fails, until [`disarm`].
    Errors(i32),
}

/// What a thread unwinds with at a crash point; for `catch_unwind`.
#[cfg(feature = "failpoints")]
#[derive(Debug)]
pub struct Crash;

#[cfg(feature = "failpoints")]
thread_local! {
    static ARMED: std::cell::Cell<Option<(u32, Fault)>> = const { std::cell::Cell::new(None) };
}

/// Makes `fault` happen on this thread after `passed` points of its sort.
#[cfg(feature = "failpoints")]
pub fn arm(passed: u32, fault: Fault) {
    ARMED.set(Some((passed, fault)));
}

/// Calls off what [`arm`] said.
#[cfg(feature = "failpoints")]
pub fn disarm() {
    ARMED.set(None);
}

#[cfg(feature = "failpoints")]
pub(crate) fn pass() {
    match ARMED.get() {
        Some((0, Fault::Crash)) => {
            disarm();
            // No hook is called: a crash prints nothing.
            std::panic::resume_unwind(Box::new(Crash))
        }
        Some((passed, Fault::Crash)) => arm(passed - 1, Fault::Crash),
        _ => {}
    }
}

#[cfg(feature = "failpoints")]
pub(crate) fn call() -> std::io::Result<()> {
    let number = match ARMED.get() {
        Some((0, Fault::Error(number))) => {
            disarm();
            number
        }
        Some((0, Fault::Errors(number))) => number,
        Some((passed, fault @ (Fault::Error(_) | Fault::Errors(_)))) => {
            arm(passed - 1, fault);
            return Ok(());
        }
        _ => return Ok(()),
    };
    Err(std::io::Error::from_raw_os_error(number))
}
