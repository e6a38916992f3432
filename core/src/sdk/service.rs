//! What a process remembers between requests, behind one handle.

use super::args::{Args, Result};
use super::{call, http, map_of};
use crate::http::Proxies;
use crate::http::denylist::{Denylist, Kind, Refused, Until};
use crate::http::rate::TraceLimiter;
use crate::http::sampling::SchemaSampler;
use crate::http::stealth::{LoginFailure, StealthTemplates};
use crate::support::fork::{Renewable, Versioned};
use crate::support::{Clock, SystemClock, random};
use crate::users::identity::id_text;
use crate::value::{Object, Value};
use std::time::Instant;

/// The process-wide side of the interface: denylist, limits and learned answers. Shared between threads.
///
/// Its [`Service::call`] knows every function of [`call`] too, so a binding needs no second door.
pub struct Service {
    denylist: Versioned<Denylist>,
    limiter: TraceLimiter,
    sampler: SchemaSampler,
    stealth: Renewable<StealthTemplates>,
    /// The answer that an operator wants where no failure has been learned.
    configured_failure: Versioned<Option<LoginFailure>>,
    proxies: Proxies,
    clock: Box<dyn Clock>,
    start: Instant,
}

impl Default for Service {
    fn default() -> Self {
        Self::with_clock(TraceLimiter::default(), SchemaSampler::new(SchemaSampler::DEFAULT_DELAY), SystemClock)
    }
}

impl Service {
    /// The names of the settings of a service.
    pub const SETTINGS: [&str; 4] = ["trace_rate_limit", "schema_delay", "client_ip_header", "trusted_proxies"];

    /// A service configured by a map:
    ///
    /// * `trace_rate_limit` (traces a second) and `schema_delay` (seconds)
    /// * `client_ip_header`: the header in which the proxies in front of the service write the client's address
    /// * `trusted_proxies`: the addresses and networks of these proxies; an empty array says that there are none
    ///
    /// What the last two mean is said in [`crate::http::client_ip`]; they are defaults for the functions that take them.
    pub fn new(settings: &Object) -> std::result::Result<Self, String> {
        let settings = Args::of(settings)?;
        settings.only(&Self::SETTINGS)?;
        Self::read(settings, None)
    }

    /// The same where other settings stand beside these, and where the environment may name the header.
    pub(super) fn read(settings: Args<'_>, client_ip_header: Option<&str>) -> Result<Self> {
        let rate = settings.number("trace_rate_limit")?.map_or(TraceLimiter::DEFAULT_RATE, |rate| rate as i64);
        let delay = settings.number("schema_delay")?.unwrap_or(SchemaSampler::DEFAULT_DELAY);
        let service = Self::with_clock(TraceLimiter::new(rate), SchemaSampler::new(delay), SystemClock);
        let proxies = Proxies::default().with_header(client_ip_header.unwrap_or_default());
        let proxies = proxies.map_err(|error| error.to_string())?;
        Ok(Self { proxies: http::proxies(settings, &proxies)?.into_owned(), ..service })
    }

    /// A service with a clock of the caller's, for entries of the denylist.
    pub fn with_clock(limiter: TraceLimiter, sampler: SchemaSampler, clock: impl Clock + 'static) -> Self {
        Self {
            denylist: Versioned::default(),
            limiter,
            sampler,
            stealth: Renewable::default(),
            configured_failure: Versioned::default(),
            proxies: Proxies::default(),
            clock: Box::new(clock),
            start: Instant::now(),
        }
    }

