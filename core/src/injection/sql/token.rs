//! Tokens of the SQL lexer: kind, text, and the quotes that opened and closed them.

/// The kind of a token. Each is one letter of a fingerprint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum TokenType {
    Keyword,
    Union,
    Group,
    Expression,
    SqlType,
    Function,
    Bareword,
    Number,
    Variable,
    Operator,
    Logic,
    Collate,
    Tsql,
    String,
    Comment,
    /// Never written by accident: one such token makes the whole input an attack.
    Evil,
    OpenParen,
    CloseParen,
    OpenBrace,
    CloseBrace,
    Comma,
    Semicolon,
    Colon,
    Dot,
    Backslash,
    Unknown,
}

impl TokenType {
    const LETTERS: &'static [u8; 26] = b"kUBEtfn1vo&ATscX(){},;:.\\?";

    /// The letter of this kind in a fingerprint.
    pub(super) fn letter(self) -> u8 {
        Self::LETTERS[self as usize]
    }

    /// The kind of a word of the table, from its class letter.
    pub(super) fn of_word(class: u8) -> Self {
        match class {
            b'k' => Self::Keyword,
            b'U' => Self::Union,
            b'B' => Self::Group,
            b'E' => Self::Expression,
            b't' => Self::SqlType,
            b'f' => Self::Function,
            b'1' => Self::Number,
            b'v' => Self::Variable,
            b'o' => Self::Operator,
            b'&' => Self::Logic,
            b'A' => Self::Collate,
            b'T' => Self::Tsql,
            _ => Self::Bareword,
        }
    }

    /// Whether the kind is in a set made by [`set`].
    #[inline]
    pub(super) fn is_in(self, set: u32) -> bool {
        set >> self as u32 & 1 == 1
    }
}

/// A set of kinds, one bit each.
pub(super) const fn set(kinds: &[TokenType]) -> u32 {
    let (mut bits, mut i) = (0, 0);
    while i < kinds.len() {
        bits |= 1 << kinds[i] as u32;
        i += 1;
    }
    bits
}

/// The longest text of a token, which is cut at that; the lexer's position is not.
pub(super) const MAX_TEXT: usize = 31;

/// A token. Its text is a slice of the input or, once words were merged into a phrase, of the word table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) text: &'a [u8],
    pub(super) kind: TokenType,
    /// The quote that opened a string, 0 for none.
    pub(super) open: u8,
    /// The quote that closed a string, 0 for none.
    pub(super) close: u8,
}

impl<'a> Token<'a> {
    pub(super) const EMPTY: Token<'static> = Token { text: b"", kind: TokenType::Unknown, open: 0, close: 0 };

    pub(super) fn new(kind: TokenType, text: &'a [u8]) -> Self {
        Self { text: &text[..text.len().min(MAX_TEXT)], kind, open: 0, close: 0 }
    }

    /// Whether the text is `word`, in any case.
    pub(super) fn is(&self, word: &[u8]) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }

    /// Whether the text starts with `word`, in any case.
    pub(super) fn starts_with(&self, word: &[u8]) -> bool {
        self.text.len() >= word.len() && self.text[..word.len()].eq_ignore_ascii_case(word)
    }

    /// Whether this is an operator that applies to what follows it.
    pub(super) fn is_unary(&self) -> bool {
        self.kind == TokenType::Operator
            && match self.text {
                [one] => matches!(one, b'+' | b'-' | b'!' | b'~'),
                b"!!" => true,
                text => text.eq_ignore_ascii_case(b"NOT"),
            }
    }
}
