//! The words of SQL that decide how a statement goes on.

use crate::injection::table::Table;

/// What a word is, where the grammar asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Word {
    /// `AND`, `OR`: joins conditions.
    Connective,
    /// Compares, such as `LIKE`.
    Comparison,
    /// An operator between values, such as `DIV`.
    Binary,
    /// Comes before a value, such as `NOT`, or begins the next part of an expression, such as `WHEN`.
    Prefix,
    /// A value in one word, such as `NULL`.
    Value,
    /// Joins another query: `UNION`.
    Union,
    /// `SELECT`, `VALUES`, `TABLE`: a query.
    Query,
    /// `ORDER` and `GROUP`, to be followed by `BY`.
    Sort,
    /// A clause after the conditions, such as `LIMIT`.
    Clause,
    /// Begins a statement that changes or runs something.
    Verb,
    /// Follows a value and takes a name: `COLLATE`, `AS`.
    Suffix,
    /// Follows a value, such as `END`.
    Closing,
    /// Separates the arguments of certain functions: `FROM`, `FOR`.
    Separator,
    /// Anything else: a name.
    Name,
}

/// The words as text, `WORD<tab>class`, sorted.
static WORDS: Table<98, 257> = Table::new(include_bytes!("words.tsv"));

/// Functions whose call in a place where a statement goes on is enough, whatever surrounds it: they wait, read files,
/// raise errors with data, or name what only an attacker asks for.
static FUNCTIONS: Table<74, 257> = Table::new(include_bytes!("functions.tsv"));

/// What a statement that changes something is about.
static OBJECTS: Table<34, 129> = Table::new(include_bytes!("objects.tsv"));

/// What a word is. Words of two meanings have the one that is told apart by its place.
pub(super) fn word(text: &[u8]) -> Word {
    match WORDS.get(text).map_or(0, |(_, class)| class) {
        b'c' => Word::Connective,
        b'=' => Word::Comparison,
        b'b' => Word::Binary,
        b'p' => Word::Prefix,
        b'v' => Word::Value,
        b'u' => Word::Union,
        b'q' => Word::Query,
        b's' => Word::Sort,
        b'l' => Word::Clause,
        b'd' => Word::Verb,
        b'a' => Word::Suffix,
        b'e' => Word::Closing,
        b'f' => Word::Separator,
        _ => Word::Name,
    }
}

/// Whether a word is the name of a function whose call is enough.
pub(super) fn is_telling(name: &[u8]) -> bool {
    FUNCTIONS.get(name).is_some()
}

/// Whether a word names what a statement is about.
pub(super) fn is_object(word: &[u8]) -> bool {
    OBJECTS.get(word).is_some()
        || word.get(..3).is_some_and(|head| head.eq_ignore_ascii_case(b"xp_") || head.eq_ignore_ascii_case(b"sp_"))
}
