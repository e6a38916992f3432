//! The functions about HTTP.

use super::args::{Args, Result};
use super::results::{map_of, texts};
use super::users::telemetry_value;
use crate::http::block::{Answer, Ask, Blocking, Response};
use crate::http::headers::{Direction, discarded_metric, header_tags};
use crate::http::inbound::{Head, Held, Limits, Room};
use crate::http::pages::Templates;
use crate::http::report::{Report, RequestOutcome, Scope, engine_tags as tags_of_engine};
use crate::http::{Proxies, addresses, body, client_address, quality, settings, stacks};
use crate::report::Incomplete;
use crate::support::{Ids, RandomIds};
use crate::value::{Truncation, Value};
use std::borrow::Cow;
use std::net::IpAddr;

/// The proxies according to arguments or settings, or else those known.
pub(super) fn proxies<'a>(args: Args<'_>, known: &'a Proxies) -> Result<Cow<'a, Proxies>> {
    let mut proxies = Cow::Borrowed(known);
    if let Some(name) = args.text("client_ip_header")?.filter(|name| !name.is_empty()) {
        proxies = Cow::Owned(proxies.into_owned().with_header(&name).map_err(|error| error.to_string())?);
    }
    if args.object("trusted_proxies").is_some() {
        let networks = args.texts("trusted_proxies")?;
        proxies = Cow::Owned(proxies.into_owned().with_trusted(&networks).map_err(|error| error.to_string())?);
    }
    Ok(proxies)
}

/// The client's address, as the two tags.
pub(super) fn client_ip(args: Args<'_>, known: &Proxies) -> Result<Value> {
    let proxies = proxies(args, known)?;
    let found = client_address(&args.headers("headers")?, args.text("peer")?.as_deref(), proxies.as_ref());
    let text = |address: Option<IpAddr>| address.map_or_else(Value::null, |address| address.to_string().into());
    Ok(map_of([("http.client_ip", text(found.client)), ("network.client.ip", text(found.peer))]))
}

/// The response to a blocked client.
pub(super) fn block_response(args: Args<'_>) -> Result<Value> {
    let blocking = match (args.object("actions"), args.object("parameters")) {
        (Some(actions), _) => Blocking::among(actions),
        (None, Some(parameters)) => {
            let kind = args.text("type")?;
            Blocking::read(kind.as_deref().unwrap_or("block_request"), parameters)
        }
        (None, None) => Some(Blocking::default()),
    };
    let Some(mut blocking) = blocking else { return Ok(Value::map()) };
    if blocking.security_response_id.is_empty() && args.object("actions").is_none() {
        blocking.security_response_id = RandomIds.uuid();
    }
    Ok(answer_value(Answer::new(&blocking, &ask(args)?), blocking))
}

