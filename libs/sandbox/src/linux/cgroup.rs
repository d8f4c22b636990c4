//! Control groups, version 2 and 1: limits that count every kind of memory and every thread.
//!
//! A user may only make groups where somebody has let them (a systemd user session, a container, root). Where that is not
//! so there is no group, and `memory` falls back to limits of the process.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::Limits;

/// A group for one process; removed when dropped.
#[derive(Debug)]
pub struct Group {
    folder: PathBuf,
    version: Version,
    /// What it limits.
    pub controller: Controller,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    One,
    Two,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controller {
    Memory,
    Threads,
}

impl Group {
    /// A group with a memory limit, if this process can make one, and a group for threads beside it. In version 2 both
    /// are one.
    pub fn create(limits: &Limits) -> Vec<Self> {
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let places = places(&own, &mounts);
        let Some(memory) = places
            .iter()
            .filter(|place| place.controller == Controller::Memory)
            .find_map(|place| Self::at(place, limits).ok())
        else {
            return Vec::new();
        };
        let mut groups = vec![memory];
        if groups[0].version == Version::One
            && let Some(threads) = places
                .iter()
                .filter(|place| place.controller == Controller::Threads)
                .find_map(|place| Self::at(place, limits).ok())
        {
            groups.push(threads);
        }
        groups
    }

    fn at(place: &Place, limits: &Limits) -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        sweep(&place.folder);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = place
            .folder
            .join(format!("krepis-{}-{number}", std::process::id()));
        fs::create_dir(&folder)?;
        // From here on it is removed on failure too.
        let group = Self {
            folder,
            version: place.version,
            controller: place.controller,
        };
        let memory = limits.memory.to_string();
        let threads = limits.threads.to_string();
        match (place.version, place.controller) {
            (Version::Two, _) => {
                group.write("memory.max", &memory)?;
                // Neither has to be there: a machine without swap, a session without the controller.
                drop(group.write("memory.swap.max", "0"));
                drop(group.write("pids.max", &threads));
            }
            (Version::One, Controller::Memory) => {
                group.write("memory.limit_in_bytes", &memory)?;
                drop(group.write("memory.memsw.limit_in_bytes", &memory));
            }
            (Version::One, Controller::Threads) => group.write("pids.max", &threads)?,
        }
        Ok(group)
    }

    /// Where a process enters: it writes `0`.
    pub fn entrance(&self) -> io::Result<OwnedFd> {
        let file = fs::OpenOptions::new()
            .write(true)
            .open(self.folder.join("cgroup.procs"))?;
        Ok(file.into())
    }

    /// Whether the kernel has ended a process of it for its memory.
    pub fn ran_out(&self) -> bool {
        let file = match self.version {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        };
        fs::read_to_string(self.folder.join(file)).is_ok_and(|text| count(&text, "oom_kill") > 0)
    }

    /// For messages.
    pub fn describe(&self) -> &'static str {
        match self.version {
            Version::One => "cgroup v1",
            Version::Two => "cgroup v2",
        }
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        fs::OpenOptions::new()
            .write(true)
            .open(self.folder.join(file))
            .and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The kernel lets go of a dead process a moment after it was waited for. What stays is swept by the next run.
        for _ in 0..50 {
            match fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                _ => return,
            }
        }
    }
}

/// A folder in which a group could be made.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    folder: PathBuf,
    version: Version,
    controller: Controller,
}

/// The folders that may work, the best first. `own` is /proc/self/cgroup, `mounts` /proc/self/mountinfo.
fn places(own: &str, mounts: &str) -> Vec<Place> {
    let mut places = Vec::new();
    for (controllers, path) in own.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        Some((parts.next()?, parts.next()?))
    }) {
        if controllers.is_empty() {
            let Some(folder) = mounted(mounts, "cgroup2", None, path) else {
                continue;
            };
            // A group with processes has no limited children (but for the root): the one above may.
            for folder in folder.ancestors().take(2) {
                let children = fs::read_to_string(folder.join("cgroup.subtree_control")).unwrap_or_default();
                if children.split_whitespace().any(|name| name == "memory") {
                    places.push(Place {
                        folder: folder.into(),
                        version: Version::Two,
                        controller: Controller::Memory,
                    });
                }
            }
        }
        for (name, controller) in [("memory", Controller::Memory), ("pids", Controller::Threads)] {
            if controllers.split(',').any(|one| one == name)
                && let Some(folder) = mounted(mounts, "cgroup", Some(name), path)
            {
                places.push(Place {
                    folder,
                    version: Version::One,
                    controller,
                });
            }
        }
    }
    places.sort_by_key(|place| place.version == Version::One);
    places
}

/// Where a group's folder is mounted (`man 5 proc_pid_mountinfo`).
fn mounted(mounts: &str, kind: &str, controller: Option<&str>, path: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (place, source) = line.split_once(" - ")?;
        let mut source = source.split(' ');
        if source.next()? != kind {
            return None;
        }
        let options = source.nth(1)?;
        if let Some(controller) = controller
            && !options.split(',').any(|option| option == controller)
        {
            return None;
        }
        let mut place = place.split(' ').skip(3);
        let (root, point) = (place.next()?, place.next()?);
        let below = Path::new(path).strip_prefix(root).ok()?;
        Some(Path::new(point).join(below))
    })
}

/// Removes groups of processes that are gone.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| {
            name.strip_prefix("krepis-")?
                .split('-')
                .next()?
                .parse::<u32>()
                .ok()
        });
        if let Some(owner) = owner
            && !Path::new("/proc").join(owner.to_string()).exists()
        {
            drop(fs::remove_dir(entry.path()));
        }
    }
}

/// The number behind a name, in a file of `name number` lines.
fn count(text: &str, name: &str) -> u64 {
    let of = |line: &str| line.strip_prefix(name)?.trim().parse().ok();
    text.lines().find_map(of).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
30 24 0:26 / /sys/fs/cgroup/unified rw,relatime shared:5 - cgroup2 cgroup2 rw
31 24 0:27 /docker/abc /sys/fs/cgroup/memory rw,relatime shared:6 - cgroup cgroup rw,memory
32 24 0:28 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
";

    #[test]
    fn folders_of_version_1_are_found_through_the_mount_of_a_container() {
        let own = "8:pids:/a\n4:memory:/docker/abc/b\n0::/\n";
        let folders: Vec<_> = places(own, MOUNTS)
            .into_iter()
            .map(|place| (place.folder, place.controller))
            .collect();
        assert_eq!(
            folders,
            [
                (PathBuf::from("/sys/fs/cgroup/pids/a"), Controller::Threads),
                (PathBuf::from("/sys/fs/cgroup/memory/b"), Controller::Memory),
            ]
        );
    }

    #[test]
    fn a_group_outside_of_the_mount_is_not_a_place() {
        assert_eq!(places("4:memory:/elsewhere\n", MOUNTS), []);
        assert_eq!(places("", ""), []);
    }

    #[test]
    fn kills_are_counted_by_their_own_line() {
        assert_eq!(
            count("low 0\noom 4\noom_kill 3\noom_group_kill 9\n", "oom_kill"),
            3
        );
        assert_eq!(
            count("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", "oom_kill"),
            1
        );
        assert_eq!(count("", "oom_kill"), 0);
    }
}
