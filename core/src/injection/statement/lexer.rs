//! The tokens of SQL in the union of its dialects, as far as a continuation needs them.

use crate::support::Stride;

/// One token of a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token<'t> {
    /// A word without quotes: a keyword or a name.
    Word(&'t [u8]),
    /// A number of any notation.
    Number,
    /// A string, or a name in quotes; `open` if the text ends within it.
    Quoted {
        quote: u8,
        open: bool,
    },
    /// `@x`, `@@x`, `:x`, `$1`.
    Variable,
    /// An operator that compares.
    Comparison,
    /// `||` and `&&`, which join conditions in some dialects.
    Connective,
    /// Any other operator.
    Operator(u8),
    /// `::`, which is followed by a type.
    Cast,
    Open,
    Close,
    Comma,
    Semicolon,
    Dot,
    /// A comment that hides the rest of its line.
    Comment,
    /// The text is over.
    End,
    /// No token of SQL.
    Other,
}

/// Reads tokens one by one; blanks and closed comments are skipped.
#[derive(Clone, Copy)]
pub(super) struct Lexer<'t> {
    text: &'t [u8],
    at: usize,
    /// Where the token that was read last begins.
    token: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t [u8], at: usize) -> Self {
        Self { text, at, token: at }
    }

    /// Where the next token is looked for.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The comment that was read last; it reaches to the end of the text.
    pub(super) fn comment(&self) -> &'t [u8] {
        self.text[self.token..].trim_ascii_end()
    }

    /// The next token, without reading it.
    pub(super) fn peek(&self, stride: &mut Stride<'_>) -> Token<'t> {
        let mut copy = *self;
        copy.next(stride)
    }

    /// Reads a token; one that is no SQL once the deadline is over.
    pub(super) fn next(&mut self, stride: &mut Stride<'_>) -> Token<'t> {
        self.skip_blanks(stride);
        if stride.is_over(self.at) {
            return Token::Other;
        }
        let before = self.at;
        self.token = before;
        let rest = &self.text[before..];
        let (token, length) = match *rest {
            [] => (Token::End, 0),
            [b'-', b'-', ..] | [b'/', b'*', ..] => (Token::Comment, rest.len()),
            [b'#', next, ..] if next != b'>' && next != b'-' => (Token::Comment, rest.len()),
            [b'#'] => (Token::Comment, 1),
            [b'\\', b'N', ..] => (Token::Number, 2),
            [quote @ (b'\'' | b'"' | b'`'), ..] => quoted(rest, quote, before, stride),
            [b'0'..=b'9', ..] => (Token::Number, number(rest, before, stride)),
            [b'.', b'0'..=b'9', ..] => (Token::Number, number(rest, before, stride)),
            [b'@' | b'$', next, ..] if is_word(next) || next == b'@' => {
                let names = stride.run(&rest[1..], before, |byte| is_word(byte) || byte == b'@' || byte == b'.');
                (Token::Variable, 1 + names)
            }
            [b':', b':', ..] => (Token::Cast, 2),
            [b':', b'=', ..] => (Token::Comparison, 2),
            [byte, ..] if is_word(byte) => {
                let length = stride.run(rest, before, |byte| is_word(byte) || byte == b'$');
                match (rest, rest.get(length)) {
                    // A prefix of a literal: N'x', x'41', b'1', _utf8'x'.
                    (_, Some(b'\'')) if length <= 8 && is_prefix(&rest[..length]) => {
                        let (token, more) = quoted(&rest[length..], b'\'', before, stride);
                        (token, length + more)
                    }
                    _ => (Token::Word(&rest[..length]), length),
                }
            }
            [b'(', ..] => (Token::Open, 1),
            // The escapes of ODBC: `{if sleep(1)}`.
            [b'{', next, ..] if next.is_ascii_alphabetic() => {
                (Token::Open, 1 + stride.run(&rest[1..], before, is_word))
            }
            [b')' | b'}', ..] => (Token::Close, 1),
            [b',', ..] => (Token::Comma, 1),
            [b';', ..] => (Token::Semicolon, 1),
            [b'.', ..] => (Token::Dot, 1),
            [b'|', b'|', ..] | [b'&', b'&', ..] => (Token::Connective, 2),
            [b'<', b'=', b'>', ..] => (Token::Comparison, 3),
            [b'<', b'=' | b'>' | b'@', ..] | [b'>', b'=', ..] | [b'!' | b'^', b'=', ..] | [b'=', b'=', ..] => {
                (Token::Comparison, 2)
            }
            [b'@', b'>' | b'@' | b'?', ..] | [b'!', b'~', ..] | [b'~', b'*', ..] => (Token::Comparison, 2),
            [b'#' | b'-', b'>', b'>', ..] => (Token::Operator(b'>'), 3),
            [b'#' | b'-', b'>', ..] | [b'#', b'-', ..] => (Token::Operator(b'>'), 2),
            [b'?', b'|' | b'&', ..] => (Token::Comparison, 2),
            [b'<', b'<', ..] | [b'>', b'>', ..] => (Token::Operator(b'<'), 2),
            [b'=' | b'<' | b'>' | b'?', ..] => (Token::Comparison, 1),
            [byte @ (b'+' | b'-' | b'*' | b'/' | b'%' | b'|' | b'&' | b'^' | b'~' | b'!' | b'@'), ..] => {
                (Token::Operator(byte), 1)
            }
            _ => (Token::Other, 1),
        };
        self.at += length;
        token
    }

    /// Skips white space, comments that are closed or end with their line, and the quirks that servers read as nothing.
    fn skip_blanks(&mut self, stride: &mut Stride<'_>) {
        while !stride.is_over(self.at) {
            let rest = &self.text[self.at..];
            let length = match *rest {
                [b'\0'..=b' ' | 0xA0, ..] => stride.run(rest, self.at, |byte| byte <= b' ' || byte == 0xA0),
                [0xC2, 0xA0, ..] => 2,
                // The comments of MySQL that hold code.
                [b'/', b'*', b'!', ..] => 3 + rest[3..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count(),
                [b'*', b'/', ..] => 2,
                [b'/', b'*', ..] => match memchr::memmem::find(&rest[2..], b"*/") {
                    Some(end) => end + 4,
                    None => return,
                },
                [b'-', b'-', ..] | [b'#', ..] if rest.get(1) != Some(&b'>') => match memchr::memchr(b'\n', rest) {
                    Some(end) => {
                        let blank = stride.run(&rest[end..], self.at + end, |byte| byte.is_ascii_whitespace());
                        if end + blank == rest.len() {
                            return;
                        }
                        end + blank
                    }
                    None => return,
                },
                // MySQL reads `1.e(` as `(`.
                [b'0'..=b'9', b'.', b'e' | b'E', b'(' | b')' | b',' | b' ', ..] => 3,
                _ => return,
            };
            self.at += length;
        }
    }
}

pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_prefix(word: &[u8]) -> bool {
    matches!(word, b"n" | b"N" | b"x" | b"X" | b"b" | b"B" | b"e" | b"E" | b"q" | b"Q") || word.starts_with(b"_")
}

/// A string from its quote on. Two quotes and, except in names, a backslash keep it open.
fn quoted<'t>(text: &[u8], quote: u8, before: usize, stride: &mut Stride<'_>) -> (Token<'t>, usize) {
    let mut at = 1;
    loop {
        if stride.is_over(before + at) {
            return (Token::Other, at);
        }
        let Some(next) = memchr::memchr2(quote, b'\\', &text[at.min(text.len())..]) else {
            return (Token::Quoted { quote, open: true }, text.len());
        };
        at += next;
        if text[at] == b'\\' && quote != b'`' || text[at] == quote && text.get(at + 1) == Some(&quote) {
            at += 2;
        } else if text[at] == quote {
            return (Token::Quoted { quote, open: false }, at + 1);
        } else {
            at += 1;
        }
    }
}

/// The length of a number. What follows it directly, as in `1e1union`, is a token of its own.
fn number(text: &[u8], before: usize, stride: &mut Stride<'_>) -> usize {
    let mut digits = |from: usize| stride.run(&text[from..], before + from, |byte| byte.is_ascii_digit());
    if let [b'0', b'x' | b'X', rest @ ..] = text {
        return 2 + stride.run(rest, before + 2, |byte| byte.is_ascii_hexdigit());
    }
    let mut end = digits(0);
    if text.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits((end + 1 + sign).min(text.len()));
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    end
}
