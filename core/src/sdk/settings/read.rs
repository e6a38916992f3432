//! From a map of settings to those of [`protect`](crate::protect).

use super::super::args::Args;
use super::super::engine_error::EngineError;
use super::super::http;
use super::super::results::map_of;
use super::super::users::float_style;
use super::table::{Environment, in_terms_of_variables};
use crate::config::Diagnostics;
use crate::http::Proxies;
use crate::http::inbound::{Limits, Room};
use crate::http::pages::Templates;
use crate::http::rate::TraceLimiter;
use crate::http::sampling::SchemaSampler;
use crate::protect::{AllowList, Allowance, Exclusion, Mode, OnIncomplete, ServiceSettings, Settings, UnknownMode};
use crate::users::mode::ModeSettings;
use crate::users::text::utf8;
use crate::value::{Object, Value, View, json};
use std::borrow::Cow;
use std::time::Duration;

/// The settings as given, and what the environment says of the others.
#[derive(Clone, Copy)]
pub(in crate::sdk) struct Both<'a> {
    pub args: Args<'a>,
    pub found: Args<'a>,
}

impl<'a> Both<'a> {
    /// Where this setting is.
    fn of(self, name: &str) -> Args<'a> {
        if self.found.object(name).is_some() { self.found } else { self.args }
    }
}

pub(in crate::sdk) fn read(
    both: Both<'_>,
    environment: Environment<'_>,
    warnings: &mut Vec<String>,
) -> Result<Settings, EngineError> {
    let modes = ModeSettings::read(|name| environment.get(name), warnings);
    let (settings, local) = rules(both)?;
    let settings = match both.of("timeout_us").number("timeout_us")? {
        Some(timeout) if timeout.is_nan() || timeout < 1.0 => {
            return Err("the setting `timeout_us` must be at least 1".into());
        }
        Some(timeout) => settings.budget(Duration::from_micros(timeout as u64)),
        None => settings,
    };
    let settings = match both.of("takeover").object("takeover").map(Object::view) {
        None => settings,
        Some(View::Bool(takeover)) => settings.takeover(takeover),
        Some(View::Map(_)) => {
            settings.takeover_document(both.args.object("takeover").map_or_else(Value::null, Object::to_value))
        }
        Some(_) => return Err("the setting `takeover` must be true, false or a map".into()),
    };
    let settings = match both.args.object("takeover_snapshot").map(Object::as_bytes) {
        None => settings,
        Some(Some(snapshot)) => settings.takeover_snapshot(snapshot),
        Some(None) => return Err("the setting `takeover_snapshot` must be bytes".into()),
    };
    let settings = match clock(both.args)? {
        Some(start_ms) => settings.manual_clock(start_ms),
        None => settings,
    };
    let settings = allowed(both, settings)?;
    let mut settings = settings.block_pages(pages(both, warnings)?);
    let named = both.found.text("exclusions")?.map(|text| exclusions_of_variable(&text)).transpose()?;
    let exclusions = match &named {
        Some(exclusions) => exclusions.as_array().unwrap_or_default(),
        None => both.args.array("exclusions")?,
    };
    for exclusion in exclusions {
        let read = Args::of(exclusion).map_err(|_| "it must be a map".into()).and_then(read_exclusion);
        let wrong = |reason| format!("the setting `exclusions` has an entry that cannot be used: {reason}");
        settings = settings.exclude(read.map_err(wrong)?);
    }
    let text = |name: &str| -> Result<Option<String>, String> { Ok(both.of(name).text(name)?.map(String::from)) };
    let size = |name: &str| http::size(both.of(name), name);
    let default = Limits::default();
    let limits = Limits {
        body: size("body_limit")?.unwrap_or(default.body),
        decompressed: size("decompressed_limit")?.unwrap_or(default.decompressed),
    };
    Ok(settings
        .mode(choice(both, "mode", Mode::default(), |mode| {
            mode.parse().map_err(|error: UnknownMode| error.to_string())
        })?)
        .named(text("service")?.unwrap_or_default(), text("env")?.unwrap_or_default())
        .local_rules(both.args.flag("local_rules")?.unwrap_or(local))
        .enabled(enabled(both)?)
        .modes(modes)
        .floats(float_style(&both.args.text("host")?.unwrap_or_default()))
        .propagate(both.of("propagate").flag("propagate")?.unwrap_or(false))
        .on_incomplete(choice(both, "on_incomplete", OnIncomplete::Pass, |choice| match choice {
            "pass" => Ok(OnIncomplete::Pass),
            "block" => Ok(OnIncomplete::Block),
            other => Err(format!("must be `pass` or `block`, not `{other}`")),
        })?)
        .log_rate(both.of("log_rate_limit").number("log_rate_limit")?.map_or(Settings::LOG_RATE, |rate| rate as i64))
        .obfuscator(text("obfuscator_key_regex")?, text("obfuscator_value_regex")?)
        .bodies(limits, size("bodies_limit")?.unwrap_or(Room::DEFAULT))
        .service(read_service(both)?))
}

