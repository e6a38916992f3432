//! Responses to signals, and the limits that protect honest users from them.
//!
//! Blocks are temporary, start in *monitor* mode (everything is decided and recorded, nothing is refused), and prefer
//! the source to the account: blocking an attacked account would give the attacker a way to lock out anybody.

pub mod blocks;
pub mod offenders;
pub mod rails;

use super::address::Prefix;
use std::fmt;

/// The target of a block.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// An address or a network.
    Ip(Prefix),
    /// An account id.
    User(String),
    /// A session id.
    Session(String),
}

impl Target {
    /// `ip`, `cidr`, `user` or `session`.
    pub fn kind(&self) -> &'static str {
        match self {
            Target::Ip(prefix) if prefix.is_host() => "ip",
            Target::Ip(_) => "cidr",
            Target::User(_) => "user",
            Target::Session(_) => "session",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Ip(prefix) => prefix.fmt(f),
            Target::User(text) | Target::Session(text) => f.write_str(text),
        }
    }
}
