//! Addresses and networks.
//!
//! IPv4-mapped IPv6 addresses are treated as IPv4 addresses; apart from them, prefixes of one family never contain
//! those of the other.

use std::fmt;
use std::net::IpAddr;

/// The upper 96 bits of `64:ff9b::/96`.
const NAT64: u128 = 0x0064_ff9b << 64;
/// The upper 48 bits of `64:ff9b:1::/48`.
const LOCAL_NAT64: u128 = 0x0064_ff9b_0001;

/// A network prefix; a single address is a prefix of full length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    v6: bool,
    length: u8,
    bits: u128,
}

impl Prefix {
    /// The prefix that contains only this address.
    pub fn host(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(four) => Self { v6: false, length: 32, bits: four.to_bits().into() },
            IpAddr::V6(six) => Self { v6: true, length: 128, bits: six.to_bits() },
        }
    }

    /// The IPv4 network of this length that contains the address `bits`.
    pub fn v4(bits: u32, length: u8) -> Self {
        Self { v6: false, length: 32, bits: bits.into() }.cut(length)
    }

    /// The IPv6 network of this length that contains the address `bits`.
    pub fn v6(bits: u128, length: u8) -> Self {
        Self { v6: true, length: 128, bits }.cut(length)
    }

    /// The network address as a number.
    pub fn bits(self) -> u128 {
        self.bits
    }

    /// Parses an address or a network in CIDR notation; host bits are cleared.
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
            length = length.checked_sub(96)?; // an IPv4 network in IPv4-mapped notation
        }
        (length <= host.length).then(|| host.cut(length))
    }

    /// The IPv4 address that an address of NAT64 stands for (RFC 6052): one of the well-known prefix `64:ff9b::/96`, or of
    /// `64:ff9b:1::/48`, which networks use as a whole or in parts of 96 bits (RFC 8215).
    pub fn translated(self) -> Option<Self> {
        if !self.is_host() {
            return None;
        }
        if self.bits >> 32 == NAT64 {
            return Some(Self::v4(self.bits as u32, 32));
        }
        if self.bits >> 80 != LOCAL_NAT64 {
            return None;
        }
        let is_part = self.bits >> 32 & 0xffff_ffff == 0;
        // In a prefix of 48 bits, the address is on both sides of eight bits that are zero, and zeros follow.
        let is_whole = self.bits >> 56 & 0xff == 0 && self.bits & 0xff_ffff_ffff == 0;
        let halves = (self.bits >> 64 & 0xffff) << 16 | self.bits >> 40 & 0xffff;
        match is_part {
            true => Some(Self::v4(self.bits as u32, 32)),
            false => is_whole.then(|| Self::v4(halves as u32, 32)),
        }
    }

    /// The source that an address belongs to: an IPv4 address, also if it was translated, or an IPv6 network of this
    /// length.
    pub fn source(self, v6: u8) -> Self {
        self.translated().unwrap_or(self).cut_by_family(32, v6)
    }

    /// Shortens the prefix to `length`; one that is already shorter is returned unchanged.
    pub fn cut(self, length: u8) -> Self {
        let length = length.min(self.length);
        let full = if self.v6 { 128 } else { 32 };
        let drop = u32::from(full - length);
        let bits = self.bits.checked_shr(drop).and_then(|kept| kept.checked_shl(drop)).unwrap_or(0);
        Self { length, bits, ..self }
    }

    /// Shortens the prefix to `v4` or `v6` bits, depending on its family.
    pub fn cut_by_family(self, v4: u8, v6: u8) -> Self {
        self.cut(if self.v6 { v6 } else { v4 })
    }

    /// Whether the other prefix lies within this one.
    pub fn contains(self, other: Prefix) -> bool {
        self.v6 == other.v6 && self.length <= other.length && other.cut(self.length) == self
    }

    /// Whether the prefix is a single address.
    pub fn is_host(self) -> bool {
        self.length == if self.v6 { 128 } else { 32 }
    }

    /// Whether the prefix is IPv6.
    pub fn is_v6(self) -> bool {
        self.v6
    }

    /// The prefix length in bits.
    pub fn length(self) -> u8 {
        self.length
    }

    /// The first address of the network.
    pub fn address(self) -> IpAddr {
        match self.v6 {
            true => IpAddr::V6(self.bits.into()),
            false => IpAddr::V4((self.bits as u32).into()),
        }
    }

    /// An unambiguous byte representation, for hashing.
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
