//! Hostile events and documents must neither crash the process nor take more than linear time.

use crate::common::random::Random;
use bartizan::internals::sdk;
use bartizan::internals::takeover::detector::{Detector, Options};
use bartizan::internals::takeover::state::{Bounded, Profile};
use bartizan::value::{Value, json};
use std::sync::Arc;

const NAMES: [&str; 44] = [
    "event",
    "ts_ms",
    "service",
    "env",
    "request_id",
    "producer",
    "usr.login",
    "usr.id",
    "usr.exists",
    "exists",
    "usr.role",
    "usr.session_id",
    "usr.device_id",
    "ip",
    "http.user_agent",
    "http.header_names",
    "http.headers",
    "http.accept_language",
    "http.accept",
    "http.accept_encoding",
    "http.content_type",
    "http.url_path",
    "fp.header",
    "fp.network",
    "fp.endpoint",
    "fp.session",
    "ti",
    "geo",
    "waf_attack",
    "cred_fp",
    "mfa",
    "refused",
    "meta",
    "name",
    "required_role",
    "asn",
    "lat",
    "lon",
    "country",
    "intention",
    "category",
    "seconds",
    "kind",
    "value",
];

const TEXTS: [&[u8]; 24] = [
    b"",
    b"users.login.failure",
    b"users.login.success",
    b"users.login.refused",
    b"users.signup",
    b"activity.sensitive",
    b"payment.failure",
    b"users.mfa.challenge",
    b"users.session.use",
    b"203.0.113.9",
    b"2001:db8::1",
    b"::ffff:203.0.113.9",
    b"999.1.1.1",
    b"10.0.0.1/99",
    b"bob",
    b"true",
    b"malicious",
    b"block",
    b"\xff\xfe\0",
    b"=cmd|' /C calc'!A0",
    b"admin",
    b"low",
    b"> 1",
    b"\xed\xa0\x80",
];

/// Generates malformed events and documents.
trait Hostile {
    fn value(&mut self, depth: usize) -> Value;
    fn map(&mut self, depth: usize) -> Value;
    /// Returns the text with a few bytes changed.
    fn damaged(&mut self, text: &str) -> Vec<u8>;
}

impl Hostile for Random {
    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 8 } else { 11 }) {
            0 => Value::null(),
            1 => Value::from(self.below(2) == 0),
            2 => Value::from(self.below(1000) as i64 - 500),
            3 => Value::from(u64::MAX - self.below(2) as u64),
            4 => Value::from([f64::NAN, f64::INFINITY, -1e300, 0.5][self.below(4)]),
            5 if self.below(50) == 0 => Value::from(vec![b"ax\xff\n"[self.below(4)]; 1_000_000]),
            5..=7 => Value::from(TEXTS[self.below(TEXTS.len())]),
            8 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
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

    fn damaged(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            match self.below(3) {
                0 => bytes[at] = b"0\"{}[],:ax-"[self.below(11)],
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"9\"{}[],:ax-"[self.below(11)]),
            }
        }
        bytes
    }
}

fn detector() -> Detector {
    let make_state: bartizan::internals::takeover::detector::MakeState =
        Arc::new(|_| Box::new(Bounded::new(Profile::SMALL)));
    Detector::new(Options::manual(1_764_064_800_000, "auth", "prod").with_state(make_state))
}

#[test]
fn no_event_attempt_or_request_does_harm() {
    let (detector, mut random) = (detector(), Random(1));
    for _ in 0..4_000 {
        let mut event = random.map(3);
        if random.below(4) > 0 {
            event.insert("event", TEXTS[1 + random.below(8)]);
        }
        let _ = detector.event(&event);
        let _ = detector.event(&random.value(2));
        let _ = detector.assess(&event);
        match random.below(20) {
            0 => drop(detector.block(&event)),
            1 => drop(detector.extend(&event, Some(random.below(1 << 40) as u64))),
            2 => drop(detector.unblock(&event)),
            3 => drop(detector.forget(&event)),
            4 => drop(detector.signals(&event)),
            5 => drop(detector.blocks(&event)),
            6 => assert!(detector.advance(detector.time_ms() + random.below(4_000_000) as u64)),
            _ => {}
        }
    }
    let signals = detector.signals(&Value::map()).expect("signals");
    for signal in signals.as_array().unwrap_or_default() {
        let id = String::from_utf8_lossy(signal.get(b"id").and_then(|id| id.as_bytes()).unwrap()).into_owned();
        for file in ["targeted_users.csv", "ips.csv", "compromised.csv", "events.csv", "events.ndjson"] {
            assert!(detector.export(&id, file).unwrap().unwrap().count() < 1000);
        }
    }
    assert!(Detector::restore(Options::manual(0, "", ""), &[], &detector.snapshot()).is_ok());
}

