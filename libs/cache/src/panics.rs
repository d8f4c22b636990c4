//! Calls into the engine that may panic. sled panics on damage it did not expect; that must cost the store only.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::Fault;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `call`; a panic in it becomes [`Fault::Damaged`] and is not printed. What it worked on must not be used again.
pub(crate) fn caught<T>(call: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    quiet();
    let outer = INSIDE.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(call));
    INSIDE.set(outer);
    outcome.unwrap_or_else(|panic| Err(Fault::Damaged(format!("its engine gave up: {}", text(&*panic)))))
}

/// What a panic said.
fn text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given")
}

/// A panic that is caught here, or that ends one of the engine's own threads, is no news for the user's terminal. All
/// others go to the hook that was there before.
fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            let engines = std::thread::current()
                .name()
                .is_some_and(|name| name.starts_with("sled-"));
            if !engines && !INSIDE.get() {
                before(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_fault_that_says_why() {
        let fault = caught(|| -> Result<(), Fault> { panic!("page {}", 7) }).expect_err("it panicked");
        assert_eq!(fault.to_string(), "its engine gave up: page 7");
        let fault = caught(|| -> Result<(), Fault> { panic!("plain") }).expect_err("it panicked");
        assert_eq!(fault.to_string(), "its engine gave up: plain");
        assert!(!INSIDE.get());
    }
}
