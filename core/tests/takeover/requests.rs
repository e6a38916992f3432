//! The detector of an engine: the events it gets from requests, and the requests it refuses.

use crate::common::values::parse;
use bartizan::Clock;
use bartizan::http::block::{Answer, Ask, Response};
use bartizan::http::stealth::LoginFailure;
use bartizan::internals::support::FixedClock;
use bartizan::internals::support::fork::Renewable;
use bartizan::protect::Until;
use bartizan::protect::{Engine, Finish, Login, Request, ServiceSettings, Settings, Start, Subject, User};
use bartizan::remote::{ApplyState, Batch};
use bartizan::takeover::Decision;
use bartizan::value::{self, json};
use serde_json::{Value, json};
use std::sync::Arc;

const NO_RULES: &str = r#"{"version": "2.2", "rules": []}"#;
pub(super) const CLIENT: &str = "203.0.113.9";

pub(super) fn settings() -> Settings {
    Settings::from_json(NO_RULES).unwrap().named("shop", "prod")
}

pub(super) fn native(value: &Value) -> value::Value {
    json::parse(value.to_string().as_bytes()).expect("JSON")
}

pub(super) fn plain(object: &value::Object) -> Value {
    serde_json::from_str(&json::to_string(object)).expect("JSON")
}

/// Creates an engine whose detector has this configuration.
pub(super) fn engine(config: &Value) -> Arc<Engine> {
    let engine = Engine::new(settings().takeover_document(native(&json!({"bartizan_ato": config})))).unwrap();
    assert!(!engine.takeover_diagnostics().has_errors(), "{}", engine.takeover_diagnostics());
    engine
}

/// Creates an engine that carries out responses from the lowest severity on.
pub(super) fn blocking() -> Arc<Engine> {
    engine(&json!({"settings": {"response": {"mode": "block", "min_severity": "low"}}}))
}

fn start<'a>(path: &'a str, client: &'a str) -> Start<'a> {
    let start = Start::new("POST", path).header("x-real-ip", client).peer("10.0.0.1");
    start.header("User-Agent", "Mozilla/5.0 (X11)").header("Accept-Language", "de").header("host", "shop")
}

pub(super) fn request(engine: &Arc<Engine>, path: &str, client: &str) -> (Request, bool) {
    let mut request = engine.request();
    let blocked = request.start(start(path, client)).blocked;
    (request, blocked)
}

pub(super) fn fail(engine: &Arc<Engine>, login: &str) -> bool {
    let (mut request, blocked) = request(engine, "/login?next=%2F", CLIENT);
    if !blocked {
        request.login_failure(&Login::of(login).exists(true));
    }
    request.finish(&Finish::default());
    blocked
}

pub(super) fn signals(engine: &Engine) -> Value {
    plain(&engine.takeover().expect("a detector").signals(&value::Value::map()).unwrap())
}

pub(super) fn health(engine: &Engine) -> Value {
    plain(&engine.takeover().expect("a detector").health())
}

