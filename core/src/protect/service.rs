//! The state of a process between requests, behind one handle.

use crate::http::rate::TraceLimiter;
use crate::http::sampling::SchemaSampler;
use crate::http::stealth::{LoginFailure, StealthAnswer, StealthTemplates};
use crate::http::{ClientAddress, Proxies, client_address};
use crate::live::{Entry, LiveSets, Prefix, Refused, Until};
use crate::support::fork::{Renewable, Versioned};
use crate::support::{Clock, SystemClock, random};
use crate::takeover::respond::Target;
use crate::takeover::respond::blocks::{Block, Blocks, Look, Selector};
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The settings of a [`Service`].
///
/// ```
/// use bartizan::http::Proxies;
/// use bartizan::protect::{Service, ServiceSettings};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let proxies = Proxies::default().with_header("x-real-ip")?.with_trusted(&["10.0.0.0/8"])?;
/// let service = Service::new(ServiceSettings::new().trace_rate_limit(10).proxies(proxies));
/// assert!(service.grants_trace());
/// # Ok(())
/// # }
/// ```
pub struct ServiceSettings {
    trace_rate_limit: i64,
    schema_delay: f64,
    proxies: Proxies,
    clock: Arc<dyn Clock>,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self {
            trace_rate_limit: TraceLimiter::DEFAULT_RATE,
            schema_delay: SchemaSampler::DEFAULT_DELAY,
            proxies: Proxies::default(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl ServiceSettings {
    /// The defaults: a hundred traces per second, a schema every thirty seconds, nothing known of proxies.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of traces that may be kept per second; negative is unlimited, zero none.
    #[must_use]
    pub fn trace_rate_limit(self, traces: i64) -> Self {
        Self { trace_rate_limit: traces, ..self }
    }

    /// Seconds between two schemas of the same endpoint; zero makes one for every request.
    #[must_use]
    pub fn schema_delay(self, seconds: f64) -> Self {
        Self { schema_delay: seconds, ..self }
    }

    /// The proxies in front of the service, which determine how clients' addresses are found.
    #[must_use]
    pub fn proxies(self, proxies: Proxies) -> Self {
        Self { proxies, ..self }
    }

    /// The clock for the expiration of denylist entries.
    #[must_use]
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        self.shared_clock(Arc::new(clock))
    }

    pub(super) fn shared_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }
}

impl fmt::Debug for ServiceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceSettings")
            .field("trace_rate_limit", &self.trace_rate_limit)
            .field("schema_delay", &self.schema_delay)
            .field("proxies", &self.proxies)
            .finish_non_exhaustive()
    }
}

/// Whom a block is about: a user, an address or network, or both.
///
/// ```
/// use bartizan::protect::{Service, Subject, Until};
/// let service = Service::default();
/// service.block(&Subject::user("mallory").and_address("198.51.100.0/24"), Until::Forever)?;
/// assert!(service.refuses_user("mallory").is_some());
/// assert!(service.refuses_address("198.51.100.7".parse().unwrap()).is_some());
/// assert!(service.unblock(&Subject::user("mallory")));
/// # Ok::<(), bartizan::protect::Refused>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    user: Option<String>,
    address: Option<String>,
}

impl Subject {
    /// A user, by the text of the id.
    pub fn user(id: impl Into<String>) -> Self {
        Self { user: Some(id.into()), address: None }
    }

    /// An address (`192.0.2.1`) or a network (`192.0.2.0/24`).
    pub fn address(network: impl Into<String>) -> Self {
        Self { user: None, address: Some(network.into()) }
    }

    /// Adds an address or a network.
    #[must_use]
    pub fn and_address(self, network: impl Into<String>) -> Self {
        Self { address: Some(network.into()), ..self }
    }

    fn network(&self) -> Option<Prefix> {
        Prefix::parse(self.address.as_deref()?)
    }

    fn targets(&self) -> impl Iterator<Item = Target> + use<> {
        self.network().map(Target::Ip).into_iter().chain(self.user.clone().map(Target::User))
    }
}

/// The process-wide state: denylist, limits, and the application's own login failures. Thread-safe.
pub struct Service {
    live: Arc<LiveSets>,
    /// What is known of the entries, for whoever lists them.
    blocks: Arc<Blocks>,
    limiter: TraceLimiter,
    sampler: SchemaSampler,
    stealth: Renewable<StealthTemplates>,
    /// An operator's response for routes without learned failures.
    configured_failure: Versioned<Option<LoginFailure>>,
    proxies: Proxies,
    clock: Arc<dyn Clock>,
    start: Instant,
}

impl Default for Service {
    fn default() -> Self {
        Self::new(ServiceSettings::default())
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("proxies", &self.proxies).finish_non_exhaustive()
    }
}

impl Service {
    /// A service that has learned nothing and refuses nobody.
    pub fn new(settings: ServiceSettings) -> Self {
        let live = Arc::<LiveSets>::default();
        Self {
            blocks: Arc::new(Blocks::new(live.clone())),
            live,
            limiter: TraceLimiter::new(settings.trace_rate_limit),
            sampler: SchemaSampler::new(settings.schema_delay),
            stealth: Renewable::default(),
            configured_failure: Versioned::default(),
            proxies: settings.proxies,
            clock: settings.clock,
            start: Instant::now(),
        }
    }

