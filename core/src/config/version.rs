//! Engine versions: `min_version` and `max_version` of rules, and the schema version of a document.

use crate::fields::refusal::{Refusal, concat};

/// The version of libddwaf whose behaviour this engine implements: `min_version` and `max_version` of rules are
/// compared with it, and the C library reports it.
pub const ENGINE_VERSION: &str = "2.1.0";

/// A `MAJOR.MINOR.PATCH` version as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u32);

impl Version {
    /// The lowest version.
    pub const MIN: Version = Version(0);
    /// The highest version.
    pub const MAX: Version = Version(999_999_999);

    /// Each part 1 to 3 digits; anything after a `-` is ignored.
    pub fn parse(text: &[u8]) -> Result<Version, Refusal> {
        let mut parts = text.splitn(3, |b| *b == b'.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Refusal::error("invalid version syntax"));
        };
        let patch = rest.split(|b| *b == b'-').next().unwrap_or_default();
        let number = |name: &str, part: &[u8]| {
            let digits = (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
            let invalid = || Refusal::error(concat(&[b"invalid ", name.as_bytes(), b" version: ", part]));
            digits.then(|| part.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'))).ok_or_else(invalid)
        };
        Ok(Version(number("major", major)? * 1_000_000 + number("minor", minor)? * 1000 + number("patch", patch)?))
    }

    /// The version that rules are compared with.
    pub fn of_engine() -> Version {
        Self::parse(ENGINE_VERSION.as_bytes()).unwrap_or(Version::MIN)
    }
}

/// The major number of a schema version: the digits before the first dot, whatever follows.
pub fn schema_major(text: &[u8]) -> Option<u32> {
    let dot = text.iter().position(|b| *b == b'.')?;
    let digits = text[..dot].iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&text[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_and_refuse() {
        let parse = |s: &str| Version::parse(s.as_bytes()).map_err(|r| String::from_utf8(r.text).unwrap());
        assert!(parse("2.1.0").unwrap() < parse("2.1.1").unwrap());
        assert_eq!(parse("2.1.0-beta").unwrap(), parse("2.1.0").unwrap());
        let errors = [
            ("2.1", "invalid version syntax"),
            ("1000.0.0", "invalid major version: 1000"),
            ("2.x.0", "invalid minor version: x"),
            ("2.1.0.1", "invalid patch version: 0.1"),
        ];
        for (text, error) in errors {
            assert_eq!(parse(text), Err(error.into()));
        }
    }

    #[test]
    fn schema_versions_are_lenient_after_the_digits() {
        for text in ["2.1", "2.", "2.x", "02.1", "2x.1", "2.1.0"] {
            assert_eq!(schema_major(text.as_bytes()), Some(2), "{text}");
        }
        for text in ["2", ".1", "a.b", "-1.0", "+2.0", " 2.0", "99999999999.0", ""] {
            assert_eq!(schema_major(text.as_bytes()), None, "{text}");
        }
    }
}
