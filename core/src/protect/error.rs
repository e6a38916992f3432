//! Errors of creating an engine.

use super::exclusion::EmptyExclusion;
use crate::config::Diagnostics;
use std::fmt;

/// Why an engine could not be created.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// None of the rules can be used; the diagnostics say why, and are boxed because of their size.
    Rules(Box<Diagnostics>),
    /// An exclusion names nothing.
    Exclusion(EmptyExclusion),
}

impl Error {
    pub(super) fn exclusion(error: EmptyExclusion) -> Self {
        Self::Exclusion(error)
    }

    pub(super) fn rules(error: String) -> Self {
        Self::Rules(Box::new(Diagnostics { error: Some(error), ..Diagnostics::default() }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rules(diagnostics) => write!(f, "the rules cannot be used: {diagnostics}"),
            Self::Exclusion(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