#[test]
fn no_document_does_harm() {
    let table = include_str!("../../rules/takeover/rules.json").replace("\"id\": \"", "\"id\": \"my-");
    let document = format!(r#"{{"bartizan_ato": {table}}}"#);
    let mut random = Random(2);
    let mut rules = 0;
    for nth in 0..300 {
        let detector = detector();
        let bytes = if nth == 0 { document.clone().into_bytes() } else { random.damaged(&document) };
        let Ok(document) = json::parse(&bytes) else { continue };
        rules = rules.max(detector.apply("p", &document).sections.values().map(|section| section.loaded.len()).sum());
        let wild = Value::from_entries([("bartizan_ato", random.map(4))]);
        detector.apply("q", &wild);
        for _ in 0..20 {
            let mut event = random.map(2);
            event.insert("event", TEXTS[1 + random.below(8)]);
            let _ = detector.event(&event);
        }
    }
    assert!(rules >= 20, "the table is a document that users could write: {rules}");
}

/// A single attacker cannot make detection exceed its memory limits.
#[test]
fn floods_are_bounded() {
    let detector = detector();
    for n in 0..50_000u64 {
        let event = Value::from_entries([
            ("event", "users.login.failure"),
            ("usr.login", &format!("u{n}")),
            ("ip", &format!("203.{}.{}.{}", n / 65_536, n / 256 % 256, n % 256)),
            ("service", if n % 1000 == 0 { "x" } else { "auth" }),
        ]);
        detector.event(&event).expect("an event");
    }
    let health = detector.health();
    let services = health.get(b"services").and_then(|services| services.as_array()).expect("services");
    assert_eq!(services.len(), 2);
    let signals = detector.signals(&json::parse(b"{\"limit\":1000}").unwrap()).unwrap();
    assert!(signals.len() <= 1000);
}

/// If more addresses attack than signals may be open, the oldest of the least severe are evicted, and memory stays
/// bounded.
#[test]
fn signals_are_bounded() {
    let detector = detector();
    for n in 0..2_000 * 31_u64 {
        let (source, login) = (n / 31, n % 31);
        let event = Value::from_entries([
            ("event", "users.login.failure"),
            ("usr.login", &format!("u{login}")),
            ("ip", &format!("203.{}.{}.9", source / 256, source % 256)),
        ]);
        detector.event(&event).expect("an event");
    }
    let count = |state: &str| {
        let query = format!(r#"{{"state": "{state}", "rule": "ato-credential-stuffing", "limit": 10000}}"#);
        detector.signals(&json::parse(query.as_bytes()).unwrap()).unwrap().len()
    };
    assert!((900..=1024).contains(&count("open")), "{}", count("open"));
    assert!(count("closed") > 0);
}

/// Times and numbers at the ends of what integers hold.
#[test]
fn no_number_is_too_large() {
    let failure = json::parse(br#"{"event": "users.login.failure", "usr.login": "bob", "ip": "203.0.113.9"}"#).unwrap();
    for start_ms in [0, u64::from(u32::MAX) * 1000 - 1, u64::from(u32::MAX) * 1000, 1 << 63, u64::MAX] {
        let detector = Detector::new(Options::manual(start_ms, "auth", ""));
        for _ in 0..60 {
            detector.event(&failure).expect("an event");
        }
        assert_eq!(detector.signals(&Value::map()).unwrap().len(), 1, "{start_ms}");
        let page = Value::from_entries([("skip", u64::MAX), ("limit", u64::MAX)]);
        assert_eq!(detector.signals(&page).unwrap().len(), 0);
        assert_eq!(detector.blocks(&page).unwrap().len(), 0);
        assert!(detector.advance(u64::MAX));
        assert_eq!(detector.time_ms(), u64::from(u32::MAX) * 1000);
        detector.event(&failure).expect("an event");
        let restored = Detector::restore(Options::manual(start_ms, "auth", ""), &[], &detector.snapshot());
        assert!(restored.is_ok());
    }
}

/// An error of detection itself stays there: the host goes on, and it is counted.
#[test]
fn an_internal_error_does_not_reach_the_host() {
    let options = Options::manual(0, "auth", "").with_state(Arc::new(|_| panic!("no memory")));
    let detector = Detector::new(options);
    let failure = json::parse(br#"{"event": "users.login.failure", "usr.login": "bob"}"#).unwrap();
    for _ in 0..3 {
        assert_eq!(detector.event(&failure).map(|verdict| verdict.signals.len()), Ok(0));
    }
    let call = |function: &str| sdk::call_detector(&detector, function, &Value::map());
    assert_eq!(call("health").get(b"internal_errors").map(json::to_string).as_deref(), Some("3"));
    for function in sdk::DETECTOR_FUNCTIONS {
        call(function);
    }
}
