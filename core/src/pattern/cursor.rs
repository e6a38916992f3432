//! Reading a pattern code point by code point.

use super::{PatternError, foreign};

/// A position in a pattern.
pub(super) struct Cursor<'p> {
    pub(super) pattern: &'p [u8],
    pub(super) at: usize,
}

impl<'p> Cursor<'p> {
    pub(super) fn rest(&self) -> &'p [u8] {
        &self.pattern[self.at..]
    }

    pub(super) fn at_end(&self) -> bool {
        self.at == self.pattern.len()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// Consumes `text` if it comes next.
    pub(super) fn eat(&mut self, text: &[u8]) -> bool {
        let eaten = self.rest().starts_with(text);
        if eaten {
            self.at += text.len();
        }
        eaten
    }

    /// Reads one code point; encoded surrogates count as code points.
    pub(super) fn next(&mut self) -> Result<u32, PatternError> {
        let (code_point, length) = decode(self.rest()).ok_or_else(PatternError::unspecified)?;
        self.at += length;
        Ok(code_point)
    }

    /// An error whose fragment reaches from `start` to here.
    pub(super) fn error_from(&self, start: usize) -> PatternError {
        let error = PatternError::new(&self.pattern[start..self.at]);
        error.with_foreign_construct(foreign::name(&self.pattern[start..], self.at - start))
    }
}

/// Whether a text is well-formed UTF-8, encoded surrogates allowed.
pub(super) fn is_utf8(mut text: &[u8]) -> bool {
    while let Some((_, length)) = decode(text) {
        text = &text[length..];
    }
    text.is_empty()
}

/// The first code point of a text and its length in bytes.
pub(super) fn decode(text: &[u8]) -> Option<(u32, usize)> {
    let continuation = |at: usize| match text.get(at) {
        Some(&byte) if byte & 0xC0 == 0x80 => Some(u32::from(byte & 0x3F)),
        _ => None,
    };
    let first = *text.first()?;
    let lead = u32::from(first);
    let (code_point, length, least) = match first {
        0..=0x7F => (lead, 1, 0),
        0xC0..=0xDF => ((lead & 0x1F) << 6 | continuation(1)?, 2, 0x80),
        0xE0..=0xEF => ((lead & 0x0F) << 12 | continuation(1)? << 6 | continuation(2)?, 3, 0x800),
        0xF0..=0xF7 => {
            ((lead & 0x07) << 18 | continuation(1)? << 12 | continuation(2)? << 6 | continuation(3)?, 4, 0x1_0000)
        }
        _ => return None,
    };
    (least..=0x10_FFFF).contains(&code_point).then_some((code_point, length))
}
