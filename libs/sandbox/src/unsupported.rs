//! Systems whose layers are written down and not set: every layer is missing there, which the caller refuses or not.

use std::process::{Child, Command};

use krepis_change::Failure;

use crate::{Layer, Policy, Standing, errors};

/// No layer of this system is set by this build.
#[derive(Debug)]
pub struct Confinement(());

impl Confinement {
    /// Succeeds only for a policy that wants no layer.
    ///
    /// # Errors
    /// `KRP5201` for any other.
    pub fn prepare(policy: &Policy) -> Result<Self, Failure> {
        match policy.layers.iter().next() {
            None => Ok(Self(())),
            Some(layer) => Err(Failure::new(
                &errors::LAYER_MISSING,
                format!("the layer `{layer}` of the sandbox is missing on this machine"),
            )
            .reason(standing(layer).err().unwrap_or_default())),
        }
    }

    /// Nothing.
    pub fn in_force(&self) -> &[Standing] {
        &[]
    }

    /// Changes nothing.
    ///
    /// # Errors
    /// None.
    pub fn attach(self, _command: &mut Command, _first_closed: u32) -> Result<Attached, Failure> {
        Ok(Attached(()))
    }
}

/// Nothing is held.
#[derive(Debug)]
pub struct Attached(());

impl Attached {
    /// Nothing.
    pub fn in_force(&self) -> &[Standing] {
        &[]
    }

    /// Sets nothing.
    ///
    /// # Errors
    /// None.
    pub fn set_memory_limit(&self, _child: &Child) -> Result<(), Failure> {
        Ok(())
    }

    /// Never known.
    pub fn ran_out_of_memory(&self) -> bool {
        false
    }

    /// The caller watches.
    pub fn needs_watching(&self) -> bool {
        true
    }
}

/// Why a layer is missing.
pub fn standing(layer: Layer) -> Result<String, String> {
    Err(format!(
        "`{layer}` is not set by this build on {}",
        std::env::consts::OS
    ))
}
