//! Whole programs against answers recorded from the reference (libddwaf 2.1.0): `tests/vectors/engine.jsonl`.
//!
//! The first line holds rulesets that later lines name. A line is `{"name", "ruleset": document or name}` or `{"name",
//! "configs": [["add", path, document] | ["remove", path]...]}`, with `diagnostics` (per added configuration, whether it
//! was accepted and what was said), `known_actions`, `known_addresses` and `steps`, carried out in one context: `{"scope":
//! "context" or the name of a subcontext, which is made when it first occurs, "input" or "batches", "timeout_us", "code",
//! "result"}`; `"end"` ends the subcontext instead.

use crate::common::values::{array, canonical, parse, text, unwrap};
use bartizan::value::{Object, Value};
use bartizan::{Builder, Context, Outcome, RunError, Waf};
use std::collections::HashMap;
use std::time::Duration;

const FOREVER: u64 = 60_000_000;

#[test]
fn recorded_answers() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/engine.jsonl");
    let table = std::fs::read_to_string(path).expect("vectors");
    let mut lines = table.lines().map(parse);
    let rulesets = lines.next().expect("rulesets");
    let rulesets = rulesets.get(b"rulesets").expect("rulesets");
    let (mut failures, mut count, mut built) = (vec![], 0, HashMap::new());
    for line in lines {
        count += 1;
        if let Err(difference) = play(&line, rulesets, &mut built) {
            failures.push(format!("{}: {difference}", text(line.get(b"name").expect("a name"))));
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
    assert!(count > 250, "only {count} lines");
}

fn play(line: &Object, rulesets: &Object, built: &mut HashMap<Vec<u8>, Option<Waf>>) -> Result<(), String> {
    let waf = match line.get(b"ruleset") {
        Some(name) if name.as_bytes().is_some() => {
            let name = name.as_bytes().unwrap_or_default();
            let build = || Waf::new(&unwrap(rulesets.get(name).expect("a ruleset"))).ok();
            built.entry(name.to_vec()).or_insert_with(build).clone()
        }
        _ => configure(line)?,
    };
    let steps = array(line.get(b"steps").expect("steps"));
    if let Some(expected) = line.get(b"known_actions") {
        let known = waf.iter().flat_map(Waf::known_actions);
        let known: Value = known.map(|name| Value::from(&name[..])).collect();
        if canonical(&known) != canonical(expected) {
            return Err(format!("knows the actions {}", canonical(&known)));
        }
    }
    if let Some(expected) = line.get(b"known_addresses") {
        // Their order counts, too.
        let known: Value = waf.iter().flat_map(Waf::known_addresses).map(|name| Value::from(&name[..])).collect();
        if canonical(&known) != canonical(expected) {
            return Err(format!("knows the addresses {}", canonical(&known)));
        }
    }
    let Some(waf) = waf else {
        return if steps.is_empty() { Ok(()) } else { Err("no instance".into()) };
    };
    let mut scopes = HashMap::from([(b"context".to_vec(), waf.context())]);
    for (nth, step) in steps.iter().enumerate() {
        let scope = step.get(b"scope").and_then(Object::as_bytes).expect("a scope");
        if step.get(b"end").is_some() {
            scopes.remove(scope);
            continue;
        }
        if !scopes.contains_key(scope) {
            let subcontext = scopes[&b"context"[..]].subcontext();
            scopes.insert(scope.to_vec(), subcontext);
        }
        let Some(context) = scopes.get_mut(scope) else { continue };
        let Some(outcome) = run(context, step) else { continue };
        let answer = match &outcome {
            Ok(outcome) => (if outcome.is_match() { "match" } else { "ok" }, without_duration(&outcome.to_value())),
            Err(RunError::InvalidObject) => ("err_invalid_object", Value::null()),
            Err(_) => ("err_internal", Value::null()),
        };
        let expected = (text(step.get(b"code").expect("a code")), unwrap(step.get(b"result").expect("a result")));
        let (answer, expected) = ((answer.0, canonical(&answer.1)), (expected.0, canonical(&expected.1)));
        if answer != expected {
            return Err(format!("step {nth}\n  expected {expected:?}\n  got      {answer:?}"));
        }
    }
    Ok(())
}

/// An instance of the line's configurations, whose diagnostics must be the recorded ones.
fn configure(line: &Object) -> Result<Option<Waf>, String> {
    let mut builder = Builder::new();
    let mut diagnostics = line.get(b"diagnostics").map(array).unwrap_or_default().iter();
    let configs = line.get(b"configs").map(array).unwrap_or_default();
    let single = line.get(b"ruleset").map(|ruleset| (&b"default"[..], ruleset)).into_iter();
    let several = configs.iter().map(array);
    for (path, document) in single {
        compare(&builder.add_or_update(path, &unwrap(document)), diagnostics.next())?;
    }
    for step in several {
        match step {
            [_, path, document] => {
                let added = builder.add_or_update(unwrap(path).as_bytes().expect("a path"), &unwrap(document));
                compare(&added, diagnostics.next())?;
            }
            [_, path] => {
                builder.remove(unwrap(path).as_bytes().expect("a path"));
            }
            _ => panic!("a step of the builder"),
        }
    }
    Ok(builder.build())
}

fn compare(added: &bartizan::Added, expected: Option<&Object>) -> Result<(), String> {
    let Some([accepted, diagnostics]) = expected.map(array) else { return Ok(()) };
    let answer = (canonical(&Value::from(added.accepted)), canonical(&added.diagnostics.to_value()));
    let expected = (canonical(accepted), canonical(&unwrap(diagnostics)));
    if answer == expected {
        Ok(())
    } else {
        Err(format!("diagnostics\n  expected {expected:?}\n  got      {answer:?}"))
    }
}

/// A step without data only makes its scope.
fn run(context: &mut Context, step: &Object) -> Option<Result<Outcome, RunError>> {
    let timeout = step.get(b"timeout_us").map_or(FOREVER, |value| canonical(value).parse().expect("microseconds"));
    let budget = Duration::from_micros(timeout);
    match (step.get(b"input"), step.get(b"batches")) {
        (Some(input), _) => Some(context.run(unwrap(input), budget)),
        (None, Some(batches)) => Some(context.run_batches(unwrap(batches), budget)),
        (None, None) => None,
    }
}

fn without_duration(result: &Object) -> Value {
    let entries = result.as_map().unwrap_or_default().iter();
    let kept = entries.filter(|pair| pair.key_bytes() != Some(b"duration"));
    Value::from_entries(kept.map(|pair| (pair.key_bytes().unwrap_or_default(), pair.value().to_value())))
}
