//! Errors of creating an engine.

use crate::config::Diagnostics;
use std::fmt;

/// Why an engine could not be created.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// None of the rules can be used; the diagnostics say why, and are boxed because of their size.
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
