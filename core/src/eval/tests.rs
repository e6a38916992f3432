//! What is found when the budget ends anywhere in an evaluation.

use crate::support::Deadline;
use crate::value::{Value, json};
use crate::{Context, Outcome, Waf};

/// One rule per type, so that all matches are reported.
fn waf() -> Waf {
    let rule = |id: &str, conditions: &str| {
        format!(r#"{{"id": "{id}", "name": "n", "tags": {{"type": "{id}"}}, "conditions": [{conditions}]}}"#)
    };
    let regex = |pattern: &str, inputs: &str| {
        format!(r#"{{"operator": "match_regex", "parameters": {{"regex": "{pattern}", "inputs": [{inputs}]}}}}"#)
    };
    let [query, body, key] =
        [r#"{"address": "query"}"#, r#"{"address": "body"}"#, r#"{"address": "body", "key_path": ["k"]}"#];
    let rules = [
        rule("query", &regex("attack", query)),
        rule("body", &regex("at{2}ack", body)),
        rule("both", &format!("{}, {}", regex("attack", query), regex("at{2}ack", body))),
        rule("key", &regex("at{2}ack", key)),
        rule("excluded", &regex("attack", query)),
    ];
    let text = format!(
        r#"{{"version": "2.2", "rules": [{}], "exclusions": [{{"id": "e", "rules_target": [{{"rule_id": "excluded"}}],
             "inputs": [{{"address": "query", "key_path": ["q"]}}]}}]}}"#,
        rules.join(",")
    );
    Waf::new(&json::parse(text.as_bytes()).unwrap()).unwrap()
}

fn run(context: &mut Context, data: Value, units: u64) -> (Vec<String>, Outcome) {
    let outcome = context.run(data, Deadline::after(units)).unwrap();
    let ids = outcome.events.iter().map(|event| String::from_utf8_lossy(&event.rule.id).into_owned()).collect();
    (ids, outcome)
}

fn padded(padding: &str) -> Value {
    Value::from_entries([
        ("body", Value::from_entries([("pad", padding), ("k", "an attack")])),
        ("query", Value::from_entries([("pad", padding), ("q", "an attack")])),
    ])
}

/// A partial evaluation finds a subset of the full one, and more time never finds less.
#[test]
fn hits_are_reported_wherever_the_budget_ends() {
    let waf = waf();
    let data = || padded("attic ".repeat(2000).as_str());
    let (whole, _) = run(&mut waf.context(), data(), u64::MAX);
    assert_eq!(whole, ["body", "both", "key", "query"]);
    let mut most = 0;
    for units in 0..1500 {
        let mut context = waf.context();
        let (found, outcome) = run(&mut context, data(), units);
        assert!(found.iter().all(|id| whole.contains(id)), "{units}: {found:?}");
        assert!(found.len() >= most, "{units}: {found:?}");
        assert!(outcome.timeout || found.len() == whole.len(), "{units}");
        most = found.len();
        // The next call scans what the budget cut off.
        let (rest, _) = run(&mut context, Value::from_entries([("query", "nothing")]), u64::MAX);
        let again: Vec<_> = rest.iter().filter(|id| found.contains(id)).collect();
        assert!(again.is_empty(), "{units}: {again:?}");
    }
    assert_eq!(most, whole.len());
}

/// The two attacks are some hundred bytes in a megabyte.
#[test]
fn padding_hides_nothing_that_is_small() {
    let waf = waf();
    let padding = "attic ".repeat(80_000);
    let (found, outcome) = run(&mut waf.context(), padded(&padding), 200);
    assert!(outcome.timeout);
    assert_eq!(found, ["body", "both", "key", "query"]);

    let many: Value = (0..100_000).map(|n| format!("attic {n}")).collect();
    let data = Value::from_entries([("body", many), ("query", "an attack".into())]);
    let (found, outcome) = run(&mut waf.context(), data, 2000);
    assert!(outcome.timeout);
    assert_eq!(found, ["excluded", "query"]);
}

