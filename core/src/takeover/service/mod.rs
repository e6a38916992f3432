//! One service: its state, and how an event changes it.
//!
//! An event is normalized, counted in its groups, and evaluated by the rules of these groups. Their findings open,
//! feed or raise signals, and signals plan responses.
//!
//! | file | concept |
//! |---|---|
//! | this file | the processing of an event |
//! | `find`, `lifetime` | findings of rules: signals open and grow, close and reopen |
//! | `success` | successful logins: familiar origins and compromised accounts |
//! | `clusters`, `suspects` | the traits of distributed attacks, and successes that have them |
//! | `enforce`, [`published`], `login_routes` | rules made of these traits |
//! | `restart` | what of this survives a restart |
//! | `deviation`, `at_large` | the service as a whole: series, and signals about deviations |
//! | `analysis` | what analysts ask of a distributed attack |
//! | `answer` | the response to a signal |
//! | [`gate`] | what to ask of an attempt before the password is checked |
//! | [`due`] | periodic work: closing signals, updates, learned windows |
//! | `attempts` | the latest attempts, for the counts of signals that open |
//! | `told` | an event with the values derived from it |
//! | `recent`, `newcomers` | successes that later events may turn out to be takeovers, and accounts that are new |
//! | `who` | the accounts and sources that signals count |
//! | [`requests`] | deduplication of the events of a request |

mod analysis;
mod answer;
mod at_large;
mod attempts;
mod clusters;
mod deviation;
pub mod due;
mod enforce;
mod find;
pub mod gate;
mod lifetime;
mod login_routes;
pub mod newcomers;
pub mod published;
mod recent;
pub mod requests;
pub mod restart;
mod success;
mod suspects;
mod told;
mod who;

pub use due::Resolution;

use super::address::Prefix;
use super::config::exceptions::Trust;
use super::config::rule::{Guard, Instant, Kind, Rule};
use super::event::Event;
use super::familiarity::Familiarity;
use super::health::Health;
use super::key::HashKey;
use super::mining::Mining;
use super::name;
use super::notify::Notification;
use super::respond::blocks::Blocks;
use super::respond::offenders::Offenders;
use super::respond::rails::Rails;
use super::rules::evaluate::{comes_from_known, judge};
use super::rules::learned::LearnedRates;
use super::rules::plan::{Plan, Role};
use super::rules::travel::Travel;
use super::series::Series;
use super::signal::audience::Audience;
use super::signal::{Signals, Slot};
use super::state::{Key, Moment, Origin, Reading, State, Table, Update};
use super::subject::Subject;
use crate::support::fork::Renewable;
use attempts::Attempts;
use login_routes::LoginRoutes;
use newcomers::Newcomers;
use published::{Publication, Published};
use recent::{Quarantined, RecentSuccess};
use requests::{Requests, Seen};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, MutexGuard};
use told::Told;

/// One service.
pub struct Service {
    /// The name of the service.
    pub name: String,
    /// The environment of the service.
    pub env: String,
    /// The counts and familiar origins.
    pub state: Box<dyn State>,
    /// Whether there are subscribers; without any, no notifications are built.
    pub is_heard: Arc<AtomicBool>,
    inner: Renewable<Inner>,
}

/// The part that changes with events, under one lock; the tables have locks of their own.
#[derive(Default)]
pub struct Inner {
    /// The signals.
    pub signals: Signals,
    /// The learned rates of sources.
    pub learned: LearnedRates,
    /// The last places of accounts.
    pub travel: Travel,
    /// How well the service knows its accounts.
    pub familiarity: Familiarity,
    /// Sources of earlier signals.
    pub offenders: Offenders,
    /// The limits of automatic blocks.
    pub rails: Rails,
    /// Problems with the events.
    pub health: Health,
    /// How much happens in the service as a whole.
    pub series: Series,
    /// Samples of logins, and what attacks have in common.
    pub mining: Option<Box<Mining>>,
    /// The rules of clusters.
    pub published: Vec<Published>,
    /// Documents for the engine's configuration that were not delivered yet.
    pub publications: Vec<Publication>,
    /// Whom successful logins are about.
    pub audience: Audience,
    /// When the successes during an attack were last compared with its clusters, in seconds since the Unix epoch.
    judged_s: u64,
    /// Paths on which logins succeeded.
    login_routes: LoginRoutes,
    /// Notifications to deliver.
    pub notices: Vec<Notification>,
    /// The part of the work that is due at which the next slice goes on.
    tick_step: usize,
    requests: Requests,
    attempts: Attempts,
    recent: VecDeque<RecentSuccess>,
    /// The accounts that are new.
    pub(super) newcomers: Newcomers,
    quarantine: VecDeque<Quarantined>,
    /// The compromised accounts that signals name, with the signal and the time.
    compromised: HashMap<Key, (Slot, u64)>,
    /// Groups resolved as false positives, and until when responses to them are suspended.
    pardoned: HashMap<(String, Key), u64>,
    /// The times at which addresses of a network were blocked within the last hour.
    network_blocks: HashMap<Prefix, VecDeque<u64>>,
}

