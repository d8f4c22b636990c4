//! What may happen, as values that proptest makes and shrinks.

use krepis_change::FileState;
use proptest::prelude::*;

use crate::oracle::Resolve;
use crate::world::Shown;

/// Few, so that operations meet: two of them cannot stand beside each other (`a` and `a/h`).
pub const PATHS: &[&str] = &["a", "b.ts", "c/d.ts", "c/e/f.ts", "c/e/g", "a/h", "k/l", "m.ts"];
/// What `--path` is tried with.
pub const NAMES: &[&str] = &["a", "b.ts", "c", "c/e", "k/l", "m.ts"];

/// A path by its place in [`PATHS`].
pub type At = usize;

#[derive(Debug, Clone)]
pub enum Action {
    Apply(Vec<(At, Wish)>, Option<Strike>),
    /// As apply, but another program writes and dies before it has said so, if `dies`.
    Observe(Vec<(At, Wish)>, bool),
    User(At, Wish),
    /// A user makes a folder, or changes its mode, if it is one of those above the path.
    Folder(At, u32),
    /// The latest operation, or that which is so many entries back, whatever it was.
    Undo {
        back: Option<usize>,
        paths: Vec<usize>,
        resolve: Resolve,
        strike: Option<Strike>,
    },
    Redo {
        paths: Vec<usize>,
        resolve: Resolve,
        strike: Option<Strike>,
    },
    /// A change made from something else than what is there.
    Stale(At),
}

/// What is wished for one path.
#[derive(Debug, Clone)]
pub enum Wish {
    Is(Shown),
    /// Lines that are nowhere else go in, come in the place of others, or lines go.
    Lines(Vec<(Edit, usize)>),
    Mode(u32),
    RenamedTo(At),
}

#[derive(Debug, Clone, Copy)]
pub enum Edit {
    Insert,
    Replace,
    Delete,
}

/// What strikes the engine.
#[derive(Debug, Clone)]
pub enum Strike {
    /// Dies at the n-th crash point; every number after that kills a recovery at its n-th.
    Crash(u32, Vec<u32>),
    /// The same, and somebody edits a file before the recovery; what it cannot decide is decided by this.
    CrashAndEdit(u32, At, Wish, u8),
    /// The n-th call that can fail fails.
    Error(u32, i32),
    /// All calls from the n-th on fail.
    Errors(u32, i32),
}

fn content() -> impl Strategy<Value = FileState> {
    let bytes = prop_oneof![
        3 => Just(b"one\ntwo\nthree\nfour\nfive\nsix\n".to_vec()),
        1 => "[ab\n]{0,6}".prop_map(String::into_bytes),
        1 => Just(vec![0, 159, 146, 150]),
        1 => Just("\u{feff}with a mark\r\nand such ends\r\n".as_bytes().to_vec()),
    ];
    let mode = prop_oneof![3 => Just(0o644), 1 => Just(0o755), 1 => Just(0o600), 1 => Just(0o444)];
    (bytes, mode).prop_map(|(bytes, mode)| FileState::File {
        bytes: bytes.into(),
        mode,
    })
}

fn state() -> impl Strategy<Value = FileState> {
    prop_oneof![
        3 => Just(FileState::Absent),
        6 => content(),
        1 => "[abc/.]{1,4}".prop_map(|target| FileState::Symlink { target: target.into_bytes().into() }),
    ]
}

/// Half of all is about two files, so that edits meet.
fn at() -> impl Strategy<Value = At> {
    prop_oneof![4 => Just(1), 2 => Just(2), 6 => 0..PATHS.len()]
}

fn wish() -> impl Strategy<Value = Wish> {
    let edit = prop_oneof![Just(Edit::Insert), Just(Edit::Replace), Just(Edit::Delete)];
    prop_oneof![
        4 => state().prop_map(|state| Wish::Is(Shown(state))),
        8 => prop::collection::vec((edit, 0_usize..8), 1..3).prop_map(Wish::Lines),
        1 => prop_oneof![Just(0o755), Just(0o600)].prop_map(Wish::Mode),
        2 => at().prop_map(Wish::RenamedTo),
    ]
}

fn strike() -> impl Strategy<Value = Option<Strike>> {
    let point = || 0_u32..36;
    let errno = || prop_oneof![Just(28), Just(5)];
    prop_oneof![
        10 => Just(None),
        6 => (point(), prop::collection::vec(0_u32..30, 0..3)).prop_map(|(at, again)| Some(Strike::Crash(at, again))),
        2 => (point(), at(), wish(), any::<u8>())
            .prop_map(|(at, path, wish, decision)| Some(Strike::CrashAndEdit(at, path, wish, decision))),
        2 => (0_u32..24, errno()).prop_map(|(at, errno)| Some(Strike::Error(at, errno))),
        1 => (0_u32..24, errno()).prop_map(|(at, errno)| Some(Strike::Errors(at, errno))),
    ]
}

/// First something is there to be undone; then anything.
pub fn sequence() -> impl Strategy<Value = Vec<Action>> {
    let files = prop::collection::vec((at(), wish()), 2..5);
    let first = files.prop_map(|files| Action::Apply(files, None));
    (first, prop::collection::vec(action(), 1..13)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        rest
    })
}

fn action() -> impl Strategy<Value = Action> {
    let files = || prop::collection::vec((at(), wish()), 1..4);
    let paths = || prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(0..NAMES.len(), 1..3)];
    let resolve =
        || prop_oneof![4 => Just(Resolve::Refuse), 1 => Just(Resolve::Force), 1 => Just(Resolve::Skip)];
    let back = prop_oneof![3 => Just(None), 2 => (0_usize..5).prop_map(Some)];
    prop_oneof![
        8 => (files(), strike()).prop_map(|(files, strike)| Action::Apply(files, strike)),
        1 => (files(), any::<bool>()).prop_map(|(files, dies)| Action::Observe(files, dies)),
        6 => (at(), wish()).prop_map(|(path, wish)| Action::User(path, wish)),
        1 => (0..PATHS.len(), prop_oneof![Just(0o755), Just(0o700)]).prop_map(|(path, mode)| Action::Folder(path, mode)),
        7 => (back, paths(), resolve(), strike())
            .prop_map(|(back, paths, resolve, strike)| Action::Undo { back, paths, resolve, strike }),
        4 => (paths(), resolve(), strike()).prop_map(|(paths, resolve, strike)| Action::Redo { paths, resolve, strike }),
        1 => (0..PATHS.len()).prop_map(Action::Stale),
    ]
}
