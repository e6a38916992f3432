//! The engine's diagnostics of a file, for remote configuration and for telemetry.

use super::path::ConfigPath;
use crate::users::text::utf8;
use crate::value::{Object, Value, json};

/// The sections in the order they are reported.
const SECTIONS: [&str; 11] = [
    "rules",
    "bartizan_rules",
    "custom_rules",
    "exclusions",
    "actions",
    "processors",
    "scanners",
    "rules_override",
    "rules_data",
    "exclusion_data",
    "bartizan_ato",
];

/// A line for the telemetry log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Whether this is an error rather than a warning.
    pub error: bool,
    /// The message, with the items it concerns.
    pub message: String,
    /// Comma-separated tags.
    pub tags: String,
}

/// The diagnostics reduced to failures, as JSON text.
pub(super) fn apply_error(diagnostics: &Object) -> String {
    if let Some(error) = diagnostics.get(b"error").and_then(Object::as_bytes) {
        return json::to_string(&Value::from_entries([("error", error)]));
    }
    let mut failures = Value::map();
    for (section, content) in sections(diagnostics) {
        if let Some(error) = content.get(b"error").and_then(Object::as_bytes) {
            failures.insert(section, Value::from_entries([("error", error)]));
        } else if let Some(errors) = content.get(b"errors").filter(|errors| !errors.is_empty()) {
            failures.insert(section, Value::from_entries([("errors", errors.to_value())]));
        }
    }
    json::to_string(&failures)
}

/// How many items failed.
pub(super) fn count_errors(diagnostics: &Object) -> usize {
    let items = |content: &Object| {
        let errors = content.get(b"errors").and_then(Object::as_map).unwrap_or_default();
        errors.iter().map(|error| error.value().len().max(1)).sum::<usize>()
    };
    let whole = |content: &Object| usize::from(content.get(b"error").is_some());
    whole(diagnostics) + sections(diagnostics).map(|(_, content)| whole(content) + items(content)).sum::<usize>()
}

/// The lines for the telemetry log.
pub(super) fn log_lines(path: ConfigPath<'_>, diagnostics: &Object) -> Vec<LogLine> {
    let tags = |section: &str| {
        let product = path.product.name().to_ascii_lowercase();
        format!("log_type:rc::{product}::diagnostic,appsec_config_key:{section},rc_config_id:{}", path.config_id)
    };
    let text = |object: &Object| object.as_bytes().map(|bytes| utf8(bytes).into_owned());
    let mut lines = Vec::new();
    if let Some(message) = diagnostics.get(b"error").and_then(text) {
        lines.push(LogLine { error: true, message, tags: tags("top-level") });
    }
    for (section, content) in sections(diagnostics) {
        if let Some(message) = content.get(b"error").and_then(text) {
            lines.push(LogLine { error: true, message, tags: tags(section) });
        }
        for (kind, error) in [("errors", true), ("warnings", false)] {
            for item in content.get(kind.as_bytes()).and_then(Object::as_map).unwrap_or_default() {
                let (about, ids) = (json::to_string(item.key()), json::to_string(item.value()));
                lines.push(LogLine { error, message: format!("{about}: {ids}"), tags: tags(section) });
            }
        }
    }
    lines
}

fn sections(diagnostics: &Object) -> impl Iterator<Item = (&'static str, &Object)> {
    SECTIONS.into_iter().filter_map(|section| Some((section, diagnostics.get(section.as_bytes())?)))
}
