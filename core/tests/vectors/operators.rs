//! One condition and one evaluation a line, against answers recorded from the reference (libddwaf 2.1.0):
//! `tests/vectors/operators.jsonl`.
//!
//! `operator`, `parameters`, `input` (by default the address `a`), the rule's `transformers`, `rules_data`, and the `value`
//! (or `value_hex`) given at `a`, against `match`, `highlight`, `operator_value` and what the event says. Lines with
//! `load` are rules that must not load: `load_message` is the diagnostic.

use crate::common::hex;
use crate::common::values::{array, canonical, parse, text, unwrap};
use bartizan::value::{Object, Value};
use bartizan::{Builder, Waf};
use std::time::Duration;

#[test]
fn recorded_answers() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/operators.jsonl");
    let table = std::fs::read_to_string(path).expect("vectors");
    let failures: Vec<String> =
        table.lines().filter_map(|line| check(&parse(line)).err().map(|why| format!("{line}\n  {why}"))).collect();
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
    assert!(table.lines().count() > 1000);
}

fn check(line: &Object) -> Result<(), String> {
    let mut builder = Builder::new();
    let added = builder.add_or_update(b"vectors", &ruleset(line));
    if let Some(kind) = line.get(b"load") {
        let diagnostics = added.diagnostics.to_value();
        let rules = diagnostics.get(b"rules").expect("a section for rules");
        let loaded = match text(kind) {
            "skipped" => array(rules.get(b"skipped").expect("skipped")).is_empty(),
            kind => {
                let message = line.get(b"load_message").and_then(Object::as_bytes).expect("a message");
                rules.get(format!("{kind}s").as_bytes()).and_then(|texts| texts.get(message)).is_none()
            }
        };
        return if loaded { Err(canonical(rules)) } else { Ok(()) };
    }
    let waf = builder.build().ok_or_else(|| canonical(&added.diagnostics.to_value()))?;
    let (answer, expected) = (answer(&waf, line), expected(line));
    if answer == expected { Ok(()) } else { Err(format!("expected {expected:?}\n  got      {answer:?}")) }
}

fn ruleset(line: &Object) -> Value {
    let input = line.get(b"input").map_or_else(|| parse(r#"{"address":"a"}"#), unwrap);
    let mut parameters = Value::from_entries([("inputs", [input].into_iter().collect::<Value>())]);
    for pair in line.get(b"parameters").and_then(Object::as_map).unwrap_or_default() {
        parameters.insert(pair.key_bytes().unwrap_or_default(), unwrap(pair.value()));
    }
    let condition = Value::from_entries([
        ("operator", line.get(b"operator").expect("an operator").to_value()),
        ("parameters", parameters),
    ]);
    let mut rule = parse(r#"{"id":"1","name":"rule1","tags":{"type":"flow1"}}"#);
    rule.insert("conditions", [condition].into_iter().collect::<Value>());
    if let Some(transformers) = line.get(b"transformers") {
        rule.insert("transformers", transformers.to_value());
    }
    let mut ruleset = Value::from_entries([("rules", [rule].into_iter().collect::<Value>())]);
    if let Some(lists) = line.get(b"rules_data") {
        ruleset.insert("rules_data", unwrap(lists));
    }
    ruleset
}

fn answer(waf: &Waf, line: &Object) -> Vec<String> {
    let data = Value::from_entries([("a", field(line, "value"))]);
    let outcome = waf.context().run(data, Duration::MAX).expect("a map");
    let Some(event) = outcome.events.first() else { return vec!["false".into(), "[]".into(), "\"\"".into()] };
    let event = event.matches.first().expect("a match");
    let result = outcome.to_value();
    let recorded = result.get(b"events").map(array).and_then(|events| events.first()?.get(b"rule_matches"));
    let recorded = array(recorded.expect("matches")).first().expect("a match").to_value();
    let argument = array(recorded.get(b"parameters").expect("parameters")).first().expect("an argument").to_value();
    let highlight: Value = event.highlight.iter().map(|text| Value::from(&text[..])).collect();
    let part = |object: &Object, key: &str| canonical(object.get(key.as_bytes()).expect("a part of the event"));
    vec![
        "true".into(),
        canonical(&highlight),
        part(&recorded, "operator_value"),
        part(&recorded, "operator"),
        part(&argument, "value"),
        part(&argument, "key_path"),
    ]
}

fn expected(line: &Object) -> Vec<String> {
    let part = |key: &str| canonical(&field(line, key));
    let mut parts = vec![part("match"), part("highlight"), part("operator_value")];
    if parts[0] == "true" {
        parts.extend([part("event_operator"), part("event_value"), part("event_key_path")]);
    }
    parts
}

/// A field, or the bytes of its hexadecimal form.
fn field(line: &Object, name: &str) -> Value {
    match line.get(format!("{name}_hex").as_bytes()) {
        Some(digits) => match digits.as_array() {
            Some(list) => list.iter().map(|digits| Value::from(&hex(text(digits))[..])).collect(),
            None => Value::from(&hex(text(digits))[..]),
        },
        None => unwrap(line.get(name.as_bytes()).expect(name)),
    }
}
