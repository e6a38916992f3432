//! A lenient HTML tokenizer: broken markup as browsers read it, reduced to the tokens that a verdict needs.
//!
//! It may start inside a tag or a quoted value, because the string under test usually ends up in the middle of a page.
//! Text, closing tags and the ends of tags produce no token; they only change the state.

use crate::support::{Deadline, Stride};
use memchr::{memchr, memmem};

/// The context in which the input begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Between tags.
    Data,
    /// Inside a tag, where an attribute may follow.
    Tag,
    /// Inside the value of an attribute, in this quote.
    Value(u8),
}

/// The tokens a verdict may depend on.
pub(super) enum Token<'a> {
    Doctype,
    /// The name of an opening tag. `tail` is the input from that name on, shortened by the length of the name and one
    /// byte: the part that the reference examines for an exemption.
    Tag {
        name: &'a [u8],
        tail: &'a [u8],
    },
    /// An attribute with a value; one without a value runs nothing.
    Attribute {
        name: &'a [u8],
        value: &'a [u8],
    },
    Comment(&'a [u8]),
}

#[derive(Clone, Copy)]
enum State {
    Data,
    TagOpen,
    EndTagOpen,
    TagName,
    TagNameClose,
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    QuotedValue(u8),
    UnquotedValue,
    AfterValue,
    SelfClosing,
    BogusComment,
    PercentComment,
    Markup,
    Comment,
    End,
}

/// The cost of reading a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 256;

/// The state of one pass over an input.
pub(super) struct Lexer<'a, 'd> {
    input: &'a [u8],
    at: usize,
    pub(super) stride: Stride<'d>,
    state: State,
    /// Whether the current tag was opened by `</`.
    closing: bool,
    /// The attribute that the next value belongs to.
    name: &'a [u8],
}

impl<'a, 'd> Lexer<'a, 'd> {
    pub(super) fn new(input: &'a [u8], start: Start, deadline: &'d mut Deadline) -> Self {
        let state = match start {
            Start::Data => State::Data,
            Start::Tag => State::BeforeName,
            Start::Value(quote) => State::QuotedValue(quote),
        };
        Self { input, at: 0, stride: Stride::new(deadline, UNITS), state, closing: false, name: b"" }
    }