/// The properties of a blocked client and its call.
pub(super) fn ask(args: Args<'_>) -> Result<Ask<'_>> {
    let has = |name: &str| args.boolean(name).unwrap_or(false);
    Ok(Ask {
        accept: args.text("accept")?,
        method: args.text("method")?,
        graphql: has("graphql"),
        grpc: args.non_empty("protocol").as_deref() == Some("grpc"),
        headers_sent: has("headers_sent"),
        templates: match args.map("templates")? {
            Some(custom) => Templates::with(custom.text("html")?, custom.text("json")?, custom.text("graphql")?),
            None => Templates::default(),
        },
    })
}

/// The response for an action, as a map.
pub(super) fn answer_value(answer: Answer, blocking: Blocking) -> Value {
    let meta = Value::from_entries(answer.tags());
    match answer {
        Answer::TooLate => map_of([("metrics", Value::from_entries([("_dd.appsec.block.failed", 1.0)]))]),
        Answer::Grpc { status, message } => {
            map_of([("grpc_status", u64::from(status).into()), ("grpc_message", message.into()), ("meta", meta)])
        }
        Answer::Http(Response { status, headers, body, delay }) => map_of([
            ("status", u64::from(status).into()),
            ("headers", Value::from_entries(headers.iter().map(|(name, value)| (&**name, &**value)))),
            ("body", body.into()),
            ("stealth", blocking.stealth.into()),
            ("delay_us", (delay.as_micros() as u64).into()),
            ("security_response_id", blocking.security_response_id.into()),
            ("meta", meta),
        ]),
    }
}

/// The header tags of a request.
pub(super) fn request_headers(args: Args<'_>) -> Result<Value> {
    headers(args, Direction::Request)
}

/// The header tags of a response.
pub(super) fn response_headers(args: Args<'_>) -> Result<Value> {
    headers(args, Direction::Response)
}

fn headers(args: Args<'_>, direction: Direction) -> Result<Value> {
    let extended = args.number("max_collected_headers")?.map(|limit| limit as usize);
    let event = args.boolean("event").unwrap_or(false);
    let (tags, discarded) = header_tags(direction, &args.headers("headers")?, event, extended);
    let mut metrics = Value::map();
    if discarded > 0 {
        metrics.insert(discarded_metric(direction), discarded as f64);
    }
    Ok(map_of([("meta", Value::from_entries(tags)), ("metrics", metrics)]))
}

/// The tags of a request's evaluations.
pub(super) fn event_tags(args: Args<'_>) -> Result<Value> {
    let mut report = Report::default();
    for evaluation in args.array("evaluations")? {
        let evaluation = Args::of(evaluation)?;
        let scope = if evaluation.boolean("exploit").unwrap_or(false) { Scope::Exploit } else { Scope::Request };
        match evaluation.number("error")? {
            Some(code) => report.add_error(scope, code as i64),
            None => {
                let result = evaluation.object("result").ok_or("an evaluation needs a `result` or an `error`")?;
                report.add_result(scope, result, evaluation.number("duration_ext")?.unwrap_or(0.0) as u64);
            }
        }
    }
    let has = |name: &str| args.boolean(name).unwrap_or(false);
    let incomplete = Incomplete { truncation: truncated(args)?, ..Incomplete::default() };
    report.metrics.extend(incomplete.metrics());
    let outcome = RequestOutcome {
        blocked: has("blocked"),
        block_failed: has("block_failed"),
        truncated: incomplete.truncation.any(),
        rate_limited: has("rate_limited"),
    };
    let version = |name: &str| args.non_empty(name);
    let versions = (version("waf_version"), version("event_rules_version"));
    let counter = report.request_counter(outcome, [versions.0.as_deref(), versions.1.as_deref()]);
    let (events, keeps) = (report.events.len() as u64, report.keeps as u64);
    let headers = report.collected_headers;
    let stacks: Value = report.stacks.iter().collect();
    let (report, structured) = report.finish(has("blocked"), has("origin"), has("structured"));
    let mut result = map_of([
        ("meta", Value::from_entries(&report.meta)),
        ("metrics", Value::from_entries(report.metrics)),
        ("events", events.into()),
        ("keeps", keeps.into()),
        ("stacks", stacks),
        ("telemetry", telemetry_value(&[counter])),
    ]);
    if let Some(structured) = structured {
        result.insert("appsec", structured);
    }
    if let Some(headers) = headers {
        result.insert("max_collected_headers", headers as u64);
    }
    Ok(result)
}

/// Shortcomings of a request's login events.
pub(super) fn check_events(args: Args<'_>) -> Result<Value> {
    let meta = args.map("meta")?.map(|meta| meta.strings().collect());
    let client = args.text("client_ip")?.and_then(|address| address.parse().ok());
    Ok(map_of([("notes", texts(&quality::check(&meta.unwrap_or_default(), client)))]))
}

/// The time limit of an evaluation.
pub(super) fn waf_timeout(args: Args<'_>) -> Result<Value> {
    let mut warnings = Vec::new();
    let python = args.non_empty("host").is_none_or(|host| host != "javascript");
    let timeout = settings::waf_timeout(&args.text("text")?.unwrap_or_default(), python, &mut warnings);
    Ok(map_of([("microseconds", timeout.into()), ("warnings", texts(&warnings))]))
}

/// A request as the engine's addresses, with the tags of its origin.
pub(super) fn request_addresses(args: Args<'_>, known: &Proxies) -> Result<Value> {
    let (method, url, peer) = (args.text("method")?, args.text("url")?, args.text("peer")?);
    let headers = args.headers("headers")?;
    let proxies = proxies(args, known)?;
    let address = client_address(&headers, peer.as_deref(), proxies.as_ref());
    let part = |name: &str| args.object(name).map(Into::into);
    let found = addresses::request_addresses(addresses::RequestParts {
        method: method.as_deref(),
        url: url.as_deref(),
        headers: &headers,
        query: part("query"),
        cookies: part("cookies"),
        path_params: part("path_params"),
        body: part("body"),
        address,
    });
    Ok(map_of([("addresses", found), ("meta", Value::from_entries(address.tags()))]))
}

/// A request as the engine's addresses, from its bytes.
pub(super) fn read_request(args: Args<'_>, known: &Proxies) -> Result<Value> {
    let head = head(args, known)?;
    let client = head.client(known);
    let mut body = Held::new(&head, body_limits(args)?, Room::default().into());
    for piece in args.pieces("body")? {
        body.push(piece);
    }
    let read = body.finish();
    let mut found = head.addresses(client);
    for entry in read.addresses.as_map().unwrap_or_default() {
        found.insert(entry.key_bytes().unwrap_or_default(), entry.value().to_value());
    }
    Ok(map_of([
        ("addresses", found),
        ("meta", Value::from_entries(client.tags())),
        ("fault", read.fault.into()),
        ("cut", read.cut.into()),
    ]))
}

/// The head of a request.
pub(super) fn head<'a>(args: Args<'a>, known: &Proxies) -> Result<Head<'a>> {
    let mut head = Head::new(args.bytes("method")?, args.bytes("target")?);
    head.headers = args.raw_headers("headers")?.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    head.peer = args.text("peer")?;
    head.proxies = match proxies(args, known)? {
        Cow::Owned(own) => Some(own),
        Cow::Borrowed(_) => None,
    };
    Ok(head)
}

