//! The functions about users.

use super::args::{Args, Result};
use super::results::{map_of, texts};
use crate::users::anonymize::anonymize;
use crate::users::automatic::Sighting;
use crate::users::event::LoginEvent;
use crate::users::identity::{best_effort_id, id_text};
use crate::users::mode::{CollectionMode, ModeSettings};
use crate::users::propagation;
use crate::users::sdk::{CallOptions, Generation, LoginReport};
use crate::users::{Call, CallOutcome, Counter, RequestScope, Who};
use crate::value::FloatStyle;
use crate::value::Value;

/// The calls that end in an [`CallOutcome`].
pub(super) const CALLS: [&str; 13] = [
    "set_user",
    "track_user_login_success",
    "track_user_login_success_event",
    "track_user_login_failure",
    "track_user_login_failure_event",
    "track_signup",
    "track_user_signup_event",
    "track_custom_event",
    "auto_login_success",
    "auto_login_failure",
    "auto_signup",
    "auto_user",
    "auto_session",
];

/// The options of a call, with defaults.
pub(super) fn options(function: &str, args: Args<'_>, defaults: CallOptions) -> CallOptions {
    let v1 = function.ends_with("_event") && function != "track_custom_event"
        || args.non_empty("sdk_version").as_deref() == Some("v1");
    CallOptions {
        generation: if v1 { Generation::V1 } else { Generation::V2 },
        propagate: args.boolean("propagate").unwrap_or(defaults.propagate),
        floats: floats_or(args, defaults.floats),
    }
}

/// Reads the arguments of any of [`CALLS`] and runs `run` with the call.
pub(super) fn with_call<T>(function: &str, args: Args<'_>, run: impl FnOnce(Call<'_>) -> T) -> Result<T> {
    let report = LoginReport {
        login: args.object("login"),
        user: args.object("user").or_else(|| args.object("user_id")),
        exists: args.boolean("exists"),
        success: args.boolean("success").unwrap_or(true),
        metadata: args.object("metadata"),
    };
    let framework = args.non_empty("framework").unwrap_or_default();
    let sighting = Sighting {
        framework: &framework,
        login: report.login,
        user: report.user,
        session_id: args.object("session_id"),
        exists: report.exists,
    };
    Ok(run(match function {
        "set_user" => Call::SetUser(report.user),
        "track_user_login_success" | "track_user_login_success_event" => Call::LoginSuccess(report),
        "track_user_login_failure" | "track_user_login_failure_event" => Call::LoginFailure(report),
        "track_signup" | "track_user_signup_event" => Call::Signup(report),
        "track_custom_event" => Call::Custom { name: args.object("name"), metadata: report.metadata },
        "auto_login_success" => Call::SawEvent(LoginEvent::Success, sighting),
        "auto_login_failure" => Call::SawEvent(LoginEvent::Failure, sighting),
        "auto_signup" => Call::SawEvent(LoginEvent::Signup, sighting),
        "auto_user" => Call::SawUser(sighting),
        "auto_session" => Call::SawSession(sighting.session_id),
        _ => return Err(format!("unknown function: {function}")),
    }))
}

fn decide(function: &str, args: Args<'_>, scope: &mut RequestScope, mode: CollectionMode) -> Result<CallOutcome> {
    let options = options(function, args, CallOptions::default());
    with_call(function, args, |call| call.decide(scope, mode, options))
}

/// Runs one call, with the scope passed in and out by value.
pub(super) fn one_call(function: &str, args: Args<'_>) -> Result<Value> {
    let mut scope = read_scope(args)?;
    let mut result = outcome_value(&in_scope(function, args, &mut scope)?);
    let mut saved = map_of([("bits", Value::from(u64::from(scope.bits())))]);
    if let Some(user) = scope.seen_user() {
        saved.insert("seen_user", user);
    }
    result.insert("scope", saved);
    Ok(result)
}

/// Runs one call in the scope of its request; warnings about the mode are added to its own.
pub(super) fn in_scope(function: &str, args: Args<'_>, scope: &mut RequestScope) -> Result<CallOutcome> {
    let mut warnings = Vec::new();
    let mode = mode_argument(args, &mut warnings)?;
    let mut outcome = decide(function, args, scope, mode)?;
    if args.boolean("request") == Some(false) {
        outcome = CallOutcome::ignored(format!("{function} was ignored: it was called outside of a request"));
    }
    warnings.append(&mut outcome.warnings);
    outcome.warnings = warnings;
    Ok(outcome)
}

/// Runs all calls of a request in order, and returns the tags, addresses and telemetry at the end.
pub(super) fn request(args: Args<'_>) -> Result<Value> {
    let mut warnings = Vec::new();
    let mode = mode_argument(args, &mut warnings)?;
    let mut scope = RequestScope::default();
    let mut total = CallOutcome { warnings, ..CallOutcome::default() };
    let (mut outcomes, mut runs) = (Value::array(), Value::array());
    for call in args.array("calls")? {
        let call = Args::of(call)?;
        let function = call.text("fn")?.unwrap_or_default();
        let mut outcome = decide(&function, call, &mut scope, mode)?;
        outcomes.push(outcome_name(&outcome));
        if !outcome.addresses.is_empty() {
            runs.push(outcome.addresses_value());
        }
        total.keep |= outcome.keep;
        total.meta.append(&mut outcome.meta);
        total.metrics.append(&mut outcome.metrics);
        total.telemetry.append(&mut outcome.telemetry);
        total.warnings.append(&mut outcome.warnings);
    }
    Ok(map_of([
        ("outcome", outcomes),
        ("meta", Value::from_entries(&total.meta)),
        ("metrics", Value::from_entries(total.metrics.iter().map(|(name, number)| (name, *number)))),
        ("keep", total.keep.into()),
        ("waf", runs),
        ("telemetry", telemetry_value(&total.telemetry)),
        ("warnings", texts(&total.warnings)),
    ]))
}

