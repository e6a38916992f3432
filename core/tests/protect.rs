//! Whole requests through the typed interface. `requests.jsonl` records its decisions; these tests cover what only Rust
//! sees.

use bartizan::Deadline;
use bartizan::http::block::{Answer, Ask};
use bartizan::protect::{
    Engine, Error, Finish, Login, Mode, Request, Response, Settings, Start, Subject, Taken, UnusableStatus, User,
};
use bartizan::protect::{Refused, Until};
use bartizan::users::Who;
use bartizan::value::{Truncation, Value};
use std::sync::Arc;

/// One rule per row: its id, its address, its pattern.
fn engine(rules: &[(&str, &str, &str)]) -> Arc<Engine> {
    let rules = rules.iter().map(|(id, address, regex)| {
        let parameters = format!(r#"{{"regex": "{regex}", "inputs": [{{"address": "{address}"}}]}}"#);
        let condition = format!(r#"{{"operator": "match_regex", "parameters": {parameters}}}"#);
        format!(r#"{{"id": "{id}", "name": "n", "tags": {{"type": "t"}}, "on_match": ["block"], "conditions": [{condition}]}}"#)
    });
    let rules: Vec<_> = rules.collect();
    let text = format!(r#"{{"version": "2.2", "rules": [{}]}}"#, rules.join(","));
    Engine::new(Settings::from_json(text).unwrap().mode(Mode::Block)).unwrap()
}

fn page(request: &mut Request) -> Option<u16> {
    match request.block_response(&Ask::default())? {
        Answer::Http(response) => Some(response.status),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_part_of_a_request_is_evaluated() {
    type Judge = fn(&mut Request) -> bool;
    let cases: [(&str, &str, Judge); 7] = [
        ("server.request.method", "GET", |request| request.start(Start::new("GET", "/")).blocked),
        ("server.request.uri.raw", "^/x$", |request| request.start(Start::new("GET", "http://h/x")).blocked),
        ("server.request.cookies", "c", |request| request.start(Start::default().cookies(Value::from("c"))).blocked),
        ("server.io.fs.file", "passwd", |request| {
            request.operation(Value::from_entries([("server.io.fs.file", "/etc/passwd")])).blocked
        }),
        ("server.business_logic.payment.failure", "stolen", |request| {
            request.business_event("payment.failure", Value::from("stolen card")).blocked
        }),
        ("server.response.status", "500", |request| request.response(Response::new(500)).blocked),
        ("usr.login", "root", |request| request.login_failure(&Login::of("root").exists(false)).blocked),
    ];
    for (address, regex, judge) in cases {
        let engine = engine(&[("r", address, regex)]);
        let mut request = engine.request();
        assert_eq!(page(&mut request), None, "{address}");
        assert!(judge(&mut request), "{address}");
        assert_eq!(page(&mut request), Some(403), "{address}");
        let report = request.finish(&Finish { structured: true, ..Finish::default() });
        assert_eq!(report.structured.and_then(|events| Some(events.get(b"triggers")?.len())), Some(1), "{address}");
        assert_eq!(report.meta["appsec.blocked"], "true", "{address}");
    }
}

#[test]
fn an_operation_leaves_nothing_in_its_request() {
    let engine = engine(&[("r", "server.io.fs.file", "passwd")]);
    let mut request = engine.request();
    let file = || Value::from_entries([("server.io.fs.file", "passwd")]);
    assert!(request.operation(file()).blocked && request.operation(file()).blocked);
}

#[test]
fn checking_another_user_changes_nothing() {
    let engine = engine(&[("r", "usr.id", "^bad$")]);
    let mut request = engine.request();
    assert!(!request.set_user(&User::new("good").field("email", "g@example.org")).blocked);
    assert!(request.is_user_blocked(&Who::user("bad")) && request.is_user_blocked(&Who::user("bad")));
    assert!(!request.is_user_blocked(&Who::user("good")) && !request.is_user_blocked(&Who::default()));
    assert_eq!(request.tags()["usr.email"], "g@example.org");
    engine.service().block(&Subject::user("good"), Until::Forever).unwrap();
    assert!(request.is_user_blocked(&Who::user("good").and_session("s")));
}

#[test]
fn a_cut_affects_only_its_own_call() {
    let engine = engine(&[("r", "server.request.body", "attack")]);
    engine.service().block(&Subject::address("192.0.2.1"), Until::Forever).unwrap();
    let mut request = engine.request();
    let cut = Taken { client_cut: true, deadline: Some(Deadline::unlimited()), truncation: Truncation::default() };
    assert!(!request.start(Start::default()).blocked);
    assert!(request.within(cut, |request| request.start(Start::default()).blocked));
    let mut other = engine.request();
    assert!(!other.start(Start::default()).blocked);
}

#[test]
fn errors_are_sentences() {
    let error = Settings::from_json("rules.json").unwrap_err();
    assert!(matches!(&error, Error::Rules(_)) && error.to_string().contains("not its path"), "{error}");
    let error = Engine::new(Settings::from_json(r#"{"version": "2.2", "rules": [{"id": "r"}]}"#).unwrap()).unwrap_err();
    assert!(error.to_string().starts_with("the rules cannot be used: rules: missing key"), "{error}");
    let engine = engine(&[("r", "a", "b")]);
    let service = engine.service();
    assert_eq!(service.block(&Subject::user(""), Until::Forever), Err(Refused::Empty));
    let refused = service.block(&Subject::user("bob").and_address("nowhere"), Until::Forever).unwrap_err();
    assert_eq!(refused.to_string(), "neither an IP address nor a network");
    assert_eq!(service.refuses_user("bob"), None, "of two entries, both are taken or none");
    let refused = service.block(&Subject::user("").and_address("192.0.2.1"), Until::Forever);
    assert_eq!(refused, Err(Refused::Empty));
    assert_eq!(service.refuses_address("192.0.2.1".parse().unwrap()), None, "likewise");
    let failure = bartizan::http::stealth::LoginFailure { status: 99, ..Default::default() };
    assert_eq!(service.configure_login_failure(failure), Err(UnusableStatus(99)));
}

#[test]
fn an_engine_that_is_off_lets_pass_and_still_blocks_on_demand() {
    let settings = Settings::from_json(r#"{"version": "2.2", "rules": []}"#).unwrap().enabled(None);
    let engine = Engine::new(settings).unwrap();
    let mut request = engine.request();
    let decision = request.start(Start::new("GET", "/").peer("192.0.2.1:80"));
    assert!(!decision.blocked && decision.found.is_none() && !request.is_on());
    assert_eq!(request.client().client, Some("192.0.2.1".parse().unwrap()));
    assert_eq!(page(&mut request), None);
    request.block();
    assert_eq!(page(&mut request), Some(403));
}

/// A rule that only informs, of the same type as one that blocks, neither hides it nor comes before it.
#[test]
fn a_monitoring_engine_reports_the_rule_that_would_block() {
    let rule = |id: &str, actions: &str| {
        format!(
            r#"{{"id":"{id}","name":"{id}","tags":{{"type":"xss","category":"attack_attempt"}},"on_match":[{actions}],"conditions":
                [{{"operator":"match_regex","parameters":{{"inputs":[{{"address":"server.request.query"}}],"regex":"<b>"}}}}]}}"#
        )
    };
    for rules in
        [[rule("informs", ""), rule("blocks", "\"block\"")], [rule("blocks", "\"block\""), rule("informs", "")]]
    {
        let document = format!(r#"{{"version":"2.2","rules":[{}]}}"#, rules.join(","));
        for mode in [Mode::Monitor, Mode::Block] {
            let settings = Settings::from_json(&document).unwrap().mode(mode);
            let mut request = Engine::new(settings).unwrap().request();
            let query = Value::from_entries([("q", "<b>")]);
            let decision = request.start(Start::new("GET", "/").query(query));
            assert_eq!(decision.blocked, mode == Mode::Block);
            assert_eq!(decision.found.unwrap().withheld.is_some(), mode == Mode::Monitor);
            assert!(request.take_notices()[0].line.as_deref().unwrap().contains(r#""rule":"blocks""#));
        }
    }
}
