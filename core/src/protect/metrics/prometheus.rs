//! A snapshot in the text format of Prometheus (version 0.0.4).

use crate::users::text::utf8;
use crate::value::{Object, View};
use std::fmt::Write;

/// Each family: its member in a snapshot, its name, its type, the name of its label, and what it is.
const FAMILIES: [(&str, &str, &str, &str, &str); 12] = [
    ("requests", "bartizan_requests_total", "counter", "", "Requests that began."),
    (
        "evaluations",
        "bartizan_evaluations_total",
        "counter",
        "scope",
        "Evaluations, of requests or of dangerous calls.",
    ),
    ("timeouts", "bartizan_timeouts_total", "counter", "", "Evaluations whose budget ended first."),
    ("errors", "bartizan_errors_total", "counter", "", "Evaluations that failed."),
    ("events", "bartizan_events_total", "counter", "rule", "Matches of rules."),
    (
        "would_block",
        "bartizan_would_block_total",
        "counter",
        "",
        "Evaluations that would have blocked in the mode block.",
    ),
    ("blocks", "bartizan_blocks_total", "counter", "reason", "Requests that were blocked."),
    ("late_blocks", "bartizan_late_blocks_total", "counter", "", "Blocks that came after the response had begun."),
    ("incomplete", "bartizan_incomplete_total", "counter", "reason", "Requests that were not inspected completely."),
    ("signals", "bartizan_takeover_signals", "gauge", "severity", "Open signals of account takeover."),
    ("log_lines", "bartizan_log_lines_total", "counter", "kind", "Lines logged about attacks and blocks."),
    ("log_suppressed", "bartizan_log_suppressed_total", "counter", "kind", "Lines not logged, as there were too many."),
];

const SECONDS: &str = "bartizan_evaluation_seconds";

/// The text of a snapshot.
pub(in crate::protect) fn text(snapshot: &Object) -> String {
    let mut text = String::new();
    for (member, name, kind, label, help) in FAMILIES {
        let Some(value) = snapshot.get(member.as_bytes()) else { continue };
        head(&mut text, name, kind, help);
        match value.as_map() {
            Some(counters) => {
                for counter in counters {
                    let by = escaped(&utf8(counter.key_bytes().unwrap_or_default()));
                    let _ = writeln!(text, "{name}{{{label}=\"{by}\"}} {}", number(counter.value()));
                }
            }
            None => _ = writeln!(text, "{name} {}", number(value)),
        }
    }
    if let Some(seconds) = snapshot.get(b"evaluation_seconds") {
        head(&mut text, SECONDS, "histogram", "How long evaluations took.");
        for bucket in seconds.get(b"buckets").and_then(Object::as_array).unwrap_or_default() {
            let [bound, count] = bucket.as_array().unwrap_or_default() else { continue };
            let _ = writeln!(text, "{SECONDS}_bucket{{le=\"{}\"}} {}", number(bound), number(count));
        }
        let of = |name: &[u8]| seconds.get(name).map_or_else(String::new, number);
        let _ = writeln!(text, "{SECONDS}_bucket{{le=\"+Inf\"}} {}", of(b"count"));
        let _ = writeln!(text, "{SECONDS}_sum {}\n{SECONDS}_count {}", of(b"sum"), of(b"count"));
    }
    text
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// The value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn number(value: &Object) -> String {
    match value.view() {
        View::Unsigned(number) => number.to_string(),
        View::Signed(number) => number.to_string(),
        View::Float(number) => number.to_string(),
        _ => "0".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn labels_are_escaped_and_families_named_once() {
        let rules = Value::from_entries([("a\"b\\c\nd", 1u64), ("r", 2)]);
        let text = text(&Value::from_entries([("requests", Value::from(3u64)), ("events", rules)]));
        assert_eq!(
            text,
            "# HELP bartizan_requests_total Requests that began.\n# TYPE bartizan_requests_total counter\n\
             bartizan_requests_total 3\n\
             # HELP bartizan_events_total Matches of rules.\n# TYPE bartizan_events_total counter\n\
             bartizan_events_total{rule=\"a\\\"b\\\\c\\nd\"} 1\nbartizan_events_total{rule=\"r\"} 2\n"
        );
    }
}
