//! Addresses and networks.
//!
//! IPv4 addresses inside IPv6 are IPv4 addresses everywhere, and otherwise the families never contain each other.

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
        match address.to_canonical() {
            IpAddr::V4(four) => Self { v6: false, length: 32, bits: four.to_bits().into() },
            IpAddr::V6(six) => Self { v6: true, length: 128, bits: six.to_bits() },
        }
    }

    /// The network of IPv4 of this length around an address.
    pub fn v4(bits: u32, length: u8) -> Self {
        Self { v6: false, length: 32, bits: bits.into() }.cut(length)
    }

    /// The network of IPv6 of this length around an address.
    pub fn v6(bits: u128, length: u8) -> Self {
        Self { v6: true, length: 128, bits }.cut(length)
    }

    /// Its bits, as a number.
    pub fn bits(self) -> u128 {
        self.bits
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
