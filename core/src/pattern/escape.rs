//! Escapes for one character.

use super::PatternError;
use super::cursor::Cursor;
use super::unicode;

/// The character of an escape; the cursor is on the backslash.
pub(super) fn character(cursor: &mut Cursor<'_>) -> Result<u32, PatternError> {
    let start = cursor.at;
    cursor.at += 1;
    if cursor.at_end() {
        return Err(PatternError::unspecified());
    }
    let code_point = cursor.next()?;
    let Ok(byte @ 0..=0x7F) = u8::try_from(code_point) else { return Err(cursor.error_from(start)) };
    match byte {
        b'0'..=b'7' => octal(cursor, start, byte),
        b'x' => hexadecimal(cursor, start),
        b'a' => Ok(0x07),
        b'f' => Ok(0x0C),
        b'n' => Ok(0x0A),
        b'r' => Ok(0x0D),
        b't' => Ok(0x09),
        b'v' => Ok(0x0B),
        _ if byte.is_ascii_alphanumeric() => Err(cursor.error_from(start)),
        _ => Ok(code_point),
    }
}

/// Up to three octal digits, the first of which is read; a lone digit other than zero would be a back-reference.
fn octal(cursor: &mut Cursor<'_>, start: usize, first: u8) -> Result<u32, PatternError> {
    let mut code_point = u32::from(first - b'0');
    let mut digits = 1;
    while let Some(digit @ b'0'..=b'7') = cursor.peek().filter(|_| digits < 3) {
        code_point = code_point * 8 + u32::from(digit - b'0');
        digits += 1;
        cursor.at += 1;
    }
    if digits == 1 && first != b'0' { Err(cursor.error_from(start)) } else { Ok(code_point) }
}

/// `\x41` or `\x{10FFFF}`, from after the `x`. An error is reported up to the offending character.
fn hexadecimal(cursor: &mut Cursor<'_>, start: usize) -> Result<u32, PatternError> {
    let read = |cursor: &mut Cursor<'_>| {
        if cursor.at_end() { Err(cursor.error_from(start)) } else { cursor.next() }
    };
    let value = |code_point: u32| char::from_u32(code_point).and_then(|c| c.to_digit(16));

    let first = read(cursor)?;
    if first != u32::from(b'{') {
        let second = read(cursor)?;
        return match (value(first), value(second)) {
            (Some(high), Some(low)) => Ok(high * 16 + low),
            _ => Err(cursor.error_from(start)),
        };
    }
    let mut code_point = None;
    loop {
        // A pattern that ends right after the brace is reported without it.
        let next = if code_point.is_none() { cursor.next()? } else { read(cursor)? };
        match (value(next), code_point) {
            (Some(digit), so_far) => {
                let value = so_far.unwrap_or(0) * 16 + digit;
                if value > unicode::MAX {
                    return Err(cursor.error_from(start));
                }
                code_point = Some(value);
            }
            (None, Some(value)) if next == u32::from(b'}') => return Ok(value),
            _ => return Err(cursor.error_from(start)),
        }
    }
}
