//! The functions of a service.

use super::args::{Args, Result};
use super::results::map_of;
use super::{call, http};
use crate::http::Proxies;
use crate::http::rate::TraceLimiter;
use crate::http::sampling::SchemaSampler;
use crate::http::stealth::LoginFailure;
use crate::live::Until;
use crate::protect::{Service, ServiceSettings, Subject};
use crate::users::identity::id_text;
use crate::value::{Object, Value};
use std::time::Duration;

/// The names of a service's settings.
pub const SERVICE_SETTINGS: [&str; 4] = ["trace_rate_limit", "schema_delay", "client_ip_header", "trusted_proxies"];

/// A service configured by a map:
///
/// * `trace_rate_limit` (traces per second) and `schema_delay` (seconds)
/// * `client_ip_header`: the header in which the proxies in front of the service write the client's address
/// * `trusted_proxies`: the addresses and networks of these proxies; an empty array means that there are none
///
/// [`crate::http::client_ip`] explains the last two; they are defaults for the functions that take them.
///
/// # Errors
///
/// A sentence about a setting that is unknown or cannot be used.
pub fn new_service(settings: &Object) -> Result<Service> {
    let settings = Args::of(settings)?;
    settings.only(&SERVICE_SETTINGS)?;
    let rate = settings.number("trace_rate_limit")?.map_or(TraceLimiter::DEFAULT_RATE, |rate| rate as i64);
    let delay = settings.number("schema_delay")?.unwrap_or(SchemaSampler::DEFAULT_DELAY);
    let proxies = http::proxies(settings, &Proxies::default())?.into_owned();
    Ok(Service::new(ServiceSettings::new().trace_rate_limit(rate).schema_delay(delay).proxies(proxies)))
}

/// Runs a function of a service, or any of [`call`]; the module lists them.
pub fn call_service(service: &Service, function: &str, arguments: &Object) -> Value {
    let run = match function {
        "block" => block,
        "extend" => extend,
        "unblock" => unblock,
        "blocked" => blocked,
        "blocks" => blocks,
        "client_ip" => |service: &Service, args: Args<'_>| http::client_ip(args, service.proxies()),
        "request_addresses" => |service: &Service, args: Args<'_>| http::request_addresses(args, service.proxies()),
        "read_request" => |service: &Service, args: Args<'_>| http::read_request(args, service.proxies()),
        "keep_trace" => |service: &Service, _: Args<'_>| Ok(map_of([("keep", service.grants_trace().into())])),
        "sample_schema" => sample_schema,
        "learn_login_failure" => learn_login_failure,
        "configure_login_failure" => configure_login_failure,
        "login_failure_answer" => login_failure_answer,
        _ => return call(function, arguments),
    };
    Args::of(arguments).and_then(|args| run(service, args)).unwrap_or_else(|error| map_of([("error", error.into())]))
}

fn block(service: &Service, args: Args<'_>) -> Result<Value> {
    let (subject, until) = (subject(args)?, until(service, args)?);
    service.block(&subject, until).map_err(|refused| refused.to_string())?;
    Ok(map_of([("done", true.into()), ("until", until.seconds().into())]))
}

fn extend(service: &Service, args: Args<'_>) -> Result<Value> {
    let (subject, until) = (subject(args)?, until(service, args)?);
    let done = service.extend(&subject, until);
    Ok(map_of([("done", done.into()), ("until", until.seconds().into())]))
}

fn unblock(service: &Service, args: Args<'_>) -> Result<Value> {
    Ok(map_of([("done", service.unblock(&subject(args)?).into())]))
}

/// Whether a user or an address is refused.
fn blocked(service: &Service, args: Args<'_>) -> Result<Value> {
    let user = args.object("user").and_then(|user| id_text(user, Default::default()));
    let of_user = user.and_then(|user| service.refuses_user(&user));
    let address = args.non_empty("ip").and_then(|address| address.parse().ok());
    let of_address = address.and_then(|address| service.refuses_address(address));
    Ok(match of_user.max(of_address) {
        Some(until) => map_of([("blocked", true.into()), ("until", until.seconds().into())]),
        None => map_of([("blocked", false.into())]),
    })
}

