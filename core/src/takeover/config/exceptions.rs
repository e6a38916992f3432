//! Exceptions to rules: allow-lists, suppressions and threat-intelligence lists.

use super::filter::Filter;
use super::rule::Rule;
use super::scalar::{chosen, text, unknown};
use crate::fields::Refusal;
use crate::fields::read::{self, Fields, element};
use crate::matcher::ip_match::IpSet;
use crate::takeover::address::Prefix;
use crate::value::Text;
use std::sync::Arc;

/// The level of trust of an allow-list entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// Rules are evaluated, but nothing is blocked.
    Monitored,
    /// Events are ignored.
    Trusted,
}

impl Trust {
    /// The name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Trust::Monitored => "monitored",
            Trust::Trusted => "trusted",
        }
    }
}

/// An allow-list entry.
#[derive(Clone, Debug)]
pub struct Allow {
    /// The network or user.
    pub who: Allowed,
    /// The level of trust.
    pub trust: Trust,
}

/// The subject of an allow-list entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Allowed {
    Network(Prefix),
    User(String),
}

impl Allow {
    /// Reads an allow-list entry.
    pub fn read(fields: &Fields<'_>) -> Result<Self, Refusal> {
        let modes = [Trust::Monitored, Trust::Trusted].map(|trust| (trust.name(), trust));
        let mode = fields.optional("mode", text)?;
        let trust = mode.map_or(Ok(Trust::Monitored), |mode| chosen("mode", &mode, &modes))?;
        if let Some(user) = fields.optional("user", text)? {
            return Ok(Allow { who: Allowed::User(user), trust });
        }
        let Some(cidr) = fields.optional("cidr", text)? else {
            return Err(Refusal::error("missing key 'cidr'"));
        };
        let network = Prefix::parse(&cidr).ok_or_else(|| Refusal::error(format!("invalid network '{cidr}'")))?;
        Ok(Allow { who: Allowed::Network(network), trust })
    }
}

/// A suppression, which silences signals.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// The id, which silenced signals name.
    pub id: String,
    /// Ids of rules or values of their tags; empty for all rules.
    pub rules: Vec<String>,
    /// The events whose signals are silenced.
    pub filter: Filter,
    /// The end in seconds since the Unix epoch; 0 for none.
    pub until_s: u64,
    /// Whether rules about the whole service treat what it silences as explained.
    pub treat_as_explained: bool,
}

impl Suppression {
    /// Reads a suppression without its id.
    pub fn read(fields: &Fields<'_>, id: &Text) -> Result<Self, Refusal> {
        let rules = fields.optional("rules", read::array)?.unwrap_or_default();
        Ok(Suppression {
            id: String::from_utf8_lossy(id).into_owned(),
            rules: rules.iter().map(|rule| element(rule, text)).collect::<Result<_, _>>()?,
            filter: Filter::read(&fields.required("match", read::map)?)?,
            until_s: fields.optional("until", read::unsigned)?.unwrap_or(0),
            treat_as_explained: fields.optional("treat_as_explained", read::boolean)?.unwrap_or(false),
        })
    }

    /// Whether the suppression covers a rule at `now_s`.
    pub fn concerns(&self, rule: &Rule, now_s: u64) -> bool {
        let named = |name: &String| *name == rule.id || rule.tags.iter().any(|(_, value)| value == name);
        (self.until_s == 0 || now_s <= self.until_s) && (self.rules.is_empty() || self.rules.iter().any(named))
    }
}

/// A threat-intelligence list of addresses.
#[derive(Clone)]
pub struct IntelList {
    /// Addresses whose intention is malicious or suspicious.
    offenders: Arc<IpSet>,
}

impl IntelList {
    /// Reads a list without its id.
    pub fn read(fields: &Fields<'_>) -> Result<Self, Refusal> {
        match fields.required("type", text)?.as_str() {
            "ip_with_category" => {}
            other => return Err(unknown("type", other, ["ip_with_category"])),
        }
        let mut offenders = vec![];
        for entry in fields.required("data", read::array)? {
            let entry = element(entry, read::map)?;
            let value = entry.required("value", read::text)?;
            let expiration = entry.optional("expiration", read::unsigned)?.unwrap_or(0);
            if matches!(entry.optional("intention", text)?.as_deref(), Some("malicious" | "suspicious")) {
                offenders.push((value, expiration));
            }
        }
        Ok(IntelList { offenders: Arc::new(IpSet::new(offenders)) })
    }

    /// Whether the list names an address as an offender.
    pub fn names(&self, address: Prefix, now_s: u64) -> bool {
        self.offenders.contains(address.address(), now_s)
    }
}
