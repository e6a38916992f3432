//! A request: what is known of it, what the engine said, and what its span gets in the end.

use super::args::{Args, Result};
use super::engine::OnIncomplete;
use super::identity::Identity;
use super::taken::Taken;
use super::users::{outcome_value, report as report_user};
use super::{Engine, http, map_of};
use crate::eval::{Context, RunError};
use crate::http::block::Blocking;
use crate::http::headers::{Direction, discarded_metric, header_tags};
use crate::http::report::{Report, RequestOutcome, Scope};
use crate::report::{Incomplete, ReportedAction};
use crate::support::Deadline;
use crate::users::{Outcome, RequestScope, USER_ID};
use crate::value::{Object, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

type Headers = Vec<(Cow<'static, str>, Cow<'static, str>)>;

/// One request, from its first header to its report. Used by one thread at a time.
///
/// Every call that evaluates returns `blocked`: true when this call's evaluation (or an earlier one of the same user) asks
/// to end the request. The host then writes what `block_response` returns and runs no more application code.
pub struct Request {
    engine: Arc<Engine>,
    context: Option<Context>,
    scope: RequestScope,
    report: Report,
    meta: BTreeMap<String, String>,
    metrics: BTreeMap<String, f64>,
    /// The action that ends the request, as the engine returned it: its type and parameters.
    verdict: Option<(String, Value)>,
    /// Users and sessions that a rule or the denylist refused, under their addresses.
    refused: Vec<(&'static str, String)>,
    user: Option<String>,
    keep: bool,
    rate_limited: bool,
    blocked: bool,
    block_failed: bool,
    accept: Option<String>,
    method: Option<String>,
    request_headers: Headers,
    response_headers: Headers,
    /// What was not inspected so far.
    incomplete: Incomplete,
    /// For the evaluation that the current call leads to.
    deadline: Option<Deadline>,
    /// The current call does not tell everything that says who the client is.
    client_cut: bool,
}

impl Request {
    pub(super) fn new(engine: Arc<Engine>, context: Option<Context>) -> Self {
        Self {
            engine,
            context,
            scope: RequestScope::default(),
            report: Report::default(),
            meta: BTreeMap::new(),
            metrics: BTreeMap::new(),
            verdict: None,
            refused: Vec::new(),
            user: None,
            keep: false,
            rate_limited: false,
            blocked: false,
            block_failed: false,
            accept: None,
            method: None,
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            incomplete: Incomplete::default(),
            deadline: None,
            client_cut: false,
        }
    }

    /// Runs a function in this request:
    ///
    /// | function | arguments | result |
    /// |---|---|---|
    /// | `start` | those of `request_addresses`, `body_unparsed` | `blocked`, `meta`, `incomplete` |
    /// | `run` | `addresses`, `body_unparsed` | `blocked`, `attributes`, `actions`, `incomplete` |
    /// | `operation` (a file, query, call: exploit prevention) | `addresses` | the same |
    /// | any call about users | as in [`super::call`], without `mode` and `scope` | as there, and `blocked` |
    /// | `is_user_blocked` | `user` (an id, or a map with `id` and `session_id`), `session_id` | `blocked` |
    /// | `block_request` | | `blocked`: from now on the request is to be blocked |
    /// | `response` | `status`, `headers` | `blocked` |
    /// | `block_response` | `graphql`, `protocol`, `headers_sent`, `templates`, `accept`, `method` | as in [`super::call`]; empty when nothing blocks |
    /// | `finish` | `origin`, `structured`, `truncated` | `meta`, `metrics`, `keep`, `telemetry`, `appsec`, `incomplete`, `log` |
    ///
    /// `body_unparsed` says why a body was not parsed, `incomplete` names the reasons why not everything of the request was
    /// inspected (see [`Incomplete::reasons`]), and `log` has the line to write about it, now and then.
    pub fn call(&mut self, function: &str, arguments: &Object) -> Value {
        self.call_taken(function, arguments, Taken::default())
    }

    /// The same with arguments that a binding took in, perhaps not whole, and with part of the budget.
    pub fn call_taken(&mut self, function: &str, arguments: &Object, taken: Taken) -> Value {
        self.incomplete.truncation = self.incomplete.truncation.or(taken.truncation);
        self.deadline = taken.deadline;
        self.client_cut = taken.client_cut;
        let result = self.dispatch(function, arguments);
        self.deadline = None;
        result
    }

    fn dispatch(&mut self, function: &str, arguments: &Object) -> Value {
        let run = match function {
            "start" => Self::start,
            "run" => Self::run,
            "operation" => Self::operation,
            "is_user_blocked" => Self::is_user_blocked,
            "block_request" => Self::block_request,
            "response" => Self::response,
            "block_response" => Self::block_response,
            "finish" => Self::finish,
            _ => {
                let result = Args::of(arguments).and_then(|args| self.user_call(function, args));
                return result.unwrap_or_else(|error| map_of([("error", error.into())]));
            }
        };
        let result = Args::of(arguments).and_then(|args| run(self, args));
        result.unwrap_or_else(|error| map_of([("error", error.into())]))
    }

    fn start(&mut self, args: Args<'_>) -> Result<Value> {
        let headers = args.headers("headers")?;
        let value_of = |name: &str| headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        self.accept = value_of("accept").map(|(_, value)| value.to_string());
        self.method = args.text("method")?.map(String::from);
        self.note_unparsed(args)?;
        let mut found = self.engine.service().request_addresses(args)?;
        self.request_headers = owned(headers);
        if self.context.is_none() {
            found.insert("blocked", false);
            return Ok(found);
        }
        if let Some(meta) = found.get(b"meta") {
            self.meta.extend(Args::of(meta)?.strings());
        }
        let addresses = found.get(b"addresses").map_or_else(Value::map, Object::to_value);
        let client = self.meta.get("http.client_ip").cloned();
        let denied = client.filter(|client| self.engine.service().denies_address(client));
        let blocked = match denied {
            Some(client) => {
                self.refuse("bartizan.blocked.ip", client);
                true
            }
            // Nobody can say that this client is none of those that are refused.
            None if self.client_cut && self.engine.service().denies_addresses() => {
                self.refuse_incomplete();
                true
            }
            None => self.evaluate(Scope::Request, addresses).is_some_and(|outcome| blocks(&outcome)),
        };
        let blocked = blocked || self.blocks_incomplete();
        let meta = Value::from_entries(&self.meta);
        Ok(map_of([("blocked", blocked.into()), ("meta", meta), ("incomplete", self.incomplete.reasons().collect())]))
    }

    fn run(&mut self, args: Args<'_>) -> Result<Value> {
        self.note_unparsed(args)?;
        let addresses = args.object("addresses").ok_or("the argument `addresses` must be given")?.to_value();
        let outcome = self.evaluate(Scope::Request, addresses);
        Ok(self.answer(outcome))
    }

    fn note_unparsed(&mut self, args: Args<'_>) -> Result<()> {
        let body = args.text("body_unparsed")?.map(String::from);
        self.incomplete.merge(&Incomplete { body, ..Incomplete::default() });
        Ok(())
    }

    /// What an evaluation came to, for the caller.
    fn answer(&mut self, outcome: Option<crate::Outcome>) -> Value {
        let blocked = outcome.as_ref().is_some_and(blocks) || self.blocks_incomplete();
        let mut result = verdict(outcome, blocked);
        result.insert("incomplete", self.incomplete.reasons().collect::<Value>());
        result
    }

    /// Ends the request by a decision that is not the rules'. The engine's own rule over this address reports it, if it is
    /// in force: remote configuration may exclude it, switch it off or take its action away. The request ends all the same.
    fn refuse(&mut self, address: &str, value: impl Into<Value>) {
        let aside = self.engine.waf().map(|waf| waf.context());
        self.deadline = Some(Deadline::unlimited());
        self.evaluate_in(aside, Scope::Request, Value::from_entries([(address, value.into())]));
        if self.verdict.is_none() {
            self.verdict = Some(taken(self.engine.block_action()));
        }
    }

    /// Ends a request of which something was not inspected, where the operator wants that.
    fn blocks_incomplete(&mut self) -> bool {
        let blocks = self.verdict.is_none() && self.context.is_some() && self.incomplete.any();
        let blocks = blocks && self.engine.on_incomplete() == OnIncomplete::Block;
        if blocks {
            self.refuse_incomplete();
        }
        blocks
    }

    fn refuse_incomplete(&mut self) {
        let reasons: Vec<_> = self.incomplete.reasons().collect();
        self.refuse("bartizan.blocked.incomplete", reasons.join(","));
    }

    /// A dangerous call is judged by itself: together with the request, but without leaving anything in it.
    fn operation(&mut self, args: Args<'_>) -> Result<Value> {
        let addresses = args.object("addresses").ok_or("the argument `addresses` must be given")?.to_value();
        let aside = self.context.as_ref().map(Context::subcontext);
        let outcome = self.evaluate_in(aside, Scope::Exploit, addresses);
        Ok(self.answer(outcome))
    }

    fn user_call(&mut self, function: &str, args: Args<'_>) -> Result<Value> {
        let mode = self.engine.mode();
        let outcome = report_user(function, args, &mut self.scope, mode, self.engine.defaults())?;
        let blocked = self.apply(&outcome);
        let mut result = outcome_value(&outcome);
        result.insert("blocked", blocked);
        Ok(result)
    }

    /// Takes a decision about a user over: tags, retention, evaluation.
    fn apply(&mut self, outcome: &Outcome) -> bool {
        self.meta.extend(outcome.meta.iter().map(|(tag, text)| (tag.clone(), text.clone())));
        self.metrics.extend(outcome.metrics.iter().map(|(name, number)| (name.clone(), *number)));
        self.keep |= outcome.keep;
        if outcome.addresses.is_empty() {
            return false;
        }
        let evaluated = self.evaluate(Scope::Request, super::users::addresses_value(outcome));
        let who = Identity::of(outcome);
        let blocked = evaluated.as_ref().is_some_and(blocks);
        self.remember_refusal(evaluated.as_ref(), &who);
        let Some(id) = &who.user else { return blocked };
        self.user = Some(id.clone());
        blocked || self.refused.contains(&(USER_ID, id.clone())) || self.deny_user(id)
    }

    /// Is this user refused, or this session? The request's own user is asked about in its context, so that the answer
    /// stays; anybody else aside, so that the question changes nothing.
    fn is_user_blocked(&mut self, args: Args<'_>) -> Result<Value> {
        let who = Identity::asked(args, super::users::float_style(self.engine.defaults().host))?;
        let addresses = who.addresses();
        if addresses.is_empty() || addresses.iter().any(|of| self.refused.contains(of)) {
            return Ok(map_of([("blocked", (!addresses.is_empty()).into())]));
        }
        let own = self.user.as_ref().is_none_or(|user| Some(user) == who.user.as_ref());
        let values = Value::from_entries(addresses);
        let evaluated = if own {
            self.evaluate(Scope::Request, values)
        } else {
            let aside = self.engine.waf().map(|waf| waf.context());
            self.evaluate_in(aside, Scope::Request, values)
        };
        let blocked = self.remember_refusal(evaluated.as_ref(), &who);
        let blocked = blocked || who.user.as_ref().is_some_and(|id| self.deny_user(id));
        Ok(map_of([("blocked", blocked.into())]))
    }

    /// Notes which of a user and a session a blocking answer is about: a rule answers only once. Says whether there is one.
    fn remember_refusal(&mut self, evaluated: Option<&crate::Outcome>, who: &Identity) -> bool {
        let Some(outcome) = evaluated.filter(|outcome| blocks(outcome)) else { return false };
        let refused = who.addresses().into_iter().filter(|(address, _)| concerns(outcome, address));
        let before = self.refused.len();
        self.refused.extend(refused);
        self.refused.len() > before
    }

    /// A user refused at run time is reported like one on the engine's list.
    fn deny_user(&mut self, id: &str) -> bool {
        let denied = self.context.is_some() && self.engine.service().denies_user(id);
        if denied {
            self.refuse("bartizan.blocked.user", id);
            self.refused.push((USER_ID, id.into()));
        }
        denied
    }

    fn block_request(&mut self, _: Args<'_>) -> Result<Value> {
        if self.verdict.is_none() {
            self.refuse("bartizan.blocked.request", Value::null());
        }
        Ok(map_of([("blocked", true.into())]))
    }

    fn response(&mut self, args: Args<'_>) -> Result<Value> {
        self.response_headers = owned(args.headers("headers")?);
        if self.verdict.is_some() {
            return Ok(map_of([("blocked", false.into())]));
        }
        let addresses = http::response_addresses(args)?;
        let addresses = addresses.get(b"addresses").map_or_else(Value::map, Object::to_value);
        let outcome = self.evaluate(Scope::Request, addresses);
        Ok(self.answer(outcome))
    }

    fn block_response(&mut self, args: Args<'_>) -> Result<Value> {
        let Some((kind, parameters)) = &self.verdict else { return Ok(Value::map()) };
        let Some(blocking) = Blocking::read(kind, parameters) else { return Ok(Value::map()) };
        let answer = http::answer(args, blocking, self.accept.as_deref(), self.method.as_deref())?;
        if let Some(meta) = answer.get(b"meta") {
            self.blocked = true;
            self.meta.extend(Args::of(meta)?.strings());
        } else {
            self.block_failed = true;
            self.metrics.insert("_dd.appsec.block.failed".into(), 1.0);
        }
        self.response_headers = owned(Args::of(&answer)?.headers("headers")?);
        Ok(answer)
    }

    /// Everything the request's span is to have, calls about users included.
    fn finish(&mut self, args: Args<'_>) -> Result<Value> {
        let has = |name: &str| args.boolean(name).unwrap_or(false);
        let mut report = std::mem::take(&mut self.report);
        self.incomplete.truncation = self.incomplete.truncation.or(http::truncated(args)?);
        let incomplete = std::mem::take(&mut self.incomplete);
        report.metrics.extend(incomplete.metrics());
        let outcome = RequestOutcome {
            blocked: self.blocked,
            block_failed: self.block_failed,
            truncated: incomplete.truncation.any(),
            rate_limited: self.rate_limited,
        };
        let mut telemetry = http::request_counter(args, &report, outcome);
        let events = !report.events.is_empty() || self.meta.keys().any(|tag| tag.starts_with("appsec.events."));
        if self.context.is_some() {
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
        let stacks: Value = report.stacks.iter().collect();
        let (report, structured) = report.finish(self.blocked, has("origin"), has("structured"));
        if self.context.is_some() {
            self.meta.extend(report.meta);
            self.metrics.extend(report.metrics);
            self.metrics.insert("_dd.appsec.enabled".into(), 1.0);
        }
        let reasons: Vec<_> = incomplete.reasons().filter(|_| self.context.is_some()).collect();
        let log = if reasons.is_empty() { None } else { self.engine.incomplete_line(&incomplete) };
        if !reasons.is_empty() {
            self.meta.insert(Incomplete::TAG.into(), reasons.join(","));
            let counts = reasons.iter().map(|reason| {
                let tags = Value::from_entries([("reason", *reason)]);
                map_of([("metric", Incomplete::METRIC.into()), ("tags", tags)])
            });
            counts.for_each(|count| telemetry.push(count));
        }
        let mut result = map_of([
            ("meta", Value::from_entries(&self.meta)),
            ("metrics", Value::from_entries(self.metrics.iter().map(|(name, number)| (name, *number)))),
            ("keep", self.keep.into()),
            ("telemetry", telemetry),
            ("stacks", stacks),
            ("incomplete", reasons.into_iter().collect()),
            ("log", log.into_iter().collect()),
        ]);
        if let Some(structured) = structured {
            result.insert("appsec", structured);
        }
        Ok(result)
    }

    fn evaluate(&mut self, scope: Scope, addresses: Value) -> Option<crate::Outcome> {
        let mut context = self.context.take()?;
        let outcome = self.fold(&mut context, scope, addresses);
        self.context = Some(context);
        outcome
    }

    fn evaluate_in(&mut self, context: Option<Context>, scope: Scope, addresses: Value) -> Option<crate::Outcome> {
        self.fold(&mut context?, scope, addresses)
    }

    fn fold(&mut self, context: &mut Context, scope: Scope, addresses: Value) -> Option<crate::Outcome> {
        let start = Instant::now();
        let deadline = self.deadline.clone().unwrap_or_else(|| Deadline::new(self.engine.budget()));
        let outcome = match context.run(addresses, deadline) {
            Ok(outcome) => outcome,
            Err(error) => {
                self.report.add_error(scope, error_code(error));
                return None;
            }
        };
        let outside = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.report.add(scope, &outcome.to_value(), outside);
        self.incomplete.merge(&outcome.incomplete);
        if outcome.keep {
            let granted = self.engine.service().grants_trace();
            self.keep |= granted;
            self.rate_limited |= !granted;
        }
        if let (None, Some(action)) = (&self.verdict, outcome.blocking_action()) {
            self.verdict = Some(taken(action.clone()));
        }
        Some(outcome)
    }
}

/// The engine's return codes, as its C interface has them.
fn error_code(error: RunError) -> i64 {
    match error {
        RunError::InvalidObject => -2,
        RunError::Internal => -3,
    }
}

/// An action as the request keeps it: its type and parameters.
fn taken(action: ReportedAction) -> (String, Value) {
    (String::from_utf8_lossy(&action.kind).into_owned(), Value::from_entries(action.parameters))
}

fn blocks(outcome: &crate::Outcome) -> bool {
    outcome.blocking_action().is_some()
}

/// Whether a rule that matched looked at this address.
fn concerns(outcome: &crate::Outcome, address: &str) -> bool {
    let mut arguments = outcome.events.iter().flat_map(|event| &event.matches).flat_map(|found| &found.arguments);
    arguments.any(|argument| *argument.address == *address.as_bytes())
}

fn verdict(outcome: Option<crate::Outcome>, blocked: bool) -> Value {
    let Some(outcome) = outcome else { return map_of([("blocked", blocked.into())]) };
    let value = outcome.to_value();
    let part = |name: &[u8]| value.get(name).map_or_else(Value::map, Object::to_value);
    map_of([("blocked", blocked.into()), ("actions", part(b"actions")), ("attributes", part(b"attributes"))])
}

fn owned(headers: Vec<(Cow<'_, str>, Cow<'_, str>)>) -> Headers {
    headers.into_iter().map(|(name, value)| (Cow::Owned(name.into_owned()), Cow::Owned(value.into_owned()))).collect()
}