fn page(request: &mut Request) -> Response {
    match request.block_response(&Ask::default()) {
        Some(Answer::Http(page)) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn credential_stuffing_is_reported_but_not_blocked_by_default() {
    let engine = Engine::new(settings()).unwrap();
    for guess in 0..40 {
        assert!(!fail(&engine, &format!("user{guess}")));
        let found = signals(&engine).as_array().unwrap().len();
        assert_eq!(found, usize::from(guess >= 30), "after {} failures", guess + 1);
    }
    let signal = &signals(&engine)[0];
    assert_eq!(signal["rule"]["id"], "ato-credential-stuffing");
    assert_eq!((&signal["service"], &signal["env"]), (&json!("shop"), &json!("prod")));
    assert_eq!(signal["group"]["ip_group"], CLIENT);
    assert_eq!(signal["top"]["user_agents"][0][0], "Mozilla/5.0 (X11)");
    assert_eq!(health(&engine)["blocks"], 0);
}

#[test]
fn responses_are_carried_out_if_the_configuration_says_so() {
    let engine = blocking();
    let refused = (0..40).filter(|guess| fail(&engine, &format!("user{guess}"))).count();
    assert_eq!(refused, 9, "the 31st failure opens, and the next request is refused");
    let signal = &signals(&engine)[0];
    assert_eq!(signal["counts"]["refused"], 9, "{signal:#}");
    assert_eq!(signal["counts"]["failures"], 31);
    assert!(!request(&engine, "/login", "203.0.113.10").1, "others are not refused");
    assert!(request(&engine, "/other", CLIENT).1);
    let detector = engine.takeover().unwrap();
    let block = &plain(&detector.blocks(&value::Value::map()).unwrap())[0];
    assert_eq!((&block["value"], &block["hits"]), (&json!(CLIENT), &json!(10)), "{block:#}");
    assert_eq!(detector.resolve(signal["id"].as_str().unwrap(), "false_positive"), Ok(true));
    assert!(!request(&engine, "/login", CLIENT).1);
    assert!((0..40).all(|guess| !fail(&engine, &format!("user{guess}"))), "it stays unblocked");
}

#[test]
fn a_rule_alone_can_be_set_to_block() {
    let change = json!({"rules_override": [{"id": "ato-credential-stuffing", "response": {"mode": "block", "min_severity": "low"}}]});
    let engine = engine(&change);
    let refused = (0..40).filter(|guess| fail(&engine, &format!("user{guess}"))).count();
    assert_eq!(refused, 9);
}

#[test]
fn it_can_be_turned_off() {
    let engine = Engine::new(settings().takeover(false)).unwrap();
    assert!(engine.takeover().is_none());
    assert!((0..40).all(|guess| !fail(&engine, &format!("user{guess}"))));
    let engine = self::engine(&json!({"settings": {"enabled": false}}));
    assert!((0..40).all(|guess| !fail(&engine, &format!("user{guess}"))));
    assert_eq!(signals(&engine), json!([]));
    let off = Engine::new(settings().enabled(None)).unwrap();
    fail(&off, "bob");
    assert_eq!(health(&off)["events"], 0, "nothing is collected while the engine is off");
}

#[test]
fn every_call_is_one_event() {
    let engine = Engine::new(settings()).unwrap();
    let events = |act: &dyn Fn(&mut Request)| {
        let before = health(&engine)["events"].as_u64().unwrap();
        let (mut request, _) = request(&engine, "/x", CLIENT);
        act(&mut request);
        request.finish(&Finish::default());
        health(&engine)["events"].as_u64().unwrap() - before
    };
    let bob = || Login::of("bob").user(User::new("u-1"));
    assert_eq!(events(&|_| {}), 0);
    assert_eq!(events(&|request| drop(request.set_user(&User::new("u-1")))), 0);
    assert_eq!(events(&|request| drop(request.login_success(&bob()))), 1);
    assert_eq!(events(&|request| drop(request.login_failure(&bob()))), 1);
    assert_eq!(events(&|request| drop(request.signup(&bob()))), 1);
    assert_eq!(events(&|request| drop(request.signup(&bob().success(false)))), 0);
    for name in ["users.password_reset", "users.delete", "activity.sensitive", "orders.cancel"] {
        assert_eq!(events(&|request| drop(request.custom_event(name, value::Value::map()))), 1, "{name}");
    }
    assert_eq!(events(&|request| drop(request.business_event("payment.failure", native(&json!({"id": "p"}))))), 1);
    assert_eq!(events(&|request| drop(request.business_event("llm.call", value::Value::map()))), 0);
}

#[test]
fn failed_payments_of_a_logged_in_user_are_counted() {
    let engine = Engine::new(settings()).unwrap();
    for card in 0..4 {
        let (mut request, _) = request(&engine, "/pay", CLIENT);
        request.set_user(&User::new("u-7"));
        request.business_event("payment.failure", native(&json!({"id": format!("card-{card}")})));
    }
    let signal = &signals(&engine)[0];
    assert_eq!(signal["rule"]["id"], "bl-payment-failure");
    assert_eq!(signal["top"]["users"][0][0], "u-7", "{signal:#}");
}

/// A clock that the test advances while an engine uses it.
#[derive(Clone)]
pub(super) struct Moved(pub Arc<FixedClock>);

impl Clock for Moved {
    fn unix_millis(&self) -> u64 {
        self.0.unix_millis()
    }
}

#[test]
fn requests_that_end_do_pending_work() {
    let clock = Moved(Arc::new(FixedClock::at_millis(1_764_064_800_000)));
    let config = json!({"bartizan_ato": {"settings": {"response": {"mode": "block", "min_severity": "low"}}}});
    let settings = settings().service(ServiceSettings::new().clock(clock.clone()));
    let engine = Engine::new(settings.takeover_document(native(&config))).unwrap();
    let told = Arc::new(Renewable::new(vec![]));
    let sink = told.clone();
    let wanted = bartizan::takeover::Wanted::default();
    let hears =
        move |notification: &bartizan::takeover::Notification| sink.lock().push(notification.kind.name().to_owned());
    engine.takeover().unwrap().subscribe(wanted, Arc::new(hears));
    for guess in 0..31 {
        fail(&engine, &format!("user{guess}"));
    }
    assert_eq!(signals(&engine)[0]["state"], "open");
    let pass = |hours: u64| {
        clock.0.set_millis(clock.unix_millis() + hours * 3_600_000);
        let (mut ordinary, blocked) = request(&engine, "/", CLIENT);
        ordinary.finish(&Finish::default());
        blocked
    };
    assert!(pass(2), "a block lasts half a day, a tenth more or less");
    let is_closed = || signals(&engine)[0]["state"] == "closed";
    assert!((0..1000).any(|_| is_closed() || !pass(0)), "what is due is done in the end");
    assert!(is_closed());
    assert!(!pass(12));
    // A slow machine needs more than one request for all of it.
    let is_told = || told.lock().len() == 3 || pass(1);
    assert!((0..1000).any(|_| is_told()), "what is due is told in the end");
    assert_eq!(*told.lock(), ["opened", "response", "closed"]);
}

/// A ruleset in which a rule reports logins, without code in the application.
const TAGGING: &str = r#"{"version": "2.2", "rules": [{"id": "login-failure", "name": "Failed logins",
    "tags": {"type": "users.login.failure", "category": "business_logic", "module": "business-logic"},
    "conditions": [
        {"operator": "match_regex", "parameters": {"regex": "^/login(?:[?#]|$)", "inputs": [{"address": "server.request.uri.raw"}]}},
        {"operator": "match_regex", "parameters": {"regex": "^40[13]$", "inputs": [{"address": "server.response.status"}]}},
        {"operator": "exists", "parameters": {"inputs": [{"address": "server.request.body", "key_path": ["username"]}]}}],
    "output": {"event": false, "keep": true, "attributes": {
        "appsec.events.users.login.failure.track": {"value": "true"},
        "appsec.events.users.login.failure.usr.login": {"address": "server.request.body", "key_path": ["username"]}}}}]}"#;

