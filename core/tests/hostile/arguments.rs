//! No argument of any function of the dynamic interface may crash the process.

use crate::common::random::Random;
use bartizan::internals::sdk;
use bartizan::protect::{Service, Taken};
use bartizan::users::RequestScope;
use bartizan::value::{Value, json};

const SERVICE_FUNCTIONS: [&str; 10] = [
    "block",
    "extend",
    "unblock",
    "blocked",
    "blocks",
    "keep_trace",
    "sample_schema",
    "learn_login_failure",
    "configure_login_failure",
    "login_failure_answer",
];

/// The names of arguments, so that random maps contain them.
const NAMES: [&str; 67] = [
    "user",
    "user_id",
    "id",
    "login",
    "usr.login",
    "usr",
    "metadata",
    "exists",
    "success",
    "propagate",
    "name",
    "mode",
    "scope",
    "bits",
    "seen_user",
    "host",
    "framework",
    "session_id",
    "input",
    "environment",
    "remote",
    "enabled",
    "calls",
    "fn",
    "headers",
    "peer",
    "client_ip_header",
    "trusted_proxies",
    "actions",
    "type",
    "parameters",
    "accept",
    "method",
    "graphql",
    "protocol",
    "headers_sent",
    "templates",
    "html",
    "json",
    "event",
    "max_collected_headers",
    "evaluations",
    "result",
    "duration_ext",
    "exploit",
    "error",
    "blocked",
    "truncated",
    "string_length",
    "meta",
    "client_ip",
    "text",
    "diagnostics",
    "rules",
    "body",
    "count",
    "depth",
    "status",
    "url",
    "ip",
    "until",
    "seconds",
    "block_request",
    "addresses",
    "values",
    "body_unparsed",
    "query",
];

const STRINGS: [&[u8]; 16] = [
    b"",
    b"x",
    b"anon",
    b"python",
    b"javascript",
    b"set_user",
    b"auto_user",
    b"1.1.1.1/0",
    b"\xed\xa0\x80\xff",
    b"\xc3",
    b"for=\"[::1",
    b"text/html;q=",
    b"99999999999999999999",
    b"-1",
    b"\"\\",
    b"a%zz;=,:[]",
];

impl Random {
    fn value(&mut self, depth: usize) -> Value {
        let kinds = if depth == 0 { 6 } else { 9 };
        match self.below(kinds) {
            0 => Value::null(),
            1 => Value::from(self.below(2) == 1),
            2 => Value::from([0, -1, 1, i64::MIN, i64::MAX, 403][self.below(6)]),
            3 => Value::from([0, u64::MAX, 999][self.below(3)]),
            4 => Value::from([0.0, -0.0, 1.5, f64::NAN, f64::INFINITY, -1e300, 1e-9][self.below(7)]),
            5 => Value::from(STRINGS[self.below(STRINGS.len())]),
            6 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => self.map(depth - 1),
        }
    }

    fn map(&mut self, depth: usize) -> Value {
        let mut map = Value::map();
        for _ in 0..self.below(8) {
            map.insert(NAMES[self.below(NAMES.len())], self.value(depth));
        }
        map
    }
}

#[test]
fn random_arguments() {
    let service = Service::default();
    let functions: Vec<_> = sdk::functions().chain(SERVICE_FUNCTIONS).collect();
    let mut random = Random(7);
    for round in 0..300 {
        for function in &functions {
            let arguments = random.map(4);
            let result = sdk::call_service(&service, function, &arguments);
            assert!(result.as_map().is_some(), "round {round}: {function}({})", json::to_string(&arguments));
        }
        let _ = sdk::read_batch(&random.value(4));
    }
}

const REQUEST_FUNCTIONS: [&str; 9] = [
    "start",
    "run",
    "operation",
    "business_event",
    "is_user_blocked",
    "block_request",
    "response",
    "block_response",
    "finish",
];

