//! The detector of bartizan, with all rules and the gate, answering to every finding from Low on. That is harsher than the
//! default, which only records what it would do, from High on.

use super::{Alarm, Answer, Defender, Disturbance, Outcome};
use crate::client::{Client, header_set};
use crate::event::{Event, What};
use crate::people::World;
use bartizan::Clock;
use bartizan::takeover::{Decision, Detector, Kind, Notification, Options, Severity, Wanted};
use bartizan::value::{Object, Value, json};
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// What is configured for the comparison.
const STRICT: &str = r#"{"bartizan_ato": {"version": "1.0", "settings": {
    "gate": true, "login_routes": ["/login"], "response": {"mode": "block", "min_severity": "low"}}}}"#;
/// What is configured while learning, and to see what is found if nothing is refused.
const WATCHING: &str = r#"{"bartizan_ato": {"version": "1.0", "settings": {
    "login_routes": ["/login"], "response": {"mode": "monitor", "min_severity": "low"}}}}"#;

/// How the detector answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It blocks and asks for further proofs.
    Strict,
    /// It only watches.
    Watching,
}

impl Mode {
    fn document(self) -> Value {
        let text = if self == Mode::Strict { STRICT } else { WATCHING };
        json::parse(text.as_bytes()).expect("a document")
    }
}

/// The detector.
pub struct Ours<'w> {
    world: &'w World,
    mode: Mode,
    detector: Detector,
    heard: Receiver<Notification>,
    /// The second up to which the clock was advanced, and how far the clock is ahead of the simulation.
    second: u64,
    ahead_ms: u64,
    /// The parts of events that clients have in common.
    traits: HashMap<(u16, u16), (String, Value)>,
    /// The event that was asked about, which will be told of.
    asked: Option<(u64, Value)>,
    compromised: BTreeSet<String>,
}

/// The path of the document.
const PATH: &str = "simulator";

impl<'w> Ours<'w> {
    /// A detector that knows nothing.
    pub fn new(world: &'w World, mode: Mode, start_ms: u64) -> Self {
        let detector = Detector::new(options(start_ms));
        let diagnostics = detector.apply(PATH, &mode.document());
        debug_assert!(!json::to_string(&diagnostics.to_value()).contains("unknown"), "{diagnostics:?}");
        Self::with(world, mode, detector, start_ms)
    }

    /// A detector that continues from what another one learned.
    pub fn restored(world: &'w World, mode: Mode, start_ms: u64, snapshot: &[u8]) -> Self {
        Self::with(world, mode, restore(mode, start_ms, snapshot), start_ms)
    }

    /// A detector that knows nothing and does its work in slices, as with the system's clock.
    pub fn with_clock(world: &'w World, mode: Mode, start_ms: u64, clock: Arc<dyn Clock>) -> Self {
        let detector = Detector::new(options(start_ms).with_clock(clock));
        detector.apply(PATH, &mode.document());
        Self::with(world, mode, detector, start_ms)
    }

    /// Does a slice of the work that is due.
    pub fn poll(&self) {
        self.detector.poll();
    }

    fn with(world: &'w World, mode: Mode, detector: Detector, start_ms: u64) -> Self {
        let heard = listen(&detector);
        let (traits, asked, compromised) = (HashMap::new(), None, BTreeSet::new());
        Ours { world, mode, detector, heard, second: start_ms / 1000, ahead_ms: 0, traits, asked, compromised }
    }

    /// What the detector knows.
    pub fn snapshot(&self) -> Vec<u8> {
        self.detector.snapshot()
    }

    /// Collects what the detector tells of.
    pub fn hear(&mut self, by_time: bool, alarms: &mut Vec<Alarm>) {
        for notification in self.heard.try_iter() {
            let text = |map: &Object, key: &[u8]| {
                map.get(key).and_then(Object::as_bytes).map(|text| String::from_utf8_lossy(text).into_owned())
            };
            match notification.kind {
                Kind::Opened if notification.severity >= Severity::Low => {
                    let rule = notification.signal.get(b"rule").and_then(|rule| text(rule, b"id")).unwrap_or_default();
                    let evidence = notification.signal.get(b"evidence").map(json::to_string).unwrap_or_default();
                    let at_ms = notification.at_s * 1000 - self.ahead_ms;
                    alarms.push(Alarm { at_ms, rule, by_time, evidence });
                }
                Kind::CompromisedUser => self.compromised.extend(text(&notification.delta, b"usr.login")),
                _ => {}
            }
        }
    }

    /// An event in the detector's format, without its name.
    fn describe(&mut self, event: &Event) -> Value {
        let mut map = Value::map_with_capacity(14);
        map.insert("usr.login", event.login.to_string());
        if let Some(account) = event.login.account() {
            map.insert("usr.id", format!("u{account}"));
        }
        map.insert("ip", address_text(event.ip));
        map.insert("http.user_agent", self.world.catalogue.agent(event.client));
        if let Some(language) = self.world.catalogue.language(event.client) {
            map.insert("http.accept_language", language);
        }
        let (fingerprint, names) = self.traits(event.client);
        map.insert("fp.header", fingerprint.as_str());
        map.insert("http.header_names", names.clone());
        if let Some(device) = event.device {
            map.insert("usr.device_id", format!("{device:016x}"));
        }
        if let Some(claimed_ms) = event.claimed_ms {
            map.insert("ts_ms", claimed_ms);
        }
        if event.waf {
            map.insert("waf_attack", true);
        }
        match event.what {
            What::Login { .. } => {
                map.insert("usr.exists", event.login.account().is_some());
                map.insert("http.route", "/login");
            }
            What::Reset => map.insert("exists", event.login.account().is_some()),
            What::Payment { card, .. } => map.insert("meta", Value::from_entries([("instrument", card.to_string())])),
            What::Activity { name, needs } => {
                let mut meta = Value::from_entries([("name", name)]);
                if let Some(role) = needs {
                    meta.insert("required_role", role);
                    map.insert("usr.role", "customer");
                }
                map.insert("meta", meta);
            }
            What::SignUp => {}
        }
        map
    }

