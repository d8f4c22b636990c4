//! Tokens: what a client may do, signed, so that the server keeps no list of them.
//!
//! `krc1.SCOPE.rw.EXPIRES.ID.MAC`: the scope, `rw` or `ro`, the second it ends (Unix time), eight random digits that make
//! it one of its kind and can be named in a log, and HMAC-SHA-256 over all that stands before it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use krepis_change::{Code, Failure};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use crate::{Key, Scope, errors, hex};

const VERSION: &str = "krc1";
/// Longest token that is looked at; longer ones are none.
const LONGEST: usize = 256;

/// What a token allows in its own scope. Main is read by every token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read only.
    Read,
    /// Read, and store what is not there yet.
    Write,
}

/// A token whose signature held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Where it stores.
    pub scope: Scope,
    /// What it may do there.
    pub access: Access,
    /// The second it ends, Unix time.
    pub expires: u64,
    /// Eight digits to name it by in a log.
    pub id: String,
}

/// Signs and checks tokens.
#[derive(Debug, Clone)]
pub struct Tokens(hmac::Key);

impl Tokens {
    /// Tokens of a key. Raising `epoch` (from 1) makes all tokens of earlier epochs invalid and leaves the entries valid.
    pub fn new(key: &Key, epoch: u32) -> Self {
        Self(key.derive(&format!("krepis remote cache token 1, epoch {epoch}")))
    }

    /// Makes a token.
    ///
    /// ```
    /// use krepis_remote_cache::{Access, Key, Scope, Tokens};
    /// use std::time::{Duration, SystemTime};
    /// let key = Key::parse("8f3a52c1d0e94b7766a1f20c3d5e8b9947c6120fae85d37b1b0c6f92e4a8d751").unwrap();
    /// let tokens = Tokens::new(&key, 1);
    /// let now = SystemTime::now();
    /// let text = tokens.mint(&Scope::main(), Access::Write, now, Duration::from_secs(60)).unwrap();
    /// assert_eq!(tokens.verify(&text, now).unwrap().scope, Scope::main());
    /// assert!(tokens.verify(&text, now + Duration::from_secs(61)).is_err());
    /// ```
    pub fn mint(
        &self,
        scope: &Scope,
        access: Access,
        now: SystemTime,
        lasts: Duration,
    ) -> Result<String, Failure> {
        let mut id = [0; 4];
        SystemRandom::new().fill(&mut id).map_err(|_| {
            Failure::new(
                &errors::KEY_FILE,
                "the system has no random bytes to make a token of",
            )
        })?;
        let access = match access {
            Access::Read => "ro",
            Access::Write => "rw",
        };
        let expires = seconds(now).saturating_add(lasts.as_secs());
        let signed = format!("{VERSION}.{scope}.{access}.{expires}.{}", hex::encode(&id));
        let mac = hmac::sign(&self.0, signed.as_bytes());
        Ok(format!("{signed}.{}", hex::encode(mac.as_ref())))
    }

    /// Checks a token; the code says what is wrong with it. The signatures are compared in constant time.
    pub fn verify(&self, text: &str, now: SystemTime) -> Result<Token, &'static Code> {
        let bad = &errors::BAD_TOKEN;
        let (signed, mac) = text
            .rsplit_once('.')
            .filter(|_| text.len() <= LONGEST)
            .ok_or(bad)?;
        let mac = hex::decode(mac).ok_or(bad)?;
        hmac::verify(&self.0, signed.as_bytes(), &mac).map_err(|_| bad)?;

        let mut parts = signed.split('.');
        let mut next = || parts.next().ok_or(bad);
        let (version, scope, access, expires, id) = (next()?, next()?, next()?, next()?, next()?);
        let token = Token {
            scope: Scope::parse(scope).map_err(|_| bad)?,
            access: match access {
                "ro" => Access::Read,
                "rw" => Access::Write,
                _ => return Err(bad),
            },
            expires: expires.parse().map_err(|_| bad)?,
            id: id.to_owned(),
        };
        if version != VERSION || parts.next().is_some() {
            return Err(bad);
        }
        if seconds(now) >= token.expires {
            return Err(&errors::EXPIRED_TOKEN);
        }
        Ok(token)
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn key() -> Key {
        Key::parse("8f3a52c1d0e94b7766a1f20c3d5e8b9947c6120fae85d37b1b0c6f92e4a8d751").unwrap()
    }

    fn other_key() -> Key {
        Key::parse("7f3a52c1d0e94b7766a1f20c3d5e8b9947c6120fae85d37b1b0c6f92e4a8d751").unwrap()
    }

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn a_token_of_another_key_or_epoch_is_none() {
        let now = SystemTime::now();
        let text = Tokens::new(&key(), 1)
            .mint(&Scope::main(), Access::Read, now, HOUR)
            .unwrap();
        assert!(Tokens::new(&key(), 1).verify(&text, now).is_ok());
        for tokens in [Tokens::new(&key(), 2), Tokens::new(&other_key(), 1)] {
            assert_eq!(tokens.verify(&text, now), Err(&errors::BAD_TOKEN));
        }
    }

    #[test]
    fn a_token_ends() {
        let (tokens, now) = (Tokens::new(&key(), 1), SystemTime::now());
        let text = tokens.mint(&Scope::main(), Access::Write, now, HOUR).unwrap();
        assert!(tokens.verify(&text, now + HOUR - Duration::from_secs(1)).is_ok());
        assert_eq!(
            tokens.verify(&text, now + HOUR + Duration::from_secs(1)),
            Err(&errors::EXPIRED_TOKEN)
        );
    }

    #[test]
    fn a_pull_request_cannot_make_its_token_one_of_main() {
        let (tokens, now) = (Tokens::new(&key(), 1), SystemTime::now());
        let text = tokens
            .mint(&Scope::parse("pr-1").unwrap(), Access::Read, now, HOUR)
            .unwrap();
        for forged in [
            text.replace("pr-1", "main"),
            text.replace(".ro.", ".rw."),
            text.replace("krc1", "krc2"),
        ] {
            assert_eq!(tokens.verify(&forged, now), Err(&errors::BAD_TOKEN), "{forged}");
        }
    }

    proptest! {
        #[test]
        fn a_token_with_one_character_changed_is_none(at in 0usize..120, with in "[!-~]") {
            let (tokens, now) = (Tokens::new(&key(), 1), SystemTime::now());
            let text = tokens.mint(&Scope::parse("pr-12").unwrap(), Access::Write, now, HOUR).unwrap();
            let at = at % text.len();
            let mut changed = text.clone();
            changed.replace_range(at..=at, &with);
            // Digits of the signature may change case: that is the same signature.
            prop_assume!(!changed.eq_ignore_ascii_case(&text) || (changed != text && at < text.len() - 64));
            prop_assert!(tokens.verify(&changed, now).is_err());
        }

        #[test]
        fn any_text_is_looked_at_without_harm(text in ".{0,300}") {
            prop_assert!(Tokens::new(&key(), 1).verify(&text, SystemTime::now()).is_err());
        }
    }
}
