//! The record of a signal in a snapshot. Campaigns are not included.

use super::distinct::Distinct;
use super::{Answer, Compromised, Counts, Planned, Signal, Status, Tops};
use crate::takeover::address::{Network, Prefix};
use crate::takeover::config::response::Mode;
use crate::takeover::config::rule::Rule;
use crate::takeover::record::{flag, items, known, lossy, number, pairs, text, texts, unsigned};
use crate::takeover::respond::Target;
use crate::takeover::severity::Severity;
use crate::takeover::state::Key;
use crate::value::{Object, Value};

fn network(text: &str) -> Option<Network> {
    match text.strip_prefix("AS") {
        Some(number) => number.parse().ok().map(Network::System),
        None => Prefix::parse(text).map(Network::Prefix),
    }
}

/// Why signals close.
const REASONS: [&str; 5] = ["keep_alive", "max_duration", "rule_removed", "evicted", "resolved"];

impl Signal {
    /// Returns the signal as a record, which includes the fields that [`Signal::to_value`] omits.
    pub fn to_record(&self) -> Value {
        let optional = |text: &Option<String>| text.as_ref().map_or_else(Value::null, Value::from);
        let (since_s, all, familiar) = self.answer.refused_window;
        Value::from_entries([
            ("signal", self.to_value()),
            ("key", Value::from(self.key.get())),
            ("family", Value::from(&self.family)),
            ("network", self.network.map_or_else(Value::null, |network| Value::from(network.to_string()))),
            ("sources", self.sources.iter().map(|source| Value::from(*source)).collect()),
            ("planned", self.answer.planned.iter().map(planned).collect()),
            ("demoted", Value::from(self.answer.demoted)),
            ("withdrawn", self.answer.withdrawn.iter().map(Value::from).collect()),
            ("watched", [since_s, all.into(), familiar.into()].into_iter().map(Value::from).collect()),
            ("seen", self.counts.seen().into_iter().map(|seen| Value::from(seen.to_text())).collect()),
            ("usual_successes_per_day", Value::from((self.usual_successes * 86_400.0).round() as u64)),
            ("seq", Value::from(self.seq)),
            ("suppressed_by", optional(&self.suppressed_by)),
        ])
    }