#[test]
fn rules_that_tag_make_events() {
    let engine = Engine::new(Settings::from_json(TAGGING).unwrap()).unwrap();
    let login = |login: &str, status| {
        let mut request = engine.request();
        request.start(start("/login?x", CLIENT).body(native(&json!({"username": login, "password": "p"}))));
        request.response(bartizan::protect::Response::new(status));
        request
    };
    (0..31).for_each(|guess| drop(login(&format!("user{guess}"), 200)));
    assert_eq!(health(&engine)["events"], 0);
    (0..31).for_each(|guess| drop(login(&format!("User{guess}@x.io"), 401)));
    let signal = &signals(&engine)[0];
    assert_eq!(signal["rule"]["id"], "ato-credential-stuffing", "{:#}", health(&engine));
    assert_eq!(signal["counts"]["failures"], 31);
    // The application reports the same failure, which counts once.
    let before = signal["counts"]["failures"].clone();
    let mut request = engine.request();
    request.start(start("/login", CLIENT).body(native(&json!({"username": "bob"}))));
    request.login_failure(&Login::of("bob").exists(true));
    request.response(bartizan::protect::Response::new(401));
    assert_eq!(signals(&engine)[0]["counts"]["failures"], json!(before.as_u64().unwrap() + 1));
}

#[test]
fn a_refusal_at_the_login_looks_like_a_wrong_password() {
    let engine = blocking();
    let service = engine.service();
    for login in ["alice@example.org", "bob@example.org", "carol@example.org", "dave@example.org"] {
        let failure = LoginFailure {
            status: 401,
            content_type: "text/html".into(),
            body: "<p>Wrong e-mail or password.</p>".into(),
            latency: 90_000,
            ..LoginFailure::default()
        };
        service.learn_login_failure("/login", login, &failure);
    }
    (0..31).for_each(|guess| {
        fail(&engine, &format!("user{guess}"));
    });
    let (mut at_login, blocked) = request(&engine, "/login", CLIENT);
    assert!(blocked);
    let refused = page(&mut at_login);
    assert_eq!((refused.status, &*refused.body), (401, "<p>Wrong e-mail or password.</p>"));
    assert!(!refused.delay.is_zero());
    let (mut elsewhere, _) = request(&engine, "/account", CLIENT);
    assert_eq!(page(&mut elsewhere).status, 403);
    // An address that the service unblocks is no longer listed.
    assert!(service.unblock(&Subject::address(CLIENT)));
    assert_eq!(plain(&engine.takeover().unwrap().blocks(&value::Value::map()).unwrap()), json!([]));
    // Blocks by an operator are open.
    service.block(&Subject::address("203.0.113.77"), Until::Forever).unwrap();
    let (mut by_hand, _) = request(&engine, "/login", "203.0.113.77");
    assert_eq!(page(&mut by_hand).status, 403);
}

