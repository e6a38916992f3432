//! Pseudonyms for user identifiers, stable within and across services.
//!
//! Tracers that already write them fix the form: a prefix and the leading 128 bits of SHA-256 over the identifier's
//! text. There is no salt, as two services must produce the same pseudonym, and a denylist of pseudonyms must keep
//! matching. The price is that a short identifier can be guessed by hashing candidates: pseudonyms hide ids from
//! readers of reports, not from a determined attacker.

use sha2::{Digest, Sha256};

const MARKER: &str = "anon_";
const DIGEST_BYTES: usize = 16;

/// The pseudonym of an identifier: `anon_` and 32 lower-case hexadecimal digits.
///
/// Callers must filter out missing identifiers: the hash of an empty text is nobody's pseudonym.
pub fn anonymize(identifier: &str) -> String {
    let digest = Sha256::digest(identifier.as_bytes());
    let mut pseudonym = String::with_capacity(MARKER.len() + 2 * DIGEST_BYTES);
    pseudonym.push_str(MARKER);
    for byte in digest.iter().take(DIGEST_BYTES) {
        for nibble in [byte >> 4, byte & 0xf] {
            pseudonym.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    pseudonym
}

#[cfg(test)]
mod tests {
    use super::anonymize;

    #[test]
    fn a_pseudonym_is_hashed_again_when_given_again() {
        assert_eq!(anonymize("test"), "anon_9f86d081884c7d659a2feaa0c55ad015");
        assert_eq!(anonymize("anon_9f86d081884c7d659a2feaa0c55ad015"), "anon_04db4dcb4be99893d850be2b11a53a9d");
    }
}
