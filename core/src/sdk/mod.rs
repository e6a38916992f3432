//! Users, HTTP and whole requests for bindings: each function by name, from a map of arguments to a map of results.
//!
//! A typed interface in each language would have to be written, documented and tested once per language, and would
//! drift. So the bindings convert values and call functions by name, and an idiomatic function there is one line. The
//! price is that the compiler does not check arguments: a wrong one gives `{"error": ...}`, never a panic. Nothing is
//! decided in this room: it reads arguments, calls [`crate::users`], [`crate::http`] and [`crate::protect`], and
//! converts their results. Rust callers use those directly.
//!
//! | what | state | made by | called by |
//! |---|---|---|---|
//! | functions | nothing | | [`call`] |
//! | a [`Service`](crate::protect::Service) | denylist, limits, learned answers | [`new_service`] | [`call_service`], which knows those above too |
//! | an [`Engine`](crate::protect::Engine) | and the rules | [`new_engine`] | [`call_engine`], likewise |
//! | a [`Detector`](crate::takeover::Detector) of account takeover | accounts, signals, blocks | [`new_detector`], [`restore_detector`], or an engine | [`call_detector`], [`export`], [`subscribe`] |
//! | a [`Request`](crate::protect::Request) | what became of one request | an engine | [`call_request`] |
//!
//! The state of a request between calls of [`call`] is passed in and out by value, as `scope`. A host with its own
//! contexts and without an engine keeps a [`RequestScope`](crate::users::RequestScope) instead, and uses
//! [`call_in_scope`].
//!
//! # Calls about users
//!
//! | function | arguments |
//! |---|---|
//! | `set_user` | `user` (id, or a map with `id`), `propagate` |
//! | `track_user_login_success` (v1: `..._event`) | `login`, `user`, `metadata`, `propagate` |
//! | `track_user_login_failure` (v1: `..._event`) | `login`, `exists`, `user_id`, `metadata` |
//! | `track_signup` (v1: `track_user_signup_event`) | `login`, `user`, `success` (true), `metadata` |
//! | `track_custom_event` | `name`, `metadata`, `sdk_version` |
//! | `auto_login_success`, `auto_login_failure`, `auto_signup` | `framework`, `login`, `user`, `session_id`, `exists` |
//! | `auto_user` | `framework`, `user`, `login`, `session_id` |
//! | `auto_session` | `session_id` |
//!
//! All take `mode` (collection mode, default `identification`), `host` (`python` or `javascript`: how floats are
//! printed), `scope` (from the previous call of the same request) and `request` (false outside of a request: the call
//! is then ignored, with a warning), and return
//!
//! ```text
//! {"outcome": "ok" or "ignored", "meta": {tag: text}, "metrics": {tag: number}, "keep": bool,
//!  "waf": [] or [{address: text or null}], "telemetry": [{"metric": text, "tags": {}}],
//!  "warnings": [text], "notes": [text], "scope": {}}
//! ```
//!
//! The host writes `meta` and `metrics` to the service-entry span, keeps the trace if `keep` is true, evaluates the map
//! in `waf` in the request's context, increments the counters, and logs `warnings` (and `notes` when debugging).
//! `user_events` runs a whole list: from `mode` and `calls` (each with its function in `fn`) it returns the combined
//! results.
//!
//! # Other functions
//!
//! | function | arguments | result |
//! |---|---|---|
//! | `anonymize` | `input` | `anon`: text or null |
//! | `user_id` | `user` | `id`: text or null |
//! | `user_addresses` | `user` (an id, or a map with `id` and `session_id`), `session_id` | `addresses`: to be evaluated to find out whether they are refused; empty for nobody |
//! | `collection_mode` | `environment` (map of variables), `remote`, `enabled` | `mode`, `tracking`, `warnings` |
//! | `propagate` | `id` | `_dd.p.usr.id`, `t.usr.id`; nothing if it is too long |
//! | `client_ip` | `headers`, `peer`, `client_ip_header`, `trusted_proxies` (addresses and networks) | `http.client_ip`, `network.client.ip`: text or null |
//! | `block_response` | `actions` (of a result), or `type` and `parameters`; `accept`, `method`, `graphql`, `protocol`, `headers_sent`, `templates` (`html`, `json`, `graphql`) | `status`, `headers`, `body`, `stealth`, `security_response_id`, `meta`; for `protocol: grpc` `grpc_status`, `grpc_message`; empty if nothing blocks |
//! | `request_headers`, `response_headers` | `headers`, `event`, `max_collected_headers` | `meta`, `metrics` |
//! | `request_addresses` | `method`, `url`, `headers`, `query`, `cookies`, `path_params`, `body`, `peer`, `client_ip_header`, `trusted_proxies` | `addresses`, `meta` |
//! | `read_request` | `method`, `target`, `headers`, `peer`, `client_ip_header`, `trusted_proxies`, `body` (bytes, or an array of pieces), `body_limit`, `decompressed_limit` | `addresses`, `meta`, `fault` (what was not as declared, or null), `cut` |
//! | `response_addresses` | `status`, `headers`, `body` | `addresses` |
//! | `event_tags` | `evaluations` (each `result`, `duration_ext`, `exploit`, or `error`), `blocked`, `block_failed`, `rate_limited`, `origin`, `structured`, `truncated` (`string_length`, `container_size`, `container_depth`), `waf_version`, `event_rules_version` | `meta`, `metrics`, `events`, `keeps`, `stacks`, `telemetry`, `appsec`, `max_collected_headers` |
//! | `engine_tags` | `waf_version`, `family`, `diagnostics` | `meta`, `metrics` |
//! | `collected_body` | `body` | `body`, `meta` |
//! | `stack_frames` | `count`, `depth`, `top_percent` | `top`, `bottom` |
//! | `check_events` | `meta`, `client_ip` | `notes` |
//! | `waf_timeout` | `text`, `host` | `microseconds`, `warnings` |
//! | `capabilities` | booleans: `remotely_switched`, `engine_on`, `local_rules`, `exploit_prevention`, `user_tracking`, `extended_collection` | `bits`, `encoded` |
//! | `notification_message` | `notification`: a map that a subscriber received; `receiver`: `webhook` (with `secret`, and the time of sending `now_s`), `slack`, `teams` or `pagerduty` (with `routing_key`) | `headers` and `body` of a POST request; empty for notifications that this receiver does not get |
//!
//! Headers are an array of `[name, value]`, or a map from names to values or arrays of values.
//!
//! # Functions of a service
//!
//! | function | arguments | result |
//! |---|---|---|
//! | `block`, `extend` | `user`, `ip`, or both; `until` (epoch seconds) or `seconds` from now, or neither to block forever | `done`, `until` |
//! | `unblock` | `user`, `ip`, or both | `done` |
//! | `blocked` | `user`, `ip`, or both | `blocked`, `until` |
//! | `blocks` | | `users`, `ips`: each `value`, `until` |
//! | `keep_trace` | | `keep`: whether the rate limit permits keeping one more trace |
//! | `sample_schema` | `method`, `route`, `status` | `sample` |
//! | `learn_login_failure` | `route`, `login`, `status`, `headers`, `body`, `latency_us`, `blocked` (then nothing is learned) | `learned` |
//! | `configure_login_failure` | `status` (401), `headers`, `body`, `latency_us`: the response for routes without learned ones | |
//! | `login_failure_answer` | `route`, `login` | `status`, `headers`, `body`, `delay_us`; empty if nothing is known, or fewer than three people have failed |

