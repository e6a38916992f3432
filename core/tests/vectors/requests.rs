//! Whole requests, through the calls that every binding passes on: `requests.jsonl` runs from Rust, C, Python and Node.
//!
//! A line has the settings of an engine, perhaps calls of the engine, and the steps of one request, each a function, its
//! arguments, and members that its answer must have (null where it must not have them), perhaps calls of the engine `after`
//! them; or the error that the settings give.

use crate::common::vectors;
use bartizan::Deadline;
use bartizan::internals::sdk::{Arguments, call_engine, call_request, new_engine};
use bartizan::protect::{Engine, Request, Taken};
use bartizan::value::{Object, Truncation, Value, json};
use std::sync::Arc;

#[test]
fn recorded_requests() {
    let fails = |line: &serde_json::Value| std::panic::catch_unwind(|| run(line)).is_err();
    let wrong: Vec<_> =
        vectors("requests.jsonl").iter().filter(|line| fails(line)).map(|line| line["name"].clone()).collect();
    assert!(wrong.is_empty(), "these lines disagree: {wrong:#?}");
}

fn run(line: &serde_json::Value) {
    let name = &line["name"];
    let settings = json::parse(line["settings"].to_string().as_bytes()).unwrap();
    let engine = match new_engine(&settings) {
        Ok((engine, _)) => engine,
        Err(error) => {
            assert_eq!(line["error"], error.to_string(), "{name}");
            return;
        }
    };
    assert!(line["error"].is_null(), "{name}");
    for step in line["engine"].as_array().into_iter().flatten() {
        check(step, name, |function, arguments| call_engine(&engine, function, arguments));
    }
    let mut request = engine.request();
    for step in line["steps"].as_array().unwrap() {
        check(step, name, |function, arguments| call_request(&mut request, function, arguments, Taken::default()));
    }
    for step in line["after"].as_array().into_iter().flatten() {
        check(step, name, |function, arguments| call_engine(&engine, function, arguments));
    }
}

fn check(step: &serde_json::Value, name: &serde_json::Value, call: impl FnOnce(&str, &Object) -> Value) {
    let arguments = json::parse(step[1].to_string().as_bytes()).unwrap();
    let got = call(step[0].as_str().unwrap(), &arguments);
    let got: serde_json::Value = serde_json::from_str(&json::to_string(&got)).unwrap();
    for (key, expected) in step[2].as_object().unwrap() {
        assert_eq!(&got[key], expected, "{name}: {key} of {}\n{got}", step[0]);
    }
}

fn call(request: &mut Request, function: &str, arguments: &str) -> serde_json::Value {
    let arguments = json::parse(arguments.as_bytes()).unwrap();
    serde_json::from_str(&json::to_string(&call_request(request, function, &arguments, Taken::default()))).unwrap()
}

fn engine(settings: &str) -> Arc<Engine> {
    let rules = r#""enabled": true, "rules": {"version": "2.2", "rules": [{"id": "r", "name": "n", "tags": {"type": "t"}, "conditions": [
        {"operator": "match_regex", "parameters": {"regex": "attack", "inputs": [{"address": "server.request.body"}]}}]}]}"#;
    new_engine(&json::parse(format!("{{{rules}, {settings}}}").as_bytes()).unwrap()).unwrap().0
}

/// Ten megabytes take longer than a tenth of a millisecond.
#[test]
fn an_exhausted_budget_is_reported_everywhere() {
    let body = |request: &mut Request| {
        let text = "an article about attics ".repeat(400_000);
        let addresses = Value::from_entries([("server.request.body", text)]);
        let answer = call_request(request, "run", &Value::from_entries([("addresses", addresses)]), Taken::default());
        serde_json::from_str::<serde_json::Value>(&json::to_string(&answer)).unwrap()
    };
    let engine_that_passes = engine(r#""timeout_us": 100, "on_incomplete": "pass""#);
    let mut request = engine_that_passes.request();
    let answer = body(&mut request);
    assert_eq!((&answer["blocked"], &answer["incomplete"][0]), (&false.into(), &"budget".into()));
    let report = call(&mut request, "finish", "{}");
    assert_eq!(report["meta"]["bartizan.incomplete"], "budget");
    assert_eq!(report["metrics"]["_dd.appsec.waf.timeouts"], 1);
    assert_eq!(report["telemetry"][0]["tags"]["waf_timeout"], "true");
    assert_eq!(report["telemetry"][1]["tags"]["reason"], "budget");
    let line = report["log"][0].as_str().unwrap();
    assert!(line.contains("the budget ended first"), "{line}");
    // The next one is reported later.
    let mut request = engine_that_passes.request();
    body(&mut request);
    let report = call(&mut request, "finish", "{}");
    assert_eq!((&report["incomplete"][0], report["log"].as_array().unwrap().len()), (&"budget".into(), 0));

    let mut request = engine(r#""timeout_us": 100, "on_incomplete": "block""#).request();
    assert_eq!(body(&mut request)["blocked"], true);
    assert_eq!(call(&mut request, "block_response", "{}")["status"], 403);
    let report = call(&mut request, "finish", "{}");
    let events = report["meta"]["_dd.appsec.json"].as_str().unwrap();
    assert!(events.contains("bartizan-block-incomplete") && events.contains("budget"), "{events}");
}

/// The client is unknown if headers were cut: while addresses are refused, it may be one of them.
#[test]
fn an_unknown_client_is_refused_while_addresses_are() {
    let engine = engine(r#""on_incomplete": "pass""#);
    let cut = Truncation { container_size: 10_000, ..Truncation::default() };
    for (denied, name, blocked) in
        [(false, "headers", false), (true, "url", false), (true, "headers", true), (true, "peer", true)]
    {
        let function = if denied { "block" } else { "unblock" };
        call_engine(&engine, function, &json::parse(br#"{"ip": "9.9.9.9"}"#).unwrap());
        let mut arguments = Arguments::default();
        let value = if name == "headers" { Value::map() } else { Value::from("/") };
        arguments.add(name.as_bytes(), value, cut);
        let (arguments, taken) = arguments.with(Value::map(), Truncation::default(), Deadline::unlimited());
        let mut request = engine.request();
        let answer = json::to_string(&call_request(&mut request, "start", &arguments, taken));
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["blocked"], blocked, "{denied} {name}");
        assert_eq!(answer["incomplete"], serde_json::json!(["container_size"]), "{denied} {name}");
        let status = call(&mut request, "block_response", "{}")["status"].clone();
        assert_eq!(status == 403, blocked, "{denied} {name}");
    }
}
