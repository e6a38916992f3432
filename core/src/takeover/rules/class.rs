//! Rules that count the same events by the same fields share their counts: a class.

use crate::takeover::address::Prefix;
use crate::takeover::config::field::Field;
use crate::takeover::config::filter::Filter;
use crate::takeover::config::rule::Rule;
use crate::takeover::event::Event;
use crate::takeover::key::{HashKey, combined};
use crate::takeover::state::{Key, Table};
use crate::takeover::subject::Subject;

/// What is counted together.
#[derive(Clone, Debug)]
pub struct Class {
    /// Where.
    pub table: Table,
    /// The events that count.
    pub events: Vec<String>,
    /// The events that are successes of the group.
    pub success_events: Vec<String>,
    /// What an event must be to count.
    pub filter: Filter,
    /// What an event must have to be seen.
    pub requires: Vec<Field>,
    /// By what.
    pub group_by: Vec<Field>,
    /// Whose values are counted.
    pub distinct: Vec<Field>,
    /// Only attempts from unfamiliar sources count.
    pub unfamiliar_only: bool,
    /// The rules, by their place in the configuration.
    pub rules: Vec<usize>,
    /// What tells its keys from those of other classes in the same table.
    signature: u64,
}

impl Class {
    /// The class of a rule, which has this place in the configuration.
    pub fn of(rule: &Rule, place: usize) -> Self {
        Class {
            table: rule.table(),
            events: rule.events.clone(),
            success_events: rule.success_events.clone(),
            filter: rule.filter.clone(),
            requires: rule.requires.clone(),
            group_by: rule.group_by.clone(),
            distinct: rule.distinct.clone(),
            unfamiliar_only: rule.unfamiliar_only,
            rules: vec![place],
            signature: rule.class_signature(),
        }
    }

    /// The group of an event, if it has one: all fields are there, and where the source is one of them it is outside.
    pub fn key(&self, event: &Event<'_>, subject: &Subject<'_>, hash: &HashKey) -> Option<Key> {
        let mut key = self.signature;
        for field in &self.group_by {
            if field.is_source() && subject.local {
                return None;
            }
            key = combined(key, field.hash(event, subject, hash)?);
        }
        Some(Key::new(key))
    }

    /// The hash of a value that is counted. A missing login is one value: those who send none don't count as many.
    pub fn member(&self, place: usize, event: &Event<'_>, subject: &Subject<'_>, hash: &HashKey) -> Option<u64> {
        let field = self.distinct.get(place)?;
        field.hash(event, subject, hash).or_else(|| (*field == Field::Login).then_some(0))
    }

    /// Whether an event has what the rules need to see it.
    pub fn sees(&self, event: &Event<'_>, subject: &Subject<'_>) -> bool {
        self.requires.iter().all(|field| field.text(event, subject).is_some())
    }

    /// The group of an address, where that is all the class groups by.
    pub fn key_of_address(&self, group: Prefix, hash: &HashKey) -> Key {
        Key::new(combined(self.signature, hash.hash(&group.bytes())))
    }

    /// Likewise of a login.
    pub fn key_of_login(&self, account: &str, hash: &HashKey) -> Key {
        Key::new(combined(self.signature, hash.hash(account.as_bytes())))
    }

    /// What classes must agree in to be the same.
    pub fn signature(&self) -> u64 {
        self.signature
    }
}
