//! Reading typed fields of a configuration object, with the exact words of the reference if a field is wrong.
//!
//! Every getter converts an object to a type or reports which type it *expected*. A [`Fields`] adds the key to the
//! message, whereas an element of an array has none; diagnostics differ in these cases, so both forms exist here.

use super::refusal::{Refusal, concat};
use crate::order::Table;
use crate::value::Text;
use crate::value::{Object, Pair, Step, View, scalar_text};
use std::borrow::Cow;

/// Why a getter rejected an object.
pub enum Fault {
    /// It is of another type.
    Cast {
        /// The word for the expected type.
        expected: &'static str,
        /// The word for the actual type.
        obtained: &'static str,
    },
    /// It is a map, but the value under this key is of another type.
    Entry {
        /// The key, which is named even if the map itself has one.
        key: Text,
        /// The word for the expected type.
        expected: &'static str,
        /// The word for the actual type.
        obtained: &'static str,
    },
    /// It is of the right type but malformed; the text is the whole message.
    Broken(&'static str),
}

/// Reads an object as a `T`.
pub type Getter<'a, T> = fn(&'a Object) -> Result<T, Fault>;

/// Reads an object that has no key of its own.
pub fn element<'a, T>(object: &'a Object, get: Getter<'a, T>) -> Result<T, Refusal> {
    get(object).map_err(|fault| match fault {
        Fault::Cast { expected, obtained } | Fault::Entry { expected, obtained, .. } => {
            Refusal::error(format!("bad cast, expected '{expected}', obtained '{obtained}'"))
        }
        Fault::Broken(text) => Refusal::error(text),
    })
}

/// A map of the configuration: keys are distinct (the first occurrence counts) and not empty.
#[derive(Clone, Copy)]
pub struct Fields<'a>(&'a [Pair]);

impl<'a> Fields<'a> {
    /// No fields, for an absent optional map.
    pub const EMPTY: Fields<'static> = Fields(&[]);

    /// The object under a key.
    pub fn get(&self, key: &str) -> Option<&'a Object> {
        self.0.iter().find(|pair| pair.key_bytes() == Some(key.as_bytes())).map(Pair::value)
    }

    /// A field that must be there.
    pub fn required<T>(&self, key: &str, get: Getter<'a, T>) -> Result<T, Refusal> {
        self.optional(key, get)?.ok_or_else(|| Refusal::error(format!("missing key '{key}'")))
    }

    /// A field that may be absent.
    pub fn optional<T>(&self, key: &str, get: Getter<'a, T>) -> Result<Option<T>, Refusal> {
        let Some(object) = self.get(key) else { return Ok(None) };
        get(object).map(Some).map_err(|fault| match fault {
            Fault::Cast { expected, obtained } => wrong_type(key.as_bytes(), expected, obtained),
            Fault::Entry { key, expected, obtained } => wrong_type(&key, expected, obtained),
            Fault::Broken(text) => Refusal::error(text),
        })
    }

    /// A field that may be absent and reports errors without its key.
    pub fn optional_unkeyed<T>(&self, key: &str, get: Getter<'a, T>) -> Result<Option<T>, Refusal> {
        self.get(key).map(|object| element(object, get)).transpose()
    }

    /// The entries, each key once.
    pub fn entries(&self) -> impl Iterator<Item = (&'a [u8], &'a Object)> + use<'a> {
        let pairs = self.0;
        pairs.iter().enumerate().filter_map(move |(i, pair)| {
            let key = pair.key_bytes()?;
            let first = pairs[..i].iter().all(|earlier| earlier.key_bytes() != Some(key));
            first.then_some((key, pair.value()))
        })
    }

    /// The results of `read` for every entry, in document order. If several entries are refused, the error is that of
    /// the entry which the reference, with its hash table, reaches first.
    pub fn read_all<T, E>(&self, read: impl Fn(&'a [u8], &'a Object) -> Result<T, E>) -> Result<Vec<T>, E> {
        let all: Result<Vec<T>, E> = self.entries().map(|(key, value)| read(key, value)).collect();
        all.map_err(|fault| self.hashed().into_iter().find_map(|(key, value)| read(key, value).err()).unwrap_or(fault))
    }

    /// The entries, each key once, in the order of the reference's hash table.
    pub fn hashed(&self) -> Vec<(&'a [u8], &'a Object)> {
        let mut table = Table::with_capacity(self.0.len());
        for (key, value) in self.entries() {
            table.insert(key.into(), (key, value));
        }
        table.values().copied().collect()
    }
}

