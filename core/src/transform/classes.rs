//! A quick scan of a string, shared by all transformer chains, and by matchers that require certain bytes.
//!
//! Whether a transformer acts depends on a few bytes: a `%`, an upper-case letter, two spaces in a row. One pass over
//! the string collects which classes of bytes occur and which pairs of classes are adjacent; after that a few
//! operations on one word decide for each chain.

use super::Transformer;

/// The classes of bytes, and of pairs of adjacent bytes, that occur in a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByteClasses(u64);

impl ByteClasses {
    /// The number of bits for classes and pairs, the lowest of a word.
    pub(crate) const BITS: u32 = 25;

    /// Reads `text` once.
    pub fn of(text: &[u8]) -> Self {
        let (mut seen, mut before) = (0, 0);
        for &byte in text {
            let [first, second] = TABLE[usize::from(byte)];
            seen |= before & second;
            before = first;
        }
        Self(seen | before & SINGLE_MASK)
    }

    /// The bits that a byte starts: its class, and the pairs of which it can be the first.
    pub(crate) fn first(byte: u8) -> u64 {
        TABLE[usize::from(byte)][0]
    }

    /// The bits that a byte completes: the class of whatever precedes it, and the pairs of which it can be the second.
    /// A string has the classes and pairs that one of its bytes [starts](Self::first) and the next completes, and the
    /// class of its last byte.
    pub(crate) fn second(byte: u8) -> u64 {
        TABLE[usize::from(byte)][1]
    }

    /// Builds the classes from the completed bits and those the last byte started.
    #[inline]
    pub(crate) fn from_bits(completed: u64, last: u64) -> Self {
        Self(completed & (SINGLE_MASK | PAIR_MASK) | last & SINGLE_MASK)
    }

    /// Whether only ASCII occurs.
    pub fn is_ascii(self) -> bool {
        self.0 & NON_ASCII == 0
    }
}

/// When a transformer, or any of several, may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Triggers {
    /// It may act if any of these classes or pairs occurs.
    any: u64,
    /// It may act if only these classes occur. Every byte has a class, so 0 is never met.
    only: [u64; 2],
}

impl Triggers {
    /// The string is more than one word of ASCII letters, digits and underscores.
    pub(crate) const BEYOND_A_WORD: Self =
        Self { any: SINGLE_MASK & !(UPPER | LOWER_OR_DIGIT | UNDERSCORE), only: [0; 2] };
    /// The string contains `<` or `=`.
    pub(crate) const MARKUP: Self = Self { any: LESS_THAN | EQUALS, only: [0; 2] };

    /// Whether a string of these classes meets the triggers; if not, the transformer certainly does not act.
    #[inline]
    pub fn met_by(self, ByteClasses(classes): ByteClasses) -> bool {
        let singles = classes & SINGLE_MASK;
        let [first, second] = self.only;
        classes & self.any != 0 || (singles != 0 && (singles & !first == 0 || singles & !second == 0))
    }

    /// Triggers met by what meets either.
    pub fn or(self, other: Self) -> Self {
        let [first, second] = self.only;
        let [other_first, other_second] = other.only;
        Self { any: self.any | other.any, only: [first | other_first, second | other_second] }
    }

    /// When a transformer may do more to a string than change the case of ASCII letters.
    pub(super) fn rewrites(transformer: Transformer) -> Self {
        let any = match transformer {
            Transformer::Lowercase => return Self::default(),
            // An upper-case letter triggers it, but only these do more than change its case.
            Transformer::ShellUnescape => BACKSLASH | QUOTE | SEPARATOR | BLANK_SEPARATOR | BREAK,
            other => return Self::of(other),
        };
        Self { any, only: [0; 2] }
    }

    pub(super) fn of(transformer: Transformer) -> Self {
        use Transformer as T;
        let dots = SLASH_DOT | DOT_SLASH;
        let any = match transformer {
            T::Lowercase => UPPER,
            T::RemoveNulls => NUL,
            T::CompressWhitespace => TWO_SPACES,
            T::NormalizePath => dots,
            T::NormalizePathWin => BACKSLASH | dots,
            T::UrlDecode | T::UrlDecodeIis => PERCENT | PLUS,
            T::CssDecode | T::JsDecode => BACKSLASH,
            T::HtmlEntityDecode => AMPERSAND,
            T::Base64Decode => return Self { any: 0, only: [BASE64 | PLUS | SLASH, 0] },
            T::Base64UrlDecode => return Self { any: 0, only: [0, BASE64 | DASH | UNDERSCORE] },
            T::Base64Encode | T::UrlQuerystring => SINGLE_MASK,
            T::ShellUnescape => UPPER | BACKSLASH | QUOTE | SEPARATOR | BLANK_SEPARATOR,
            T::UrlBasename => SLASH | QUESTION_MARK | HASH,
            T::UrlPath => QUESTION_MARK | HASH,
            T::RemoveComments => HASH | TWO_DASHES | COMMENT,
            T::UnicodeNormalize => NON_ASCII,
            T::DisguiseDecode => NON_ASCII | BACKSLASH | PLUS | AMPERSAND,
            // A space belongs to no class of its own.
            T::CredentialsDecode => OTHER,
            T::WrappingDecode => {
                return Self { any: 0, only: [BASE64 | PLUS | SLASH | PERCENT, BASE64 | DASH | UNDERSCORE | PERCENT] };
            }
        };
        Self { any, only: [0; 2] }
    }
}

