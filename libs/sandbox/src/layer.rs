//! The layers, by name, and what a machine has of them.

use std::collections::BTreeSet;
use std::fmt;

/// One thing that stands between a confined process and the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Landlock: files outside of the policy cannot be opened, none can be made, changed or run.
    Files,
    /// Landlock: no TCP socket is bound or connected, no signal and no abstract socket reaches outside.
    Scopes,
    /// seccomp: the system calls that lead to sockets, processes, other processes' memory, mounts and the like.
    Syscalls,
    /// `no_new_privs`, an empty capability set.
    Privileges,
    /// Descriptors of the parent are closed, beside those named.
    Descriptors,
    /// Size of files written, number of open files, no core dump.
    Limits,
    /// Memory, Buffers and native memory included.
    Memory,
    /// macOS: a Seatbelt profile.
    Seatbelt,
    /// Windows: a Job Object.
    Job,
    /// Windows: an `AppContainer`.
    AppContainer,
}

impl Layer {
    /// Those that a confined process has on this operating system.
    pub const HERE: &'static [Self] = if cfg!(target_os = "linux") {
        &[
            Self::Files,
            Self::Scopes,
            Self::Syscalls,
            Self::Privileges,
            Self::Descriptors,
            Self::Limits,
            Self::Memory,
        ]
    } else if cfg!(target_os = "macos") {
        &[Self::Seatbelt, Self::Limits]
    } else {
        &[Self::Job, Self::AppContainer]
    };

    /// What it is called in output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Scopes => "scopes",
            Self::Syscalls => "syscalls",
            Self::Privileges => "privileges",
            Self::Descriptors => "descriptors",
            Self::Limits => "limits",
            Self::Memory => "memory",
            Self::Seatbelt => "seatbelt",
            Self::Job => "job",
            Self::AppContainer => "appcontainer",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which layers are wanted. All, but for tests that show what each of them stops and for users who have agreed to do
/// without one.
///
/// ```
/// use krepis_sandbox::{Layer, Layers};
/// assert!(Layers::all().without(Layer::Files).has(Layer::Syscalls));
/// assert!(!Layers::all().without(Layer::Files).has(Layer::Files));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layers(BTreeSet<Layer>);

impl Layers {
    /// Every layer of this operating system.
    pub fn all() -> Self {
        Self(Layer::HERE.iter().copied().collect())
    }

    /// None at all.
    pub fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// All but one.
    #[must_use]
    pub fn without(mut self, layer: Layer) -> Self {
        self.0.remove(&layer);
        self
    }

    /// One more.
    #[must_use]
    pub fn with(mut self, layer: Layer) -> Self {
        self.0.insert(layer);
        self
    }

    /// Whether a layer is wanted.
    pub fn has(&self, layer: Layer) -> bool {
        self.0.contains(&layer)
    }

    /// All that are wanted.
    pub fn iter(&self) -> impl Iterator<Item = Layer> {
        self.0.iter().copied()
    }
}

/// What a machine has of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub layer: Layer,
    /// How it is made here (`Landlock ABI 7`), or why it is missing.
    pub state: Result<String, String>,
}

/// Every layer of this operating system, and whether this machine has it. Asks the system; changes nothing that stays.
pub fn survey() -> Vec<Standing> {
    let of = |layer| Standing {
        layer,
        state: crate::platform::standing(layer),
    };
    Layer::HERE.iter().copied().map(of).collect()
}
