//! `disguise_decode`: characters that are written in ways only some readers undo.
//!
//! Servers, databases and browsers map what looks like a character, or spells it in too many bytes, to the character. An
//! attacker uses that where the inspection does not. One pass undoes:
//!
//! - overlong UTF-8 of ASCII, in two to six bytes,
//! - full-width forms and the few other letters and signs that are mapped to ASCII by a best fit,
//! - characters of no width, which are left out,
//! - the few named references of HTML that `html_entity_decode` leaves, such as `&Tab;` and `&colon;`,
//! - escapes of programming languages, `\u0041`, `\u{41}`, `\x41`,
//! - UTF-7, `+ADw-`, with the `+` still there or read as a space before.
//!
//! Any other backslash stays, as in the path of a file.

use super::base64::digit;
use super::step::Effect;
use super::{hex, utf8};
use crate::support::Stride;

/// Decodes once, from left to right. Nothing is copied before the first byte that may begin something to undo.
pub(super) fn disguise_decode(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    let (mut at, mut copied, mut changed) = (0, 0, false);
    loop {
        at += stride.run(&input[at..], at, |byte| !BEGINNINGS[usize::from(byte)]);
        if at == input.len() || stride.is_over(at) {
            break;
        }
        if !goes_on(&input[at..]) {
            at += 1;
            continue;
        }
        output.extend_from_slice(&input[copied..at]);
        let length = match input[at] {
            b'\\' => escape(&input[at..], output),
            b'&' => reference(&input[at..], output),
            b'+' | b' ' => utf7(&input[at..], output),
            _ => look_alike(&input[at..], output),
        };
        changed |= length > 0;
        copied = at + length;
        at += length.max(1);
    }
    if !changed || at < input.len() {
        return Effect::Kept;
    }
    output.extend_from_slice(&input[copied..]);
    Effect::Changed
}

/// The bytes with which something to undo may begin. Of the characters beyond ASCII, most begin otherwise.
const BEGINNINGS: [bool; 256] = {
    let bytes = b"\\+ &\xC0\xC1\xC2\xCA\xE0\xE2\xE3\xEF\xF0\xF8\xFC";
    let (mut table, mut i) = ([false; 256], 0);
    while i < bytes.len() {
        table[bytes[i] as usize] = true;
        i += 1;
    }
    table
};

/// Whether the second byte allows it, too: that of signs in ordinary text rarely does.
fn goes_on(text: &[u8]) -> bool {
    let Some(&next) = text.get(1) else { return false };
    match text[0] {
        b'\\' => matches!(next, b'u' | b'x'),
        b'&' => next.is_ascii_alphabetic(),
        // The first character of ASCII in UTF-7 always begins so.
        b'+' | b' ' => next == b'A',
        _ => next & 0xC0 == 0x80,
    }
}

/// Writes the character that an escape stands for; the length of the escape, or 0 if this is none.
fn escape(text: &[u8], output: &mut Vec<u8>) -> usize {
    let (code, length) = match text {
        [b'\\', b'u', b'{', rest @ ..] => {
            let digits = rest.iter().take(6).take_while(|&&byte| hex::digit(byte).is_some()).count();
            match hex::number(rest, digits) {
                Some(code) if digits > 0 && rest.get(digits) == Some(&b'}') => (code, digits + 4),
                _ => return 0,
            }
        }
        [b'\\', b'u', rest @ ..] => match hex::number(rest, 4) {
            Some(code) => (code, 6),
            None => return 0,
        },
        [b'\\', b'x', rest @ ..] => match hex::number(rest, 2) {
            Some(code) => (code, 4),
            None => return 0,
        },
        _ => return 0,
    };
    if code == 0 || code > 0x10_FFFF {
        return 0;
    }
    match folded(code) {
        Some(0) => {}
        Some(ascii) => output.push(ascii),
        None => utf8::push_any(output, code),
    }
    length
}

/// Writes the character of a named reference.
fn reference(text: &[u8], output: &mut Vec<u8>) -> usize {
    const NAMES: [(&str, u8); 22] = [
        ("tab", b'\t'),
        ("newline", b'\n'),
        ("colon", b':'),
        ("semi", b';'),
        ("lpar", b'('),
        ("rpar", b')'),
        ("sol", b'/'),
        ("bsol", b'\\'),
        ("equals", b'='),
        ("period", b'.'),
        ("comma", b','),
        ("quot", b'"'),
        ("apos", b'\''),
        ("grave", b'`'),
        ("lbrack", b'['),
        ("rbrack", b']'),
        ("lbrace", b'{'),
        ("rbrace", b'}'),
        ("lcub", b'{'),
        ("rcub", b'}'),
        ("excl", b'!'),
        ("num", b'#'),
    ];
    const LONGEST: usize = 7;
    let letters = text[1..].iter().take(LONGEST + 1).take_while(|byte| byte.is_ascii_alphabetic()).count();
    if text.get(1 + letters) != Some(&b';') {
        return 0;
    }
    let found = &text[1..=letters];
    let known = NAMES.iter().find(|(name, _)| found.eq_ignore_ascii_case(name.as_bytes()));
    known.map_or(0, |(name, byte)| {
        output.push(*byte);
        name.len() + 2
    })
}