    /// Runs a function; see the list in the [module](super).
    pub fn call(&self, function: &str, arguments: &Object) -> Value {
        let run = match function {
            "block" => Self::block,
            "extend" => Self::extend,
            "unblock" => Self::unblock,
            "blocked" => Self::blocked,
            "blocks" => Self::blocks,
            "client_ip" => Self::client_ip,
            "request_addresses" => Self::request_addresses,
            "keep_trace" => Self::keep_trace,
            "sample_schema" => Self::sample_schema,
            "learn_login_failure" => Self::learn_login_failure,
            "configure_login_failure" => Self::configure_login_failure,
            "login_failure_answer" => Self::login_failure_answer,
            _ => return call(function, arguments),
        };
        Args::of(arguments).and_then(|args| run(self, args)).unwrap_or_else(|error| map_of([("error", error.into())]))
    }

    fn block(&self, args: Args<'_>) -> Result<Value> {
        let entries = entries(args)?;
        let (until, now) = (self.until(args)?, self.now());
        // Of two entries, both are taken or none.
        let blocked = self.denylist.change(|denylist| {
            let mut changed = denylist.clone();
            entries.iter().try_for_each(|(kind, value)| changed.block(*kind, value, until, now))?;
            *denylist = changed;
            Ok(())
        });
        blocked.map_err(|refused: Refused| refused.message().to_string())?;
        Ok(map_of([("done", true.into()), ("until", until.seconds().into())]))
    }

    fn extend(&self, args: Args<'_>) -> Result<Value> {
        let entries = entries(args)?;
        let (until, now) = (self.until(args)?, self.now());
        let done = self.denylist.change(|denylist| {
            entries.iter().fold(false, |done, (kind, value)| done | denylist.extend(*kind, value, until, now))
        });
        Ok(map_of([("done", done.into()), ("until", until.seconds().into())]))
    }

    fn unblock(&self, args: Args<'_>) -> Result<Value> {
        let entries = entries(args)?;
        let done = self
            .denylist
            .change(|denylist| entries.iter().fold(false, |done, (kind, value)| done | denylist.unblock(*kind, value)));
        Ok(map_of([("done", done.into())]))
    }

    /// Is this user or this address refused? The answer has the parameters of the action to take.
    fn blocked(&self, args: Args<'_>) -> Result<Value> {
        let now = self.now();
        let denylist = self.denylist.load();
        let user = args.object("user").and_then(|user| id_text(user, Default::default()));
        let of_user = user.and_then(|user| denylist.user(&user, now));
        let address = args.non_empty("ip").and_then(|address| address.parse().ok());
        let of_address = address.and_then(|address| denylist.address(address, now));
        Ok(match of_user.max(of_address) {
            Some(until) => map_of([("blocked", true.into()), ("until", until.seconds().into())]),
            None => map_of([("blocked", false.into())]),
        })
    }

    fn blocks(&self, _: Args<'_>) -> Result<Value> {
        let now = self.now();
        let denylist = self.denylist.load();
        let list = |kind| -> Value {
            let entries = denylist.entries(kind, now).into_iter();
            entries.map(|(value, until)| map_of([("value", value.into()), ("until", until.seconds().into())])).collect()
        };
        Ok(map_of([("users", list(Kind::User)), ("ips", list(Kind::Address))]))
    }

    fn client_ip(&self, args: Args<'_>) -> Result<Value> {
        http::client_ip(args, &self.proxies)
    }

    pub(super) fn request_addresses(&self, args: Args<'_>) -> Result<Value> {
        http::request_addresses(args, &self.proxies)
    }

    fn keep_trace(&self, _: Args<'_>) -> Result<Value> {
        Ok(map_of([("keep", self.grants_trace().into())]))
    }

    fn sample_schema(&self, args: Args<'_>) -> Result<Value> {
        let method = args.text("method")?.unwrap_or_default();
        let status = args.number("status")?.unwrap_or(0.0) as u16;
        let sampled = match args.text("route")? {
            Some(route) => self.sampler.sample(&method, &route, status, self.elapsed()),
            None => false,
        };
        Ok(map_of([("sample", sampled.into())]))
    }

