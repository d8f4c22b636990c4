//! Enough stack for a recursive parser, whatever it is given.
//!
//! A stack overflow cannot be caught: it would end the master. A level of recursion takes at least one token, so the
//! number of tokens bounds the depth of any text, and the stack is sized by that bound. Only the part of it that is really
//! used ever becomes memory.

use std::cell::Cell;
use std::sync::OnceLock;
use std::thread;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Stack that one token can cost, in bytes. Measured at most 1,560 (a nested parenthesis, parsed and visited, unoptimised).
const PER_TOKEN: usize = 4 << 10;

/// Stack that any thread has left (rayon's own and the test harness's have 2 MiB in all).
const ANY_THREAD: usize = 1 << 20;

/// Stack of a thread of the pool.
const POOL_THREAD: usize = 64 << 20;

/// Largest stack asked for, for 4 MiB of the densest code.
const LARGEST: usize = if cfg!(target_pointer_width = "64") {
    4 << 30
} else {
    256 << 20
};

thread_local! {
    static STACK: Cell<usize> = const { Cell::new(ANY_THREAD) };
}

/// The threads that analysis runs on: as many as there are processors, with stacks for deep code. Work handed to it by
/// `pool().install(…)` parses without changing threads.
///
/// # Panics
/// If the operating system has no thread to give.
pub fn pool() -> &'static ThreadPool {
    static POOL: OnceLock<ThreadPool> = OnceLock::new();
    POOL.get_or_init(|| {
        ThreadPoolBuilder::new()
            .thread_name(|index| format!("analysis-{index}"))
            .stack_size(POOL_THREAD)
            .start_handler(|_| STACK.set(POOL_THREAD - ANY_THREAD))
            .build()
            .expect("the operating system starts threads")
    })
}

/// Runs `parse` where there is enough stack for `text`; `None` if nobody has that much.
pub fn with_stack_for<T: Send>(text: &str, parse: impl FnOnce() -> T + Send) -> Option<T> {
    let needed = tokens(text).saturating_mul(PER_TOKEN);
    if needed <= STACK.get() {
        Some(parse())
    } else if needed <= POOL_THREAD - ANY_THREAD {
        Some(pool().install(parse))
    } else if needed <= LARGEST {
        thread::scope(|scope| {
            let thread = thread::Builder::new()
                .stack_size(needed + ANY_THREAD)
                .spawn_scoped(scope, parse)
                .ok()?;
            thread.join().ok()
        })
    } else {
        None
    }
}

/// How many tokens a text has at most: a word is one, any other visible byte is one.
fn tokens(text: &str) -> usize {
    let mut count = 0;
    let mut in_word = false;
    for byte in text.bytes() {
        let word = byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'_' || byte == b'$';
        count += usize::from(!(byte.is_ascii_whitespace() || word && in_word));
        in_word = word;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn tokens_are_never_undercounted() {
        assert_eq!(tokens("const a = (b!)\n"), 7);
        assert_eq!(tokens("((("), 3);
        assert_eq!(tokens(""), 0);
    }
}
