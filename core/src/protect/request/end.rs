//! The end of a request: the response to a blocked client, and the report.

use super::Request;
use super::parts::owned;
use crate::http::block::{Answer, Ask, Blocking, Response};
use crate::http::headers::{Direction, discarded_metric, header_tags};
use crate::http::pages::Templates;
use crate::http::report::{Report, RequestOutcome};
use crate::report::Incomplete;
use crate::users::Counter;
use crate::value::{Truncation, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Options of the report.
#[derive(Clone, Debug, Default)]
pub struct Finish {
    /// Whether the trace has an origin already, which is not replaced.
    pub has_origin: bool,
    /// Whether events are returned as a value, in [`RequestReport::structured`], rather than as a tag.
    pub structured: bool,
    /// What the host itself left out of the data.
    pub truncation: Truncation,
    /// The engine's name in telemetry; `unknown` by default.
    pub waf_version: Option<String>,
    /// The rules' name in telemetry; `unknown` by default.
    pub event_rules_version: Option<String>,
}

/// Everything for the request's span, including calls about users.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RequestReport {
    /// String tags.
    pub meta: BTreeMap<String, String>,
    /// Numeric tags.
    pub metrics: BTreeMap<String, f64>,
    /// Whether the trace must be kept.
    pub keep: bool,
    /// Telemetry counters to increment.
    pub telemetry: Vec<Counter>,
    /// The ids of the stack traces to attach.
    pub stacks: Vec<String>,
    /// The reasons why not everything was inspected: see [`Incomplete::reasons`].
    pub incomplete: Vec<&'static str>,
    /// A rate-limited log line about what was not inspected.
    pub log: Option<String>,
    /// The events, `{"triggers": [...]}`, if they were requested as a value and there are any.
    pub structured: Option<Value>,
}

impl Request {
    /// The blocking action that ends the request, if there is one.
    pub fn blocking(&self) -> Option<Blocking> {
        self.verdict.as_ref().and_then(Blocking::of)
    }

    /// The response to write in place of the application's; `None` if nothing blocks. The `Accept` header and the
    /// method are known from the start of the request, so `ask` need not repeat them.
    pub fn block_response(&mut self, ask: &Ask<'_>) -> Option<Answer> {
        let blocking = self.blocking()?;
        let engine = self.engine.clone();
        let mut ask = ask.clone();
        if ask.templates == Templates::default() {
            ask.templates = engine.pages.clone();
        }
        ask.accept = ask.accept.or(self.accept.as_deref().map(Cow::Borrowed));
        ask.method = ask.method.or(self.method.as_deref().map(Cow::Borrowed));
        let answer = match Answer::new(&blocking, &ask) {
            Answer::Http(page) => Answer::Http(self.stealth_answer(&blocking).unwrap_or(page)),
            other => other,
        };
        match &answer {
            Answer::TooLate => {
                self.block_failed = true;
                self.metrics.insert("_dd.appsec.block.failed".into(), 1.0);
            }
            _ => self.blocked = true,
        }
        self.notice_block(&answer, &blocking);
        self.meta.extend(answer.tags().map(|(tag, text)| (tag.to_string(), text)));
        self.response_headers = match &answer {
            Answer::Http(response) => {
                let headers = response.headers.iter();
                owned(headers.map(|(name, value)| (name.clone(), Cow::Borrowed(value.as_str()))).collect())
            }
            _ => Vec::new(),
        };
        Some(answer)
    }

    /// What the application answers to a wrong password here, for a refusal that is to look like that; nothing as long as
    /// too little is known of it, or elsewhere than at a login.
    fn stealth_answer(&self, blocking: &Blocking) -> Option<Response> {
        let path = self.path.as_deref().filter(|_| self.stealth || blocking.stealth)?;
        if !blocking.stealth && !self.engine.takeover.as_ref().is_some_and(|takeover| takeover.logs_in(path)) {
            return None;
        }
        let login = self.login.as_deref().unwrap_or_default();
        self.engine.service().login_failure_answer(path, login).map(Response::from)
    }

    /// Ends a request of which nobody wants the report, which costs more than all else that is done then. Returns its log line.
    pub(crate) fn end(&mut self) -> Option<String> {
        self.rest();
        self.report = Report::default();
        (self.meta, self.metrics) = Default::default();
        let incomplete = std::mem::take(&mut self.incomplete);
        self.log_of(&incomplete)
    }

    /// Does what is due between requests, and keeps no more than later calls of this one may need.
    fn rest(&mut self) {
        if let Some(detector) = self.engine.takeover() {
            detector.poll();
        }
        if let Some(context) = &mut self.context {
            context.rest();
        }
    }

    /// Counts a request that was not inspected completely; returns the line to log about that.
    fn log_of(&self, incomplete: &Incomplete) -> Option<String> {
        if self.context.is_none() || incomplete.reasons().next().is_none() {
            return None;
        }
        self.engine.counts.not_inspected(incomplete);
        self.engine.incomplete_line(incomplete)
    }

    /// Everything the request's span is to have.
    pub fn finish(&mut self, finish: &Finish) -> RequestReport {
        self.rest();
        let on = self.context.is_some();
        let mut report = std::mem::take(&mut self.report);
        let mut incomplete = std::mem::take(&mut self.incomplete);
        incomplete.truncation = incomplete.truncation.or(finish.truncation);
        report.metrics.extend(incomplete.metrics());
        let outcome = RequestOutcome {
            blocked: self.blocked,
            block_failed: self.block_failed,
            truncated: incomplete.truncation.any(),
            rate_limited: self.rate_limited,
        };
        let versions = [finish.waf_version.as_deref(), finish.event_rules_version.as_deref()];
        let mut telemetry = vec![report.request_counter(outcome, versions)];
        let events = !report.events.is_empty() || self.meta.keys().any(|tag| tag.starts_with("appsec.events."));
        if on {
            let messages = [(Direction::Request, &self.request_headers), (Direction::Response, &self.response_headers)];
            for (direction, headers) in messages {
                let (tags, discarded) = header_tags(direction, headers, events, report.collected_headers);
                self.meta.extend(tags);
                if discarded > 0 {
                    self.metrics.insert(discarded_metric(direction), discarded as f64);
                }
            }
        }
        if !report.events.is_empty()
            && let Some(client) = self.meta.get("http.client_ip")
        {
            report.meta.insert("actor.ip".into(), client.clone());
        }
        let stacks = std::mem::take(&mut report.stacks);
        let (report, structured) = report.finish(self.blocked, finish.has_origin, finish.structured);
        if on {
            self.meta.extend(report.meta);
            self.metrics.extend(report.metrics);
            self.metrics.insert("_dd.appsec.enabled".into(), 1.0);
        }
        let reasons: Vec<_> = incomplete.reasons().filter(|_| on).collect();
        let log = self.log_of(&incomplete);
        if !reasons.is_empty() {
            self.meta.insert(Incomplete::TAG.into(), reasons.join(","));
            let count =
                |reason: &&str| Counter { metric: Incomplete::METRIC, tags: vec![("reason", reason.to_string())] };
            telemetry.extend(reasons.iter().map(count));
        }
        RequestReport {
            meta: self.meta.clone(),
            metrics: self.metrics.clone(),
            keep: self.keep,
            telemetry,
            stacks,
            incomplete: reasons,
            log,
            structured,
        }
    }
}
