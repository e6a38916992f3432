//! The detector, the object that applications and bindings use.
//!
//! It owns the configuration, one [`Service`] per service and environment, and the blocks and notifications that they
//! share. It starts no threads: pending work is done by incoming events, and by [`Detector::tick`] when there are
//! none.

mod notices;
mod options;
mod publication;
mod work;

pub use notices::Subscriber;
pub use options::{MakeState, Options};

use super::address::Prefix;
use super::assess::{Assessment, Decision};
use super::config::exceptions::Trust;
use super::config::{Documents, KEY, built};
use super::event::{Dropped, Event};
use super::notify::queue::Queue;
use super::respond::blocks::{Blocks, Refusal};
use super::rules::plan::Plan;
use super::service::gate::Asked;
use super::service::published::Publication;
use super::service::{Service, Verdict};
use super::state::Moment;
use super::state::time::EngineTime;
use super::subject::Subject;
use crate::Builder;
use crate::config::Diagnostics;
use crate::support::fork::{Renewable, Versioned};
use crate::value::{Object, Value};
use arc_swap::ArcSwap;
use notices::Subscribers;
use publication::Publish;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// The maximum number of services of a detector; further ones are counted together.
const SERVICES: usize = 64;
/// The name under which further services are counted.
const OTHER: &str = "__other__";

/// The detector.
pub struct Detector {
    pub(in crate::takeover) options: Options,
    documents: Versioned<Documents>,
    plan: ArcSwap<Plan>,
    pub(in crate::takeover) services: Versioned<Vec<Arc<Service>>>,
    /// The blocks.
    pub(in crate::takeover) blocks: Arc<Blocks>,
    pub(in crate::takeover) time: EngineTime,
    queue: Renewable<Queue>,
    subscribers: Versioned<Subscribers>,
    /// Whether there are subscribers.
    is_heard: Arc<AtomicBool>,
    delivering: Renewable<()>,
    /// Held while pending work is done; other threads skip the work instead of waiting.
    working: Renewable<()>,
    /// The service at which the next slice of work continues.
    next_service: AtomicUsize,
    /// The time at which work is due, in seconds.
    due_s: AtomicU64,
    /// The second in which a request last checked for pending work.
    polled_s: AtomicU64,
    /// Documents for the engine's configuration that wait to be published, and since when.
    publications: Renewable<(u64, Vec<Publication>)>,
    publishing: Renewable<()>,
    publish: Versioned<Option<Publish>>,
    pub(in crate::takeover) counters: Counters,
    pub(in crate::takeover) exported: Renewable<std::collections::BTreeMap<String, u64>>,
}

/// Counters of events.
#[derive(Default)]
pub(in crate::takeover) struct Counters {
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
        let plan = Plan::new(documents.merge().0);
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
            delivering: Renewable::default(),
            working: Renewable::default(),
            next_service: AtomicUsize::new(0),
            due_s: AtomicU64::new(0),
            polled_s: AtomicU64::new(0),
            publications: Renewable::default(),
            publishing: Renewable::default(),
            publish: Versioned::default(),
            counters: Counters::default(),
            exported: Renewable::default(),
        }
    }

    /// Returns the current configuration.
    pub(crate) fn plan(&self) -> Arc<Plan> {
        self.plan.load_full()
    }

    pub(in crate::takeover) fn now_ms(&self) -> u64 {
        self.time.now_ms()
    }

    pub(in crate::takeover) fn now_s(&self) -> u64 {
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

    /// Takes the sections of a builder's configurations, in place of those that it took from a builder before. Returns
    /// the diagnostics of each by path.
    pub fn apply_builder(&self, builder: &Builder) -> Value {
        let (said, config) = self.documents.change(|documents| documents.replace_built(built(builder)));
        self.exchange(Plan::new(config));
        let diagnostics = said.into_iter().map(|(path, section)| {
            let sections = [(KEY, section)].into_iter().collect();
            (path, Diagnostics { sections, ..Diagnostics::default() }.to_value())
        });
        Value::from_entries(diagnostics)
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
        // The series of the service are evaluated at the end of each minute.
        let minute_ends_s = (now_s / 60 + 1) * 60;
        if self.due_s.load(Ordering::Relaxed) > minute_ends_s {
            self.due_s.fetch_min(minute_ends_s, Ordering::Relaxed);
        }
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
        if let Some(refusal) = refusal {
            let reason = format!("{} blocked", refusal.target.kind());
            return Assessment { decision: Decision::of(refusal.look), score: 100, reasons: vec![reason] };
        }
        let Some(service) = self.known_service(attempt.service.as_deref(), attempt.env.as_deref()) else {
            return Assessment::allow();
        };
        match service.gate(attempt, &subject, now_s, &plan, &self.options.hash_key, &self.blocks) {
            Some(Asked::Refused(look, rule)) => {
                let reason = format!("matches the rule '{rule}'");
                Assessment { decision: Decision::of(look), score: 90, reasons: vec![reason] }
            }
            Some(Asked::StepUp(reason)) => {
                Assessment { decision: Decision::StepUp, score: 50, reasons: vec![reason.text().into()] }
            }
            None => Assessment::allow(),
        }
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

    pub(in crate::takeover) fn all_services(&self) -> Vec<Arc<Service>> {
        self.services.load().to_vec()
    }

    /// Returns the service of this name and environment, if it had any events.
    fn known_service(&self, name: Option<&str>, env: Option<&str>) -> Option<Arc<Service>> {
        let (name, env) = (name.unwrap_or(&self.options.service), env.unwrap_or(&self.options.env));
        self.services.load().iter().find(|service| service.name == name && service.env == env).cloned()
    }

    /// Returns the service of this name and environment, or the common one once there are too many.
    pub(in crate::takeover) fn service(&self, name: Option<&str>, env: Option<&str>) -> Arc<Service> {
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