/// Random calls of a request and of a scope, in random order.
#[test]
fn random_calls_of_a_request() {
    let settings = json::parse(br#"{"rules": {"version": "2.2", "rules": []}, "enabled": true}"#).unwrap();
    let engine = sdk::new_engine(&settings).unwrap().0;
    let functions: Vec<_> = sdk::functions().chain(REQUEST_FUNCTIONS).collect();
    let mut random = Random(8);
    for round in 0..100 {
        let (mut request, mut scope) = (engine.request(), RequestScope::default());
        for _ in 0..40 {
            let (function, arguments) = (functions[random.below(functions.len())], random.map(4));
            let answer = sdk::call_request(&mut request, function, &arguments, Taken::default());
            assert!(answer.is_map(), "round {round}: {function}({})", json::to_string(&arguments));
            let answer = sdk::call_in_scope(&mut scope, function, &arguments, |_, _| Ok(None)).unwrap().0;
            assert!(answer.is_map(), "round {round}: {function}({})", json::to_string(&arguments));
        }
    }
}

/// Random calls of a detector. Times to advance to are left out, as a distant one takes long.
#[test]
fn random_calls_of_a_detector() {
    let settings = json::parse(br#"{"clock": "manual", "start_ms": 1764064800000}"#).unwrap();
    let detector = sdk::new_detector(&settings).unwrap().0;
    let inbox = sdk::Inbox::open(&detector, &Value::map()).unwrap();
    let mut random = Random(9);
    for round in 0..500 {
        for function in sdk::DETECTOR_FUNCTIONS {
            let mut arguments = if random.below(9) == 0 { random.value(4) } else { random.map(4) };
            if arguments.is_map() && random.below(2) == 0 {
                arguments.insert("event", "users.login.failure");
                arguments.insert("file", "events.csv");
            }
            let answer = sdk::call_detector(&detector, function, &arguments);
            assert!(answer.is_map(), "round {round}: {function}({})", json::to_string(&arguments));
            drop(sdk::export(&detector, &arguments));
        }
        while inbox.take().is_some() {}
    }
}

#[test]
fn invalid_calls_of_a_detector_are_reported() {
    let parse = |text: &str| json::parse(text.as_bytes()).unwrap();
    let detector = sdk::new_detector(&Value::map()).unwrap().0;
    let call =
        |function: &str, arguments: &str| json::to_string(&sdk::call_detector(&detector, function, &parse(arguments)));
    let dropped = r#"{"signals":[],"opened":false,"escalated":false,"dropped":"an event must be a map"}"#;
    assert_eq!(call("event", "5"), dropped);
    let allowed = r#"{"decision":"allow","score":0,"reasons":[],"dropped":"an event must be a map"}"#;
    assert_eq!(call("assess", "[]"), allowed);
    assert_eq!(call("signals", "5"), r#"{"error":"the arguments must be a map"}"#);
    assert_eq!(call("advance", r#"{"to_ms":1}"#), r#"{"error":"only a manual clock can be advanced"}"#);
    assert_eq!(call("dance", "{}"), r#"{"error":"unknown function `dance`"}"#);
    let subscribe = |wanted: &str| sdk::subscribe(&detector, &parse(wanted), std::sync::Arc::new(|_| {}));
    assert_eq!(
        subscribe(r#"{"min_severity":"grave"}"#),
        Err("unknown severity 'grave', expected 'info', 'low', 'medium', 'high' or 'critical'".into())
    );
    let kinds = "'opened', 'updated', 'escalated', 'compromised_user', 'cluster', 'response', 'closed' or 'health'";
    assert_eq!(subscribe(r#"{"kinds":["opened","sung"]}"#), Err(format!("unknown kind 'sung', expected {kinds}")));
    let unknown = "unknown setting `kind`; the settings are min_severity, categories, services, kinds";
    assert_eq!(subscribe(r#"{"kind":"opened"}"#), Err(unknown.into()));
    let number = subscribe("{}").unwrap();
    let found = |found| format!(r#"{{"found":{found}}}"#);
    assert_eq!(call("unsubscribe", &format!(r#"{{"subscription":{number}}}"#)), found(true));
    assert_eq!(call("unsubscribe", &format!(r#"{{"subscription":{number}}}"#)), found(false));
    let error = |settings: &str| sdk::new_detector(&parse(settings)).map(drop);
    let unknown = "unknown setting `clocks`; the settings are config, clock, start_ms, service, env";
    assert_eq!(error(r#"{"clocks":"manual"}"#), Err(unknown.into()));
    let wrong = "the setting `clock` must be `system` or `manual`, not `sun`";
    assert_eq!(error(r#"{"clock":"sun"}"#), Err(wrong.into()));
    let refused = sdk::restore_detector(&Value::map(), b"nothing").map(drop);
    assert_eq!(refused, Err("this is no snapshot of account-takeover detection".into()));
}

#[test]
fn an_inbox_keeps_notifications() {
    let parse = |text: &str| json::parse(text.as_bytes()).unwrap();
    let detector = sdk::new_detector(&parse(r#"{"clock":"manual"}"#)).unwrap().0;
    let inbox = sdk::Inbox::open(&detector, &parse(r#"{"kinds":["opened"]}"#)).unwrap();
    for n in 0..80 {
        let login = if n < 41 { "bob" } else { "eve" };
        let failure = format!(r#"{{"event":"users.login.failure","usr.login":"{login}","ip":"203.0.113.9"}}"#);
        sdk::call_detector(&detector, "event", &parse(&failure));
    }
    assert!(inbox.take().is_none(), "nobody ticked");
    detector.tick();
    let told = inbox.take().expect("a notification");
    assert_eq!(told.get(b"kind").and_then(|kind| kind.as_bytes()), Some(&b"opened"[..]));
    inbox.clear();
    assert!(inbox.take().is_none() && inbox.dropped() == 0);
    assert!(detector.unsubscribe(inbox.subscription()));
}

#[test]
fn every_function_is_known() {
    for function in sdk::DETECTOR_FUNCTIONS {
        let detector = sdk::new_detector(&Value::map()).unwrap().0;
        let result = sdk::call_detector(&detector, function, &Value::map());
        let error = result.get(b"error").and_then(|error| error.as_bytes()).unwrap_or_default();
        assert!(!error.starts_with(b"unknown function"), "{function}");
    }
    for function in sdk::functions() {
        let result = sdk::call(function, &Value::map());
        let error = result.get(b"error").and_then(|error| error.as_bytes()).unwrap_or_default();
        assert!(!error.starts_with(b"unknown function"), "{function}");
    }
}
