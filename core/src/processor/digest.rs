//! The eight hex digits that stand for a piece of the request in a fingerprint.
//!
//! A fingerprint field is the start of a SHA-256 over text that is lower-cased, escaped and joined first. Building that
//! text would cost an allocation per key, so it is folded byte by byte into a small buffer and handed to the hash from
//! there.

use super::{Expired, check};
use crate::support::Deadline;
use sha2::{Digest as _, Sha256};

/// Bytes collected before the hash sees them: a few SHA-256 blocks.
const BUFFER: usize = 256;
/// Bytes folded between two looks at the deadline.
const STRIDE: usize = 4096;

/// A field of a fingerprint: empty, or the first eight hex digits of a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field(Option<[u8; 8]>);

impl Field {
    pub(super) const EMPTY: Field = Field(None);

    /// The text of the field.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |digits| digits)
    }
}

/// How bytes change on their way into a hash.
#[derive(Clone, Copy)]
pub(super) enum Folding {
    /// Lower-cased.
    Lower,
    /// Lower-cased, with `,` escaped as `\,`.
    Key,
    /// As it is, with `,` escaped as `\,`.
    Value,
    /// Lower-cased, with `_` as `-`.
    HeaderName,
}

/// A SHA-256 in progress.
pub(super) struct Digest {
    hash: Sha256,
    buffer: [u8; BUFFER],
    used: usize,
}

impl Digest {
    pub(super) fn new() -> Self {
        Digest { hash: Sha256::new(), buffer: [0; BUFFER], used: 0 }
    }

    /// Adds one byte as it is.
    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        if self.used == BUFFER {
            self.hash.update(self.buffer);
            self.used = 0;
        }
        self.buffer[self.used] = byte;
        self.used += 1;
    }

    /// Adds folded bytes.
    pub(super) fn extend(&mut self, bytes: &[u8], folding: Folding, deadline: &mut Deadline) -> Result<(), Expired> {
        for (index, stride) in bytes.chunks(STRIDE).enumerate() {
            if index > 0 {
                check(deadline)?;
            }
            match folding {
                Folding::Lower => stride.iter().for_each(|byte| self.push(byte.to_ascii_lowercase())),
                Folding::Key => stride.iter().for_each(|byte| self.push_escaped(byte.to_ascii_lowercase())),
                Folding::Value => stride.iter().for_each(|&byte| self.push_escaped(byte)),
                Folding::HeaderName => stride.iter().for_each(|&byte| self.push(header_name_byte(byte))),
            }
        }
        Ok(())
    }

    #[inline]
    fn push_escaped(&mut self, byte: u8) {
        if byte == b',' {
            self.push(b'\\');
        }
        self.push(byte);
    }

    /// The first eight hex digits.
    pub(super) fn finish(mut self) -> Field {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.hash.update(&self.buffer[..self.used]);
        let sum = self.hash.finalize();
        let mut digits = [0; 8];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(sum.iter()) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        Field(Some(digits))
    }
}

/// How header names are compared and hashed: ignoring case, with `_` and `-` the same.
#[inline]
pub(super) fn header_name_byte(byte: u8) -> u8 {
    if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() }
}

/// The field of one scalar string: empty if it is, else the hash of its lower-case form.
pub(super) fn scalar_field(text: &[u8], deadline: &mut Deadline) -> Result<Field, Expired> {
    if text.is_empty() {
        return Ok(Field::EMPTY);
    }
    let mut digest = Digest::new();
    digest.extend(text, Folding::Lower, deadline)?;
    Ok(digest.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8], folding: Folding) -> String {
        let mut digest = Digest::new();
        assert!(digest.extend(text, folding, &mut Deadline::unlimited()).is_ok());
        String::from_utf8_lossy(digest.finish().as_bytes()).into_owned()
    }

    #[test]
    fn known_hashes() {
        for (text, folding, expected) in [
            (&b""[..], Folding::Lower, "e3b0c442"),
            (b"/PATH/to/resource/", Folding::Lower, "729d56c3"),
            (b"Host", Folding::HeaderName, "4740ae63"),
            (b"X_Foo,x-foo", Folding::HeaderName, "af4b7168"),
            (b"v", Folding::Value, "4c94485e"),
            (b"K", Folding::Key, "8254c329"),
        ] {
            assert_eq!(of(text, folding), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn long_texts_cross_the_buffer() {
        let long = vec![b'x'; 3 * STRIDE + 17];
        let expected = Sha256::digest(&long);
        assert_eq!(
            of(&long, Folding::Key),
            format!("{:02x}{:02x}{:02x}{:02x}", expected[0], expected[1], expected[2], expected[3])
        );
    }
}
