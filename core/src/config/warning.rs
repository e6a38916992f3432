//! What is doubtful about a configuration.
//!
//! [`Diagnostics`](super::Diagnostics) have the reference's words, and its silence: a rule that asks for an action nobody
//! defined, or looks at an address nobody submits, is simply loaded. Such a rule protects nothing, so it is told here,
//! beside the diagnostics and never in them.

use crate::value::Text;
use crate::value::Value;
use std::fmt;

/// One doubtful thing. It names what it is about as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// For programs.
    pub kind: WarningKind,
    /// The path of the configuration.
    pub path: Text,
    /// The section of the document; empty for the document as a whole.
    pub section: &'static str,
    /// The id of the element, or `index:N`; empty for a section as a whole.
    pub id: Text,
    /// For people.
    pub message: String,
}

/// What sort of thing is doubtful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WarningKind {
    /// The document cannot be read.
    Unreadable,
    /// The document has a key that is no section.
    UnknownSection,
    /// There is nothing in the document that the engine knows.
    Empty,
    /// There is no rule that could match: nothing is protected.
    NoRules,
    /// A pattern was refused; the message has all of it.
    InvalidPattern,
    /// A text can be made on which a pattern costs more than a quarter of a microsecond a character.
    CostlyPattern,
    /// An action is asked for that is not configured.
    UnknownAction,
    /// An address is looked at that nobody is known to submit.
    UnknownAddress,
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
        }
    }
}

impl Warning {
    /// About a document as a whole. Whoever knows its path adds that.
    pub(crate) fn of_document(kind: WarningKind, message: impl Into<String>) -> Self {
        Self::of_section(kind, "", message)
    }

    /// About a section as a whole.
    pub(crate) fn of_section(kind: WarningKind, section: &'static str, message: impl Into<String>) -> Self {
        Self::of_element(kind, section, &Text::default(), message)
    }

    /// About one element of a section.
    pub(crate) fn of_element(kind: WarningKind, section: &'static str, id: &Text, message: impl Into<String>) -> Self {
        Warning { kind, path: Text::default(), section, id: id.clone(), message: message.into() }
    }

    /// The map handed to callers: `kind`, `path`, `section`, `id`, `message`.
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

/// The warnings in a line of text.
const SHOWN: usize = 5;

/// The first few of several warnings, for a line of a log.
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