/// A setting that is one of a few words.
fn choice<T>(both: Both<'_>, name: &str, default: T, read: impl Fn(&str) -> Result<T, String>) -> Result<T, String> {
    let Some(text) = both.of(name).text(name)? else { return Ok(default) };
    read(&text).map_err(|error| format!("the setting `{name}` {error}"))
}

/// On unless the settings or the environment say otherwise; null leaves it to remote configuration.
fn enabled(both: Both<'_>) -> Result<Option<bool>, String> {
    if both.found.object("enabled").is_some() {
        return both.found.flag("enabled");
    }
    if both.args.has("enabled") { both.args.flag("enabled") } else { Ok(Some(true)) }
}

/// The rules, and whether an operator chose them for the process.
fn rules(both: Both<'_>) -> Result<(Settings, bool), EngineError> {
    if let Some(path) = both.found.text("rules")? {
        return Ok((Settings::new(read_rules(path.as_bytes())?), true));
    }
    Ok(match both.args.object("rules").map(|rules| (rules, rules.as_bytes())) {
        None => (Settings::builtin(), false),
        Some((_, Some(text))) => (Settings::new(read_rules(text)?), false),
        Some((rules, None)) => (Settings::new(rules.to_value()), false),
    })
}

/// Rules as JSON, or from the file of a path: what does not begin like a map is a path.
pub(in crate::sdk) fn read_rules(text: &[u8]) -> Result<Value, EngineError> {
    let refused =
        |error: String| EngineError::Rules(Box::new(Diagnostics { error: Some(error), ..Diagnostics::default() }));
    let is_json =
        text.trim_ascii_start().starts_with(b"{") || text.starts_with(b"\xef\xbb\xbf") || text.contains(&b'\n');
    if is_json {
        return json::parse(text).map_err(|reason| refused(format!("they are no JSON ({reason})")));
    }
    let path = utf8(text);
    let read = std::fs::read(&*path).map_err(|error| refused(format!("the file `{path}` cannot be read: {error}")))?;
    json::parse(&read).map_err(|reason| refused(format!("the file `{path}` is no JSON ({reason})")))
}

fn allowed(both: Both<'_>, settings: Settings) -> Result<Settings, String> {
    let allowance = choice(both, "allow_mode", Allowance::default(), |choice| match choice {
        "bypass" => Ok(Allowance::Bypass),
        "monitor" => Ok(Allowance::Monitor),
        other => Err(format!("must be `bypass` or `monitor`, not `{other}`")),
    })?;
    let networks = both.of("allow").texts("allow")?;
    if networks.is_empty() {
        return Ok(settings);
    }
    let list = AllowList::new(&networks, allowance)
        .map_err(|error| format!("the setting `allow` has an entry that is {error}"))?;
    Ok(settings.allow(list))
}

