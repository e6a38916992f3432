//! A signal: something a rule found, while it lasts and after.

pub mod campaign;
pub mod distinct;
pub mod id;
mod places;
mod print;
pub mod record;
pub mod store;
pub mod top;

pub use store::{Signals, Slot};

use super::address::{Network, Prefix};
use super::config::rule::Rule;
use super::severity::Severity;
use super::state::{Key, Table};
use campaign::Campaign;
use distinct::Distinct;
use top::Top;

/// Entries of each list in a signal.
pub const LISTED: usize = 50;
/// Sources that are remembered to tell whether a success comes from one of them.
const SOURCES: usize = 4096;

/// Where a signal is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Status {
    #[default]
    Open,
    Closed,
    Suppressed,
    FalsePositive,
}

impl Status {
    /// As signals write it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Closed => "closed",
            Status::Suppressed => "suppressed",
            Status::FalsePositive => "false_positive",
        }
    }
}

/// What happened so far.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Counts {
    pub failures: u64,
    pub refused: u64,
    pub successes_unfamiliar: u64,
    pub successes_familiar: u64,
    pub nonexistent: u64,
    pub flagged: u64,
    pub users: Distinct,
    pub ips: Distinct,
    pub networks: Distinct,
    /// Users, addresses and networks that were known when it opened, by number only.
    pub floors: [u64; 3],
}

impl Counts {
    /// How many users, addresses and networks there were, at least.
    pub fn distinct(&self) -> [u64; 3] {
        let counted = [&self.users, &self.ips, &self.networks].map(Distinct::count);
        std::array::from_fn(|at| counted[at].max(self.floors[at]))
    }

    /// Attempts of any kind that were the attacker's.
    pub fn attempts(&self) -> u64 {
        self.failures + self.refused + self.successes_unfamiliar
    }
}

/// The most frequent values.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Tops {
    pub ips: Top<Prefix>,
    pub users: Top<String>,
    pub user_agents: Top<String>,
    pub networks: Top<Network>,
}

/// An account that the attack got into.
#[derive(Clone, Debug, PartialEq)]
pub struct Compromised {
    /// The account's id, where the application gave it.
    pub user_id: Option<String>,
    /// Its login.
    pub login: Option<String>,
    /// When, in seconds since the epoch.
    pub at_s: u64,
    /// From where.
    pub ip: Option<Prefix>,
    /// `after_failures` or `same_network`.
    pub reason: &'static str,
    /// `confirmed`, or `probable` where nothing is known of where accounts log in from.
    pub status: &'static str,
    /// What was done with it afterwards: events and when.
    pub after: Vec<(String, u64)>,
}

/// A decision about somebody who attacks. It holds for its time, or until answers act that did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its last second: the end of the block, or when what forbade one is asked for again.
    pub until_s: u64,
    /// Answers acted when it was made.
    pub acts: bool,
    /// Whether there was a block.
    pub blocked: bool,
}

/// What was done, and what was not.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Something was carried out, not only planned.
    pub acted: bool,
    /// What was done or would have been.
    pub actions: Vec<String>,
    /// How many.
    pub blocked_ips: u64,
    /// How many.
    pub blocked_users: u64,
    /// What was not done, and why.
    pub withheld: Vec<String>,
    /// What was decided about whom.
    pub planned: std::collections::BTreeMap<super::respond::Target, Planned>,
    /// Too many familiar people were refused: nothing more is done.
    pub demoted: bool,
    /// Refused attempts of the last ten minutes: since when, how many, how many of them familiar.
    pub refused_window: (u64, u32, u32),
}

