//! Linux: Landlock, seccomp, limits, control groups.

mod cgroup;
mod child;
mod files;
mod memory;
mod syscalls;

use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use krepis_change::Failure;

use crate::{Layer, Layers, Limits, Policy, Standing, errors};
use child::Orders;
use memory::MemoryLimit;

/// A confinement whose every part is ready to be set.
#[derive(Debug)]
pub struct Confinement {
    limits: Limits,
    ruleset: Option<OwnedFd>,
    filters: Vec<syscalls::Program>,
    memory: Option<MemoryLimit>,
    layers: Layers,
    in_force: Vec<Standing>,
}

impl Confinement {
    /// Makes everything that can be made before there is a process.
    ///
    /// # Errors
    /// `KRP5201` where a wanted layer is missing on this machine, `KRP5202` where it is there and cannot be made.
    pub fn prepare(policy: &Policy) -> Result<Self, Failure> {
        let wanted = |layer| policy.layers.has(layer);
        let mut in_force = Vec::new();
        let memory = wanted(Layer::Memory).then(|| MemoryLimit::of(&policy.limits));
        for layer in policy.layers.iter() {
            let state = match (&memory, layer) {
                (Some(limit), Layer::Memory) => limit.describe(),
                _ => standing(layer).map_err(|reason| missing(layer, &reason))?,
            };
            in_force.push(Standing {
                layer,
                state: Ok(state),
            });
        }
        let ruleset = if wanted(Layer::Files) || wanted(Layer::Scopes) {
            Some(files::ruleset(policy).map_err(|reason| failed(Layer::Files, &reason))?)
        } else {
            None
        };
        let filters = if wanted(Layer::Syscalls) {
            syscalls::programs().map_err(|reason| failed(Layer::Syscalls, &reason))?
        } else {
            Vec::new()
        };
        Ok(Self {
            limits: policy.limits,
            ruleset,
            filters,
            memory,
            layers: policy.layers.clone(),
            in_force,
        })
    }

    /// What will be in force, and how.
    pub fn in_force(&self) -> &[Standing] {
        &self.in_force
    }

    /// Sets it on a command, which then can be started once. Descriptors from `first_closed` on are closed in the child; all
    /// others it has must be wanted. Call this last: what is hung on a command later runs confined.
    ///
    /// The thread that starts the command must live as long as the process: with it the process is ended.
    ///
    /// # Errors
    /// `KRP5202` where there are no descriptors left.
    pub fn attach(mut self, command: &mut Command, first_closed: u32) -> Result<Attached, Failure> {
        // What is put at the lower numbers in the child would be put over them.
        let aside = |descriptor: OwnedFd| {
            rustix::io::fcntl_dupfd_cloexec(&descriptor, first_closed.cast_signed())
                .map_err(|error| failed(Layer::Descriptors, &error.to_string()))
        };
        let has = |layer| self.layers.has(layer);
        let (privileges, descriptors, limits) = (
            has(Layer::Privileges),
            has(Layer::Descriptors),
            has(Layer::Limits),
        );
        // Landlock and seccomp ask for it too.
        let no_new_privileges = privileges || self.ruleset.is_some() || !self.filters.is_empty();
        let orders = Orders {
            ruleset: self.ruleset.take().map(aside).transpose()?,
            filters: std::mem::take(&mut self.filters),
            groups: self
                .memory
                .as_mut()
                .map(MemoryLimit::take_entrances)
                .unwrap_or_default()
                .into_iter()
                .map(aside)
                .collect::<Result<_, _>>()?,
            no_new_privileges,
            drop_capabilities: privileges,
            first_closed: descriptors.then_some(first_closed),
            limits: limits.then_some(self.limits),
            parent: std::process::id(),
        };
        let mut orders = Some(orders);
        // SAFETY: between fork and exec only async-signal-safe functions may be called. `Orders::obey` makes system calls
        // on what was prepared above; it allocates nothing, takes no lock and drops nothing that owns memory.
        unsafe {
            command.pre_exec(move || orders.as_mut().map_or(Ok(()), Orders::obey));
        }
        Ok(Attached {
            memory: self.memory,
            in_force: self.in_force,
        })
    }
}

/// What stays in the parent's hands while a confined process runs: its memory limit. Dropped when the process has been
/// waited for: a control group can only be removed empty.
#[derive(Debug)]
pub struct Attached {
    memory: Option<MemoryLimit>,
    in_force: Vec<Standing>,
}

impl Attached {
    /// What is in force, and how.
    pub fn in_force(&self) -> &[Standing] {
        &self.in_force
    }

    /// To be called when the process has loaded its own code and before it runs anybody else's: without a control group
    /// the limit counts from what it has by then.
    ///
    /// # Errors
    /// `KRP5202` where the limit cannot be set: the process must not go on.
    pub fn set_memory_limit(&self, child: &Child) -> Result<(), Failure> {
        match &self.memory {
            Some(limit) => limit
                .set_on(child.id())
                .map_err(|reason| failed(Layer::Memory, &reason)),
            None => Ok(()),
        }
    }

    /// Whether the kernel has ended a process for reaching the limit.
    pub fn ran_out_of_memory(&self) -> bool {
        self.memory.as_ref().is_some_and(MemoryLimit::was_reached)
    }

    /// True if the parent must watch the process's memory itself: there is no control group.
    pub fn needs_watching(&self) -> bool {
        self.memory.as_ref().is_some_and(MemoryLimit::needs_watching)
    }
}

/// What this machine has of a layer.
pub fn standing(layer: Layer) -> Result<String, String> {
    match layer {
        Layer::Files => match files::abi() {
            0 => {
                Err("this kernel has no Landlock (since 5.13), or it is switched off at boot (`lsm=`)".into())
            }
            abi => Ok(format!("Landlock ABI {abi}")),
        },
        Layer::Scopes => match files::abi() {
            0..4 => Err("this kernel's Landlock knows files only (TCP since 6.7, signals since 6.12)".into()),
            abi @ 4..6 => Ok(format!("Landlock ABI {abi}: TCP; signals by seccomp")),
            _ => Ok("Landlock: TCP, signals, abstract sockets".into()),
        },
        Layer::Syscalls => syscalls::standing(),
        Layer::Privileges => Ok("no_new_privs, no capabilities".into()),
        Layer::Descriptors => Ok("close_range".into()),
        Layer::Limits => Ok("RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_CORE".into()),
        Layer::Memory => Ok(memory::describe_here()),
        Layer::Seatbelt | Layer::Job | Layer::AppContainer => Err("not a layer of Linux".into()),
    }
}

fn missing(layer: Layer, reason: &str) -> Failure {
    Failure::new(
        &errors::LAYER_MISSING,
        format!("the layer `{layer}` of the sandbox is missing on this machine"),
    )
    .reason(reason.to_owned())
}

fn failed(layer: Layer, reason: &str) -> Failure {
    Failure::new(
        &errors::LAYER_FAILED,
        format!("the layer `{layer}` of the sandbox could not be set"),
    )
    .reason(reason.to_owned())
    .hint("nothing was run; `krepis doctor` shows what this machine has")
}
