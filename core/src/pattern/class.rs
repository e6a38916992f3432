//! Classes: `[...]`, `\d`, `[:alpha:]`, `\p{...}`.

use super::PatternError;
use super::cursor::{Cursor, is_utf8};
use super::escape;
use super::set::CodeSet;
use super::unicode;

type Ranges = &'static [(u32, u32)];

const DIGIT: Ranges = &[(0x30, 0x39)];
const SPACE: Ranges = &[(0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)];
const WORD: Ranges = &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];

const POSIX: [(&[u8], Ranges); 14] = [
    (b"alnum", &[(0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)]),
    (b"alpha", &[(0x41, 0x5A), (0x61, 0x7A)]),
    (b"ascii", &[(0x00, 0x7F)]),
    (b"blank", &[(0x09, 0x09), (0x20, 0x20)]),
    (b"cntrl", &[(0x00, 0x1F), (0x7F, 0x7F)]),
    (b"digit", DIGIT),
    (b"graph", &[(0x21, 0x7E)]),
    (b"lower", &[(0x61, 0x7A)]),
    (b"print", &[(0x20, 0x7E)]),
    (b"punct", &[(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)]),
    (b"space", &[(0x09, 0x0D), (0x20, 0x20)]),
    (b"upper", &[(0x41, 0x5A)]),
    (b"word", WORD),
    (b"xdigit", &[(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)]),
];

/// A set from ranges, first folded, then negated.
fn build(ranges: Vec<(u32, u32)>, negated: bool, fold: bool) -> CodeSet {
    let set = CodeSet::new(ranges);
    let set = if fold { set.folded() } else { set };
    if negated { set.negated() } else { set }
}

/// `.`
pub(super) fn dot(newline: bool) -> CodeSet {
    let all = CodeSet::new(vec![(0, unicode::MAX)]);
    if newline { all } else { CodeSet::new(vec![(0x0A, 0x0A)]).negated() }
}

/// A backslash class, if the cursor is at one: `\d \D \s \S \w \W`, `\p` or `\P`.
pub(super) fn escaped(cursor: &mut Cursor<'_>, fold: bool) -> Result<Option<CodeSet>, PatternError> {
    let &[b'\\', letter, ..] = cursor.rest() else { return Ok(None) };
    let ranges = match letter.to_ascii_lowercase() {
        b'd' => DIGIT,
        b's' => SPACE,
        b'w' => WORD,
        b'p' => return property(cursor, fold).map(Some),
        _ => return Ok(None),
    };
    cursor.at += 2;
    Ok(Some(build(ranges.to_vec(), letter.is_ascii_uppercase(), fold)))
}

/// `\pL`, `\p{Lu}`, `\P{Greek}`, `\p{^Han}`
fn property(cursor: &mut Cursor<'_>, fold: bool) -> Result<CodeSet, PatternError> {
    let start = cursor.at;
    let mut negated = cursor.rest()[1] == b'P';
    cursor.at += 2;
    let name_start = cursor.at;
    let mut name = match cursor.next().map_err(|_| cursor.error_from(start))? {
        code_point if code_point == u32::from(b'{') => {
            let Some(length) = cursor.rest().iter().position(|&byte| byte == b'}') else {
                return Err(if is_utf8(cursor.rest()) {
                    PatternError::new(&cursor.pattern[start..])
                } else {
                    PatternError::unspecified()
                });
            };
            let name = &cursor.rest()[..length];
            cursor.at += length + 1;
            if !is_utf8(name) {
                return Err(PatternError::unspecified());
            }
            name
        }
        _ => &cursor.pattern[name_start..cursor.at],
    };
    if let [b'^', rest @ ..] = name {
        negated = !negated;
        name = rest;
    }
    let ranges = unicode::property(name).ok_or_else(|| cursor.error_from(start))?;
    Ok(build(ranges, negated, fold))
}

/// `[:alpha:]` or `[:^alpha:]`, if the cursor is at one.
fn posix(cursor: &mut Cursor<'_>, fold: bool) -> Result<Option<CodeSet>, PatternError> {
    let start = cursor.at;
    let Some(inner) = cursor.rest().strip_prefix(b"[:") else { return Ok(None) };
    let Some(length) = inner.windows(2).position(|pair| pair == b":]") else { return Ok(None) };
    cursor.at += 2 + length + 2;
    let (negated, name) = match &inner[..length] {
        [b'^', name @ ..] => (true, name),
        name => (false, name),
    };
    match POSIX.iter().find(|(known, _)| *known == name) {
        Some((_, ranges)) => Ok(Some(build(ranges.to_vec(), negated, fold))),
        None => Err(cursor.error_from(start)),
    }
}

/// A bracketed class; the cursor is on its `[`.
pub(super) fn bracketed(cursor: &mut Cursor<'_>, fold: bool) -> Result<CodeSet, PatternError> {
    let start = cursor.at;
    cursor.at += 1;
    let negated = cursor.eat(b"^");
    // Ranges of single characters are folded together at the end; nested classes are folded (and negated) already.
    let mut plain = Vec::new();
    let mut nested = Vec::new();
    let mut first = true;
    while first || cursor.peek() != Some(b']') {
        if cursor.at_end() {
            return Err(PatternError::new(&cursor.pattern[start..]));
        }
        first = false;
        let class = match posix(cursor, fold)? {
            None => escaped(cursor, fold)?,
            found => found,
        };
        match class {
            Some(set) => nested.extend_from_slice(set.ranges()),
            None => plain.push(range(cursor, start)?),
        }
    }
    cursor.at += 1;
    nested.extend_from_slice(build(plain, false, fold).ranges());
    Ok(build(nested, negated, false))
}

/// `a` or `a-z` within the class that began at `class_start`.
fn range(cursor: &mut Cursor<'_>, class_start: usize) -> Result<(u32, u32), PatternError> {
    let start = cursor.at;
    let first = member(cursor, class_start)?;
    let last = match cursor.rest() {
        [b'-', b']', ..] => first,
        [b'-', _, ..] => {
            cursor.at += 1;
            member(cursor, class_start)?
        }
        _ => first,
    };
    if last < first { Err(cursor.error_from(start)) } else { Ok((first, last)) }
}

fn member(cursor: &mut Cursor<'_>, class_start: usize) -> Result<u32, PatternError> {
    match cursor.peek() {
        None => Err(PatternError::new(&cursor.pattern[class_start..])),
        Some(b'\\') => escape::character(cursor),
        Some(_) => cursor.next(),
    }
}
