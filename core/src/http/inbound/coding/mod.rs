//! Content codings: gzip, deflate, Brotli and Zstandard, decompressed within bounds.
//!
//! A few kilobytes may decompress to gigabytes, so the result is limited, both in itself and relative to the compressed
//! size. What a decoder cannot read is not thrown away: the rest of its input is judged as it is.
//!
//! `miniz_oxide`, which the engine compresses schemas with, reads deflate; the header of gzip is a few fields, which are
//! read here, as `flate2` would refuse damaged ones. `brotli-decompressor` and `ruzstd` are the decoders in safe Rust.

mod inflate;
mod piece;

use brotli_decompressor::Decompressor;
use piece::{DAMAGED, Piece, drain};
use ruzstd::decoding::StreamingDecoder;
use std::borrow::Cow;

/// The most codings of one body that are undone.
const MOST_CODINGS: usize = 4;
/// How many times its compressed size a body may have.
const RATIO: usize = 100;
/// A decompressed body of this size is always read.
const SMALL: usize = 64 << 10;
/// The window of Zstandard and thus the memory for it; senders may ask for any.
const LARGEST_WINDOW: u64 = 8 << 20;

/// A body without its codings.
pub struct Decoded<'a> {
    /// The decompressed bytes.
    pub body: Cow<'a, [u8]>,
    /// What could not be decompressed.
    pub rest: Vec<u8>,
    /// Why not everything was decompressed.
    pub fault: Option<&'static str>,
}

/// Undoes the codings that `Content-Encoding` lists, the last one first.
pub fn decode<'a>(body: &'a [u8], header: &[u8], most: usize) -> Decoded<'a> {
    let mut decoded = Decoded { body: Cow::Borrowed(body), rest: Vec::new(), fault: None };
    let codings = header.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty());
    let codings: Vec<_> = codings.map(<[u8]>::to_ascii_lowercase).collect();
    for (nth, coding) in codings.iter().rev().enumerate() {
        if coding == b"identity" {
            continue;
        }
        if nth >= MOST_CODINGS {
            decoded.fault.get_or_insert("too many content codings");
            break;
        }
        let input = &*decoded.body;
        let room = most.min(input.len().saturating_mul(RATIO).max(SMALL));
        let Some(Piece { out, read, fault }) = one(coding, input, room) else {
            decoded.fault.get_or_insert("an unknown content coding");
            break;
        };
        if fault == Some(DAMAGED) && (out.is_empty() || std::str::from_utf8(input).is_ok()) {
            // It is not compressed at all: it is read as it is, and what a decoder made of it is judged, too.
            decoded.fault.get_or_insert(DAMAGED);
            decoded.rest.extend_from_slice(&out);
            break;
        }
        if fault.is_some() {
            decoded.rest.extend_from_slice(&input[read.min(input.len())..]);
        }
        decoded.fault = decoded.fault.or(fault);
        decoded.body = Cow::Owned(out);
    }
    decoded
}

/// Undoes one coding; none if it is unknown.
fn one(coding: &[u8], input: &[u8], room: usize) -> Option<Piece> {
    Some(match coding {
        b"gzip" | b"x-gzip" => inflate::gzip(input, room),
        b"deflate" | b"x-deflate" => inflate::deflate(input, room),
        b"br" => {
            let mut source = input;
            let mut decoder = Decompressor::new(&mut source, 4096);
            // The window grows with what is decompressed; a few bytes may ask for 16 MiB.
            decoder.set_initial_ring_buffer_size(SMALL as u32);
            let piece = drain(&mut decoder, room);
            drop(decoder);
            Piece { read: input.len() - source.len(), ..piece }
        }
        b"zstd" | b"x-zstd" => zstd(input, room),
        _ => return None,
    })
}

