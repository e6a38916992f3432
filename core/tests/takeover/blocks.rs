//! Blocks of an engine: what is told of them, and that they outlive a restart.

use super::requests::{CLIENT, Moved, blocking, fail, health, native, plain, request, settings, signals};
use bartizan::internals::support::FixedClock;
use bartizan::protect::{Engine, Login, ServiceSettings, Subject, Until, User};
use bartizan::takeover::Decision;
use bartizan::value;
use serde_json::{Value, json};
use std::sync::Arc;

#[test]
fn a_refused_request_counts_once() {
    let engine = blocking();
    let detector = engine.takeover().unwrap();
    for whom in [json!({"ip": CLIENT}), json!({"user": "u-1"})] {
        detector.block(&native(&whom)).unwrap();
    }
    let hits = || -> Vec<u64> {
        let blocks = plain(&detector.blocks(&value::Value::map()).unwrap());
        blocks.as_array().unwrap().iter().map(|block| block["hits"].as_u64().unwrap()).collect()
    };
    for (client, counted) in [(CLIENT, [0, 1]), ("203.0.113.10", [1, 1])] {
        let (mut request, _) = request(&engine, "/login", client);
        let login = Login::of("bob").user(User::new("u-1"));
        assert_eq!(
            (request.assess(&login).decision, request.assess(&login).decision),
            (Decision::Block, Decision::Block)
        );
        request.is_user_blocked(&bartizan::users::Who::user("u-1"));
        assert_eq!(hits(), counted, "{client}");
    }
}

#[test]
fn blocks_of_the_application_say_when_they_were_made() {
    let engine = Engine::new(settings()).unwrap();
    let (service, detector) = (engine.service(), engine.takeover().unwrap());
    service.block(&Subject::user("mallory").and_address("203.0.113.7"), Until::Forever).unwrap();
    let blocks = plain(&detector.blocks(&value::Value::map()).unwrap());
    for block in blocks.as_array().unwrap() {
        assert_eq!((&block["origin"], &block["reason"]), (&json!("manual"), &json!("blocked manually")), "{block}");
        assert!(block["created_at"].as_u64().is_some_and(|at| at > 1_700_000_000), "{block}");
    }
    assert!(service.extend(&Subject::user("mallory"), service.end_after(std::time::Duration::from_secs(90))));
    assert!(service.unblock(&Subject::user("mallory").and_address("203.0.113.7")));
    assert!(!service.unblock(&Subject::user("mallory").and_address("203.0.113.7")));
    let audit = plain(&detector.audit());
    let changes: Vec<&str> = audit.as_array().unwrap().iter().map(|change| change["what"].as_str().unwrap()).collect();
    assert_eq!(changes, ["block", "block", "extend", "unblock", "unblock"]);
}

#[test]
fn an_engine_continues_from_a_snapshot() {
    let config = json!({"settings": {"response": {"mode": "block", "min_severity": "low"}},
        "rules": [{"id": "own", "type": "threshold", "events": ["coupon.invalid"], "group_by": ["ip_group"], "window_s": 300,
                   "cases": [{"severity": "low", "all": [{"metric": "events", "op": ">", "value": 2}]}]}]});
    let document = || native(&json!({"bartizan_ato": config}));
    let clock = Moved(Arc::new(FixedClock::at_millis(1_764_064_800_000)));
    let set = || settings().takeover_document(document()).service(ServiceSettings::new().clock(clock.clone()));
    let before = Engine::new(set()).unwrap();
    for _ in 0..5 {
        request(&before, "/signup", "198.51.100.7").0.business_event("users.signup", value::Value::map());
    }
    (0..31).for_each(|guess| {
        fail(&before, &format!("user{guess}"));
    });
    for _ in 0..3 {
        request(&before, "/coupon", "203.0.113.77").0.business_event("coupon.invalid", value::Value::map());
    }
    before.service().block(&Subject::user("mallory"), Until::Forever).unwrap();
    // The rates of sources are learned once their window is over.
    clock.0.set_millis(1_764_064_800_000 + 900_000);
    before.takeover().unwrap().tick();
    let snapshot = before.takeover().unwrap().snapshot();

    let continued = |snapshot: &[u8]| {
        let (engine, applied) = Engine::with_report(set().takeover_snapshot(snapshot)).unwrap();
        (engine, applied.warnings)
    };
    let (after, warnings) = continued(&snapshot);
    assert_eq!(warnings, Vec::<String>::new());
    // One window of five sign-ups, learned since the start: the histogram has a one in its place for five.
    let start = 1_764_064_800_u32.to_le_bytes();
    let learned = [&start[..], &start, &[0; 20], &1.0_f32.to_le_bytes()].concat();
    let has_learned = |snapshot: &[u8]| snapshot.windows(learned.len()).any(|bytes| bytes == learned);
    assert!(has_learned(&snapshot) && has_learned(&after.takeover().unwrap().snapshot()));
    assert!(request(&after, "/login", CLIENT).1, "blocks hold");
    assert!(after.service().refuses_user("mallory").is_some());
    let rules = |engine: &Engine| -> Vec<Value> {
        let mut rules: Vec<Value> =
            signals(engine).as_array().unwrap().iter().map(|one| one["rule"]["id"].clone()).collect();
        rules.sort_by_key(Value::to_string);
        rules
    };
    assert_eq!(rules(&after), [json!("ato-credential-stuffing"), json!("own")]);
    let signal = |engine: &Engine| {
        signals(engine).as_array().unwrap().iter().find(|one| one["rule"]["id"] != "own").unwrap()["counts"]["failures"]
            .clone()
    };
    assert_eq!(signal(&after), signal(&before));

    // A snapshot that cannot be read leaves an empty detector.
    let mut damaged = snapshot.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    for (bytes, why) in [(&damaged[..], "a checksum does not fit"), (b"no snapshot at all", "this is no snapshot")] {
        let (engine, warnings) = continued(bytes);
        assert!(
            warnings[0].starts_with("account-takeover detection starts empty: ") && warnings[0].contains(why),
            "{warnings:?}"
        );
        assert_eq!((rules(&engine), &health(&engine)["blocks"]), (vec![], &json!(0)));
        assert!(!request(&engine, "/login", CLIENT).1);
    }
}
