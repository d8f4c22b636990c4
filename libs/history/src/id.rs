//! Names of operations.

use std::fmt;
use std::time::SystemTime;

use ulid::Ulid;

/// The name of an operation: a [ULID](https://github.com/ulid/spec). Its order is a help for the eye only; the order of
/// operations is by parent.
///
/// ```
/// use krepis_history::OperationId;
/// let id = OperationId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
/// assert_eq!(id.to_string(), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
/// assert!(OperationId::parse("latest").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(Ulid);

impl OperationId {
    /// Reads the 26 characters of a ULID, in upper case.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Ulid::from_string(text).ok()?;
        (id.to_string() == text).then_some(Self(id))
    }

    /// When it was given, in milliseconds since 1970-01-01 UTC, by the clock of that moment (or later, where the clock had
    /// gone back).
    pub fn time_ms(self) -> u64 {
        self.0.timestamp_ms()
    }

    /// A name of that time.
    #[cfg(test)]
    pub(crate) fn at(time_ms: u64) -> Self {
        Self(Ulid::from_parts(time_ms, 0))
    }

    pub(crate) fn ulid(self) -> Ulid {
        self.0
    }

    /// The 16 bytes of the ULID.
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0.to_bytes()
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Ulid::from_bytes(bytes))
    }

    /// A new name, greater than `last` even if the clock went back or stands still.
    pub(crate) fn after(last: Option<Self>) -> Self {
        let id = Ulid::from_datetime(SystemTime::now());
        Self(match last {
            // The random part of `last` may be all ones: then the next millisecond.
            Some(Self(last)) if id <= last => last
                .increment()
                .unwrap_or_else(|| Ulid::from_parts(last.timestamp_ms() + 1, 0)),
            _ => id,
        })
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_id_is_greater_than_the_last_even_when_the_clock_is_behind() {
        let future = OperationId(Ulid::from_parts(1 << 47, u128::MAX >> 48));
        let next = OperationId::after(Some(future));
        assert!(next > future);
        assert!(OperationId::after(Some(next)) > next);
    }

    #[test]
    fn lower_case_is_not_an_id() {
        assert_eq!(OperationId::parse("01arz3ndektsv4rrffq69g5fav"), None);
    }
}