    fn learn_login_failure(&self, args: Args<'_>) -> Result<Value> {
        let (route, failure) = (args.text("route")?.unwrap_or_default(), failure(args)?);
        let login = args.non_empty("login").filter(|_| !args.boolean("blocked").unwrap_or(false));
        let learned = login.is_some_and(|login| self.stealth.lock().learn(&route, &login, &failure, self.elapsed()));
        Ok(map_of([("learned", learned.into())]))
    }

    fn configure_login_failure(&self, args: Args<'_>) -> Result<Value> {
        let mut failure = failure(args)?;
        match failure.status {
            0 => failure.status = 401,
            200..=599 => {}
            _ => return Err("the argument `status` must be between 200 and 599".into()),
        }
        self.configured_failure.change(|configured| *configured = Some(failure.clone()));
        Ok(Value::map())
    }

    fn login_failure_answer(&self, args: Args<'_>) -> Result<Value> {
        let (route, login) = (args.text("route")?.unwrap_or_default(), args.non_empty("login").unwrap_or_default());
        let learned = self.stealth.lock().answer(&route, &login, random() as u64);
        let answer = learned.or_else(|| self.configured_failure.load().as_ref().as_ref().map(LoginFailure::answer));
        Ok(answer.map_or_else(Value::map, |answer| {
            map_of([
                ("status", u64::from(answer.status).into()),
                ("headers", Value::from_entries(answer.headers)),
                ("body", answer.body.into()),
                ("delay_us", answer.delay.into()),
            ])
        }))
    }

    pub(super) fn denies_user(&self, id: &str) -> bool {
        let denylist = self.denylist.load();
        denylist.user(id, self.now()).is_some()
    }

    pub(super) fn denies_address(&self, address: &str) -> bool {
        let denylist = self.denylist.load();
        address.parse().is_ok_and(|address| denylist.address(address, self.now()).is_some())
    }

    /// Whether any address is refused.
    pub(super) fn denies_addresses(&self) -> bool {
        self.denylist.load().has_addresses(self.now())
    }

    /// Whether the rate limit grants the retention of one more trace.
    pub(super) fn grants_trace(&self) -> bool {
        self.limiter.allow(self.elapsed())
    }

    /// The end of an entry: `until` in seconds since the epoch, or `seconds` from now; neither is forever.
    fn until(&self, args: Args<'_>) -> Result<Until> {
        let whole = |name: &str| match args.number(name)? {
            Some(number) if number < 0.0 || number.is_nan() => {
                Err(format!("the argument `{name}` must not be negative"))
            }
            number => Ok(number.map(|number| number as u64)),
        };
        Ok(match (whole("until")?, whole("seconds")?) {
            (Some(until), _) => Until::from_seconds(until),
            (None, Some(seconds)) => Until::Time(self.now().saturating_add(seconds)),
            (None, None) => Until::Forever,
        })
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.unix_seconds()
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// `user`, `ip`, or both.
fn entries(args: Args<'_>) -> Result<Vec<(Kind, String)>> {
    let mut entries = vec![];
    if let Some(user) = args.object("user") {
        let id = id_text(user, Default::default()).ok_or("the argument `user` is not an id")?;
        entries.push((Kind::User, id.into_owned()));
    }
    if let Some(address) = args.text("ip")? {
        entries.push((Kind::Address, address.into_owned()));
    }
    match entries.is_empty() {
        true => Err("one of the arguments `user` and `ip` must be given".into()),
        false => Ok(entries),
    }
}

fn failure(args: Args<'_>) -> Result<LoginFailure> {
    let headers = args.headers("headers")?;
    let content_type = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    Ok(LoginFailure {
        status: args.number("status")?.unwrap_or(0.0) as u16,
        content_type: content_type.map(|(_, value)| value.to_string()).unwrap_or_default(),
        headers: headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        body: args.text("body")?.unwrap_or_default().into_owned(),
        latency: args.number("latency_us")?.unwrap_or(0.0) as u64,
    })
}
