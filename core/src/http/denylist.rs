//! Users and addresses refused from now on, until a time: changed while requests are served, without a new ruleset.
//!
//! The engine has denylists too (`rules_data` with expirations), delivered by remote configuration and rebuilt with every
//! change. This list is for the process itself: a support person or a detector blocks somebody, and the next request is
//! refused. Times are seconds since the epoch; like in the engine, an entry still holds in its last second, and no time
//! means forever.
//!
//! Addresses are looked up by prefix: one hash lookup for each prefix length in use, so ten thousand entries cost what ten
//! do. Expired entries are dropped when the list grows.

use super::client_ip::canonical;
use crate::support::SharedMap;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// The end of an entry: seconds since the epoch, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Until {
    Time(u64),
    Forever,
}

impl Until {
    /// As configurations write it: zero is never.
    pub fn from_seconds(seconds: u64) -> Self {
        if seconds == 0 { Self::Forever } else { Self::Time(seconds) }
    }

    /// The inverse of [`Until::from_seconds`].
    pub fn seconds(self) -> u64 {
        match self {
            Self::Time(seconds) => seconds,
            Self::Forever => 0,
        }
    }

    fn holds(self, now: u64) -> bool {
        self >= Self::Time(now)
    }
}

/// Why an entry was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The text is neither an address nor a network.
    NotAnAddress,
    /// An empty id identifies nobody.
    Empty,
    /// The list is full of entries that still hold.
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

/// Whom an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    User,
    Address,
}

/// The lists of one process. Copies share what they have in common.
#[derive(Debug, Clone)]
pub struct Denylist {
    users: SharedMap<String, Until>,
    networks: SharedMap<Network, Until>,
    /// How many entries have each prefix length.
    lengths: BTreeMap<(bool, u8), usize>,
    limit: usize,
}

/// A network; an address alone is one of full length. IPv4 and IPv6 never contain each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Network {
    v6: bool,
    length: u8,
    bits: u128,
}

impl Default for Denylist {
    fn default() -> Self {
        Self::with_limit(1_000_000)
    }
}

impl Denylist {
    /// A list that holds at most `limit` entries of each kind.
    pub fn with_limit(limit: usize) -> Self {
        Self { users: SharedMap::default(), networks: SharedMap::default(), lengths: BTreeMap::new(), limit }
    }

    /// Adds an entry; of two for the same value the later end holds.
    pub fn block(&mut self, kind: Kind, value: &str, until: Until, now: u64) -> Result<(), Refused> {
        match kind {
            Kind::User if value.is_empty() => Err(Refused::Empty),
            Kind::User => {
                let end = self.users.get(value).copied();
                if end.is_none() && self.users.len() >= self.limit {
                    self.drop_expired_users(now);
                    if self.users.len() >= self.limit {
                        return Err(Refused::Full);
                    }
                }
                self.users.insert(value.into(), end.map_or(until, |end| until.max(end)));
                Ok(())
            }
            Kind::Address => {
                let network = Network::parse(value).ok_or(Refused::NotAnAddress)?;
                let end = self.networks.get(&network).copied();
                if end.is_none() && self.networks.len() >= self.limit {
                    self.drop_expired_networks(now);
                    if self.networks.len() >= self.limit {
                        return Err(Refused::Full);
                    }
                }
                if end.is_none() {
                    *self.lengths.entry((network.v6, network.length)).or_default() += 1;
                }
                self.networks.insert(network, end.map_or(until, |end| until.max(end)));
                Ok(())
            }
        }
    }

    /// Gives an entry that still holds a new end, earlier or later; false when there is none.
    pub fn extend(&mut self, kind: Kind, value: &str, until: Until, now: u64) -> bool {
        let holds = |end: Option<&Until>| end.is_some_and(|end| end.holds(now));
        match kind {
            Kind::User => {
                let held = holds(self.users.get(value));
                if held {
                    self.users.insert(value.into(), until);
                }
                held
            }
            Kind::Address => Network::parse(value).is_some_and(|network| {
                let held = holds(self.networks.get(&network));
                if held {
                    self.networks.insert(network, until);
                }
                held
            }),
        }
    }

    /// Removes an entry; false when there was none.
    pub fn unblock(&mut self, kind: Kind, value: &str) -> bool {
        match kind {
            Kind::User => self.users.remove(value).is_some(),
            Kind::Address => Network::parse(value).is_some_and(|network| {
                let removed = self.networks.remove(&network).is_some();
                if removed {
                    self.forget_length(network);
                }
                removed
            }),
        }
    }

    /// Until when a user is refused, if at all.
    pub fn user(&self, id: &str, now: u64) -> Option<Until> {
        self.users.get(id).copied().filter(|until| until.holds(now))
    }

    /// Until when an address is refused, if at all: the latest end among the networks it belongs to.
    pub fn address(&self, address: IpAddr, now: u64) -> Option<Until> {
        let host = Network::host(address);
        let lengths = self.lengths.keys().filter(|(v6, _)| *v6 == host.v6);
        lengths
            .filter_map(|(_, length)| self.networks.get(&host.cut(*length)))
            .copied()
            .filter(|until| until.holds(now))
            .max()
    }

    /// Whether any address is refused.
    pub fn has_addresses(&self, now: u64) -> bool {
        self.networks.iter().any(|(_, until)| until.holds(now))
    }

