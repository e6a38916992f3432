//! Filters, which select the events that a rule counts or a suppression silences.

use super::field::Field;
use super::scalar::unknown;
use crate::fields::Refusal;
use crate::fields::read::{self, Fields, element};
use crate::pattern::{Options, Pattern};
use crate::takeover::address::Prefix;
use crate::takeover::event::{Event, text};
use crate::takeover::subject::Subject;
use crate::takeover::words::alternatives;
use crate::value::{Object, View};
use std::hash::{Hash, Hasher};

/// The names of the tests other than equality.
const KINDS: [&str; 5] = ["in", "cidr", "prefix", "regex", "not"];

/// A test of one field.
#[derive(Clone, Debug)]
pub enum Test {
    /// The value equals this text.
    Is(String),
    /// The value equals one of these texts.
    In(Vec<String>),
    /// The value is an address in this network.
    Cidr(Prefix),
    /// The value starts with this text.
    Prefix(String),
    /// The pattern matches in the value.
    Regex(Pattern),
    /// The value differs from this text or is absent.
    Not(String),
}

impl Test {
    fn read(object: &Object) -> Result<Self, Refusal> {
        let View::Map(_) = object.view() else { return Ok(Self::Is(scalar(object)?)) };
        let fields = element(object, read::map)?;
        let (Some((name, operand)), None) = ({
            let mut entries = fields.entries();
            (entries.next(), entries.next())
        }) else {
            return Err(Refusal::error(format!("a match takes one of {}", alternatives(KINDS))));
        };
        match name {
            b"in" => element(operand, read::array)?.iter().map(scalar).collect::<Result<_, _>>().map(Self::In),
            b"prefix" => scalar(operand).map(Self::Prefix),
            b"not" => scalar(operand).map(Self::Not),
            b"cidr" => {
                let text = scalar(operand)?;
                Prefix::parse(&text).map(Self::Cidr).ok_or_else(|| Refusal::error(format!("invalid network '{text}'")))
            }
            b"regex" => {
                let text = scalar(operand)?;
                let options = Options { case_sensitive: true };
                let refusal = |_| Refusal::error(format!("invalid regular expression: {text}"));
                Pattern::new(text.as_bytes(), options).map(Self::Regex).map_err(refusal)
            }
            other => Err(unknown("match", &String::from_utf8_lossy(other), KINDS)),
        }
    }

    fn holds(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (Self::Not(text), value) => value != Some(text),
            (_, None) => false,
            (Self::Is(text), Some(value)) => text == value,
            (Self::In(texts), Some(value)) => texts.iter().any(|text| text == value),
            (Self::Prefix(text), Some(value)) => value.starts_with(text.as_str()),
            (Self::Regex(pattern), Some(value)) => pattern.is_match(value.as_bytes()),
            (Self::Cidr(network), Some(value)) => Prefix::parse(value).is_some_and(|address| network.contains(address)),
        }
    }
}

impl Hash for Test {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Is(text) | Self::Prefix(text) | Self::Not(text) => text.hash(state),
            Self::In(texts) => texts.hash(state),
            Self::Cidr(prefix) => prefix.hash(state),
            Self::Regex(pattern) => pattern.source().hash(state),
        }
    }
}

fn scalar(object: &Object) -> Result<String, Refusal> {
    text(object).map(|text| text.into_owned()).ok_or_else(|| {
        let word = read::type_word(object);
        Refusal::error(format!("bad cast, expected 'string', obtained '{word}'"))
    })
}

/// A list of tests, all of which must hold.
#[derive(Clone, Debug, Default, Hash)]
pub struct Filter(Vec<(Field, Test)>);

impl Filter {
    /// Reads a map from fields to tests.
    pub fn read(fields: &Fields<'_>) -> Result<Self, Refusal> {
        let tests =
            fields.entries().map(|(name, test)| Ok((Field::read(&String::from_utf8_lossy(name))?, Test::read(test)?)));
        tests.collect::<Result<_, _>>().map(Filter)
    }

    /// Whether there are no tests.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all tests hold.
    pub fn holds(&self, event: &Event<'_>, subject: &Subject<'_>) -> bool {
        self.0.iter().all(|(field, test)| test.holds(field.text(event, subject).as_deref()))
    }
}
