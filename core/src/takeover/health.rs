//! Health of the events: finds instrumentation that omits what rules need.

use super::event::Event;
use super::key::HashKey;
use super::name;
use super::signal::distinct::Distinct;
use super::subject::Subject;
use crate::value::Value;
use std::collections::{BTreeMap, HashMap};

/// The interval of the checks, in seconds.
const PERIOD_S: u32 = 3600;
/// The number of logins from which the checks are made.
const ENOUGH: u32 = 200;
/// The number of successes from which they tell something about the clients.
const ENOUGH_SUCCESSES: u32 = 20;
/// The maximum number of addresses that are counted individually.
const ADDRESSES: usize = 256;

/// Prefixes of the user agents of HTTP libraries; login pages are normally used by browsers and apps.
const LIBRARIES: [&str; 6] = ["python-requests/", "axios/", "Go-http-client/", "okhttp/", "Java/", "curl/"];

/// The counters in total and for the current hour, and the findings.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// The number of ignored events of trusted sources.
    pub trusted: u64,
    /// The number of failures ignored after a success of the same request.
    pub double_events: u64,
    /// The number of failures without a login or without whether the account exists, and of events that a rule could
    /// not consider because a field was missing.
    pub missing_fields: u64,
    /// The number of unusable fields.
    pub ignored_fields: u64,
    /// Whether there was ever a success.
    reports_successes: bool,
    hour: Hour,
    day: Day,
    findings: BTreeMap<&'static str, Finding>,
}

#[derive(Clone, Debug, Default)]
struct Hour {
    started_s: Option<u32>,
    double_events: u64,
    logins: u32,
    failures: u32,
    local: u32,
    without_login: u32,
    without_exists: u32,
    successes: u32,
    traits: Traits,
    traits_of_successes: Traits,
    by_address: HashMap<u64, u32>,
    accounts: Distinct,
}

/// What logins tell about their clients.
#[derive(Clone, Debug, Default)]
struct Traits {
    agents: u32,
    libraries: u32,
    with_headers: u32,
    few_headers: u32,
}

