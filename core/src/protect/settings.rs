//! The settings of an engine.

use super::allow::AllowList;
use super::error::Error;
use super::exclusion::Exclusion;
use super::mode::Mode;
use super::service::ServiceSettings;
use crate::builtin;
use crate::http::inbound::{Limits, Room};
use crate::http::pages::Templates;
use crate::http::settings::DEFAULT_TIMEOUT;
use crate::users::mode::ModeSettings;
use crate::value::FloatStyle;
use crate::value::{Value, json};
use std::time::Duration;

/// The effect on a request that was not inspected completely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnIncomplete {
    /// It goes on, and is reported.
    #[default]
    Pass,
    /// It ends, as if a rule with the action `block` had matched.
    Block,
}

/// The settings of an [`Engine`](super::Engine): a ruleset, and deviations from the defaults.
///
/// ```
/// use bartizan::protect::{Engine, OnIncomplete, Settings};
/// use std::time::Duration;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = Settings::from_json(r#"{"version": "2.2", "rules": []}"#)?
///     .budget(Duration::from_millis(2))
///     .on_incomplete(OnIncomplete::Block);
/// let engine = Engine::new(settings)?;
/// assert_eq!(engine.budget(), Duration::from_millis(2));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Settings {
    pub(super) rules: Value,
    pub(super) mode: Mode,
    pub(super) allowed: Option<AllowList>,
    pub(super) exclusions: Vec<Exclusion>,
    pub(super) pages: Templates<'static>,
    pub(super) log_rate: i64,
    pub(super) obfuscator: [Option<String>; 2],
    pub(super) local_rules: bool,
    pub(super) enabled: Option<bool>,
    pub(super) modes: ModeSettings,
    pub(super) budget: Duration,
    pub(super) floats: FloatStyle,
    pub(super) propagate: bool,
    pub(super) on_incomplete: OnIncomplete,
    pub(super) bodies: Limits,
    pub(super) all_bodies: usize,
    pub(super) service: ServiceSettings,
    pub(super) takeover: bool,
    pub(super) takeover_document: Option<Value>,
    pub(super) takeover_snapshot: Option<Vec<u8>>,
    pub(super) manual_clock: Option<u64>,
    pub(super) service_name: String,
    pub(super) env: String,
}

impl Settings {
    /// The default of [`Settings::log_rate`].
    pub const LOG_RATE: i64 = 10;

    /// An engine with these rules that is on from the start and monitors, with a budget of five milliseconds per
    /// evaluation.
    pub fn new(rules: Value) -> Self {
        Self {
            rules,
            mode: Mode::default(),
            allowed: None,
            exclusions: Vec::new(),
            pages: Templates::default(),
            log_rate: Settings::LOG_RATE,
            obfuscator: [None, None],
            local_rules: false,
            enabled: Some(true),
            modes: ModeSettings::default(),
            budget: Duration::from_micros(DEFAULT_TIMEOUT),
            floats: FloatStyle::default(),
            propagate: false,
            on_incomplete: OnIncomplete::default(),
            bodies: Limits::default(),
            all_bodies: Room::DEFAULT,
            service: ServiceSettings::default(),
            takeover: true,
            takeover_document: None,
            takeover_snapshot: None,
            manual_clock: None,
            service_name: String::new(),
            env: String::new(),
        }
    }

    /// The same with the built-in rules, which block in the mode [`Mode::Block`].
    pub fn builtin() -> Self {
        Self::new(Self::builtin_rules())
    }

    /// The rules of [`Settings::builtin`], for [`Engine::reload`](super::Engine::reload).
    pub fn builtin_rules() -> Value {
        builtin::blocking_ruleset()
    }

    /// The same with the JSON text of a ruleset.
    ///
    /// # Errors
    ///
    /// [`Error::Rules`] for what is not JSON.
    pub fn from_json(rules: impl AsRef<[u8]>) -> Result<Self, Error> {
        json::parse(rules.as_ref()).map(Self::new).map_err(|reason| {
            Error::rules(format!("they are no JSON ({reason}); what is wanted is the text of a ruleset, not its path"))
        })
    }

    /// Whether rules block, or only report.
    ///
    /// ```
    /// use bartizan::protect::{Engine, Mode, Settings, Start};
    /// use bartizan::value::Value;
    /// for (mode, blocked) in [(Mode::Monitor, false), (Mode::Block, true)] {
    ///     let mut request = Engine::new(Settings::builtin().mode(mode))?.request();
    ///     let query = Value::from_entries([("q", "<script>alert(1)</script>")]);
    ///     let decision = request.start(Start::new("GET", "/search").query(query));
    ///     assert_eq!(decision.blocked, blocked);
    ///     let found = decision.found.expect("an evaluation");
    ///     assert_eq!(found.withheld.is_some(), !blocked);
    /// }
    /// # Ok::<(), bartizan::protect::Error>(())
    /// ```
    #[must_use]
    pub fn mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// From which addresses requests are not refused.
    #[must_use]
    pub fn allow(self, list: AllowList) -> Self {
        Self { allowed: Some(list), ..self }
    }

