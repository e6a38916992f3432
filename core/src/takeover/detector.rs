//! The detector: what bindings and applications hold on to.
//!
//! It keeps the configuration, one [`Service`] for each service and environment, and the blocks and notifications that all
//! share. It starts no thread: what is due is done by the events that come, and by [`Detector::tick`] where none do.

use super::assess::{Assessment, Decision};
use super::config::Documents;
use super::config::exceptions::Trust;
use super::event::{Dropped, Event};
use super::key::HashKey;
use super::notify::queue::Queue;
use super::notify::{Notification, Wanted};
use super::respond::blocks::Blocks;
use super::rules::plan::Plan;
use super::service::{Service, Verdict};
use super::state::time::{EngineTime, Step};
use super::state::{Bounded, Moment, Profile, State};
use super::subject::Subject;
use crate::config::Diagnostics;
use crate::live::LiveSets;
use crate::support::{Clock, FixedClock};
use crate::value::Object;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Services of one detector; others are counted together.
const SERVICES: usize = 64;
/// What these are called.
const OTHER: &str = "__other__";

/// Makes the memory of a service.
pub type MakeState = Arc<dyn Fn(Profile) -> Box<dyn State> + Send + Sync>;

/// How a detector is made.
pub struct Options {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// A clock that [`Detector::advance`] moves; then event times are believed, as replays need.
    pub manual: Option<Arc<FixedClock>>,
    /// The key of all hashes.
    pub hash_key: HashKey,
    /// Where events without a service are.
    pub service: String,
    /// See `service`.
    pub env: String,
    /// Whom requests refuse: the sets that the engine reads.
    pub live: Arc<LiveSets>,
    /// Memory for services.
    pub make_state: MakeState,
}

impl Options {
    /// A detector of the machine's time, with keys that nobody knows.
    pub fn system(service: &str, env: &str) -> Self {
        let clock = Arc::new(crate::support::SystemClock);
        Options { clock, manual: None, hash_key: HashKey::random(), ..Self::manual(0, service, env) }
    }

    /// A detector for tests and replays: the clock stands still until it is advanced, event times are believed, and the
    /// same events give the same signals to the byte.
    pub fn manual(start_ms: u64, service: &str, env: &str) -> Self {
        let clock = Arc::new(FixedClock::at_millis(start_ms));
        Options {
            clock: clock.clone(),
            manual: Some(clock),
            hash_key: HashKey([0, 0]),
            service: service.into(),
            env: env.into(),
            live: Arc::default(),
            make_state: Arc::new(|profile| Box::new(Bounded::new(profile))),
        }
    }
}

/// Receives notifications.
pub type Subscriber = Arc<dyn Fn(&Notification) + Send + Sync>;

/// The detector.
pub struct Detector {
    pub(super) options: Options,
    documents: Mutex<Documents>,
    plan: RwLock<Arc<Plan>>,
    pub(super) services: RwLock<Vec<Arc<Service>>>,
    /// Whom is refused.
    pub blocks: Arc<Blocks>,
    pub(super) time: EngineTime,
    queue: Mutex<Queue>,
    subscribers: Mutex<Subscribers>,
    delivering: Mutex<()>,
    /// When something is due, in seconds.
    due_s: AtomicU64,
    pub(super) counters: Counters,
    pub(super) exported: Mutex<std::collections::BTreeMap<String, u64>>,
}

#[derive(Default)]
struct Subscribers {
    next: u64,
    list: Vec<(u64, Wanted, Subscriber)>,
}

