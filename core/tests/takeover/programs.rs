//! Sequences of events and clock steps with the expected signals: `tests/vectors/takeover.jsonl`.

use bartizan::internals::sdk;
use bartizan::internals::support::fork::Renewable;
use bartizan::internals::takeover::detector::{Detector, MakeState, Options};
use bartizan::internals::takeover::notify::Wanted;
use bartizan::internals::takeover::state::model::Model;
use bartizan::internals::takeover::state::{Bounded, Profile};
use bartizan::value::{self, json};
use serde_json::{Value, json};
use std::sync::Arc;

struct Program {
    detector: Detector,
    config: Option<Value>,
    memory: Memory,
    told: Arc<Renewable<Vec<String>>>,
}

fn native(value: &Value) -> value::Value {
    json::parse(value.to_string().as_bytes()).expect("JSON")
}

fn plain(object: &value::Object) -> Value {
    serde_json::from_str(&json::to_string(object)).expect("JSON")
}

/// The reference implementation of the state, or the bounded one; below capacity they must agree.
#[derive(Clone, Copy, Debug)]
enum Memory {
    Model,
    Bounded,
}

fn options(start_ms: u64, memory: Memory) -> Options {
    let make_state: MakeState = match memory {
        Memory::Model => Arc::new(|_| Box::new(Model::default())),
        Memory::Bounded => Arc::new(|_| Box::new(Bounded::new(Profile::SMALL))),
    };
    Options::manual(start_ms, "auth", "prod").with_state(make_state)
}

impl Program {
    fn new(line: &Value, memory: Memory) -> Self {
        let start_s = line["start"].as_u64().unwrap_or(1_764_064_800);
        let config = line.get("config").map(|config| json!({"bartizan_ato": config}));
        let detector = Detector::new(options(start_s * 1000, memory));
        let program = Program { detector, config, memory, told: Arc::default() };
        program.configure();
        program
    }

    fn configure(&self) {
        self.subscribe();
        if let Some(config) = &self.config {
            let diagnostics = self.detector.apply("config", &native(config));
            assert!(!diagnostics.has_errors(), "{config}: {diagnostics}");
        }
    }

    fn subscribe(&self) {
        let sink = self.told.clone();
        self.detector.subscribe(
            Wanted::default(),
            Arc::new(move |notification| sink.lock().push(notification.kind.name().to_owned())),
        );
    }

    fn restart(&mut self) {
        let snapshot = self.detector.snapshot();
        let options = options(self.detector.time_ms(), self.memory);
        let config = self.config.as_ref().map(native);
        let documents: Vec<_> = config.iter().map(|config| ("config", &**config)).collect();
        (self.detector, _) = Detector::restore(options, &documents, &snapshot).expect("a snapshot");
        self.subscribe();
    }

    fn advance(&self, seconds: f64) {
        let now_ms = self.detector.time_ms();
        assert!(self.detector.advance(now_ms + (seconds * 1000.0) as u64));
    }

