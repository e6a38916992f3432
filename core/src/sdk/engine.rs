//! The functions of an engine.

use super::args::Args;
use super::http;
use super::remote::{read_batch, report_value};
use super::results::{map_of, texts};
use super::service::{SERVICE_SETTINGS, call_service, read_settings};
use super::users::float_style;
use crate::config::{Diagnostics, Warning};
use crate::http::inbound::Room;
use crate::protect::{Applied, Engine, Error, Mode, OnIncomplete, Settings};
use crate::users::mode::ModeSettings;
use crate::value::{Object, Value, View};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The environment variable with the name of the header for the client's address.
const CLIENT_IP_HEADER: &str = "DD_TRACE_CLIENT_IP_HEADER";

/// Why an engine could not be made.
#[derive(Debug)]
pub enum EngineError {
    /// A setting is unknown or missing, or cannot be used.
    Setting(String),
    /// The rules cannot be used.
    Rules(Box<Diagnostics>),
}

impl EngineError {
    /// The map for callers: `error`, and `diagnostics` (with `warnings`) if it is about the rules.
    pub fn to_value(&self) -> Value {
        let mut value = map_of([("error", self.to_string().into())]);
        if let EngineError::Rules(diagnostics) = self {
            value.insert("diagnostics", diagnostics.to_value_with_warnings());
        }
        value
    }
}

impl From<String> for EngineError {
    fn from(setting: String) -> Self {
        EngineError::Setting(setting)
    }
}

impl From<&str> for EngineError {
    fn from(setting: &str) -> Self {
        EngineError::Setting(setting.into())
    }
}

impl From<Error> for EngineError {
    fn from(error: Error) -> Self {
        match error {
            Error::Rules(diagnostics) => EngineError::Rules(diagnostics),
            Error::Exclusion(error) => EngineError::Setting(error.to_string()),
        }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::Setting(message) => f.write_str(message),
            EngineError::Rules(diagnostics) => write!(f, "the rules cannot be used: {diagnostics}"),
        }
    }
}

impl std::error::Error for EngineError {}

/// The names of the settings of an engine, beside [`SERVICE_SETTINGS`].
pub const ENGINE_SETTINGS: [&str; 18] = [
    "rules",
    "mode",
    "local_rules",
    "enabled",
    "environment",
    "timeout_us",
    "host",
    "propagate",
    "on_incomplete",
    "body_limit",
    "decompressed_limit",
    "bodies_limit",
    "takeover",
    "takeover_snapshot",
    "clock",
    "start_ms",
    "service",
    "env",
];

/// An engine configured by a map:
///
/// * `rules`: the ruleset, as a value or as JSON text; the built-in rules without it; `local_rules`: true if an operator chose it, which excludes
///   remote configuration
/// * `mode`: `monitor` (the default: rules report, while denylists block) or `block`; else the variable `BARTIZAN_MODE`
/// * `enabled`: true, false, or nothing to let remote configuration decide
/// * `environment`: a map of environment variables, in place of those of the process: those of the collection mode, and
///   those that stand in for settings (`DD_TRACE_CLIENT_IP_HEADER` for `client_ip_header`)
/// * `timeout_us`, `host` (`python` or `javascript`), `propagate`
/// * those of a service: `trace_rate_limit`, `schema_delay`, `client_ip_header`, `trusted_proxies`
/// * `takeover`: false turns the detection of account takeover off; a map is what it is to do, a document with the key
///   `bartizan_ato` (see `core/rules/takeover/CONFIGURATION.md`)
/// * `takeover_snapshot`: the bytes from which detection continues, the result of `snapshot` of an engine's detector; if they
///   cannot be read, it starts empty, and the `warnings` of the report say why
/// * `clock`: `system` (the default), or `manual` for tests: then time stands still at `start_ms` (in milliseconds since the
///   epoch) until the function `advance` of the engine's detector moves it
/// * `service`, `env`: the names that signals have, else those of `DD_SERVICE` and `DD_ENV` in the `environment`
/// * `body_limit`: bytes of a request's body that are held and read (1 MiB), `decompressed_limit`: what they may be
///   decompressed (4 MiB), `bodies_limit`: what all bodies may take at a time (64 MiB)
/// * `on_incomplete`: `pass` (the default) or `block`: what becomes of a request that was not inspected completely
///
/// Returns beside it `warnings` about settings, the `report` of the first batch, and the `diagnostics` of the rules with their
/// own `warnings`; `takeover_diagnostics` where the settings bring a document about takeover.
///
/// # Errors
///
/// A setting that is unknown or cannot be used, or a ruleset without a usable rule, whether the engine is on or not.
pub fn new_engine(settings: &Object) -> Result<(Arc<Engine>, Value), EngineError> {
    let mut warnings = Vec::new();
    let takeover = settings.get(b"takeover");
    let (engine, applied) = Engine::with_report(read(Args::of(settings)?, &mut warnings)?)?;
    let diagnostics = engine.diagnostics().to_value_with_warnings();
    let said = [("warnings", texts(&warnings)), ("report", applied_value(&applied)), ("diagnostics", diagnostics)];
    let mut said = map_of(said);
    if takeover.is_some_and(Object::is_map) {
        said.insert("takeover_diagnostics", engine.takeover_diagnostics().to_value());
    }
    Ok((engine, said))
}

