//! The functions of a request.

use super::args::{Args, Result};
use super::http;
use super::results::map_of;
use super::service::failure;
use super::users::{options, outcome_value, telemetry_value, who, with_call};
use crate::protect::{Decision, Finish, Login, Notice, Request, Response, Start, Taken, User};
use crate::report::Outcome;
use crate::value::{Object, Value, View};
use std::borrow::Cow;

/// Runs a function in a request:
///
/// | function | arguments | result |
/// |---|---|---|
/// | `start` | those of `request_addresses`, `body_unparsed` | `blocked`, `meta`, `incomplete`, `step_up` |
/// | `head` (in place of `start`, from bytes) | `method`, `target`, `headers`, `peer`, `client_ip_header`, `trusted_proxies` | the same |
/// | `body_end` (after the pieces of the body) | | `blocked`, `attributes`, `actions`, `incomplete`, `step_up` |
/// | `message` (of a websocket) | `data` | `blocked`, `attributes`, `actions`, `incomplete` |
/// | `run` | `addresses`, `body_unparsed` | `blocked`, `attributes`, `actions`, `incomplete`, `step_up` |
/// | `operation` (a file, query, call: exploit prevention) | `addresses` | the same |
/// | `business_event` | `name`, `values` | the same |
/// | any call about users | as in [`super::call`], without `mode` and `scope` | as there, `blocked`, and `step_up` |
/// | `is_user_blocked` | `user` (an id, or a map with `id` and `session_id`), `session_id` | `blocked` |
/// | `assess` (before the password is checked) | `login`, `user` (an id, or a map with `id`) | `decision` (`allow`, `step_up`, `stealth` or `block`), `score`, `reasons`, `blocked` |
/// | `route` (of the application, such as `/users/{id}`, for logs) | `route` | |
/// | `block_request` | | `blocked`: from now on the request is to be blocked |
/// | `response` | `status`, `headers` | `blocked`, and `login_failed` if a login failed in this request |
/// | `learn_login_failure` (the response to that login) | `status`, `headers`, `body` | `learned` |
/// | `block_response` | `graphql`, `protocol`, `headers_sent`, `templates`, `accept`, `method` | as in [`super::call`]; empty if nothing blocks |
/// | `finish` | `origin`, `structured`, `truncated` | `meta`, `metrics`, `keep`, `telemetry`, `appsec`, `incomplete`, `log` |
/// | `end` (in place of `finish`, where nobody wants a report) | | `log` |
///
/// Any result may have `notices`, an array of the attacks found and blocks carried out: each has its `record`, a map for
/// hooks, and the `line` to log, unless too many were logged before (see [`Notice`]).
/// `would_block` is true if a rule would have blocked the request and the engine only monitors, and else missing.
/// `step_up` is true if the application must ask for a further step (see [`Request::step_up`]), and else missing;
/// `body_unparsed` says why a body was not parsed, `incomplete` has the reasons why the request was not inspected
/// completely (see [`Incomplete::reasons`](crate::report::Incomplete::reasons)), and `log` has a rate-limited log line
/// about that.
///
/// `taken` says what a binding cut when it converted the arguments, and how much of the budget is left.
pub fn call_request(request: &mut Request, function: &str, arguments: &Object, taken: Taken) -> Value {
    request.within(taken, |request| {
        let result = Args::of(arguments).and_then(|args| dispatch(request, function, args));
        let mut result = result.unwrap_or_else(|error| map_of([("error", error.into())]));
        let notices = request.take_notices();
        if !notices.is_empty() {
            result.insert("notices", notices.into_iter().map(notice_value).collect::<Value>());
        }
        result
    })
}

/// The same, but nothing for an evaluation without a finding, after which the request goes on. Most results are that, and
/// converting them costs some hosts more than many an evaluation. The tags that `head` returns are part of the report, too.
pub fn call_request_briefly(request: &mut Request, function: &str, arguments: &Object, taken: Taken) -> Option<Value> {
    let result = call_request(request, function, arguments, taken);
    let is_empty = |value: &Object| match value.view() {
        View::Array(elements) => elements.is_empty(),
        View::Map(pairs) => pairs.is_empty(),
        other => matches!(other, View::Bool(false)),
    };
    let says_nothing = result.as_map().unwrap_or_default().iter().all(|pair| match pair.key_bytes() {
        Some(b"blocked" | b"actions" | b"attributes" | b"incomplete" | b"log") => is_empty(pair.value()),
        Some(b"meta") => function == "head",
        _ => false,
    });
    let evaluates = result.get(b"blocked").or(result.get(b"log")).is_some();
    (!(evaluates && says_nothing)).then_some(result)
}

fn notice_value(notice: Notice) -> Value {
    map_of([("record", notice.record), ("line", notice.line.map_or_else(Value::null, Value::from))])
}