/// The effect of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The ids of the signals it affected, without duplicates.
    pub signals: Vec<String>,
    /// Whether a signal opened or reopened.
    pub opened: bool,
    /// Whether the severity of a signal rose.
    pub escalated: bool,
}

impl Verdict {
    fn touch(&mut self, id: &str) {
        if self.signals.iter().all(|known| known != id) {
            self.signals.push(id.to_owned());
        }
    }
}

impl Service {
    /// Creates a service without any history.
    pub fn new(name: &str, env: &str, state: Box<dyn State>, is_heard: Arc<AtomicBool>) -> Self {
        Service { name: name.into(), env: env.into(), state, is_heard, inner: Renewable::default() }
    }

    /// Locks the part that changes with events.
    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }

    /// Shifts all stored times after the clock was set back.
    pub fn rebase(&self, by_s: i64) {
        self.state.rebase(by_s);
        self.inner().series.rebase(by_s);
    }

    /// Processes an event.
    pub fn event(&self, event: &Event<'_>, when: Moment, plan: &Plan, hash: &HashKey, blocks: &Blocks) -> Verdict {
        let settings = &plan.config.settings;
        let subject = Subject::of(event, &settings.normalization, hash);
        let trust = plan.trust(subject.address, subject.account());
        let mut inner = self.inner();
        if trust == Some(Trust::Trusted) {
            inner.health.trusted += 1;
            return Verdict::default();
        }
        match inner.requests.note(event, &subject, hash) {
            Seen::First => {}
            Seen::Again => return Verdict::default(),
            Seen::Contradicts => {
                inner.health.double_events += 1;
                return Verdict::default();
            }
        }
        inner.health.note(event, &subject, hash, when.now_s);
        let told = self.tell(&inner, event, &subject, when, trust, plan, hash);
        let mut work = Work { service: self, inner: &mut inner, plan, hash, blocks, verdict: Verdict::default() };
        work.event(&told);
        work.verdict
    }

    #[allow(clippy::too_many_arguments)] // the parts of one event, put together here and nowhere else
    fn tell<'e>(
        &self,
        inner: &Inner,
        event: &'e Event<'e>,
        subject: &'e Subject<'e>,
        when: Moment,
        trust: Option<Trust>,
        plan: &Plan,
        hash: &HashKey,
    ) -> Told<'e> {
        let account = subject.account_key(hash);
        let warm = inner.familiarity.is_warm(when.now_s);
        // The origin is needed only if it will be looked up or recorded.
        let origin = match warm || event.event == name::LOGIN_SUCCESS {
            true => subject.origin(event, hash, |device| inner.familiarity.is_rare(device)),
            false => Origin::default(),
        };
        let familiar = match account {
            Some(account) if warm => Some(self.state.familiar(account, origin, when.now_s).unwrap_or(false)),
            _ => None,
        };
        let (source, network) = (subject.source(), subject.source_network());
        let known = source.is_some_and(|source| inner.offenders.contains(source, when.now_s));
        let listed = subject.address.is_some_and(|address| plan.is_offender(address, when.now_s.into()));
        let scanner = event.waf_attack || event.exists == Some(false) && event.login.as_deref().is_some_and(is_payload);
        let flagged = event.is_malicious() || known || listed;
        Told { event, subject, when, account, origin, familiar, flagged, scanner, trust, source, network }
    }
}

/// Whether the network is one that many people share.
fn is_shared_provider(reading: &Reading, told: &Told<'_>) -> bool {
    let kind = told.event.geo.as_ref().and_then(|geo| geo.as_type.as_deref());
    matches!(kind, Some("isp" | "mobile")) && reading.flagged * 5 < reading.all.max(1)
}

/// Whether a login contains syntax of attack payloads, which account names do not have.
fn is_payload(login: &str) -> bool {
    let quoted = |byte: u8| matches!(byte, b'\'' | b'"' | b'<' | b'>' | b';' | b'`' | b'|' | b'\\' | b'(' | b'{');
    login.bytes().any(quoted) || login.contains("../") || login.contains("--")
}

/// The context in which one event, or periodic work, changes a service.
pub(super) struct Work<'w> {
    pub service: &'w Service,
    pub inner: &'w mut Inner,
    pub plan: &'w Plan,
    pub hash: &'w HashKey,
    pub blocks: &'w Blocks,
    pub verdict: Verdict,
}