/// The attack is found so late that no time is left to look up its location.
#[test]
fn a_hit_without_its_location_is_still_reported() {
    let waf = waf();
    let many: Value = (0..2000).map(|n| if n < 1999 { "attic" } else { "an attack" }).collect();
    let data = Value::from_entries([("body", many)]);
    let found = (0..20_000).step_by(50).map(|units| run(&mut waf.context(), data.clone(), units));
    let (ids, outcome) = found.into_iter().find(|(ids, _)| !ids.is_empty()).unwrap();
    assert_eq!(ids, ["body"]);
    let shown = &outcome.events[0].matches[0];
    assert!(outcome.timeout && shown.operator.name == "match_regex" && &*shown.arguments[0].address == b"body");
    assert!(shown.arguments[0].value.is_empty() && shown.highlight.is_empty());
}

/// Every string of a request is a hit of the same rule.
#[test]
fn many_hits_of_a_rule_take_linear_time() {
    let many: Value = (0..20_000).map(|n| format!("attack {n}")).collect();
    let data = Value::from_entries([("query", many)]);
    let (found, outcome) = run(&mut waf().context(), data, u64::MAX);
    assert_eq!(found, ["excluded", "query"]);
    assert_eq!(outcome.events[1].matches[0].arguments[0].value, b"attack 0");
}

/// How many units an evaluation may exceed its budget by: a quarter of a millisecond.
const LATE: u64 = 2000;

/// Requests of any shape that keep the built-in rules busy for a while.
#[test]
fn a_budget_ends_an_evaluation_wherever_it_is() {
    let sentence = "The committee's office is open; `select` one of <b>these</b> at ../union/index.html?id=1 ";
    let body = |value: Value| Value::from_entries([("server.request.body", value)]);
    let strings = |count: usize| (0..count).map(|n| format!("{n}: {sentence}")).collect::<Value>();
    let waf = Waf::builtin();
    for (name, request) in [
        ("one long string", body(Value::from(sentence.repeat(1000)))),
        ("one long run", body(Value::from("a".repeat(200_000)))),
        ("many strings", body(strings(1000))),
        ("many arrays", body((0..80).map(|_| strings(12)).collect())),
    ] {
        let run = |units: u64| {
            let mut deadline = Deadline::after(units);
            let outcome = waf.context().run_within(request.clone().into(), &mut deadline).unwrap();
            (outcome.timeout, deadline.spent())
        };
        let (timeout, whole) = run(u64::MAX);
        assert!(!timeout, "{name}");
        for units in [0, 1, 4, 10, 19].map(|part| whole * part / 20) {
            let (timeout, spent) = run(units);
            assert!(timeout && spent < units + LATE, "{name}: {spent} of {units} of {whole}");
        }
    }
}

/// A million values without any text.
#[test]
fn values_without_text_are_bounded_too() {
    let nothing: Value = (0..1_000_000).map(|_| Value::null()).collect();
    let (_, outcome) = run(&mut waf().context(), Value::from_entries([("query", nothing)]), 1000);
    assert!(outcome.timeout);
}

/// Many addresses that no rule knows.
#[test]
fn unknown_addresses_are_bounded_too() {
    let mut data = Value::map();
    (0..200_000).for_each(|n| data.insert(&*format!("unknown{n}"), Value::null()));
    let (_, outcome) = run(&mut waf().context(), data, 1000);
    assert!(outcome.timeout);
}

/// A body that exceeds any budget does not keep later calls of its context from scanning their own data.
#[test]
fn an_unfinished_scan_does_not_use_up_later_calls() {
    let waf = waf();
    let mut context = waf.context();
    let body: Value = (0..20_000).map(|n| format!("attic {n}")).collect();
    let (_, outcome) = run(&mut context, Value::from_entries([("body", body)]), 1000);
    assert!(outcome.timeout);
    let mut spent = vec![];
    for nth in 0..6 {
        let mut deadline = Deadline::after(1000);
        let data = Value::from_entries([("query", Value::from(if nth == 0 { "an attack" } else { "nothing" }))]);
        let outcome = context.run_within(data.into(), &mut deadline).unwrap();
        if nth == 0 {
            let ids: Vec<_> = outcome.events.iter().map(|event| &*event.rule.id).collect();
            assert_eq!(ids, [b"excluded", &b"query"[..]]);
        }
        spent.push(deadline.spent());
    }
    assert!(spent[..2].iter().all(|&spent| spent < 1100) && spent[2..].iter().all(|&spent| spent < 100), "{spent:?}");
}
