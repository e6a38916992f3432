//! The reader: strict RFC 8259 with the reference's edge cases, in one pass and with bounded recursion.

use super::number::{self, Number};
use crate::support::{Deadline, Stride};
use crate::value::{Allocator, Heap, Object, Value, tag};

/// Containers are built down to this level (the root is level 1); one at this level stays empty.
const DEEPEST: usize = 21;

/// Why a document was refused, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonError {
    /// What was wrong.
    pub reason: &'static str,
    /// The byte offset at which it was noticed.
    pub offset: usize,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)
    }
}

impl std::error::Error for JsonError {}

/// Reads one document onto the process heap.
///
/// ```
/// use bartizan::value::{View, json};
/// let value = json::parse(br#"{"port": 8080}"#).unwrap();
/// assert!(matches!(value.get(b"port").unwrap().view(), View::Unsigned(8080)));
/// assert_eq!(json::parse(b"[1,]").unwrap_err().reason, "expected a value");
/// ```
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    parse_in(text, Heap)
}

/// Reads one document onto the process heap; if the deadline ends first, this is an error and [`Deadline::was_expired`]
/// is true.
pub fn parse_within(text: &[u8], deadline: &mut Deadline) -> Result<Value, JsonError> {
    read(text, Heap, deadline)
}

/// Reads one document into `allocator`'s memory. On an error everything allocated so far is freed.
pub fn parse_in<A: Allocator + Copy>(text: &[u8], allocator: A) -> Result<Value<A>, JsonError> {
    read(text, allocator, &mut Deadline::unlimited())
}

/// The cost of reading a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 128;

fn read<A: Allocator + Copy>(text: &[u8], allocator: A, deadline: &mut Deadline) -> Result<Value<A>, JsonError> {
    let mut root = Value::invalid_in(allocator);
    let mut reader = Reader { text, at: 0, stride: Stride::new(deadline, UNITS), allocator, buffer: vec![] };
    reader.space();
    reader.value(root.place(), 1)?;
    reader.space();
    // A NUL ends the document, whatever follows it.
    match reader.peek() {
        None | Some(0) => Ok(root),
        Some(_) => Err(reader.error("text after the document")),
    }
}

struct Reader<'a, 'd, A> {
    text: &'a [u8],
    at: usize,
    stride: Stride<'d>,
    allocator: A,
    /// The unescaped bytes of a string with escapes.
    buffer: Vec<u8>,
}