    fn run(&mut self, step: &Value) {
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
            let mut blocks = plain(&self.detector.blocks(&native(&json!({"limit": 1000}))).unwrap());
            blocks.as_array_mut().unwrap().reverse();
            assert_within(expected, &blocks, step);
        } else if step.get("restart").is_some() {
            self.restart();
        } else if let Some(expected) = step.get("told") {
            self.detector.tick();
            let told = std::mem::take(&mut *self.told.lock());
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
            let verdict = sdk::call_detector(&self.detector, "event", &native(&numbered(event, n)));
            if n + 1 < from + times {
                self.advance(step["step"].as_f64().unwrap_or(0.0));
            } else if let Some(expected) = step.get("verdict") {
                assert_within(expected, &plain(&verdict), step);
            }
        }
    }

    fn call(&self, verb: &str, with: &[Value]) -> Value {
        let argument = |at: usize| match with.get(at).and_then(Value::as_str).and_then(|text| text.strip_prefix('#')) {
            Some(place) => self.signals()[place.parse::<usize>().unwrap()]["id"].clone(),
            None => with.get(at).cloned().unwrap_or(json!({})),
        };
        // The arguments of each verb, and the part of its answer that is the result.
        let (arguments, result) = match verb {
            "apply" => (json!({"path": argument(0), "document": argument(1)}), Some("diagnostics")),
            "remove" => (json!({"path": argument(0)}), Some("removed")),
            "resolve" => (json!({"id": argument(0), "how": argument(1)}), Some("found")),
            "block" => (argument(0), Some("block")),
            "unblock" => (argument(0), Some("count")),
            "extend" => {
                let mut arguments = argument(0);
                arguments["seconds"] = json!(argument(1).as_u64());
                (arguments, Some("count"))
            }
            "forget" => (argument(0), Some("nothing")),
            "health" => (json!({}), None),
            "signal" => (json!({"id": argument(0)}), Some("signal")),
            "export_rules_data" => (json!({"max_chunk": argument(0).as_u64()}), Some("documents")),
            "define_cluster" => {
                (json!({"signal": argument(0), "cluster": argument(1), "items": argument(2)}), Some("cluster"))
            }
            "explore" => (json!({"signal": argument(0), "cluster": argument(1)}), Some("hours")),
            "isolate" => (json!({"signal": argument(0)}), None),
            "export" => (json!({"id": argument(0), "file": argument(1)}), Some("data")),
            other => panic!("unknown verb {other}"),
        };
        let answer = plain(&sdk::call_detector(&self.detector, verb, &native(&arguments)));
        match result.filter(|_| answer.get("error").is_none()) {
            Some(result) => answer[result].clone(),
            None => answer,
        }
    }
}

/// Replaces the placeholder in an event by its number.
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

/// Returns the first difference from the expected value.
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
    for line in crate::common::vectors("takeover.jsonl") {
        let name = line["name"].as_str().expect("a name").to_owned();
        if name.contains(&only) {
            // The reference implementation keeps nothing across a restart.
            let restarts =
                line["steps"].as_array().is_some_and(|steps| steps.iter().any(|step| step.get("restart").is_some()));
            let memories = if restarts { &[Memory::Bounded][..] } else { &[Memory::Model, Memory::Bounded] };
            for &memory in memories {
                let run = || {
                    let mut program = Program::new(&line, memory);
                    line["steps"].as_array().expect("steps").iter().for_each(|step| program.run(step));
                };
                if std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err() {
                    failed.push(format!("{memory:?}: {name}"));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} programs failed: {failed:#?}", failed.len());
}

#[test]
fn two_replays_are_the_same_to_the_byte() {
    let lines = crate::common::vectors("takeover.jsonl");
    let replay = || {
        let programs = lines.iter().step_by(5).map(|line| {
            let mut program = Program::new(line, Memory::Bounded);
            line["steps"].as_array().expect("steps").iter().for_each(|step| program.run(step));
            let signals = program.detector.signals(&native(&json!({"limit": 1000}))).unwrap();
            (json::to_string(&signals), program.detector.snapshot())
        });
        programs.collect::<Vec<_>>()
    };
    assert!(replay() == replay());
}

#[test]
fn snapshots_that_cannot_be_read_are_refused() {
    let mut program = Program::new(&json!({"name": "x"}), Memory::Bounded);
    let failure = json!({"event": "users.login.failure", "usr.login": "u{n}", "ip": "203.0.113.9"});
    program.run(&json!({"event": failure, "times": 40}));
    program.run(&json!({"call": "block", "with": [{"ip": "203.0.113.7"}], "is": {}}));
    let snapshot = program.detector.snapshot();
    let restore = |bytes: &[u8]| Detector::restore(options(0, Memory::Bounded), &[], bytes).err();
    assert_eq!(restore(&snapshot), None);
    assert_eq!(restore(b""), Some("this is no snapshot of account-takeover detection"));
    assert_eq!(restore(b"PK\x03\x04"), Some("this is no snapshot of account-takeover detection"));
    for at in (0..snapshot.len()).step_by(snapshot.len() / 200 + 1) {
        let mut damaged = snapshot.clone();
        damaged[at] ^= 1;
        assert!(restore(&damaged).is_some(), "byte {at}");
        assert!(restore(&snapshot[..at]).is_some(), "{at} bytes");
    }
}
