//! Why a request is blocked, for whoever reads logs and counters.

use super::own_rules::OWN_REASONS;
use crate::report::Outcome;
use crate::users::text::utf8;

/// Why a request is blocked.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// `rule`, `address`, `user`, `application`, `incomplete` or `takeover`.
    pub reason: &'static str,
    /// The rule that asked for the block, if one did.
    pub rule: Option<String>,
}

impl Cause {
    /// A decision that does not come from a rule.
    pub fn decided(reason: &'static str) -> Self {
        Self { reason, rule: None }
    }

    /// The rule of an evaluation that blocks; a redirection may come from another one than the first that blocks.
    pub fn of(outcome: &Outcome) -> Self {
        let event = outcome.events.iter().find(|event| event.security_response_id.is_some());
        let Some(rule) = event.map(|event| &event.rule) else { return Self::decided("rule") };
        let tag = |name: &[u8]| rule.tags.iter().find(|(tag, _)| **tag == *name).map(|(_, value)| &value[..]);
        let own = OWN_REASONS.iter().find(|(id, _)| rule.id[..] == *id.as_bytes()).map(|(_, reason)| *reason);
        let reason = own.unwrap_or(match (tag(b"category"), tag(b"type")) {
            (_, Some(b"block_ip")) => "address",
            (_, Some(b"block_user")) => "user",
            (Some(b"account_takeover"), _) => "takeover",
            _ => "rule",
        });
        Self { reason, rule: Some(utf8(&rule.id).into_owned()) }
    }
}
