//! Processors in a whole ruleset against answers recorded from the reference (libddwaf 2.1.0):
//! `tests/vectors/processors.jsonl`.
//!
//! A line names a `processor` (a generator) or gives its `config`, and `extra` sections of the ruleset; `runs` are evaluated
//! in one context, or where `scope` says otherwise in subcontexts, a list as batches; `attributes` is what each run
//! reports.

use crate::common::rulesets;
use crate::common::values::{array, canonical, canonical_schema, key, parse, text, unwrap};
use bartizan::Waf;
use bartizan::value::{Object, Value};
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
    let parts = rulesets();
    let part = |name: &[u8]| parts.get(name).expect("a part of rulesets.json");
    let mut ruleset = Value::from_entries([("rules", [unwrap(part(b"never"))].into_iter().collect::<Value>())]);
    let usual = part(b"processors").get(generator.as_bytes());
    let mut processors = Value::array();
    processors.push(line.get(b"config").or(usual).map(unwrap).expect("a processor"));
    for pair in line.get(b"extra").and_then(Object::as_map).unwrap_or_default() {
        match key(pair) {
            b"processors" => array(pair.value()).iter().for_each(|more| processors.push(unwrap(more))),
            section => ruleset.insert(section, unwrap(pair.value())),
        }
    }
    ruleset.insert("processors", processors);
    ruleset
}
