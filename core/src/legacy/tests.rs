//! Calls of one request, and what was found in each. The answers are those of libddwaf 1.30.

use super::{Conversation, Obfuscation, Ruleset, result};
use crate::value::{Value, json};
use crate::{Deadline, RunError};
use std::time::Duration;

const RULES: &str = r#"{"version": "2.2", "rules": [
    {"id": "a", "name": "n", "tags": {"type": "a", "category": "c"}, "conditions": [
        {"operator": "match_regex", "parameters": {"inputs": [{"address": "a"}], "regex": "bad"}}]},
    {"id": "cd", "name": "n", "tags": {"type": "cd", "category": "c"}, "conditions": [
        {"operator": "match_regex", "parameters": {"inputs": [{"address": "c"}], "regex": "bad"}},
        {"operator": "match_regex", "parameters": {"inputs": [{"address": "d"}], "regex": "bad"}}]},
    {"id": "g1", "name": "n", "tags": {"type": "g", "category": "c"}, "conditions": [
        {"operator": "match_regex", "parameters": {"inputs": [{"address": "g1"}], "regex": "bad"}}]},
    {"id": "g2", "name": "n", "tags": {"type": "g", "category": "c"}, "conditions": [
        {"operator": "match_regex", "parameters": {"inputs": [{"address": "g2"}], "regex": "bad"}}]},
    {"id": "seen", "name": "n", "tags": {"type": "s", "category": "c"}, "conditions": [
        {"operator": "exists", "parameters": {"inputs": [{"address": "waf.context.event"}]}},
        {"operator": "exists", "parameters": {"inputs": [{"address": "later"}]}}]},
    {"id": "quiet", "name": "n", "tags": {"type": "q", "category": "c"}, "conditions": [
        {"operator": "match_regex", "parameters": {"inputs": [{"address": "q"}], "regex": "bad"}}],
        "output": {"event": false, "keep": false, "attributes": {"x": {"value": "y"}}}}],
  "processors": [{"id": "p", "generator": "extract_schema", "conditions": [], "evaluate": true, "output": true,
    "parameters": {"mappings": [{"inputs": [{"address": "s"}], "output": "schema"}]}}]}"#;

fn parse(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap()
}

fn ruleset(rules: &str) -> Ruleset {
    Ruleset::new("p", &parse(rules), Obfuscation::default()).0.unwrap()
}

fn long() -> Deadline {
    Duration::from_secs(10).into()
}

/// Runs calls, each `P` or `E` with data, or both; returns the ids of events and the names of attributes.
fn found(calls: &[&str]) -> Vec<String> {
    let mut conversation = Conversation::new(&ruleset(RULES).instance());
    let mut run = |call: &str| {
        let (kind, data) = call.split_once(' ').unwrap();
        let data = parse(data);
        let (first, second) = (Some(data.clone()), data.as_array().map(|both| both.iter().map(|one| one.to_value())));
        let (persistent, ephemeral) = match (kind, second) {
            ("P", None) => (first, None),
            ("E", None) => (None, first),
            ("PE", Some(mut both)) => (both.next(), both.next()),
            _ => panic!("{call}"),
        };
        match conversation.run(persistent, ephemeral, long()).unwrap() {
            None => "nothing new".to_string(),
            Some(outcome) => {
                let events = outcome.events.iter().map(|event| &event.rule.id);
                let names = events.chain(outcome.attributes.iter().map(|(name, _)| name));
                names.map(|name| String::from_utf8_lossy(name)).collect::<Vec<_>>().join(" ")
            }
        }
    };
    calls.iter().map(|call| run(call)).collect()
}

