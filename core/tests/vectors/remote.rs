//! Batches of remote configuration: the builder calls they lead to, in order, and the reported states.

use crate::common::vectors;
use bartizan::remote::{BUNDLED_RULES, Batch, Loaded, Target, Updater};
use bartizan::value::{Object, Value, json};

/// Records the calls; a file with `fail` is refused.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Target for Recorder {
    fn add_or_update(&mut self, path: &str, content: &Object) -> Loaded {
        self.0.push(format!("add {}", short(path)));
        let Some(failure) = content.get(b"fail").and_then(Object::as_bytes) else {
            return Loaded { accepted: true, diagnostics: Value::map() };
        };
        let ids: Value = ["x"].into_iter().collect();
        let errors = Value::from_entries([("errors", Value::from_entries([(failure, ids)]))]);
        Loaded { accepted: false, diagnostics: Value::from_entries([("rules", errors)]) }
    }

    fn remove(&mut self, path: &str) -> bool {
        self.0.push(format!("remove {}", short(path)));
        true
    }

    fn rebuild(&mut self) -> Result<(), String> {
        self.0.push("build".into());
        Ok(())
    }
}

fn short(path: &str) -> &str {
    if path == BUNDLED_RULES { "BUNDLED" } else { path }
}

#[test]
fn batches() {
    for vector in vectors("remote.jsonl") {
        let mut target = Recorder::default();
        let mut updater = Updater::new(Value::map(), false, vector["enabled"].as_bool());
        updater.start(&mut target);
        for (index, batch) in vector["batches"].as_array().unwrap().iter().enumerate() {
            let report = updater.apply(&mut target, &read(batch));
            let states: Vec<_> =
                report.states.iter().map(|s| (s.path.as_str(), s.state as u8, s.error.as_str())).collect();
            let check = |key: &str, got: serde_json::Value| {
                if let Some(expected) = vector.get(key) {
                    assert_eq!(got, expected[index], "{key} of batch {index}, {}", vector["name"]);
                }
            };
            check("states", serde_json::json!(states));
            check("switched", serde_json::json!(report.switched));
            check("modes", serde_json::json!(updater.features().collection_mode()));
        }
        assert_eq!(serde_json::json!(target.0), vector["calls"], "{}", vector["name"]);
    }
}

#[test]
fn failures_are_counted_and_logged() {
    let mut updater = Updater::new(Value::map(), false, Some(true));
    let content = Value::from_entries([("fail", "bad regex")]);
    let batch = Batch { changed: vec![("datadog/2/ASM/cfg/name".into(), content)], ..Batch::default() };
    let report = updater.apply(&mut Recorder::default(), &batch);
    assert_eq!(report.config_errors, 1);
    assert_eq!(report.log[0].message, r#""bad regex": ["x"]"#);
    assert_eq!(report.log[0].tags, "log_type:rc::asm::diagnostic,appsec_config_key:rules,rc_config_id:cfg");
}

fn read(batch: &serde_json::Value) -> Batch {
    let strings = |key: &str| batch[key].as_array().cloned().unwrap_or_default();
    Batch {
        removed: strings("removed").iter().map(|path| path.as_str().unwrap().into()).collect(),
        changed: strings("changed")
            .iter()
            .map(|file| (file[0].as_str().unwrap().into(), json::parse(file[1].to_string().as_bytes()).unwrap()))
            .collect(),
    }
}
