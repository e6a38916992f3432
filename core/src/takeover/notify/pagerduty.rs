//! PagerDuty's Events API, version 2: alerts that open and resolve with their signals.

use super::{Kind, Notification};
use crate::takeover::severity::Severity;
use crate::takeover::text::timestamp;
use crate::value::{Value, json};

/// The maximum length of a summary, in characters.
const LONGEST: usize = 1024;

/// Returns the body of a notification, or `None` if it does not concern an alert.
pub fn body(notification: &Notification, routing_key: &str) -> Option<String> {
    let action = match notification.kind {
        Kind::Closed => "resolve",
        Kind::Opened | Kind::Updated | Kind::Escalated | Kind::CompromisedUser => "trigger",
        Kind::Cluster | Kind::Response | Kind::Health => return None,
    };
    let severity = match notification.severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "info",
    };
    let part = |name: &[u8]| notification.signal.get(name).map_or_else(Value::null, |value| value.to_value());
    let details = Value::from_entries([("counts", part(b"counts")), ("clusters", part(b"clusters"))]);
    let source = if notification.service.is_empty() { "bartizan" } else { &notification.service };
    let payload = Value::from_entries([
        ("summary", Value::from(crate::takeover::text::shown(&notification.title, LONGEST))),
        ("source", Value::from(source)),
        ("severity", Value::from(severity)),
        ("timestamp", Value::from(timestamp(notification.at_s))),
        ("component", Value::from(&notification.env)),
        ("group", Value::from(&notification.category)),
        ("class", Value::from(notification.text(&["rule", "id"]))),
        ("custom_details", details),
    ]);
    Some(json::to_string(&Value::from_entries([
        ("routing_key", Value::from(routing_key)),
        ("event_action", Value::from(action)),
        ("dedup_key", Value::from(&notification.signal_id)),
        ("payload", payload),
    ])))
}
