//! The reasons for which an entry is refused.

use std::fmt;

/// The reason for which an entry was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The text is neither an address nor a network.
    NotAnAddress,
    /// The user id is empty.
    Empty,
    /// The set is full of entries in force that operators made, which are not evicted.
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
