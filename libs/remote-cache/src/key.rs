//! The server's secret. Tokens and records are signed with keys derived from it, so that one is never taken for the other.

use std::collections::HashSet;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use krepis_change::Failure;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use crate::{errors, hex};

/// Fewest bytes of a key: the output length of SHA-256, below which RFC 2104 (section 3) calls a key weak.
const SHORTEST: usize = 32;

/// The secret that signs tokens and records.
#[derive(Clone)]
pub struct Key(hmac::Key);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// Reads a key from text: at least 64 hexadecimal digits, that is 32 bytes, that look random.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let weak = |reason: &str| {
            Failure::new(&errors::WEAK_KEY, "the key is too weak to sign with")
                .reason(reason)
                .hint("make one with `krepis cache key FILE`")
        };
        let bytes = hex::decode(text.trim())
            .ok_or_else(|| weak("a key is written in hexadecimal digits, not as a password"))?;
        if bytes.len() < SHORTEST {
            return Err(weak("it is shorter than 32 bytes (64 hexadecimal digits)"));
        }
        // 32 random bytes have 30 different values; fewer than 16 come once in 10^14 keys.
        if bytes.iter().collect::<HashSet<_>>().len() < SHORTEST / 2 {
            return Err(weak("its bytes repeat, it was not made at random"));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// Reads a key file, which nobody but its owner may read.
    pub fn read(file: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(file).map_err(|error| {
            let failure = if error.kind() == ErrorKind::NotFound {
                Failure::new(&errors::NO_KEY, format!("there is no key in {}", file.display()))
            } else {
                Failure::io(&errors::KEY_FILE, "reading", file, &error)
            };
            failure.hint(format!("`krepis cache key {}` makes one", file.display()))
        })?;
        let metadata =
            fs::metadata(file).map_err(|error| Failure::io(&errors::KEY_FILE, "looking at", file, &error))?;
        if metadata.mode() & 0o077 != 0 {
            return Err(Failure::new(
                &errors::OPEN_KEY,
                format!("others may read or write the key in {}", file.display()),
            )
            .reason(format!("its mode is {:o}", metadata.mode() & 0o777))
            .hint(format!(
                "make a new key; if nobody can have read this one, `chmod 600 {}`",
                file.display()
            )));
        }
        Self::parse(&text).map_err(|failure| failure.at(file.display().to_string(), 0, 0))
    }

    /// Writes a new random key with mode 600. A file that is there is never written over.
    pub fn create(file: &Path) -> Result<Self, Failure> {
        let mut bytes = [0; SHORTEST];
        SystemRandom::new().fill(&mut bytes).map_err(|_| {
            Failure::new(
                &errors::KEY_FILE,
                "the system has no random bytes to make a key of",
            )
        })?;
        let text = hex::encode(&bytes);
        let failed = |error: &std::io::Error| Failure::io(&errors::KEY_FILE, "writing", file, error);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        let mut out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)
            .map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => Failure::new(
                    &errors::KEY_EXISTS,
                    format!("{} is there already", file.display()),
                )
                .reason("a new key would make every token and every entry of the old one worthless")
                .hint("name another file, or remove this one first"),
                _ => failed(&error),
            })?;
        out.write_all(format!("{text}\n").as_bytes())
            .and_then(|()| out.sync_all())
            .map_err(|error| failed(&error))?;
        Self::parse(&text)
    }

    /// A text that says which key this is, and nothing about it.
    pub(crate) fn check(&self) -> String {
        hex::encode(hmac::sign(&self.0, b"krepis remote cache key check 1").as_ref())
    }

    /// A key for one purpose; keys of different purposes say nothing about each other.
    pub(crate) fn derive(&self, purpose: &str) -> hmac::Key {
        hmac::Key::new(
            hmac::HMAC_SHA256,
            hmac::sign(&self.0, purpose.as_bytes()).as_ref(),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_that_can_be_guessed_are_refused() {
        for text in [
            "",
            "secret",
            "correct horse battery staple",
            &"0".repeat(64),
            &"ab".repeat(32),
            &"0123456789abcdef".repeat(3),
        ] {
            assert_eq!(Key::parse(text).unwrap_err().code.id, "KRP4702", "{text:?}");
        }
    }

    #[test]
    fn a_made_key_is_private_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new").join("key");
        let key = Key::create(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        assert_eq!(
            key.derive("x").algorithm(),
            Key::read(&file).unwrap().derive("x").algorithm()
        );
        let text = fs::read(&file).unwrap();
        assert_eq!(Key::create(&file).unwrap_err().code.id, "KRP4705");
        assert_eq!(fs::read(&file).unwrap(), text);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(Key::read(&file).unwrap_err().code.id, "KRP4703");
        assert_eq!(
            Key::read(&folder.path().join("none")).unwrap_err().code.id,
            "KRP4701"
        );
    }
}
