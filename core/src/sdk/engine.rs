//! A process: the current instance, its configuration, and what is remembered between requests.

use super::args::{Args, Result};
use super::remote::{read_batch, report_value};
use super::users::Defaults;
use super::{Request, Service, map_of, texts};
use crate::config::action::default_block;
use crate::remote::{Loaded, Target, Updater};
use crate::report::{Incomplete, ReportedAction};
use crate::support::fork::Versioned;
use crate::support::{Ids, Occasional, RandomIds};
use crate::users::mode::{CollectionMode, ModeSettings};
use crate::value::{Object, Value, json};
use crate::{Builder, Waf};
use std::sync::Arc;
use std::time::Duration;

/// The configuration that lets this crate block by itself: rules over addresses that only it submits, with the action
/// `block` as it is configured at the time. So a user or an address blocked at run time is reported like any other match;
/// that they are blocked does not depend on it (see `Request::refuse`).
const OWN_PATH: &str = "bartizan/own";
const OWN_RULES: &str = r#"{"version": "2.2", "rules": [
    {"id": "bartizan-block-user", "name": "Block users at run time", "on_match": ["block"],
     "tags": {"type": "block_user", "category": "security_response"},
     "conditions": [{"operator": "match_regex", "parameters": {"regex": ".+", "inputs": [{"address": "bartizan.blocked.user"}]}}]},
    {"id": "bartizan-block-ip", "name": "Block IP addresses at run time", "on_match": ["block"],
     "tags": {"type": "block_ip", "category": "security_response"},
     "conditions": [{"operator": "match_regex", "parameters": {"regex": ".+", "inputs": [{"address": "bartizan.blocked.ip"}]}}]},
    {"id": "bartizan-block-request", "name": "Block a request on demand", "on_match": ["block"],
     "tags": {"type": "block_request", "category": "security_response"},
     "conditions": [{"operator": "exists", "parameters": {"inputs": [{"address": "bartizan.blocked.request"}]}}]},
    {"id": "bartizan-block-incomplete", "name": "Block requests that were not inspected completely", "on_match": ["block"],
     "tags": {"type": "block_incomplete", "category": "security_response"},
     "conditions": [{"operator": "match_regex", "parameters": {"regex": ".+", "inputs": [{"address": "bartizan.blocked.incomplete"}]}}]}]}"#;

/// At most so often a line of the log says that requests were not inspected completely.
const SECONDS_BETWEEN_LINES: u64 = 60;

/// The variable that names the header with the client's address.
const CLIENT_IP_HEADER: &str = "DD_TRACE_CLIENT_IP_HEADER";

/// What becomes of a request that was not inspected completely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnIncomplete {
    /// It goes on, and is reported.
    #[default]
    Pass,
    /// It ends, as if a rule with the action `block` had matched.
    Block,
}

/// The engine of a process: built from local rules, changed by remote configuration, shared by all requests.
pub struct Engine {
    state: Versioned<State>,
    service: Service,
    modes: ModeSettings,
    budget: Duration,
    host: String,
    propagate: bool,
    on_incomplete: OnIncomplete,
    incomplete_lines: Occasional,
}

/// What a batch of remote configuration changes. Requests look at the second half.
#[derive(Clone)]
struct State {
    updater: Updater,
    builder: Builder,
    waf: Option<Waf>,
    mode: CollectionMode,
}

impl Engine {
    /// The names of the settings of an engine, beside [`Service::SETTINGS`].
    pub const SETTINGS: [&str; 8] =
        ["rules", "local_rules", "enabled", "environment", "timeout_us", "host", "propagate", "on_incomplete"];

    /// An engine configured by a map:
    ///
    /// * `rules`: the ruleset, as a value or as JSON text; `local_rules`: true when an operator chose it, which keeps remote
    ///   configuration away
    /// * `enabled`: true, false, or nothing for "until remote configuration says so"
    /// * `environment`: a map with the variables of the collection mode, and `DD_TRACE_CLIENT_IP_HEADER`, which stands in for
    ///   `client_ip_header`
    /// * `timeout_us`, `host` (`python` or `javascript`), `propagate`
    /// * those of a [`Service`]: `trace_rate_limit`, `schema_delay`, `client_ip_header`, `trusted_proxies`
    /// * `on_incomplete`: `pass` (the default) or `block`: what becomes of a request that was not inspected completely
    ///
    /// A setting of any other name is an error. Returns what was wrong beside it: warnings about settings and the report on the rules.
    pub fn new(settings: &Object) -> Result<(Arc<Self>, Value)> {
        let args = Args::of(settings)?;
        args.only(&[&Self::SETTINGS[..], &Service::SETTINGS].concat())?;
        let mut warnings = Vec::new();
        let environment = args.map("environment")?;
        let variable = |name: &str| environment.and_then(|variables| variables.non_empty(name)).map(String::from);
        let service = Service::read(args, variable(CLIENT_IP_HEADER).as_deref())?;
        let modes = ModeSettings::read(variable, &mut warnings);
        let rules = args.object("rules").ok_or("the argument `rules` must be given")?;
        let rules = match rules.as_bytes() {
            Some(text) => json::parse(text).map_err(|error| format!("the rules are no JSON: {error:?}"))?,
            None => rules.to_value(),
        };
        let local_rules = args.boolean("local_rules").unwrap_or(false);
        let mut state = State {
            updater: Updater::new(rules, local_rules, args.boolean("enabled")),
            builder: Builder::new(),
            waf: None,
            mode: CollectionMode::Disabled,
        };
        if let Ok(own) = json::parse(OWN_RULES.as_bytes()) {
            state.builder.add_or_update(OWN_PATH.as_bytes(), &own);
        }
        let timeout = args.number("timeout_us")?.filter(|timeout| *timeout >= 1.0);
        let engine = Self {
            state: Versioned::new(state),
            service,
            modes,
            budget: Duration::from_micros(
                timeout.map_or(crate::http::settings::DEFAULT_TIMEOUT, |timeout| timeout as u64),
            ),
            host: args.text("host")?.unwrap_or_default().into_owned(),
            propagate: args.boolean("propagate").unwrap_or(false),
            on_incomplete: match args.text("on_incomplete")?.as_deref() {
                None | Some("pass") => OnIncomplete::Pass,
                Some("block") => OnIncomplete::Block,
                Some(other) => {
                    return Err(format!("the setting `on_incomplete` must be `pass` or `block`, not `{other}`"));
                }
            },
            incomplete_lines: Occasional::every(SECONDS_BETWEEN_LINES),
        };
        let report = engine.change(|updater, target| updater.start(target));
        Ok((Arc::new(engine), map_of([("warnings", texts(&warnings)), ("report", report)])))
    }