/// The pages for blocked clients. A path that the environment names and that cannot be read is a warning.
fn pages(both: Both<'_>, warnings: &mut Vec<String>) -> Result<Templates<'static>, String> {
    let mut page = |name: &str, begins: char| -> Result<Option<Cow<'static, str>>, String> {
        let Some(text) = both.of(name).text(name)? else { return Ok(None) };
        let named = both.found.object(name).is_some();
        if !named && (text.is_empty() || text.trim_start().starts_with(begins)) {
            return Ok(Some(Cow::Owned(text.into_owned())));
        }
        match std::fs::read_to_string(&*text) {
            Ok(page) => Ok(Some(Cow::Owned(page))),
            Err(error) => {
                let message = format!("the setting `{name}` names the file `{text}`, which cannot be read: {error}");
                if !named {
                    return Err(message);
                }
                warnings.push(in_terms_of_variables(message, &map_of([(name, true.into())])));
                Ok(None)
            }
        }
    };
    Ok(Templates::with(page("block_page_html", '<')?, page("block_page_json", '{')?, page("block_page_graphql", '{')?))
}

/// The list of exclusions that a variable has, or the file that it names.
fn exclusions_of_variable(text: &str) -> Result<Value, String> {
    let wrong = |reason: String| {
        format!("the setting `exclusions` must be a list in JSON, or the path of a file with one: {reason}")
    };
    let file;
    let document = match text.starts_with(['[', '{']) {
        true => text.as_bytes(),
        false => {
            file = std::fs::read(text).map_err(|error| wrong(format!("the file `{text}` cannot be read: {error}")))?;
            &file
        }
    };
    let list = json::parse(document).map_err(|reason| wrong(format!("this is no JSON ({reason})")))?;
    if list.as_array().is_some() { Ok(list) } else { Err(wrong("this is no list".into())) }
}

/// `rule`, `type`, `path`, `parameter`, `header` and `cookie`; the parts of a nested parameter are an array.
pub(in crate::sdk) fn read_exclusion(args: Args<'_>) -> Result<Exclusion, String> {
    args.only_arguments(&["rule", "type", "path", "parameter", "header", "cookie"])?;
    let mut exclusion = Exclusion::new();
    for (name, add) in [
        ("rule", (|exclusion, text| exclusion.rule(text)) as fn(Exclusion, String) -> Exclusion),
        ("type", |exclusion, text| exclusion.type_of(text)),
        ("header", |exclusion, text| exclusion.header(text)),
        ("cookie", |exclusion, text| exclusion.cookie(text)),
    ] {
        for text in args.one_or_more(name)? {
            exclusion = add(exclusion, text);
        }
    }
    if let Some(path) = args.text("path")? {
        exclusion = exclusion.path(path);
    }
    let keys = args.one_or_more("parameter")?;
    Ok(if keys.is_empty() { exclusion } else { exclusion.nested_parameter(keys) })
}

fn read_service(both: Both<'_>) -> Result<ServiceSettings, String> {
    let number = |name: &str| both.of(name).number(name);
    let mut proxies = Proxies::default();
    if let Some(name) = both.of("client_ip_header").text("client_ip_header")? {
        proxies = proxies.with_header(&name).map_err(|error| error.to_string())?;
    }
    if both.of("trusted_proxies").object("trusted_proxies").is_some() {
        let networks = both.of("trusted_proxies").texts("trusted_proxies")?;
        proxies = proxies.with_trusted(&networks).map_err(|error| error.to_string())?;
    }
    Ok(ServiceSettings::new()
        .trace_rate_limit(number("trace_rate_limit")?.map_or(TraceLimiter::DEFAULT_RATE, |rate| rate as i64))
        .schema_delay(number("schema_delay")?.unwrap_or(SchemaSampler::DEFAULT_DELAY))
        .proxies(proxies))
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
