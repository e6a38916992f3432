//! How the dialect reads text that may not be well-formed UTF-8.
//!
//! A one-character construct accepts, according to its set of code points:
//!
//! - its ASCII members as single bytes;
//! - if it contains everything above ASCII, the *loose* forms: any lead byte with as many continuation bytes as it
//!   announces, including overlong forms, surrogates and values that are too large, but no lone byte;
//! - otherwise the exact encodings of its other members, surrogates included.

/// The first code point above ASCII.
pub(super) const LOOSE_FROM: u32 = 0x80;

/// The bytes that continue a sequence.
pub(super) const CONTINUATION: (u8, u8) = (0x80, 0xBF);

/// The lead bytes of loose forms, and how many bytes follow each.
pub(super) const LEADS: [((u8, u8), usize); 3] = [((0xC2, 0xDF), 1), ((0xE0, 0xEF), 2), ((0xF0, 0xF4), 3)];

/// The code points that are surrogates.
pub(super) const SURROGATES: (u32, u32) = (0xD800, 0xDFFF);