impl Work<'_> {
    fn event(&mut self, told: &Told<'_>) {
        let name = told.event.event.as_ref();
        if name == name::LOGIN_REFUSED || told.event.refused.is_some() && name == name::LOGIN_FAILURE {
            return self.refused(told);
        }
        for role in self.plan.roles(name) {
            self.group(*role, told);
        }
        for (detector, rule) in self.plan.instant(name) {
            self.instant(*detector, *rule, told);
        }
        let (source, network) = (told.subject.group_hash(), told.subject.network_hash());
        let unexplained = self.note_series(told);
        self.inner.attempts.add(told.when.at_s, told.account, source, network, unexplained);
        if name == name::LOGIN_SUCCESS {
            self.remember(told);
        }
    }

    /// Counts an event in one group, and evaluates the group's rules.
    fn group(&mut self, role: Role, told: &Told<'_>) {
        let Some(class) = self.plan.classes.get(role.class) else { return };
        let Some(key) = class.key(told.event, told.subject, self.hash) else { return };
        if role.counts {
            if !class.sees(told.event, told.subject) {
                self.inner.health.missing_fields += 1;
                return;
            }
            let fits = class.counting.filter.holds(told.event, told.subject);
            let counted = fits && !(class.counting.unfamiliar_only && told.familiar == Some(true));
            let member = |place| counted.then(|| class.member(place, told.event, told.subject, self.hash)).flatten();
            let update = Update {
                counted,
                all: true,
                nonexistent: told.event.exists == Some(false),
                waf: told.scanner,
                flagged: told.flagged,
                member: member(0),
                second: member(1),
                third: member(2),
                ..Update::default()
            };
            let reading = self.service.state.add(class.table, key, told.when, &update).reading();
            if counted {
                self.inner.attempts.counted(key);
            }
            if let Some(reading) = reading.filter(|_| counted) {
                if reading.window() >= SPELLED_FROM {
                    self.spell(role.class, key, told);
                }
                self.judge(role.class, key, &reading, told);
            }
        }
        if role.succeeds {
            let familiar = told.account.filter(|_| told.familiar == Some(true)).map(Key::get);
            let update = Update { success: true, familiar, ..Update::default() };
            self.service.state.add(class.table, key, told.when, &update);
        }
        if role.escalates {
            self.escalate(role.class, key, told);
        }
    }

    /// Stores the text of a login once it may be named by a signal.
    fn spell(&mut self, class: usize, key: Key, told: &Told<'_>) {
        let login = told.event.login.as_deref().filter(|_| self.plan.classes[class].table == Table::Login);
        if let Some(login) = login {
            self.service.state.spell(key, super::text::shown(login, super::text::SHOWN));
        }
    }

    /// Evaluates every rule of a group.
    fn judge(&mut self, class_at: usize, key: Key, reading: &Reading, told: &Told<'_>) {
        let plan = self.plan;
        let class = &plan.classes[class_at];
        let memory_is_cold = told.familiar.is_none();
        for (at, rule) in plan.rules(class) {
            let finding = match rule.kind {
                Kind::Threshold => {
                    judge(rule, reading, memory_is_cold).filter(|_| !self.is_excused(rule, reading, told))
                }
                Kind::LearnedRate(initial) => self.unusual(rule, initial, key, reading, told),
                Kind::Instant(_) | Kind::Deviation(_) => None,
            };
            if let Some(finding) = finding {
                self.found(at, class.table, key, reading, &finding, told);
            }
        }
        self.feed(class_at, key, told);
    }

    /// Evaluates the guards that need more than the counts of the group.
    fn is_excused(&mut self, rule: &Rule, reading: &Reading, told: &Told<'_>) -> bool {
        rule.has(Guard::Spread) && !self.is_spread(reading, told)
            || rule.has(Guard::SharedProvider) && is_shared_provider(reading, told)
            || rule.has(Guard::UnusualPair) && !self.is_unusual_pair(rule, reading, told)
            || rule.has(Guard::ExplainedByAddress) && comes_from_known(reading) && self.source_is_known(told)
    }

    /// Whether the address at hand has at most half of the network's failures.
    fn is_spread(&self, reading: &Reading, told: &Told<'_>) -> bool {
        let address = self.plan.by_address.and_then(|at| self.plan.classes.get(at));
        let of_address = address.and_then(|class| {
            let key = class.key(told.event, told.subject, self.hash)?;
            self.service.state.read(class.table, key, told.when.now_s)
        });
        of_address.is_none_or(|of_address| of_address.window() * 2 <= reading.window())
    }

    /// Whether the source has a live signal of its own.
    fn source_is_known(&mut self, told: &Told<'_>) -> bool {
        if !self.inner.signals.any_live() {
            return false;
        }
        let plan = self.plan;
        let by_source = plan.classes.iter().filter(|class| matches!(class.table, Table::Ip | Table::Network));
        by_source.into_iter().any(|class| {
            let Some(key) = class.key(told.event, told.subject, self.hash) else { return false };
            plan.rules(class).any(|(_, rule)| self.inner.signals.live(rule.family(), key).is_some())
        })
    }

    fn instant(&mut self, detector: Instant, at: usize, told: &Told<'_>) {
        let Some(rule) = self.plan.config.rules.get(at) else { return };
        if !rule.counting.filter.holds(told.event, told.subject) {
            return;
        }
        match detector {
            Instant::PostCompromise => self.after_takeover(told),
            Instant::PrivilegeViolation => self.privilege(at, told),
            Instant::ImpossibleTravel => self.travel(at, told),
            // Evaluated with the signals about the service.
            Instant::SuspiciousSuccess => {}
        }
    }
}

/// The count from which the text of a login is stored.
const SPELLED_FROM: u32 = 4;