/// A signal.
#[derive(Debug)]
pub struct Signal {
    /// Its name.
    pub id: String,
    /// The rule that opened or renamed it.
    pub rule_id: String,
    /// For people.
    pub rule_name: String,
    /// Of the rule.
    pub tags: Vec<(String, String)>,
    /// The rule whose signals it counts as.
    pub family: String,
    /// All rules that found it.
    pub variants: Vec<String>,
    /// Where.
    pub service: String,
    /// See `service`.
    pub env: String,
    /// What it is about.
    pub group: Vec<(String, String)>,
    /// Its group in the tables.
    pub key: Key,
    /// The table, and the window of the rule.
    pub table: Table,
    /// See `table`.
    pub window_s: u32,
    /// Where it is in its life.
    pub status: Status,
    /// How grave.
    pub severity: Severity,
    /// How grave since when, in seconds since the epoch.
    pub history: Vec<(Severity, u64)>,
    /// Nothing was known of where accounts log in from.
    pub memory_was_cold: bool,
    /// What it probably is, if not what the rule looks for.
    pub likely_cause: Option<&'static str>,
    /// Seconds since the epoch, here and below.
    pub opened_s: u64,
    /// When it last changed.
    pub updated_s: u64,
    /// When it closed.
    pub closed_s: Option<u64>,
    /// Why it closed.
    pub closed_because: Option<&'static str>,
    /// The first event of it.
    pub first_event_s: u64,
    /// The last event of it.
    pub last_event_s: u64,
    /// The signal that reached its longest duration.
    pub continued_from: Option<String>,
    /// The signal that took it over.
    pub parent: Option<String>,
    /// What happened.
    pub counts: Counts,
    /// The most frequent values.
    pub top: Tops,
    /// Hashes of the networks the attempts came from.
    pub sources: Vec<u64>,
    /// The network of a group by address.
    pub network: Option<Network>,
    /// The counts that opened it.
    pub evidence: Vec<(&'static str, f64)>,
    /// Accounts that the attack got into.
    pub compromised: Vec<Compromised>,
    /// What was done.
    pub answer: Answer,
    /// Whom it is about is on the allow-list.
    pub allow_listed: bool,
    /// The suppression that silences it.
    pub suppressed_by: Option<String>,
    /// Remarks.
    pub notes: Vec<String>,
    /// How an operator resolved it.
    pub resolution: Option<&'static str>,
    /// Every attempt, as long as there is room.
    pub campaign: Campaign,
    /// The time it closes without a further event, and how long it stays ready to open again.
    pub keep_alive_s: u64,
    /// It closes after this time in any case.
    pub max_duration_s: u64,
    /// See `keep_alive_s`.
    pub cooldown_s: u64,
    /// The number of the last notification.
    pub seq: u64,
    /// When the last notification was made, and how many attempts there were.
    pub told: (u64, u64),
}

impl Signal {
    /// Whether it is still fed.
    pub fn is_live(&self) -> bool {
        matches!(self.status, Status::Open | Status::Suppressed)
    }

    /// Makes it graver; a signal never becomes less grave. Says whether it did.
    pub fn raise(&mut self, severity: Severity, now_s: u64) -> bool {
        let graver = severity > self.severity;
        if graver {
            self.severity = severity;
            self.history.push((severity, now_s));
            self.updated_s = now_s;
        }
        graver
    }

    /// When it closes if nothing else happens.
    pub fn closes_s(&self) -> u64 {
        let idle = self.last_event_s.saturating_add(if self.keep_alive_s == 0 {
            self.window_s.into()
        } else {
            self.keep_alive_s
        });
        match self.max_duration_s {
            0 => idle,
            most => idle.min(self.first_event_s.saturating_add(most)),
        }
    }

    /// Notes a source.
    pub fn note_source(&mut self, network: u64) {
        match self.sources.binary_search(&network) {
            Err(at) if self.sources.len() < SOURCES => self.sources.insert(at, network),
            _ => {}
        }
    }

    /// Takes the name of another rule.
    pub fn rename(&mut self, rule: &Rule) {
        self.rule_id.clone_from(&rule.id);
        self.rule_name.clone_from(&rule.name);
        self.tags.clone_from(&rule.tags);
    }

    /// `[HIGH] Credential stuffing from one address on auth (prod)`
    pub fn title(&self) -> String {
        let severity = self.severity.name().to_uppercase();
        let env = if self.env.is_empty() { String::new() } else { format!(" ({})", self.env) };
        let service = if self.service.is_empty() { "the service" } else { &self.service };
        format!("[{severity}] {} on {service}{env}", self.rule_name)
    }

    /// The category of its rule.
    pub fn category(&self) -> &str {
        self.tags.iter().find(|(name, _)| name == "category").map_or("", |(_, value)| value)
    }
}
