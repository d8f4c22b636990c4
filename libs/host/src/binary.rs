//! What an executable file is built for, from its first bytes: nothing is started.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::environment::Platform;

/// Bytes that hold the headers: program headers of ELF and the load commands of Mach-O come early.
const HEAD: u64 = 4096;

/// What a program is built for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binary {
    platform: Platform,
    /// As Rust names it; several in a universal file of macOS; none where it is one that Node is not built for.
    machines: Vec<&'static str>,
    /// The dynamic loader that an ELF file names: it says which libc.
    loader: Option<String>,
}

/// Why a file cannot run here, or is not what it is named. A script has nothing that could be said against it.
pub(crate) fn objection(file: &Path, platform: Platform) -> Option<String> {
    let mut head = Vec::new();
    File::open(file)
        .and_then(|file| file.take(HEAD).read_to_end(&mut head))
        .ok()?;
    if let Some(electron) = electron_beside(file) {
        return Some(format!(
            "it is Electron and not Node.js ({electron} lies beside it)"
        ));
    }
    Binary::read(&head)?.objection(platform, std::env::consts::ARCH, &|path| path.exists())
}

/// The first bytes of a script, where a file is one.
pub(crate) fn script(file: &Path) -> Option<String> {
    let mut head = Vec::new();
    File::open(file)
        .and_then(|file| file.take(HEAD).read_to_end(&mut head))
        .ok()?;
    head.starts_with(b"#!")
        .then(|| String::from_utf8_lossy(&head).into_owned())
}

/// Electron answers like Node if it is told to (`ELECTRON_RUN_AS_NODE`), but does not start without these.
fn electron_beside(file: &Path) -> Option<&'static str> {
    let folder = file.parent()?;
    [
        "resources.pak",
        "chrome_100_percent.pak",
        "v8_context_snapshot.bin",
    ]
    .into_iter()
    .find(|name| folder.join(name).is_file())
}

impl Binary {
    /// From the first bytes of a file; none for what is no executable of a known form.
    pub fn read(head: &[u8]) -> Option<Self> {
        match head.get(..4)? {
            b"\x7fELF" => elf(head),
            [0xcf, 0xfa, 0xed, 0xfe] => Some(Self {
                platform: Platform::MacOs,
                machines: mach(little(head, 4, 4)?).into_iter().collect(),
                loader: None,
            }),
            [0xca, 0xfe, 0xba, 0xbe] => universal(head),
            [b'M', b'Z', ..] => portable(head),
            _ => None,
        }
    }

    fn objection(&self, platform: Platform, machine: &str, exists: &dyn Fn(&Path) -> bool) -> Option<String> {
        if self.platform != platform {
            return Some(format!(
                "it is a program of {}, and this is {platform}",
                self.platform
            ));
        }
        if !self.machines.contains(&machine) {
            let built = self.machines.first().copied().unwrap_or("another processor");
            let rosetta = platform == Platform::MacOs && machine == "aarch64" && built == "x86_64";
            let note = if rosetta {
                "; Rosetta would run it, slowly"
            } else {
                ""
            };
            return Some(format!("it is built for {built}, and this is {machine}{note}"));
        }
        let loader = self.loader.as_deref()?;
        let libc = if loader.contains("ld-musl") {
            "musl"
        } else {
            "glibc"
        };
        (!exists(Path::new(loader)))
            .then(|| format!("it is built for {libc}, which this system does not have ({loader} is missing)"))
    }
}

/// The machines that Node is built for, by ELF's numbers (<https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html>).
fn elf(head: &[u8]) -> Option<Binary> {
    // 64 bits, little endian (ppc64le, s390x aside): what a Node above the floor is.
    if head.get(4..6)? != [2, 1] {
        return Some(Binary {
            platform: Platform::Linux,
            machines: Vec::new(),
            loader: None,
        });
    }
    let machine = match little(head, 18, 2)? {
        62 => Some("x86_64"),
        183 => Some("aarch64"),
        243 => Some("riscv64"),
        21 => Some("powerpc64"),
        258 => Some("loongarch64"),
        _ => None,
    };
    let (start, size, count) = (little(head, 32, 8)?, little(head, 54, 2)?, little(head, 56, 2)?);
    let loader = (0..count).find_map(|index| {
        let at = start + index * size;
        // PT_INTERP.
        (little(head, at, 4)? == 3).then_some(())?;
        let (offset, length) = (little(head, at + 8, 8)?, little(head, at + 32, 8)?);
        let text = head.get(offset..offset.checked_add(length)?)?;
        Some(String::from_utf8_lossy(text).trim_end_matches('\0').to_owned())
    });
    Some(Binary {
        platform: Platform::Linux,
        machines: machine.into_iter().collect(),
        loader,
    })
}