    /// Refuses a subject from now on; if an entry exists already, the later end counts.
    ///
    /// # Errors
    ///
    /// An invalid entry, or a full list; then neither the user nor the address of the subject is added.
    pub fn block(&self, subject: &Subject, until: Until) -> Result<(), Refused> {
        let (now, entry, network) = (self.now(), Entry::manual(until), subject.network());
        if subject.address.is_some() && network.is_none() {
            return Err(Refused::NotAnAddress);
        }
        let before = network.and_then(|network| self.live.addresses.get(network, now));
        if let Some(network) = network {
            self.live.addresses.insert(network, entry, now)?;
        }
        let taken = subject.user.as_ref().map_or(Ok(()), |user| self.live.users.insert(user, entry, now));
        if let (Err(_), Some(network)) = (taken, network) {
            self.live.addresses.remove(network);
            before.map_or(Ok(()), |before| self.live.addresses.insert(network, before, now))?;
        }
        taken?;
        for target in subject.targets() {
            self.blocks.record(Block::manual(target, until.time(), Look::Block, now), now);
        }
        Ok(())
    }

    /// Changes the end of blocks that are still in force, to an earlier or later one; false if there is none.
    pub fn extend(&self, subject: &Subject, until: Until) -> bool {
        let now = self.now();
        let extend = |target| self.blocks.extend(&Selector::Target(target), until.time(), now) > 0;
        subject.targets().map(extend).fold(false, |any, extended| any | extended)
    }

    /// Removes a block; false if there was none.
    pub fn unblock(&self, subject: &Subject) -> bool {
        let now = self.now();
        let remove = |target| !self.blocks.remove(&Selector::Target(target), now).is_empty();
        subject.targets().map(remove).fold(false, |any, removed| any | removed)
    }

    /// The end of a user's block, if there is one.
    pub fn refuses_user(&self, id: &str) -> Option<Until> {
        self.live.users.find(id.as_bytes(), self.now()).map(|entry| entry.until)
    }

    /// Until when an address is refused, if at all: the latest end among the networks it belongs to.
    pub fn refuses_address(&self, address: IpAddr) -> Option<Until> {
        self.live.addresses.find(address, self.now()).map(|entry| entry.until)
    }

    /// Whether any address is refused.
    pub fn refuses_addresses(&self) -> bool {
        self.live.addresses.hold_any(self.now())
    }

    /// The refused users, sorted by id.
    pub fn blocked_users(&self) -> Vec<(String, Until)> {
        in_order(self.live.users.entries(self.now()))
    }

    /// The refused addresses and networks, sorted by text.
    pub fn blocked_addresses(&self) -> Vec<(String, Until)> {
        let entries = self.live.addresses.entries(self.now()).into_iter();
        in_order(entries.map(|(network, entry)| (network.to_string(), entry)).collect())
    }

    /// The sets behind these, which rules know as `blocked_ips` and `blocked_users`.
    pub(crate) fn live(&self) -> &Arc<LiveSets> {
        &self.live
    }

    /// What is known of the entries of these sets.
    pub(super) fn blocks(&self) -> &Arc<Blocks> {
        &self.blocks
    }

    /// The clock by which entries end.
    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The end of a block that begins now.
    pub fn end_after(&self, duration: Duration) -> Until {
        Until::Time(self.now().saturating_add(duration.as_secs()))
    }

    /// The proxies in front of the service.
    pub fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// The origin of a request, from its headers in the order received and the peer's address as the host prints it.
    pub fn client_address(&self, headers: &[(Cow<'_, str>, Cow<'_, str>)], peer: Option<&str>) -> ClientAddress {
        client_address(headers, peer, &self.proxies)
    }

    /// Whether the rate limit permits keeping one more trace.
    pub fn grants_trace(&self) -> bool {
        self.limiter.allow(self.elapsed())
    }

    /// Whether to make a schema of this request.
    pub fn samples_schema(&self, method: &str, route: &str, status: u16) -> bool {
        self.sampler.sample(method, route, status, self.elapsed())
    }

    /// Learns how the application responds to a wrong password; false if nothing was learned. The host calls it with
    /// the response it sends, as requests do not hold its body. Until three people have failed so, refusals are
    /// ordinary.
    pub fn learn_login_failure(&self, route: &str, login: &str, failure: &LoginFailure) -> bool {
        self.stealth.lock().learn(route, login, failure, self.elapsed())
    }

    /// Sets the response for routes of which nothing has been learned.
    ///
    /// # Errors
    ///
    /// The status must be between 200 and 599.
    pub fn configure_login_failure(&self, failure: LoginFailure) -> Result<(), UnusableStatus> {
        if !(200..=599).contains(&failure.status) {
            return Err(UnusableStatus(failure.status));
        }
        self.configured_failure.change(|configured| *configured = Some(failure.clone()));
        Ok(())
    }

    /// A response that looks like the application's own login failure; `None` if nothing is known, or fewer than three
    /// people have failed.
    pub fn login_failure_answer(&self, route: &str, login: &str) -> Option<StealthAnswer> {
        let learned = self.stealth.lock().answer(route, login, random() as u64);
        learned.or_else(|| self.configured_failure.load().as_ref().as_ref().map(LoginFailure::answer))
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.unix_seconds()
    }

    /// Nanoseconds since the service began.
    pub(super) fn elapsed(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// This cannot be the status of a login failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnusableStatus(pub u16);

impl fmt::Display for UnusableStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the status of a login's failure must be between 200 and 599, not {}", self.0)
    }
}

impl std::error::Error for UnusableStatus {}

fn in_order(entries: Vec<(String, Entry)>) -> Vec<(String, Until)> {
    let mut ends: Vec<_> = entries.into_iter().map(|(whom, entry)| (whom, entry.until)).collect();
    ends.sort_unstable();
    ends
}
