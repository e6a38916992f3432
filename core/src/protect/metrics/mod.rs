//! What a process has seen, as numbers: a snapshot as a map, or the text that Prometheus reads.
//!
//! The counters are atomics, so that requests never wait for each other or for a reader; a forked child goes on from
//! those of its parent. Each process has its own.

mod histogram;
mod named;
mod prometheus;

use super::cause::Cause;
use super::notice::{Notice, NoticeKind};
use crate::http::report::Scope;
use crate::report::{Incomplete, Outcome};
use crate::value::Value;
use histogram::Histogram;
use named::Named;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The counters of an engine.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    requests: AtomicU64,
    evaluations: [AtomicU64; 2],
    timeouts: AtomicU64,
    errors: AtomicU64,
    events: Named,
    would_block: AtomicU64,
    blocks: Named,
    late_blocks: AtomicU64,
    incomplete: Named,
    lines: [AtomicU64; 2],
    suppressed: [AtomicU64; 2],
    seconds: Histogram,
}

const SCOPES: [&str; 2] = ["request", "exploit"];
const KINDS: [NoticeKind; 2] = [NoticeKind::Attack, NoticeKind::Block];

impl Metrics {
    pub fn request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    pub fn evaluated(&self, scope: Scope, outcome: &Outcome, nanoseconds: u64) {
        self.evaluations[scope as usize].fetch_add(1, Relaxed);
        self.timeouts.fetch_add(outcome.timeout.into(), Relaxed);
        self.seconds.observe(nanoseconds);
        outcome.events.iter().for_each(|event| self.events.count(&event.rule.id));
    }

    pub fn failed(&self, scope: Scope) {
        self.evaluations[scope as usize].fetch_add(1, Relaxed);
        self.errors.fetch_add(1, Relaxed);
    }

    pub fn would_have_blocked(&self) {
        self.would_block.fetch_add(1, Relaxed);
    }

    pub fn blocked(&self, cause: &Cause, too_late: bool) {
        self.blocks.count(cause.reason.as_bytes());
        self.late_blocks.fetch_add(too_late.into(), Relaxed);
    }

    pub fn not_inspected(&self, incomplete: &Incomplete) {
        incomplete.reasons().for_each(|reason| self.incomplete.count(reason.as_bytes()));
    }

    pub fn noticed(&self, notice: &Notice) {
        let counters = if notice.line.is_some() { &self.lines } else { &self.suppressed };
        counters[notice.kind as usize].fetch_add(1, Relaxed);
    }

    /// All numbers: `requests`, `evaluations` by scope, `timeouts`, `errors`, `events` by rule, `would_block`, `blocks`
    /// by reason, `late_blocks`, `incomplete` by reason, `log_lines` and `log_suppressed` by kind, and
    /// `evaluation_seconds` (`count`, `sum`, and `buckets`, pairs of a bound and how many were not longer).
    pub fn snapshot(&self) -> Value {
        let one = |counter: &AtomicU64| Value::from(counter.load(Relaxed));
        let by_kind = |counters: &[AtomicU64; 2]| {
            Value::from_entries(KINDS.iter().zip(counters).map(|(kind, counter)| (kind.name(), one(counter))))
        };
        Value::from_entries([
            ("requests", one(&self.requests)),
            ("evaluations", Value::from_entries(SCOPES.iter().zip(&self.evaluations).map(|(n, c)| (*n, one(c))))),
            ("timeouts", one(&self.timeouts)),
            ("errors", one(&self.errors)),
            ("events", self.events.snapshot()),
            ("would_block", one(&self.would_block)),
            ("blocks", self.blocks.snapshot()),
            ("late_blocks", one(&self.late_blocks)),
            ("incomplete", self.incomplete.snapshot()),
            ("log_lines", by_kind(&self.lines)),
            ("log_suppressed", by_kind(&self.suppressed)),
            ("evaluation_seconds", self.seconds.snapshot()),
        ])
    }
}

pub(super) use prometheus::text as prometheus;
