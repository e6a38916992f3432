//! A distributed attack on an engine: the rules made of its traits refuse requests, follow the configuration, and end.

#![expect(clippy::disallowed_types, reason = "these tests do not fork, and learn once")]

use crate::requests::{native, plain};
use bartizan::protect::{Engine, Login, Settings, Start, User};
use bartizan::remote::Batch;
use bartizan::takeover::Detector;
use bartizan::value;
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};

/// When the attack begins.
const ATTACK_MS: u64 = 1_764_064_800_000;
const DAY_MS: u64 = 86_400_000;
/// How long the service learned before. It must be more than a week, and more than 3,840 successes.
const DAYS: u64 = 9;
const ACCOUNTS: u64 = 400;
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0";
const BOT: &str = "curl/8.5.0";

fn attack_settings(mode: &str) -> Value {
    json!({"bartizan_ato": {"settings": {
        "login_routes": [{"path": "/login", "login": "username"}],
        "response": {"mode": mode, "min_severity": "low"}}}})
}

/// A client of the service.
struct Client {
    address: String,
    agent: &'static str,
    /// What only browsers send.
    language: Option<&'static str>,
}

impl Client {
    fn honest(account: u64) -> Self {
        Client {
            address: format!("10.{}.{}.7", 100 + account / 250, account % 250),
            agent: BROWSER,
            language: Some("de"),
        }
        .public()
    }

    /// Addresses of 10.0.0.0/8 are nobody's, so they are moved.
    fn public(self) -> Self {
        Client { address: self.address.replacen("10.", "90.", 1), ..self }
    }

    fn bot(number: u64) -> Self {
        Client { address: format!("60.{}.{}.9", number / 250, number % 250), agent: BOT, language: None }
    }

    fn headers(&self) -> Vec<(&'static str, &str)> {
        let language = self.language.map(|language| ("accept-language", language));
        [("host", "shop"), ("user-agent", self.agent), ("accept", "*/*")].into_iter().chain(language).collect()
    }

    fn event(&self, name: &str, login: &str) -> value::Value {
        let headers: Vec<_> = self.headers();
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let mut event = json!({"event": name, "usr.login": login, "ip": self.address, "http.user_agent": self.agent,
            "http.method": "POST", "http.url_path": "/login", "http.header_names": names, "http.accept": "*/*"});
        if let Some(language) = self.language {
            event["http.accept_language"] = language.into();
        }
        native(&event)
    }

    /// Tries to log in; returns whether the attempt was refused, and whether it must pass a further step.
    fn attempt(&self, engine: &Arc<Engine>, login: &str, succeeds: bool) -> (bool, bool) {
        let body = native(&json!({"username": login}));
        let start = self
            .headers()
            .into_iter()
            .fold(Start::new("POST", "/login"), |start, (name, value)| start.header(name, value));
        let mut request = engine.request();
        let refused = request.start(start.peer(self.address.as_str()).body(&*body)).blocked;
        if !refused && !request.step_up() {
            let login = Login::of(login);
            match succeeds {
                true => request.login_success(&login.user(User::new(format!("id-{}", self.address)))),
                false => request.login_failure(&login.exists(true)),
            };
        }
        request.finish(&Default::default());
        (refused, request.step_up())
    }
}

fn account(number: u64) -> String {
    format!("user{number}@example.org")
}

/// A snapshot of honest logins.
fn taught() -> &'static [u8] {
    static TAUGHT: OnceLock<Vec<u8>> = OnceLock::new();
    TAUGHT.get_or_init(|| {
        let settings = Settings::builtin().named("shop", "").manual_clock(ATTACK_MS - DAYS * DAY_MS);
        let engine = Engine::new(settings).unwrap();
        let detector = engine.takeover().unwrap();
        let logins = DAYS * 560;
        for n in 0..logins {
            detector.advance(ATTACK_MS - DAYS * DAY_MS + n * (DAYS * DAY_MS / logins));
            let number = n * 7 % ACCOUNTS;
            if n % 20 == 0 {
                detector.event(&Client::honest(number).event("users.login.failure", &account(number))).unwrap();
            }
            detector.event(&Client::honest(number).event("users.login.success", &account(number))).unwrap();
        }
        detector.snapshot()
    })
}

