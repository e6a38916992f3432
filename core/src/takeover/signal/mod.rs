//! Signals: attacks that rules found, while they last and afterwards.

pub mod audience;
pub mod campaign;
pub mod chunks;
pub mod distinct;
pub mod id;
mod places;
mod print;
pub mod record;
pub mod store;
pub mod top;

pub use store::{Signals, Slot};

use super::address::{Network, Prefix};
use super::config::response::Mode;
use super::config::rule::Rule;
use super::mining::{Cluster, Enforced};
use super::severity::Severity;
use super::state::{Key, Table};
use crate::value::Value;
use audience::Audience;
use campaign::Campaign;
use distinct::Distinct;
use top::Top;

/// The maximum number of entries in each list of a signal.
pub const LISTED: usize = 50;
/// The maximum number of sources of a signal that are remembered, to tell whether a success comes from one of them.
const SOURCES: usize = 4096;

/// The status of a signal.
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
    /// The name in signals.
    pub fn name(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Closed => "closed",
            Status::Suppressed => "suppressed",
            Status::FalsePositive => "false_positive",
        }
    }
}

/// The counts of a signal.
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
    /// The numbers of users, addresses and networks at the time of opening, if only the numbers are known.
    pub floors: [u64; 3],
}

impl Counts {
    /// Returns lower bounds of the numbers of distinct users, addresses and networks.
    pub fn distinct(&self) -> [u64; 3] {
        let counted = self.seen().map(Distinct::count);
        std::array::from_fn(|at| counted[at].max(self.floors[at]))
    }

    /// Returns the counters of users, addresses and networks.
    pub fn seen(&self) -> [&Distinct; 3] {
        [&self.users, &self.ips, &self.networks]
    }

    /// Returns the number of the attacker's attempts of any kind.
    pub fn attempts(&self) -> u64 {
        self.failures + self.refused + self.successes_unfamiliar
    }
}

/// The most frequent values among the attempts.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Tops {
    pub ips: Top<Prefix>,
    pub users: Top<String>,
    pub user_agents: Top<String>,
    pub networks: Top<Network>,
}

/// An account that the attacker logged in to.
#[derive(Clone, Debug, PartialEq)]
pub struct Compromised {
    /// The account's id, if the application provided it.
    pub user_id: Option<String>,
    /// The account's login.
    pub login: Option<String>,
    /// The time of the success, in seconds since the Unix epoch.
    pub at_s: u64,
    /// The address of the success.
    pub ip: Option<Prefix>,
    /// `after_failures` or `same_network`.
    pub reason: &'static str,
    /// `confirmed`, or `probable` while too little is known of where accounts log in from.
    pub status: &'static str,
    /// The events of the account afterwards, with their times.
    pub after: Vec<(String, u64)>,
}

/// A cluster of a signal, and what its rule does.
#[derive(Clone, Debug)]
pub struct Clustered {
    /// The cluster.
    pub cluster: Cluster,
    /// What its rule does.
    pub enforced: Enforced,
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

/// The response to a signal so far.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Whether responses are carried out or only planned.
    pub mode: Mode,
    /// The actions that were taken, or would have been.
    pub actions: Vec<String>,
    /// The number of addresses and networks that were blocked.
    pub blocked_ips: u64,
    /// The number of users and sessions that were blocked.
    pub blocked_users: u64,
    /// The actions that were withheld, and why.
    pub withheld: Vec<String>,
    /// The decisions by target.
    pub planned: std::collections::BTreeMap<super::respond::Target, Planned>,
    /// Whether the response ended because too many familiar users were refused.
    pub demoted: bool,
    /// The ids of rules of clusters that an operator removed.
    pub withdrawn: Vec<String>,
    /// The refused attempts of the current ten minutes: start time, total, and number from familiar origins.
    pub refused_window: (u64, u32, u32),
}

impl Answer {
    /// Records actions.
    pub fn note_actions(&mut self, lines: &[String]) {
        let room = LISTED.saturating_sub(self.actions.len());
        self.actions.extend(lines.iter().take(room).cloned());
    }
}