fn wrong_type(key: &[u8], expected: &str, obtained: &str) -> Refusal {
    let (before, after) = (format!("invalid type '{obtained}' for key '"), format!("', expected '{expected}'"));
    Refusal::error(concat(&[before.as_bytes(), key, after.as_bytes()]))
}

/// The word for an object's type in diagnostics.
pub fn type_word(object: &Object) -> &'static str {
    match object.view() {
        View::Map(_) => "map",
        View::Array(_) => "array",
        View::String(_) => "string",
        View::Bool(_) => "bool",
        View::Unsigned(_) => "unsigned",
        View::Signed(_) => "signed",
        View::Float(_) => "float",
        View::Null => "null",
        View::Invalid => "unknown",
    }
}

fn cast<T>(object: &Object, expected: &'static str) -> Result<T, Fault> {
    Err(Fault::Cast { expected, obtained: type_word(object) })
}

/// A map without empty keys.
pub fn map(object: &Object) -> Result<Fields<'_>, Fault> {
    let View::Map(pairs) = object.view() else { return cast(object, "map") };
    if pairs.iter().any(|pair| pair.key_bytes().is_none_or(<[u8]>::is_empty)) {
        return Err(Fault::Broken("malformed object, invalid key on map entry"));
    }
    Ok(Fields(pairs))
}

/// An array.
pub fn array(object: &Object) -> Result<&[Object], Fault> {
    object.as_array().map_or_else(|| cast(object, "array"), Ok)
}

/// Any scalar, as text.
pub fn text(object: &Object) -> Result<Text, Fault> {
    match scalar_text(object) {
        Some(Cow::Borrowed(bytes)) => Ok(bytes.into()),
        Some(Cow::Owned(bytes)) => Ok(bytes.into()),
        None => cast(object, "string"),
    }
}

/// Strings only.
pub fn strict_string(object: &Object) -> Result<&[u8], Fault> {
    object.as_bytes().map_or_else(|| cast(object, "string_view"), Ok)
}

/// Strings only, although an error says `string` as for any text.
pub fn version(object: &Object) -> Result<&[u8], Fault> {
    object.as_bytes().map_or_else(|| cast(object, "string"), Ok)
}

/// A bool, or `true`/`false` in any letter case.
pub fn boolean(object: &Object) -> Result<bool, Fault> {
    match object.view() {
        View::Bool(value) => Ok(value),
        View::String(s) if s.eq_ignore_ascii_case(b"true") => Ok(true),
        View::String(s) if s.eq_ignore_ascii_case(b"false") => Ok(false),
        _ => cast(object, "bool"),
    }
}

/// An unsigned integer, or a value that is exactly one.
pub fn unsigned(object: &Object) -> Result<u64, Fault> {
    const TOP: f64 = 18_446_744_073_709_549_568.0;
    let value = match object.view() {
        View::Unsigned(value) => Some(value),
        View::Signed(value) => u64::try_from(value).ok(),
        View::Float(value) => (value.fract() == 0.0 && (0.0..=TOP).contains(&value)).then_some(value as u64),
        View::String(digits) if digits.iter().all(u8::is_ascii_digit) => parse(digits),
        _ => None,
    };
    value.map_or_else(|| cast(object, "unsigned"), Ok)
}

