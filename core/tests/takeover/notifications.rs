//! The exact bytes that receivers get: `tests/data/takeover/`. `WRITE=1` rewrites the files, which are to be reviewed
//! before they are committed.

use bartizan::internals::support::fork::Renewable;
use bartizan::internals::takeover::detector::{Detector, Options};
use bartizan::internals::takeover::notify::{Kind, Notification, Wanted, pagerduty, slack, teams, webhook};
use bartizan::takeover::Severity;
use bartizan::value::{Value, json};
use std::sync::Arc;

fn native(text: &str) -> Value {
    json::parse(text.as_bytes()).expect("JSON")
}

/// An address tries many accounts, succeeds with one of them, and stops.
fn attack(config: &str) -> Vec<Notification> {
    let detector = Detector::new(Options::manual(1_764_064_800_000, "auth & <co>", "prod"));
    assert!(!detector.apply("config", &native(config)).has_errors());
    let told = Arc::new(Renewable::new(vec![]));
    let sink = told.clone();
    let everything = Wanted::default();
    detector.subscribe(everything, Arc::new(move |notification| sink.lock().push(notification.clone())));
    for n in 0..31 {
        let failure = format!(
            r#"{{"event":"users.login.failure","usr.login":"u{n}","usr.exists":false,"ip":"203.0.113.9","http.user_agent":"Mozilla/5.0 <x>"}}"#
        );
        detector.event(&native(&failure)).unwrap();
        detector.advance(1_764_064_800_000 + n * 1000);
    }
    let success = r#"{"event":"users.login.success","usr.login":"bob@x.io","usr.id":"u-118","ip":"203.0.113.9"}"#;
    detector.event(&native(success)).unwrap();
    detector.advance(1_764_064_800_000 + 4_000_000);
    Arc::try_unwrap(told).map_or_else(|told| told.lock().clone(), |told| told.lock().clone())
}

fn compare(file: &str, body: &str) {
    let path = format!("{}/../tests/data/takeover/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("WRITE").is_some() {
        std::fs::write(&path, format!("{body}\n")).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(golden.trim_end(), body, "{file}");
}

const QUIET: &str = r#"{"bartizan_ato":{"rules_override":[{"id":"ato-user-enumeration","enabled":false}]}}"#;

#[test]
fn bodies() {
    let told = attack(QUIET);
    let kinds: Vec<_> = told.iter().map(|notification| notification.kind.name()).collect();
    assert_eq!(kinds, ["opened", "escalated", "compromised_user", "response", "closed"]);
    let escalated = &told[1];
    assert_eq!(told[2].severity, Severity::Critical);
    let message = webhook::message(escalated, b"secret", 1_764_064_840);
    compare("webhook.json", &message.body);
    compare("webhook-compromised.json", &webhook::message(&told[2], b"secret", 1_764_064_840).body);
    let headers: Vec<_> = message.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    compare("webhook-headers.txt", &headers.join("\n"));
    compare("slack.json", &slack::body(&told[2]));
    compare("teams.json", &teams::body(&told[2]));
    compare("pagerduty-trigger.json", &pagerduty::body(escalated, "key").expect("an alert"));
    compare("pagerduty-resolve.json", &pagerduty::body(&told[4], "key").expect("an alert"));
    compare("signal.json", &json::to_string(&told[4].signal));
    assert_eq!(pagerduty::body(&told[3], "key"), None, "an answer is no alert");
}

/// Hosts store notifications as maps; the messages built from these must have the same bytes.
#[test]
fn notifications_survive_conversion_to_maps() {
    for told in attack(QUIET) {
        let read = Notification::from_value(&native(&json::to_string(&told.to_value()))).expect("a notification");
        let bodies = |of: &Notification| {
            (webhook::message(of, b"s", 1), slack::body(of), teams::body(of), pagerduty::body(of, "key"))
        };
        assert_eq!(bodies(&read), bodies(&told));
        assert_eq!(format!("{read:?}"), format!("{told:?}"));
    }
    for other in ["5", "{}", r#"{"kind":"opened"}"#, r#"{"kind":"sung","seq":1,"at":1,"title":"x"}"#] {
        assert!(Notification::from_value(&native(other)).is_none(), "{other}");
    }
}

#[test]
fn names_are_hashed_if_the_configuration_says_so() {
    let document = r#"{"bartizan_ato":{"settings":{"notify_pii":false}}}"#;
    for notification in attack(document) {
        let text = json::to_string(&notification.to_value());
        for name in ["bob@x.io", "u-118", "203.0.113", "\"u3\""] {
            assert!(!text.contains(name), "{name} in {text}");
        }
    }
}

#[test]
fn notifications_are_filtered_for_each_subscriber() {
    let told = attack(QUIET);
    let count = |wanted: Wanted| told.iter().filter(|notification| wanted.wants(notification)).count();
    assert_eq!(count(Wanted::default()), 5);
    assert_eq!(count(Wanted { min_severity: Severity::Medium, ..Wanted::default() }), 4);
    assert_eq!(count(Wanted { kinds: vec![Kind::Closed], ..Wanted::default() }), 1);
    assert_eq!(count(Wanted { categories: vec!["business_logic".into()], ..Wanted::default() }), 0);
    assert_eq!(count(Wanted { services: vec!["auth & <co>".into()], ..Wanted::default() }), 5);
}

#[test]
fn a_subscriber_may_call_the_detector_and_may_panic() {
    let detector = Arc::new(Detector::new(Options::manual(0, "auth", "prod")));
    let told = Arc::new(Renewable::new(0));
    let (inner, sink) = (Arc::downgrade(&detector), told.clone());
    detector.subscribe(
        Wanted::default(),
        Arc::new(move |notification| {
            let detector = inner.upgrade().unwrap();
            assert!(detector.signal(&notification.signal_id).is_some());
            detector.tick();
            *sink.lock() += 1;
        }),
    );
    let panics = detector.subscribe(Wanted::default(), Arc::new(|_| panic!("on purpose")));
    for _ in 0..41 {
        detector.event(&native(r#"{"event":"users.login.failure","usr.login":"bob","ip":"203.0.113.9"}"#)).unwrap();
    }
    detector.tick();
    assert_eq!(*told.lock(), 1);
    assert!(detector.unsubscribe(panics) && !detector.unsubscribe(panics));
}
