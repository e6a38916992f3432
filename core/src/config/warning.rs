//! Warnings about a configuration.
//!
//! [`Diagnostics`](super::Diagnostics) are the reference's, which loads some things without a word: a rule that refers
//! to an undefined action, or to an address that no data is submitted under. Such a rule protects nothing, so there is
//! a warning, beside the diagnostics and never in them.

use crate::value::Text;
use crate::value::Value;
use std::fmt;

/// One warning. It names what it concerns as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The kind, for programs.
    pub kind: WarningKind,
    /// The path of the configuration.
    pub path: Text,
    /// The section of the document; empty for the document as a whole.
    pub section: &'static str,
    /// The id of the element, or `index:N`; empty for a section as a whole.
    pub id: Text,
    /// The text, for people.
    pub message: String,
}

/// Kinds of warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WarningKind {
    /// The document cannot be read.
    Unreadable,
    /// The document has a key that is not a section.
    UnknownSection,
    /// The document has no known section.
    Empty,
    /// No rule can match, so nothing is protected.
    NoRules,
    /// A pattern was refused; the message has the whole pattern.
    InvalidPattern,
    /// There are texts on which a pattern costs more than a quarter of a microsecond per character.
    CostlyPattern,
    /// A referenced action is not configured.
    UnknownAction,
    /// No data is known to be submitted under a referenced address.
    UnknownAddress,
    /// An exclusion or an override names a rule, or tags of rules, that do not exist.
    UnknownRule,
}

impl WarningKind {
    /// The name in every language.
    pub fn name(self) -> &'static str {
        match self {
            WarningKind::Unreadable => "unreadable",
            WarningKind::UnknownSection => "unknown_section",
            WarningKind::Empty => "empty",
            WarningKind::NoRules => "no_rules",
            WarningKind::InvalidPattern => "invalid_pattern",
            WarningKind::CostlyPattern => "costly_pattern",
            WarningKind::UnknownAction => "unknown_action",
            WarningKind::UnknownAddress => "unknown_address",
            WarningKind::UnknownRule => "unknown_rule",
        }
    }
}

impl Warning {
    /// A warning about a document as a whole, whose path is added later.
    pub(crate) fn of_document(kind: WarningKind, message: impl Into<String>) -> Self {
        Self::of_section(kind, "", message)
    }

    /// A warning about a section as a whole.
    pub(crate) fn of_section(kind: WarningKind, section: &'static str, message: impl Into<String>) -> Self {
        Self::of_element(kind, section, &Text::default(), message)
    }

    /// A warning about one element of a section.
    pub(crate) fn of_element(kind: WarningKind, section: &'static str, id: &Text, message: impl Into<String>) -> Self {
        Warning { kind, path: Text::default(), section, id: id.clone(), message: message.into() }
    }

    /// The map for callers: `kind`, `path`, `section`, `id`, `message`.
    pub fn to_value(&self) -> Value {
        Value::from_entries([
            ("kind", self.kind.name().as_bytes()),
            ("path", &self.path),
            ("section", self.section.as_bytes()),
            ("id", &self.id),
            ("message", self.message.as_bytes()),
        ])
    }
}

/// The most warnings in a line of text.
const SHOWN: usize = 5;

/// The first few of several warnings, for a log line.
pub fn summary(warnings: &[Warning]) -> String {
    let mut parts: Vec<String> = warnings.iter().take(SHOWN).map(Warning::to_string).collect();
    if let Some(more) = warnings.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        parts.push(format!("{more} more warnings"));
    }
    parts.join("; ")
}

/// `section: message (id)`.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.section.is_empty() {
            write!(f, "{}: ", self.section)?;
        }
        f.write_str(&self.message)?;
        if !self.id.is_empty() {
            write!(f, " ({})", String::from_utf8_lossy(&self.id))?;
        }
        Ok(())
    }
}
