//! The functions about remote configuration.

use super::args::{Args, Result};
use super::results::map_of;
use crate::remote::{Abilities, ApplyState, Batch, BatchReport};
use crate::value::{Object, Value, json};

/// The capabilities of this process.
pub(super) fn capabilities(args: Args<'_>) -> Result<Value> {
    let has = |name: &str| args.boolean(name).unwrap_or(false);
    let abilities = Abilities {
        remotely_switched: has("remotely_switched"),
        engine_on: has("engine_on"),
        local_rules: has("local_rules"),
        exploit_prevention: has("exploit_prevention"),
        user_tracking: has("user_tracking"),
        extended_collection: has("extended_collection"),
    };
    Ok(map_of([("bits", abilities.bits().into()), ("encoded", abilities.encode().into())]))
}

/// Reads a batch: `removed` is an array of paths, `changed` an array of `[path, content]`, where the content is a value
/// or its JSON text. Content that cannot be parsed becomes null, which the engine refuses with its own message.
pub fn read_batch(batch: &Object) -> std::result::Result<Batch, String> {
    let args = Args::of(batch)?;
    let text = |object: &Object| object.as_bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let mut read = Batch::default();
    for path in args.array("removed")? {
        read.removed.push(text(path).ok_or("a removed path must be a string")?);
    }
    for file in args.array("changed")? {
        let [path, content] = file.as_array().unwrap_or_default() else {
            return Err("a changed file must be [path, content]".into());
        };
        let content = match content.as_bytes() {
            Some(document) => json::parse(document).unwrap_or_default(),
            None => content.to_value(),
        };
        read.changed.push((text(path).ok_or("a changed path must be a string")?, content));
    }
    Ok(read)
}

/// A report as a map: `states` (each `path`, `state`, `error`), `built` (true, or the error), `switched`,
/// `config_errors`, `diagnostics` (by path, then by section, with `warnings`) and `log` (each `error`, `message`,
/// `tags`).
pub fn report_value(report: &BatchReport) -> Value {
    let states = report.states.iter().map(|state| {
        let number: u64 = match state.state {
            ApplyState::Acknowledged => 2,
            ApplyState::Error => 3,
        };
        map_of([("path", (&state.path).into()), ("state", number.into()), ("error", (&state.error).into())])
    });
    let log = report.log.iter().map(|line| {
        map_of([("error", line.error.into()), ("message", (&line.message).into()), ("tags", (&line.tags).into())])
    });
    map_of([
        ("states", states.collect()),
        (
            "built",
            match &report.built {
                None => Value::null(),
                Some(Ok(())) => true.into(),
                Some(Err(error)) => error.into(),
            },
        ),
        ("switched", report.switched.map_or_else(Value::null, Value::from)),
        ("config_errors", (report.config_errors as u64).into()),
        ("diagnostics", Value::from_entries(report.diagnostics.iter().map(|(path, said)| (path, said.to_value())))),
        ("log", log.collect()),
    ])
}