    /// An event in the detector's format, as if nothing refused it.
    pub fn named(&mut self, event: &Event) -> Value {
        let mut map = self.describe(event);
        map.insert("event", name(event, Outcome::Done));
        map
    }

    fn traits(&mut self, client: Client) -> &(String, Value) {
        let world = self.world;
        self.traits.entry((client.agent, client.headers)).or_insert_with(|| {
            let set = header_set(client.headers);
            (set.fingerprint(world.catalogue.agent(client)), set.names_value())
        })
    }
}

/// The options of a detector whose clock follows the events.
pub fn options(start_ms: u64) -> Options {
    Options::manual(start_ms, "auth", "prod")
}

fn restore(mode: Mode, start_ms: u64, snapshot: &[u8]) -> Detector {
    let document = mode.document();
    let restored = Detector::restore(options(start_ms), &[(PATH, &*document)], snapshot);
    restored.expect("a snapshot of the same version").0
}

fn listen(detector: &Detector) -> Receiver<Notification> {
    let (tell, heard): (Sender<Notification>, _) = channel();
    let wanted = Wanted { kinds: vec![Kind::Opened, Kind::CompromisedUser], ..Wanted::default() };
    detector.subscribe(wanted, Arc::new(move |notification| drop(tell.send(notification.clone()))));
    heard
}

/// The text of an address; the standard library's is slower.
fn address_text(ip: IpAddr) -> String {
    let IpAddr::V4(v4) = ip else { return ip.to_string() };
    let mut text = String::with_capacity(15);
    for (at, octet) in v4.octets().into_iter().enumerate() {
        if at > 0 {
            text.push('.');
        }
        if octet >= 100 {
            text.push((b'0' + octet / 100) as char);
        }
        if octet >= 10 {
            text.push((b'0' + octet / 10 % 10) as char);
        }
        text.push((b'0' + octet % 10) as char);
    }
    text
}

/// The name of an event for the detector.
fn name(event: &Event, outcome: Outcome) -> &'static str {
    match (event.what, outcome) {
        (_, Outcome::Refused(_)) => "users.login.refused",
        (What::Login { right: true }, _) => "users.login.success",
        (What::Login { right: false }, _) => "users.login.failure",
        (What::SignUp, _) => "users.signup",
        (What::Reset, _) => "users.password_reset",
        (What::Payment { accepted: true, .. }, _) => "payment.success",
        (What::Payment { accepted: false, .. }, _) => "payment.failure",
        (What::Activity { .. }, _) => "activity.sensitive",
    }
}

impl Defender for Ours<'_> {
    fn advance(&mut self, to_ms: u64, alarms: &mut Vec<Alarm>) {
        let to_ms = to_ms + self.ahead_ms;
        if to_ms / 1000 != self.second {
            self.second = to_ms / 1000;
            self.detector.advance(to_ms);
            self.hear(true, alarms);
        }
    }

    fn ask(&mut self, event: &Event) -> Answer {
        if self.mode == Mode::Watching {
            return Answer::Allow;
        }
        let map = self.describe(event);
        let assessment = self.detector.assess(&map).expect("a map");
        self.asked = Some((event.at_ms, map));
        let by_cluster = || assessment.reasons.iter().any(|reason| reason.starts_with("matches the rule"));
        match assessment.decision {
            Decision::Allow => Answer::Allow,
            Decision::Block => Answer::Block,
            Decision::Stealth if by_cluster() => Answer::Cluster,
            Decision::Stealth => Answer::Block,
            Decision::StepUp => Answer::StepUp,
        }
    }

    fn tell(&mut self, event: &Event, outcome: Outcome, alarms: &mut Vec<Alarm>) {
        let mut map = match self.asked.take() {
            Some((at_ms, map)) if at_ms == event.at_ms => map,
            _ => self.describe(event),
        };
        map.insert("event", name(event, outcome));
        match outcome {
            Outcome::Refused(answer) => map.insert(
                "refused",
                match answer {
                    Answer::StepUp => "step_up",
                    Answer::Cluster => "stealth",
                    _ => "block",
                },
            ),
            Outcome::Success { stepped_up: true } => map.insert("mfa", "passed"),
            _ => {}
        }
        let verdict = self.detector.event(&map).expect("an event");
        if verdict.opened || verdict.escalated {
            self.detector.tick();
            self.hear(false, alarms);
        }
    }

    fn disturb(&mut self, what: Disturbance) {
        match what {
            Disturbance::Restart => {
                let now_ms = self.detector.time_ms();
                self.detector = restore(self.mode, now_ms, &self.snapshot());
                self.heard = listen(&self.detector);
            }
            Disturbance::Jump(by_ms) => self.ahead_ms += by_ms,
        }
    }

    fn signals(&self) -> Value {
        self.detector.signals(&Value::from_entries([("state", "open")])).expect("a valid query")
    }

    fn compromised(&self) -> Vec<String> {
        self.compromised.iter().cloned().collect()
    }
}
