//! Notifications of changes to signals, and their formats for common receivers.
//!
//! Bodies and signatures are created here, so that they are the same in every language; bindings only send them.

pub mod pagerduty;
pub mod queue;
pub mod slack;
pub mod teams;
pub mod webhook;

use super::severity::Severity;
use super::text::timestamp;
use super::words::chosen;
use crate::value::{Object, Value, View};

/// The reason for a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Kind {
    Opened,
    Updated,
    Escalated,
    CompromisedUser,
    Cluster,
    Response,
    Closed,
    Health,
}

impl Kind {
    /// The name in notifications.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Opened => "opened",
            Kind::Updated => "updated",
            Kind::Escalated => "escalated",
            Kind::CompromisedUser => "compromised_user",
            Kind::Cluster => "cluster",
            Kind::Response => "response",
            Kind::Closed => "closed",
            Kind::Health => "health",
        }
    }

    /// Returns the kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::read(name).ok()
    }

    /// Returns the kind of this name, or a message about an unknown one.
    pub(crate) fn read(name: &str) -> Result<Self, String> {
        use Kind::*;
        let all = [Opened, Updated, Escalated, CompromisedUser, Cluster, Response, Closed, Health];
        chosen("kind", name, &all.map(|kind| (kind.name(), kind)))
    }
}

/// A notification. It contains all that receivers need, because the signal may change before it is delivered.
#[derive(Clone, Debug)]
pub struct Notification {
    /// The reason.
    pub kind: Kind,
    /// The sequence number within the signal.
    pub seq: u64,
    /// The time, in seconds since the Unix epoch.
    pub at_s: u64,
    /// The id of the signal; empty for health.
    pub signal_id: String,
    /// The severity of the signal.
    pub severity: Severity,
    /// The category of the signal's rule.
    pub category: String,
    /// The service.
    pub service: String,
    /// The environment.
    pub env: String,
    /// A title of one line.
    pub title: String,
    /// The signal at that time, with at most ten entries in each list.
    pub signal: Value,
    /// The change.
    pub delta: Value,
}

impl Notification {
    /// Returns the notification as a map, which the generic webhook sends as JSON.
    pub fn to_value(&self) -> Value {
        Value::from_entries([
            ("kind", Value::from(self.kind.name())),
            ("seq", Value::from(self.seq)),
            ("at", Value::from(self.at_s)),
            ("title", Value::from(&self.title)),
            ("signal", self.signal.clone()),
            ("delta", self.delta.clone()),
        ])
    }

    /// Reads a map that [`Notification::to_value`] returned, even after a host converted or stored it. Returns `None`
    /// for anything else.
    pub fn from_value(map: &Object) -> Option<Self> {
        let signal = map.get(b"signal").map_or_else(Value::null, Object::to_value);
        let mut notification = Notification {
            kind: Kind::from_name(std::str::from_utf8(map.get(b"kind")?.as_bytes()?).ok()?)?,
            seq: map.get(b"seq").and_then(seconds)?,
            at_s: map.get(b"at").and_then(seconds)?,
            signal_id: String::new(),
            severity: Severity::default(),
            category: String::new(),
            service: String::new(),
            env: String::new(),
            title: String::from_utf8_lossy(map.get(b"title")?.as_bytes()?).into_owned(),
            signal,
            delta: map.get(b"delta").map_or_else(Value::null, Object::to_value),
        };
        notification.signal_id = notification.text(&["id"]);
        notification.severity = Severity::from_name(&notification.text(&["severity"])).unwrap_or_default();
        notification.category = notification.text(&["rule", "tags", "category"]);
        notification.service = notification.text(&["service"]);
        notification.env = notification.text(&["env"]);
        Some(notification)
    }

    /// Returns a field of the signal as text, empty if absent.
    fn text(&self, path: &[&str]) -> String {
        let mut at: &Object = &self.signal;
        for key in path {
            let Some(next) = at.get(key.as_bytes()) else { return String::new() };
            at = next;
        }
        let text = crate::value::scalar_text(at).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Returns the facts that receivers show in addition to the title.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let (users, ips) = (self.text(&["counts", "users"]), self.text(&["counts", "ips"]));
        vec![
            ("Severity", self.severity.name().to_owned()),
            ("Service", self.service.clone()),
            ("Attempts", self.text(&["counts", "attempts"])),
            ("Users / addresses", format!("{users} / {ips}")),
            ("Since", self.signal.get(b"opened_at").and_then(seconds).map_or_else(String::new, timestamp)),
        ]
    }

    fn compromised(&self) -> usize {
        self.signal.get(b"compromised").map_or(0, |list| list.len())
    }
}

/// Reads a non-negative whole number, also from hosts that only have floats.
fn seconds(at: &Object) -> Option<u64> {
    match at.view() {
        View::Unsigned(seconds) => Some(seconds),
        View::Signed(seconds) => u64::try_from(seconds).ok(),
        View::Float(seconds) if seconds >= 0.0 => Some(seconds as u64),
        _ => None,
    }
}

/// The notifications that a subscriber wants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The minimum severity.
    pub min_severity: Severity,
    /// The categories; empty for all.
    pub categories: Vec<String>,
    /// The services; empty for all.
    pub services: Vec<String>,
    /// The kinds; empty for all.
    pub kinds: Vec<Kind>,
}

impl Wanted {
    /// Whether the subscriber wants a notification.
    pub fn wants(&self, notification: &Notification) -> bool {
        let one_of = |list: &[String], text: &str| list.is_empty() || list.iter().any(|item| item == text);
        let severe = notification.kind == Kind::Health || notification.severity >= self.min_severity;
        severe
            && (notification.kind == Kind::Health || one_of(&self.categories, &notification.category))
            && one_of(&self.services, &notification.service)
            && (self.kinds.is_empty() || self.kinds.contains(&notification.kind))
    }
}
