//! The lists of values that conditions refer to. Their entries expire, so a rule that was left behind is without
//! effect.

use crate::value::Value;
use std::collections::BTreeMap;

/// The lists of one document.
pub struct Lists<'l> {
    signal: &'l str,
    until_s: u64,
    /// How many lists there are of a dimension.
    named: BTreeMap<String, u32>,
    lists: Vec<Value>,
}

impl<'l> Lists<'l> {
    /// No lists, of which those of the signal expire at this time, in seconds since the Unix epoch.
    pub fn new(signal: &'l str, until_s: u64) -> Self {
        Lists { signal, until_s, named: BTreeMap::new(), lists: vec![] }
    }

    /// Adds a list of texts and returns its id.
    pub fn texts(&mut self, dimension: &str, values: &[String]) -> String {
        self.add("data_with_expiration", dimension, values)
    }

    /// Adds a list of networks and returns its id.
    pub fn networks(&mut self, dimension: &str, values: &[String]) -> String {
        self.add("ip_with_expiration", dimension, values)
    }

    fn add(&mut self, kind: &str, dimension: &str, values: &[String]) -> String {
        let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '_' };
        let dimension: String = dimension.chars().map(plain).collect();
        let count = self.named.entry(dimension.clone()).or_default();
        *count += 1;
        let id = match *count {
            1 => format!("ato_{dimension}_{}", self.signal),
            count => format!("ato_{dimension}_{}_{count}", self.signal),
        };
        let entry = |value: &String| {
            Value::from_entries([("value", Value::from(value)), ("expiration", Value::from(self.until_s))])
        };
        self.lists.push(Value::from_entries([
            ("id", Value::from(&id)),
            ("type", Value::from(kind)),
            ("data", values.iter().map(entry).collect::<Value>()),
        ]));
        id
    }

    /// Forgets the lists added since there were `count`; their ids are not used again.
    pub fn truncate(&mut self, count: usize) {
        self.lists.truncate(count);
    }

    /// The number of lists.
    pub fn count(&self) -> usize {
        self.lists.len()
    }

    /// The lists, for the section `rules_data`; `None` if there are none.
    pub fn into_value(self) -> Option<Value> {
        (!self.lists.is_empty()).then(|| self.lists.into_iter().collect())
    }
}