/// The pseudonym of a value.
pub(super) fn pseudonym(args: Args<'_>) -> Result<Value> {
    let text = args.object("input").and_then(|input| id_text(input, floats(args)));
    Ok(map_of([("anon", text.map_or_else(Value::null, |text| anonymize(&text).into()))]))
}

/// The id that automation would find in a user object.
pub(super) fn user_id(args: Args<'_>) -> Result<Value> {
    let id = args.object("user").and_then(|user| best_effort_id(user, floats(args)));
    Ok(map_of([("id", id.map_or_else(Value::null, |id| Value::from(id.as_ref())))]))
}

/// What to evaluate to find out whether a user or a session is refused.
pub(super) fn user_addresses(args: Args<'_>) -> Result<Value> {
    Ok(map_of([("addresses", who(args, CallOptions::default())?.addresses())]))
}

/// The arguments `user`, an id or a map with `id` and `session_id`, and `session_id`.
pub(super) fn who(args: Args<'_>, defaults: CallOptions) -> Result<Who> {
    Ok(Who::read(args.object("user"), args.object("session_id"), floats_or(args, defaults.floats))?)
}

/// The collection mode in force.
pub(super) fn collection_mode(args: Args<'_>) -> Result<Value> {
    let environment = args.map("environment")?;
    let mut warnings = Vec::new();
    let variable = |name: &str| environment.and_then(|variables| variables.non_empty(name)).map(String::from);
    let settings = ModeSettings::read(variable, &mut warnings);
    let remote = args.text("remote")?;
    let mode = settings.effective(args.boolean("enabled").unwrap_or(true), remote.as_deref(), &mut warnings);
    Ok(map_of([("mode", mode.name().into()), ("tracking", settings.tracking.into()), ("warnings", texts(&warnings))]))
}

/// The two forms in which an id is passed to downstream services.
pub(super) fn propagate(args: Args<'_>) -> Result<Value> {
    let id = args.object("id").and_then(|id| id_text(id, floats(args)));
    let Some(value) = id.and_then(|id| propagation::propagated_id(&id)) else { return Ok(Value::map()) };
    let state = propagation::tracestate_form(&value);
    Ok(map_of([(propagation::TAG, value.into()), ("t.usr.id", state.into())]))
}

pub(super) fn outcome_value(outcome: &CallOutcome) -> Value {
    let runs =
        if outcome.addresses.is_empty() { Value::array() } else { [outcome.addresses_value()].into_iter().collect() };
    map_of([
        ("outcome", outcome_name(outcome).into()),
        ("meta", Value::from_entries(&outcome.meta)),
        ("metrics", Value::from_entries(outcome.metrics.iter().map(|(name, number)| (name, *number)))),
        ("keep", outcome.keep.into()),
        ("waf", runs),
        ("telemetry", telemetry_value(&outcome.telemetry)),
        ("warnings", texts(&outcome.warnings)),
        ("notes", texts(&outcome.notes)),
    ])
}

fn outcome_name(outcome: &CallOutcome) -> &'static str {
    if outcome.accepted { "ok" } else { "ignored" }
}

/// Counters, each with `metric` and `tags`.
pub(super) fn telemetry_value(counters: &[Counter]) -> Value {
    let counters = counters.iter().map(|counter| {
        let tags = counter.tags.iter().map(|(name, value)| (name, value.as_str()));
        map_of([("metric", counter.metric.into()), ("tags", Value::from_entries(tags))])
    });
    counters.collect()
}

fn mode_argument(args: Args<'_>, warnings: &mut Vec<String>) -> Result<CollectionMode> {
    Ok(args.text("mode")?.and_then(|mode| CollectionMode::parse(&mode, warnings)).unwrap_or_default())
}

fn read_scope(args: Args<'_>) -> Result<RequestScope> {
    let Some(saved) = args.map("scope")? else { return Ok(RequestScope::default()) };
    let bits = saved.number("bits")?.unwrap_or(0.0) as u32;
    Ok(RequestScope::restore(bits, saved.non_empty("seen_user").map(String::from)))
}

fn floats(args: Args<'_>) -> FloatStyle {
    floats_or(args, FloatStyle::default())
}

fn floats_or(args: Args<'_>, default: FloatStyle) -> FloatStyle {
    args.non_empty("host").map_or(default, |host| float_style(&host))
}

/// The float style of a host: `python` (the default) or `javascript`.
pub(super) fn float_style(host: &str) -> FloatStyle {
    if host == "javascript" { FloatStyle::JavaScript } else { FloatStyle::Python }
}
