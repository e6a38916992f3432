//! JSON as senders write it.
//!
//! The engine's own reader (`value::json`) is for documents that are valid or refused, and stops at twenty levels. A
//! request must be read whatever it is, as the application may be more tolerant than RFC 8259: comments, single quotes,
//! trailing commas, several documents, missing ends. So this reader never stops. It takes brackets, strings and words as
//! they come, and says at the end whether they were a valid document. Equal keys are all kept, numbers that no type
//! holds exactly are texts, and depth is bounded by [`Tree`].

mod word;

use super::Reading;
use super::tree::Tree;
use crate::value::Value;
use word::meaning;

/// Reads a document in UTF-8.
pub fn read(text: &[u8]) -> Reading {
    Reader::of(text, false).run()
}

/// Reads a sequence of documents: one a line (`application/x-ndjson`), or each behind a record separator (RFC 7464).
pub fn read_lines(text: &[u8]) -> Reading {
    Reader::of(text, true).run()
}

/// What a valid document continues with.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    /// An element, or the end of the array.
    FirstElement,
    /// A key, or the end of the map.
    FirstKey,
    Key,
    Colon,
    /// A comma, or the end of the container or the document.
    Separator,
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    lines: bool,
    tree: Tree,
    /// The brackets that are open.
    open: Vec<u8>,
    /// The key of the next value of a map.
    key: Option<Vec<u8>>,
    expect: Expect,
    fault: Option<&'static str>,
}

impl<'a> Reader<'a> {
    fn of(text: &'a [u8], lines: bool) -> Self {
        let (open, tree) = (Vec::new(), Tree::default());
        Self { text, at: 0, lines, tree, open, key: None, expect: Expect::Value, fault: None }
    }

