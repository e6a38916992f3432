//! The functions of an account-takeover detector, for bindings.

use super::args::{Args, Result};
use super::results::{map_of, texts};
use crate::builder::{Added, Builder};
use crate::config::Diagnostics;
use crate::config::document::TAKEOVER;
use crate::takeover::config::review;
use crate::takeover::{Assessment, Detector, Dropped, Export, Options, Verdict};
use crate::value::{Object, Value};

/// What is told of an error of ours.
const INTERNAL: &str = "internal error";
/// The default number of entries in a document of `export_rules_data`.
const CHUNK: usize = 50_000;

/// Creates a stand-alone detector from a map of settings:
///
/// * `config`: a document with the key `bartizan_ato`
/// * `clock`: `system` (the default), or `manual` for tests and replays: then `advance` moves it, and events bring
///   their own times
/// * `start_ms`: where a manual clock starts, in milliseconds since the epoch
/// * `service`, `env`: the service and environment of events that name none
///
/// Returns the detector, and a map with the `diagnostics` of the document.
///
/// # Errors
///
/// A message about a setting that is unknown or unusable.
pub fn new_detector(settings: &Object) -> Result<(Detector, Value)> {
    let settings = Args::of(settings)?;
    let detector = Detector::new(options(settings)?);
    Ok(configured(detector, settings))
}

/// Creates a detector that continues from the `snapshot` of another one, which [`call_detector`] returned.
///
/// # Errors
///
/// A message about a setting that is unknown or unusable, or about a snapshot that cannot be read.
pub fn restore_detector(settings: &Object, snapshot: &[u8]) -> Result<(Detector, Value)> {
    let settings = Args::of(settings)?;
    let config: Vec<_> = settings.object("config").map(|document| ("config", document)).into_iter().collect();
    let (detector, mut diagnostics) = Detector::restore(options(settings)?, &config, snapshot)?;
    Ok((detector, report(diagnostics.pop())))
}

fn options(settings: Args<'_>) -> Result<Options> {
    settings.only(&["config", "clock", "start_ms", "service", "env"])?;
    let service = settings.text("service")?.unwrap_or_default();
    let env = settings.text("env")?.unwrap_or_default();
    match settings.text("clock")?.as_deref() {
        None | Some("system") => Ok(Options::system(&service, &env)),
        Some("manual") => Ok(Options::manual(whole(settings, "start_ms")?.unwrap_or(0), &service, &env)),
        Some(other) => Err(format!("the setting `clock` must be `system` or `manual`, not `{other}`")),
    }
}

fn configured(detector: Detector, settings: Args<'_>) -> (Detector, Value) {
    let diagnostics = settings.object("config").map(|document| detector.apply("config", document));
    (detector, report(diagnostics))
}

/// What is told of the settings of a new detector.
fn report(diagnostics: Option<Diagnostics>) -> Value {
    map_of([("diagnostics", diagnostics.map_or_else(Value::map, |diagnostics| diagnostics.to_value()))])
}

/// Adds a configuration to a builder, or replaces one. If it has the key `bartizan_ato`, the diagnostics have this section
/// too: it is read together with those of the builder's other configurations, for [`Detector::apply_builder`].
pub fn add_config(builder: &mut Builder, path: &[u8], document: &Object) -> Added {
    let mut added = builder.add_or_update(path, document);
    if document.get(TAKEOVER.as_bytes()).is_some() {
        let said = review(builder, path);
        said.into_iter().for_each(|section| drop(added.diagnostics.sections.insert(TAKEOVER, section)));
    }
    added
}

/// The names of the functions that [`call_detector`] knows.
pub const DETECTOR_FUNCTIONS: [&str; 24] = [
    "event",
    "assess",
    "apply",
    "remove",
    "advance",
    "tick",
    "time",
    "signals",
    "signal",
    "resolve",
    "block",
    "unblock",
    "extend",
    "blocks",
    "audit",
    "health",
    "forget",
    "export_rules_data",
    "export",
    "define_cluster",
    "explore",
    "isolate",
    "snapshot",
    "unsubscribe",
];

