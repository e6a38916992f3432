//! What is said about doubtful configurations: `tests/vectors/warnings.jsonl`.
//!
//! A line is `{"name", "ruleset", "configs": [[path, document]...], "accepted": [bool...], "added": [warnings...],
//! "warnings"}`: whether each configuration was accepted, what was said about it when it was added, and what is said about
//! all of them in the end. Where `ruleset` is true, the first must be added as a ruleset. A warning is `[kind, path, section, id,
//! message]`.

use crate::common::values::{array, canonical, parse, text};
use bartizan::Builder;
use bartizan::Warning;
use bartizan::builtin;
use bartizan::value::{Value, View, json};

#[test]
fn recorded_warnings() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/warnings.jsonl");
    let table = std::fs::read_to_string(path).expect("vectors");
    let mut failures = vec![];
    for line in table.lines().map(parse) {
        let mut builder = Builder::new();
        let is_ruleset = matches!(line.get(b"ruleset").map(|is| is.view()), Some(View::Bool(true)));
        let (mut accepted, mut said) = (Value::array(), Value::array());
        for (nth, config) in line.get(b"configs").map(array).unwrap_or_default().iter().enumerate() {
            let [path, document] = array(config) else { panic!("a path and a document") };
            let path = path.as_bytes().expect("a path");
            let added = match nth {
                0 if is_ruleset => builder.add_ruleset(path, document),
                _ => builder.add_or_update(path, document),
            };
            accepted.push(added.accepted);
            said.push(rows(&added.diagnostics.warnings));
        }
        let answers = [("accepted", accepted), ("added", said), ("warnings", rows(&builder.warnings()))];
        for (name, answer) in answers {
            let (answer, expected) = (canonical(&answer), canonical(line.get(name.as_bytes()).expect("an answer")));
            if answer != expected {
                let of = text(line.get(b"name").expect("a name"));
                failures.push(format!("{of}: {name}\n  expected {expected}\n  got      {answer}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn rows(warnings: &[Warning]) -> Value {
    let row = |warning: &Warning| -> Value {
        let map = warning.to_value();
        map.as_map().unwrap_or_default().iter().map(|pair| pair.value().to_value()).collect()
    };
    warnings.iter().map(row).collect()
}

#[test]
fn the_built_in_rules_cause_no_warnings() {
    let mut builder = Builder::new();
    for document in builtin::DOCUMENTS {
        let added = builder.add_or_update(document.path.as_bytes(), &json::parse(document.json.as_bytes()).unwrap());
        assert!(added.diagnostics.warnings.is_empty(), "{}: {}", document.path, added.diagnostics);
    }
    assert_eq!(builder.warnings(), []);
}

/// What a caller sees who has only the error.
#[test]
fn an_error_says_what_to_fix() {
    let rules = br#"{"version": "2.2", "rules": [{"id": "r", "name": "n", "tags": {"type": "t", "category": "c"},
        "conditions": [{"operator": "match_regex", "parameters": {"regex": "a(?!b)c", "inputs": [{"address": "a"}]}}]}]}"#;
    let error = bartizan::Waf::new(&json::parse(rules).unwrap()).unwrap_err();
    let error: Box<dyn std::error::Error> = Box::new(error);
    assert_eq!(
        error.to_string(),
        "rules: invalid regular expression: (?! (r); rules: RE2 has no negative look-ahead: `(?!` in the pattern \
         `a(?!b)c` (r); the document has no rule that can be used"
    );
    let error = bartizan::Waf::new(&json::parse(br#"{"rules": []}"#).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "the document has no rule that can be used");
    let error = bartizan::Waf::new(&json::parse(b"{}").unwrap()).unwrap_err();
    assert!(error.to_string().starts_with("the ruleset has none of the sections"), "{error}");
}