mod args;
mod engine;
mod engine_error;
mod http;
mod notify;
mod remote;
mod request;
mod results;
mod scope;
mod service;
mod settings;
mod taken;
mod takeover;
mod users;

use crate::http::Proxies;
use crate::value::{Object, Value};
use args::{Args, Result};
use results::map_of;

pub use engine::{call_engine, new_engine};
pub use engine_error::EngineError;
pub use notify::{Inbox, subscribe};
pub use remote::{read_batch, report_value};
pub use request::{call_request, call_request_briefly};
pub use scope::{Place, call_in_scope};
pub use service::{SERVICE_SETTINGS, call_service, new_service};
pub use settings::{Kind, SETTINGS, Setting};
pub use taken::Arguments;
pub use takeover::{DETECTOR_FUNCTIONS, add_config, call_detector, export, new_detector, restore_detector};

/// Runs a function. The result is a map; its `error` says that the function is unknown or an argument invalid.
pub fn call(function: &str, arguments: &Object) -> Value {
    Args::of(arguments)
        .and_then(|args| dispatch(function, args))
        .unwrap_or_else(|error| map_of([("error", error.into())]))
}

type Run = fn(Args<'_>) -> Result<Value>;

/// The stateless functions, except for the calls about users.
const FUNCTIONS: [(&str, Run); 21] = [
    ("anonymize", users::pseudonym),
    ("user_id", users::user_id),
    ("user_addresses", users::user_addresses),
    ("collection_mode", users::collection_mode),
    ("propagate", users::propagate),
    ("user_events", users::request),
    ("client_ip", |args| http::client_ip(args, &Proxies::default())),
    ("request_addresses", |args| http::request_addresses(args, &Proxies::default())),
    ("read_request", |args| http::read_request(args, &Proxies::default())),
    ("response_addresses", http::response_addresses),
    ("block_response", http::block_response),
    ("request_headers", http::request_headers),
    ("response_headers", http::response_headers),
    ("event_tags", http::event_tags),
    ("engine_tags", http::engine_tags),
    ("collected_body", http::collected_body),
    ("stack_frames", http::stack_frames),
    ("check_events", http::check_events),
    ("waf_timeout", http::waf_timeout),
    ("capabilities", remote::capabilities),
    ("notification_message", notify::message),
];

/// The names of all functions that [`call`] knows.
pub fn functions() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, _)| *name).chain(users::CALLS)
}

fn dispatch(function: &str, args: Args<'_>) -> Result<Value> {
    match FUNCTIONS.iter().find(|(name, _)| *name == function) {
        Some((_, run)) => run(args),
        None => users::one_call(function, args),
    }
}