/// A signed integer, or a value that is exactly one.
pub fn signed(object: &Object) -> Result<i64, Fault> {
    const LOW: f64 = -9_223_372_036_854_775_808.0;
    const TOP: f64 = 9_223_372_036_854_774_784.0;
    let value = match object.view() {
        View::Signed(value) => Some(value),
        View::Unsigned(value) => i64::try_from(value).ok(),
        View::Float(value) => (value.fract() == 0.0 && (LOW..=TOP).contains(&value)).then_some(value as i64),
        View::String(digits) if !digits.starts_with(b"+") => parse(digits),
        _ => None,
    };
    value.map_or_else(|| cast(object, "signed"), Ok)
}

/// A double, or its text; integers are refused.
pub fn double(object: &Object) -> Result<f64, Fault> {
    let value = match object.view() {
        View::Float(value) => Some(value),
        View::String(digits) => decimal(digits),
        _ => None,
    };
    value.map_or_else(|| cast(object, "double"), Ok)
}

fn parse<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn decimal(digits: &[u8]) -> Option<f64> {
    let unsigned = digits.strip_prefix(b"-").unwrap_or(digits);
    if unsigned.starts_with(b"+") {
        return None;
    }
    let lower = unsigned.to_ascii_lowercase();
    if let Some(payload) = lower.strip_prefix(b"nan(").and_then(|rest| rest.strip_suffix(b")")) {
        return payload.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_').then_some(f64::NAN);
    }
    let value: f64 = parse(digits)?;
    let overflow = value.is_infinite() && !lower.starts_with(b"inf");
    let mantissa = lower.split(|b| *b == b'e').next().unwrap_or_default();
    let underflow = value == 0.0 && mantissa.iter().any(|b| (b'1'..=b'9').contains(b));
    (!overflow && !underflow).then_some(value)
}

/// An array of scalars, as text.
pub fn texts(object: &Object) -> Result<Vec<Text>, Fault> {
    array(object)?.iter().map(text).collect()
}

/// An array of strings.
pub fn strict_strings(object: &Object) -> Result<Vec<&[u8]>, Fault> {
    let not_a_string = "malformed object, item in array not a string, can't cast to string_view vector";
    array(object)?.iter().map(|item| item.as_bytes().ok_or(Fault::Broken(not_a_string))).collect()
}

/// The strings and integers of an array; other elements are ignored.
pub fn key_path(object: &Object) -> Result<Vec<Step>, Fault> {
    let mut path = vec![];
    for item in array(object)? {
        match item.view() {
            View::String(key) => path.push(Step::Key(key.into())),
            View::Signed(_) | View::Unsigned(_) => path.push(Step::Index(signed(item)?)),
            _ => {}
        }
    }
    Ok(path)
}

/// A map of text, each key once.
pub fn text_map(object: &Object) -> Result<Vec<(Text, Text)>, Fault> {
    map(object)?.read_all(|key, value| match text(value) {
        Err(Fault::Cast { expected, obtained }) => Err(Fault::Entry { key: key.into(), expected, obtained }),
        read => Ok((key.into(), read?)),
    })
}

/// A map of text read at once: an error has no key, and all occurrences of equal keys are read though the first one
/// counts.
pub fn plain_text_map(object: &Object) -> Result<Vec<(Text, Text)>, Fault> {
    let mut texts: Vec<(Text, Text)> = vec![];
    for pair in map(object)?.0 {
        let (key, value) = (pair.key_bytes().unwrap_or_default(), text(pair.value())?);
        if texts.iter().all(|(known, _)| **known != *key) {
            texts.push((key.into(), value));
        }
    }
    Ok(texts)
}

/// A quoted name at the end of a message.
pub fn quoted(message: &str, name: &[u8]) -> Vec<u8> {
    concat(&[message.as_bytes(), b"'", name, b"'"])
}