#[test]
fn calls_find_what_they_found_in_1_30() {
    let table: &[&[(&str, &str)]] = &[
        &[(r#"E {"a": "bad"}"#, "a"), (r#"E {"a": "bad"}"#, "a")],
        &[(r#"P {"a": "bad"}"#, "a"), (r#"P {"a": "bad"}"#, ""), (r#"E {"a": "bad"}"#, "nothing new")],
        &[
            (r#"PE [{"c": "bad"}, {"d": "bad"}]"#, "cd"),
            (r#"E {"d": "bad"}"#, "cd"),
            (r#"E {"c": "bad"}"#, "nothing new"),
        ],
        &[
            (r#"PE [{"a": "good"}, {"a": "bad"}]"#, ""),
            (r#"E {"a": "bad"}"#, "nothing new"),
            (r#"P {"a": "bad"}"#, "a"),
        ],
        &[(r#"E {"a": "good"}"#, ""), (r#"P {"a": "bad"}"#, "a")],
        &[(r#"P {}"#, "nothing new"), (r#"E {}"#, "nothing new"), (r#"P {"unknown": 1}"#, "")],
        &[
            (r#"E {"g1": "bad"}"#, "g1"),
            (r#"E {"g2": "bad"}"#, "g2"),
            (r#"P {"g2": "bad"}"#, "g2"),
            (r#"E {"g1": "bad"}"#, ""),
        ],
        &[(r#"PE [{"a": "bad"}, {"d": "bad"}]"#, "a"), (r#"P {"a": "bad"}"#, "")],
        &[(r#"E {"a": "bad"}"#, "a"), (r#"P {"later": 1}"#, "seen"), (r#"P {"later": 2}"#, "")],
        &[(r#"P {"later": 1}"#, ""), (r#"P {"a": "good"}"#, "")],
        &[(r#"E {"s": 1}"#, "schema"), (r#"E {"s": 1}"#, "schema"), (r#"P {"s": 1}"#, "schema"), (r#"P {"s": 2}"#, "")],
        &[(r#"P {"q": "bad"}"#, "x"), (r#"P {"q": "bad"}"#, "")],
    ];
    for calls in table {
        let (asked, expected): (Vec<_>, Vec<_>) = calls.iter().copied().unzip();
        assert_eq!(found(&asked), expected, "{asked:?}");
    }
}

#[test]
fn what_is_no_map_is_refused_and_changes_nothing() {
    let mut conversation = Conversation::new(&ruleset(RULES).instance());
    for (persistent, ephemeral) in [("[]", "{}"), (r#"{"a": "bad"}"#, "[]"), ("1", "1")] {
        let refused = conversation.run(Some(parse(persistent)), Some(parse(ephemeral)), long());
        assert_eq!(refused.unwrap_err(), RunError::InvalidObject);
    }
    let bad = || Some(parse(r#"{"a": "bad"}"#));
    assert_eq!(conversation.run(None, bad(), long()).unwrap().unwrap().events.len(), 1);
    conversation.close();
    assert!(!conversation.run(bad(), None, long()).unwrap().unwrap().matched);
}

#[test]
fn a_ruleset_keeps_serving_its_last_instance() {
    let mut ruleset = ruleset(RULES);
    let count = ruleset.known_addresses().len();
    assert!(!ruleset.remove("other") && ruleset.remove("p") && ruleset.paths().is_empty());
    assert_eq!(ruleset.known_addresses().len(), count);
    assert!(!ruleset.update("p", &parse("[]")).accepted);
    let rule = r#"{"id": "z", "name": "n", "tags": {"type": "t", "category": "c"}, "conditions": [
        {"operator": "match_regex", "parameters": {"inputs": [{"address": "z"}], "regex": "bad"}}]}"#;
    assert!(ruleset.update("q", &parse(&format!(r#"{{"rules": [{rule}]}}"#))).accepted);
    assert_eq!((ruleset.paths(), ruleset.known_addresses()), (vec![&b"q"[..]], &[b"z"[..].into()][..]));
}

#[test]
fn rules_that_cannot_be_used_give_no_ruleset() {
    for rules in ["{}", "[]", "null", r#"{"rules": []}"#, r#"{"rules": [{"id": 1}]}"#] {
        assert!(Ruleset::new("p", &parse(rules), Obfuscation::default()).0.is_none(), "{rules}");
    }
    assert!(Ruleset::new("", &parse(RULES), Obfuscation::default()).0.is_none());
}

#[test]
fn results_have_the_keys_of_1_30_in_their_order() {
    let rules = r#"{"rules": [{"id": "l", "name": "n", "tags": {"type": "t", "category": "c"}, "on_match": ["stack_trace", "block"],
        "conditions": [{"operator": "lfi_detector", "parameters": {"resource": [{"address": "f"}], "params": [{"address": "q"}]}}]}]}"#;
    let patterns = [("", "../etc/passwd"), ("f", "<Redacted>")];
    for (keys, shown) in patterns {
        let ruleset = Ruleset::new("p", &parse(rules), Obfuscation { keys, values: "" }).0.unwrap();
        assert_eq!(ruleset.paths(), [b"p"]);
        let mut conversation = Conversation::new(&ruleset.instance());
        conversation.run(Some(parse(r#"{"q": {"f": ["a", "../etc/passwd"]}}"#)), None, long()).unwrap();
        let outcome = conversation.run(None, Some(parse(r#"{"f": "/var/../etc/passwd"}"#)), long()).unwrap().unwrap();
        let (response, stack) = (outcome.events[0].security_response_id.clone(), outcome.events[0].stack_id.clone());
        let (response, stack) = (response.unwrap(), stack.unwrap());
        let expected = format!(
            r#"{{"events":[{{"rule":{{"id":"l","name":"n","tags":{{"type":"t","category":"c"}},"on_match":["stack_trace","block"]}},"rule_matches":[{{"operator":"lfi_detector","operator_value":"","parameters":[{{"resource":{{"address":"f","key_path":[],"value":"/var/../etc/passwd"}},"params":{{"address":"q","key_path":["f","1"],"value":"{shown}"}},"highlight":["{shown}"]}}]}}],"security_response_id":"{response}","stack_id":"{stack}"}}],"actions":{{"block_request":{{"status_code":403,"type":"auto","grpc_status_code":10,"security_response_id":"{response}"}},"generate_stack":{{"stack_id":"{stack}"}}}}}}"#
        );
        assert_eq!(json::to_string(&result(&outcome)), expected);
    }
}
