//! Reading a map of arguments.

use crate::users::identity::non_empty_text;
use crate::users::text::utf8;
use crate::value::{Object, View};
use std::borrow::Cow;

/// The arguments of one call, a map. A missing argument is the same as null.
#[derive(Clone, Copy)]
pub(super) struct Args<'a>(&'a Object);

/// A result whose error says what is wrong with an argument.
pub(super) type Result<T> = std::result::Result<T, String>;

impl<'a> Args<'a> {
    pub fn of(arguments: &'a Object) -> Result<Self> {
        match arguments.view() {
            View::Map(_) => Ok(Self(arguments)),
            _ => Err("the arguments must be a map".into()),
        }
    }

    pub fn object(self, name: &str) -> Option<&'a Object> {
        self.0.get(name.as_bytes()).filter(|value| !matches!(value.view(), View::Null | View::Invalid))
    }

    pub fn text(self, name: &str) -> Result<Option<Cow<'a, str>>> {
        match self.object(name) {
            None => Ok(None),
            Some(value) => value.as_bytes().map(utf8).map(Some).ok_or_else(|| wrong(name, "a string")),
        }
    }

    /// Whether there is such an argument, null or not.
    pub fn has(self, name: &str) -> bool {
        self.0.get(name.as_bytes()).is_some()
    }

    /// A string, or an array of strings.
    pub fn one_or_more(self, name: &str) -> Result<Vec<String>> {
        match self.object(name) {
            Some(value) if value.as_array().is_none() => match value.as_bytes() {
                Some(text) => Ok(vec![utf8(text).into_owned()]),
                None => Err(wrong(name, "a string or an array of strings")),
            },
            _ => Ok(self.texts(name)?.into_iter().map(String::from).collect()),
        }
    }

    /// A text; an empty string counts as missing.
    pub fn non_empty(self, name: &str) -> Option<Cow<'a, str>> {
        non_empty_text(self.object(name)?)
    }

    pub fn boolean(self, name: &str) -> Option<bool> {
        self.object(name).map(truthy)
    }

    /// A boolean and nothing else, for settings of an operator.
    pub fn flag(self, name: &str) -> Result<Option<bool>> {
        match self.object(name).map(Object::view) {
            None => Ok(None),
            Some(View::Bool(truth)) => Ok(Some(truth)),
            Some(_) => Err(wrong(name, "true or false")),
        }
    }

    pub fn number(self, name: &str) -> Result<Option<f64>> {
        match self.object(name).map(Object::view) {
            None => Ok(None),
            Some(View::Signed(number)) => Ok(Some(number as f64)),
            Some(View::Unsigned(number)) => Ok(Some(number as f64)),
            Some(View::Float(number)) => Ok(Some(number)),
            Some(_) => Err(wrong(name, "a number")),
        }
    }

    pub fn array(self, name: &str) -> Result<&'a [Object]> {
        match self.object(name) {
            None => Ok(&[]),
            Some(value) => value.as_array().ok_or_else(|| wrong(name, "an array")),
        }
    }

    /// An array of strings.
    pub fn texts(self, name: &str) -> Result<Vec<Cow<'a, str>>> {
        let text = |element: &'a Object| element.as_bytes().map(utf8).ok_or_else(|| wrong(name, "an array of strings"));
        self.array(name)?.iter().map(text).collect()
    }

    /// Refuses arguments that are not known, as a misspelt setting must not be ignored.
    pub fn only(self, known: &[&str]) -> Result<()> {
        self.none_but("setting", known)
    }

    /// The same for the arguments of a call.
    pub fn only_arguments(self, known: &[&str]) -> Result<()> {
        self.none_but("argument", known)
    }

    fn none_but(self, what: &str, known: &[&str]) -> Result<()> {
        let names = self.0.as_map().unwrap_or_default().iter().map(|pair| utf8(pair.key_bytes().unwrap_or_default()));
        match names.into_iter().find(|name| !known.contains(&name.as_ref())) {
            Some(name) if known.is_empty() => Err(format!("unknown {what} `{name}`; there are no {what}s")),
            Some(name) => Err(format!("unknown {what} `{name}`; the {what}s are {}", known.join(", "))),
            None => Ok(()),
        }
    }

    pub fn map(self, name: &str) -> Result<Option<Args<'a>>> {
        self.object(name).map(|value| Args::of(value).map_err(|_| wrong(name, "a map"))).transpose()
    }

    /// The entries whose value is a string.
    pub fn strings(self) -> impl Iterator<Item = (String, String)> + use<'a> {
        let pairs = self.0.as_map().unwrap_or_default();
        let text = |bytes: &[u8]| utf8(bytes).into_owned();
        pairs.iter().filter_map(move |pair| Some((text(pair.key_bytes()?), text(pair.value().as_bytes()?))))
    }

    /// The bytes of a string; none for a missing one.
    pub fn bytes(self, name: &str) -> Result<&'a [u8]> {
        match self.object(name) {
            None => Ok(b""),
            Some(value) => value.as_bytes().ok_or_else(|| wrong(name, "a string")),
        }
    }

    /// A string or an array of them.
    pub fn pieces(self, name: &str) -> Result<Vec<&'a [u8]>> {
        let bytes = |value: &'a Object| value.as_bytes().ok_or_else(|| wrong(name, "a string or an array of strings"));
        match self.object(name) {
            None => Ok(vec![]),
            Some(value) => value.as_array().unwrap_or(std::slice::from_ref(value)).iter().map(bytes).collect(),
        }
    }

    /// Headers as an array of `[name, value]`, or as a map from names to values or arrays of values.
    pub fn headers(self, name: &str) -> Result<Vec<(Cow<'a, str>, Cow<'a, str>)>> {
        let headers = self.raw_headers(name)?.into_iter();
        Ok(headers.map(|(name, value)| (utf8(name), utf8(value))).collect())
    }

    /// The same in bytes.
    pub fn raw_headers(self, name: &str) -> Result<Vec<(&'a [u8], &'a [u8])>> {
        let mut headers = Vec::new();
        match self.object(name).map(Object::view) {
            None => {}
            Some(View::Array(pairs)) => {
                for pair in pairs {
                    let [key, value] = pair.as_array().unwrap_or_default() else {
                        return Err(wrong(name, "an array of [name, value]"));
                    };
                    push_header(&mut headers, key.as_bytes(), value);
                }
            }
            Some(View::Map(pairs)) => {
                for pair in pairs {
                    match pair.value().as_array() {
                        Some(values) => values.iter().for_each(|v| push_header(&mut headers, pair.key_bytes(), v)),
                        None => push_header(&mut headers, pair.key_bytes(), pair.value()),
                    }
                }
            }
            Some(_) => return Err(wrong(name, "a map or an array of [name, value]")),
        }
        Ok(headers)
    }
}

fn push_header<'a>(headers: &mut Vec<(&'a [u8], &'a [u8])>, name: Option<&'a [u8]>, value: &'a Object) {
    if let (Some(name), Some(value)) = (name, value.as_bytes()) {
        headers.push((name, value));
    }
}

/// Truth as in host languages: nothing, zero and empty are false.
fn truthy(value: &Object) -> bool {
    match value.view() {
        View::Invalid | View::Null | View::Signed(0) | View::Unsigned(0) | View::String(b"") => false,
        View::Bool(truth) => truth,
        View::Float(number) => number != 0.0,
        _ => true,
    }
}

fn wrong(name: &str, expected: &str) -> String {
    format!("the argument `{name}` must be {expected}")
}
