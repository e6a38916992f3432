//! A gzip member (RFC 1952) around a deflate stream, the form of schemas in a tag.

use crc::{CRC_32_ISO_HDLC, Crc};

const CRC32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Compresses bytes.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]; // deflate, no name, no time, unknown system
    const LEVEL: u8 = 6;
    let mut member = HEADER.to_vec();
    member.append(&mut miniz_oxide::deflate::compress_to_vec(bytes, LEVEL));
    member.extend_from_slice(&CRC32.checksum(bytes).to_le_bytes());
    member.extend_from_slice(&(bytes.len() as u32).to_le_bytes()); // the length modulo 2^32, as the format says
    member
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_decompresses_to_its_input() {
        let text = b"[{\"a\":[8]}]".repeat(50);
        let member = gzip(&text);
        let deflated = &member[10..member.len() - 8];
        assert_eq!(miniz_oxide::inflate::decompress_to_vec(deflated).unwrap(), text);
    }
}
