//! A process: the current instance, its configuration, and the state between requests.

use super::allow::{ALLOW_PATH, AllowList};
use super::error::Error;
use super::exclusion::excluded;
use super::metrics::{Metrics, prometheus};
use super::mode::Mode;
use super::notice::{Lines, Notice, NoticeKind};
use super::own_rules::{OWN_PATH, OWN_RULES};
use super::service::Service;
use super::settings::{OnIncomplete, Settings};
use super::swap::Swap;
use super::takeover::Takeover;
use crate::config::action::default_block;
use crate::config::obfuscator::Obfuscator;
use crate::config::{Diagnostics, Warning};
use crate::http::inbound::{Limits, Room};
use crate::http::pages::Templates;
use crate::http::{ClientAddress, Proxies};
use crate::plan::EngineOptions;
use crate::remote::{BUNDLED_RULES, Batch, BatchReport, Product, Updater};
use crate::report::{Incomplete, ReportedAction};
use crate::support::fork::Versioned;
use crate::support::{FixedClock, Ids, Occasional, RandomIds};
use crate::takeover::service::published::Publication;
use crate::takeover::snapshot::Snapshot;
use crate::takeover::{Detector, Look, Options};
use crate::users::Who;
use crate::users::mode::{CollectionMode, ModeSettings};
use crate::users::sdk::CallOptions;
use crate::value::{Text, Value, json};
use crate::{Added, Builder, Waf};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Where the detector keeps what the settings say.
/// It comes before those of remote configuration in the order in which documents are merged, so that these override what
/// the application has in its code.
const TAKEOVER_PATH: &str = "bartizan/settings";
/// At most so often a line of the log says that requests were not inspected completely.
const SECONDS_BETWEEN_LINES: u64 = 60;

/// The engine of a process: built from local rules, changed by remote configuration, shared by all requests. Thread-safe.
///
/// ```
/// use bartizan::protect::{Engine, Mode, Settings, Start};
/// use bartizan::value::Value;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::new(Settings::from_json(r#"{"version": "2.2", "rules": [
///     {"id": "r1", "name": "finds attacks", "tags": {"type": "demo"}, "on_match": ["block"], "conditions": [
///         {"operator": "match_regex", "parameters": {"regex": "attack", "inputs": [{"address": "server.request.query"}]}}]}]}"#)?
///     .mode(Mode::Block))?;
/// let mut request = engine.request();
/// let decision = request.start(Start::new("GET", "/?q=an+attack").query(Value::from_entries([("q", "an attack")])));
/// assert!(decision.blocked);
/// let found = decision.found.unwrap();
/// assert_eq!(found.events[0].matches[0].highlight, [b"attack".to_vec()]);
/// # Ok(())
/// # }
/// ```
pub struct Engine {
    state: Versioned<State>,
    diagnostics: Diagnostics,
    takeover_diagnostics: Diagnostics,
    service: Service,
    modes: ModeSettings,
    budget: Duration,
    options: CallOptions,
    on_incomplete: OnIncomplete,
    incomplete_lines: Occasional,
    allowed: Option<AllowList>,
    /// The number of the next exclusion.
    pub(super) exclusions: AtomicU64,
    pub(super) pages: Templates<'static>,
    lines: Lines,
    pub(super) counts: Metrics,
    pub(super) bodies: Limits,
    pub(super) room: Arc<Room>,
    pub(super) takeover: Option<Takeover>,
}

/// What a batch of remote configuration changes. Requests look at the second half.
#[derive(Clone)]
struct State {
    updater: Updater,
    builder: Builder,
    waf: Option<Waf>,
    mode: CollectionMode,
}

/// The outcome of a batch of configuration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Applied {
    /// The states to report, and the engine's diagnostics of each file.
    pub report: BatchReport,
    /// Warnings about the collection mode, and about a snapshot that cannot be read.
    pub warnings: Vec<String>,
}

impl Engine {
    /// An engine with these settings.
    ///
    /// # Errors
    ///
    /// Rules of which none can be used, whether the engine is on or not.
    pub fn new(settings: Settings) -> Result<Arc<Self>, Error> {
        Self::with_report(settings).map(|(engine, _)| engine)
    }

