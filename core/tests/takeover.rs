//! Programs of events and clock steps, with what detection makes of them: `tests/vectors/takeover.jsonl`.
//!
//! A line is `{"name", "config", "start", "steps"}`: a configuration document, the time in seconds, and steps. A step is one
//! of
//!
//! | step | meaning |
//! |---|---|
//! | `{"advance": seconds}` | the clock goes on |
//! | `{"event": {}, "times": n, "from": n, "step": seconds, "verdict": {}}` | events, the clock going on after each but the last; `{n}` and `{n%7}` in texts are the number of each (or its remainder); the verdict of the last |
//! | `{"assess": {}, "is": {}}` | an answer to an attempt |
//! | `{"call": verb, "with": [arguments], "is": result}` | any verb; `"#0"` is the name of the first signal |
//! | `{"signals": [...]}`, `{"blocks": [...]}` | all of them, oldest first |
//! | `{"told": [kinds]}` | the notifications since the last such step |
//!
//! What is expected names only what it is about: maps may hold more, lists may not.

mod common;

use bartizan::support::FixedClock;
use bartizan::takeover::detector::{Detector, Options};
use bartizan::takeover::key::HashKey;
use bartizan::takeover::notify::Wanted;
use bartizan::takeover::state::model::Model;
use bartizan::value::{self, json};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

struct Program {
    detector: Detector,
    told: Arc<Mutex<Vec<String>>>,
}

fn native(value: &Value) -> value::Value {
    json::parse(value.to_string().as_bytes()).expect("JSON")
}

fn plain(object: &value::Object) -> Value {
    serde_json::from_str(&json::to_string(object)).expect("JSON")
}

fn detector(start_s: u64) -> Detector {
    let clock = Arc::new(FixedClock::at_millis(start_s * 1000));
    Detector::new(Options {
        clock: clock.clone(),
        manual: Some(clock),
        hash_key: HashKey([0, 0]),
        service: "auth".into(),
        env: "prod".into(),
        make_state: Arc::new(|_| Box::new(Model::default())),
    })
}

impl Program {
    fn new(line: &Value) -> Self {
        let detector = detector(line["start"].as_u64().unwrap_or(1_764_064_800));
        let told = Arc::new(Mutex::new(vec![]));
        let sink = told.clone();
        detector.subscribe(
            Wanted::default(),
            Arc::new(move |notification| sink.lock().unwrap().push(notification.kind.name().to_owned())),
        );
        if let Some(config) = line.get("config") {
            let diagnostics = detector.apply("config", &native(&json!({"bartizan_ato": config})));
            assert!(!diagnostics.has_errors(), "{}: {diagnostics}", line["name"]);
        }
        Program { detector, told }
    }

    fn advance(&self, seconds: f64) {
        let now_ms = self.detector.time_ms();
        assert!(self.detector.advance(now_ms + (seconds * 1000.0) as u64));
    }

    fn run(&self, step: &Value) {
        if let Some(seconds) = step["advance"].as_f64() {
            self.advance(seconds);
        } else if let Some(event) = step.get("event") {
            self.events(event, step);
        } else if let Some(attempt) = step.get("assess") {
            let answer = self.detector.assess(&native(attempt)).expect("an attempt");
            assert_within(&step["is"], &plain(&answer.to_value()), step);
        } else if let Some(verb) = step["call"].as_str() {
            let result = self.call(verb, step["with"].as_array().map_or(&[], Vec::as_slice));
            assert_within(&step["is"], &result, step);
        } else if let Some(expected) = step.get("signals") {
            assert_within(expected, &self.signals(), step);
        } else if let Some(expected) = step.get("blocks") {
            let mut blocks = plain(&self.detector.list_blocks(&native(&json!({"limit": 1000}))).unwrap());
            blocks.as_array_mut().unwrap().reverse();
            assert_within(expected, &blocks, step);
        } else if let Some(expected) = step.get("told") {
            self.detector.tick();
            let told = std::mem::take(&mut *self.told.lock().unwrap());
            assert_eq!(*expected, json!(told), "{step}");
        } else {
            panic!("unknown step {step}");
        }
    }

    fn signals(&self) -> Value {
        let mut signals = plain(&self.detector.signals(&native(&json!({"limit": 1000}))).unwrap());
        signals.as_array_mut().unwrap().reverse();
        signals
    }

