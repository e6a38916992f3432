//! Content transfer encodings, which a few frameworks still undo.

use crate::http::inbound::percent;
use base64::Engine;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

/// The encodings that honest senders name.
pub const ENCODINGS: [&[u8]; 5] = [b"7bit", b"8bit", b"binary", b"base64", b"quoted-printable"];

/// The content without its encoding, if it has one.
pub fn decode(encoding: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    match encoding {
        b"base64" => {
            let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
            let mut digits: Vec<u8> = content.iter().copied().filter(is_digit).collect();
            // A digit alone is no byte.
            digits.truncate(digits.len() - usize::from(digits.len() % 4 == 1));
            GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT).decode(digits).ok()
        }
        b"quoted-printable" => Some(quoted_printable(content)),
        _ => None,
    }
}

fn quoted_printable(content: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = memchr::memchr(b'=', rest) {
        text.extend_from_slice(&rest[..at]);
        rest = match &rest[at + 1..] {
            [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] => after,
            [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                text.extend_from_slice(&percent::decode(&[b'%', *high, *low], false));
                after
            }
            after => {
                text.push(b'=');
                after
            }
        };
    }
    text.extend_from_slice(rest);
    text
}