    /// The same, with the report of the first batch, which has the rules in it.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::new`].
    pub fn with_report(settings: Settings) -> Result<(Arc<Self>, Applied), Error> {
        let Settings { rules, local_rules, enabled, .. } = settings;
        // The rules of an engine that is off must be checked, too.
        let checked = (enabled != Some(true)).then(|| Builder::new().add_ruleset(BUNDLED_RULES.as_bytes(), &rules));
        let manual = settings.manual_clock.map(|start_ms| Arc::new(FixedClock::at_millis(start_ms)));
        let service = match &manual {
            Some(clock) => Service::new(settings.service.shared_clock(clock.clone())),
            None => Service::new(settings.service),
        };
        let mut builder = Builder::with_sources(service.clock().clone(), Arc::new(RandomIds));
        builder.set_live(service.live().clone());
        let [key_regex, value_regex] = settings.obfuscator.map(|regex| regex.map(|regex| Text::from(regex.as_bytes())));
        let obfuscator = Some(Obfuscator { key_regex, value_regex });
        builder.set_engine(EngineOptions { monitors: settings.mode == Mode::Monitor, obfuscator });
        let mut state = State {
            updater: Updater::new(rules, local_rules, enabled),
            builder,
            waf: None,
            mode: CollectionMode::Disabled,
        };
        if let Ok(own) = json::parse(OWN_RULES.as_bytes()) {
            state.builder.add_or_update(OWN_PATH.as_bytes(), &own);
        }
        if let Some(list) = &settings.allowed {
            state.builder.add_or_update(ALLOW_PATH.as_bytes(), &list.document());
        }
        for (number, exclusion) in settings.exclusions.iter().enumerate() {
            let document = exclusion.document(number as u64).map_err(Error::exclusion)?;
            state.builder.add_or_update(excluded(&number.to_string()).as_bytes(), &document);
        }
        let snapshot = settings.takeover_snapshot.as_deref().filter(|_| settings.takeover).map(Snapshot::read);
        let key = snapshot.as_ref().and_then(|snapshot| snapshot.as_ref().ok()).map(|snapshot| snapshot.key);
        let takeover = settings.takeover.then(|| {
            let options = Options::system(&settings.service_name, &settings.env);
            let (blocks, clock) = (service.blocks().clone(), service.clock().clone());
            Takeover::new(Options { blocks, clock, manual, hash_key: key.unwrap_or(options.hash_key), ..options })
        });
        let mut engine = Self {
            takeover,
            diagnostics: Diagnostics::default(),
            takeover_diagnostics: Diagnostics::default(),
            state: Versioned::new(state),
            service,
            modes: settings.modes,
            budget: settings.budget,
            options: CallOptions { floats: settings.floats, propagate: settings.propagate, ..CallOptions::default() },
            on_incomplete: settings.on_incomplete,
            incomplete_lines: Occasional::every(SECONDS_BETWEEN_LINES),
            allowed: settings.allowed,
            exclusions: AtomicU64::new(settings.exclusions.len() as u64),
            pages: settings.pages,
            lines: Lines::new(settings.log_rate),
            counts: Metrics::default(),
            bodies: settings.bodies,
            room: Arc::new(Room::new(settings.all_bodies)),
        };
        if let (Some(takeover), Some(document)) = (&engine.takeover, &settings.takeover_document) {
            engine.takeover_diagnostics = takeover.detector.apply(TAKEOVER_PATH, document);
        }
        let (mut applied, loaded) = engine.change(|updater, target| updater.start(target));
        if let Some(added) = loaded.or(checked) {
            if !added.accepted {
                return Err(Error::Rules(Box::new(added.diagnostics)));
            }
            engine.diagnostics = added.diagnostics;
        }
        // The rules come first, as a snapshot names those of its signals.
        if let (Some(takeover), Some(snapshot)) = (&engine.takeover, snapshot)
            && let Err(why) = snapshot.and_then(|snapshot| takeover.detector.adopt(snapshot))
        {
            let warning = format!("account-takeover detection starts empty: {why}");
            crate::log!(Warn, "{warning}");
            applied.warnings.push(warning);
        }
        let engine = Arc::new(engine);
        if let Some(takeover) = &engine.takeover {
            let engine = Arc::downgrade(&engine);
            takeover.detector.publish_to(Arc::new(move |documents| {
                engine.upgrade().into_iter().for_each(|engine| engine.publish(documents));
            }));
        }
        Ok((engine, applied))
    }

