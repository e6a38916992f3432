//! The conventions of the built-in ruleset: every document is embedded, every rule is tagged, every pattern is valid
//! and every rule has a request it must match and a near miss it must not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use bartizan::builtin::DOCUMENTS;
use bartizan::internals::pattern::{Options, Pattern};
use bartizan::value::json;
use bartizan::{Builder, Outcome, Waf};
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules")
}

fn documents() -> Vec<(&'static str, Value)> {
    let name = |path: &'static str| path.strip_prefix("builtin/").expect("a path under builtin/");
    DOCUMENTS
        .iter()
        .map(|document| (name(document.path), serde_json::from_str(document.json).expect(document.path)))
        .collect()
}

fn list<'a>(document: &'a Value, section: &str) -> &'a [Value] {
    document[section].as_array().map_or(&[], Vec::as_slice)
}

/// The rules of a document, those that use what is ours alone included.
fn rules(document: &Value) -> Vec<&Value> {
    ["rules", "bartizan_rules"].into_iter().flat_map(|section| list(document, section)).collect()
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

/// The single document contains everything that the others do.
#[test]
fn the_ruleset_in_one_document_is_whole() {
    let ruleset: Value = serde_json::from_str(&json::to_string(&bartizan::builtin::ruleset())).expect("JSON");
    for (name, document) in documents() {
        for (section, elements) in document.as_object().expect(name) {
            match elements.as_array() {
                Some(elements) => assert!(elements.iter().all(|one| list(&ruleset, section).contains(one)), "{name}"),
                None => assert_eq!(&ruleset[section], elements, "{section} of {name}"),
            }
        }
    }
    let added = Builder::new().add_ruleset(b"default", &bartizan::builtin::ruleset());
    assert!(added.accepted && added.diagnostics.warnings.is_empty(), "{}", added.diagnostics);
}

/// The most operations per character that the hardest text found for a pattern may take.
const HARDEST: f64 = 60.0;

/// Searches for costly texts, pattern by pattern: see `Pattern::hardest_text`.
#[test]
fn no_text_makes_a_pattern_costly() {
    let mut wrong = vec![];
    for (name, document) in documents() {
        for (id, pattern) in patterns(&document) {
            let text = pattern.hardest_text(200);
            let effort = pattern.effort(&text) as f64 / text.len().max(1) as f64;
            if effort > HARDEST {
                wrong.push(format!("{name}: {id} takes {effort:.1} operations on {}", text.escape_ascii()));
            }
            if pattern.is_costly() {
                wrong.push(format!("{name}: {id} may take {} operations", pattern.bound()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All patterns of rules and scanners, by their ids.
fn patterns(document: &Value) -> Vec<(String, Pattern)> {
    let mut patterns = vec![];
    let mut add = |id: &Value, parameters: &Value| {
        let Some(regex) = parameters["regex"].as_str() else { return };
        let case_sensitive = parameters["options"]["case_sensitive"].as_bool().unwrap_or(false);
        let pattern = Pattern::new(regex.as_bytes(), Options { case_sensitive }).expect(regex);
        patterns.push((id.to_string(), pattern));
    };
    for rule in rules(document) {
        list(rule, "conditions").iter().for_each(|condition| add(&rule["id"], &condition["parameters"]));
    }
    for scanner in list(document, "scanners") {
        ["key", "value"].iter().for_each(|part| add(&scanner["id"], &scanner[part]["parameters"]));
    }
    patterns
}

#[test]
fn every_rule_is_named_and_tagged_once() {
    let mut seen = BTreeSet::new();
    for (name, document) in documents() {
        for rule in rules(&document) {
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

/// Rules that only inform say which honest use there is; the others have none.
#[test]
fn every_rule_has_a_page() {
    let path = folder().join("pages/rules.json");
    let pages: Value = serde_json::from_str(&fs::read_to_string(path).expect("the pages")).expect("JSON");
    let mut expected = BTreeSet::new();
    for (name, document) in documents() {
        for rule in rules(&document) {
            let (id, of_class) = (text(rule, "id"), &pages["classes"][name]);
            for key in ["harm", "safe", "capec", "owasp"] {
                assert!(!text(of_class, key).is_empty(), "{name}: {key}");
            }
            let page = &pages["rules"][id];
            assert!(page["finds"].is_string(), "{id} has no page");
            let informs = text(&rule["tags"], "confidence") == "0";
            assert_eq!(page["honest"].is_string(), informs, "{id}");
            expected.insert(id.to_owned());
        }
    }
    let written: BTreeSet<String> = pages["rules"].as_object().expect("a map").keys().cloned().collect();
    assert_eq!(written, expected);
}

#[test]
fn every_pattern_is_valid_and_requires_something() {
    for (_, document) in documents() {
        for rule in rules(&document) {
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
        let rules = rules(&document);
        if rules.is_empty() {
            continue;
        }
        let mut kinds: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
        for case in cases(name) {
            assert!(case["input"].is_object(), "{case}");
            kinds
                .entry(text(&case, "rule").to_owned())
                .or_default()
                .insert(case["match"].as_bool().expect("a verdict"));
        }
        let expected = rules.iter().map(|rule| (text(rule, "id").to_owned(), BTreeSet::from([false, true]))).collect();
        assert_eq!(kinds, expected, "{name}");
    }
}

fn add(builder: &mut Builder, path: &str, document: &Value) {
    let added = builder.add_or_update(path.as_bytes(), &json::parse(document.to_string().as_bytes()).expect(path));
    assert!(added.accepted, "{path}: {:?}", added.diagnostics);
}

fn run(waf: &Waf, input: &Value) -> Outcome {
    let input = json::parse(input.to_string().as_bytes()).expect("an input");
    waf.context().run(input, Duration::from_secs(10)).expect("a map of addresses")
}

fn names<'a>(outcome: &'a Outcome, tag: &[u8]) -> Vec<String> {
    let tag_of = |event: &'a bartizan::report::Event| match tag {
        b"id" => event.rule.id.to_vec(),
        _ => {
            event.rule.tags.iter().find(|(name, _)| name[..] == *tag).map_or_else(Vec::new, |(_, value)| value.to_vec())
        }
    };
    outcome.events.iter().map(|event| String::from_utf8_lossy(&tag_of(event)).into_owned()).collect()
}

#[test]
fn each_rule_alone_matches_its_cases_and_near_misses_leave_all_rules_silent() {
    let documents = documents();
    let (_, processors) = documents.iter().find(|(name, _)| *name == "processors").expect("processors");
    let all = Waf::builtin();
    let mut wrong = vec![];
    for (name, document) in &documents {
        for rule in rules(document) {
            let id = text(rule, "id");
            for case in cases(name).iter().filter(|case| text(case, "rule") == id) {
                let mut builder = Builder::new();
                add(&mut builder, "processors", processors);
                add(&mut builder, "rule", &serde_json::json!({"version": "2.2", "bartizan_rules": [rule]}));
                if case["config"].is_object() {
                    add(&mut builder, "config", &case["config"]);
                }
                let outcome = run(&builder.build().expect("an instance"), &case["input"]);
                let found = match case["attribute"].as_str() {
                    Some(wanted) => outcome.attributes.iter().any(|(name, _)| name[..] == *wanted.as_bytes()),
                    None => names(&outcome, b"id").contains(&id.to_owned()),
                };
                if found != (case["match"] == true) {
                    wrong.push(format!("{id} is wrong about {case}"));
                }
                let others = if case["match"] == false { names(&run(&all, &case["input"]), b"id") } else { vec![] };
                if !others.is_empty() {
                    wrong.push(format!("{others:?} match {case}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} failures:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn whole_requests_get_the_expected_verdict() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/requests.jsonl");
    let waf = Waf::builtin();
    for line in fs::read_to_string(path).expect("the requests").lines() {
        let request: Value = serde_json::from_str(line).expect(line);
        let found = names(&run(&waf, &request["request"]), b"type");
        match text(&request, "expect") {
            "pass" => assert_eq!(found, Vec::<String>::new(), "{request}"),
            expected => assert!(found.contains(&expected.to_owned()), "{found:?} {request}"),
        }
    }
}
