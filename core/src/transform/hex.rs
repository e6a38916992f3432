//! Hexadecimal escapes.

/// The value of one digit of either case.
#[inline]
pub(super) fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

/// The value of the first `count` bytes, if there are that many and all are digits.
#[inline]
pub(super) fn number(bytes: &[u8], count: usize) -> Option<u32> {
    bytes.get(..count)?.iter().try_fold(0, |value, &byte| Some(value << 4 | digit(byte)?))
}