/// Runs a function of a detector. The result is a map; `error` in it says that the function is unknown or an argument
/// unusable. An event or attempt never causes an error, as attackers influence its contents: the answer to an invalid one
/// has the reason in `dropped`, and it is counted.
///
/// | function | arguments | result |
/// |---|---|---|
/// | `event` | an event: `event`, `usr.login`, `ip`, ... (see `takeover::Event`) | `signals` (ids it affected), `opened`, `escalated`, perhaps `dropped` |
/// | `assess` | an attempt, with the same fields | `decision`, `score`, `reasons`, perhaps `dropped` |
/// | `apply` | `path`, `document` | `diagnostics` |
/// | `remove` | `path` | `removed` |
/// | `advance` | `to_ms` (manual clocks only) | nothing: advances the clock and does the work that becomes due |
/// | `tick` | | nothing: does pending work and delivers notifications |
/// | `time` | | `time_ms` |
/// | `signals` | `state`, `min_severity`, `service`, `rule`, `skip`, `limit` (100) | `signals`, newest first |
/// | `signal` | `id` | `signal`, or null |
/// | `resolve` | `id`, `how`: `closed`, `false_positive` or `confirmed` | `found` |
/// | `block` | `ip`, `cidr`, `user` or `session`; `seconds` or `permanent`; `mode`: `block` or `stealth`; `reason`, `signal` | `block` |
/// | `unblock` | `ip`, `cidr`, `user`, `session`, `signal`, `rule`, `kind` or `all` | `count` |
/// | `extend` | the same, and `seconds` from now or `permanent` | `count` |
/// | `blocks` | `skip`, `limit` (100) | `blocks`, newest first |
/// | `audit` | | `audit`: the latest changes of blocks, oldest first |
/// | `health` | | counters and findings about the events |
/// | `forget` | `user` or `ip` | nothing |
/// | `export_rules_data` | `max_chunk` (50,000) | `documents`: by path, null for one to remove |
/// | `export` | `id`, `file` | `data`: the whole file, or null without such a signal; [`export`] returns it in pieces |
/// | `define_cluster` | `signal`, `cluster` (a new id), `items`: a map from dimensions to values, as signals print them | `cluster` |
/// | `explore` | `signal`, `cluster`: its id, or a map of items | `hours`: `at`, `during` the attack or before, `logins`, `matches` |
/// | `isolate` | `signal` | `residual`, `present_before` by cluster |
/// | `snapshot` | | `snapshot`: bytes, to be kept secret |
/// | `unsubscribe` | `subscription`: the number from [`subscribe`](super::subscribe) | `found` |
pub fn call_detector(detector: &Detector, function: &str, arguments: &Object) -> Value {
    match function {
        "event" => verdict_value(detector.event(arguments)),
        "assess" => assessment_value(detector.assess(arguments)),
        _ => {
            let run = || Args::of(arguments).and_then(|args| dispatch(detector, function, args, arguments));
            let result = detector.guarded(|| Err(INTERNAL.into()), run);
            result.unwrap_or_else(|error| map_of([("error", error.into())]))
        }
    }
}

/// Returns a file about the signal `id`, in pieces; `None` without such a signal. `file` is `targeted_users.csv`, `ips.csv`,
/// `compromised.csv`, `events.csv`, `events.ndjson`, `clusters.json`, `rules.json` (a configuration that stands alone) or
/// `source_hint.json` (from where the attacker's list of logins may be).
///
/// # Errors
///
/// A message about an argument that is missing or unknown.
pub fn export(detector: &Detector, arguments: &Object) -> Result<Option<Export>> {
    let run = || {
        let args = Args::of(arguments)?;
        detector.export(&text(args, "id")?, &text(args, "file")?)
    };
    detector.guarded(|| Err(INTERNAL.into()), run)
}

