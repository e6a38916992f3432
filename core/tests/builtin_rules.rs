//! The built-in ruleset keeps its own rules: every document is embedded, every rule is tagged, every pattern is readable and
//! every rule has a request it must match and a near miss it must not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use bartizan::builtin::DOCUMENTS;
use bartizan::pattern::{Options, Pattern};
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules")
}

fn documents() -> Vec<(&'static str, Value)> {
    let name = |path: &'static str| path.strip_prefix("builtin/").expect("a path under builtin/");
    DOCUMENTS.iter().map(|document| (name(document.path), serde_json::from_str(document.json).expect(document.path))).collect()
}

fn list<'a>(document: &'a Value, section: &str) -> &'a [Value] {
    document[section].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {value}"))
}

fn cases(document: &str) -> Vec<Value> {
    let lines = fs::read_to_string(folder().join("cases").join(format!("{document}.jsonl"))).expect(document);
    lines.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn every_document_of_the_folder_is_embedded() {
    let files = fs::read_dir(folder()).expect("the folder of rules").map(|entry| entry.expect("an entry").path());
    let on_disk: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| format!("builtin/{}", path.file_stem().expect("a name").to_string_lossy()))
        .collect();
    let embedded: BTreeSet<String> = DOCUMENTS.iter().map(|document| document.path.to_owned()).collect();
    assert_eq!(on_disk, embedded);
}

#[test]
fn every_rule_is_named_and_tagged_once() {
    let mut seen = BTreeSet::new();
    for (name, document) in documents() {
        for rule in list(&document, "rules") {
            let id = text(rule, "id");
            assert!(id.starts_with("bz-") && seen.insert(id.to_owned()), "{name}: {id}");
            for tag in ["type", "category", "confidence"] {
                assert!(!text(&rule["tags"], tag).is_empty(), "{id}: tag {tag}");
            }
            let confidence = text(&rule["tags"], "confidence");
            assert!(matches!(confidence, "0" | "1"), "{id}: confidence {confidence}");
        }
    }
}

#[test]
fn every_pattern_is_readable_and_asks_for_something() {
    for (_, document) in documents() {
        for rule in list(&document, "rules") {
            for parameters in list(rule, "conditions").iter().map(|condition| &condition["parameters"]) {
                let Some(regex) = parameters["regex"].as_str() else { continue };
                let case_sensitive = parameters["options"]["case_sensitive"].as_bool().unwrap_or(false);
                let pattern = Pattern::new(regex.as_bytes(), Options { case_sensitive });
                let pattern = pattern.unwrap_or_else(|_| panic!("{}: {regex}", text(rule, "id")));
                assert!(!pattern.required().is_open(), "{}: any text is a candidate", text(rule, "id"));
            }
        }
    }
}

#[test]
fn every_rule_has_a_match_and_a_near_miss() {
    for (name, document) in documents() {
        let rules = list(&document, "rules");
        if rules.is_empty() {
            continue;
        }
        let mut kinds: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
        for case in cases(name) {
            assert!(case["input"].is_object(), "{case}");
            kinds.entry(text(&case, "rule").to_owned()).or_default().insert(case["match"].as_bool().expect("a verdict"));
        }
        let expected = rules.iter().map(|rule| (text(rule, "id").to_owned(), BTreeSet::from([false, true]))).collect();
        assert_eq!(kinds, expected, "{name}");
    }
}
