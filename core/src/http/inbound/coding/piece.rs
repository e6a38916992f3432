//! What one decoder made of its input, and why it stopped.

use std::io::Read;

pub const DAMAGED: &str = "it cannot be decompressed";
pub const BOMB: &str = "it decompresses to too much";

/// The result of one decoder.
pub struct Piece {
    pub out: Vec<u8>,
    /// How many bytes of the input were read.
    pub read: usize,
    pub fault: Option<&'static str>,
}

/// Reads a decoder to its end, or up to `room` bytes.
pub fn drain(decoder: &mut impl Read, room: usize) -> Piece {
    let mut out = Vec::new();
    let mut buffer = [0; 16 << 10];
    let fault = loop {
        match decoder.read(&mut buffer) {
            Ok(0) => break None,
            Ok(length) => {
                out.extend_from_slice(&buffer[..length.min(room - out.len())]);
                if out.len() == room {
                    break Some(BOMB);
                }
            }
            Err(_) => break Some(DAMAGED),
        }
    };
    Piece { out, read: 0, fault }
}
