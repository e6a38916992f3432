//! A login flow that is instrumented by a rule, without code in the application.

use bartizan::internals::takeover::detector::{Detector, Options};
use bartizan::internals::takeover::source;
use bartizan::value::{Value, json};
use bartizan::{Context, Waf};
use std::time::Duration;

const RULES: &str = r#"{"version": "2.2", "rules": [{
  "id": "login-failure", "name": "Failed login",
  "tags": {"type": "users.login.failure", "category": "business_logic", "module": "business-logic"},
  "conditions": [
    {"operator": "equals", "parameters": {"inputs": [{"address": "server.request.method"}], "type": "string", "value": "POST"}},
    {"operator": "match_regex", "parameters": {"inputs": [{"address": "server.request.uri.raw"}], "regex": "^/login(?:[?#]|$)"}},
    {"operator": "match_regex", "parameters": {"inputs": [{"address": "server.response.status"}], "regex": "^40[13]$"}},
    {"operator": "exists", "parameters": {"inputs": [{"address": "server.request.body", "key_path": ["username"]}]}}],
  "output": {"event": false, "keep": true, "attributes": {
    "appsec.events.users.login.failure.track": {"value": "true"},
    "appsec.events.users.login.failure.usr.login": {"address": "server.request.body", "key_path": ["username"]}}}}]}"#;

fn native(text: &str) -> Value {
    json::parse(text.as_bytes()).expect("JSON")
}

fn run(context: &mut Context, data: &str) -> Vec<Value> {
    let outcome = context.run(native(data), Duration::from_secs(60)).expect("an answer");
    let result = outcome.to_value();
    let part = |name: &[u8]| result.get(name).map_or_else(Value::null, |part| part.to_value());
    source::events(&part(b"attributes"), &part(b"events"))
}

/// Runs a login request and its response, and returns the events that rules report.
fn attempt(waf: &Waf, username: &str, status: &str) -> Vec<Value> {
    let mut context = waf.context();
    let request = format!(
        r#"{{"server.request.method": "POST", "server.request.uri.raw": "/login?next=%2F", "server.request.body": {{"username": {username}, "password": "p"}}}}"#
    );
    assert!(run(&mut context, &request).is_empty());
    run(&mut context, &format!(r#"{{"server.response.status": {status}}}"#))
}

#[test]
fn a_rule_that_tags_reports_logins() {
    let waf = Waf::new(&native(RULES)).expect("rules");
    let table = [
        (r#""Bob@x.io""#, r#""401""#, Some("Bob@x.io")),
        (r#"["a", "b"]"#, r#""403""#, Some("a")),
        (r#""Bob@x.io""#, "401", None),
        (r#""Bob@x.io""#, r#""200""#, None),
    ];
    for (username, status, login) in table {
        let events = attempt(&waf, username, status);
        let logins: Vec<_> = events.iter().filter_map(|event| event.get(b"usr.login")?.as_bytes()).collect();
        assert_eq!(logins, login.map(str::as_bytes).into_iter().collect::<Vec<_>>(), "{username} {status}");
    }
}

#[test]
fn detection_counts_events_reported_by_rules() {
    let waf = Waf::new(&native(RULES)).expect("rules");
    let detector = Detector::new(Options::manual(0, "auth", ""));
    for nth in 1..=41 {
        for mut event in attempt(&waf, r#""Bob@x.io""#, r#""401""#) {
            event.insert("ip", "203.0.113.9");
            assert_eq!(detector.event(&event).expect("an event").opened, nth == 41);
        }
    }
}
