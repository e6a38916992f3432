//! Splits an input into SQL tokens, without knowing the dialect.
//!
//! The grammar is a union of dialects: a `$tag$` of PostgreSQL, a `q'[...]'` of Oracle, `0x` of MySQL and `[name]` of
//! T-SQL all have their meaning there. Where dialects contradict each other (comments), [`Dialect`] chooses.
//!
//! One rule makes this lexer different from a database's: a word must start at a word boundary. `1fUNION` and `a+b` are
//! legal SQL, but ordinary text is full of such things and attacks are not, so the analysis ends at a word that is
//! attached to what precedes it.

use super::class::{self, BLANK, ENDS_VARIABLE, ENDS_WORD, SPLITS_WORD, WHITE};
use super::token::{MAX_TEXT, Token, TokenType};
use super::words;
use crate::support::{Deadline, Stride};
use memchr::{memchr, memmem};

/// How comments are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `--` always starts a comment, `#` is an operator.
    Ansi,
    /// `--` starts a comment only before white space, `#` always does.
    MySql,
}

/// The result of [`Lexer::next`].
pub(super) enum Step<'a> {
    Token(Token<'a>),
    End,
    /// A word that does not start at a word boundary, which ends the input.
    Illegal,
}

/// The cost of reading a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 256;

/// The state of one pass over an input.
pub(super) struct Lexer<'a, 'd> {
    input: &'a [u8],
    at: usize,
    stride: Stride<'d>,
    /// The quote in which the input is assumed to begin, until its string has been read.
    inside: Option<u8>,
    dialect: Dialect,
    /// Whether a word may start here.
    boundary: bool,
    /// Tokens so far, comments included.
    pub(super) count: usize,
    /// Whether the dialects read some part differently.
    pub(super) saw_mysql: bool,
}

impl<'a, 'd> Lexer<'a, 'd> {
    pub(super) fn new(input: &'a [u8], inside: Option<u8>, dialect: Dialect, deadline: &'d mut Deadline) -> Self {
        let stride = Stride::new(deadline, UNITS);
        Self { input, at: 0, stride, inside, dialect, boundary: true, count: 0, saw_mysql: false }
    }