impl<A: Allocator + Copy> Reader<'_, '_, A> {
    /// Reads a value into its place, which holds nothing yet. Recursion ends at `DEEPEST`: what lies below is checked
    /// by `skip`, which does not recurse.
    fn value(&mut self, place: &mut Object, level: usize) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'{' | b'[') => self.container(place, level),
            Some(b'"') => self.text(place),
            _ => {
                self.scalar()?.store(place);
                Ok(())
            }
        }
    }

    fn container(&mut self, slot: &mut Object, level: usize) -> Result<(), JsonError> {
        let is_map = self.text[self.at] == b'{';
        let (kind, close) = if is_map { (tag::MAP, b'}') } else { (tag::ARRAY, b']') };
        slot.set_container(kind, 0, &self.allocator);
        if level == DEEPEST {
            return self.skip();
        }
        self.at += 1;
        self.space();
        if self.take(close) {
            return Ok(());
        }
        // Other allocators observe that a string is allocated before the block of its container grows, and a container
        // after it, as in the reference.
        let unobserved = self.allocator.is_heap();
        loop {
            self.check_time()?;
            if unobserved || slot.has_room() {
                self.entry_in_place(slot, is_map, level)?;
            } else {
                self.entry_and_place(slot, is_map, level)?;
            }
            if self.comma_or(close)? {
                return Ok(());
            }
        }
    }

    /// Makes the place of the next entry and reads the entry into it.
    #[inline]
    fn entry_in_place(&mut self, slot: &mut Object, is_map: bool, level: usize) -> Result<(), JsonError> {
        let allocator = self.allocator;
        // SAFETY: the container was built with this allocator.
        let (pair, element) = unsafe {
            match is_map {
                true => (slot.insert_pair(Object::INVALID, &allocator), None),
                false => (None, slot.insert(&allocator)),
            }
        };
        let place = match (pair, element) {
            (Some(pair), _) => {
                self.text(&mut pair.key)?;
                self.colon()?;
                &mut pair.value
            }
            (None, Some(element)) => element,
            (None, None) => return Err(self.error(OUT_OF_MEMORY)),
        };
        self.value(place, level + 1)
    }

    /// Reads the next entry, then makes its place.
    #[cold]
    fn entry_and_place(&mut self, slot: &mut Object, is_map: bool, level: usize) -> Result<(), JsonError> {
        let mut key = Value::invalid_in(self.allocator);
        if is_map {
            self.text(key.place())?;
            self.colon()?;
        }
        let mut leaf = Value::invalid_in(self.allocator);
        let is_leaf = !matches!(self.peek(), Some(b'{' | b'['));
        if is_leaf {
            self.value(leaf.place(), level + 1)?;
        }
        // SAFETY: container and key were built with this allocator. What is not inserted is freed.
        let place = unsafe {
            match is_map {
                true => slot.insert_key(key.into_object(), &self.allocator),
                false => slot.insert(&self.allocator),
            }
        };
        let place = place.ok_or(self.error(OUT_OF_MEMORY))?;
        if is_leaf {
            *place = leaf.into_object();
            return Ok(());
        }
        self.container(place, level + 1)
    }

    /// Reads a string into its place, which holds nothing yet.
    #[inline]
    fn text(&mut self, place: &mut Object) -> Result<(), JsonError> {
        let allocator = self.allocator;
        // Nearly all strings have no escapes.
        let done = if let Some((b'"', text)) = self.text[self.at..].split_first()
            && let Some(length) = plain_length(text)
            && text[length] == b'"'
        {
            self.at += length + 2;
            place.set_string(&text[..length], &allocator)
        } else {
            self.string(|bytes| place.set_string(bytes, &allocator))?
        };
        if done { Ok(()) } else { Err(self.error(OUT_OF_MEMORY)) }
    }

    /// Checks the container that starts here and discards it.
    fn skip(&mut self) -> Result<(), JsonError> {
        let mut open = vec![];
        loop {
            self.check_time()?;
            // At the start of a value.
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.at += 1;
                    self.space();
                    let close = bracket + 2;
                    if !self.take(close) {
                        open.push(close);
                        if close == b'}' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                Some(b'"') => self.string(|_| ())?,
                _ => _ = self.scalar()?,
            }
            // After a value: close the containers that end here.
            loop {
                let Some(&close) = open.last() else { return Ok(()) };
                if self.comma_or(close)? {
                    open.pop();
                } else {
                    if close == b'}' {
                        self.key()?;
                    }
                    break;
                }
            }
        }
    }

    fn key(&mut self) -> Result<(), JsonError> {
        self.string(|_| ())?;
        self.colon()
    }

    #[inline]
    fn colon(&mut self) -> Result<(), JsonError> {
        self.space();
        if !self.take(b':') {
            return Err(self.error("expected ':'"));
        }
        self.space();
        Ok(())
    }

    /// After an entry: true at the end of the container, false before the next entry.
    #[inline]
    fn comma_or(&mut self, close: u8) -> Result<bool, JsonError> {
        self.space();
        if self.take(close) {
            return Ok(true);
        }
        if !self.take(b',') {
            return Err(self.error("expected ',' or the end of the container"));
        }
        self.space();
        Ok(false)
    }

    fn scalar(&mut self) -> Result<Scalar, JsonError> {
        let rest = &self.text[self.at..];
        let (scalar, length) = match rest {
            [b'-' | b'0'..=b'9', ..] => {
                let (number, length) = number::parse(rest).ok_or(self.error("malformed or too large number"))?;
                (Scalar::Number(number), length)
            }
            [b't', b'r', b'u', b'e', ..] => (Scalar::Bool(true), 4),
            [b'f', b'a', b'l', b's', b'e', ..] => (Scalar::Bool(false), 5),
            [b'n', b'u', b'l', b'l', ..] => (Scalar::Null, 4),
            _ => return Err(self.error("expected a value")),
        };
        self.at += length;
        Ok(scalar)
    }

    /// Reads the string that must start here and passes its bytes to `take`.
    #[inline(never)]
    fn string<T>(&mut self, take: impl FnOnce(&[u8]) -> T) -> Result<T, JsonError> {
        if !self.take(b'"') {
            return Err(self.error("expected a string"));
        }
        let start = self.at;
        let Some(length) = plain_length(&self.text[start..]) else {
            return Err(self.error("unterminated string"));
        };
        self.at = start + length;
        if self.text[self.at] == b'"' {
            self.at += 1;
            return Ok(take(&self.text[start..start + length]));
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.extend_from_slice(&self.text[start..self.at]);
        let done = self.escaped(&mut buffer).map(|()| take(&buffer));
        self.buffer = buffer;
        done
    }

    fn escaped(&mut self, buffer: &mut Vec<u8>) -> Result<(), JsonError> {
        loop {
            self.check_time()?;
            let Some(byte) = self.peek() else { return Err(self.error("unterminated string")) };
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    self.at += 1;
                    self.escape(buffer)?;
                }
                0..0x20 => return Err(self.error("control character in a string")),
                _ => {
                    buffer.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, buffer: &mut Vec<u8>) -> Result<(), JsonError> {
        let Some(byte) = self.peek() else { return Err(self.error("unterminated string")) };
        self.at += 1;
        buffer.push(match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => {
                let unit = self.hex()?;
                let point = match unit {
                    0xD800..0xDC00 if self.text[self.at..].starts_with(b"\\u") => {
                        self.at += 2;
                        match self.hex()? {
                            low @ 0xDC00..0xE000 => 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00),
                            _ => return Err(self.error("unpaired surrogate")),
                        }
                    }
                    _ => unit,
                };
                let point = char::from_u32(point).ok_or(self.error("unpaired surrogate"))?;
                buffer.extend_from_slice(point.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.error("unknown escape")),
        });
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            unit = unit * 16 + digit.ok_or(self.error("expected a hexadecimal digit"))?;
            self.at += 1;
        }
        Ok(unit)
    }

    #[inline]
    fn space(&mut self) {
        // Once the deadline is over, the rest is not read and the document is refused.
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) && !self.stride.is_over(self.at) {
            self.at += 1;
        }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    #[inline]
    fn check_time(&mut self) -> Result<(), JsonError> {
        if self.stride.is_over(self.at) { Err(self.error("no time to read on")) } else { Ok(()) }
    }

    fn error(&self, reason: &'static str) -> JsonError {
        JsonError { reason, offset: self.at }
    }
}

