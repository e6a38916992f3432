//! One block: whom it refuses, until when, and why.

use crate::live::{Entry, Until};
use crate::takeover::respond::Target;
use crate::value::Value;

/// The appearance of a refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// A block page.
    #[default]
    Block,
    /// The application's own login failure.
    Stealth,
}

impl Look {
    /// The name in maps.
    pub fn name(self) -> &'static str {
        match self {
            Look::Block => "block",
            Look::Stealth => "stealth",
        }
    }
}

/// A block.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The target.
    pub target: Target,
    /// The last second in force, since the Unix epoch; `None` for no end.
    pub until_s: Option<u64>,
    /// The appearance.
    pub look: Look,
    /// The reason.
    pub reason: String,
    /// Whether a rule rather than an operator made it.
    pub automatic: bool,
    /// The signal it was made for.
    pub signal: Option<String>,
    /// The rule of the signal.
    pub rule: Option<String>,
    /// The time at which it was made; `None` if that is no longer known.
    pub created_s: Option<u64>,
    /// The number of attempts that it refused.
    pub hits: u64,
    /// The times of the first and the last refusal.
    pub hit_s: Option<(u64, u64)>,
}

impl Block {
    /// A block by an operator or the application.
    pub fn manual(target: Target, until_s: Option<u64>, look: Look, now_s: u64) -> Self {
        Block {
            target,
            until_s,
            look,
            reason: "blocked manually".into(),
            automatic: false,
            signal: None,
            rule: None,
            created_s: Some(now_s),
            hits: 0,
            hit_s: None,
        }
    }

    /// Refuses, and counts that if `counts`.
    pub(super) fn refusal(&mut self, target: Target, entry: Entry, counts: bool, now_s: u64) -> Refusal {
        if counts {
            self.hits += 1;
            self.hit_s = Some((self.hit_s.map_or(now_s, |(first, _)| first), now_s));
        }
        Refusal { look: look(entry), target, until_s: end(entry), signal: self.signal.clone() }
    }

    pub(super) fn holds(&self, now_s: u64) -> bool {
        self.until_s.is_none_or(|until| now_s <= until)
    }

    pub(super) fn entry(&self) -> Entry {
        let until = self.until_s.map_or(Until::Forever, Until::Time);
        Entry { until, stealth: self.look == Look::Stealth, manual: !self.automatic }
    }

    /// A block for an entry without a record.
    pub(super) fn untold(target: Target, entry: Entry) -> Self {
        Block {
            target,
            until_s: end(entry),
            look: look(entry),
            reason: "no longer known".into(),
            automatic: !entry.manual,
            signal: None,
            rule: None,
            created_s: None,
            hits: 0,
            hit_s: None,
        }
    }

    /// Returns the block as a map.
    pub fn to_value(&self) -> Value {
        let text = |text: &Option<String>| text.as_ref().map_or_else(Value::null, Value::from);
        let number = |number: Option<u64>| number.map_or_else(Value::null, Value::from);
        Value::from_entries([
            ("kind", Value::from(self.target.kind())),
            ("value", Value::from(self.target.to_string())),
            ("until", number(self.until_s)),
            ("mode", Value::from(self.look.name())),
            ("reason", Value::from(&self.reason)),
            ("origin", Value::from(if self.automatic { "automatic" } else { "manual" })),
            ("signal", text(&self.signal)),
            ("rule", text(&self.rule)),
            ("created_at", number(self.created_s)),
            ("hits", Value::from(self.hits)),
            ("first_hit", number(self.hit_s.map(|(first, _)| first))),
            ("last_hit", number(self.hit_s.map(|(_, last)| last))),
        ])
    }
}

/// Selects blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Selector {
    Target(Target),
    Signal(String),
    Rule(String),
    Kind(String),
    All,
}

impl Selector {
    pub(super) fn selects(&self, block: &Block) -> bool {
        match self {
            Self::Target(target) => block.target == *target,
            Self::Signal(id) => block.signal.as_ref() == Some(id),
            Self::Rule(id) => block.rule.as_ref() == Some(id),
            Self::Kind(kind) => block.target.kind() == kind,
            Self::All => true,
        }
    }
}

/// The result of refusing an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The appearance.
    pub look: Look,
    /// The target of the block.
    pub target: Target,
    /// The last second in force.
    pub until_s: Option<u64>,
    /// The signal it was made for.
    pub signal: Option<String>,
}

pub(super) fn end(entry: Entry) -> Option<u64> {
    entry.until.time()
}

pub(super) fn look(entry: Entry) -> Look {
    if entry.stealth { Look::Stealth } else { Look::Block }
}