    /// The next token; the end of the input once the deadline is over.
    pub(super) fn next(&mut self) -> Step<'a> {
        if self.stride.is_over(self.at) {
            return Step::End;
        }
        let token = match self.inside.take() {
            Some(quote) => Some(self.string(0, quote, 0)),
            None => {
                let white = self.run(0, |byte| class::is(byte, WHITE));
                self.boundary |= white > 0;
                self.at += white;
                let Some(&first) = self.input.get(self.at) else { return Step::End };
                self.token(first)
            }
        };
        match token {
            Some(token) => {
                self.count += 1;
                Step::Token(token)
            }
            None => Step::Illegal,
        }
    }

    /// Reads the token that starts with `first`, the byte at the position. `None` stands for an illegal word.
    fn token(&mut self, first: u8) -> Option<Token<'a>> {
        let glued = !self.boundary;
        // The usual state after a token; the rules below change it where needed.
        self.boundary = false;
        Some(match first {
            b'0'..=b'9' | b'.' => self.number(),
            b'"' | b'\'' => self.string(self.at + 1, first, first),
            b'`' => self.quoted_name(self.at + 1),
            b'#' => self.hash(),
            b'-' => self.dash(),
            b'/' => self.slash(),
            b'%' | b'+' | b'^' | b'~' => self.take(TokenType::Operator, 1),
            b'!' | b'&' | b'*' | b':' | b'<' | b'=' | b'>' | b'|' => self.operator(first),
            b'(' => self.punctuation(TokenType::OpenParen),
            b')' => self.punctuation(TokenType::CloseParen),
            b',' => self.punctuation(TokenType::Comma),
            b';' => self.punctuation(TokenType::Semicolon),
            b'{' => self.punctuation(TokenType::OpenBrace),
            b'}' => self.punctuation(TokenType::CloseBrace),
            b'?' | b']' => self.take(TokenType::Unknown, 1),
            b'@' => self.variable(),
            b'[' => {
                let length = memchr(b']', self.rest()).map_or(self.rest().len(), |end| end + 1);
                self.take(TokenType::Bareword, length)
            }
            b'\\' if self.peek(1) == b'N' => self.take(TokenType::Number, 2),
            b'\\' => self.take(TokenType::Backslash, 1),
            b'$' => return self.money(glued),
            b'b' | b'B' if self.peek(1) == b'\'' => {
                return self.digit_string(|byte| matches!(byte, b'0' | b'1'), glued);
            }
            b'x' | b'X' if self.peek(1) == b'\'' => return self.digit_string(|byte| byte.is_ascii_hexdigit(), glued),
            b'e' | b'E' | b'n' | b'N' if self.peek(1) == b'\'' && self.rest().len() > 2 => {
                self.string(self.at + 2, b'\'', b'\'')
            }
            b'n' | b'N' if matches!(self.peek(1), b'q' | b'Q') => return self.q_string(1, glued),
            b'q' | b'Q' => return self.q_string(0, glued),
            b'u' | b'U' if self.rest()[1..].starts_with(b"&'") => {
                let string = self.string(self.at + 3, b'\'', b'u');
                Token { close: if string.close == 0 { 0 } else { b'u' }, ..string }
            }
            _ => return self.word(glued),
        })
    }

    /// A string whose text starts at `start`, after the quote `open`, up to the next `quote` that is neither doubled
    /// nor escaped.
    fn string(&mut self, start: usize, quote: u8, open: u8) -> Token<'a> {
        self.boundary = true;
        let mut from = start;
        while let Some(offset) = memchr(quote, &self.input[from..]).filter(|_| !self.stride.is_over(from)) {
            let end = from + offset;
            let mut backslashes = 0;
            while end - backslashes > start && self.input[end - backslashes - 1] == b'\\' {
                backslashes += 1;
                if self.stride.is_over(end + backslashes) {
                    break;
                }
            }
            if backslashes % 2 == 1 {
                from = end + 1;
            } else if self.input.get(end + 1) == Some(&quote) {
                from = end + 2;
            } else {
                self.at = end + 1;
                return Token { open, close: quote, ..Token::new(TokenType::String, &self.input[start..end]) };
            }
        }
        self.at = self.input.len();
        Token { open, ..Token::new(TokenType::String, &self.input[start..]) }
    }

    /// A name between backquotes, which may be that of a function.
    fn quoted_name(&mut self, start: usize) -> Token<'a> {
        let name = self.string(start, b'`', b'`');
        let function = words::kind(name.text) == Some(TokenType::Function);
        Token { kind: if function { TokenType::Function } else { TokenType::Bareword }, ..name }
    }

    fn hash(&mut self) -> Token<'a> {
        self.saw_mysql = true;
        match self.dialect {
            Dialect::MySql => self.line_comment(),
            Dialect::Ansi => self.take(TokenType::Operator, 1),
        }
    }

    fn dash(&mut self) -> Token<'a> {
        match *self.rest() {
            [_, b'-', after, ..] if !class::is(after, BLANK) => match self.dialect {
                Dialect::Ansi => {
                    self.saw_mysql = true;
                    self.line_comment()
                }
                Dialect::MySql => self.punctuation(TokenType::Operator),
            },
            [_, b'-', ..] => self.line_comment(),
            _ => self.punctuation(TokenType::Operator),
        }
    }

    fn line_comment(&mut self) -> Token<'a> {
        self.boundary = true;
        let length = memchr(b'\n', self.rest()).unwrap_or(self.rest().len());
        let comment = self.take(TokenType::Comment, length);
        self.at = self.input.len().min(self.at + 1);
        comment
    }

    /// A division or a comment. A nested comment, or one that MySQL executes (`/*!`), has no legitimate use.
    fn slash(&mut self) -> Token<'a> {
        let rest = self.rest();
        if self.peek(1) != b'*' {
            return self.take(TokenType::Operator, 1);
        }
        let body = &rest[2..];
        let end = memmem::find(body, b"*/");
        let nested = end.is_some_and(|end| memmem::find(&body[..=end], b"/*").is_some());
        let kind = if nested || body.first() == Some(&b'!') { TokenType::Evil } else { TokenType::Comment };
        self.boundary = kind == TokenType::Comment;
        self.take(kind, end.map_or(rest.len(), |end| end + 4))
    }

    fn operator(&mut self, first: u8) -> Token<'a> {
        self.boundary = true;
        let rest = self.rest();
        if rest.len() > 1 {
            if rest.starts_with(b"<=>") {
                return self.take(TokenType::Operator, 3);
            }
            if let Some(kind) = words::kind(&rest[..2]) {
                return self.take(kind, 2);
            }
            if first == b':' {
                return self.take(TokenType::Colon, 1);
            }
        }
        self.take(TokenType::Operator, 1)
    }

    /// `@name`, `@@name`, or `@` before a string.
    fn variable(&mut self) -> Token<'a> {
        self.at += if self.peek(1) == b'@' { 2 } else { 1 };
        match self.peek(0) {
            b'`' => Token { kind: TokenType::Variable, ..self.quoted_name(self.at + 1) },
            quote @ (b'"' | b'\'') => Token { kind: TokenType::Variable, ..self.string(self.at + 1, quote, quote) },
            _ => {
                let length = self.run(0, |byte| !class::is(byte, ENDS_VARIABLE));
                self.take(TokenType::Variable, length)
            }
        }
    }

    /// `b'0101'` or `x'1F'`.
    fn digit_string(&mut self, is_digit: impl Fn(u8) -> bool, glued: bool) -> Option<Token<'a>> {
        let digits = self.digits(2, is_digit);
        match self.peek(2 + digits) {
            b'\'' => Some(self.take(TokenType::Number, 3 + digits)),
            _ => self.word(glued),
        }
    }

    /// Oracle's `q'[...]'`, whose `q` is `skip` bytes ahead.
    fn q_string(&mut self, skip: usize, glued: bool) -> Option<Token<'a>> {
        let (open, text) = match *self.rest().get(skip + 1..).unwrap_or_default() {
            [b'\'', open @ 33..=127, ref text @ ..] => (open, text),
            _ => return self.word(glued),
        };
        let close = match open {
            b'(' => b')',
            b'[' => b']',
            b'{' => b'}',
            b'<' => b'>',
            other => other,
        };
        let start = self.input.len() - text.len();
        Some(match memmem::find(text, &[close, b'\'']) {
            Some(length) => {
                self.at = start + length + 2;
                Token { open: b'q', close: b'q', ..Token::new(TokenType::String, &text[..length]) }
            }
            None => {
                self.at = self.input.len();
                Token { open: b'q', ..Token::new(TokenType::String, text) }
            }
        })
    }

    /// A word, or the keyword before its first dot or backquote.
    fn word(&mut self, glued: bool) -> Option<Token<'a>> {
        if glued {
            return None;
        }
        let rest = self.rest();
        let length = self.run(0, |byte| !class::is(byte, ENDS_WORD));
        let word = &rest[..length];
        let head = &word[..length.min(MAX_TEXT)];
        let mut from = 0;
        loop {
            let part = from + class::run(&head[from..], SPLITS_WORD);
            if part == head.len() {
                break;
            }
            match words::kind(&head[..part]) {
                Some(kind) if kind != TokenType::Bareword => return Some(self.take(kind, part)),
                _ => from = part + 1,
            }
        }
        let kind = if length <= MAX_TEXT { words::kind(word) } else { None };
        Some(self.take(kind.unwrap_or(TokenType::Bareword), length))
    }

    fn number(&mut self) -> Token<'a> {
        let rest = self.rest();
        if rest[0] == b'0' {
            let digits = match self.peek(1) {
                b'x' | b'X' => Some(self.digits(2, |byte| byte.is_ascii_hexdigit())),
                b'b' | b'B' => Some(self.digits(2, |byte| matches!(byte, b'0' | b'1'))),
                _ => None,
            };
            match digits {
                Some(0) => return self.take(TokenType::Bareword, 2),
                Some(digits) => return self.take(TokenType::Number, 2 + digits),
                None => {}
            }
        }
        let is_digit = |byte: u8| byte.is_ascii_digit();
        let mut length = self.run(0, is_digit);
        if self.peek(length) == b'.' {
            length += 1 + self.run(length + 1, is_digit);
            if length == 1 {
                return self.take(TokenType::Dot, 1);
            }
        }
        let mut kind = TokenType::Number;
        if matches!(self.peek(length), b'e' | b'E') {
            length += 1;
            if matches!(self.peek(length), b'+' | b'-') {
                length += 1;
            }
            let digits = self.run(length, is_digit);
            if digits == 0 {
                kind = TokenType::Bareword;
            }
            length += digits;
        }
        if matches!(self.peek(length), b'd' | b'D' | b'f' | b'F') {
            match rest.get(length + 1) {
                Some(&after) if !class::is(after, BLANK) && !matches!(after, b';' | b'u' | b'U') => {}
                _ => length += 1,
            }
        }
        self.take(kind, length)
    }

    /// A money amount, a dollar-quoted string of PostgreSQL, or a lone `$`.
    fn money(&mut self, glued: bool) -> Option<Token<'a>> {
        let rest = self.rest();
        let after = &rest[1..];
        if after.is_empty() {
            return Some(self.take(TokenType::Bareword, 1));
        }
        let amount = self.digits(1, |byte| matches!(byte, b'0'..=b'9' | b'.' | b','));
        if amount == 1 && after[0] == b'.' {
            return self.word(glued);
        }
        if amount > 0 {
            return Some(self.take(TokenType::Number, 1 + amount));
        }
        let start = self.at;
        if after[0] == b'$' {
            let close = memmem::find(&rest[2..], b"$$").map(|offset| start + 2 + offset);
            return Some(self.dollar_string(start + 2, close, 2));
        }
        let letters = self.run(1, |byte| byte.is_ascii_alphabetic());
        if letters == 0 {
            return Some(self.take(TokenType::Bareword, 1));
        }
        if self.peek(1 + letters) != b'$' {
            self.boundary = true;
            return Some(self.take(TokenType::Bareword, 1));
        }
        let tag = &rest[..letters + 2];
        // The reference searches for the closing tag in a window that does not start at the end of the opening one. A
        // window that reaches back to the opening tag finds that first, so only a tag near the start of the input can
        // ever be closed.
        let close = if start < tag.len() {
            let window = self.input.get(tag.len()..self.input.len() - start).unwrap_or_default();
            memmem::find(window, tag).map(|offset| offset + tag.len()).filter(|&close| close >= start + tag.len())
        } else {
            None
        };
        Some(self.dollar_string(start + tag.len(), close, tag.len()))
    }

    fn dollar_string(&mut self, start: usize, close: Option<usize>, mark: usize) -> Token<'a> {
        let end = close.unwrap_or(self.input.len());
        self.at = if close.is_some() { end + mark } else { end };
        let string = Token::new(TokenType::String, &self.input[start..end]);
        Token { open: b'$', close: if close.is_some() { b'$' } else { 0 }, ..string }
    }

    /// A token of one byte after which a word may start.
    fn punctuation(&mut self, kind: TokenType) -> Token<'a> {
        self.boundary = true;
        self.take(kind, 1)
    }

    fn take(&mut self, kind: TokenType, length: usize) -> Token<'a> {
        let text = &self.rest()[..length];
        self.at += length;
        Token::new(kind, text)
    }

    /// The length of a run of bytes of a kind that starts `ahead` of the position.
    fn run(&mut self, ahead: usize, is_of_kind: impl Fn(u8) -> bool) -> usize {
        let start = self.at + ahead;
        self.stride.run(self.input.get(start..).unwrap_or_default(), start, is_of_kind)
    }

    /// The length of a run of digits of some kind, in which the reference permits NUL.
    fn digits(&mut self, ahead: usize, is_digit: impl Fn(u8) -> bool) -> usize {
        self.run(ahead, |byte| byte == 0 || is_digit(byte))
    }

    fn rest(&self) -> &'a [u8] {
        &self.input[self.at..]
    }

    /// The byte `ahead` of the position, 0 beyond the end.
    fn peek(&self, ahead: usize) -> u8 {
        self.input.get(self.at + ahead).copied().unwrap_or(0)
    }
}