#[test]
fn a_request_that_tries_many_logins_makes_as_many_attempts() {
    let engine = Engine::new(settings()).unwrap();
    let (mut request, _) = request(&engine, "/graphql", CLIENT);
    for guess in 0..31 {
        request.login_failure(&Login::of(format!("user{guess}")).exists(true));
        assert_eq!(signals(&engine).as_array().unwrap().len(), usize::from(guess == 30));
    }
}

#[test]
fn attempts_are_assessed_before_the_password_is_checked() {
    let engine = blocking();
    let attempt = |client: &str, login: Login| {
        let (mut request, _) = request(&engine, "/login", client);
        (request.assess(&login).decision, request.blocking().is_some())
    };
    assert_eq!(attempt(CLIENT, Login::of("bob")), (Decision::Allow, false));
    let detector = engine.takeover().unwrap();
    detector.block(&native(&json!({"user": "u-1"}))).unwrap();
    detector.block(&native(&json!({"session": "s-1", "mode": "stealth"}))).unwrap();
    assert_eq!(attempt(CLIENT, Login::of("bob").user(User::new("u-1"))), (Decision::Block, true));
    assert_eq!(attempt(CLIENT, Login::of("bob").user(User::new("u-2"))), (Decision::Allow, false));
    let (mut request, _) = request(&engine, "/account", CLIENT);
    assert!(request.set_user(&User::new("u-3").field("session_id", "s-1")).blocked, "sessions are refused as well");
}

#[test]
fn requests_to_login_paths_are_assessed_by_themselves() {
    let engine = engine(&json!({"settings": {
        "login_routes": [{"path": "/login", "login": "user.name"}],
        "response": {"mode": "block", "min_severity": "low"}
    }}));
    for n in 0..41 {
        let (mut request, _) = request(&engine, "/login", &format!("203.0.{n}.9"));
        request.login_failure(&Login::of("bob").exists(true));
        request.finish(&Finish::default());
    }
    engine.takeover().unwrap().block(&native(&json!({"ip": "192.0.2.66", "mode": "stealth"}))).unwrap();
    let attempt = |path: &str, body: Value, client: &str| {
        let body = native(&body);
        let mut request = engine.request();
        let decision = request.start(start(path, client).body(&*body));
        (decision.blocked, request.step_up())
    };
    let of = |login: &str| json!({"user": {"name": login}});
    assert_eq!(attempt("/login", of("Bob"), "192.0.2.1"), (false, true));
    assert_eq!(attempt("/login?next=1", of("bob"), "192.0.2.1"), (false, true));
    assert_eq!(attempt("/login", of("eve"), "192.0.2.1"), (false, false));
    assert_eq!(attempt("/search", of("bob"), "192.0.2.1"), (false, false));
    assert_eq!(attempt("/login", json!({"user": "bob"}), "192.0.2.1"), (false, false));
    assert_eq!(attempt("/login", of("bob"), "192.0.2.66"), (true, false));
    // The body may come later, as with parsers of frameworks.
    let (mut request, _) = request(&engine, "/login", "192.0.2.1");
    assert!(!request.step_up());
    let decision = request.run(native(&json!({"server.request.body": of("bob")})));
    assert!(!decision.blocked && request.step_up());
    assert_eq!(signals(&engine)[0]["counts"]["refused"], 3);
}

#[test]
fn trusted_addresses_are_not_refused() {
    let engine = blocking();
    (0..31).for_each(|guess| {
        fail(&engine, &format!("user{guess}"));
    });
    assert!(request(&engine, "/", CLIENT).1);
    let allow = json!({"bartizan_ato": {"allow": [{"cidr": "203.0.113.0/24", "mode": "trusted"}]}});
    let diagnostics = engine.takeover().unwrap().apply("allow", &native(&allow));
    assert!(!diagnostics.has_errors(), "{diagnostics}");
    assert!(!request(&engine, "/", CLIENT).1);
}