fn dispatch(request: &mut Request, function: &str, args: Args<'_>) -> Result<Value> {
    match function {
        "start" => start(request, args),
        "head" => {
            let head = http::head(args, request.engine().service().proxies())?;
            let decision = request.head(&head);
            Ok(begun(request, decision))
        }
        "body_end" => {
            let decision = request.body_end();
            Ok(with_step_up(evaluated(decision), request))
        }
        "message" => Ok(evaluated(request.message(args.bytes("data")?))),
        "run" => {
            note_unparsed(request, args)?;
            let decision = request.run(addresses(args)?);
            Ok(with_step_up(evaluated(decision), request))
        }
        "operation" => {
            let decision = request.operation(addresses(args)?);
            Ok(with_step_up(evaluated(decision), request))
        }
        "business_event" => {
            let result = business_event(request, args)?;
            Ok(with_step_up(result, request))
        }
        "assess" => assess(request, args),
        "is_user_blocked" => {
            let who = who(args, request.engine().call_options())?;
            Ok(map_of([("blocked", request.is_user_blocked(&who).into())]))
        }
        "route" => {
            request.set_route(args.text("route")?.ok_or("the argument `route` must be given")?);
            Ok(Value::map())
        }
        "block_request" => {
            request.block();
            Ok(map_of([("blocked", true.into())]))
        }
        "response" => {
            let mut response = Response::new(http::status(args)?).with_headers(args.headers("headers")?);
            response.body = args.object("body").map(Into::into);
            let mut result = evaluated(request.response(response));
            if request.login_failed() {
                result.insert("login_failed", true);
            }
            Ok(result)
        }
        "learn_login_failure" => Ok(map_of([("learned", request.learn_login_failure(failure(args)?).into())])),
        "block_response" => {
            let ask = http::ask(args)?;
            let Some(blocking) = request.blocking() else { return Ok(Value::map()) };
            let answer = request.block_response(&ask);
            Ok(answer.map_or_else(Value::map, |answer| http::answer_value(answer, blocking)))
        }
        "finish" => finish(request, args),
        "end" => Ok(map_of([("log", request.end().into_iter().collect())])),
        _ => {
            let options = options(function, args, request.engine().call_options());
            let decision = with_call(function, args, |call| request.report_user(call, options))?;
            let mut result = outcome_value(&decision.outcome);
            result.insert("blocked", decision.blocked);
            Ok(with_step_up(result, request))
        }
    }
}

fn start(request: &mut Request, args: Args<'_>) -> Result<Value> {
    let mut start = Start::default().with_headers(args.headers("headers")?);
    (start.method, start.url, start.peer) = (args.text("method")?, args.text("url")?, args.text("peer")?);
    let part = |name: &str| args.object(name).map(Into::into);
    (start.query, start.cookies) = (part("query"), part("cookies"));
    (start.path_params, start.body) = (part("path_params"), part("body"));
    start.proxies = match http::proxies(args, request.engine().service().proxies())? {
        Cow::Owned(own) => Some(own),
        Cow::Borrowed(_) => None,
    };
    note_unparsed(request, args)?;
    let decision = request.start(start);
    Ok(begun(request, decision))
}

/// The result of the first evaluation.
fn begun(request: &Request, decision: Decision) -> Value {
    let meta = match request.is_on() {
        true => Value::from_entries(request.tags()),
        false => Value::from_entries(request.client().tags()),
    };
    let incomplete = decision.incomplete.reasons().collect();
    let result = map_of([("blocked", decision.blocked.into()), ("meta", meta), ("incomplete", incomplete)]);
    with_step_up(result, request)
}

/// Says whether the application must ask for a further step.
fn with_step_up(mut result: Value, request: &Request) -> Value {
    if request.step_up() {
        result.insert("step_up", true);
    }
    result
}

fn assess(request: &mut Request, args: Args<'_>) -> Result<Value> {
    let login = args.object("login").map_or_else(Login::default, |login| Login::of(login.to_value()));
    let id = args.object("user").and_then(|user| if user.is_map() { user.get(b"id") } else { Some(user) });
    let login = id.map_or(login.clone(), |id| login.user(User::new(id.to_value())));
    let assessment = request.assess(&login);
    let mut result = assessment.to_value();
    result.insert("blocked", assessment.is_refused());
    Ok(result)
}

fn note_unparsed(request: &mut Request, args: Args<'_>) -> Result<()> {
    if let Some(reason) = args.text("body_unparsed")? {
        request.body_unparsed(reason);
    }
    Ok(())
}

fn addresses(args: Args<'_>) -> Result<Value> {
    Ok(args.object("addresses").ok_or("the argument `addresses` must be given")?.to_value())
}

fn business_event(request: &mut Request, args: Args<'_>) -> Result<Value> {
    let name = args.non_empty("name").ok_or("the argument `name` must be a string that is not empty")?;
    let values = args.object("values").map_or_else(Value::null, Object::to_value);
    Ok(evaluated(request.business_event(&name, values)))
}

fn evaluated(decision: Decision) -> Value {
    let mut result = map_of([("blocked", decision.blocked.into())]);
    if let Some(Outcome { actions, attributes, withheld, .. }) = decision.found {
        let actions = actions.into_iter().map(|action| (action.kind, Value::from_entries(action.parameters)));
        result.insert("actions", Value::from_entries(actions));
        let attributes = attributes.iter().map(|(name, value)| (name, value.to_value()));
        result.insert("attributes", Value::from_entries(attributes));
        if withheld.is_some() {
            result.insert("would_block", true);
        }
    }
    result.insert("incomplete", decision.incomplete.reasons().collect::<Value>());
    result
}

fn finish(request: &mut Request, args: Args<'_>) -> Result<Value> {
    let has = |name: &str| args.boolean(name).unwrap_or(false);
    let version = |name: &str| args.non_empty(name).map(String::from);
    let report = request.finish(&Finish {
        has_origin: has("origin"),
        structured: has("structured"),
        truncation: http::truncated(args)?,
        waf_version: version("waf_version"),
        event_rules_version: version("event_rules_version"),
    });
    let mut result = map_of([
        ("meta", Value::from_entries(report.meta)),
        ("metrics", Value::from_entries(report.metrics)),
        ("keep", report.keep.into()),
        ("telemetry", telemetry_value(&report.telemetry)),
        ("stacks", report.stacks.into_iter().collect()),
        ("incomplete", report.incomplete.into_iter().collect()),
        ("log", report.log.into_iter().collect()),
    ]);
    if let Some(structured) = report.structured {
        result.insert("appsec", structured);
    }
    Ok(result)
}