/// Writes what a run of UTF-7 stands for, if that is plain ASCII.
fn utf7(text: &[u8], output: &mut Vec<u8>) -> usize {
    let start = output.len();
    let (mut bits, mut held) = (0_u32, 0);
    for (at, &byte) in text.iter().enumerate().skip(1) {
        let Some(value) = digit(byte) else {
            if byte == b'-' && output.len() > start && bits & ((1 << held) - 1) == 0 {
                return at + 1;
            }
            break;
        };
        bits = bits << 6 | value;
        held += 6;
        if held >= 16 {
            held -= 16;
            match (bits >> held) & 0xFFFF {
                code @ 0x20..0x7F => output.push(code as u8),
                _ => break,
            }
            bits &= (1 << held) - 1;
        }
    }
    output.truncate(start);
    0
}

/// Writes the ASCII that a sequence of other bytes is read as.
fn look_alike(text: &[u8], output: &mut Vec<u8>) -> usize {
    let tails =
        |from: usize, to: usize| text.get(from..to).is_some_and(|tail| tail.iter().all(|byte| byte & 0xC0 == 0x80));
    let overlong = match text {
        [lead @ 0xC0..=0xC1, last, ..] if tails(1, 2) => Some(((lead & 1) << 6 | last & 0x3F, 2)),
        [0xE0, middle @ 0x80..=0x81, last, ..] if tails(1, 3) => Some(((middle & 1) << 6 | last & 0x3F, 3)),
        [0xF0, 0x80, middle @ 0x80..=0x81, last, ..] if tails(1, 4) => Some(((middle & 1) << 6 | last & 0x3F, 4)),
        [0xF8, 0x80, 0x80, middle @ 0x80..=0x81, last, ..] if tails(1, 5) => Some(((middle & 1) << 6 | last & 0x3F, 5)),
        [0xFC, 0x80, 0x80, 0x80, middle @ 0x80..=0x81, last, ..] if tails(1, 6) => {
            Some(((middle & 1) << 6 | last & 0x3F, 6))
        }
        _ => None,
    };
    if let Some((byte, length)) = overlong {
        output.push(byte);
        return length;
    }
    let Some((code, length)) = utf8::decode(text) else { return 0 };
    match folded(code) {
        Some(0) => length,
        Some(ascii) => {
            output.push(ascii);
            length
        }
        None => 0,
    }
}

/// The ASCII that a character is mapped to; 0 for one that is left out.
fn folded(code: u32) -> Option<u8> {
    Some(match code {
        0xFF01..=0xFF5E => (code - 0xFF01) as u8 + b'!',
        0x3000 | 0x2000..=0x200A | 0xA0 => b' ',
        0xAD | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2064 | 0xFEFF => 0,
        0x2044 | 0x2215 => b'/',
        0x2216 | 0xFE68 => b'\\',
        0x2B9 | 0x2BC | 0x2018 | 0x2019 | 0x2032 => b'\'',
        0x201C | 0x201D | 0x2033 => b'"',
        0x2039 | 0x2329 | 0x3008 | 0xFE64 => b'<',
        0x203A | 0x232A | 0x3009 | 0xFE65 => b'>',
        0x2024 | 0xFE52 => b'.',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::Deadline;

    fn decoded(text: &[u8]) -> Vec<u8> {
        let mut output = vec![];
        match disguise_decode(text, &mut output, &mut Stride::new(&mut Deadline::unlimited(), 1)) {
            Effect::Kept => text.to_vec(),
            _ => output,
        }
    }

    #[test]
    fn undoes_each_disguise() {
        for (text, expected) in [
            (&b"..\xC0\xAFetc"[..], &b"../etc"[..]),
            (b"\xE0\x80\xAF", b"/"),
            (b"\xF0\x80\x80\xAF", b"/"),
            (b"\xF8\x80\x80\x80\xAF", b"/"),
            (b"\xFC\x80\x80\x80\x80\xAF", b"/"),
            (b"\xC1\x81", b"A"),
            ("＜ｓ＞".as_bytes(), b"<s>"),
            ("a\u{200B}b\u{FEFF}c\u{AD}".as_bytes(), b"abc"),
            ("1ʼ or".as_bytes(), b"1' or"),
            ("1’ or ‘x′ “”".as_bytes(), b"1' or 'x' \"\""),
            (br"\u003cscript\x3E", b"<script>"),
            (br"\u{3c}b", b"<b"),
            (br"\uFF1C", b"<"),
            (b"+ADw-script+AD4-", b"<script>"),
            (b"java&Tab;script&colon;x&NEWLINE;", b"java\tscript:x\n"),
            (b" ADwAcwBjAHI-x", b"<scrx"),
        ] {
            assert_eq!(decoded(text), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn leaves_everything_else() {
        for text in [
            &br"C:\users\xavier\new"[..],
            br"\u00g0 \x4 \u{} \u{110000} \n \",
            "größer, 你好, «quoted», naïve".as_bytes(),
            b"a + b - c +A-1 A- And-so",
            b"a & b &tab &amp; &tabs; &",
            b"\xC0 \xE0\x80 \xFF\xFE",
        ] {
            assert_eq!(decoded(text), text, "{}", text.escape_ascii());
        }
    }
}
