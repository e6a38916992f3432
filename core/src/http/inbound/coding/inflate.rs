//! Deflate (RFC 1951), alone, with the header of zlib (RFC 1950), and in members of gzip (RFC 1952).
//!
//! Checksums are not compared: a damaged body is the application's matter, and was judged.

use super::piece::{BOMB, DAMAGED, Piece};
use miniz_oxide::inflate::stream::{InflateState, MinReset, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

/// All members of a gzip file.
pub fn gzip(input: &[u8], room: usize) -> Piece {
    const TRAILER: usize = 8;
    let mut piece = Piece { out: Vec::new(), read: 0, fault: None };
    let mut decoder = Decoder::new(DataFormat::Raw);
    while piece.fault.is_none() && piece.read < input.len() {
        let rest = &input[piece.read..];
        let Some(header) = header_length(rest) else {
            piece.fault = Some(DAMAGED);
            break;
        };
        let member = decoder.read(&rest[header..], room - piece.out.len());
        piece.out.extend_from_slice(&member.out);
        piece.read += header + member.read;
        piece.fault = member.fault;
        if piece.fault.is_none() {
            let after = input.len() - piece.read;
            piece.fault = (after < TRAILER).then_some(DAMAGED);
            piece.read += after.min(TRAILER);
        }
    }
    piece
}

/// What HTTP calls deflate: the format of zlib, or what clients sent that took the name literally.
pub fn deflate(input: &[u8], room: usize) -> Piece {
    let piece = Decoder::new(DataFormat::Zlib).read(input, room);
    match piece.fault {
        Some(DAMAGED) if piece.out.is_empty() => Decoder::new(DataFormat::Raw).read(input, room),
        _ => piece,
    }
}

/// The memory of a decoder, which members of a few bytes share: to fill it anew for each costs thousands of times them.
struct Decoder {
    state: Box<InflateState>,
    buffer: Box<[u8]>,
}

impl Decoder {
    fn new(format: DataFormat) -> Self {
        Self { state: InflateState::new_boxed(format), buffer: vec![0; 16 << 10].into() }
    }

    /// Decompresses one stream from its beginning.
    fn read(&mut self, input: &[u8], room: usize) -> Piece {
        self.state.reset_as(MinReset);
        let mut piece = Piece { out: Vec::new(), read: 0, fault: None };
        loop {
            let result = inflate(&mut self.state, &input[piece.read..], &mut self.buffer, MZFlush::None);
            piece.read += result.bytes_consumed;
            let fits = result.bytes_written.min(room - piece.out.len());
            piece.out.extend_from_slice(&self.buffer[..fits]);
            match result.status {
                _ if piece.out.len() == room => piece.fault = Some(BOMB),
                Ok(MZStatus::StreamEnd) => {}
                Ok(_) | Err(MZError::Buf) if result.bytes_consumed > 0 || result.bytes_written > 0 => continue,
                _ => piece.fault = Some(DAMAGED),
            }
            return piece;
        }
    }
}

/// The length of the header that a member starts with.
fn header_length(member: &[u8]) -> Option<usize> {
    const FIXED: usize = 10;
    let [0x1f, 0x8b, 8, flags, ..] = *member else { return None };
    let mut length = FIXED;
    if flags & 4 != 0 {
        let size = member.get(length..length + 2)?;
        length += 2 + usize::from(u16::from_le_bytes([size[0], size[1]]));
    }
    // The name and the comment end with a zero byte.
    for flag in [8, 16] {
        if flags & flag != 0 {
            length += member.get(length..)?.iter().position(|byte| *byte == 0)? + 1;
        }
    }
    length += if flags & 2 != 0 { 2 } else { 0 };
    (length <= member.len()).then_some(length)
}

#[cfg(test)]
pub mod tests {
    /// One member.
    pub fn gzip(bytes: &[u8]) -> Vec<u8> {
        crate::http::gzip::gzip(bytes)
    }

    #[test]
    fn headers_with_every_field() {
        let plain = gzip(b"text");
        let mut full = plain[..10].to_vec();
        full[3] = 4 | 8 | 16 | 2;
        full.extend(b"\x03\0abcname\0comment\0\x12\x34");
        full.extend(&plain[10..]);
        let piece = super::gzip(&full, 1 << 10);
        assert_eq!((&*piece.out, piece.read, piece.fault), (&b"text"[..], full.len(), None));
        for length in 0..full.len() {
            assert!(super::gzip(&full[..length], 1 << 10).fault.is_some() || length == 0, "{length}");
        }
    }
}
