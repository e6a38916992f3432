//! Classes: rules that count the same events by the same fields share their counts.

use crate::takeover::address::Prefix;
use crate::takeover::config::counting::Counting;
use crate::takeover::config::field::Field;
use crate::takeover::config::rule::Rule;
use crate::takeover::event::Event;
use crate::takeover::key::{HashKey, combined};
use crate::takeover::state::{Key, Table};
use crate::takeover::subject::Subject;

/// A class of rules with common counts.
#[derive(Clone, Debug)]
pub struct Class {
    /// The table of its groups.
    pub table: Table,
    /// What its rules count.
    pub counting: Counting,
    /// The indices of its rules in the configuration.
    pub rules: Vec<usize>,
    /// A hash that distinguishes its keys from those of other classes in the same table.
    signature: u64,
}

impl Class {
    /// Creates the class of the rule at index `place` of the configuration.
    pub fn of(rule: &Rule, place: usize) -> Self {
        Class {
            table: rule.table(),
            counting: rule.counting.clone(),
            rules: vec![place],
            signature: rule.class_signature(),
        }
    }

    /// Returns the group of an event. There is none if a field is absent, or if the event is grouped by its source
    /// and that is local.
    pub fn key(&self, event: &Event<'_>, subject: &Subject<'_>, hash: &HashKey) -> Option<Key> {
        let mut key = self.signature;
        for field in &self.counting.group_by {
            if field.is_source() && subject.local {
                return None;
            }
            key = combined(key, field.hash(event, subject, hash)?);
        }
        Some(Key::new(key))
    }

    /// Returns the hash of a value whose distinct occurrences are counted. A missing login is a single value, so that
    /// clients which send none do not count as many.
    pub fn member(&self, place: usize, event: &Event<'_>, subject: &Subject<'_>, hash: &HashKey) -> Option<u64> {
        let field = self.counting.distinct.get(place)?;
        field.hash(event, subject, hash).or_else(|| (*field == Field::Login).then_some(0))
    }

    /// Whether an event has the fields that the rules require.
    pub fn sees(&self, event: &Event<'_>, subject: &Subject<'_>) -> bool {
        self.counting.requires.iter().all(|field| field.text(event, subject).is_some())
    }

    /// Returns the group of an address, for a class that groups by address only.
    pub fn key_of_address(&self, group: Prefix, hash: &HashKey) -> Key {
        Key::new(combined(self.signature, hash.hash(&group.bytes())))
    }

    /// Returns the group of a login, for a class that groups by login only.
    pub fn key_of_login(&self, account: &str, hash: &HashKey) -> Key {
        Key::new(combined(self.signature, hash.hash(account.as_bytes())))
    }

    /// A hash that identifies the class.
    pub fn signature(&self) -> u64 {
        self.signature
    }
}