fn read(args: Args<'_>, warnings: &mut Vec<String>) -> Result<Settings, EngineError> {
    args.only(&[&ENGINE_SETTINGS[..], &SERVICE_SETTINGS].concat())?;
    let environment = args.map("environment")?;
    let variable = |name: &str| match environment {
        Some(variables) => variables.non_empty(name).map(String::from),
        None => std::env::var(name).ok().filter(|text| !text.is_empty()),
    };
    let service = read_settings(args, variable(CLIENT_IP_HEADER).as_deref())?;
    let modes = ModeSettings::read(variable, warnings);
    let settings = match args.object("rules").map(|rules| (rules, rules.as_bytes())) {
        None => Settings::builtin(),
        Some((_, Some(text))) => Settings::from_json(text)?,
        Some((rules, None)) => Settings::new(rules.to_value()),
    };
    let settings = match args.number("timeout_us")? {
        Some(timeout) if timeout.is_nan() || timeout < 1.0 => {
            return Err("the setting `timeout_us` must be at least 1".into());
        }
        Some(timeout) => settings.budget(Duration::from_micros(timeout as u64)),
        None => settings,
    };
    let on_incomplete = match args.text("on_incomplete")?.as_deref() {
        None | Some("pass") => OnIncomplete::Pass,
        Some("block") => OnIncomplete::Block,
        Some(other) => {
            return Err(format!("the setting `on_incomplete` must be `pass` or `block`, not `{other}`").into());
        }
    };
    let settings = match args.object("takeover").map(Object::view) {
        None => settings,
        Some(View::Bool(takeover)) => settings.takeover(takeover),
        Some(View::Map(_)) => {
            settings.takeover_document(args.object("takeover").map_or_else(Value::null, Object::to_value))
        }
        Some(_) => return Err("the setting `takeover` must be true, false or a map".into()),
    };
    let settings = match args.object("takeover_snapshot").map(Object::as_bytes) {
        None => settings,
        Some(Some(snapshot)) => settings.takeover_snapshot(snapshot),
        Some(None) => return Err("the setting `takeover_snapshot` must be bytes".into()),
    };
    let settings = match clock(args)? {
        Some(start_ms) => settings.manual_clock(start_ms),
        None => settings,
    };
    let name = |setting: &str, named: &str| -> Result<String, String> {
        Ok(args.text(setting)?.map(String::from).or_else(|| variable(named)).unwrap_or_default())
    };
    Ok(settings
        .mode(mode(args, variable(Mode::VARIABLE))?)
        .named(name("service", "DD_SERVICE")?, name("env", "DD_ENV")?)
        .local_rules(args.flag("local_rules")?.unwrap_or(false))
        .enabled(args.flag("enabled")?)
        .modes(modes)
        .floats(float_style(&args.text("host")?.unwrap_or_default()))
        .propagate(args.flag("propagate")?.unwrap_or(false))
        .on_incomplete(on_incomplete)
        .bodies(http::body_limits(args)?, http::size(args, "bodies_limit")?.unwrap_or(Room::DEFAULT))
        .service(service))
}

/// The mode by the settings, or else by its variable.
fn mode(args: Args<'_>, variable: Option<String>) -> Result<Mode, String> {
    let setting = args.text("mode")?.map(|mode| mode.parse().map_err(|error| format!("the setting `mode` {error}")));
    let variable =
        || variable.map(|mode| mode.parse().map_err(|error| format!("the variable `{}` {error}", Mode::VARIABLE)));
    setting.or_else(variable).unwrap_or(Ok(Mode::default()))
}

/// Where a manual clock starts, if the settings ask for one.
fn clock(args: Args<'_>) -> Result<Option<u64>, String> {
    let start_ms = args.number("start_ms")?.map_or(0, |start_ms| start_ms as u64);
    match args.text("clock")?.as_deref() {
        None | Some("system") => Ok(None),
        Some("manual") => Ok(Some(start_ms)),
        Some(other) => Err(format!("the setting `clock` must be `system` or `manual`, not `{other}`")),
    }
}

/// Runs a function: `apply_remote` with a batch (`removed`: paths, `changed`: `[path, content]`) returns the states to
/// report; `products` the products to subscribe to; `mode` the collection mode in force; `config_warnings` the result
/// of [`Engine::warnings`]; any other function is one of [`call_service`].
pub fn call_engine(engine: &Engine, function: &str, arguments: &Object) -> Value {
    match function {
        "apply_remote" => match read_batch(arguments) {
            Ok(batch) => applied_value(&engine.apply_remote(&batch)),
            Err(error) => map_of([("error", error.into())]),
        },
        "products" => map_of([("products", engine.products().iter().map(|product| product.name()).collect())]),
        "config_warnings" => map_of([("config_warnings", engine.warnings().iter().map(Warning::to_value).collect())]),
        "mode" => map_of([("mode", engine.mode().name().into())]),
        _ => call_service(engine.service(), function, arguments),
    }
}

fn applied_value(applied: &Applied) -> Value {
    let mut value = report_value(&applied.report);
    value.insert("warnings", texts(&applied.warnings));
    value
}
