//! Addresses as groups: sources, networks and local addresses.
//!
//! An IPv6 customer has a /64 or more, so a single address identifies nobody, and groups are prefixes. IPv4-mapped
//! IPv6 addresses are treated as IPv4 addresses.

use std::fmt;

pub use crate::live::Prefix;

/// A network within which attackers change addresses: an autonomous system if the host provides it, otherwise a
/// prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Network {
    /// The number of an autonomous system.
    System(u32),
    /// An IPv4 /24 or an IPv6 /48.
    Prefix(Prefix),
}

impl Network {
    /// Returns the network of an address.
    pub fn of(address: Prefix, asn: Option<u32>) -> Self {
        asn.map_or_else(|| Network::Prefix(address.cut_by_family(24, 48)), Network::System)
    }

    /// An unambiguous byte representation, for hashing.
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

/// Prefixes that no client on the Internet has (RFC 1918, 6598, 3927, 4193 and the registries of special-purpose
/// addresses). Documentation prefixes are not included, because tests use them.
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

/// The local networks, which never count as sources and are never blocked.
#[derive(Clone, Debug)]
pub struct LocalNetworks {
    /// The bits and the mask of each network.
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl Default for LocalNetworks {
    fn default() -> Self {
        Self::new(&[], &[])
    }
}

impl LocalNetworks {
    /// The built-in networks, with some added and others removed.
    pub fn new(more: &[Prefix], fewer: &[Prefix]) -> Self {
        let usual = LOCAL.iter().filter_map(|text| Prefix::parse(text));
        let (mut v4, mut v6) = (vec![], vec![]);
        for network in usual.chain(more.iter().copied()).filter(|network| !fewer.contains(network)) {
            let length = u32::from(network.length());
            match network.is_v6() {
                false => v4.push((network.bits() as u32, u32::MAX.checked_shl(32 - length).unwrap_or(0))),
                true => v6.push((network.bits(), u128::MAX.checked_shl(128 - length).unwrap_or(0))),
            }
        }
        Self { v4, v6 }
    }

    /// Whether an address, or the first address of a network, is local.
    pub fn contains(&self, address: Prefix) -> bool {
        let bits = address.bits();
        match address.is_v6() {
            false => self.v4.iter().fold(false, |found, (network, mask)| found | (bits as u32 & mask == *network)),
            true => self.v6.iter().any(|(network, mask)| bits & mask == *network),
        }
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
    fn local_networks_have_exact_bounds() {
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

    #[test]
    fn translated_addresses_stand_for_others() {
        let table = [
            ("64:ff9b::203.0.113.9", Some("203.0.113.9")),
            ("64:ff9b:1::203.0.113.9", Some("203.0.113.9")),
            ("64:ff9b:1:7::203.0.113.9", Some("203.0.113.9")),
            ("64:ff9b:1:cb00:71:900::", Some("203.0.113.9")),
            ("64:ff9b:1:cb00:71:900::1", None),
            ("64:ff9b:1:cb00:171:900::", None),
            ("64:ff9b:2::203.0.113.9", None),
            ("2001:db8::203.0.113.9", None),
            ("203.0.113.9", None),
        ];
        for (text, other) in table {
            let translated = Prefix::parse(text).unwrap().translated();
            assert_eq!(translated.map(|one| one.to_string()).as_deref(), other, "{text}");
        }
    }
}
