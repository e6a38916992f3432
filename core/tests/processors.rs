//! Processors in a whole ruleset against answers recorded from the reference (libddwaf 2.1.0):
//! `tests/vectors/processors.jsonl`.
//!
//! A line names a `processor` (a generator) or gives its `config`, and `extra` sections of the ruleset; `runs` are evaluated
//! in one context, or where `scope` says otherwise in subcontexts, a list as batches; `attributes` is what each run
//! reports.

mod common;

use bartizan::Waf;
use bartizan::value::{Object, Value};
use common::values::{array, canonical, canonical_schema, key, parse, text, unwrap};
use std::collections::HashMap;
use std::time::Duration;

#[test]
fn recorded_answers() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/processors.jsonl");
    let table = std::fs::read_to_string(path).expect("vectors");
    let failures: Vec<String> =
        table.lines().filter_map(|line| check(&parse(line)).err().map(|why| format!("{line}\n  {why}"))).collect();
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
    assert!(table.lines().count() > 500);
}

fn check(line: &Object) -> Result<(), String> {
    let generator = text(line.get(b"processor").expect("a processor"));
    let waf = Waf::new(&ruleset(line, generator)).map_err(|diagnostics| canonical(&diagnostics.to_value()))?;
    let form = if generator == "extract_schema" { canonical_schema } else { canonical };
    let mut contexts = HashMap::from([("ctx".to_string(), waf.context())]);
    for (nth, run) in array(line.get(b"runs").expect("runs")).iter().enumerate() {
        let scope = line.get(b"scope").and_then(|scopes| array(scopes).get(nth)).map_or("ctx", text);
        if !contexts.contains_key(scope) {
            let subcontext = contexts["ctx"].subcontext();
            contexts.insert(scope.to_string(), subcontext);
        }
        let Some(context) = contexts.get_mut(scope) else { continue };
        let data = unwrap(run);
        let outcome = match data.is_array() {
            true => context.run_batches(data, Duration::MAX),
            false => context.run(data, Duration::MAX),
        };
        let result = outcome.map_err(|error| error.to_string())?.to_value();
        let answer = form(result.get(b"attributes").expect("attributes"));
        let expected = form(&unwrap(&array(line.get(b"attributes").expect("attributes"))[nth]));
        if answer != expected {
            return Err(format!("run {nth}\n  expected {expected}\n  got      {answer}"));
        }
    }
    Ok(())
}

fn ruleset(line: &Object, generator: &str) -> Value {
    let mut ruleset = parse(
        r#"{"rules":[{"id":"never","name":"never","tags":{"type":"t"},"conditions":[{"operator":"exact_match",
            "parameters":{"inputs":[{"address":"dummy.rule"}],"list":["x"]}}]}]}"#,
    );
    let mut processors = Value::array();
    processors.push(line.get(b"config").map_or_else(|| processor(generator), unwrap));
    for pair in line.get(b"extra").and_then(Object::as_map).unwrap_or_default() {
        match key(pair) {
            b"processors" => array(pair.value()).iter().for_each(|more| processors.push(unwrap(more))),
            section => ruleset.insert(section, unwrap(pair.value())),
        }
    }
    ruleset.insert("processors", processors);
    ruleset
}

/// The processor that the recorder used for this generator.
fn processor(generator: &str) -> Value {
    let inputs: &[(&str, &str)] = match generator {
        "http_endpoint_fingerprint" => &[
            ("method", "server.request.method"),
            ("uri_raw", "server.request.uri.raw"),
            ("body", "server.request.body"),
            ("query", "server.request.query"),
        ],
        "http_header_fingerprint" | "http_network_fingerprint" => &[("headers", "server.request.headers.no_cookies")],
        "session_fingerprint" => {
            &[("cookies", "server.request.cookies"), ("session_id", "usr.session_id"), ("user_id", "usr.id")]
        }
        _ => &[("inputs", "in")],
    };
    let mut mapping = Value::map();
    for (name, address) in inputs {
        let target = Value::from_entries([("address", Value::from(*address))]);
        mapping.insert(name, [target].into_iter().collect::<Value>());
    }
    mapping.insert("output", "out");
    let mappings: Value = [mapping].into_iter().collect();
    Value::from_entries([
        ("id", Value::from("p")),
        ("generator", Value::from(generator)),
        ("evaluate", Value::from(false)),
        ("output", Value::from(true)),
        ("parameters", Value::from_entries([("mappings", mappings)])),
    ])
}
