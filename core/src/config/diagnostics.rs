//! The outcome of adding a configuration, element by element, in the form of the ABI.

use super::warning::{self, Warning};
use crate::fields::refusal::{Refusal, Severity};
use crate::support::lists::value_of;
use crate::value::Text;
use crate::value::Value;
use std::collections::BTreeMap;

/// The diagnostics of one added configuration.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Diagnostics {
    /// Why the document as a whole was refused.
    pub error: Option<String>,
    /// The sections of the document, by name.
    pub sections: BTreeMap<&'static str, Section>,
    /// `metadata.rules_version`.
    pub ruleset_version: Option<Text>,
    /// Warnings, and errors explained better than in the reference's words. Not part of [`Diagnostics::to_value`].
    pub warnings: Vec<Warning>,
}

/// One line that says what to fix: each distinct error with the ids of its elements.
impl std::fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut problems: Vec<String> = self.error.iter().cloned().collect();
        for (name, section) in &self.sections {
            problems.extend(section.error.iter().map(|error| format!("{name}: {}", text(error))));
            for (error, ids) in section.errors.iter().chain(&section.warnings) {
                let shown: Vec<_> = ids.iter().take(SHOWN_IDS).map(|id| text(id)).collect();
                let more = if ids.len() > SHOWN_IDS { ", ..." } else { "" };
                problems.push(format!("{name}: {} ({}{more})", text(error), shown.join(", ")));
            }
        }
        if !self.warnings.is_empty() {
            problems.push(warning::summary(&self.warnings));
        }
        match problems.is_empty() {
            true => f.write_str("nothing was refused"),
            false => f.write_str(&problems.join("; ")),
        }
    }
}

impl std::error::Error for Diagnostics {}

/// The most ids shown for one error.
const SHOWN_IDS: usize = 5;

/// The outcome for the elements of one section.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Section {
    /// Why the section could not be read completely; nothing else is then reported.
    pub error: Option<Vec<u8>>,
    /// Ids in document order.
    pub loaded: Vec<Text>,
    /// Ids (or `index:N`) of refused elements.
    pub failed: Vec<Text>,
    /// Ids of elements meant for other engine versions.
    pub skipped: Vec<Text>,
    /// Text to ids, in order of first occurrence.
    pub errors: Vec<(Vec<u8>, Vec<Text>)>,
    /// Text to ids, in order of first occurrence.
    pub warnings: Vec<(Vec<u8>, Vec<Text>)>,
}

impl Section {
    /// Notes a refused element; `id` as far as it was read.
    pub(crate) fn refuse(&mut self, refusal: Refusal, id: Option<&Text>, index: usize) {
        let name = refusal.name(id, index);
        let texts = match refusal.severity {
            Severity::Skip => return self.skipped.push(name),
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        self.failed.push(name.clone());
        value_of(texts, refusal.text, Vec::new).push(name);
    }

    pub(super) fn is_valid(&self) -> bool {
        self.error.is_none() && !self.loaded.is_empty()
    }

    pub(super) fn is_invalid(&self) -> bool {
        !self.is_valid() && (self.error.is_some() || !self.failed.is_empty())
    }

    /// Whether nothing could be used because of errors.
    pub(crate) fn is_refused(&self) -> bool {
        self.error.is_some() || self.loaded.is_empty() && !self.errors.is_empty()
    }

    fn to_value(&self) -> Value {
        if let Some(error) = &self.error {
            return Value::from_entries([("error", &error[..])]);
        }
        let names = |names: &[Text]| names.iter().map(|name| Value::from(&name[..])).collect::<Value>();
        let texts = |texts: &[(Vec<u8>, Vec<Text>)]| {
            Value::from_entries(texts.iter().map(|(text, ids)| (&text[..], names(ids))))
        };
        Value::from_entries([
            ("loaded", names(&self.loaded)),
            ("failed", names(&self.failed)),
            ("skipped", names(&self.skipped)),
            ("errors", texts(&self.errors)),
            ("warnings", texts(&self.warnings)),
        ])
    }
}

impl Diagnostics {
    /// The map of [`Diagnostics::to_value`] with `warnings`, each as in [`Warning::to_value`].
    pub fn to_value_with_warnings(&self) -> Value {
        let mut map = self.to_value();
        map.insert("warnings", self.warnings.iter().map(Warning::to_value).collect::<Value>());
        map
    }

    /// The map for callers: `{"error": text}`, or a map per section and `ruleset_version`.
    pub fn to_value(&self) -> Value {
        let mut map = Value::map();
        if let Some(error) = &self.error {
            map.insert("error", error);
            return map;
        }
        for (name, section) in &self.sections {
            map.insert(name, section.to_value());
        }
        if let Some(version) = &self.ruleset_version {
            map.insert("ruleset_version", &version[..]);
        }
        map
    }

    /// Whether any element, section or the whole document was refused.
    pub fn has_errors(&self) -> bool {
        self.error.is_some() || self.sections.values().any(|s| s.error.is_some() || !s.failed.is_empty())
    }
}
