//! Folding reduces a sequence of tokens to the few that distinguish an attack from text.
//!
//! `1 + 2 - (3)` and `1` play the same part in a statement. Tokens are fetched one by one into a small window; rules on
//! two or three neighbours drop, merge or rewrite them immediately, until the window holds five that no rule can
//! reduce, or the input ends. The window never holds more than six tokens, so the work per token is constant.

use super::lexer::{Lexer, Step};
use super::token::{Token, TokenType, set};
use super::words;

/// The most tokens in a fingerprint.
const MAX_TOKENS: usize = 5;
const SLOTS: usize = 8;

/// The outcome of the rules for one window.
enum Rule {
    /// Something changed, so start over.
    Again,
    /// Nothing can be reduced here.
    Keep,
    /// The input is an attack.
    Evil,
}

/// The tokens being folded and, after [`Window::fold`], those that are left.
pub(super) struct Window<'a> {
    slots: [Token<'a>; SLOTS],
    /// The next free slot.
    end: usize,
    /// The first slot that is still to be folded.
    left: usize,
    /// The last comment, unless another kind of token followed it.
    comment: Option<Token<'a>>,
    more: bool,
    illegal: bool,
}

impl<'a> Window<'a> {
    pub(super) fn new() -> Self {
        Window { slots: [Token::EMPTY; SLOTS], end: 0, left: 0, comment: None, more: true, illegal: false }
    }

    /// Reads `lexer` as far as needed and folds it to at most five tokens. The result is empty if the input violates
    /// the word boundary rule early on.
    pub(super) fn fold(&mut self, lexer: &mut Lexer<'a, '_>) -> &[Token<'a>] {
        let length = self.fold_all(lexer).min(MAX_TOKENS);
        let tokens = &mut self.slots[..length];
        // MySQL treats an unclosed backquote with nothing after it as a comment.
        if let [_, _, .., last] = tokens
            && (last.kind, last.open, last.close, last.text.is_empty()) == (TokenType::Bareword, b'`', 0, true)
        {
            last.kind = TokenType::Comment;
        }
        tokens
    }

    fn fold_all(&mut self, lexer: &mut Lexer<'a, '_>) -> usize {
        if !self.skip_prefix(lexer) {
            return 0;
        }
        loop {
            self.fold_five();
            if !self.more || self.left >= MAX_TOKENS {
                self.left = self.end;
                break;
            }
            self.fetch(lexer, 2);
            if self.illegal {
                return 0;
            }
            if self.end - self.left < 2 {
                self.left = self.end;
                continue;
            }
            match self.fold_two() {
                Rule::Again => continue,
                Rule::Evil => {
                    self.slots[0].kind = TokenType::Evil;
                    return 1;
                }
                Rule::Keep => {}
            }
            self.fetch(lexer, 3);
            if self.end - self.left < 3 {
                self.left = self.end;
                continue;
            }
            if let Rule::Keep = self.fold_three() {
                self.left += 1;
            }
        }
        if let Some(comment) = self.comment
            && self.left < MAX_TOKENS
        {
            self.slots[self.left] = comment;
            self.left += 1;
        }
        self.left
    }

    /// Finds the first significant token. False if there is none.
    fn skip_prefix(&mut self, lexer: &mut Lexer<'a, '_>) -> bool {
        const SKIPPED: u32 = set(&[TokenType::Comment, TokenType::OpenParen, TokenType::SqlType]);
        loop {
            match lexer.next() {
                Step::Token(token) if token.kind.is_in(SKIPPED) || token.is_unary() => {}
                Step::Token(token) => {
                    self.slots[0] = token;
                    self.end = 1;
                    return true;
                }
                Step::End | Step::Illegal => return false,
            }
        }
    }

    /// Fetches until `wanted` tokens are to be folded, the window is full, or the input ends.
    fn fetch(&mut self, lexer: &mut Lexer<'a, '_>, wanted: usize) {
        while self.more && self.end <= MAX_TOKENS && self.end - self.left < wanted {
            match lexer.next() {
                Step::Token(token) if token.kind == TokenType::Comment => self.comment = Some(token),
                Step::Token(token) => {
                    self.comment = None;
                    self.slots[self.end] = token;
                    self.end += 1;
                }
                Step::End => self.more = false,
                Step::Illegal => {
                    self.more = false;
                    self.illegal = true;
                }
            }
        }
    }

    /// Reduces plain lists of values and of columns to their first token.
    fn fold_five(&mut self) {
        use TokenType::{Bareword, CloseParen, Comma, Number, OpenParen, Operator};
        if self.end < MAX_TOKENS {
            return;
        }
        match self.slots.map(|token| token.kind) {
            [Number, Operator | Comma, OpenParen, Number, CloseParen, ..]
            | [Bareword, Operator, OpenParen, Bareword | Number, CloseParen, ..]
            | [Number, CloseParen, Comma, OpenParen, Number, ..]
            | [Bareword, CloseParen, Operator, OpenParen, Bareword, ..] => {}
            _ => return,
        }
        if self.end > MAX_TOKENS {
            self.slots[1] = self.slots[MAX_TOKENS];
            self.end = 2;
        } else {
            self.end = 1;
        }
        self.left = 0;
    }