/// A signal.
#[derive(Debug)]
pub struct Signal {
    /// The id.
    pub id: String,
    /// The id of the rule that opened or renamed it.
    pub rule_id: String,
    /// The name of the rule for display.
    pub rule_name: String,
    /// The tags of the rule.
    pub tags: Vec<(String, String)>,
    /// The id of the rule whose signals it belongs to.
    pub family: String,
    /// The ids of all rules that found it.
    pub variants: Vec<String>,
    /// The service.
    pub service: String,
    /// The environment.
    pub env: String,
    /// The fields and values of the group that it is about.
    pub group: Vec<(String, String)>,
    /// The key of the group in the tables.
    pub key: Key,
    /// The table of the group.
    pub table: Table,
    /// The window of the rule, in seconds.
    pub window_s: u32,
    /// The status.
    pub status: Status,
    /// The severity.
    pub severity: Severity,
    /// The severities so far, each with its start in seconds since the Unix epoch.
    pub history: Vec<(Severity, u64)>,
    /// Whether too little was known of where accounts log in from.
    pub memory_was_cold: bool,
    /// A probable benign cause.
    pub likely_cause: Option<&'static str>,
    /// When it opened, in seconds since the Unix epoch, as all times below.
    pub opened_s: u64,
    /// When it last changed.
    pub updated_s: u64,
    /// When it closed.
    pub closed_s: Option<u64>,
    /// Why it closed.
    pub closed_because: Option<&'static str>,
    /// The time of its first event.
    pub first_event_s: u64,
    /// The time of its last event.
    pub last_event_s: u64,
    /// The id of the signal that reached its maximum duration, and that this one continues.
    pub continued_from: Option<String>,
    /// The id of the signal about the network, of which this one is a child.
    pub parent: Option<String>,
    /// The counts.
    pub counts: Counts,
    /// The most frequent values among the attempts.
    pub top: Tops,
    /// The hashes of the networks of the attempts.
    pub sources: Vec<u64>,
    /// The network of the event that opened it.
    pub network: Option<Network>,
    /// The measurements at the time of opening or, of a deviation, the latest ones.
    pub evidence: Value,
    /// The unfamiliar successes per second that were usual before, for a deviation.
    pub usual_successes: f64,
    /// Successes from unfamiliar origins during a deviation, of which some may be takeovers.
    pub suspicious: Vec<Compromised>,
    /// What the requests of a distributed attack have in common, the most important first.
    pub clusters: Vec<Clustered>,
    /// Whom the attempts are about.
    pub audience: Audience,
    /// The id that the waves of one campaign have in common.
    pub campaign_id: Option<String>,
    /// The accounts that the attacker logged in to.
    pub compromised: Vec<Compromised>,
    /// The response so far.
    pub answer: Answer,
    /// Whether the source or the account is on the allow-list.
    pub allow_listed: bool,
    /// The id of the suppression that silences it.
    pub suppressed_by: Option<String>,
    /// Remarks for analysts.
    pub notes: Vec<String>,
    /// How an operator resolved it.
    pub resolution: Option<&'static str>,
    /// The attempts, all of them as long as there is room.
    pub campaign: Campaign,
    /// The time without a further event after which it closes, in seconds.
    pub keep_alive_s: u64,
    /// The time after which it closes in any case, in seconds.
    pub max_duration_s: u64,
    /// The cool-down during which it can reopen, in seconds.
    pub cooldown_s: u64,
    /// The sequence number of the last notification.
    pub seq: u64,
    /// The time of the last notification, and the number of attempts at that time.
    pub told: (u64, u64),
}

impl Signal {
    /// Whether it still takes events.
    pub fn is_live(&self) -> bool {
        matches!(self.status, Status::Open | Status::Suppressed)
    }

    /// Raises the severity, which never falls; returns whether it changed.
    pub fn raise(&mut self, severity: Severity, now_s: u64) -> bool {
        let graver = severity > self.severity;
        if graver {
            self.severity = severity;
            self.history.push((severity, now_s));
            self.updated_s = now_s;
        }
        graver
    }

    /// Returns the time at which it closes unless another event arrives.
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

    /// Records a source.
    pub fn note_source(&mut self, network: u64) {
        match self.sources.binary_search(&network) {
            Err(at) if self.sources.len() < SOURCES => self.sources.insert(at, network),
            _ => {}
        }
    }

    /// Renames the signal to another rule.
    pub fn rename(&mut self, rule: &Rule) {
        self.rule_id.clone_from(&rule.id);
        self.rule_name.clone_from(&rule.name);
        self.tags.clone_from(&rule.tags);
    }

    /// Returns the mode in force: that of the configuration, unless the response ended.
    pub fn mode(&self) -> Mode {
        if self.answer.demoted { Mode::Monitor } else { self.answer.mode }
    }

    /// Returns the title, such as `[HIGH] Credential stuffing from one address on auth (prod)`.
    pub fn title(&self) -> String {
        let severity = self.severity.name().to_uppercase();
        let env = if self.env.is_empty() { String::new() } else { format!(" ({})", self.env) };
        let service = if self.service.is_empty() { "the service" } else { &self.service };
        format!("[{severity}] {} on {service}{env}", self.rule_name)
    }

    /// Returns the category of its rule.
    pub fn category(&self) -> &str {
        self.tags.iter().find(|(name, _)| name == "category").map_or("", |(_, value)| value)
    }
}