/// How much of a body is read.
pub(super) fn body_limits(args: Args<'_>) -> Result<Limits> {
    let default = Limits::default();
    let bytes = |name: &str, default: usize| size(args, name).map(|size| size.unwrap_or(default));
    Ok(Limits {
        body: bytes("body_limit", default.body)?,
        decompressed: bytes("decompressed_limit", default.decompressed)?,
    })
}

/// A number of bytes.
pub(super) fn size(args: Args<'_>, name: &str) -> Result<Option<usize>> {
    match args.number(name)? {
        Some(bytes) if bytes.is_nan() || bytes < 0.0 => Err(format!("the setting `{name}` must be a number of bytes")),
        bytes => Ok(bytes.map(|bytes| bytes as usize)),
    }
}

/// A response as the engine's addresses.
pub(super) fn response_addresses(args: Args<'_>) -> Result<Value> {
    let (status, body) = (status(args)?, args.object("body").map(Into::into));
    Ok(map_of([("addresses", addresses::response_addresses(status, &args.headers("headers")?, body))]))
}

pub(super) fn status(args: Args<'_>) -> Result<u16> {
    Ok(args.number("status")?.unwrap_or(0.0) as u16)
}

/// The bounded copy of a body.
pub(super) fn collected_body(args: Args<'_>) -> Result<Value> {
    let Some(body) = args.object("body") else { return Ok(Value::map()) };
    let (copy, cut) = body::collected_body(body);
    let meta = if cut { Value::from_entries([(body::EXCEEDED_TAG, "true")]) } else { Value::map() };
    Ok(map_of([("body", copy), ("meta", meta)]))
}

/// The number of frames of a stack to report.
pub(super) fn stack_frames(args: Args<'_>) -> Result<Value> {
    let whole =
        |name: &str, default: usize| Ok::<_, String>(args.number(name)?.map_or(default, |number| number as usize));
    let percent = args.number("top_percent")?.unwrap_or(stacks::DEFAULT_TOP_PERCENT);
    let (top, bottom) = stacks::select_frames(whole("count", 0)?, whole("depth", stacks::DEFAULT_DEPTH)?, percent);
    Ok(map_of([("top", (top as u64).into()), ("bottom", (bottom as u64).into())]))
}

/// The tags of every request while the engine is on.
pub(super) fn engine_tags(args: Args<'_>) -> Result<Value> {
    let (version, family) = (args.text("waf_version")?.unwrap_or_default(), args.text("family")?.unwrap_or_default());
    let (meta, metrics) = tags_of_engine(&version, &family, args.object("diagnostics"));
    Ok(map_of([("meta", Value::from_entries(meta)), ("metrics", Value::from_entries(metrics))]))
}

/// What the host left out.
pub(super) fn truncated(args: Args<'_>) -> Result<Truncation> {
    let Some(sizes) = args.map("truncated")? else { return Ok(Truncation::default()) };
    let size = |name: &str| Ok::<_, String>(sizes.number(name)?.unwrap_or(0.0) as u64);
    Ok(Truncation {
        string_length: size("string_length")?,
        container_size: size("container_size")?,
        container_depth: size("container_depth")?,
        unfinished: sizes.boolean("unfinished").unwrap_or(false),
    })
}