    fn run(mut self) -> Reading {
        while let Some(byte) = self.next() {
            match byte {
                b'{' | b'[' => self.open(byte),
                b'}' | b']' => self.close(byte - 2),
                b',' => self.comma(),
                b':' => self.colon(),
                b'"' | b'\'' => {
                    let text = self.string(byte);
                    let value = Value::from(&text[..]);
                    self.scalar(text, value, byte == b'"');
                }
                b'/' if self.text[self.at..].starts_with(b"//") || self.text[self.at..].starts_with(b"/*") => {
                    self.comment();
                }
                _ => {
                    let word = self.word();
                    let (value, valid) = meaning(word);
                    if !valid {
                        self.fails("a word that is no value");
                    }
                    self.scalar(word.to_vec(), value, false);
                }
            }
        }
        if !self.open.is_empty() || self.key.is_some() {
            self.fails("it has no end");
        }
        self.leave_key();
        Reading { value: self.tree.finish(), fault: self.fault }
    }

    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        let is_space = |byte: &u8| b" \t\r\n".contains(byte) || self.lines && *byte == 0x1e;
        self.at += self.text[self.at..].iter().take_while(|byte| is_space(byte)).count();
        self.text.get(self.at).copied()
    }

    fn open(&mut self, bracket: u8) {
        self.at += 1;
        self.begins_value();
        let key = self.in_map().then(|| self.key.take().unwrap_or_default());
        self.open.push(bracket);
        if bracket == b'{' {
            self.tree.open_map(key);
            self.expect = Expect::FirstKey;
        } else {
            self.tree.open_array(key);
            self.expect = Expect::FirstElement;
        }
    }

    /// Closes the innermost container; a bracket of the wrong kind is passed over.
    fn close(&mut self, bracket: u8) {
        self.at += 1;
        if self.open.last() != Some(&bracket) {
            return self.fails("a bracket closes nothing");
        }
        if !matches!(self.expect, Expect::FirstElement | Expect::FirstKey | Expect::Separator) {
            self.fails("a container ends too early");
        }
        self.leave_key();
        self.open.pop();
        self.tree.close();
        self.expect = Expect::Separator;
    }

    fn comma(&mut self) {
        self.at += 1;
        if self.expect != Expect::Separator || self.open.is_empty() {
            self.fails("a comma too many");
        }
        self.leave_key();
        self.expect = if self.in_map() { Expect::Key } else { Expect::Value };
    }

    fn colon(&mut self) {
        self.at += 1;
        match self.expect {
            Expect::Colon => self.expect = Expect::Value,
            _ => self.fails("a colon too many"),
        }
    }

    /// Anything but a container: the key of a map, or a value.
    fn scalar(&mut self, text: Vec<u8>, value: Value, is_string: bool) {
        if !self.in_map() {
            self.begins_value();
            self.tree.add(None, value);
            self.expect = Expect::Separator;
        } else if self.expect == Expect::Value {
            let key = self.key.take();
            self.tree.add(key.as_deref(), value);
            self.expect = Expect::Separator;
        } else {
            if !is_string || !matches!(self.expect, Expect::FirstKey | Expect::Key) {
                self.fails("a key is missing or no string");
            }
            self.leave_key();
            self.key = Some(text);
            self.expect = Expect::Colon;
        }
    }

    fn begins_value(&mut self) {
        let another = self.lines && self.open.is_empty();
        if !matches!(self.expect, Expect::Value | Expect::FirstElement) && !another {
            self.fails("a value where none is expected");
        }
    }

    /// A key whose value never comes is text all the same.
    fn leave_key(&mut self) {
        if let Some(key) = self.key.take() {
            self.tree.add(Some(b""), &key[..]);
        }
    }

    fn in_map(&self) -> bool {
        self.open.last() == Some(&b'{')
    }

    fn fails(&mut self, fault: &'static str) {
        self.fault.get_or_insert(fault);
    }

    /// The text between quotes; up to the end if the second one is missing.
    fn string(&mut self, quote: u8) -> Vec<u8> {
        if quote != b'"' {
            self.fails("single quotes");
        }
        self.at += 1;
        let mut text = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            let length = memchr::memchr2(quote, b'\\', rest).unwrap_or(rest.len());
            if rest[..length].iter().any(|byte| *byte < b' ') {
                self.fails("a control character in a string");
            }
            text.extend_from_slice(&rest[..length]);
            self.at += length;
            match self.text.get(self.at) {
                None => {
                    self.fails("a string has no end");
                    return text;
                }
                Some(b'\\') => self.escape(&mut text),
                Some(_) => {
                    self.at += 1;
                    return text;
                }
            }
        }
    }

    /// Undoes the escape that starts here. One that does not exist is kept with its backslash.
    fn escape(&mut self, text: &mut Vec<u8>) {
        let kind = self.text.get(self.at + 1).copied();
        self.at += 2;
        let plain = match kind {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => match self.code_unit(self.at) {
                Some(unit) => {
                    self.at += 4;
                    return self.code_point(unit, text);
                }
                None => return self.unknown_escape(b'u', text),
            },
            Some(b'\'') => {
                self.fails("an unknown escape");
                b'\''
            }
            Some(byte) => return self.unknown_escape(byte, text),
            None => {
                self.at = self.text.len();
                b'\\'
            }
        };
        text.push(plain);
    }

    fn unknown_escape(&mut self, byte: u8, text: &mut Vec<u8>) {
        self.fails("an unknown escape");
        text.extend([b'\\', byte]);
    }

    /// Adds a code point, of which this is the first UTF-16 code unit. A surrogate alone has the three bytes of its
    /// number, as in texts of JavaScript.
    fn code_point(&mut self, unit: u16, text: &mut Vec<u8>) {
        if (0xD800..0xDC00).contains(&unit)
            && self.text[self.at..].starts_with(b"\\u")
            && let Some(low) = self.code_unit(self.at + 2)
            && (0xDC00..0xE000).contains(&low)
        {
            self.at += 6;
            let point = 0x10000 + ((u32::from(unit) - 0xD800) << 10) + (u32::from(low) - 0xDC00);
            let character = char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
            return text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        match char::from_u32(unit.into()) {
            Some(character) => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            None => {
                text.extend([0xE0 | (unit >> 12) as u8, 0x80 | (unit >> 6 & 0x3F) as u8, 0x80 | (unit & 0x3F) as u8])
            }
        }
    }

    /// Four hexadecimal digits.
    fn code_unit(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 4)?;
        digits.iter().try_fold(0, |number, digit| Some(number << 4 | (*digit as char).to_digit(16)? as u16))
    }

    /// Passes over a comment, to the end of the line or the closing mark.
    fn comment(&mut self) {
        self.fails("a comment");
        let rest = &self.text[self.at + 2..];
        let end = match self.text[self.at + 1] {
            b'/' => memchr::memchr(b'\n', rest),
            _ => memchr::memmem::find(rest, b"*/").map(|at| at + 2),
        };
        self.at += 2 + end.unwrap_or(rest.len());
    }

    fn word(&mut self) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let ends = |byte: &u8| b" \t\r\n\x1e{}[],:\"'".contains(byte);
        let starts_comment = |at: usize| rest[at] == b'/' && matches!(rest.get(at + 1), Some(b'/' | b'*'));
        // A record separator in a document that is no sequence is a word of its own.
        let length = (1..rest.len()).find(|at| ends(&rest[*at]) || starts_comment(*at)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    fn text(document: &str) -> (String, bool) {
        read(document.as_bytes()).shown()
    }

    #[test]
    fn valid_documents() {
        for (document, expected) in [
            (r#"{"a": [1, -2, 1.5, true, null, "x"], "b": {}}"#, r#"{"a":[1,-2,1.5,true,null,"x"],"b":{}}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2}"#),
            (r#""\u0041\n\ud83d\ude00\/""#, "\"A\\n😀/\""),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", r#""18446744073709551616""#),
            ("1e400", r#""1e400""#),
            ("0.1000000000000000055511151231257827", r#""0.1000000000000000055511151231257827""#),
            ("[NaN,-Infinity]", r#"["NaN","-Infinity"]"#),
            (" [] ", "[]"),
        ] {
            assert_eq!(text(document), (expected.into(), true), "{document}");
        }
    }

    #[test]
    fn invalid_ones_are_read_to_the_end() {
        for (document, expected) in [
            (r#"{"a":1"#, r#"{"a":1}"#),
            (r#"{"a":"x"#, r#"{"a":"x"}"#),
            (r#"{"a"}"#, r#"{"":"a"}"#),
            (r#"{"a" "b":2}"#, r#"{"":"a","b":2}"#),
            (r#"{a:'b\u003c'}"#, r#"{"a":"b<"}"#),
            (r#"/*x*/{"a":1,} //y"#, r#"{"a":1}"#),
            ("[1,,2]", "[1,2]"),
            ("[1 2]", "[1,2]"),
            (r#"{"a":1}{"b":2}"#, r#"[{"a":1},{"b":2}]"#),
            ("]}[1}", "[1]"),
            ("01", r#""01""#),
            ("tru", r#""tru""#),
            (r#""\x\u12""#, r#""\\x\\u12""#),
            ("\"a\nb\"", r#""a\nb""#),
            (r#"{{"x":1}}"#, r#"{"":{"x":1}}"#),
            (r#"[1]:2"#, r#"[[1],2]"#),
            ("'a", r#""a""#),
            (r#""a\"#, r#""a\\""#),
        ] {
            assert_eq!(text(document), (expected.into(), false), "{document}");
        }
    }

    #[test]
    fn sequences_of_documents() {
        for sequence in ["{\"a\":1}\n{\"b\":2}\n", "\x1e{\"a\":1}\n\x1e{\"b\":2}\n"] {
            let Reading { value, fault } = read_lines(sequence.as_bytes());
            assert_eq!((json::to_string(&value).as_str(), fault), (r#"[{"a":1},{"b":2}]"#, None));
        }
    }

    #[test]
    fn depth_is_no_danger() {
        for piece in ["[", "{\"a\":", "[[],", "{\"a\":[", "]", "{\"", "\\", "'", "/*"] {
            assert!(read(piece.repeat(200_000).as_bytes()).fault.is_some(), "{piece}");
        }
        let valid = "[".repeat(100_000) + "\"x\"" + &"]".repeat(100_000);
        let Reading { value, fault } = read(valid.as_bytes());
        assert!(fault.is_none() && json::to_string(&value).contains("\"x\""));
    }
}