#[test]
fn remote_configuration_configures_it() {
    let engine = Engine::new(settings()).unwrap();
    let path = "datadog/2/ASM/takeover/config";
    let document =
        json!({"bartizan_ato": {"settings": {"response": {"mode": "block", "min_severity": "low"}, "nonsense": 1}}});
    let applied = engine.apply_remote(&Batch { changed: vec![(path.into(), native(&document))], removed: vec![] });
    let (_, said) = &applied.report.diagnostics[0];
    let said = plain(said);
    assert!(said["bartizan_ato"]["loaded"].to_string().contains("settings:response"), "{said}");
    assert!(said.to_string().contains("unknown setting"), "{said}");
    assert!(!said.to_string().contains("unknown_section"), "{said}");
    assert_eq!(health(&engine)["mode"], "block");
    engine.apply_remote(&Batch { changed: vec![], removed: vec![path.into()] });
    assert_eq!(health(&engine)["mode"], "monitor");
    let apply = |document: Value| {
        let batch = Batch { changed: vec![(path.into(), native(&document))], removed: vec![] };
        let state = engine.apply_remote(&batch).report.states.remove(0);
        (state.state, state.error)
    };
    let section = |section: Value| apply(json!({"bartizan_ato": section}));
    assert_eq!(
        section(json!({"settings": {"response": {"mode": "block"}}})),
        (ApplyState::Acknowledged, String::new())
    );
    let error = r#"{"bartizan_ato":{"error":"bad cast, expected 'map', obtained 'unsigned'"}}"#;
    assert_eq!(section(json!(5)), (ApplyState::Error, error.into()));
    assert_eq!(health(&engine)["mode"], "block", "the former document stays");
    engine.apply_remote(&Batch { changed: vec![], removed: vec![path.into()] });
    assert_eq!(health(&engine)["mode"], "monitor", "until it is removed");
    let error =
        r#"{"bartizan_ato":{"errors":{"unknown mode 'blok', expected 'monitor' or 'block'":["settings:response"]}}}"#;
    assert_eq!(section(json!({"settings": {"response": {"mode": "blok"}}})), (ApplyState::Error, error.into()));
    let partly = json!({"settings": {"response": {"mode": "blok"}, "gate": false}});
    assert_eq!(section(partly), (ApplyState::Acknowledged, String::new()), "the rest of a document is used");
    let ruleset = format!(r#"{{"version": "2.2", "rules": [], "bartizan_ato": {}}}"#, document["bartizan_ato"]);
    let engine = Engine::new(Settings::new(parse(&ruleset))).unwrap();
    assert_eq!(health(&engine)["mode"], "block", "a ruleset may have the section too");
}

#[test]
fn remote_configuration_overrides_what_the_application_sets() {
    let mode = |mode: &str| native(&json!({"bartizan_ato": {"settings": {"response": {"mode": mode}}}}));
    let engine = Engine::new(settings().takeover_document(mode("block"))).unwrap();
    assert_eq!(health(&engine)["mode"], "block");
    for path in ["datadog/2/ASM/takeover/config", "employee/ASM/takeover/config"] {
        engine.apply_remote(&Batch { changed: vec![(path.into(), mode("monitor"))], removed: vec![] });
        assert_eq!(health(&engine)["mode"], "monitor", "{path}");
        engine.apply_remote(&Batch { changed: vec![], removed: vec![path.into()] });
        assert_eq!(health(&engine)["mode"], "block", "until it is removed");
    }
}

#[test]
fn settings_by_name() {
    let new = |takeover: Value| {
        let settings =
            json!({"rules": NO_RULES, "enabled": true, "takeover": takeover, "environment": {"DD_SERVICE": "shop"}});
        bartizan::internals::sdk::new_engine(&native(&settings)).map(|(engine, said)| (engine, plain(&said)))
    };
    assert!(new(json!(false)).unwrap().0.takeover().is_none());
    assert!(new(json!(null)).unwrap().0.takeover().is_some());
    let (engine, said) = new(json!({"bartizan_ato": {"settings": {"enabled": 5}}})).unwrap();
    assert!(said["takeover_diagnostics"]["bartizan_ato"]["errors"].is_object(), "{said}");
    fail(&engine, "bob");
    assert_eq!(health(&engine)["services"][0]["service"], "shop");
    let error = new(json!(5)).expect_err("a number is no setting");
    assert_eq!(error.to_string(), "the setting `takeover` must be true, false or a map");
}

/// The host passes the responses to wrong passwords on, and a stealth refusal looks like them.
#[test]
fn refusals_look_like_the_responses_that_the_host_passes_on() {
    let engine = engine(&json!({}));
    let wrong = || LoginFailure {
        status: 401,
        content_type: "text/plain".into(),
        headers: vec![],
        body: "wrong user or password".into(),
        latency: 0,
    };
    for login in ["ann", "bob", "cid"] {
        let (mut request, _) = request(&engine, "/login", CLIENT);
        assert!(!request.login_failed() && !request.learn_login_failure(wrong()), "nobody has failed yet");
        request.login_failure(&Login::of(login).exists(true));
        assert!(request.login_failed());
        assert!(request.learn_login_failure(wrong()));
        assert!(!request.learn_login_failure(wrong()), "once a request");
    }
    let detector = engine.takeover().unwrap();
    detector.block(&native(&json!({"ip": "198.51.100.7", "mode": "stealth"}))).unwrap();
    let (mut refused, blocked) = request(&engine, "/login", "198.51.100.7");
    assert!(blocked);
    let page = page(&mut refused);
    assert_eq!((page.status, &page.body[..]), (401, "wrong user or password"));
}

/// A rule can ask for a further step, which blocks nothing and counts as a refused attempt.
#[test]
fn rules_ask_for_a_further_step() {
    let rule = |id: &str, agent: &str, action: &str| {
        json!({"id": id, "name": id, "tags": {"type": id, "category": "account_takeover", "module": "custom-acl"},
            "conditions": [{"operator": "match_regex", "parameters": {"regex": agent, "inputs": [
                {"address": "server.request.headers.no_cookies", "key_path": ["user-agent"]},
                {"address": "server.business_logic.payment.failure", "key_path": ["agent"]}]}}],
            "on_match": [action]})
    };
    let rules = json!({"version": "2.2",
        "actions": [{"id": "ask", "type": "ato_step_up", "parameters": {}}],
        "custom_rules": [rule("asks", "^Odd", "ask"), rule("blocks", "^OddWorse", "block")]});
    let settings = json!({"settings": {"login_routes": [{"path": "/login", "login": "name"}]}});
    let engine =
        Engine::new(Settings::new(native(&rules)).takeover_document(native(&json!({"bartizan_ato": settings}))));
    let engine = engine.unwrap();
    let attempt = |path: &str, agent: &'static str| {
        let body = native(&json!({"name": "bob"}));
        let start = Start::new("POST", path).peer(CLIENT).header("user-agent", agent);
        let mut request = engine.request();
        let blocked = request.start(start.body(&*body)).blocked;
        let refused = health(&engine)["events"].as_u64();
        let assessed = request.assess(&Login::of("bob")).decision;
        (blocked, request.step_up(), assessed, refused)
    };
    assert_eq!(attempt("/login", "Usual/1"), (false, false, Decision::Allow, Some(0)));
    assert_eq!(attempt("/account", "Odd/1"), (false, true, Decision::StepUp, Some(0)));
    let before = health(&engine)["events"].as_u64();
    assert_eq!(attempt("/login", "Odd/1"), (false, true, Decision::StepUp, before.map(|count| count + 1)));
    assert!(attempt("/login", "OddWorse/1").0);
    // What is asked of one attempt of a request stays asked.
    let mut request = engine.request();
    request.business_event("payment.failure", native(&json!({"agent": "Odd/1"})));
    assert!(request.step_up() && request.blocking().is_none());
}

/// Time of an engine for tests moves only by hand, and blocks follow it.
#[test]
fn a_manual_clock_is_advanced_by_hand() {
    let settings = json!({"rules": NO_RULES, "enabled": true, "clock": "manual", "start_ms": 1_764_064_800_000_u64});
    let (engine, _) = bartizan::internals::sdk::new_engine(&native(&settings)).unwrap();
    let detector = engine.takeover().unwrap();
    detector.block(&native(&json!({"ip": CLIENT, "seconds": 600}))).unwrap();
    assert!(request(&engine, "/login", CLIENT).1);
    assert_eq!(detector.time_ms(), 1_764_064_800_000);
    assert!(detector.advance(1_764_065_401_000));
    assert!(!request(&engine, "/login", CLIENT).1);
    for (setting, error) in [
        (json!({"clock": "wrong"}), "the setting `clock` must be `system` or `manual`, not `wrong`"),
        (json!({"clock": "manual", "start_ms": "x"}), "the argument `start_ms` must be a number"),
    ] {
        let wrong = bartizan::internals::sdk::new_engine(&native(&setting)).expect_err("a wrong setting");
        assert_eq!(wrong.to_string(), error);
    }
}