    fn fold_two(&mut self) -> Rule {
        use TokenType::*;
        const MERGED: u32 = set(&[Keyword, Bareword, Operator, Union, Function, Expression, Tsql, SqlType]);
        const VALUE: u32 = set(&[Bareword, Number, SqlType, OpenParen, Function, Variable, String]);
        let left = self.left;
        let (a, b) = (self.slots[left], self.slots[left + 1]);
        match (a.kind, b.kind) {
            (String, String) | (Semicolon, Semicolon) => return self.drop(1, left),
            (Operator | Logic, _) if b.kind == SqlType || b.is_unary() => return self.drop(1, 0),
            (OpenParen, _) if b.is_unary() => return self.drop(1, left.saturating_sub(1)),
            _ => {}
        }
        if a.kind.is_in(MERGED)
            && (b.kind.is_in(MERGED) || b.kind == Logic)
            && let Some((text, kind)) = words::phrase(a.text, b.text)
        {
            // The quotes remain those of the first part.
            self.slots[left] = Token { text, kind, ..a };
            return self.drop(1, left.saturating_sub(1));
        }
        match (a.kind, b.kind) {
            (Semicolon, Function) if b.starts_with(b"IF") => {
                self.slots[left + 1].kind = Tsql;
                return Rule::Again;
            }
            (Bareword | Variable, OpenParen) if words::NAMES_OF_FUNCTIONS.iter().any(|name| a.is(name)) => {
                self.slots[left].kind = Function;
                return Rule::Again;
            }
            (Keyword, _) if a.is(b"IN") || a.is(b"NOT IN") => {
                self.slots[left].kind = if b.kind == OpenParen { Operator } else { Bareword };
                return Rule::Again;
            }
            (Operator, OpenParen) if is_like(&a) => self.slots[left].kind = Function,
            (Operator, _) if is_like(&a) => {}
            (SqlType, kind) if kind.is_in(VALUE) => {
                self.slots[left] = b;
                return self.drop(1, 0);
            }
            // Names of collations contain an underscore, unlike anything else that may follow.
            (Collate, Bareword) if b.text.contains(&b'_') => {
                self.slots[left + 1].kind = SqlType;
                self.left = 0;
            }
            (Backslash, Operator) if matches!(b.text, b"*" | b"/" | b"-" | b"+" | b"%") => {
                self.slots[left].kind = Number;
                self.left = 0;
                return Rule::Again;
            }
            (Backslash, _) => {
                self.slots[left] = b;
                return self.drop(1, 0);
            }
            (OpenParen, OpenParen) | (CloseParen, CloseParen) => return self.drop(1, 0),
            (OpenBrace, Bareword) if b.text.is_empty() => return Rule::Evil,
            (OpenBrace, Bareword) => return self.drop(2, 0),
            (_, CloseBrace) => return self.drop(1, 0),
            _ => {}
        }
        Rule::Keep
    }

    fn fold_three(&mut self) -> Rule {
        use TokenType::*;
        const OPERAND: u32 = set(&[Bareword, Number]);
        const VARIABLE_OR_OPERAND: u32 = set(&[Variable, Number, Bareword]);
        const LITERAL: u32 = set(&[Bareword, Number, Variable, String]);
        const LITERAL_OR_FUNCTION: u32 = LITERAL | set(&[Function]);
        let left = self.left;
        let (a, b, c) = (self.slots[left], self.slots[left + 1], self.slots[left + 2]);
        match (a.kind, b.kind, c.kind) {
            (Number, Operator, Number) | (Logic, _, Logic) => self.drop(2, 0),
            (Operator, middle, Operator) if middle != OpenParen => self.drop(2, 0),
            (Variable, Operator, kind) if kind.is_in(VARIABLE_OR_OPERAND) => self.drop(2, 0),
            (first, Operator, kind) if first.is_in(OPERAND) && kind.is_in(OPERAND) => self.drop(2, 0),
            (first, Operator, SqlType) if first.is_in(LITERAL) && b.text == b"::" => self.drop(2, 0),
            (first, Comma, last) if first.is_in(LITERAL) && last.is_in(LITERAL) => self.drop(2, 0),
            (Expression | Group | Comma, _, OpenParen) if b.is_unary() => self.drop_middle(1),
            (Keyword | Expression | Group, _, kind) if b.is_unary() && kind.is_in(LITERAL_OR_FUNCTION) => {
                self.drop_middle(1)
            }
            (Comma, _, kind) if b.is_unary() && kind.is_in(LITERAL) => self.drop_middle(3),
            (Comma, _, Function) if b.is_unary() => self.drop_middle(1),
            (Bareword, Dot, Bareword) => self.drop(2, 0),
            (Expression, Dot, Bareword) => self.drop_middle(1),
            (Function, OpenParen, last) => {
                // `user` is a function only when called without arguments.
                if last != CloseParen && a.is(b"USER") {
                    self.slots[left].kind = Bareword;
                }
                Rule::Keep
            }
            _ => Rule::Keep,
        }
    }

    /// Frees the last `count` slots and goes back to `left`.
    fn drop(&mut self, count: usize, left: usize) -> Rule {
        self.end -= count;
        self.left = left;
        Rule::Again
    }

    /// Replaces the second of three tokens by the third, then frees the last `count` slots.
    fn drop_middle(&mut self, count: usize) -> Rule {
        self.slots[self.left + 1] = self.slots[self.left + 2];
        self.drop(count, 0)
    }
}

fn is_like(token: &Token<'_>) -> bool {
    token.is(b"LIKE") || token.is(b"NOT LIKE")
}
