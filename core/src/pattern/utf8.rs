//! How the dialect reads text that may not be well-formed UTF-8.
//!
//! A one-character construct accepts, by its set of code points:
//!
//! - its ASCII members as single bytes;
//! - if it holds everything above ASCII, the *loose* forms: any lead byte with as many continuation bytes as it announces,
//!   overlong forms, surrogates and values too large included, but no lone byte;
//! - otherwise the exact encodings of its other members, surrogates included.

/// The first code point above ASCII.
pub(super) const LOOSE_FROM: u32 = 0x80;

/// The bytes that continue a sequence.
pub(super) const CONTINUATION: (u8, u8) = (0x80, 0xBF);

/// The lead bytes of loose forms, and how many bytes follow each.
pub(super) const LEADS: [((u8, u8), usize); 3] = [((0xC2, 0xDF), 1), ((0xE0, 0xEF), 2), ((0xF0, 0xF4), 3)];

/// Code points that are no characters.
pub(super) const SURROGATES: (u32, u32) = (0xD800, 0xDFFF);
