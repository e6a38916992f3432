//! Addresses as groups: who counts as one source, one network, and whom nobody outside can be.
//!
//! One IPv6 customer has a /64 or more, so an address there says nothing by itself: groups are prefixes. IPv4 addresses inside
//! IPv6 are IPv4 addresses everywhere.

use crate::http::client_ip::canonical;
use std::fmt;
use std::net::IpAddr;

/// A network prefix; an address alone is one of full length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    v6: bool,
    length: u8,
    bits: u128,
}

impl Prefix {
    /// The address alone.
    pub fn host(address: IpAddr) -> Self {
        match canonical(address) {
            IpAddr::V4(four) => Self { v6: false, length: 32, bits: four.to_bits().into() },
            IpAddr::V6(six) => Self { v6: true, length: 128, bits: six.to_bits() },
        }
    }

    /// An address, or a network in CIDR notation; bits beyond the prefix are cleared.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) => {
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

    /// The network of this length around it; a longer one leaves it as it is.
    pub fn cut(self, length: u8) -> Self {
        let length = length.min(self.length);
        let full = if self.v6 { 128 } else { 32 };
        let drop = u32::from(full - length);
        let bits = self.bits.checked_shr(drop).and_then(|kept| kept.checked_shl(drop)).unwrap_or(0);
        Self { length, bits, ..self }
    }

    /// The prefix of one length for IPv4 and another for IPv6.
    pub fn cut_by_family(self, v4: u8, v6: u8) -> Self {
        self.cut(if self.v6 { v6 } else { v4 })
    }

    /// Whether the other prefix lies within this one.
    pub fn contains(self, other: Prefix) -> bool {
        self.v6 == other.v6 && self.length <= other.length && other.cut(self.length) == self
    }

    /// Whether it is one address.
    pub fn is_host(self) -> bool {
        self.length == if self.v6 { 128 } else { 32 }
    }

    /// Whether it is of IPv6.
    pub fn is_v6(self) -> bool {
        self.v6
    }

    /// Its length in bits.
    pub fn length(self) -> u8 {
        self.length
    }

    /// The first address of it.
    pub fn address(self) -> IpAddr {
        match self.v6 {
            true => IpAddr::V6(self.bits.into()),
            false => IpAddr::V4((self.bits as u32).into()),
        }
    }

    /// Its bytes, for hashing.
    pub fn bytes(self) -> [u8; 18] {
        let mut bytes = [0; 18];
        bytes[..16].copy_from_slice(&self.bits.to_le_bytes());
        bytes[16..].copy_from_slice(&[self.length, self.v6.into()]);
        bytes
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_host() {
            true => write!(f, "{}", self.address()),
            false => write!(f, "{}/{}", self.address(), self.length),
        }
    }
}

/// A network as attackers move in it: an autonomous system where the host knows it, else a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Network {
    /// The number of an autonomous system.
    System(u32),
    /// A /24 or /48.
    Prefix(Prefix),
}

impl Network {
    /// The network of an address.
    pub fn of(address: Prefix, asn: Option<u32>) -> Self {
        asn.map_or_else(|| Network::Prefix(address.cut_by_family(24, 48)), Network::System)
    }

    /// Its bytes, for hashing.
    pub fn bytes(self) -> [u8; 18] {
        match self {
            Network::Prefix(prefix) => prefix.bytes(),
            Network::System(number) => {
                let mut bytes = [0xff; 18];
                bytes[..4].copy_from_slice(&number.to_le_bytes());
                bytes
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Network::System(number) => write!(f, "AS{number}"),
            Network::Prefix(prefix) => prefix.fmt(f),
        }
    }
}

/// Prefixes that no client on the Internet has (RFC 1918, 6598, 3927, 4193 and the registries of special addresses).
/// Documentation prefixes are not among them: they are what tests use.
const LOCAL: [&str; 16] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// Which addresses are local: they never count as a source and are never blocked.
#[derive(Clone, Debug)]
pub struct LocalNetworks(Vec<Prefix>);

impl Default for LocalNetworks {
    fn default() -> Self {
        Self::new(&[], &[])
    }
}

impl LocalNetworks {
    /// The usual ones, with some more and without others.
    pub fn new(more: &[Prefix], fewer: &[Prefix]) -> Self {
        let usual = LOCAL.iter().filter_map(|text| Prefix::parse(text));
        Self(usual.chain(more.iter().copied()).filter(|prefix| !fewer.contains(prefix)).collect())
    }

    /// Whether an address is local.
    pub fn contains(&self, address: Prefix) -> bool {
        self.0.iter().any(|prefix| prefix.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_read_print_and_contain() {
        let table = [
            ("203.0.113.9", "203.0.113.9"),
            ("203.0.113.9/24", "203.0.113.0/24"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9/120", "203.0.113.0/24"),
            ("2001:db8::1/48", "2001:db8::/48"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
        ];
        for (text, printed) in table {
            assert_eq!(Prefix::parse(text).unwrap().to_string(), printed);
        }
        for text in [
            "",
            "x",
            "1.2.3.4/33",
            "1.2.3.4/",
            "1.2.3.4/+1",
            "fe80::1%eth0",
            "1.2.3.4:80",
            " 1.2.3.4",
            "::ffff:1.2.3.4/90",
        ] {
            assert_eq!(Prefix::parse(text), None, "{text}");
        }
        let host = |text| Prefix::parse(text).unwrap();
        assert!(host("0.0.0.0/0").contains(host("1.2.3.4")) && !host("0.0.0.0/0").contains(host("::1")));
        assert!(
            host("2001:db8::/32").contains(host("2001:db8:1::1"))
                && !host("2001:db8::/32").contains(host("2001:db9::"))
        );
    }

    #[test]
    fn local_networks_end_where_they_end() {
        let local = LocalNetworks::default();
        let is_local = |text| local.contains(Prefix::parse(text).unwrap());
        for text in [
            "0.1.2.3",
            "10.0.0.1",
            "100.127.255.255",
            "172.31.0.1",
            "192.0.0.8",
            "198.19.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fd00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:10.1.1.1",
        ] {
            assert!(is_local(text), "{text}");
        }
        for text in [
            "9.255.255.255",
            "100.128.0.0",
            "172.32.0.1",
            "192.0.1.0",
            "198.20.0.1",
            "203.0.113.9",
            "192.0.2.1",
            "198.51.100.1",
            "2001:db8::1",
        ] {
            assert!(!is_local(text), "{text}");
        }
        let ten = Prefix::parse("10.0.0.0/8").unwrap();
        let more = Prefix::parse("203.0.113.0/24").unwrap();
        let changed = LocalNetworks::new(&[more], &[ten]);
        assert!(changed.contains(more) && !changed.contains(ten));
    }
}
