//! What is done about a signal, and what keeps it from harming honest users.
//!
//! Blocks are temporary, start in *monitor* (everything is decided and recorded, nothing is refused), and prefer the source
//! to the account: whoever blocks a targeted account hands the attacker a way to lock anybody out.

pub mod blocks;
pub mod offenders;
pub mod rails;

use super::address::Prefix;
use std::fmt;

/// Whom a block refuses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// An address or a network.
    Ip(Prefix),
    /// An account, by its id.
    User(String),
    /// A session.
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