    fn events(&self, event: &Value, step: &Value) {
        let (times, from) = (step["times"].as_u64().unwrap_or(1), step["from"].as_u64().unwrap_or(1));
        for n in from..from + times {
            let verdict = self.detector.event(&native(&numbered(event, n)));
            if n + 1 < from + times {
                self.advance(step["step"].as_f64().unwrap_or(0.0));
            } else if let Some(expected) = step.get("verdict") {
                let verdict = match verdict {
                    Ok(verdict) => {
                        json!({"opened": verdict.opened, "escalated": verdict.escalated, "signals": verdict.signals})
                    }
                    Err(dropped) => json!({"error": dropped.message()}),
                };
                assert_within(expected, &verdict, step);
            }
        }
    }

    fn call(&self, verb: &str, with: &[Value]) -> Value {
        let argument = |at: usize| match with.get(at).and_then(Value::as_str).and_then(|text| text.strip_prefix('#')) {
            Some(place) => self.signals()[place.parse::<usize>().unwrap()]["id"].clone(),
            None => with.get(at).cloned().unwrap_or(json!({})),
        };
        let text = |at: usize| argument(at).as_str().unwrap_or_default().to_owned();
        let detector = &self.detector;
        let answer = |result: Result<Value, String>| result.unwrap_or_else(|error| json!({"error": error}));
        match verb {
            "apply" => plain(&detector.apply(&text(0), &native(&argument(1))).to_value()),
            "remove" => json!(detector.remove(&text(0))),
            "resolve" => answer(detector.resolve(&text(0), &text(1)).map(|found| json!(found))),
            "block" => answer(detector.block(&native(&argument(0))).map(|block| plain(&block))),
            "unblock" => answer(detector.unblock(&native(&argument(0))).map(|count| json!(count))),
            "extend" => answer(detector.extend(&native(&argument(0)), argument(1).as_u64()).map(|count| json!(count))),
            "forget" => answer(detector.forget(&native(&argument(0))).map(|()| Value::Null)),
            "health" => plain(&detector.health()),
            "signal" => detector.signal(&text(0)).map_or(Value::Null, |signal| plain(&signal)),
            "export_rules_data" => plain(&detector.export_rules_data(argument(0).as_u64().unwrap_or(50_000) as usize)),
            "export" => answer(detector.export(&text(0), &text(1)).map(|export| match export {
                Some(pieces) => json!(String::from_utf8(pieces.flatten().collect()).unwrap()),
                None => Value::Null,
            })),
            other => panic!("unknown verb {other}"),
        }
    }
}

/// The event with its number in it.
fn numbered(value: &Value, n: u64) -> Value {
    match value {
        Value::String(text) => {
            let mut text = text.replace("{n}", &n.to_string());
            while let Some(start) = text.find("{n%") {
                let end = start + text[start..].find('}').expect("a closing brace");
                let modulus: u64 = text[start + 3..end].parse().expect("a number");
                text.replace_range(start..=end, &(n % modulus).to_string());
            }
            json!(text)
        }
        Value::Array(items) => items.iter().map(|item| numbered(item, n)).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), numbered(value, n))).collect(),
        other => other.clone(),
    }
}

fn assert_within(expected: &Value, got: &Value, step: &Value) {
    if let Some(path) = difference(expected, got, "") {
        panic!("{step}\n  differs at {path}\n  got {got:#}");
    }
}

/// Where what is there is not what is expected.
fn difference(expected: &Value, got: &Value, path: &str) -> Option<String> {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => expected.iter().find_map(|(key, value)| {
            difference(value, got.get(key).unwrap_or(&json!("(absent)")), &format!("{path}.{key}"))
        }),
        (Value::Array(expected), Value::Array(got)) if expected.len() == got.len() => {
            let pairs = expected.iter().zip(got).enumerate();
            pairs.into_iter().find_map(|(at, (expected, got))| difference(expected, got, &format!("{path}[{at}]")))
        }
        (Value::Number(expected), Value::Number(got)) if expected.as_f64() == got.as_f64() => None,
        (expected, got) => (expected != got).then(|| format!("{path}: expected {expected}, got {got}")),
    }
}

#[test]
fn programs() {
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut failed = vec![];
    for line in common::vectors("takeover.jsonl") {
        let name = line["name"].as_str().expect("a name").to_owned();
        if name.contains(&only) {
            let run = || {
                let program = Program::new(&line);
                line["steps"].as_array().expect("steps").iter().for_each(|step| program.run(step));
            };
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err() {
                println!("FAILED: {name}");
                failed.push(name);
            }
        }
    }
    assert!(failed.is_empty(), "{} programs failed: {failed:#?}", failed.len());
}
