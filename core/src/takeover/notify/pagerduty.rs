//! PagerDuty's Events API, version 2: alerts that open and resolve with their signals.

use super::{Kind, Notification};
use crate::takeover::severity::Severity;
use crate::value::{Value, json};

/// Characters of a summary.
const LONGEST: usize = 1024;

/// The body of a notification. `None` for what no alert is about.
pub fn body(notification: &Notification, routing_key: &str) -> Option<String> {
    let action = match notification.kind {
        Kind::Closed => "resolve",
        Kind::Opened | Kind::Updated | Kind::Escalated | Kind::CompromisedUser => "trigger",
        Kind::Response | Kind::Health => return None,
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

/// Seconds since the epoch as RFC 3339 has it, in UTC (Gregorian calendar, by the days of 400 years).
pub fn timestamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March, so that the leap day is the last of one.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn dates() {
        let table = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_764_064_920, "2025-11-25T10:02:00Z"),
            (4_102_444_800, "2100-01-01T00:00:00Z"),
        ];
        for (seconds, text) in table {
            assert_eq!(timestamp(seconds), text);
        }
    }
}