// The bits of a word: classes of single bytes, then the pairs.
const SINGLE_MASK: u64 = (1 << 19) - 1;
const PAIR_MASK: u64 = ((1 << ByteClasses::BITS) - 1) ^ SINGLE_MASK;

const UPPER: u64 = 1;
const LOWER_OR_DIGIT: u64 = 1 << 1;
const NUL: u64 = 1 << 2;
const PERCENT: u64 = 1 << 3;
const PLUS: u64 = 1 << 4;
const BACKSLASH: u64 = 1 << 5;
const QUOTE: u64 = 1 << 6;
const SEPARATOR: u64 = 1 << 7;
const AMPERSAND: u64 = 1 << 8;
const HASH: u64 = 1 << 9;
const QUESTION_MARK: u64 = 1 << 10;
const SLASH: u64 = 1 << 11;
const DASH: u64 = 1 << 12;
const UNDERSCORE: u64 = 1 << 13;
const EQUALS: u64 = 1 << 14;
const NON_ASCII: u64 = 1 << 15;
/// Blanks that are not spaces.
const BREAK: u64 = 1 << 16;
const LESS_THAN: u64 = 1 << 17;
const OTHER: u64 = 1 << 18;
/// Characters of both alphabets, and padding.
const BASE64: u64 = UPPER | LOWER_OR_DIGIT | EQUALS;

const TWO_SPACES: u64 = 1 << 19;
const TWO_DASHES: u64 = 1 << 20;
/// `/*` or `//`.
const COMMENT: u64 = 1 << 21;
const SLASH_DOT: u64 = 1 << 22;
const DOT_SLASH: u64 = 1 << 23;
/// A blank before another blank, a separator, `(` or `/`.
const BLANK_SEPARATOR: u64 = 1 << 24;

/// The bits that each byte starts and completes.
static TABLE: [[u64; 2]; 256] = {
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = [single(byte as u8) | begins(byte as u8), SINGLE_MASK | ends(byte as u8)];
        byte += 1;
    }
    table
};

const fn single(byte: u8) -> u64 {
    match byte {
        b'A'..=b'Z' => UPPER,
        b'a'..=b'z' | b'0'..=b'9' => LOWER_OR_DIGIT,
        0 => NUL,
        b'%' => PERCENT,
        b'+' => PLUS,
        b'\\' => BACKSLASH,
        b'"' | b'\'' | b'^' => QUOTE,
        b',' | b';' => SEPARATOR,
        b'&' => AMPERSAND,
        b'#' => HASH,
        b'?' => QUESTION_MARK,
        b'/' => SLASH,
        b'-' => DASH,
        b'_' => UNDERSCORE,
        b'=' => EQUALS,
        b'<' => LESS_THAN,
        0x09..=0x0D => BREAK,
        0x80.. => NON_ASCII,
        _ => OTHER,
    }
}

/// The pairs of which this can be the first byte.
const fn begins(byte: u8) -> u64 {
    match byte {
        b' ' => TWO_SPACES | BLANK_SEPARATOR,
        0x09..=0x0D => BLANK_SEPARATOR,
        b'-' => TWO_DASHES,
        b'/' => COMMENT | SLASH_DOT,
        b'.' => DOT_SLASH,
        _ => 0,
    }
}

/// The pairs of which this can be the second byte.
const fn ends(byte: u8) -> u64 {
    match byte {
        b' ' => TWO_SPACES | BLANK_SEPARATOR,
        0x09..=0x0D | b',' | b';' | b'(' => BLANK_SEPARATOR,
        b'-' => TWO_DASHES,
        b'/' => COMMENT | DOT_SLASH | BLANK_SEPARATOR,
        b'*' => COMMENT,
        b'.' => SLASH_DOT,
        _ => 0,
    }
}