    /// Reads a signal from a record, if its rule still exists.
    pub fn from_record(record: &Object, rules: &[Rule]) -> Option<Self> {
        let signal = record.get(b"signal")?;
        let family = text(record, "family")?;
        let rule = rules.iter().find(|rule| rule.enabled && rule.id == family)?;
        let named = signal.get(b"rule")?;
        let counts = signal.get(b"counts")?;
        let count = |key| number(counts, key).unwrap_or(0);
        let mut seen = texts(record, "seen").into_iter().map(|text| Distinct::from_text(&text).unwrap_or_default());
        let top = signal.get(b"top")?;
        let mut tops = Tops::default();
        for (name, count) in
            pairs(top, "ips").into_iter().filter_map(|(name, count)| Some((Prefix::parse(&name)?, count)))
        {
            tops.ips.add(&name, count, |name| *name);
        }
        for (name, count) in pairs(top, "users") {
            tops.users.add(name.as_str(), count, str::to_owned);
        }
        for (name, count) in pairs(top, "user_agents") {
            tops.user_agents.add(name.as_str(), count, str::to_owned);
        }
        for (name, count) in
            pairs(top, "networks").into_iter().filter_map(|(name, count)| Some((network(&name)?, count)))
        {
            tops.networks.add(&name, count, |name| *name);
        }
        let response = signal.get(b"response")?;
        let attempts = count("attempts");
        Some(Signal {
            id: text(signal, "id")?,
            rule_id: text(named, "id")?,
            rule_name: text(named, "name")?,
            tags: strings(named.get(b"tags")?),
            family: family.clone(),
            variants: texts(signal, "variants"),
            service: text(signal, "service")?,
            env: text(signal, "env")?,
            group: strings(signal.get(b"group")?).into_iter().filter(|(name, _)| name != "service").collect(),
            key: Key::new(number(record, "key")?),
            table: rule.table(),
            window_s: rule.window_s,
            status: [Status::Closed, Status::Suppressed, Status::FalsePositive]
                .into_iter()
                .find(|status| text(signal, "state").as_deref() == Some(status.name()))
                .unwrap_or(Status::Open),
            severity: Severity::from_name(&text(signal, "severity")?)?,
            history: pairs(signal, "severity_history")
                .into_iter()
                .filter_map(|(name, at)| Some((Severity::from_name(&name)?, at)))
                .collect(),
            memory_was_cold: text(signal, "confidence")? == "low",
            likely_cause: ["scanner", "probe", "stale_credential"]
                .into_iter()
                .find(|cause| text(signal, "likely_cause").as_deref() == Some(cause)),
            opened_s: number(signal, "opened_at")?,
            updated_s: number(signal, "updated_at")?,
            closed_s: number(signal, "closed_at"),
            closed_because: known(signal, "closed_reason", &REASONS),
            first_event_s: number(signal, "first_event_at")?,
            last_event_s: number(signal, "last_event_at")?,
            continued_from: text(signal, "continued_from"),
            parent: text(signal, "parent"),
            counts: Counts {
                failures: count("failures"),
                refused: count("refused"),
                successes_unfamiliar: count("successes_unfamiliar"),
                successes_familiar: count("successes_familiar"),
                users: seen.next().unwrap_or_default(),
                ips: seen.next().unwrap_or_default(),
                networks: seen.next().unwrap_or_default(),
                floors: [count("users"), count("ips"), count("networks")],
                ..Counts::default()
            },
            top: tops,
            sources: items(record, "sources").iter().filter_map(unsigned).collect(),
            network: text(record, "network").and_then(|text| network(&text)),
            evidence: signal.get(b"evidence").map_or_else(Value::map, Object::to_value),
            usual_successes: number(record, "usual_successes_per_day").unwrap_or(0) as f64 / 86_400.0,
            clusters: vec![],
            audience: Default::default(),
            suspicious: items(signal, "suspicious_successes").iter().filter_map(compromised).collect(),
            campaign_id: text(signal, "campaign_id"),
            compromised: items(signal, "compromised").iter().filter_map(compromised).collect(),
            answer: Answer {
                mode: if text(response, "mode").as_deref() == Some("block") { Mode::Block } else { Mode::Monitor },
                actions: texts(response, "actions"),
                blocked_ips: number(response, "blocked_ips").unwrap_or(0),
                blocked_users: number(response, "blocked_users").unwrap_or(0),
                withheld: texts(response, "withheld"),
                planned: items(record, "planned").iter().filter_map(read_planned).collect(),
                demoted: flag(record, "demoted"),
                withdrawn: texts(record, "withdrawn"),
                refused_window: match items(record, "watched") {
                    [since, all, familiar] => (unsigned(since)?, unsigned(all)? as u32, unsigned(familiar)? as u32),
                    _ => (0, 0, 0),
                },
            },
            allow_listed: flag(signal, "allow_listed"),
            suppressed_by: text(record, "suppressed_by"),
            notes: texts(signal, "notes"),
            resolution: None,
            campaign: Default::default(),
            keep_alive_s: rule.keep_alive_s.into(),
            max_duration_s: rule.max_duration_s.into(),
            cooldown_s: rule.cooldown_s.into(),
            seq: number(record, "seq")?,
            told: (number(signal, "updated_at")?, attempts),
        })
    }
}

fn strings(map: &Object) -> Vec<(String, String)> {
    let pairs = map.as_map().unwrap_or_default().iter();
    pairs.filter_map(|pair| Some((lossy(pair.key_bytes()?), lossy(pair.value().as_bytes()?)))).collect()
}

fn compromised(item: &Object) -> Option<Compromised> {
    Some(Compromised {
        user_id: text(item, "usr.id"),
        login: text(item, "usr.login"),
        at_s: number(item, "at")?,
        ip: text(item, "ip").and_then(|ip| Prefix::parse(&ip)),
        reason: known(item, "reason", &["after_failures", "same_network", "cluster_match", "unfamiliar"])?,
        status: known(item, "status", &["confirmed", "probable", "suspicious"])?,
        after: pairs(item, "after"),
    })
}

/// Writes a target.
pub fn target(target: &Target) -> Value {
    Value::from_entries([("kind", target.kind()), ("value", &target.to_string())])
}

fn planned((whom, planned): (&Target, &Planned)) -> Value {
    let mut value = target(whom);
    value.insert("until", planned.until_s);
    value.insert("acts", planned.acts);
    value.insert("blocked", planned.blocked);
    value
}

fn read_planned(item: &Object) -> Option<(Target, Planned)> {
    let until_s = number(item, "until").unwrap_or(0);
    Some((read_target(item)?, Planned { until_s, acts: flag(item, "acts"), blocked: flag(item, "blocked") }))
}

/// The inverse of [`target`].
pub fn read_target(item: &Object) -> Option<Target> {
    let value = text(item, "value")?;
    match text(item, "kind")?.as_str() {
        "user" => Some(Target::User(value)),
        "session" => Some(Target::Session(value)),
        _ => Prefix::parse(&value).map(Target::Ip),
    }
}
