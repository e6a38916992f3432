//! The functions of an engine.

use super::args::Args;
use super::engine_error::EngineError;
use super::remote::{read_batch, report_value};
use super::results::{map_of, texts};
use super::service::call_service;
use super::settings::{
    Both, Environment, from_environment, in_terms_of_variables, names, read, read_exclusion, read_rules,
};
use crate::config::Warning;
use crate::protect::{Applied, Engine, Settings};
use crate::value::{Object, Value};
use std::sync::Arc;

/// An engine configured by a map of [`SETTINGS`](super::SETTINGS), which the environment completes.
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
    let args = Args::of(settings)?;
    args.only(&names())?;
    let environment = Environment::of(args)?;
    let found = from_environment(settings, environment, &mut warnings)?;
    let read = read(Both { args, found: Args::of(&found)? }, environment, &mut warnings);
    let read = read.map_err(|error| match error {
        EngineError::Setting(message) => EngineError::Setting(in_terms_of_variables(message, &found)),
        other => other,
    })?;
    let (engine, applied) = Engine::with_report(read)?;
    warnings.extend(engine.doubts_about_exclusions(None).iter().map(Warning::to_string));
    let diagnostics = engine.diagnostics().to_value_with_warnings();
    let said = [("warnings", texts(&warnings)), ("report", applied_value(&applied)), ("diagnostics", diagnostics)];
    let mut said = map_of(said);
    if takeover.is_some_and(Object::is_map) {
        said.insert("takeover_diagnostics", engine.takeover_diagnostics().to_value());
    }
    Ok((engine, said))
}

/// Runs a function: `apply_remote` with a batch (`removed`: paths, `changed`: `[path, content]`) returns the states to
/// report; `products` the products to subscribe to; `mode` the collection mode in force; `config_warnings` the result
/// of [`Engine::warnings`]; any other function is one of [`call_service`]. An operator of the process calls
///
/// * `metrics` for the numbers as a map, and `prometheus` for them as `text`
/// * `reload` with `rules` (as in the settings; the built-in ones without it), which returns their `diagnostics`
/// * `update` with `path` and `document`, which returns `accepted` and `diagnostics`, and `remove` with `path`, which returns
///   `removed`
/// * `exclude` with `rule`, `type`, `path`, `parameter`, `header` or `cookie`, which returns the `id` for `include`, and
///   `warnings`, such as about a rule that does not exist; `include` returns `found`
pub fn call_engine(engine: &Engine, function: &str, arguments: &Object) -> Value {
    match function {
        "apply_remote" => match read_batch(arguments) {
            Ok(batch) => applied_value(&engine.apply_remote(&batch)),
            Err(error) => map_of([("error", error.into())]),
        },
        "products" => map_of([("products", engine.products().iter().map(|product| product.name()).collect())]),
        "config_warnings" => map_of([("config_warnings", engine.warnings().iter().map(Warning::to_value).collect())]),
        "mode" => map_of([("mode", engine.mode().name().into())]),
        "metrics" => map_of([("metrics", engine.metrics())]),
        "prometheus" => map_of([("text", engine.prometheus().into())]),
        "reload" | "update" | "remove" | "exclude" | "include" => {
            let changed = Args::of(arguments).and_then(|args| change(engine, function, args));
            changed.unwrap_or_else(|error| map_of([("error", error.into())]))
        }
        _ => call_service(engine.service(), function, arguments),
    }
}

fn change(engine: &Engine, function: &str, args: Args<'_>) -> Result<Value, String> {
    let path = || args.text("path")?.ok_or_else(|| "the argument `path` must be given".to_string());
    Ok(match function {
        "reload" => {
            args.only_arguments(&["rules"])?;
            let rules = match args.object("rules").map(|rules| (rules, rules.as_bytes())) {
                None => Settings::builtin_rules(),
                Some((_, Some(text))) => read_rules(text).map_err(|error| error.to_string())?,
                Some((rules, None)) => rules.to_value(),
            };
            let added = engine.reload(rules).map_err(|error| error.to_string())?;
            map_of([("diagnostics", added.diagnostics.to_value_with_warnings())])
        }
        "update" => {
            args.only_arguments(&["path", "document"])?;
            let document = args.object("document").ok_or("the argument `document` must be given")?;
            let loaded = match document.as_bytes() {
                None => engine.update(&path()?, document),
                Some(text) => engine.update(&path()?, &*read_rules(text).map_err(|error| error.to_string())?),
            };
            map_of([("accepted", loaded.accepted.into()), ("diagnostics", loaded.diagnostics)])
        }
        "remove" => map_of([("removed", engine.remove(&path()?).into())]),
        "exclude" => {
            let id = engine.exclude(&read_exclusion(args)?).map_err(|error| error.to_string())?;
            let warnings = engine.doubts_about_exclusions(Some(&id));
            map_of([("id", id.into()), ("warnings", warnings.iter().map(Warning::to_string).collect())])
        }
        _ => map_of([("found", engine.include(&args.text("id")?.unwrap_or_default()).into())]),
    })
}

fn applied_value(applied: &Applied) -> Value {
    let mut value = report_value(&applied.report);
    value.insert("warnings", texts(&applied.warnings));
    value
}
