//! The assessment of a login attempt before the password is checked.

use super::respond::blocks::Look;
use crate::value::Value;

/// The decision about an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The password may be checked.
    Allow,
    /// The application must ask for a further step before it checks the password: a captcha, a code by mail, a second factor.
    /// The attempt is not refused.
    StepUp,
    /// The attempt must be answered as if the password were wrong.
    Stealth,
    /// The attempt must be refused openly.
    Block,
}

impl Decision {
    /// The name in maps.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Allow => "allow",
            Decision::StepUp => "step_up",
            Decision::Stealth => "stealth",
            Decision::Block => "block",
        }
    }

    /// The decision that corresponds to a denylist entry.
    pub(super) fn of(look: Look) -> Self {
        match look {
            Look::Block => Decision::Block,
            Look::Stealth => Decision::Stealth,
        }
    }
}

/// The result of an assessment.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// The decision.
    pub decision: Decision,
    /// How suspicious the attempt is, from 0 to 100.
    pub score: u8,
    /// The reasons for the decision and the score.
    pub reasons: Vec<String>,
}

impl Assessment {
    /// Whether the attempt is refused, whatever the password.
    pub fn is_refused(&self) -> bool {
        matches!(self.decision, Decision::Stealth | Decision::Block)
    }

    /// An assessment without objections.
    pub fn allow() -> Self {
        Assessment { decision: Decision::Allow, score: 0, reasons: vec![] }
    }

    /// The assessment where a rule of the firewall asks for a further step.
    pub(crate) fn asked_by_rule() -> Self {
        Assessment { decision: Decision::StepUp, score: 50, reasons: vec!["a rule asks for a further step".into()] }
    }

    /// Returns the assessment as a map.
    pub fn to_value(&self) -> Value {
        Value::from_entries([
            ("decision", Value::from(self.decision.name())),
            ("score", Value::from(u64::from(self.score))),
            ("reasons", self.reasons.iter().map(Value::from).collect()),
        ])
    }
}
