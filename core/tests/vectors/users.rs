//! Recorded answers about users, through the interface of the bindings.

use crate::common::{answer, vectors};
use bartizan::internals::sdk;
use bartizan::value::{Value, json};

#[test]
fn pseudonyms() {
    for vector in vectors("anonymize.jsonl") {
        let mut arguments = Value::map();
        match vector.get("input_utf16_escape") {
            Some(_) => arguments.insert("input", &b"\xed\xa0\x80"[..]), // the surrogate as hosts encode it
            None => arguments.insert("input", json::parse(vector["input"].to_string().as_bytes()).unwrap()),
        }
        assert_eq!(answer("anonymize", &arguments)["anon"], vector["anon"], "{vector}");
    }
}

#[test]
fn events_of_a_request() {
    for vector in vectors("user_events.jsonl") {
        let arguments = json::parse(vector.to_string().as_bytes()).unwrap();
        let got = answer("user_events", &arguments);
        for key in ["outcome", "meta", "keep", "waf", "telemetry"] {
            assert_eq!(got[key], vector["expect"][key], "{key} of {}", vector["id"]);
        }
    }
}

/// The same vectors, one call at a time with the scope passed by value.
#[test]
fn events_one_by_one() {
    for vector in vectors("user_events.jsonl") {
        let mut meta = serde_json::Map::new();
        let mut scope = serde_json::Value::Null;
        for call in vector["calls"].as_array().unwrap() {
            let mut arguments = call.clone();
            arguments["scope"] = scope;
            arguments["mode"] = vector["mode"].clone();
            let arguments = json::parse(arguments.to_string().as_bytes()).unwrap();
            let got = answer(call["fn"].as_str().unwrap(), &arguments);
            meta.extend(got["meta"].as_object().unwrap().clone());
            scope = got["scope"].clone();
        }
        assert_eq!(serde_json::Value::from(meta), vector["expect"]["meta"], "{}", vector["id"]);
    }
}

#[test]
fn large_values_pass_whole_and_many_pairs_are_bounded() {
    let mut metadata = Value::map();
    metadata.insert("big", "x".repeat(1_000_000));
    metadata.insert("bytes", &b"a\xff"[..]);
    (0..300).for_each(|index: u64| metadata.insert(index.to_string(), index));
    let mut nested = Value::map();
    for _ in 0..100_000 {
        let mut outer = Value::map();
        outer.insert("deeper", nested);
        nested = outer;
    }
    metadata.insert("nested", nested);
    let arguments = Value::from_entries([("name", Value::from("x")), ("metadata", metadata)]);
    let result = sdk::call("track_custom_event", &arguments);
    let meta = result.get(b"meta").unwrap();
    assert_eq!(meta.get(b"appsec.events.x.big").unwrap().as_bytes().unwrap().len(), 1_000_000);
    assert_eq!(meta.get(b"appsec.events.x.bytes").unwrap().as_bytes().unwrap(), "a\u{fffd}".as_bytes());
    assert_eq!(meta.len(), 256 + 2);
    let metrics = json::to_string(result.get(b"metrics").unwrap());
    assert_eq!(metrics, r#"{"_dd.appsec.sdk.metadata_truncated":46}"#);
}