fn engine(mode: &str) -> Arc<Engine> {
    let settings = Settings::builtin().named("shop", "").manual_clock(ATTACK_MS).takeover_snapshot(taught());
    let (engine, applied) = Engine::with_report(settings.enabled(None)).unwrap();
    assert_eq!(applied.warnings, Vec::<String>::new());
    apply(&engine, SWITCH, Some(json!({"asm": {"enabled": true}})));
    apply(&engine, TAKEOVER, Some(attack_settings(mode)));
    engine
}

/// The path that turns the engine on and off, and that of the configuration of the detector.
const SWITCH: &str = "datadog/2/ASM_FEATURES/switch/config";
const TAKEOVER: &str = "datadog/2/ASM/takeover/config";

/// Changes or removes a file of the remote configuration.
fn apply(engine: &Engine, path: &str, document: Option<Value>) {
    let batch = match document {
        Some(document) => Batch { changed: vec![(path.into(), native(&document))], removed: vec![] },
        None => Batch { changed: vec![], removed: vec![path.into()] },
    };
    for state in engine.apply_remote(&batch).report.states {
        assert_eq!(state.error, "", "{path}");
    }
}

/// Lets the botnet try `count` accounts, each from an address of its own, within two minutes; returns how many were refused.
fn attack(engine: &Arc<Engine>, first: u64, count: u64) -> u64 {
    let detector = engine.takeover().unwrap();
    let start_ms = detector.time_ms();
    let mut refused = 0;
    for n in 0..count {
        detector.advance(start_ms + n * 120_000 / count);
        // Some of the passwords are right.
        refused += u64::from(Client::bot(first + n).attempt(engine, &account(first + n), n % 50 == 7).0);
    }
    detector.advance(start_ms + 120_000);
    refused
}

fn campaign(detector: &Detector) -> Value {
    let signals = plain(&detector.signals(&native(&json!({"rule": "ato-distributed-attempts"}))).unwrap());
    signals[0].clone()
}

fn matches(engine: &Arc<Engine>) -> bool {
    Client::bot(60_000).attempt(engine, "somebody@example.org", false).0
}

/// The same where nothing says which login it is, so that only the firewall can refuse it.
fn is_matched_by_the_firewall(engine: &Arc<Engine>) -> bool {
    let client = Client::bot(60_001);
    let headers = client.headers();
    let start =
        headers.into_iter().fold(Start::new("POST", "/login"), |start, (name, value)| start.header(name, value));
    engine.request().start(start.peer(client.address.as_str())).blocked
}

#[test]
fn the_traits_of_an_attack_are_refused_until_the_operator_says_no() {
    let engine = engine("block");
    let detector = engine.takeover().unwrap();
    attack(&engine, 0, 600);
    let signal = campaign(detector);
    let rule = signal["clusters"][0]["rule_id"].as_str().unwrap();
    assert_eq!(signal["clusters"][0]["mode"], "stealth", "{signal:#}");
    assert!(matches(&engine) && is_matched_by_the_firewall(&engine));
    assert_eq!(Client::honest(5).attempt(&engine, &account(5), true), (false, false));

    // Neither other configurations nor a time in which the engine was off lose the rule.
    apply(&engine, "datadog/2/ASM/other/config", Some(json!({"version": "2.2", "custom_rules": []})));
    assert!(matches(&engine));
    apply(&engine, SWITCH, Some(json!({"asm": {"enabled": false}})));
    assert!(!matches(&engine));
    apply(&engine, SWITCH, Some(json!({"asm": {"enabled": true}})));
    // An engine that is turned off forgets its remote configuration.
    apply(&engine, TAKEOVER, Some(attack_settings("block")));
    assert!(matches(&engine) && is_matched_by_the_firewall(&engine));

    assert_eq!(detector.unblock(&native(&json!({"rule": rule}))), Ok(1));
    assert!(!matches(&engine), "it is withdrawn when the call returns");
    detector.advance(detector.time_ms() + 600_000);
    assert!(!matches(&engine), "and does not come back");
}