/// The frames of Zstandard; those of other content are passed over, as its format says.
fn zstd(input: &[u8], room: usize) -> Piece {
    let mut piece = Piece { out: Vec::new(), read: 0, fault: None };
    while piece.fault.is_none() && piece.read < input.len() {
        let rest = &input[piece.read..];
        if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, after @ ..] = rest {
            let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
            piece.read += 8 + length.min(after.len());
            continue;
        }
        let mut source = rest;
        let frame = match StreamingDecoder::new_with_max_window_size(&mut source, LARGEST_WINDOW) {
            Ok(mut frame) => drain(&mut frame, room - piece.out.len()),
            Err(_) => Piece { out: Vec::new(), read: 0, fault: Some(DAMAGED) },
        };
        // A decoder that fails has read some of what it did not understand.
        if frame.fault.is_none() || !frame.out.is_empty() {
            piece.read += rest.len() - source.len();
        }
        piece.out.extend_from_slice(&frame.out);
        piece.fault = frame.fault;
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::piece::BOMB;
    use super::*;

    fn hex(digits: &str) -> Vec<u8> {
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")).collect()
    }

    /// `an attack ` twenty times, compressed by the reference implementations.
    const CODED: [(&str, &str); 5] = [
        ("gzip", "1f8b08000000000002034bcc53482c29494cce56481cd22c00a8362a4cc8000000"),
        ("deflate", "78da4bcc53482c29494cce56481cd22c00bee9468d"),
        ("deflate", "4bcc53482c29494cce56481cd22c00"),
        ("br", "1bc700f88d94aec6521d06b24637c7dce842c050005cf92c"),
        ("zstd", "28b52ffd04588d000050616e2061747461636b200100bb5205092cf50abf"),
    ];

    #[test]
    fn what_others_compressed_is_read() {
        let text = "an attack ".repeat(20);
        for (coding, digits) in CODED {
            let coded = hex(digits);
            let decoded = decode(&coded, coding.as_bytes(), 1 << 20);
            assert_eq!((&*decoded.body, decoded.fault), (text.as_bytes(), None), "{coding}");
            // Without its end, or damaged in the middle, what was read is there, and the rest as it is.
            for damage in [&coded[..coded.len() - 3], &[&coded[..coded.len() - 3], b"an attack"].concat()] {
                let decoded = decode(damage, coding.as_bytes(), 1 << 20);
                let all = [&*decoded.body, &decoded.rest].concat();
                let (length, is_there) = (all.len(), memchr::memmem::find(&all, b"an attack").is_some());
                let nothing_but_coded = &*decoded.body == damage;
                assert!(decoded.fault.is_some() && (is_there || nothing_but_coded), "{coding} {length}");
            }
        }
    }

    #[test]
    fn codings_are_undone_from_the_last_to_the_first() {
        let twice = inflate::tests::gzip(&inflate::tests::gzip(b"text"));
        let decoded = decode(&twice, b"gzip, GZIP", 1 << 20);
        assert_eq!((&*decoded.body, decoded.fault), (&b"text"[..], None));
        let decoded = decode(&twice, b"gzip,gzip,gzip,gzip,gzip", 1 << 20);
        assert!(decoded.fault.is_some());
    }

    #[test]
    fn bombs_end_early() {
        let bomb = inflate::tests::gzip(&vec![b'a'; 10 << 20]);
        let decoded = decode(&bomb, b"gzip", 4 << 20);
        assert_eq!((decoded.body.len(), decoded.fault), (RATIO * bomb.len(), Some(BOMB)));
        let twice = inflate::tests::gzip(&bomb);
        assert!(decode(&twice, b"gzip, gzip", 4 << 20).body.len() <= 4 << 20);
        let many = inflate::tests::gzip(b"").repeat(10_000);
        assert_eq!(decode(&many, b"gzip", 4 << 20).fault, None);
    }

    #[test]
    fn bytes_that_are_no_compression_are_read_as_they_are() {
        for coding in ["gzip", "br", "zstd", "deflate", "compress", "gzip, gzip", "x"] {
            let decoded = decode(b"{\"a\": \"attack\"}", coding.as_bytes(), 1 << 20);
            assert!(decoded.fault.is_some() && decoded.body.ends_with(b"\"attack\"}"), "{coding}");
        }
        let decoded = decode(b"x", b" identity , ", 1 << 20);
        assert_eq!((&*decoded.body, decoded.fault), (&b"x"[..], None));
    }
}
