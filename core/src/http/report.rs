//! What the evaluations of a request leave on its span.
//!
//! Each result of the engine is merged as it arrives: events into one list, attributes into tags by their type, times
//! into sums. Retention depends on the results' own `keep`, not on events: rules may report without keeping the trace,
//! and keep it without reporting.

use super::gzip::gzip;
use crate::report::{Event, Outcome};
use crate::users::Counter;
use crate::users::text::utf8;
use crate::value::{Object, Value, View, json};
use base64::prelude::{BASE64_STANDARD, Engine};
use std::collections::BTreeMap;

/// A schema whose text reaches this length is left out: backends would cut it, and half a schema is useless.
const LONGEST_SCHEMA: usize = 25_000;
const SCHEMA_PREFIX: &str = "_dd.appsec.s.";
const DEFAULT_COLLECTED_HEADERS: usize = 50;

/// What was evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A part of the request or the response.
    Request,
    /// A dangerous call (exploit prevention).
    Exploit,
}

/// How the host handled a request, for telemetry.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct RequestOutcome {
    pub blocked: bool,
    pub block_failed: bool,
    pub truncated: bool,
    pub rate_limited: bool,
}

/// The report of one request.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// String tags.
    pub meta: BTreeMap<String, String>,
    /// Numeric tags.
    pub metrics: BTreeMap<String, f64>,
    /// The events as reported, in the order of evaluation.
    pub events: Vec<Value>,
    /// The number of results that requested retention; each takes a token from the limiter.
    pub keeps: usize,
    /// The number of headers that an extended collection may report.
    pub collected_headers: Option<usize>,
    /// The ids of the stack traces to attach.
    pub stacks: Vec<String>,
    request: Times,
    exploit: Times,
}

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    evaluations: u32,
    nanoseconds: u64,
    nanoseconds_outside: u64,
    timeouts: u32,
    /// The error code closest to zero.
    error: Option<i64>,
}

impl Report {
    /// Merges the outcome of an evaluation; `outside` is its duration as measured by the host, in nanoseconds.
    pub fn add(&mut self, scope: Scope, outcome: &Outcome, outside: u64) {
        let inside = u64::try_from(outcome.duration.as_nanos()).unwrap_or(u64::MAX);
        self.add_times(scope, inside, outside, outcome.timeout);
        self.keeps += usize::from(outcome.keep);
        self.events.extend(outcome.events.iter().map(Event::to_value));
        for (name, value) in &outcome.attributes {
            self.add_attribute(&utf8(name), value);
        }
        let action = |kind: &[u8]| outcome.actions.iter().find(|action| *action.kind == *kind);
        self.add_collection(
            action(b"extended_data_collection").map(|action| action.parameter(b"max_collected_headers")),
        );
        self.add_stack(action(b"generate_stack").and_then(|action| action.parameter(b"stack_id")));
    }

    /// The same for a result that was handed out as a map.
    pub fn add_result(&mut self, scope: Scope, result: &Object, outside: u64) {
        let field = |name: &[u8]| result.get(name);
        let inside = field(b"duration").and_then(unsigned).unwrap_or(0);
        self.add_times(scope, inside, outside, is_true(field(b"timeout")));
        self.keeps += usize::from(is_true(field(b"keep")));
        self.events
            .extend(field(b"events").and_then(Object::as_array).unwrap_or_default().iter().map(Object::to_value));
        for attribute in field(b"attributes").and_then(Object::as_map).unwrap_or_default() {
            if let Some(name) = attribute.key_bytes() {
                self.add_attribute(&utf8(name), attribute.value());
            }
        }
        let action = |kind: &[u8]| field(b"actions")?.get(kind);
        self.add_collection(action(b"extended_data_collection").map(|action| action.get(b"max_collected_headers")));
        self.add_stack(action(b"generate_stack").and_then(|action| action.get(b"stack_id")));
    }

    /// Records an evaluation that failed with the engine's return code.
    pub fn add_error(&mut self, scope: Scope, code: i64) {
        let times = self.times(scope);
        times.evaluations += 1;
        times.error = Some(times.error.map_or(code, |known| known.max(code)));
    }

    /// The final tags. `blocked` means that a blocking response was really sent; `origin` that the trace has an origin
    /// already. The events move into their tag; with `structured` they are returned separately, for a host that
    /// attaches them as a field.
    pub fn finish(mut self, blocked: bool, origin: bool, structured: bool) -> (Self, Option<Value>) {
        self.write_times("waf", self.request);
        if self.exploit.evaluations > 0 {
            self.write_times("rasp", self.exploit);
            self.metrics.insert("_dd.appsec.rasp.rule.eval".into(), f64::from(self.exploit.evaluations));
        }
        if blocked {
            self.meta.insert("appsec.blocked".into(), "true".into());
        }
        let mut apart = None;
        if !self.events.is_empty() {
            self.meta.insert("appsec.event".into(), "true".into());
            if !origin {
                self.meta.insert("_dd.origin".into(), "appsec".into());
            }
            let triggers =
                Value::from_entries([("triggers", std::mem::take(&mut self.events).into_iter().collect::<Value>())]);
            if structured {
                apart = Some(triggers);
            } else {
                self.meta.insert("_dd.appsec.json".into(), json::to_string(&triggers));
            }
        }
        (self, apart)
    }

