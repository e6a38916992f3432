//! The output format of signals: schema `bartizan.ato.signal/1`.

use super::{Compromised, LISTED, Signal};
use crate::takeover::key::HashKey;
use crate::value::{Object, Value};

/// A time, or null if there is none.
fn seconds(at: Option<u64>) -> Value {
    at.map_or_else(Value::null, Value::from)
}

fn text<'t>(text: impl Into<Option<&'t str>>) -> Value {
    text.into().map_or_else(Value::null, Value::from)
}

/// A ratio rounded to four digits, so that it prints the same in every language.
fn ratio(part: u64, whole: u64) -> Value {
    let ratio = if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    Value::from((ratio * 10_000.0).round() / 10_000.0)
}

fn pairs<T: ToString>(list: &[(&T, u64)]) -> Value {
    let pair = |(value, count): &(&T, u64)| {
        [Value::from(value.to_string()), Value::from(*count)].into_iter().collect::<Value>()
    };
    list.iter().take(LISTED).map(pair).collect()
}

impl Signal {
    /// Returns the signal as a map.
    pub fn to_value(&self) -> Value {
        self.with_compromised(self.compromised.iter().take(LISTED).map(Compromised::to_value).collect())
    }

    fn with_compromised(&self, compromised: Value) -> Value {
        let texts = |texts: &[String]| texts.iter().take(LISTED).map(Value::from).collect::<Value>();
        let mut map = Value::map();
        map.insert("id", &self.id);
        map.insert("schema", "bartizan.ato.signal/1");
        map.insert("rule", self.rule());
        map.insert("service", &self.service);
        map.insert("env", &self.env);
        let service = [("service".to_string(), self.service.clone())];
        map.insert("group", Value::from_entries(service.iter().chain(&self.group).map(|(name, value)| (name, value))));
        map.insert("variants", texts(&self.variants));
        map.insert("state", self.status.name());
        map.insert("severity", self.severity.name());
        let step = |(severity, at): &(super::Severity, u64)| {
            [Value::from(severity.name()), Value::from(*at)].into_iter().collect::<Value>()
        };
        map.insert("severity_history", self.history.iter().map(step).collect::<Value>());
        map.insert("confidence", if self.memory_was_cold { "low" } else { "high" });
        map.insert("likely_cause", text(self.likely_cause));
        map.insert("opened_at", self.opened_s);
        map.insert("updated_at", self.updated_s);
        map.insert("closed_at", seconds(self.closed_s));
        map.insert("closed_reason", text(self.closed_because));
        map.insert("first_event_at", self.first_event_s);
        map.insert("last_event_at", self.last_event_s);
        map.insert("continued_from", text(self.continued_from.as_deref()));
        map.insert("parent", text(self.parent.as_deref()));
        map.insert("campaign_id", text(self.campaign_id.as_deref()));
        map.insert("counts", self.counts_value());
        map.insert("evidence", self.evidence.to_value());
        let clusters = self.clusters.iter().map(|one| one.cluster.to_value(&one.enforced));
        map.insert("clusters", clusters.collect::<Value>());
        map.insert("top", self.top_value());
        map.insert("compromised", compromised);
        map.insert(
            "suspicious_successes",
            self.suspicious.iter().rev().take(LISTED).map(Compromised::to_value).collect::<Value>(),
        );
        map.insert("response", self.answer_value());
        map.insert("allow_listed", self.allow_listed);
        map.insert("suppressed_by", text(self.suppressed_by.as_deref()));
        map.insert("degraded", false);
        map.insert("notes", texts(&self.notes));
        map.insert("triage", self.triage());
        map
    }

    /// Returns the rule as part of a signal.
    pub fn rule(&self) -> Value {
        let tags = Value::from_entries(self.tags.iter().map(|(name, value)| (name, value)));
        Value::from_entries([
            ("id", Value::from(&self.rule_id)),
            ("name", Value::from(&self.rule_name)),
            ("tags", tags),
        ])
    }

    /// Returns the counts as part of a signal.
    pub fn counts_value(&self) -> Value {
        let counts = &self.counts;
        let (attempts, [users, ips, networks]) = (counts.attempts(), counts.distinct());
        let tried = counts.failures + counts.successes_unfamiliar;
        Value::from_entries([
            ("attempts", Value::from(attempts)),
            ("failures", Value::from(counts.failures)),
            ("refused", Value::from(counts.refused)),
            ("successes_unfamiliar", Value::from(counts.successes_unfamiliar)),
            ("successes_familiar", Value::from(counts.successes_familiar)),
            ("users", Value::from(users)),
            ("ips", Value::from(ips)),
            ("networks", Value::from(networks)),
            ("attempts_per_ip", ratio(attempts, ips)),
            ("attempts_per_user", ratio(attempts, users)),
            ("nonexistent_share", ratio(counts.nonexistent, counts.failures)),
            ("success_rate", ratio(counts.successes_unfamiliar, tried)),
        ])
    }