    /// What is not evaluated: see [`Engine::exclude`](super::Engine::exclude).
    #[must_use]
    pub fn exclude(mut self, exclusion: Exclusion) -> Self {
        self.exclusions.push(exclusion);
        self
    }

    /// The bodies of blocking responses.
    #[must_use]
    pub fn block_pages(self, pages: Templates<'static>) -> Self {
        Self { pages, ..self }
    }

    /// How many attacks, and how many blocks, are logged per second: 10 by default; negative for all, zero for none.
    #[must_use]
    pub fn log_rate(self, lines: i64) -> Self {
        Self { log_rate: lines, ..self }
    }

    /// What events and log lines do not show: values under keys that match the first expression, and what the second
    /// matches in values. `None` stands for the engine's own expression, the empty text for none. An `obfuscator` in the
    /// configuration takes precedence.
    #[must_use]
    pub fn obfuscator(self, keys: Option<String>, values: Option<String>) -> Self {
        Self { obfuscator: [keys, values], ..self }
    }

    /// Whether an operator chose the rules, which excludes remote configuration of them.
    #[must_use]
    pub fn local_rules(self, local: bool) -> Self {
        Self { local_rules: local, ..self }
    }

    /// Whether the engine is on; with `None` it is off until remote configuration turns it on.
    #[must_use]
    pub fn enabled(self, enabled: Option<bool>) -> Self {
        Self { enabled, ..self }
    }

    /// How much framework integrations may collect about users.
    #[must_use]
    pub fn modes(self, modes: ModeSettings) -> Self {
        Self { modes, ..self }
    }

    /// The budget of an evaluation.
    #[must_use]
    pub fn budget(self, budget: Duration) -> Self {
        Self { budget, ..self }
    }

    /// How the host prints floats in tags about users.
    #[must_use]
    pub fn floats(self, floats: FloatStyle) -> Self {
        Self { floats, ..self }
    }

    /// Whether users' ids are passed to downstream services.
    #[must_use]
    pub fn propagate(self, propagate: bool) -> Self {
        Self { propagate, ..self }
    }

    /// The effect on a request that was not inspected completely.
    #[must_use]
    pub fn on_incomplete(self, choice: OnIncomplete) -> Self {
        Self { on_incomplete: choice, ..self }
    }

    /// How much of each body is read (see [`Request::body`](super::Request::body)), and the bytes that the bodies of all
    /// requests may take at a time: 64 MiB by default.
    #[must_use]
    pub fn bodies(self, each: Limits, all: usize) -> Self {
        Self { bodies: each, all_bodies: all, ..self }
    }

    /// The settings of the engine's [`Service`](super::Service).
    #[must_use]
    pub fn service(self, service: ServiceSettings) -> Self {
        Self { service, ..self }
    }

    /// The snapshot from which the detection of account takeover continues, which
    /// [`Detector::snapshot`](crate::takeover::Detector::snapshot) of the engine's detector returned: blocks, signals,
    /// and what it knows of accounts. If it cannot be read, the detector starts empty, and there is a warning in
    /// [`Applied::warnings`](super::Applied::warnings).
    #[must_use]
    pub fn takeover_snapshot(self, snapshot: impl Into<Vec<u8>>) -> Self {
        Self { takeover_snapshot: Some(snapshot.into()), ..self }
    }

    /// For tests: the time of the detector and of blocks stands still at this many milliseconds since the Unix epoch, until
    /// [`Detector::advance`](crate::takeover::Detector::advance) moves it.
    #[must_use]
    pub fn manual_clock(self, start_ms: u64) -> Self {
        Self { manual_clock: Some(start_ms), ..self }
    }

    /// Whether account takeover is detected, which it is unless somebody says no.
    #[must_use]
    pub fn takeover(self, takeover: bool) -> Self {
        Self { takeover, ..self }
    }

    /// What takeover detection is to do: a document with the key `bartizan_ato`, see `core/rules/takeover/CONFIGURATION.md`.
    #[must_use]
    pub fn takeover_document(self, document: Value) -> Self {
        Self { takeover_document: Some(document), ..self }
    }

    /// The names of the service and of its environment, as signals of takeover detection have them.
    #[must_use]
    pub fn named(self, service: impl Into<String>, env: impl Into<String>) -> Self {
        Self { service_name: service.into(), env: env.into(), ..self }
    }
}
