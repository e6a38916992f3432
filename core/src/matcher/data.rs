//! Lists that change while the engine runs: `rules_data` and `exclusion_data`.
//!
//! Several configurations may contribute to lists of the same name. Each list is compiled once, when its configuration
//! arrives, and shared; the matcher is just a list of shared sets, all of which are queried. So an update of one
//! configuration recompiles only its own lists, and "the longest life wins" follows by itself: any set with an
//! unexpired entry matches. The price is one lookup for each configuration with that name, usually one or two.

use super::exact_match::{self, ExactSet};
use super::ip_match::{self, IpSet, parse_address};
use std::sync::Arc;

/// The kind of a list's entries. It determines the matcher, whatever operator a rule names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListType {
    /// Strings, for `exact_match`.
    Data,
    /// Addresses and networks, for `ip_match`.
    Ip,
}

impl ListType {
    /// The type with this name in a configuration.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        match name {
            b"data_with_expiration" => Some(Self::Data),
            b"ip_with_expiration" => Some(Self::Ip),
            _ => None,
        }
    }
}

/// All lists of one name.
#[derive(Debug, Clone)]
pub enum DataMatcher {
    /// Strings.
    Exact(Box<[Arc<ExactSet>]>),
    /// Addresses and networks.
    Ip(Box<[Arc<IpSet>]>),
}

impl DataMatcher {
    /// The operator that actually runs, by its name in events.
    pub fn operator(&self) -> &'static str {
        match self {
            Self::Exact(_) => exact_match::NAME,
            Self::Ip(_) => ip_match::NAME,
        }
    }

    /// Whether some list has `text` with an entry that has not expired at `now`, in seconds. The whole text is then
    /// highlighted.
    pub fn matches(&self, text: &[u8], now: u64) -> bool {
        match self {
            Self::Exact(sets) => sets.iter().any(|set| set.matches(text, now)),
            Self::Ip(sets) => {
                parse_address(text).is_some_and(|address| sets.iter().any(|set| set.contains(address, now)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_list_may_hold_the_entry() {
        let exact = DataMatcher::Exact(Box::new([
            Arc::new(ExactSet::new([("a", 5)])),
            Arc::new(ExactSet::new([("a", 9), ("b", 0)])),
        ]));
        assert_eq!(exact.operator(), "exact_match");
        assert!(exact.matches(b"a", 9) && exact.matches(b"b", 99));
        assert!(!exact.matches(b"a", 10) && !exact.matches(b"c", 0));

        let ip = DataMatcher::Ip(Box::new([
            Arc::new(IpSet::new([("10.0.0.0/8", 5)])),
            Arc::new(IpSet::new([("10.1.2.3", 0)])),
        ]));
        assert_eq!(ip.operator(), "ip_match");
        assert!(ip.matches(b"10.9.9.9", 5) && ip.matches(b"10.1.2.3", 6));
        assert!(!ip.matches(b"10.9.9.9", 6) && !ip.matches(b"junk", 0));

        assert!(!DataMatcher::Ip(Box::new([])).matches(b"10.1.2.3", 0));
    }

    #[test]
    fn types() {
        assert_eq!(ListType::from_name(b"ip_with_expiration"), Some(ListType::Ip));
        assert_eq!(ListType::from_name(b"data_with_expiration"), Some(ListType::Data));
        assert_eq!(ListType::from_name(b"ip"), None);
    }
}
