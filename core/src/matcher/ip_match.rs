//! `ip_match`: an address against a set of addresses and networks.
//!
//! Networks are nested or disjoint, and never overlap partially. Building the set therefore divides the address space
//! into disjoint ranges, each with the latest expiration among all networks around it, and a lookup is one binary
//! search, whatever the number of prefix lengths and the depth of nesting. A range takes 16 bytes for IPv4 and 40 for
//! IPv6, so a list of a million networks takes 16 MB.

use super::expiry::Life;
use super::operator::{Highlight, Operator, ScalarMatcher};
use crate::fields::read;
use crate::fields::{Fields, Refusal};
use crate::pattern::PatternCache;
use crate::support::{Deadline, Expired};
use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The operator's name.
pub const NAME: &str = "ip_match";

/// Reads the operator's parameters.
pub fn read(parameters: &Fields<'_>, _patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    Ok(match parameters.optional_unkeyed("list", read::strict_strings)? {
        Some(list) => ScalarMatcher::fixed(IpSet::new(list.into_iter().map(|value| (value, 0)))),
        None => ScalarMatcher::Data(parameters.required("data", read::text)?),
    })
}

/// A list given within the rule, which never expires.
impl Operator for IpSet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], _deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        Ok(self.matches(text, 0).then_some(Highlight::Whole))
    }
}

/// A set of networks, each with its expiration.
#[derive(Debug, Default)]
pub struct IpSet {
    v4: Ranges<u32>,
    v6: Ranges<u128>,
}

impl IpSet {
    /// The set of `entries`, pairs of an address or network and its expiration in seconds (0: never). Anything else is
    /// ignored, as in the reference.
    pub fn new<V: AsRef<[u8]>>(entries: impl IntoIterator<Item = (V, u64)>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (entry, expiration) in entries {
            let life = Life::until(expiration);
            match parse_network(entry.as_ref()) {
                Some((IpAddr::V4(address), length)) => v4.push(Network::<u32>::new(address.to_bits(), length, life)),
                Some((IpAddr::V6(address), length)) => {
                    let network = Network::<u128>::new(address.to_bits(), length, life);
                    // IPv4 addresses are looked up only in the IPv4 set, so a network around all of them is in both
                    // sets.
                    if network.first <= MAPPED.first && MAPPED.last <= network.last {
                        v4.push(Network { first: 0, last: u32::MAX, life });
                    }
                    v6.push(network);
                }
                None => {}
            }
        }
        Self { v4: Ranges::new(v4), v6: Ranges::new(v6) }
    }

    /// Whether `text` is an address in the set that has not expired at `now`, in seconds. The whole text is then
    /// highlighted.
    pub fn matches(&self, text: &[u8], now: u64) -> bool {
        parse_address(text).is_some_and(|address| self.contains(address, now))
    }

    /// The same for an address from [`parse_address`].
    pub fn contains(&self, address: IpAddr, now: u64) -> bool {
        let life = match address {
            IpAddr::V4(address) => self.v4.life_of(address.to_bits()),
            IpAddr::V6(address) => self.v6.life_of(address.to_bits()),
        };
        life.is_some_and(|life| life.lasts(now))
    }
}

/// Parses an address as strictly as `inet_pton`, without port, zone, brackets or blanks; a NUL ends it. An IPv4-mapped
/// IPv6 address (`::ffff:1.2.3.4`) is converted to IPv4.
pub fn parse_address(text: &[u8]) -> Option<IpAddr> {
    parse_as_written(text).map(|address| address.to_canonical())
}

fn parse_as_written(text: &[u8]) -> Option<IpAddr> {
    const LONGEST: usize = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".len();
    const LONGEST_V4: usize = "255.255.255.255".len() + 1;
    // Most strings begin with a letter beyond `f`, so they are not addresses.
    if text.len() > LONGEST || !text.first().is_some_and(|&byte| byte.is_ascii_hexdigit() || byte == b':') {
        return None;
    }
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    let address = str::from_utf8(&text[..end]).ok()?;
    let v4 = if text.len() <= LONGEST_V4 { address.parse::<Ipv4Addr>().ok() } else { None };
    v4.map(IpAddr::V4).or_else(|| address.parse::<Ipv6Addr>().ok().map(IpAddr::V6))
}

/// Parses an entry of a list: an address, or an address, `/` and a prefix length.
fn parse_network(entry: &[u8]) -> Option<(IpAddr, u32)> {
    let mut parts = entry.splitn(2, |&byte| byte == b'/');
    let address = parse_as_written(parts.next()?)?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let length = match parts.next() {
        Some(text) => parse_prefix_length(text).filter(|&length| length <= bits)?,
        None => bits,
    };
    match address {
        IpAddr::V6(mapped) if length >= MAPPED_LENGTH => match mapped.to_ipv4_mapped() {
            Some(address) => Some((IpAddr::V4(address), length - MAPPED_LENGTH)),
            None => Some((address, length)),
        },
        _ => Some((address, length)),
    }
}