/// A universal file of macOS: a list of what is in it, big endian. Java's class files begin with the same magic and have a
/// version above 30 where the count is.
fn universal(head: &[u8]) -> Option<Binary> {
    let big = |at: usize| Some(u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?) as usize);
    let count = big(4)?;
    if count > 30 {
        return None;
    }
    Some(Binary {
        platform: Platform::MacOs,
        machines: (0..count)
            .filter_map(|index| mach(big(8 + index * 20)?))
            .collect(),
        loader: None,
    })
}

fn mach(cpu: usize) -> Option<&'static str> {
    match cpu {
        0x0100_0007 => Some("x86_64"),
        0x0100_000c => Some("aarch64"),
        _ => None,
    }
}

fn portable(head: &[u8]) -> Option<Binary> {
    let header = little(head, 0x3c, 4)?;
    if head.get(header..header.checked_add(4)?)? != b"PE\0\0" {
        return None;
    }
    let machine = match little(head, header + 4, 2)? {
        0x8664 => Some("x86_64"),
        0xaa64 => Some("aarch64"),
        _ => None,
    };
    Some(Binary {
        platform: Platform::Windows,
        machines: machine.into_iter().collect(),
        loader: None,
    })
}

/// A number of `size` bytes, little endian.
fn little(head: &[u8], at: usize, size: usize) -> Option<usize> {
    let mut bytes = [0; 8];
    bytes[..size].copy_from_slice(head.get(at..at.checked_add(size)?)?);
    usize::try_from(u64::from_le_bytes(bytes)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn elf_of(machine: u16, loader: &str) -> Vec<u8> {
        let mut head = vec![0; 64 + 56];
        head[..6].copy_from_slice(b"\x7fELF\x02\x01");
        head[18..20].copy_from_slice(&machine.to_le_bytes());
        head[32] = 64;
        head[54] = 56;
        head[56] = 1;
        head[64] = 3;
        head[72] = 120;
        head[96] = u8::try_from(loader.len() + 1).expect("short");
        head.extend(loader.bytes());
        head.push(0);
        head
    }

    fn said(head: &[u8], platform: Platform, machine: &str, there: &str) -> Option<String> {
        Binary::read(head)
            .expect("a program")
            .objection(platform, machine, &|path| path == Path::new(there))
    }

    #[test]
    fn a_program_of_another_machine_libc_or_system_is_seen() {
        let glibc = "/lib64/ld-linux-x86-64.so.2";
        let musl = "/lib/ld-musl-x86_64.so.1";
        assert_eq!(said(&elf_of(62, glibc), Platform::Linux, "x86_64", glibc), None);
        assert_eq!(
            said(&elf_of(62, musl), Platform::Linux, "x86_64", glibc).as_deref(),
            Some(
                "it is built for musl, which this system does not have (/lib/ld-musl-x86_64.so.1 is missing)"
            )
        );
        assert_eq!(
            said(&elf_of(62, glibc), Platform::Linux, "x86_64", musl).as_deref(),
            Some(
                "it is built for glibc, which this system does not have (/lib64/ld-linux-x86-64.so.2 is missing)"
            )
        );
        assert_eq!(
            said(&elf_of(183, glibc), Platform::Linux, "x86_64", glibc).as_deref(),
            Some("it is built for aarch64, and this is x86_64")
        );
        assert_eq!(
            said(&elf_of(62, glibc), Platform::MacOs, "x86_64", glibc).as_deref(),
            Some("it is a program of Linux, and this is macOS")
        );
    }

    #[test]
    fn rosetta_is_named_and_a_universal_file_fits_both() {
        let intel = [0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1];
        let reason = said(&intel, Platform::MacOs, "aarch64", "").expect("refused");
        assert!(reason.contains("Rosetta"), "{reason}");
        assert_eq!(said(&intel, Platform::MacOs, "x86_64", ""), None);
        let mut both = vec![0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2];
        for cpu in [0x0100_0007_u32, 0x0100_000c] {
            both.extend(cpu.to_be_bytes());
            both.extend([0; 16]);
        }
        assert_eq!(said(&both, Platform::MacOs, "aarch64", ""), None);
        assert_eq!(said(&both, Platform::MacOs, "x86_64", ""), None);
    }

    #[test]
    fn a_program_of_windows_is_read() {
        let mut head = vec![0; 0x80];
        head[..2].copy_from_slice(b"MZ");
        head[0x3c] = 0x60;
        head[0x60..0x66].copy_from_slice(b"PE\0\0\x64\x86");
        assert_eq!(said(&head, Platform::Windows, "x86_64", ""), None);
        assert!(said(&head, Platform::Windows, "aarch64", "").is_some());
    }

    #[test]
    fn this_very_program_fits_this_machine() {
        let program = std::env::current_exe().expect("a program");
        assert_eq!(objection(&program, Platform::current()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(mut head: Vec<u8>, magic in 0usize..5) {
            let magics: [&[u8]; 5] = [b"\x7fELF\x02\x01", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ", b""];
            let magic = magics[magic];
            head.splice(..0, magic.iter().copied());
            drop(Binary::read(&head));
        }
    }
}