fn dispatch(detector: &Detector, function: &str, args: Args<'_>, map: &Object) -> Result<Value> {
    let one = |name, value: Value| Ok(map_of([(name, value)]));
    if let Some(names) = argument_names(function) {
        args.only_arguments(names)?;
    }
    match function {
        "apply" => {
            let document = args.object("document").ok_or("the argument `document` must be given")?;
            one("diagnostics", detector.apply(&text(args, "path")?, document).to_value())
        }
        "remove" => one("removed", detector.remove(&text(args, "path")?).into()),
        "advance" => {
            let to_ms = whole(args, "to_ms")?.ok_or("the argument `to_ms` must be given")?;
            let advanced = detector.advance(to_ms);
            advanced.then(Value::map).ok_or_else(|| "only a manual clock can be advanced".into())
        }
        "tick" => {
            detector.tick();
            Ok(Value::map())
        }
        "time" => one("time_ms", detector.time_ms().into()),
        "signals" => one("signals", detector.signals(map)?),
        "signal" => one("signal", detector.signal(&text(args, "id")?).unwrap_or_else(Value::null)),
        "resolve" => one("found", detector.resolve(&text(args, "id")?, &text(args, "how")?)?.into()),
        "block" => one("block", detector.block(map)?),
        "unblock" => one("count", (detector.unblock(map)? as u64).into()),
        "extend" => one("count", (detector.extend(map, None)? as u64).into()),
        "blocks" => one("blocks", detector.blocks(map)?),
        "audit" => one("audit", detector.audit()),
        "health" => Ok(detector.health()),
        "forget" => detector.forget(map).map(|()| Value::map()),
        "export_rules_data" => {
            let chunk = whole(args, "max_chunk")?.map_or(CHUNK, |chunk| chunk as usize);
            one("documents", detector.export_rules_data(chunk))
        }
        "export" => {
            let pieces = export(detector, map)?.map(|pieces| pieces.flatten().collect::<Vec<u8>>());
            one("data", pieces.map_or_else(Value::null, |data| Value::from(&data[..])))
        }
        "define_cluster" => one("cluster", detector.define_cluster(map)?),
        "explore" => one("hours", detector.explore(map)?),
        "isolate" => detector.isolate(map),
        "snapshot" => one("snapshot", Value::from(&detector.snapshot()[..])),
        "unsubscribe" => {
            let number = whole(args, "subscription")?.ok_or("the argument `subscription` must be given")?;
            one("found", detector.unsubscribe(number).into())
        }
        _ => Err(format!("unknown function `{function}`")),
    }
}

/// The arguments of a function; `None` for functions that check theirs themselves.
fn argument_names(function: &str) -> Option<&'static [&'static str]> {
    Some(match function {
        "apply" => &["path", "document"],
        "remove" => &["path"],
        "advance" => &["to_ms"],
        "signal" => &["id"],
        "resolve" => &["id", "how"],
        "export_rules_data" => &["max_chunk"],
        "export" => &["id", "file"],
        "unsubscribe" => &["subscription"],
        "tick" | "time" | "audit" | "health" | "snapshot" => &[],
        _ => return None,
    })
}

fn verdict_value(verdict: std::result::Result<Verdict, Dropped>) -> Value {
    let (verdict, dropped) = verdict.map_or_else(|why| (Verdict::default(), Some(why)), |verdict| (verdict, None));
    let value = map_of([
        ("signals", texts(&verdict.signals)),
        ("opened", verdict.opened.into()),
        ("escalated", verdict.escalated.into()),
    ]);
    with_reason(value, dropped)
}

fn assessment_value(answer: std::result::Result<Assessment, Dropped>) -> Value {
    match answer {
        Ok(answer) => answer.to_value(),
        Err(why) => with_reason(Assessment::allow().to_value(), Some(why)),
    }
}

fn with_reason(mut answer: Value, dropped: Option<Dropped>) -> Value {
    dropped.into_iter().for_each(|why| answer.insert("dropped", why.message()));
    answer
}

fn text(args: Args<'_>, name: &str) -> Result<String> {
    args.text(name)?.map(String::from).ok_or_else(|| format!("the argument `{name}` must be given"))
}

/// Reads a non-negative number, without its fraction.
fn whole(args: Args<'_>, name: &str) -> Result<Option<u64>> {
    match args.number(name)? {
        Some(number) if number.is_nan() || number < 0.0 => Err(format!("the argument `{name}` must not be negative")),
        number => Ok(number.map(|number| number as u64)),
    }
}