    /// The entries that still hold, in the order of their values.
    pub fn entries(&self, kind: Kind, now: u64) -> Vec<(String, Until)> {
        let mut entries: Vec<_> = match kind {
            Kind::User => self.users.iter().map(|(id, until)| (id.clone(), *until)).collect(),
            Kind::Address => self.networks.iter().map(|(network, until)| (network.text(), *until)).collect(),
        };
        entries.retain(|(_, until)| until.holds(now));
        entries.sort();
        entries
    }

    fn drop_expired_users(&mut self, now: u64) {
        let expired: Vec<_> =
            self.users.iter().filter(|(_, until)| !until.holds(now)).map(|(user, _)| user.clone()).collect();
        for user in expired {
            self.users.remove(&user);
        }
    }

    fn drop_expired_networks(&mut self, now: u64) {
        let expired: Vec<_> =
            self.networks.iter().filter(|(_, until)| !until.holds(now)).map(|(net, _)| *net).collect();
        for network in expired {
            self.networks.remove(&network);
            self.forget_length(network);
        }
    }

    fn forget_length(&mut self, network: Network) {
        let key = (network.v6, network.length);
        if let Some(count) = self.lengths.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.lengths.remove(&key);
            }
        }
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                (address, Some(length.parse::<u8>().ok()?))
            }
            Some(_) => return None,
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let host = Self::host(address);
        let Some(mut length) = length else { return Some(host) };
        if address.is_ipv6() && !host.v6 {
            length = length.checked_sub(96)?; // a network of IPv4 addresses, written inside IPv6
        }
        (length <= host.length).then(|| host.cut(length))
    }

    fn host(address: IpAddr) -> Self {
        match canonical(address) {
            IpAddr::V4(four) => Self { v6: false, length: 32, bits: u128::from(four.to_bits()) },
            IpAddr::V6(six) => Self { v6: true, length: 128, bits: six.to_bits() },
        }
    }

    /// The network of this length around a host; `self` has full length.
    fn cut(self, length: u8) -> Self {
        let drop = u32::from(self.length.saturating_sub(length));
        Self { length, bits: self.bits.checked_shr(drop).and_then(|kept| kept.checked_shl(drop)).unwrap_or(0), ..self }
    }

    fn text(self) -> String {
        let (address, full) = if self.v6 {
            (IpAddr::V6(self.bits.into()), 128)
        } else {
            (IpAddr::V4(u32::try_from(self.bits).unwrap_or_default().into()), 32)
        };
        if self.length == full { address.to_string() } else { format!("{address}/{}", self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(&str, u64)]) -> Denylist {
        let mut list = Denylist::default();
        for (value, until) in entries {
            list.block(Kind::Address, value, Until::from_seconds(*until), 0).unwrap();
        }
        list
    }

    #[test]
    fn addresses_and_networks() {
        let list = list(&[
            ("1.1.1.1", 0),
            ("5.5.0.0/16", 100),
            ("5.5.5.5", 50),
            ("::ffff:9.9.9.0/120", 0),
            ("2001:db8::/32", 0),
        ]);
        for (address, now, until) in [
            ("1.1.1.1", 1000, Some(Until::Forever)),
            ("::ffff:1.1.1.1", 1000, Some(Until::Forever)),
            ("5.5.5.5", 60, Some(Until::Time(100))),
            ("5.5.5.5", 100, Some(Until::Time(100))),
            ("5.5.5.5", 101, None),
            ("9.9.9.77", 1, Some(Until::Forever)),
            ("2001:db8:1::", 1, Some(Until::Forever)),
            ("2001:db9::", 1, None),
            ("1.1.1.2", 1, None),
        ] {
            assert_eq!(list.address(address.parse().unwrap(), now), until, "{address} at {now}");
        }
        let everything = super::tests::list(&[("0.0.0.0/0", 0)]);
        assert!(everything.address("8.8.8.8".parse().unwrap(), 0).is_some());
        assert!(everything.address("2001::".parse().unwrap(), 0).is_none());
    }

    #[test]
    fn malformed_values() {
        let mut list = Denylist::default();
        for value in
            ["", "nope", "1.1.1", "1.1.1.1/33", "1.1.1.1/", "1.1.1.1/+8", "1.1.1.1:80", "::/129", "::ffff:1.1.1.1/64"]
        {
            assert_eq!(list.block(Kind::Address, value, Until::Forever, 0), Err(Refused::NotAnAddress), "{value}");
        }
        assert_eq!(list.block(Kind::User, "", Until::Forever, 0), Err(Refused::Empty));
    }

    #[test]
    fn blocking_extending_unblocking() {
        let mut list = Denylist::with_limit(2);
        list.block(Kind::User, "bob", Until::Time(10), 0).unwrap();
        list.block(Kind::User, "bob", Until::Time(5), 0).unwrap();
        assert_eq!(list.user("bob", 10), Some(Until::Time(10)));
        assert_eq!((list.user("bob", 11), list.user("Bob", 0)), (None, None));
        assert!(!list.extend(Kind::User, "bob", Until::Time(30), 11));
        assert!(list.extend(Kind::User, "bob", Until::Time(30), 10));
        list.block(Kind::User, "eve", Until::Time(12), 11).unwrap();
        assert_eq!(list.block(Kind::User, "max", Until::Forever, 12), Err(Refused::Full));
        assert_eq!(list.block(Kind::User, "max", Until::Forever, 13), Ok(()));
        assert!(list.unblock(Kind::User, "bob") && !list.unblock(Kind::User, "bob"));
        assert_eq!(list.entries(Kind::User, 13), [("max".to_string(), Until::Forever)]);
        assert_eq!(list.user("bob", 0), None);
    }
}
