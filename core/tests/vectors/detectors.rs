//! Exploit detectors against answers recorded from the reference (libddwaf 2.1.0): `tests/vectors/detectors.jsonl`.
//!
//! A line is `{"detector", "input", "config"?, "code", "events"}`: what a rule with this one condition answers to the
//! input. `config` holds the `options` and `policy` of `ssrf_detector`.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::common::rulesets;
use crate::common::values::{array, canonical, key, parse, text, unwrap};
use bartizan::Deadline;
use bartizan::Waf;
use bartizan::internals::exploit::{Arguments, Detector, Finding, Param, ssrf};
use bartizan::internals::transform::Scratch;
use bartizan::value::{Object, Step, Value, json};

#[test]
fn recorded_answers() {
    let lines = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors"));
    assert!(lines > 1000, "only {lines} lines");
}

/// The complete recorded table, if it is available.
#[test]
#[ignore = "reads detectors.jsonl from the folder BARTIZAN_SPEC_DATA"]
fn all_recorded_answers() {
    check(Path::new(&std::env::var_os("BARTIZAN_SPEC_DATA").expect("BARTIZAN_SPEC_DATA")));
}

/// The same through the whole engine: a ruleset with the detector as the only condition of its only rule.
#[test]
fn recorded_answers_of_rules() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/detectors.jsonl");
    let table = fs::read_to_string(path).expect("vectors");
    let (mut rules, mut failures) = (HashMap::new(), vec![]);
    for line in table.lines() {
        let vector = parse(line);
        let ruleset = ruleset(&vector);
        let waf = rules.entry(canonical(&ruleset)).or_insert_with(|| Waf::new(&ruleset).expect("a rule"));
        let outcome = waf.context().run(unwrap(vector.get(b"input").expect("an input")), Duration::MAX).expect("a map");
        let result = outcome.to_value();
        let events = array(result.get(b"events").expect("events")).iter();
        let matches = events.flat_map(|event| array(event.get(b"rule_matches").expect("matches")));
        let answer = canonical(&matches.map(Object::to_value).collect::<Value>());
        if answer != canonical(&unwrap(vector.get(b"events").expect("events"))) {
            failures.push(format!("{line}\n  answer {answer}"));
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

fn ruleset(vector: &Object) -> Value {
    let parts = rulesets();
    let name = text(vector.get(b"detector").expect("a name"));
    let usual = parts.get(b"detectors").and_then(|detectors| detectors.get(name.as_bytes()));
    let mut parameters = usual.map(unwrap).expect("parameters");
    for pair in vector.get(b"config").and_then(Object::as_map).unwrap_or_default() {
        parameters.insert(key(pair), pair.value().to_value());
    }
    let condition = Value::from_entries([("operator", Value::from(name)), ("parameters", parameters)]);
    let mut rule = parts.get(b"rule").map(unwrap).expect("a rule");
    rule.insert("conditions", [condition].into_iter().collect::<Value>());
    Value::from_entries([("rules", [rule].into_iter().collect::<Value>())])
}

const PARAMS: [&str; 6] = [
    "server.request.query",
    "server.request.body",
    "server.request.path_params",
    "grpc.server.request.message",
    "graphql.server.all_resolvers",
    "graphql.server.resolver",
];

fn check(folder: &Path) -> usize {
    let text = fs::read_to_string(folder.join("detectors.jsonl")).expect("vectors");
    let mut failures = Vec::new();
    for line in text.lines() {
        let vector = json::parse(line.as_bytes()).expect("a JSON line");
        let answer = answer(&vector);
        let expected = json::to_string(vector.get(b"events").expect("events"));
        if answer != expected {
            failures.push(format!("{line}\n  answer {answer}"));
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
    text.lines().count()
}

/// The matches of a rule whose only condition is the detector.
fn answer(vector: &Object) -> String {
    let name = vector.get(b"detector").and_then(Object::as_bytes).expect("a name");
    let (detector, address) = match name {
        b"lfi_detector" => (Detector::Lfi, "server.io.fs.file"),
        b"ssrf_detector" => (Detector::Ssrf(Box::new(ssrf_options(vector.get(b"config")))), "server.io.net.url"),
        b"sqli_detector" => (Detector::Sqli, "server.db.statement"),
        b"shi_detector" => (Detector::Shi, "server.sys.shell.cmd"),
        b"cmdi_detector" => (Detector::Cmdi, "server.sys.exec.cmd"),
        _ => panic!("no such detector"),
    };
    let input = vector.get(b"input").expect("an input");
    let sources = PARAMS.iter().filter_map(|address| Some((*address, input.get(address.as_bytes())?)));
    let (addresses, params): (Vec<_>, Vec<_>) =
        sources.map(|(address, value)| (address, Param { value, transformers: None })).unzip();
    let db_type = input.get(b"server.db.system");
    let finding = input.get(address.as_bytes()).filter(|_| !params.is_empty()).and_then(|resource| {
        let args = Arguments { resource, params: &params, db_type, excluded: &|_| false };
        detector.evaluate(&args, &mut Deadline::unlimited(), &mut Scratch::default())
    });
    let mut events = Value::array();
    if let Some(finding) = finding {
        let db_type = db_type.filter(|_| matches!(detector, Detector::Sqli)).and_then(Object::as_bytes);
        events.push(event(name, address, &addresses, db_type, &finding));
    }
    json::to_string(&events)
}

fn event(operator: &[u8], resource: &str, addresses: &[&str], db_type: Option<&[u8]>, finding: &Finding) -> Value {
    let mut parameters = Value::map();
    parameters.insert("resource", argument(resource, &finding.resource, Value::array()));
    let (address, mut key_path) =
        (finding.source.as_ref().map_or("", |source| addresses[source.param]), Value::array());
    for step in finding.source.iter().flat_map(|source| &source.key_path) {
        match step {
            Step::Key(key) => key_path.push(&key[..]),
            Step::Index(index) => key_path.push(*index as u64),
        }
    }
    parameters.insert("params", argument(address, finding.param_value(), key_path));
    if let Some(name) = db_type {
        parameters.insert("db_type", argument("server.db.system", name, Value::array()));
    }
    let mut highlight = Value::array();
    highlight.push(finding.highlight.as_slice());
    parameters.insert("highlight", highlight);
    let mut all = Value::array();
    all.push(parameters);
    let mut event = Value::map();
    event.insert("operator", operator);
    event.insert("operator_value", "");
    event.insert("parameters", all);
    event
}

fn argument(address: &str, value: &[u8], key_path: Value) -> Value {
    let mut argument = Value::map();
    argument.insert("address", address);
    argument.insert("value", value);
    argument.insert("key_path", key_path);
    argument
}

fn ssrf_options(config: Option<&Object>) -> ssrf::Options {
    let mut options = ssrf::Options::default();
    let Some(config) = config else { return options };
    let flag = |name: &str, default: bool| match config.get(b"options").and_then(|options| options.get(name.as_bytes()))
    {
        Some(value) => json::to_string(value) == "true",
        None => default,
    };
    options.authority_inspection = flag("authority-inspection", true);
    options.path_inspection = flag("path-inspection", false);
    options.query_inspection = flag("query-inspection", false);
    options.forbid_full_url_injection = flag("forbid-full-url-injection", false);
    options.enforce_policy_without_injection = flag("enforce-policy-without-injection", false);
    let list = |name: &str| -> Option<Vec<Vec<u8>>> {
        let list = config.get(b"policy")?.get(name.as_bytes())?.as_array()?;
        Some(list.iter().filter_map(Object::as_bytes).map(<[u8]>::to_vec).collect())
    };
    let policy = &mut options.policy;
    policy.allowed_schemes = list("allowed-schemes").unwrap_or(std::mem::take(&mut policy.allowed_schemes));
    policy.forbidden_domains = list("forbidden-domains").unwrap_or(std::mem::take(&mut policy.forbidden_domains));
    if let Some(networks) = list("forbidden-ips") {
        policy.forbidden_ips = ssrf::Policy::networks(networks);
    }
    options
}
