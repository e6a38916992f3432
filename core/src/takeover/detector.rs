//! The detector, the object that applications and bindings use.
//!
//! It owns the configuration, one [`Service`] per service and environment, and the blocks and notifications that they
//! share. It starts no threads: pending work is done by incoming events, and by [`Detector::tick`] when there are
//! none.

use super::address::Prefix;
use super::assess::{Assessment, Decision};
use super::config::Documents;
use super::config::exceptions::Trust;
use super::event::{Dropped, Event};
use super::key::HashKey;
use super::notify::queue::Queue;
use super::notify::{Notification, Wanted};
use super::respond::blocks::{Blocks, Refusal};
use super::rules::plan::Plan;
use super::service::{Service, Verdict};
use super::state::time::{EngineTime, LATEST_MS, Step};
use super::state::{Bounded, Moment, Profile, State};
use super::subject::Subject;
use crate::config::Diagnostics;
use crate::support::fork::{Renewable, Versioned};
use crate::support::{Clock, FixedClock};
use crate::value::Object;
use arc_swap::ArcSwap;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The maximum number of services of a detector; further ones are counted together.
const SERVICES: usize = 64;
/// How long an event or the end of a request may spend on pending work.
const SLICE: Duration = Duration::from_millis(2);
/// A manual clock skips steps longer than this, in seconds, if no work is pending. The account memory ages its records
/// correctly over breaks of more than 30 days.
const LONG_STEP_S: u64 = 31 * 86_400;
/// The name under which further services are counted.
const OTHER: &str = "__other__";

/// Creates the state of a service.
pub type MakeState = Arc<dyn Fn(Profile) -> Box<dyn State> + Send + Sync>;

/// The options of a detector.
pub struct Options {
    /// The clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// The clock that [`Detector::advance`] moves; with it, the times of events are accepted, as replays need.
    pub(crate) manual: Option<Arc<FixedClock>>,
    /// The key of all keyed hashes.
    pub(crate) hash_key: HashKey,
    /// The service of events that name none.
    pub(crate) service: String,
    /// The environment of events that name none.
    pub(crate) env: String,
    /// The blocks, and the denylists that the engine reads.
    pub(crate) blocks: Arc<Blocks>,
    /// Creates the state of services.
    pub(crate) make_state: MakeState,
}

impl Options {
    /// Options for the system clock and a random hash key.
    pub fn system(service: &str, env: &str) -> Self {
        let clock = Arc::new(crate::support::SystemClock);
        Options { clock, manual: None, hash_key: HashKey::random(), ..Self::manual(0, service, env) }
    }

    /// Options for tests and replays: the clock stands still until it is advanced, the times of events are accepted,
    /// and the same events produce the same signals byte for byte.
    pub fn manual(start_ms: u64, service: &str, env: &str) -> Self {
        let clock = Arc::new(FixedClock::at_millis(start_ms));
        Options {
            clock: clock.clone(),
            manual: Some(clock),
            hash_key: HashKey([0, 0]),
            service: service.into(),
            env: env.into(),
            blocks: Arc::default(),
            make_state: Arc::new(|profile| Box::new(Bounded::new(profile))),
        }
    }

    /// The same options with another implementation of the state.
    #[cfg(feature = "internals")]
    #[must_use]
    pub fn with_state(self, make_state: MakeState) -> Self {
        Options { make_state, ..self }
    }
}

/// Receives notifications.
pub type Subscriber = Arc<dyn Fn(&Notification) + Send + Sync>;

/// The detector.
pub struct Detector {
    pub(super) options: Options,
    documents: Versioned<Documents>,
    plan: ArcSwap<Plan>,
    pub(super) services: Versioned<Vec<Arc<Service>>>,
    /// The blocks.
    pub(super) blocks: Arc<Blocks>,
    pub(super) time: EngineTime,
    queue: Renewable<Queue>,
    subscribers: Versioned<Subscribers>,
    /// Whether there are subscribers.
    is_heard: Arc<AtomicBool>,
    delivering: Mutex<()>,
    /// Held while pending work is done; other threads skip the work instead of waiting.
    working: Mutex<()>,
    /// The service at which the next slice of work continues.
    next_service: AtomicUsize,
    /// The time at which work is due, in seconds.
    due_s: AtomicU64,
    /// The second in which a request last checked for pending work.
    polled_s: AtomicU64,
    pub(super) counters: Counters,
    pub(super) exported: Renewable<std::collections::BTreeMap<String, u64>>,
}

