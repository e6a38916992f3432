//! Why an engine could not be made, for bindings.

use super::results::map_of;
use crate::config::Diagnostics;
use crate::protect::Error;
use crate::value::Value;
use std::fmt;

/// Why an engine could not be made.
#[derive(Debug)]
pub enum EngineError {
    /// A setting is unknown or missing, or cannot be used.
    Setting(String),
    /// The rules cannot be used.
    Rules(Box<Diagnostics>),
}

impl EngineError {
    /// The map for callers: `error`, and `diagnostics` (with `warnings`) if it is about the rules.
    pub fn to_value(&self) -> Value {
        let mut value = map_of([("error", self.to_string().into())]);
        if let EngineError::Rules(diagnostics) = self {
            value.insert("diagnostics", diagnostics.to_value_with_warnings());
        }
        value
    }
}

impl From<String> for EngineError {
    fn from(setting: String) -> Self {
        EngineError::Setting(setting)
    }
}

impl From<&str> for EngineError {
    fn from(setting: &str) -> Self {
        EngineError::Setting(setting.into())
    }
}

impl From<Error> for EngineError {
    fn from(error: Error) -> Self {
        match error {
            Error::Rules(diagnostics) => EngineError::Rules(diagnostics),
            Error::Exclusion(error) => EngineError::Setting(error.to_string()),
        }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::Setting(message) => f.write_str(message),
            EngineError::Rules(diagnostics) => write!(f, "the rules cannot be used: {diagnostics}"),
        }
    }
}

impl std::error::Error for EngineError {}