    /// Takes the rules that the detector made of an attack into the configuration, or removes them.
    fn publish(&self, documents: &[Publication]) {
        self.state.change(|State { updater, builder, waf, .. }| {
            for Publication { path, document } in documents {
                let Some(document) = document else {
                    builder.remove(path.as_bytes());
                    continue;
                };
                let added = builder.add_or_update(path.as_bytes(), document);
                if added.diagnostics.has_errors() {
                    crate::log!(Warn, "rules of '{path}' are not used: {}", added.diagnostics);
                }
            }
            if updater.features().engine_on()
                && let Some(built) = builder.build()
            {
                *waf = Some(built);
            }
        });
    }

    /// The diagnostics of the initial rules.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// What became of the document for takeover detection that the settings brought.
    pub fn takeover_diagnostics(&self) -> &Diagnostics {
        &self.takeover_diagnostics
    }

    /// The detector of account takeover, for the operator: what it found, whom it blocks, how it is configured. `None` if
    /// the settings turned it off.
    ///
    /// Events reach it from the engine's requests by themselves. It refuses nobody until its configuration says `block`.
    ///
    /// ```
    /// use bartizan::protect::{Engine, Login, Settings, Start};
    /// use bartizan::value::Value;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = Engine::new(Settings::from_json(r#"{"version": "2.2", "rules": []}"#)?)?;
    /// for guess in 0..31 {
    ///     let mut request = engine.request();
    ///     request.start(Start::new("POST", "/login").peer("203.0.113.9"));
    ///     request.login_failure(&Login::of(format!("user{guess}")).exists(true));
    /// }
    /// let detector = engine.takeover().expect("it is on by itself");
    /// let signals = detector.signals(&Value::map())?;
    /// assert_eq!(signals.as_array().map(<[_]>::len), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn takeover(&self) -> Option<&Arc<Detector>> {
        self.takeover.as_ref().map(|takeover| &takeover.detector)
    }

    /// How a client, or a user and a session, are refused, if they are. The refusal is counted if `counts`.
    pub(super) fn refusal(&self, client: Option<IpAddr>, who: &Who, counts: bool) -> Option<Look> {
        if let Some(takeover) = &self.takeover {
            let refusal = takeover.detector.refusal(client, who.id(), who.session_id(), counts);
            return refusal.map(|refusal| refusal.look);
        }
        let client = client.and_then(|client| self.service.refuses_address(client));
        let refused = client.or_else(|| self.service.refuses_user(who.id()?));
        refused.map(|_| Look::Block)
    }

    /// What is doubtful about all configurations as they are now, those of remote configuration included.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.state.load().builder.warnings();
        warnings.retain(|warning| *warning.path != *OWN_PATH.as_bytes());
        warnings
    }

    /// Applies a batch of remote configuration; requests in flight keep their rules.
    pub fn apply_remote(&self, batch: &Batch) -> Applied {
        let applied = self.change(|updater, target| updater.apply(target, batch)).0;
        // What the batch says of responses changes the rules of attacks.
        if let Some(detector) = self.takeover() {
            detector.publish_rules(0);
        }
        applied
    }

    /// The products of remote configuration to subscribe to at present.
    pub fn products(&self) -> &'static [Product] {
        self.state.load().updater.products()
    }

    /// The current instance; none while the engine is off.
    pub fn waf(&self) -> Option<Waf> {
        self.state.load().waf.clone()
    }

    /// The state of the process between requests, such as the denylist.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The collection mode in force.
    pub fn mode(&self) -> CollectionMode {
        self.state.load().mode
    }

    /// The budget of an evaluation.
    pub fn budget(&self) -> Duration {
        self.budget
    }

    /// The default options of calls about users.
    pub fn call_options(&self) -> CallOptions {
        self.options
    }

    pub(super) fn on_incomplete(&self) -> OnIncomplete {
        self.on_incomplete
    }

    /// Whether requests of a client are never refused because of where they come from or what they contain.
    pub(super) fn allows(&self, client: ClientAddress, proxies: &Proxies) -> bool {
        self.allowed.as_ref().is_some_and(|list| list.has(client, proxies))
    }

    /// Counts and, unless there are too many, logs what happened.
    pub(super) fn notice(&self, kind: NoticeKind, record: Value) -> Notice {
        let notice = self.lines.notice(kind, record, self.service.elapsed());
        self.counts.noticed(&notice);
        notice
    }

    /// What the engine has seen, as numbers: a map with `requests`, `evaluations`, `events` by rule, `blocks` by reason,
    /// `evaluation_seconds` and others, which `SETTINGS.md` lists. `signals` are the open ones of takeover detection by
    /// severity.
    pub fn metrics(&self) -> Value {
        let mut metrics = self.counts.snapshot();
        if let Some(detector) = self.takeover() {
            metrics.insert("signals", open_signals(detector));
        }
        metrics
    }

    /// The same in the text format of Prometheus (version 0.0.4), for a page that it scrapes.
    pub fn prometheus(&self) -> String {
        prometheus(&self.metrics())
    }

    /// The current action `block`, for requests that are blocked without a matching rule.
    pub(super) fn block_action(&self) -> ReportedAction {
        let waf = self.waf();
        waf.map_or_else(|| ReportedAction::blocking(&default_block(), &RandomIds.uuid()), |waf| waf.block_action())
    }

    /// The line to log about a request that was not inspected completely, if one is due. It is also logged as one of
    /// the engine's own messages.
    pub(super) fn incomplete_line(&self, incomplete: &Incomplete) -> Option<String> {
        let untold = self.incomplete_lines.happened(self.service.now())?;
        let line =
            format!("a request was not inspected completely: {incomplete} ({untold} more since the last such line)");
        crate::log!(Warn, "{line}");
        Some(line)
    }

    /// Changes the configuration and installs the new instance; requests in flight keep theirs. Returns the report, and
    /// the outcome of the bundled rules if they were loaded.
    pub(super) fn change(
        &self,
        mut change: impl FnMut(&mut Updater, &mut Swap<'_>) -> BatchReport,
    ) -> (Applied, Option<Added>) {
        self.state.change(|State { updater, builder, waf, mode }| {
            let mut swap = Swap { builder, built: None, ruleset: None, detector: self.takeover() };
            let report = change(updater, &mut swap);
            let Swap { built, ruleset, .. } = swap;
            let features = updater.features();
            let mut warnings = Vec::new();
            *mode = self.modes.effective(features.engine_on(), features.collection_mode(), &mut warnings);
            if !features.engine_on() {
                *waf = None;
            } else if built.is_some() {
                *waf = built;
            }
            (Applied { report, warnings }, ruleset)
        })
    }
}

/// The number of open signals by severity; of the newest thousand, as more would say no more.
fn open_signals(detector: &Detector) -> Value {
    let mut counts = SEVERITIES.map(|severity| (severity, 0u64));
    let query = Value::from_entries([("limit", Value::from(1000u64))]);
    let signals = detector.signals(&query).unwrap_or_default();
    for signal in signals.as_array().unwrap_or_default() {
        let is =
            |field: &[u8], text: &str| signal.get(field).is_some_and(|value| value.as_bytes() == Some(text.as_bytes()));
        if is(b"state", "open")
            && let Some((_, count)) = counts.iter_mut().find(|(severity, _)| is(b"severity", severity))
        {
            *count += 1;
        }
    }
    Value::from_entries(counts)
}

const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("waf", &self.waf()).field("budget", &self.budget).finish_non_exhaustive()
    }
}