impl Traits {
    fn note(&mut self, event: &Event<'_>) {
        if let Some(agent) = &event.user_agent {
            self.agents += 1;
            self.libraries += u32::from(LIBRARIES.iter().any(|library| agent.starts_with(library)));
        }
        if let Some(count) = event.header_count {
            self.with_headers += 1;
            self.few_headers += u32::from(count <= 4);
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Day {
    started_s: Option<u32>,
    successes: u64,
    failures: u64,
}

#[derive(Clone, Debug)]
struct Finding {
    share: f64,
    since_s: u32,
    advice: &'static str,
}

impl Health {
    /// Counts an event.
    pub fn note(&mut self, event: &Event<'_>, subject: &Subject<'_>, hash: &HashKey, now_s: u32) {
        self.ignored_fields += u64::from(event.ignored_fields);
        let failed = event.event == name::LOGIN_FAILURE;
        if !failed && event.event != name::LOGIN_SUCCESS {
            return;
        }
        self.day.started_s.get_or_insert(now_s);
        self.day.failures += u64::from(failed);
        self.day.successes += u64::from(!failed);
        let hour = &mut self.hour;
        hour.started_s.get_or_insert(now_s);
        hour.logins += 1;
        hour.local += u32::from(subject.local || subject.address.is_none());
        hour.traits.note(event);
        if failed {
            hour.failures += 1;
            hour.without_login += u32::from(event.login.is_none());
            hour.without_exists += u32::from(event.exists.is_none());
            self.missing_fields += u64::from(event.login.is_none() || event.exists.is_none());
            return;
        }
        self.reports_successes = true;
        hour.successes += 1;
        hour.traits_of_successes.note(event);
        if let (Some(group), Some(account)) = (subject.group, subject.account_key(hash)) {
            let address = hash.hash(&group.bytes());
            if let Some(count) = hour.by_address.get_mut(&address) {
                *count += 1;
            } else if hour.by_address.len() < ADDRESSES {
                hour.by_address.insert(address, 1);
            }
            hour.accounts.insert(account.get());
        }
    }

    /// Returns the counts of the current hour, from which the next findings will follow.
    pub fn current_hour(&self) -> Value {
        let hour = &self.hour;
        let counts = [
            ("logins", hour.logins),
            ("failures", hour.failures),
            ("without_login", hour.without_login),
            ("without_exists", hour.without_exists),
            ("local_addresses", hour.local),
            ("library_user_agents", hour.traits.libraries),
            ("few_headers", hour.traits.few_headers),
        ];
        Value::from_entries(counts.map(|(name, count)| (name, Value::from(u64::from(count)))))
    }

    /// Whether an hour or a day of events is not over.
    pub fn is_counting(&self) -> bool {
        self.hour.started_s.is_some() || self.day.started_s.is_some()
    }

    /// Updates the findings if the hour is over.
    pub fn roll(&mut self, now_s: u32) {
        if self.day.started_s.is_some_and(|started| now_s.saturating_sub(started) >= 86_400) {
            let (successes, failures) = (self.day.successes, self.day.failures);
            self.find(
                "no_success_events",
                successes == 0 && failures >= 1000,
                1.0,
                now_s,
                "report successful logins too",
            );
            self.find("no_failure_events", failures == 0 && successes >= 1000, 1.0, now_s, "report failed logins too");
            self.day = Day::default();
        }
        if self.hour.started_s.is_none_or(|started| now_s.saturating_sub(started) < PERIOD_S) {
            return;
        }
        let hour = std::mem::take(&mut self.hour);
        if hour.logins < ENOUGH {
            return;
        }
        let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole.max(1));
        let mut counts: Vec<u32> = hour.by_address.values().copied().collect();
        counts.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
        let few: u32 = counts.iter().take(3).sum();
        let behind_few = hour.accounts.count() >= 100 && share(few, hour.successes) >= 0.5;
        let local = share(hour.local, hour.logins);
        let seen = if local >= 0.9 { local } else { share(few, hour.successes) };
        self.find(
            "client_ip_not_propagated",
            local >= 0.9 || behind_few,
            seen,
            now_s,
            "name the header that carries the client's address",
        );
        if let Some(traits) = self.telling_traits(&hour) {
            let libraries = share(traits.libraries, traits.agents);
            self.find(
                "user_agent_not_propagated",
                traits.agents > 0 && libraries >= 0.9,
                libraries,
                now_s,
                "pass the client's user agent on",
            );
            let few_headers = share(traits.few_headers, traits.with_headers);
            self.find(
                "headers_not_propagated",
                traits.with_headers > 0 && few_headers >= 0.5,
                few_headers,
                now_s,
                "pass the client's headers on",
            );
        }
        let without = share(hour.without_login, hour.failures);
        self.find("login_missing", without > 0.05, without, now_s, "report usr.login with failures");
        let without = share(hour.without_exists, hour.failures);
        self.find("exists_missing", without > 0.05, without, now_s, "report usr.exists with failures");
        let doubled = self.double_events.saturating_sub(hour.double_events);
        let doubled = doubled as f64 / f64::from(hour.logins);
        self.find(
            "double_events",
            doubled > 0.01,
            doubled,
            now_s,
            "report either a success or a failure for one login",
        );
        self.hour.double_events = self.double_events;
    }

    /// The logins that tell whether traits of clients arrive; `None` if too few do, and earlier findings stay.
    ///
    /// An attack may be most of the logins of an hour, and the findings withhold the rules that would refuse it. So only
    /// successes count, which attackers have few of, unless the service never reports any.
    fn telling_traits<'h>(&self, hour: &'h Hour) -> Option<&'h Traits> {
        if self.reports_successes {
            (hour.successes >= ENOUGH_SUCCESSES).then_some(&hour.traits_of_successes)
        } else {
            Some(&hour.traits)
        }
    }

    fn find(&mut self, id: &'static str, holds: bool, share: f64, now_s: u32, advice: &'static str) {
        match holds {
            true => {
                let since_s = self.findings.get(id).map_or(now_s, |finding| finding.since_s);
                self.findings.insert(id, Finding { share, since_s, advice });
            }
            false => drop(self.findings.remove(id)),
        }
    }

    /// Whether client addresses do not identify clients; then none is blocked automatically.
    pub fn address_is_not_propagated(&self) -> bool {
        self.findings.contains_key("client_ip_not_propagated")
    }

    /// Whether user agents and headers are those of the clients; otherwise no rule about them refuses anything.
    pub fn traits_are_propagated(&self) -> bool {
        let unknown = ["user_agent_not_propagated", "headers_not_propagated"];
        !unknown.iter().any(|finding| self.findings.contains_key(finding))
    }

    /// Returns the findings in order of their names.
    pub fn findings(&self) -> Value {
        let findings = self.findings.iter().map(|(id, finding)| {
            Value::from_entries([
                ("id", Value::from(*id)),
                ("share", Value::from((finding.share * 10_000.0).round() / 10_000.0)),
                ("since", Value::from(u64::from(finding.since_s))),
                ("advice", Value::from(finding.advice)),
            ])
        });
        findings.collect()
    }
}