    /// The next token; `None` also once the deadline is over.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.stride.is_over(self.at) {
                return None;
            }
            let token = match self.state {
                State::Data => self.data(),
                State::TagOpen => self.tag_open(),
                State::EndTagOpen => self.end_tag_open(),
                State::TagName => self.tag_name(),
                State::TagNameClose => self.tag_name_close(),
                State::BeforeName => self.before_name(),
                State::Name => self.attribute_name(),
                State::AfterName => self.after_name(),
                State::BeforeValue => self.before_value(),
                State::QuotedValue(quote) => self.quoted_value(quote),
                State::UnquotedValue => self.unquoted_value(),
                State::AfterValue => self.after_value(),
                State::SelfClosing => self.self_closing(),
                State::BogusComment => self.comment_until(b">"),
                State::PercentComment => self.comment_until(b"%>"),
                State::Markup => self.markup(),
                State::Comment => self.comment(),
                State::End => return None,
            };
            if token.is_some() {
                return token;
            }
        }
    }

    fn data(&mut self) -> Option<Token<'a>> {
        match memchr(b'<', self.rest()) {
            Some(text) => self.go(text + 1, State::TagOpen),
            None => self.stop(),
        }
    }

    fn tag_open(&mut self) -> Option<Token<'a>> {
        match self.peek() {
            None => self.stop(),
            Some(b'!') => self.go(1, State::Markup),
            Some(b'/') => {
                self.closing = true;
                self.go(1, State::EndTagOpen)
            }
            Some(b'?') => self.go(1, State::BogusComment),
            Some(b'%') => self.go(1, State::PercentComment),
            Some(0 | b'a'..=b'z' | b'A'..=b'Z') => self.go(0, State::TagName),
            Some(_) => self.go(0, State::Data),
        }
    }

    fn end_tag_open(&mut self) -> Option<Token<'a>> {
        match self.peek() {
            None => self.stop(),
            Some(b'>') => self.go(0, State::Data),
            Some(b'a'..=b'z' | b'A'..=b'Z') => self.go(0, State::TagName),
            Some(_) => {
                self.closing = false;
                self.go(0, State::BogusComment)
            }
        }
    }

    fn tag_name(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        let length = self.run(0, |byte| !(matches!(byte, b'/' | b'>') || is_white(byte) && byte != 0));
        let before = self.at;
        match rest.get(length) {
            Some(b'>') if self.closing => {
                self.closing = false;
                return self.go(length + 1, State::Data);
            }
            Some(b'>') => self.go(length, State::TagNameClose),
            Some(b'/') => self.go(length + 1, State::SelfClosing),
            Some(_) => self.go(length + 1, State::BeforeName),
            None => self.stop(),
        };
        let unseen = self.at - before;
        Some(Token::Tag { name: &rest[..length], tail: &rest[..rest.len() - unseen] })
    }

    fn tag_name_close(&mut self) -> Option<Token<'a>> {
        self.closing = false;
        self.go(1, State::Data)
    }

    fn before_name(&mut self) -> Option<Token<'a>> {
        match self.skip_white() {
            None => self.stop(),
            Some(b'/') => self.go(1, State::SelfClosing),
            Some(b'>') => self.go(1, State::Data),
            Some(_) => self.go(0, State::Name),
        }
    }

    /// The first byte belongs to the name, whatever it is.
    fn attribute_name(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        let length = 1 + self.run(1, |byte| !(matches!(byte, b'/' | b'=' | b'>') || is_white(byte)));
        let Some(&end) = rest.get(length) else { return self.stop() };
        self.name = &rest[..length];
        match end {
            b'/' => self.go(length + 1, State::SelfClosing),
            b'=' => self.go(length + 1, State::BeforeValue),
            b'>' => self.go(length, State::TagNameClose),
            _ => self.go(length + 1, State::AfterName),
        }
    }

    fn after_name(&mut self) -> Option<Token<'a>> {
        match self.skip_white() {
            None => self.stop(),
            Some(b'/') => self.go(1, State::SelfClosing),
            Some(b'=') => self.go(1, State::BeforeValue),
            Some(b'>') => self.go(0, State::TagNameClose),
            Some(_) => self.go(0, State::Name),
        }
    }

    fn before_value(&mut self) -> Option<Token<'a>> {
        match self.skip_white() {
            None => self.stop(),
            Some(quote @ (b'"' | b'\'' | b'`')) => self.go(0, State::QuotedValue(quote)),
            Some(_) => self.go(0, State::UnquotedValue),
        }
    }

    fn quoted_value(&mut self, quote: u8) -> Option<Token<'a>> {
        // A lexer that starts inside a value has no opening quote to skip.
        self.at += usize::from(self.at > 0);
        let rest = self.rest();
        match memchr(quote, rest) {
            Some(length) => {
                self.go(length + 1, State::AfterValue);
                self.value(&rest[..length])
            }
            None => {
                self.stop();
                self.value(rest)
            }
        }
    }

    fn unquoted_value(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        let length = self.run(0, |byte| byte != b'>' && !is_white(byte));
        match rest.get(length) {
            None => self.stop(),
            Some(b'>') => self.go(length, State::TagNameClose),
            Some(_) => self.go(length + 1, State::BeforeName),
        };
        self.value(&rest[..length])
    }

    fn after_value(&mut self) -> Option<Token<'a>> {
        match self.peek() {
            None => self.stop(),
            Some(b'/') => self.go(1, State::SelfClosing),
            Some(b'>') => self.go(1, State::Data),
            Some(byte) => self.go(usize::from(is_white(byte)), State::BeforeName),
        }
    }

    fn self_closing(&mut self) -> Option<Token<'a>> {
        match self.peek() {
            None => self.stop(),
            Some(b'>') => self.go(1, State::Data),
            Some(_) => self.go(0, State::BeforeName),
        }
    }

    fn comment_until(&mut self, close: &[u8]) -> Option<Token<'a>> {
        let rest = self.rest();
        match memmem::find(rest, close) {
            Some(length) => {
                self.go(length + close.len(), State::Data);
                Some(Token::Comment(&rest[..length]))
            }
            None => {
                self.stop();
                Some(Token::Comment(rest))
            }
        }
    }

    fn markup(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        if rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"DOCTYPE")) {
            self.stop();
            return Some(Token::Doctype);
        }
        if rest.starts_with(b"[CDATA[") {
            return match memmem::find(&rest[7..], b"]]>") {
                Some(length) => self.go(7 + length + 3, State::Data),
                None => self.stop(),
            };
        }
        match rest {
            [b'-', b'-', ..] => self.go(2, State::Comment),
            _ => self.go(0, State::BogusComment),
        }
    }

    /// A comment that was opened by `<!--`. NULs may occur between the dashes that close it, and `-!>` closes it, too.
    fn comment(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        let mut from = 0;
        while let Some(dash) = memchr(b'-', &rest[from..]).map(|offset| from + offset) {
            if dash + 3 > rest.len() || self.stride.is_over(self.at + dash) {
                break;
            }
            let nuls = self.run(dash + 1, |byte| byte == 0);
            let end = dash + 1 + nuls;
            if let [b'-' | b'!', b'>', ..] = rest[end..] {
                self.go(end + 2, State::Data);
                return Some(Token::Comment(&rest[..dash]));
            }
            from = dash + 1;
        }
        self.stop();
        Some(Token::Comment(rest))
    }

    fn value(&mut self, value: &'a [u8]) -> Option<Token<'a>> {
        let name = std::mem::take(&mut self.name);
        (!name.is_empty()).then_some(Token::Attribute { name, value })
    }

    /// Advances and changes the state, without a token.
    fn go(&mut self, count: usize, state: State) -> Option<Token<'a>> {
        self.at += count;
        self.state = state;
        None
    }

    fn stop(&mut self) -> Option<Token<'a>> {
        self.go(0, State::End)
    }

    /// The next byte that is not white space. 0xFF counts as the end, as in the reference.
    fn skip_white(&mut self) -> Option<u8> {
        if self.peek().is_some_and(is_white) {
            self.at += self.run(0, is_white);
        }
        self.peek().filter(|&byte| byte != 0xFF)
    }

    /// The length of a run of bytes of a kind that starts `ahead` of the position.
    fn run(&mut self, ahead: usize, is_of_kind: impl Fn(u8) -> bool) -> usize {
        let start = self.at + ahead;
        self.stride.run(self.input.get(start..).unwrap_or_default(), start, is_of_kind)
    }

    fn rest(&self) -> &'a [u8] {
        &self.input[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }
}

fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r' | 0)
}