/// What happened to events, in numbers.
#[derive(Default)]
pub(super) struct Counters {
    pub events: AtomicU64,
    pub dropped: [AtomicU64; 3],
    pub folded: AtomicU64,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Detector {
    /// A detector without documents: the built-in rules run.
    pub fn new(options: Options) -> Self {
        let documents = Documents::default();
        let plan = Plan::new(documents.merge("").0);
        Detector {
            time: EngineTime::new(options.clock.clone()),
            documents: Mutex::new(documents),
            plan: RwLock::new(Arc::new(plan)),
            services: RwLock::default(),
            blocks: Arc::new(Blocks::new(options.live.clone())),
            options,
            queue: Mutex::default(),
            subscribers: Mutex::default(),
            delivering: Mutex::new(()),
            due_s: AtomicU64::new(0),
            counters: Counters::default(),
            exported: Mutex::default(),
        }
    }

    /// The configuration that runs.
    pub fn plan(&self) -> Arc<Plan> {
        self.plan.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.time.now_ms()
    }

    pub(super) fn now_s(&self) -> u64 {
        self.now_ms() / 1000
    }

    /// The time, in milliseconds since the epoch.
    pub fn time_ms(&self) -> u64 {
        self.now_ms()
    }

    /// Puts a document under a path, in place of the former one there. What it says acts from the next event on.
    pub fn apply(&self, path: &str, document: &Object) -> Diagnostics {
        let mut documents = lock(&self.documents);
        let (diagnostics, config) = documents.apply(path, document);
        if let Some(config) = config {
            self.exchange(Plan::new(config));
        }
        diagnostics
    }

    /// Takes the document of a path away. Says whether there was one.
    pub fn remove(&self, path: &str) -> bool {
        let mut documents = lock(&self.documents);
        let config = documents.remove(path);
        let there = config.is_some();
        config.into_iter().for_each(|config| self.exchange(Plan::new(config)));
        there
    }

    fn exchange(&self, plan: Plan) {
        let (former, plan) = (self.plan(), Arc::new(plan));
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = plan.clone();
        self.blocks.arm(plan.config.settings.response_enabled && plan.config.settings.enabled);
        for service in self.all_services() {
            service.reconcile(&former, &plan, self.now_s(), &self.options.hash_key, &self.blocks);
        }
        self.collect();
    }

    /// Takes an event in. What is wrong with it is counted and told, and harms nobody.
    pub fn event(&self, event: &Object) -> Result<Verdict, Dropped> {
        count(&self.counters.events);
        let event = Event::read(event).inspect_err(|why| count(&self.counters.dropped[*why as usize]))?;
        Ok(self.take(&event))
    }

    /// Takes an event in that was read before.
    pub fn take(&self, event: &Event<'_>) -> Verdict {
        let plan = self.plan();
        if !plan.config.settings.enabled {
            return Verdict::default();
        }
        let now_s = self.now_s();
        if now_s >= self.due_s.load(Ordering::Relaxed) {
            self.work(now_s, &plan);
        }
        // Only replays choose the time of their events: an attacker must not.
        let time = self.time.accept(event.ts_ms.filter(|_| self.options.manual.is_some()));
        let when = Moment { at_s: (time.at_ms / 1000) as u32, now_s: (time.now_ms / 1000) as u32 };
        let service = self.service(event.service.as_deref(), event.env.as_deref());
        let verdict = service.event(event, when, &plan, &self.options.hash_key, &self.blocks);
        if verdict.opened {
            self.due_s.fetch_min(service.next_due_s(now_s), Ordering::Relaxed);
        }
        if !verdict.signals.is_empty() {
            self.collect();
        }
        verdict
    }

    /// Asks whether an attempt may go on.
    pub fn assess(&self, attempt: &Object) -> Result<Assessment, Dropped> {
        let attempt = Event::read_attempt(attempt)?;
        Ok(self.judge(&attempt))
    }

    /// Asks whether an attempt may go on that was read before.
    pub fn judge(&self, attempt: &Event<'_>) -> Assessment {
        let plan = self.plan();
        if !plan.config.settings.enabled {
            return Assessment::allow();
        }
        let subject = Subject::of(attempt, &plan.config.settings, &self.options.hash_key);
        if plan.trust(subject.address, subject.account()) == Some(Trust::Trusted) {
            return Assessment { reasons: vec!["allow_listed".into()], ..Assessment::allow() };
        }
        let (now_s, address) = (self.now_s(), subject.address.map(|address| address.address()));
        let refusal = self.blocks.refuses(address, attempt.user_id.as_deref(), attempt.session_id.as_deref(), now_s);
        let Some(refusal) = refusal else { return Assessment::allow() };
        self.blocks.hit(&refusal.target, now_s);
        let reason = format!("{} blocked", refusal.target.kind());
        Assessment { decision: Decision::from(refusal.look), score: 100, reasons: vec![reason] }
    }

    /// Does what is due, and hands notifications over.
    pub fn tick(&self) {
        if let Step::Back(by_ms) = self.time.tick() {
            self.all_services().iter().for_each(|service| service.state.rebase(by_ms / 1000));
        }
        let (now_s, plan) = (self.now_s(), self.plan());
        if now_s >= self.due_s.load(Ordering::Relaxed) {
            self.work(now_s, &plan);
        }
        self.deliver();
    }

    /// Moves a manual clock forward, doing what is due on the way when it is due. False if the clock is not manual.
    pub fn advance(&self, to_ms: u64) -> bool {
        let Some(clock) = &self.options.manual else { return false };
        loop {
            let now_s = self.now_s();
            let plan = self.plan();
            let next_s = self.next_due_s(now_s).max(now_s + 1);
            if next_s.saturating_mul(1000) > to_ms {
                break;
            }
            clock.set_millis(next_s * 1000);
            self.time.tick();
            self.work(next_s, &plan);
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

    fn work(&self, now_s: u64, plan: &Plan) {
        for service in self.all_services() {
            service.tick(now_s, plan, &self.options.hash_key, &self.blocks);
        }
        self.blocks.sweep(now_s);
        self.due_s.store(self.next_due_s(now_s), Ordering::Relaxed);
        self.collect();
    }

    /// Puts what services have to tell into the queue.
    pub(super) fn collect(&self) {
        for service in self.all_services() {
            let notices = std::mem::take(&mut service.inner().notices);
            let mut queue = lock(&self.queue);
            notices.into_iter().for_each(|notice| queue.push(notice));
        }
    }

    /// Hands notifications over, each to all who want it, one thread at a time and without a lock that anything else
    /// takes. A subscriber that panics misses the notification.
    fn deliver(&self) {
        let Ok(_delivering) = self.delivering.try_lock() else { return };
        loop {
            let Some(notification) = lock(&self.queue).pop() else { return };
            let subscribers: Vec<_> = {
                let subscribers = lock(&self.subscribers);
                let wanting = subscribers.list.iter().filter(|(_, wanted, _)| wanted.wants(&notification));
                wanting.map(|(_, _, subscriber)| subscriber.clone()).collect()
            };
            for subscriber in subscribers {
                drop(catch_unwind(AssertUnwindSafe(|| subscriber(&notification))));
            }
        }
    }

    /// Hands notifications to somebody from now on. The number is for [`Detector::unsubscribe`].
    pub fn subscribe(&self, wanted: Wanted, subscriber: Subscriber) -> u64 {
        let mut subscribers = lock(&self.subscribers);
        subscribers.next += 1;
        let id = subscribers.next;
        subscribers.list.push((id, wanted, subscriber));
        id
    }

    /// Stops handing notifications over. Says whether the number was in use.
    pub fn unsubscribe(&self, id: u64) -> bool {
        let mut subscribers = lock(&self.subscribers);
        let before = subscribers.list.len();
        subscribers.list.retain(|(known, ..)| *known != id);
        subscribers.list.len() < before
    }

    /// Notifications that were dropped for want of room.
    pub fn dropped_notifications(&self) -> u64 {
        lock(&self.queue).dropped()
    }

    pub(super) fn all_services(&self) -> Vec<Arc<Service>> {
        self.services.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The service of this name and environment. Beyond a number of them all further ones are one.
    pub(super) fn service(&self, name: Option<&str>, env: Option<&str>) -> Arc<Service> {
        let (name, env) = (name.unwrap_or(&self.options.service), env.unwrap_or(&self.options.env));
        let is = |service: &&Arc<Service>| service.name == name && service.env == env;
        if let Some(service) = self.services.read().unwrap_or_else(PoisonError::into_inner).iter().find(is) {
            return service.clone();
        }
        let mut services = self.services.write().unwrap_or_else(PoisonError::into_inner);
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
        let plan = self.plan();
        let state = (self.options.make_state)(plan.config.settings.profile);
        let service = Arc::new(Service::new(name, env, state));
        services.push(service.clone());
        service
    }
}