fn blocks(service: &Service, _: Args<'_>) -> Result<Value> {
    let list = |entries: Vec<(String, Until)>| -> Value {
        let entries = entries.into_iter();
        entries.map(|(value, until)| map_of([("value", value.into()), ("until", until.seconds().into())])).collect()
    };
    Ok(map_of([("users", list(service.blocked_users())), ("ips", list(service.blocked_addresses()))]))
}

fn sample_schema(service: &Service, args: Args<'_>) -> Result<Value> {
    let method = args.text("method")?.unwrap_or_default();
    let status = args.number("status")?.unwrap_or(0.0) as u16;
    let sampled = args.text("route")?.is_some_and(|route| service.samples_schema(&method, &route, status));
    Ok(map_of([("sample", sampled.into())]))
}

fn learn_login_failure(service: &Service, args: Args<'_>) -> Result<Value> {
    let (route, failure) = (args.text("route")?.unwrap_or_default(), failure(args)?);
    let login = args.non_empty("login").filter(|_| !args.boolean("blocked").unwrap_or(false));
    let learned = login.is_some_and(|login| service.learn_login_failure(&route, &login, &failure));
    Ok(map_of([("learned", learned.into())]))
}

fn configure_login_failure(service: &Service, args: Args<'_>) -> Result<Value> {
    let mut failure = failure(args)?;
    if failure.status == 0 {
        failure.status = 401;
    }
    let configured = service.configure_login_failure(failure);
    configured.map_err(|_| "the argument `status` must be between 200 and 599")?;
    Ok(Value::map())
}

fn login_failure_answer(service: &Service, args: Args<'_>) -> Result<Value> {
    let (route, login) = (args.text("route")?.unwrap_or_default(), args.non_empty("login").unwrap_or_default());
    let Some(answer) = service.login_failure_answer(&route, &login) else { return Ok(Value::map()) };
    Ok(map_of([
        ("status", u64::from(answer.status).into()),
        ("headers", Value::from_entries(answer.headers)),
        ("body", answer.body.into()),
        ("delay_us", answer.delay.into()),
    ]))
}

/// The end of an entry: `until` in seconds since the epoch, or `seconds` from now, or neither for no end.
fn until(service: &Service, args: Args<'_>) -> Result<Until> {
    let whole = |name: &str| match args.number(name)? {
        Some(number) if number < 0.0 || number.is_nan() => Err(format!("the argument `{name}` must not be negative")),
        number => Ok(number.map(|number| number as u64)),
    };
    Ok(match (whole("until")?, whole("seconds")?) {
        (Some(until), _) => Until::from_seconds(until),
        (None, Some(seconds)) => service.end_after(Duration::from_secs(seconds)),
        (None, None) => Until::Forever,
    })
}

/// `user`, `ip`, or both.
fn subject(args: Args<'_>) -> Result<Subject> {
    let user =
        args.object("user").map(|user| id_text(user, Default::default()).ok_or("the argument `user` is not an id"));
    let user = user.transpose()?.map(Subject::user);
    Ok(match (user, args.text("ip")?) {
        (Some(user), Some(address)) => user.and_address(address),
        (Some(user), None) => user,
        (None, Some(address)) => Subject::address(address),
        (None, None) => return Err("one of the arguments `user` and `ip` must be given".into()),
    })
}

pub(super) fn failure(args: Args<'_>) -> Result<LoginFailure> {
    let headers = args.headers("headers")?;
    let content_type = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    Ok(LoginFailure {
        status: args.number("status")?.unwrap_or(0.0) as u16,
        content_type: content_type.map(|(_, value)| value.to_string()).unwrap_or_default(),
        headers: headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        body: args.text("body")?.unwrap_or_default().into_owned(),
        latency: args.number("latency_us")?.unwrap_or(0.0) as u64,
    })
}
