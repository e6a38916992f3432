//! Why an entry is not taken.

use std::fmt;

/// Why an entry was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The text is neither an address nor a network.
    NotAnAddress,
    /// An empty id identifies nobody.
    Empty,
    /// The set is full of entries that hold and that a person made.
    Full,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnAddress => "neither an IP address nor a network",
            Self::Empty => "an empty user id",
            Self::Full => "the denylist is full",
        })
    }
}

impl std::error::Error for Refused {}