/// Parses a number of up to three bytes like C's `strtol`: after blanks and a sign, ignoring what follows.
fn parse_prefix_length(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 3 {
        return None;
    }
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | 0x09..=0x0D)).count();
    let number = &text[blanks..];
    let (negative, number) = match number.split_first() {
        Some((b'-', number)) => (true, number),
        Some((b'+', number)) => (false, number),
        _ => (false, number),
    };
    let digits = number.iter().take_while(|byte| byte.is_ascii_digit());
    let (count, value) = digits.fold((0, 0), |(count, value), digit| (count + 1, value * 10 + u32::from(digit - b'0')));
    (count > 0 && (!negative || value == 0)).then_some(value)
}

/// `::ffff:0:0/96`, the IPv4-mapped addresses.
const MAPPED: Network<u128> = Network { first: 0xFFFF << 32, last: 0xFFFF_FFFF_FFFF, life: Life::until(0) };
const MAPPED_LENGTH: u32 = 96;

/// Addresses as numbers.
trait Bits: Copy + Ord {
    fn successor(self) -> Option<Self>;
    fn predecessor(self) -> Option<Self>;
}

#[derive(Debug, Clone, Copy)]
struct Network<T> {
    first: T,
    last: T,
    life: Life,
}

macro_rules! address_bits {
    ($bits:ty) => {
        impl Bits for $bits {
            fn successor(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn predecessor(self) -> Option<Self> {
                self.checked_sub(1)
            }
        }

        impl Network<$bits> {
            /// The network of `length` leading bits around `address`.
            fn new(address: $bits, length: u32, life: Life) -> Self {
                let host = <$bits>::MAX.checked_shr(length).unwrap_or(0);
                Self { first: address & !host, last: address | host, life }
            }
        }
    };
}

address_bits!(u32);
address_bits!(u128);

/// Disjoint ranges in ascending order. The searched part is a separate array with a small index above it, so that a
/// search touches little memory.
#[derive(Debug)]
struct Ranges<T> {
    /// Every [`STRIDE`]th of `firsts`.
    index: Vec<T>,
    firsts: Vec<T>,
    lasts: Vec<T>,
    lives: Vec<Life>,
}

const STRIDE: usize = 32;

impl<T> Default for Ranges<T> {
    fn default() -> Self {
        Self { index: Vec::new(), firsts: Vec::new(), lasts: Vec::new(), lives: Vec::new() }
    }
}

impl<T: Bits> Ranges<T> {
    fn new(mut networks: Vec<Network<T>>) -> Self {
        // Outer networks come before those inside them.
        networks.sort_unstable_by_key(|network| (network.first, Reverse(network.last)));
        let mut ranges = Self::default();
        // The networks around the cursor, each within the one before and expiring later.
        let mut open: Vec<Network<T>> = Vec::new();
        // The first address without a range yet; `None` after the last address of all.
        let mut cursor = None;
        for network in networks {
            while let Some(inner) = open.pop_if(|inner| inner.last < network.first) {
                ranges.push(cursor, Some(inner.last), inner.life);
                cursor = inner.last.successor();
            }
            if let Some(outer) = open.last() {
                if network.life <= outer.life {
                    continue;
                }
                ranges.push(cursor, network.first.predecessor(), outer.life);
            }
            cursor = Some(network.first);
            open.push(network);
        }
        while let Some(inner) = open.pop() {
            ranges.push(cursor, Some(inner.last), inner.life);
            cursor = inner.last.successor();
        }
        ranges.index = ranges.firsts.iter().step_by(STRIDE).copied().collect();
        ranges.firsts.shrink_to_fit();
        ranges.lasts.shrink_to_fit();
        ranges.lives.shrink_to_fit();
        ranges
    }

    /// Adds `first..=last`, which may be empty, merging it with the range before if nothing separates them.
    fn push(&mut self, first: Option<T>, last: Option<T>, life: Life) {
        let (Some(first), Some(last)) = (first, last) else { return };
        if first > last {
            return;
        }
        if let (Some(before), Some(before_life)) = (self.lasts.last_mut(), self.lives.last())
            && *before_life == life
            && before.successor() == Some(first)
        {
            *before = last;
            return;
        }
        self.firsts.push(first);
        self.lasts.push(last);
        self.lives.push(life);
    }

    fn life_of(&self, address: T) -> Option<Life> {
        let start = self.index.partition_point(|&first| first <= address).checked_sub(1)? * STRIDE;
        let stride = self.firsts.get(start..)?.iter().take(STRIDE);
        let index = start + stride.take_while(|&&first| first <= address).count() - 1;
        (address <= *self.lasts.get(index)?).then(|| self.lives.get(index).copied()).flatten()
    }
}

#[cfg(test)]
mod tests;