    /// A request served by the instance of this moment.
    pub fn request(self: &Arc<Self>) -> Request {
        Request::new(self.clone(), self.waf().map(|waf| waf.context()))
    }

    /// How a request ends that no rule ends: the action `block` as it is configured at the moment.
    pub(super) fn block_action(&self) -> ReportedAction {
        let waf = self.waf();
        waf.map_or_else(|| ReportedAction::blocking(&default_block(), &RandomIds.uuid()), |waf| waf.block_action())
    }

    /// The current instance; none while the engine is off.
    pub fn waf(&self) -> Option<Waf> {
        self.state.load().waf.clone()
    }

    /// Runs a function: `apply_remote` with a batch (`removed`: paths, `changed`: `[path, content]`) gives the states to
    /// answer; `products` names the products to subscribe to; `mode` gives the collection mode in force; any other function
    /// is one of [`Service::call`].
    pub fn call(&self, function: &str, arguments: &Object) -> Value {
        match function {
            "apply_remote" => match read_batch(arguments) {
                Ok(batch) => self.change(|updater, target| updater.apply(target, &batch)),
                Err(error) => map_of([("error", error.into())]),
            },
            "products" => {
                let state = self.state.load();
                let names = state.updater.products().iter().map(|product| product.name());
                map_of([("products", names.collect())])
            }
            "mode" => map_of([("mode", self.mode().name().into())]),
            _ => self.service.call(function, arguments),
        }
    }

    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    pub(super) fn mode(&self) -> CollectionMode {
        self.state.load().mode
    }

    pub(super) fn budget(&self) -> Duration {
        self.budget
    }

    pub(super) fn on_incomplete(&self) -> OnIncomplete {
        self.on_incomplete
    }

    /// The line to log about a request that was not inspected completely, if it is time for one. Whoever listens to the
    /// engine's own messages gets it as well.
    pub(super) fn incomplete_line(&self, incomplete: &Incomplete) -> Option<String> {
        let untold = self.incomplete_lines.happened(self.service.now())?;
        let line =
            format!("a request was not inspected completely: {incomplete} ({untold} more since the last such line)");
        crate::log!(Warn, "{line}");
        Some(line)
    }

    pub(super) fn defaults(&self) -> Defaults<'_> {
        Defaults { host: &self.host, propagate: self.propagate }
    }

    /// Changes the configuration and puts the new instance in place; requests in flight keep theirs.
    fn change(&self, mut change: impl FnMut(&mut Updater, &mut Swap<'_>) -> crate::remote::BatchReport) -> Value {
        self.state.change(|State { updater, builder, waf, mode }| {
            let mut swap = Swap { builder, built: None };
            let report = change(updater, &mut swap);
            let built = swap.built;
            let features = updater.features();
            let mut warnings = Vec::new();
            *mode = self.modes.effective(features.engine_on(), features.collection_mode(), &mut warnings);
            if !features.engine_on() {
                *waf = None;
            } else if built.is_some() {
                *waf = built;
            }
            let mut value = report_value(&report);
            value.insert("warnings", texts(&warnings));
            value
        })
    }
}

/// The builder as the target of a batch; the instance it builds is put in place at the end.
struct Swap<'a> {
    builder: &'a mut Builder,
    built: Option<Waf>,
}

impl Target for Swap<'_> {
    fn add_or_update(&mut self, path: &str, content: &Object) -> Loaded {
        let added = self.builder.add_or_update(path.as_bytes(), content);
        Loaded { accepted: added.accepted, diagnostics: added.diagnostics.to_value() }
    }

    fn remove(&mut self, path: &str) -> bool {
        self.builder.remove(path.as_bytes())
    }

    fn rebuild(&mut self) -> std::result::Result<(), String> {
        self.built = self.builder.build();
        self.built.is_some().then_some(()).ok_or_else(|| "there is no rule to run".into())
    }
}