    fn top_value(&self) -> Value {
        Value::from_entries([
            ("ips", pairs(&self.top.ips.list())),
            ("users", pairs(&self.top.users.list())),
            ("user_agents", pairs(&self.top.user_agents.list())),
            ("networks", pairs(&self.top.networks.list())),
        ])
    }

    fn answer_value(&self) -> Value {
        let texts = |texts: &[String]| texts.iter().take(LISTED).map(Value::from).collect::<Value>();
        Value::from_entries([
            ("mode", Value::from(self.mode().name())),
            ("actions", texts(&self.answer.actions)),
            ("blocked_ips", Value::from(self.answer.blocked_ips)),
            ("blocked_users", Value::from(self.answer.blocked_users)),
            ("withheld", texts(&self.answer.withheld)),
        ])
    }

    /// The answers to an analyst's first questions.
    fn triage(&self) -> Value {
        let counts = &self.counts;
        let yes = |truth| if truth { "yes" } else { "no" };
        let share = |part: u64| format!("{:.1} %", part as f64 * 100.0 / counts.failures.max(1) as f64);
        let many_failures = counts.failures > 20 * (counts.successes_unfamiliar + counts.successes_familiar);
        let questions = [
            format!("failures >> successes: {}", yes(many_failures)),
            format!("known offenders: {}", share(counts.flagged)),
            format!("accounts that do not exist: {}", share(counts.nonexistent)),
            format!("accounts compromised: {}", self.compromised.len()),
        ];
        Value::from_entries([
            ("questions", questions.iter().map(Value::from).collect::<Value>()),
            ("resolution", text(self.resolution)),
        ])
    }
}

impl Compromised {
    /// Returns the account as part of signals and notifications.
    pub fn to_value(&self) -> Value {
        let after =
            self.after.iter().map(|(event, at)| [Value::from(event), Value::from(*at)].into_iter().collect::<Value>());
        Value::from_entries([
            ("usr.id", text(self.user_id.as_deref())),
            ("usr.login", text(self.login.as_deref())),
            ("at", Value::from(self.at_s)),
            ("ip", self.ip.map_or_else(Value::null, |ip| Value::from(ip.to_string()))),
            ("reason", Value::from(self.reason)),
            ("status", Value::from(self.status)),
            ("after", after.collect::<Value>()),
        ])
    }
}

/// The maximum number of entries in each list of a notification.
const TOLD: usize = 10;

impl Signal {
    /// Returns the signal as notifications contain it: with short lists and, unless `pii` is set, hashes in place of
    /// logins and addresses.
    pub fn to_notice(&self, pii: bool, hash: &HashKey) -> Value {
        let compromised = self.compromised.iter().take(TOLD).cloned();
        let compromised = compromised.map(|one| if pii { one.to_value() } else { one.hidden(hash).to_value() });
        let whole = self.with_compromised(compromised.collect());
        let pairs = whole.as_map().unwrap_or_default();
        Value::from_entries(pairs.iter().map(|pair| {
            let key = pair.key_bytes().unwrap_or_default();
            let value = match key {
                b"top" => self.top_notice(pii, hash),
                b"group" if !pii => hide(pair.value(), hash, b"service"),
                b"suspicious_successes" => {
                    let told = self.suspicious.iter().take(TOLD).cloned();
                    told.map(|one| if pii { one.to_value() } else { one.hidden(hash).to_value() }).collect()
                }
                b"notes" if !pii => Value::array(),
                b"response" if !pii => Value::from_entries([("mode", self.mode().name())]),
                _ => pair.value().to_value(),
            };
            (key, value)
        }))
    }

    fn top_notice(&self, pii: bool, hash: &HashKey) -> Value {
        let top = self.top_value();
        let lists = top.as_map().unwrap_or_default().iter().map(|pair| {
            let hidden = !pii && pair.key_bytes() != Some(b"user_agents");
            let entries =
                pair.value().as_array().unwrap_or_default().iter().take(TOLD).map(|entry| match entry.as_array() {
                    Some([name, count]) if hidden => [pseudonym(name, hash), count.to_value()].into_iter().collect(),
                    _ => entry.to_value(),
                });
            (pair.key_bytes().unwrap_or_default(), entries.collect::<Value>())
        });
        Value::from_entries(lists)
    }
}

impl Compromised {
    fn hidden(self, hash: &HashKey) -> Self {
        let hide = |text: Option<String>| text.map(|text| format!("{:016x}", hash.hash(text.as_bytes())));
        Compromised { user_id: hide(self.user_id), login: hide(self.login), ip: None, ..self }
    }
}

fn pseudonym(name: &Object, hash: &HashKey) -> Value {
    Value::from(format!("{:016x}", hash.hash(name.as_bytes().unwrap_or_default())))
}

/// Replaces the values of a map by hashes, except for one key.
fn hide(map: &Object, hash: &HashKey, but: &[u8]) -> Value {
    Value::from_entries(map.as_map().unwrap_or_default().iter().map(|pair| {
        let key = pair.key_bytes().unwrap_or_default();
        (key, if key == but { pair.value().to_value() } else { pseudonym(pair.value(), hash) })
    }))
}