    /// The `waf.requests` counter of a request; the versions are those of the engine and of the rules.
    pub fn request_counter(&self, outcome: RequestOutcome, versions: [Option<&str>; 2]) -> Counter {
        let both = [self.request, self.exploit];
        let truths = [
            ("rule_triggered", !self.events.is_empty()),
            ("request_blocked", outcome.blocked),
            ("waf_timeout", both.iter().any(|times| times.timeouts > 0)),
            ("waf_error", both.iter().any(|times| times.error.is_some())),
            ("input_truncated", outcome.truncated),
            ("rate_limited", outcome.rate_limited),
            ("block_failure", outcome.block_failed),
        ];
        let mut tags: Vec<_> = truths.into_iter().map(|(name, truth)| (name, truth.to_string())).collect();
        let versions = ["waf_version", "event_rules_version"].into_iter().zip(versions);
        tags.extend(versions.map(|(name, version)| (name, version.unwrap_or("unknown").to_string())));
        Counter { metric: "waf.requests", tags }
    }

    fn times(&mut self, scope: Scope) -> &mut Times {
        match scope {
            Scope::Request => &mut self.request,
            Scope::Exploit => &mut self.exploit,
        }
    }

    fn add_attribute(&mut self, name: &str, value: &Object) {
        let number = match value.view() {
            View::String(text) => {
                self.meta.insert(name.into(), utf8(text).into_owned());
                return;
            }
            View::Bool(truth) => f64::from(u8::from(truth)),
            View::Signed(number) => number as f64,
            View::Unsigned(number) => number as f64,
            View::Float(number) => number,
            View::Array(_) | View::Map(_) if name.starts_with(SCHEMA_PREFIX) => {
                let schema = BASE64_STANDARD.encode(gzip(json::to_string(value).as_bytes()));
                if schema.len() < LONGEST_SCHEMA {
                    self.meta.insert(name.into(), schema);
                }
                return;
            }
            View::Array(_) | View::Map(_) | View::Null | View::Invalid => return,
        };
        self.metrics.insert(name.into(), number);
    }

    fn add_times(&mut self, scope: Scope, inside: u64, outside: u64, timeout: bool) {
        let times = self.times(scope);
        times.evaluations += 1;
        times.nanoseconds = times.nanoseconds.saturating_add(inside);
        times.nanoseconds_outside = times.nanoseconds_outside.saturating_add(outside);
        times.timeouts += u32::from(timeout);
    }

    /// Registers an action that requests an extended collection, with its limit, if it has one.
    fn add_collection(&mut self, asked: Option<Option<&Object>>) {
        if let Some(limit) = asked {
            let limit = limit.and_then(unsigned).and_then(|limit| usize::try_from(limit).ok());
            self.collected_headers = Some(limit.unwrap_or(DEFAULT_COLLECTED_HEADERS));
        }
    }

    fn add_stack(&mut self, id: Option<&Object>) {
        let id = id.and_then(Object::as_bytes);
        self.stacks.extend(id.map(|id| utf8(id).into_owned()));
    }

    fn write_times(&mut self, what: &str, times: Times) {
        let mut write = |name: &str, value: f64| {
            self.metrics.insert(format!("_dd.appsec.{what}.{name}"), value);
        };
        write("duration", times.nanoseconds as f64 / 1000.0);
        write("duration_ext", times.nanoseconds_outside as f64 / 1000.0);
        if times.timeouts > 0 {
            write(if what == "waf" { "timeouts" } else { "timeout" }, f64::from(times.timeouts));
        }
        if let Some(error) = times.error {
            write("error", error as f64);
        }
    }
}

fn is_true(value: Option<&Object>) -> bool {
    matches!(value.map(Object::view), Some(View::Bool(true)))
}

fn unsigned(value: &Object) -> Option<u64> {
    match value.view() {
        View::Unsigned(number) => Some(number),
        View::Signed(number) => u64::try_from(number).ok(),
        View::Float(number) if number >= 0.0 => Some(number as u64),
        _ => None,
    }
}

/// The tags and metrics of every request while the engine is on: the versions of engine and rules. `diagnostics` are
/// those of the rule file loaded last.
pub fn engine_tags(
    version: &str,
    family: &str,
    diagnostics: Option<&Object>,
) -> (BTreeMap<&'static str, String>, BTreeMap<&'static str, f64>) {
    let mut meta = BTreeMap::from([("_dd.appsec.waf.version", version.into()), ("_dd.runtime_family", family.into())]);
    let mut metrics = BTreeMap::from([("_dd.appsec.enabled", 1.0)]);
    let Some(diagnostics) = diagnostics else { return (meta, metrics) };
    if let Some(version) = diagnostics.get(b"ruleset_version").and_then(Object::as_bytes) {
        meta.insert("_dd.appsec.event_rules.version", utf8(version).into_owned());
    }
    let sections = || [&b"rules"[..], b"bartizan_rules"].into_iter().filter_map(|section| diagnostics.get(section));
    if sections().next().is_some() {
        let count = |name: &[u8]| sections().map(|rules| rules.get(name).map_or(0, Object::len)).sum::<usize>() as f64;
        metrics.insert("_dd.appsec.event_rules.loaded", count(b"loaded"));
        metrics.insert("_dd.appsec.event_rules.error_count", count(b"failed"));
        if let Some(errors) = sections().filter_map(|rules| rules.get(b"errors")).find(|errors| !errors.is_empty()) {
            meta.insert("_dd.appsec.event_rules.errors", json::to_string(errors));
        }
    }
    (meta, metrics)
}