/// The number of bytes before the first quote, backslash or control character, if there is one. Reads eight bytes at a
/// time: the high bits of a word mark such bytes, exactly up to the first of them.
#[inline]
fn plain_length(text: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let (words, _) = text.as_chunks();
    for (nth, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let found = (is(b'"') | is(b'\\') | below(word, 0x20)) & (ONES << 7);
        if found != 0 {
            return Some(nth * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let checked = words.len() * 8;
    let special = |&byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    text[checked..].iter().position(special).map(|at| checked + at)
}

const OUT_OF_MEMORY: &str = "out of memory";

enum Scalar {
    Null,
    Bool(bool),
    Number(Number),
}

impl Scalar {
    fn store(self, slot: &mut Object) {
        match self {
            Scalar::Null => slot.set_null(),
            Scalar::Bool(value) => slot.set_bool(value),
            Scalar::Number(Number::Unsigned(value)) => slot.set_unsigned(value),
            Scalar::Number(Number::Signed(value)) => slot.set_signed(value),
            Scalar::Number(Number::Float(value)) => slot.set_float(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json::to_string;

    #[test]
    fn edges_of_the_grammar() {
        let accepted: [(&[u8], &str); 8] = [
            (b" {} ", "{}"),
            (b"{}\0garbage", "{}"),
            (b"null", "null"),
            (br#"{"a":1,"a":2,"":[true,false]}"#, r#"{"a":1,"a":2,"":[true,false]}"#),
            (br#""\ud83d\ude00\u0041""#, "\"\u{1F600}A\""),
            (br#""\/\b\f\n\r\t""#, r#""/\b\f\n\r\t""#),
            (b"[1,-2,1.5]", "[1,-2,1.5]"),
            (b"\"\x7f\"", "\"\x7f\""),
        ];
        for (text, json) in accepted {
            assert_eq!(to_string(&parse(text).unwrap()), json);
        }
        assert_eq!(parse(b"\"\xff\xfe\"").unwrap().as_bytes(), Some(&b"\xff\xfe"[..]));
        let refused: [&[u8]; 22] = [
            b"",
            b" ",
            b"{} x",
            b"\xef\xbb\xbf{}",
            b"[1,]",
            b"{,}",
            b"{\"a\"}",
            b"{\"a\":}",
            b"{a:1}",
            b"'a'",
            b"NaN",
            b"Infinity",
            b"True",
            b"01",
            b"+1",
            b"\"\x01\"",
            b"\"\\x\"",
            b"\"\\ud83d\"",
            b"\"\\ude00\"",
            b"\"",
            b"[",
            b"\"\\ud83d\\u0041\"",
        ];
        for text in refused {
            assert!(parse(text).is_err(), "{:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn strings_end_where_their_first_special_byte_is() {
        for length in 0..40 {
            for filler in [b'x', b'!', 0x7F, 0x80, 0xA2, 0xDC, 0xFF] {
                let mut text = vec![filler; length];
                assert_eq!(plain_length(&text), None);
                for special in [b'"', b'\\', 0, 0x1F] {
                    text.truncate(length);
                    text.extend_from_slice(&[special, b'#', b' ', b']', b'"', special, b'"']);
                    assert_eq!(plain_length(&text), Some(length), "{}", text.escape_ascii());
                }
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "slow")]
    fn data_stops_at_twenty_levels() {
        let nested = |n: usize, inner: &str| "[".repeat(n) + inner + &"]".repeat(n);
        assert_eq!(to_string(&parse(nested(20, "1").as_bytes()).unwrap()), nested(20, "1"));
        assert_eq!(to_string(&parse(nested(21, "1").as_bytes()).unwrap()), nested(21, ""));
        assert_eq!(to_string(&parse(nested(500_000, "1").as_bytes()).unwrap()), nested(21, ""));
        assert_eq!(to_string(&parse(nested(20, "1,[2,{\"a\":[]}],7").as_bytes()).unwrap()), nested(20, "1,[],7"));
        assert!(parse(nested(30, "01").as_bytes()).is_err());
        assert!(parse(nested(30, "{\"a\":\"\\x\"}").as_bytes()).is_err());
    }
}
