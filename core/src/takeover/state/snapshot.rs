//! Snapshots: the file format of the state that survives a restart, a header and sections, each with its checksum.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `BZAT` |
//! | 2 | version of the format, little-endian like all that follows |
//! | 8 | when it was written, in milliseconds since the epoch |
//! | 16 | the key of the hashes in it, so a snapshot is a secret |
//! | 4 | CRC-32C of the header so far |
//! | then, for each section: 4 | its name |
//! | 8 | its length |
//! | 4 | CRC-32C of the name, the length and the content |
//! | | the content |
//!
//! The last section is empty and named `end.`. Sections with unknown names are skipped. A checksum detects damage,
//! not forgery: whoever can write the file can decide who is blocked.

use crc::{CRC_32_ISCSI, Crc};

/// The version this code writes, and the latest it reads.
pub const VERSION: u16 = 1;
const MAGIC: [u8; 4] = *b"BZAT";
const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// The error for bytes that are not a snapshot.
pub const FOREIGN: &str = "this is no snapshot of account-takeover detection";
/// The error for a snapshot in a newer format.
pub const NEWER: &str = "the snapshot was written by a newer version";
/// The error for a truncated snapshot.
pub const CUT: &str = "the snapshot ends too early";
/// The error for a snapshot with a wrong checksum.
pub const DAMAGED: &str = "the snapshot is damaged: a checksum does not fit";

/// The name of a section.
pub type Name = [u8; 4];
const END: Name = *b"end.";

/// The content of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The time of writing, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// The key of the hashes in the snapshot.
    pub key: [u64; 2],
}

/// Writes the header.
pub fn start(header: Header, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend(MAGIC);
    out.extend(VERSION.to_le_bytes());
    out.extend(header.created_ms.to_le_bytes());
    header.key.iter().for_each(|half| out.extend(half.to_le_bytes()));
    let checksum = CHECKSUM.checksum(&out[start..]);
    out.extend(checksum.to_le_bytes());
}

/// Appends a section; `write` appends its content.
pub fn section(name: Name, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend(name);
    out.extend([0; 12]);
    write(out);
    let length = (out.len() - start - 16) as u64;
    out[start + 4..start + 12].copy_from_slice(&length.to_le_bytes());
    let checksum = checksum_of(&out[start..start + 12], &out[start + 16..]);
    out[start + 12..start + 16].copy_from_slice(&checksum.to_le_bytes());
}

/// Writes the last section.
pub fn finish(out: &mut Vec<u8>) {
    section(END, out, |_| {});
}

/// The sections of a snapshot, in their order.
pub type Sections<'a> = Vec<(Name, Fields<'a>)>;

/// Reads a snapshot, after checking all of its checksums.
pub fn read(bytes: &[u8]) -> Result<(Header, Sections<'_>), &'static str> {
    let mut fields = Fields(bytes);
    if fields.array::<4>() != Ok(MAGIC) {
        return Err(FOREIGN);
    }
    if fields.u16()? > VERSION {
        return Err(NEWER);
    }
    let header = Header { created_ms: fields.u64()?, key: [fields.u64()?, fields.u64()?] };
    let read = bytes.len() - fields.0.len();
    if fields.u32()? != CHECKSUM.checksum(&bytes[..read]) {
        return Err(DAMAGED);
    }
    let mut sections = Vec::new();
    while !fields.0.is_empty() {
        let head = fields.bytes(12)?;
        let (name, length) = (Fields(head).array()?, Fields(&head[4..]).u64()?);
        let checksum = fields.u32()?;
        let content = fields.bytes(length)?;
        if checksum_of(head, content) != checksum {
            return Err(DAMAGED);
        }
        sections.push((name, Fields(content)));
    }
    match sections.pop() {
        Some((END, _)) => Ok((header, sections)),
        _ => Err(CUT),
    }
}

fn checksum_of(head: &[u8], content: &[u8]) -> u32 {
    let mut digest = CHECKSUM.digest();
    digest.update(head);
    digest.update(content);
    digest.finalize()
}

/// A reader of a section's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// Reads `count` bytes.
    pub fn bytes(&mut self, count: u64) -> Result<&'a [u8], &'static str> {
        let count = usize::try_from(count).map_err(|_| CUT)?;
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(CUT)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Reads a fixed number of bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(CUT)?;
        self.0 = rest;
        Ok(*bytes)
    }

    /// Reads a little-endian number.
    pub fn u16(&mut self) -> Result<u16, &'static str> {
        self.array().map(u16::from_le_bytes)
    }

    /// Reads a little-endian number.
    pub fn u32(&mut self) -> Result<u32, &'static str> {
        self.array().map(u32::from_le_bytes)
    }

    /// Reads a little-endian number.
    pub fn u64(&mut self) -> Result<u64, &'static str> {
        self.array().map(u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header { created_ms: 1_764_064_920_123, key: [1, u64::MAX] };

    fn snapshot() -> Vec<u8> {
        let mut out = Vec::new();
        start(HEADER, &mut out);
        section(*b"one ", &mut out, |out| out.extend([1, 2, 3]));
        section(*b"none", &mut out, |_| {});
        finish(&mut out);
        out
    }

    #[test]
    fn snapshots_are_read_as_written() {
        let bytes = snapshot();
        let (header, sections) = read(&bytes).unwrap();
        assert_eq!(header, HEADER);
        assert_eq!(sections, [(*b"one ", Fields(&[1, 2, 3])), (*b"none", Fields(&[]))]);
    }

    #[test]
    fn damage_is_detected() {
        let bytes = snapshot();
        for nth in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[nth] ^= 1 << bit;
                assert!(read(&damaged).is_err(), "byte {nth}, bit {bit}");
            }
        }
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn foreign_and_newer_snapshots_are_refused() {
        assert_eq!(read(b""), Err(FOREIGN));
        assert_eq!(read(b"PK\x03\x04 and so on"), Err(FOREIGN));
        let mut newer = snapshot();
        newer[4] += 1;
        assert_eq!(read(&newer), Err(NEWER));
        assert_eq!(read(&snapshot()[..20]), Err(CUT));
    }
}
