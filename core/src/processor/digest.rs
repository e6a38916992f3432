//! The eight hex digits that represent a part of the request in a fingerprint.
//!
//! A fingerprint field is the start of a SHA-256 over text that is first lower-cased, escaped and joined. Building that
//! text would cost an allocation per key, so it is joined and folded in the blocks of the hash.

use crate::support::Expired;
use crate::support::{Deadline, words};
use sha2::block_api::compress256;

/// Bytes of a SHA-256 block.
const BLOCK: usize = 64;
/// The offset of the length in the last block.
const LENGTH_AT: usize = BLOCK - 8;
/// The initial state of SHA-256 (FIPS 180-4, 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
/// Bytes hashed between two checks of the deadline.
const STRIDE: usize = 4096;
/// The cost of that, in units of [`Deadline::spend`].
const STRIDE_UNITS: u32 = 128;

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

/// How bytes are transformed before they are hashed.
#[derive(Clone, Copy)]
pub(super) enum Folding {
    /// Lower-cased.
    Lower,
    /// Lower-cased, with `,` escaped as `\,`.
    Key,
    /// Unchanged, with `,` escaped as `\,`.
    Value,
    /// Lower-cased, with `_` as `-`.
    HeaderName,
}

impl Folding {
    /// Folds a block. Separators and escapes in it are not affected.
    #[inline]
    fn fold(self, block: &mut [u8; BLOCK]) {
        match self {
            Folding::Lower | Folding::Key => block.make_ascii_lowercase(),
            Folding::HeaderName => block.iter_mut().for_each(|byte| *byte = header_name_byte(*byte)),
            Folding::Value => {}
        }
    }

    fn escapes(self) -> bool {
        matches!(self, Folding::Key | Folding::Value)
    }
}

/// A SHA-256 in progress.
pub(super) struct Digest {
    folding: Folding,
    state: [u32; 8],
    block: [u8; BLOCK],
    /// The number of bytes so far; those since the last multiple of a block are in `block`, not folded yet.
    length: usize,
}

impl Digest {
    pub(super) fn new(folding: Folding) -> Self {
        Digest { folding, state: INITIAL, block: [0; BLOCK], length: 0 }
    }

    /// Adds a comma between two parts.
    #[inline]
    pub(super) fn separate(&mut self) {
        self.push(b',');
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        self.block[self.length % BLOCK] = byte;
        self.length += 1;
        if self.length.is_multiple_of(BLOCK) {
            self.folding.fold(&mut self.block);
            self.compress();
        }
    }

    /// Adds bytes, which will be folded.
    pub(super) fn extend(&mut self, bytes: &[u8], deadline: &mut Deadline) -> Result<(), Expired> {
        for (index, stride) in bytes.chunks(STRIDE).enumerate() {
            if index > 0 {
                deadline.try_spend(STRIDE_UNITS)?;
            }
            if self.folding.escapes() {
                self.append_escaped(stride);
            } else {
                self.append(stride);
            }
        }
        Ok(())
    }

    #[inline]
    fn append(&mut self, mut bytes: &[u8]) {
        let (at, length) = (self.length % BLOCK, bytes.len());
        // Most are short, and a call to memcpy is costly. Bytes written beyond the length will be overwritten.
        if length <= 16
            && at + length < BLOCK
            && let Some(room) = self.block.get_mut(at..at + 16)
        {
            room[..8].copy_from_slice(&words::first(bytes).to_le_bytes());
            if let Some(last) = bytes.last_chunk::<8>() {
                room[length - 8..length].copy_from_slice(last);
            }
            self.length += length;
            return;
        }
        while !bytes.is_empty() {
            let room = &mut self.block[self.length % BLOCK..];
            let (now, later) = bytes.split_at(bytes.len().min(room.len()));
            room[..now.len()].copy_from_slice(now);
            self.length += now.len();
            if self.length.is_multiple_of(BLOCK) {
                self.folding.fold(&mut self.block);
                self.compress();
            }
            bytes = later;
        }
    }

    fn append_escaped(&mut self, mut bytes: &[u8]) {
        if !words::hold(bytes, b',') {
            return self.append(bytes);
        }
        while let Some(comma) = memchr::memchr(b',', bytes) {
            self.append(&bytes[..comma]);
            self.push(b'\\');
            self.push(b',');
            bytes = &bytes[comma + 1..];
        }
        self.append(bytes);
    }

    fn compress(&mut self) {
        compress256(&mut self.state, std::slice::from_ref(&self.block));
    }

    /// The first eight hex digits.
    pub(super) fn finish(mut self) -> Field {
        let bits = (self.length as u64).wrapping_mul(8);
        self.folding.fold(&mut self.block);
        let (_, rest) = self.block.split_at_mut(self.length % BLOCK);
        rest.fill(0);
        // A block is never left full, so there is room for the end mark.
        rest[0] = 0x80;
        if rest.len() <= BLOCK - LENGTH_AT {
            self.compress();
            self.block = [0; BLOCK];
        }
        self.block[LENGTH_AT..].copy_from_slice(&bits.to_be_bytes());
        self.compress();

        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 8];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.state[0].to_be_bytes()) {
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

/// The field of one scalar string: empty for an empty one, else the hash of its lower-case form.
pub(super) fn scalar_field(text: &[u8], deadline: &mut Deadline) -> Result<Field, Expired> {
    if text.is_empty() {
        return Ok(Field::EMPTY);
    }
    let mut digest = Digest::new(Folding::Lower);
    digest.extend(text, deadline)?;
    Ok(digest.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8], folding: Folding) -> String {
        let mut digest = Digest::new(folding);
        assert!(digest.extend(text, &mut Deadline::unlimited()).is_ok());
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
    fn every_length_agrees_with_the_library() {
        use sha2::Digest as _;
        for length in (0..200).chain([3 * STRIDE + 17]) {
            let text = vec![b'x'; length];
            let sum = sha2::Sha256::digest(&text);
            let expected = format!("{:02x}{:02x}{:02x}{:02x}", sum[0], sum[1], sum[2], sum[3]);
            assert_eq!(of(&text, Folding::Key), expected, "{length}");
        }
    }

    #[test]
    fn commas_are_escaped_and_case_folded_as_asked() {
        for (text, folding, plain) in [
            (&b",A,,b,"[..], Folding::Key, &br"\,a\,\,b\,"[..]),
            (b"A,b", Folding::Value, br"A\,b"),
            (b"A,_b", Folding::HeaderName, b"a,-b"),
            (b"A,_b", Folding::Lower, b"a,_b"),
        ] {
            let mut digest = Digest::new(Folding::Value);
            plain.iter().for_each(|&byte| digest.push(byte));
            assert_eq!(of(text, folding).as_bytes(), digest.finish().as_bytes(), "{}", text.escape_ascii());
        }
    }
}