#[test]
fn rules_of_an_attack_follow_the_configuration() {
    let engine = engine("block");
    let detector = engine.takeover().unwrap();
    attack(&engine, 0, 600);
    assert!(matches(&engine) && is_matched_by_the_firewall(&engine));
    apply(&engine, TAKEOVER, Some(attack_settings("monitor")));
    assert!(!matches(&engine) && !is_matched_by_the_firewall(&engine), "at once");
    apply(&engine, TAKEOVER, Some(attack_settings("block")));
    assert!(matches(&engine) && is_matched_by_the_firewall(&engine));
    let id = campaign(detector)["id"].as_str().unwrap().to_owned();
    assert_eq!(detector.resolve(&id, "false_positive"), Ok(true));
    assert!(!matches(&engine) && !is_matched_by_the_firewall(&engine), "at once");
}

#[test]
fn nothing_is_refused_in_monitor_mode() {
    let engine = engine("monitor");
    assert_eq!(attack(&engine, 0, 600), 0);
    let signal = campaign(engine.takeover().unwrap());
    assert_eq!(signal["clusters"][0]["mode"], "monitor", "{signal:#}");
    assert!(!matches(&engine) && !is_matched_by_the_firewall(&engine));
}

/// An engine that continues from a snapshot, in block mode.
fn restarted(detector: &Detector) -> Arc<Engine> {
    let settings = Settings::builtin().named("shop", "").manual_clock(detector.time_ms());
    let settings = settings.takeover_document(native(&attack_settings("block")));
    let (engine, applied) = Engine::with_report(settings.takeover_snapshot(detector.snapshot())).unwrap();
    assert_eq!(applied.warnings, Vec::<String>::new());
    engine
}

#[test]
fn an_attack_that_goes_on_is_refused_after_a_restart_as_before() {
    let before = engine("block");
    let detector = before.takeover().unwrap();
    attack(&before, 0, 600);
    let cluster = &campaign(detector)["clusters"][0];
    let after = restarted(detector);
    assert_eq!(&campaign(after.takeover().unwrap())["clusters"][0], cluster);
    assert_eq!(attack(&after, 600, 600), 600, "from the first attempt on");
    assert!(matches(&after) && is_matched_by_the_firewall(&after));
}

#[test]
fn rules_outlive_the_attack_and_restarts_until_their_time_is_over() {
    let before = engine("block");
    let detector = before.takeover().unwrap();
    attack(&before, 0, 600);
    detector.advance(detector.time_ms() + 7_200_000);
    let signal = campaign(detector);
    assert_eq!((&signal["state"], &signal["closed_reason"]), (&json!("closed"), &json!("keep_alive")));
    let after = restarted(detector);
    let detector = after.takeover().unwrap();
    for key in ["id", "state", "closed_at", "closed_reason", "severity", "compromised", "clusters"] {
        assert_eq!(campaign(detector)[key], signal[key], "{key}");
    }
    detector.tick();
    assert!(matches(&after) && is_matched_by_the_firewall(&after));
    assert_eq!(Client::honest(5).attempt(&after, &account(5), true), (false, false));

    let again = restarted(detector);
    let detector = again.takeover().unwrap();
    let rule = signal["clusters"][0]["rule_id"].as_str().unwrap();
    assert_eq!(detector.unblock(&native(&json!({"rule": rule}))), Ok(1));
    assert!(!matches(&again) && !matches(&restarted(detector)), "an operator withdrew it");

    let detector = after.takeover().unwrap();
    detector.advance(detector.time_ms() + 13 * 3_600_000);
    assert!(!matches(&after) && !is_matched_by_the_firewall(&after) && !matches(&restarted(detector)), "it is over");
}
