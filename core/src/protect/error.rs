//! Why there is no engine.

use crate::config::Diagnostics;
use std::fmt;

/// Why there is no engine.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// None of the rules can be used; boxed, as it says so element by element.
    Rules(Box<Diagnostics>),
}

impl Error {
    pub(super) fn rules(error: String) -> Self {
        Self::Rules(Box::new(Diagnostics { error: Some(error), ..Diagnostics::default() }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rules(diagnostics) => write!(f, "the rules cannot be used: {diagnostics}"),
        }
    }
}

impl std::error::Error for Error {}
