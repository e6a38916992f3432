//! Evaluation, and what a request keeps of it.

use super::{Decision, Request};
use crate::Outcome;
use crate::eval::{Context, RunError};
use crate::http::report::Scope;
use crate::protect::OnIncomplete;
use crate::protect::cause::Cause;
use crate::protect::own_rules::OWN_REASONS;
use crate::protect::own_rules::{BLOCKED_INCOMPLETE, BLOCKED_IP, BLOCKED_REQUEST, BLOCKED_USER};
use crate::support::Deadline;
use crate::value::Value;
use std::net::IpAddr;
use std::time::Instant;

/// The type of the action with which a rule asks for a further step. Like any type that the engine does not know, it is
/// passed on and blocks nothing.
const STEP_UP: &[u8] = b"ato_step_up";
/// The tag of a request that a rule would have blocked, if the engine did not only monitor.
const WOULD_BLOCK: &str = "bartizan.would_block";

impl Request {
    /// Blocks the request from now on, whatever the rules say.
    pub fn block(&mut self) {
        if self.verdict.is_none() {
            self.refuse(BLOCKED_REQUEST, Value::null());
        }
    }

    pub(super) fn refuse_client(&mut self, client: IpAddr) {
        self.refuse(BLOCKED_IP, client.to_string().into());
    }

    pub(super) fn refuse_user(&mut self, id: &str) {
        self.refuse(BLOCKED_USER, id.into());
    }

    pub(super) fn refuse_incomplete(&mut self) {
        let reasons: Vec<_> = self.incomplete.reasons().collect();
        self.refuse(BLOCKED_INCOMPLETE, reasons.join(",").into());
    }

    /// Blocks the request by a decision that does not come from the rules. The engine's own rule over this address
    /// reports it, if it is in force: remote configuration may exclude or disable it, or remove its action. The request
    /// is blocked nevertheless.
    fn refuse(&mut self, address: &str, value: Value) {
        if let Some(mut aside) = self.engine.waf().map(|waf| waf.context()) {
            let addresses = Value::from_entries([(address, value)]);
            self.fold(&mut aside, Scope::Request, addresses, Deadline::unlimited());
        }
        if self.verdict.is_none() {
            self.verdict = Some(self.engine.block_action());
            let own = || OWN_REASONS.iter().find(|(id, _)| address.ends_with(&id["bartizan-block-".len()..]));
            self.cause.get_or_insert_with(|| Cause::decided(own().map_or("application", |(_, reason)| reason)));
        }
    }

    /// The result of an evaluation for the caller.
    pub(super) fn decide(&mut self, found: Option<Outcome>) -> Decision {
        let blocked = found.as_ref().is_some_and(blocks) || self.blocks_incomplete();
        Decision { blocked, found, incomplete: self.incomplete.clone() }
    }

    pub(super) fn refused_decision(&self) -> Decision {
        Decision { blocked: true, found: None, incomplete: self.incomplete.clone() }
    }

    /// Blocks a request that was not inspected completely, if the operator wants that.
    fn blocks_incomplete(&mut self) -> bool {
        let blocks = self.verdict.is_none() && self.context.is_some() && self.incomplete.any();
        let blocks = blocks && !self.allowed && self.engine.on_incomplete() == OnIncomplete::Block;
        if blocks {
            self.refuse_incomplete();
        }
        blocks
    }

    pub(super) fn evaluate(&mut self, scope: Scope, addresses: Value) -> Option<Outcome> {
        let mut context = self.context.take()?;
        let deadline = self.next_deadline();
        let outcome = self.fold(&mut context, scope, addresses, deadline);
        self.context = Some(context);
        outcome
    }

    pub(super) fn evaluate_in(&mut self, context: Option<Context>, scope: Scope, addresses: Value) -> Option<Outcome> {
        let deadline = self.next_deadline();
        self.fold(&mut context?, scope, addresses, deadline)
    }

    fn next_deadline(&self) -> Deadline {
        self.deadline.clone().unwrap_or_else(|| Deadline::new(self.engine.budget()))
    }

    fn fold(&mut self, context: &mut Context, scope: Scope, addresses: Value, deadline: Deadline) -> Option<Outcome> {
        let start = Instant::now();
        let outcome = match context.run(addresses, deadline) {
            Ok(outcome) => outcome,
            Err(error) => {
                self.report.add_error(scope, error_code(error));
                self.engine.counts.failed(scope);
                return None;
            }
        };
        let outside = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.report.add(scope, &outcome, outside);
        self.engine.counts.evaluated(scope, &outcome, outside);
        self.notice_attacks(&outcome);
        self.incomplete.merge(&outcome.incomplete);
        self.tell_found(&outcome);
        if !self.asked && outcome.actions.iter().any(|action| *action.kind == *STEP_UP) {
            self.asked = true;
        }
        if outcome.keep {
            let granted = self.engine.service().grants_trace();
            self.keep |= granted;
            self.rate_limited |= !granted;
        }
        if outcome.withheld.is_some() {
            self.meta.insert(WOULD_BLOCK.into(), "true".into());
            self.engine.counts.would_have_blocked();
        }
        if let (None, Some(action)) = (&self.verdict, outcome.blocking_action()) {
            self.verdict = Some(action.clone());
            self.cause.get_or_insert_with(|| Cause::of(&outcome));
        }
        Some(outcome)
    }
}

/// The engine's return codes, as in its C interface.
fn error_code(error: RunError) -> i64 {
    match error {
        RunError::InvalidObject => -2,
        RunError::Internal => -3,
    }
}

pub(super) fn blocks(outcome: &Outcome) -> bool {
    outcome.blocking_action().is_some()
}

/// Whether a matching rule used this address.
pub(super) fn concerns(outcome: &Outcome, address: &str) -> bool {
    let mut arguments = outcome.events.iter().flat_map(|event| &event.matches).flat_map(|found| &found.arguments);
    arguments.any(|argument| *argument.address == *address.as_bytes())
}