#[derive(Clone, Default)]
struct Subscribers {
    next: u64,
    list: Vec<(u64, Wanted, Subscriber)>,
}

/// Counters of events.
#[derive(Default)]
pub(super) struct Counters {
    pub events: AtomicU64,
    pub dropped: [AtomicU64; 3],
    pub folded: AtomicU64,
    /// Errors of detection itself.
    pub internal_errors: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Detector {
    /// Creates a detector without documents, which uses the built-in rules.
    pub fn new(options: Options) -> Self {
        let documents = Documents::default();
        let plan = Plan::new(documents.merge("").0);
        Detector {
            time: EngineTime::new(options.clock.clone()),
            documents: Versioned::new(documents),
            plan: ArcSwap::from_pointee(plan),
            services: Versioned::default(),
            blocks: options.blocks.clone(),
            options,
            queue: Renewable::default(),
            subscribers: Versioned::default(),
            is_heard: Arc::default(),
            delivering: Mutex::new(()),
            working: Mutex::new(()),
            next_service: AtomicUsize::new(0),
            due_s: AtomicU64::new(0),
            polled_s: AtomicU64::new(0),
            counters: Counters::default(),
            exported: Renewable::default(),
        }
    }

    /// Returns the current configuration.
    pub(crate) fn plan(&self) -> Arc<Plan> {
        self.plan.load_full()
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.time.now_ms()
    }

    pub(super) fn now_s(&self) -> u64 {
        self.now_ms() / 1000
    }

    /// Returns the time, in milliseconds since the Unix epoch.
    pub fn time_ms(&self) -> u64 {
        self.now_ms()
    }

    /// Stores a document under a path, replacing any former one. It takes effect from the next event on.
    pub fn apply(&self, path: &str, document: &Object) -> Diagnostics {
        let (diagnostics, config) = self.documents.change(|documents| documents.apply(path, document));
        if let Some(config) = config {
            self.exchange(Plan::new(config));
        }
        diagnostics
    }

    /// Removes the document under a path; returns whether there was one.
    pub fn remove(&self, path: &str) -> bool {
        let config = self.documents.change(|documents| documents.remove(path));
        let there = config.is_some();
        config.into_iter().for_each(|config| self.exchange(Plan::new(config)));
        there
    }

    fn exchange(&self, plan: Plan) {
        let (former, plan) = (self.plan(), Arc::new(plan));
        self.plan.store(plan.clone());
        self.blocks.arm(plan.config.settings.response_enabled && plan.config.settings.enabled);
        for service in self.all_services() {
            service.reconcile(&former, &plan, self.now_s(), &self.options.hash_key, &self.blocks);
        }
        self.collect();
    }

    /// Processes an event. An invalid one is counted and reported, and has no other effect.
    pub fn event(&self, event: &Object) -> Result<Verdict, Dropped> {
        let event = Event::read(event).inspect_err(|why| {
            count(&self.counters.events);
            count(&self.counters.dropped[*why as usize]);
        })?;
        Ok(self.take(&event))
    }

    /// Runs a function of the detector. A panic is counted and gives the neutral answer, so that it never reaches the host.
    pub(crate) fn guarded<T>(&self, neutral: impl FnOnce() -> T, run: impl FnOnce() -> T) -> T {
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
            count(&self.counters.internal_errors);
            // A payload of an unknown type could panic again when dropped.
            std::mem::forget(payload);
            neutral()
        })
    }

    /// Processes an event that was already read.
    pub(crate) fn take(&self, event: &Event<'_>) -> Verdict {
        self.guarded(Verdict::default, || self.take_in(event))
    }

    fn take_in(&self, event: &Event<'_>) -> Verdict {
        count(&self.counters.events);
        let plan = self.plan();
        if !plan.config.settings.enabled {
            return Verdict::default();
        }
        let now_s = self.now_s();
        if now_s >= self.due_s.load(Ordering::Relaxed) {
            self.work(now_s, &plan, self.slice());
        }
        // Event times are accepted only in replays, because an attacker must not choose them.
        let time = self.time.accept(event.ts_ms.filter(|_| self.options.manual.is_some()));
        let when = Moment { at_s: (time.at_ms / 1000) as u32, now_s: (time.now_ms / 1000) as u32 };
        let service = self.service(event.service.as_deref(), event.env.as_deref());
        let verdict = service.event(event, when, &plan, &self.options.hash_key, &self.blocks);
        if verdict.opened {
            self.due_s.fetch_min(service.due_after_opening_s(now_s), Ordering::Relaxed);
        }
        if !verdict.signals.is_empty() {
            self.collect_from(&service);
        }
        verdict
    }

    /// Assesses a login attempt.
    pub fn assess(&self, attempt: &Object) -> Result<Assessment, Dropped> {
        let attempt = Event::read_attempt(attempt)?;
        Ok(self.judge(&attempt, true))
    }

    /// Assesses a login attempt that was already read. Its refusal is counted if `counts`.
    pub(crate) fn judge(&self, attempt: &Event<'_>, counts: bool) -> Assessment {
        self.guarded(Assessment::allow, || self.weigh(attempt, counts))
    }

    fn weigh(&self, attempt: &Event<'_>, counts: bool) -> Assessment {
        let plan = self.plan();
        if !plan.config.settings.enabled {
            return Assessment::allow();
        }
        let subject = Subject::of(attempt, &plan.config.settings.normalization, &self.options.hash_key);
        if plan.trust(subject.address, subject.account()) == Some(Trust::Trusted) {
            return Assessment { reasons: vec!["allow_listed".into()], ..Assessment::allow() };
        }
        let (now_s, address) = (self.now_s(), subject.address.map(|address| address.address()));
        let (user, session) = (attempt.user_id.as_deref(), attempt.session_id.as_deref());
        let refusal = self.blocks.refuses(address, user, session, counts, now_s);
        let Some(refusal) = refusal else { return Assessment::allow() };
        let reason = format!("{} blocked", refusal.target.kind());
        Assessment { decision: Decision::of(refusal.look), score: 100, reasons: vec![reason] }
    }

    /// Returns what refuses a client, a user or a session, and counts the refusal if `counts`. Trusted entries of the
    /// allow-list are not refused.
    pub(crate) fn refusal(
        &self,
        address: Option<IpAddr>,
        user: Option<&str>,
        session: Option<&str>,
        counts: bool,
    ) -> Option<Refusal> {
        let now_s = self.now_s();
        let plan = self.plan.load();
        if !plan.config.allow.is_empty() {
            let account = user.and_then(|user| plan.config.settings.normalization.login.apply(user));
            if plan.trust(address.map(Prefix::host), account.as_deref()) == Some(Trust::Trusted) {
                return None;
            }
        }
        self.blocks.refuses(address, user, session, counts, now_s)
    }

    /// Does pending work and delivers notifications; call it about once a second when no events arrive.
    pub fn tick(&self) {
        self.compare_clocks();
        let (now_s, plan) = (self.now_s(), self.plan());
        if now_s >= self.due_s.load(Ordering::Relaxed) {
            self.work(now_s, &plan, None);
        }
        self.deliver(None);
    }

    /// Does a slice of [`Detector::tick`] of about two milliseconds at most, once a second; further calls within the
    /// second cost next to nothing, unless work is left over. Requests call it when they end.
    pub fn poll(&self) {
        self.guarded(|| (), || self.poll_now());
    }

    fn poll_now(&self) {
        let now_s = self.now_s();
        if self.polled_s.load(Ordering::Relaxed) != now_s && self.polled_s.swap(now_s, Ordering::Relaxed) != now_s {
            self.compare_clocks();
            self.blocks.sweep(now_s);
            self.deliver(self.slice());
        }
        if now_s >= self.due_s.load(Ordering::Relaxed) {
            self.work(now_s, &self.plan(), self.slice());
        }
    }

    fn compare_clocks(&self) {
        let Ok(_working) = self.working.try_lock() else { return };
        if let Step::Back(by_ms) = self.time.tick() {
            self.all_services().iter().for_each(|service| service.state.rebase(by_ms / 1000));
        }
    }

    /// Returns the end of the slice of work that an event may do. With a manual clock there is no limit, so that
    /// replays do not depend on the speed of the machine.
    fn slice(&self) -> Option<Instant> {
        self.options.manual.is_none().then(|| Instant::now() + SLICE)
    }

    /// Advances a manual clock, at most to 2106, and does pending work on the way at the time at which it is due. Returns
    /// false if the clock is not manual.
    pub fn advance(&self, to_ms: u64) -> bool {
        let Some(clock) = &self.options.manual else { return false };
        let to_ms = to_ms.min(LATEST_MS);
        loop {
            let now_s = self.now_s();
            let plan = self.plan();
            let next_s = self.next_due_s(now_s).max(now_s + 1);
            if next_s.saturating_mul(1000) > to_ms {
                break;
            }
            let is_long = to_ms / 1000 - now_s > LONG_STEP_S;
            if is_long && self.all_services().iter().all(|service| service.waits_for_nothing()) {
                break;
            }
            clock.set_millis(next_s * 1000);
            self.time.tick();
            self.work(next_s, &plan, None);
        }
        clock.set_millis(to_ms.max(self.now_ms()));
        self.time.tick();
        self.tick();
        true
    }

    fn next_due_s(&self, now_s: u64) -> u64 {
        let services = self.all_services();
        let blocks = (now_s / 60 + 1) * 60;
        services.iter().map(|service| service.next_due_s(now_s)).min().map_or(u64::MAX, |next| next.min(blocks))
    }

    /// Does pending work until the slice ends; what is left over stays due.
    fn work(&self, now_s: u64, plan: &Plan, end: Option<Instant>) {
        let Ok(_working) = self.working.try_lock() else { return };
        let services = self.services.load_full();
        for at in self.next_service.load(Ordering::Relaxed)..services.len() {
            services[at].tick(now_s, plan, &self.options.hash_key, &self.blocks);
            if end.is_some_and(|end| Instant::now() >= end) && at + 1 < services.len() {
                self.next_service.store(at + 1, Ordering::Relaxed);
                return;
            }
        }
        self.next_service.store(0, Ordering::Relaxed);
        self.blocks.sweep(now_s);
        self.due_s.store(self.next_due_s(now_s), Ordering::Relaxed);
        self.collect();
    }

    /// Moves the notifications of services into the queue.
    pub(super) fn collect(&self) {
        self.services.load_full().iter().for_each(|service| self.collect_from(service));
    }

    fn collect_from(&self, service: &Service) {
        let notices = std::mem::take(&mut service.inner().notices);
        if !notices.is_empty() {
            let mut queue = self.queue.lock();
            notices.into_iter().for_each(|notice| queue.push(notice));
        }
    }

    /// Delivers notifications, each to all subscribers that want it, on one thread at a time and without holding a
    /// lock that anything else takes. A subscriber that panics misses the notification.
    fn deliver(&self, end: Option<Instant>) {
        let Ok(_delivering) = self.delivering.try_lock() else { return };
        while end.is_none_or(|end| Instant::now() < end) {
            let Some(notification) = self.queue.lock().pop() else { return };
            let subscribers = self.subscribers.load_full();
            for (_, _, subscriber) in subscribers.list.iter().filter(|(_, wanted, _)| wanted.wants(&notification)) {
                drop(catch_unwind(AssertUnwindSafe(|| subscriber(&notification))));
            }
        }
    }

    /// Adds a subscriber for notifications from now on; the returned number is for [`Detector::unsubscribe`].
    pub fn subscribe(&self, wanted: Wanted, subscriber: Subscriber) -> u64 {
        self.is_heard.store(true, Ordering::Relaxed);
        self.subscribers.change(|subscribers| {
            subscribers.next += 1;
            subscribers.list.push((subscribers.next, wanted.clone(), subscriber.clone()));
            subscribers.next
        })
    }

    /// Removes a subscriber; returns whether the number was in use.
    pub fn unsubscribe(&self, id: u64) -> bool {
        self.subscribers.change(|subscribers| {
            let before = subscribers.list.len();
            subscribers.list.retain(|(known, ..)| *known != id);
            subscribers.list.len() < before
        })
    }

    /// Returns the number of notifications dropped because the queue was full.
    pub fn dropped_notifications(&self) -> u64 {
        self.queue.lock().dropped()
    }

    pub(super) fn all_services(&self) -> Vec<Arc<Service>> {
        self.services.load().to_vec()
    }

    /// Returns the service of this name and environment, or the common one once there are too many.
    pub(super) fn service(&self, name: Option<&str>, env: Option<&str>) -> Arc<Service> {
        let (name, env) = (name.unwrap_or(&self.options.service), env.unwrap_or(&self.options.env));
        let is = |service: &&Arc<Service>| service.name == name && service.env == env;
        if let Some(service) = self.services.load().iter().find(is) {
            return service.clone();
        }
        let profile = self.plan.load().config.settings.profile;
        self.services.change(|services| {
            if let Some(service) = services.iter().find(is) {
                return service.clone();
            }
            let (name, env) = if services.len() >= SERVICES { (OTHER, "") } else { (name, env) };
            if name == OTHER {
                count(&self.counters.folded);
                if let Some(service) = services.iter().find(|service| service.name == OTHER) {
                    return service.clone();
                }
            }
            let service = Arc::new(Service::new(name, env, (self.options.make_state)(profile), self.is_heard.clone()));
            services.push(service.clone());
            service
        })
    }
}
