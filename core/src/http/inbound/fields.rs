//! Named values, as in queries, forms, cookies and headers.
//!
//! A name that occurs once has its value, one that repeats a list of its values in the order received: applications
//! take the first, the last or all of them, so rules see all.

use crate::value::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// Fields in the order received.
#[derive(Default)]
pub struct Fields<'a> {
    /// Each name with its values, ordered by the first occurrence of the name.
    named: Vec<(Cow<'a, [u8]>, Vec<Value>)>,
    positions: HashMap<Cow<'a, [u8]>, usize>,
}

impl<'a> Fields<'a> {
    /// Adds a value.
    pub fn add(&mut self, name: impl Into<Cow<'a, [u8]>>, value: impl Into<Value>) {
        let name = name.into();
        match self.positions.get(&name) {
            Some(&position) => self.named[position].1.push(value.into()),
            None => {
                self.positions.insert(name.clone(), self.named.len());
                self.named.push((name, vec![value.into()]));
            }
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// A map from names to values or lists of values.
    pub fn into_value(self) -> Value {
        let entries = self.named.into_iter().map(|(name, mut values)| match values.len() {
            1 => (name, values.pop().unwrap_or_default()),
            _ => (name, values.into_iter().collect()),
        });
        Value::from_entries(entries)
    }

    /// A map from names to lists of values, also where there is one.
    pub fn into_value_of_lists(self) -> Value {
        let entries = self.named.into_iter().map(|(name, values)| (name, values.into_iter().collect::<Value>()));
        Value::from_entries(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn repeated_names_have_lists() {
        let mut fields = Fields::default();
        for (name, value) in [("b", "1"), ("a", "2"), ("b", "3"), ("B", "4"), ("", "5")] {
            fields.add(name.as_bytes(), value);
        }
        assert_eq!(json::to_string(&fields.into_value()), r#"{"b":["1","3"],"a":"2","B":"4","":"5"}"#);
    }
}
