//! Landlock (<https://docs.kernel.org/userspace-api/landlock.html>).

use std::os::fd::OwnedFd;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, Scope,
};

use crate::{Layer, Policy};

/// The newest ABI whose every right is handled; an older kernel takes what it knows.
const NEWEST: ABI = ABI::V7;

/// The kernel's Landlock ABI; 0: none.
pub fn abi() -> u32 {
    const VERSION: u32 = 1;
    // SAFETY: with this flag the call takes no pointer and changes nothing.
    let found = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0_usize,
            VERSION,
        )
    };
    u32::try_from(found).unwrap_or(0)
}

/// The rule set of a policy: a descriptor that a process gives to `landlock_restrict_self`.
pub fn ruleset(policy: &Policy) -> Result<OwnedFd, String> {
    build(policy)
        .map_err(|error| error.to_string())?
        .ok_or_else(|| "the kernel gave no rule set".to_owned())
}

fn build(policy: &Policy) -> Result<Option<OwnedFd>, landlock::RulesetError> {
    let mut ruleset = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
    if policy.layers.has(Layer::Files) {
        ruleset = ruleset.handle_access(AccessFs::from_all(NEWEST))?;
    }
    if policy.layers.has(Layer::Scopes) {
        ruleset = ruleset
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?;
    }
    let mut created = ruleset.create()?;
    if policy.layers.has(Layer::Files) {
        for path in &policy.read {
            created = allow(created, path, AccessFs::ReadFile | AccessFs::ReadDir)?;
        }
        for path in &policy.execute {
            created = allow(created, path, AccessFs::Execute | AccessFs::ReadFile)?;
        }
    }
    Ok(created.into())
}

/// A path that is not there grants nothing, and one that appears later does not either.
fn allow(
    ruleset: RulesetCreated,
    path: &Path,
    mut access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, landlock::RulesetError> {
    let Ok(descriptor) = PathFd::new(path) else {
        return Ok(ruleset);
    };
    if !path.is_dir() {
        access &= AccessFs::from_file(NEWEST);
    }
    ruleset.add_rule(PathBeneath::new(descriptor, access))
}
