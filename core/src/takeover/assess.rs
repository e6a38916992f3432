//! Asked before the password is checked: may this attempt go on?

use super::respond::blocks::Look;
use crate::value::Value;

/// What to do with an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Check the password.
    Allow,
    /// Answer as if the password were wrong.
    Stealth,
    /// Refuse openly.
    Block,
}

impl Decision {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Allow => "allow",
            Decision::Stealth => "stealth",
            Decision::Block => "block",
        }
    }

    /// What an entry asks for.
    pub(super) fn of(look: Look) -> Self {
        match look {
            Look::Block => Decision::Block,
            Look::Stealth => Decision::Stealth,
        }
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// What to do.
    pub decision: Decision,
    /// How suspicious the attempt is, from 0 to 100.
    pub score: u8,
    /// Why.
    pub reasons: Vec<String>,
}

impl Assessment {
    /// Nothing speaks against it.
    pub fn allow() -> Self {
        Assessment { decision: Decision::Allow, score: 0, reasons: vec![] }
    }

    /// As a map.
    pub fn to_value(&self) -> Value {
        Value::from_entries([
            ("decision", Value::from(self.decision.name())),
            ("score", Value::from(u64::from(self.score))),
            ("reasons", self.reasons.iter().map(Value::from).collect()),
        ])
    }
}
