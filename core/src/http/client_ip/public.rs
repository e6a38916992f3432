//! Which addresses a client on the public internet can have.
//!
//! Any other address is within a private network or is nobody's, and tells nothing about the client if it occurs in a
//! header. Not public are the addresses that IANA's special-purpose registries (RFC 6890) do not list as globally
//! reachable, multicast and reserved addresses, and IPv6 addresses that embed such an IPv4 address. Two decisions are
//! our own: documentation ranges count as public, because test traffic uses them and nobody gains by them; and all of
//! `192.0.0.0/24` is not public, since its two anycast services never open connections.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 networks that are not public: address and prefix length.
const V4: [(Ipv4Addr, u32); 11] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),      // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),     // private use
    (Ipv4Addr::new(100, 64, 0, 0), 10),  // shared between a provider and its customers
    (Ipv4Addr::new(127, 0, 0, 0), 8),    // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16), // link-local
    (Ipv4Addr::new(172, 16, 0, 0), 12),  // private use
    (Ipv4Addr::new(192, 0, 0, 0), 24),   // protocol assignments
    (Ipv4Addr::new(192, 168, 0, 0), 16), // private use
    (Ipv4Addr::new(198, 18, 0, 0), 15),  // benchmarking
    (Ipv4Addr::new(224, 0, 0, 0), 4),    // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),    // reserved, and broadcast
];

/// IPv6 networks that are not public.
const V6: [(Ipv6Addr, u32); 9] = [
    (Ipv6Addr::UNSPECIFIED, 8), // unspecified, loopback, forms of IPv4 addresses, and the NAT64 prefix of each network
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 63), // discard-only, and dummy prefix
    (Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0), 48), // benchmarking
    (Ipv6Addr::new(0x2001, 0x10, 0, 0, 0, 0, 0, 0), 28), // hash identifiers, deprecated
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16), // segment identifiers
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7), // unique local
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10), // link-local
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10), // site-local, deprecated
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8), // multicast
];

/// NAT64 translators embed IPv4 addresses behind this prefix (RFC 6052). Addresses in `64:ff9b:1::/48` are never
/// public, because each network uses that prefix in its own way (RFC 8215).
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);
const SIX_TO_FOUR: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16);
const TEREDO: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32);

/// Whether a client on the public internet can have this address.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => {
            !V4.iter().any(|(network, length)| (four.to_bits() ^ network.to_bits()) >> (32 - length) == 0)
        }
        IpAddr::V6(six) => match stands_for(six) {
            Some(four) => is_public(IpAddr::V4(four)),
            None => !V6.iter().any(|network| is_in(six, *network)),
        },
    }
}

/// The embedded IPv4 address of the host behind a translator or a tunnel.
fn stands_for(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    let low = bits as u32; // the last 32 bits
    if is_in(address, NAT64) {
        Some(Ipv4Addr::from_bits(low))
    } else if is_in(address, SIX_TO_FOUR) {
        Some(Ipv4Addr::from_bits((bits >> 80) as u32))
    } else if is_in(address, TEREDO) {
        Some(Ipv4Addr::from_bits(!low)) // written inverted (RFC 4380)
    } else {
        None
    }
}

fn is_in(address: Ipv6Addr, (network, length): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (128 - length) == 0
}

#[cfg(test)]
mod tests {
    use super::is_public;

    /// The first and the last address of each network, and their neighbours outside.
    #[test]
    fn networks_end_where_they_should() {
        for (inside, outside) in [
            (["0.0.0.0", "0.255.255.255"], ["1.0.0.0", "1.0.0.1"]),
            (["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]),
            (["100.64.0.0", "100.127.255.255"], ["100.63.255.255", "100.128.0.0"]),
            (["127.0.0.0", "127.255.255.255"], ["126.255.255.255", "128.0.0.0"]),
            (["169.254.0.0", "169.254.255.255"], ["169.253.255.255", "169.255.0.0"]),
            (["172.16.0.0", "172.31.255.255"], ["172.15.255.255", "172.32.0.0"]),
            (["192.0.0.0", "192.0.0.255"], ["191.255.255.255", "192.0.1.0"]),
            (["192.168.0.0", "192.168.255.255"], ["192.167.255.255", "192.169.0.0"]),
            (["198.18.0.0", "198.19.255.255"], ["198.17.255.255", "198.20.0.0"]),
            (["224.0.0.0", "239.255.255.255"], ["223.255.255.255", "223.255.255.254"]),
            (["240.0.0.0", "255.255.255.255"], ["223.255.255.255", "1.1.1.1"]),
            (["::", "::1"], ["2000::", "2001:1::"]),
            (["::7f00:1", "ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], ["200::", "1000::"]),
            (["64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:808:808"], ["64:ff9b::808:808", "64:ff9b::1.1.1.1"]),
            (["100::1", "100:0:0:1::1"], ["200::1", "101::"]),
            (["2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff"], ["2001:1::", "2001:3::"]),
            (["2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff"], ["2001:f::", "2001:20::"]),
            (["5f00::", "5f00:ffff::"], ["5eff:ffff::", "5f01::"]),
            (["fc00::", "fdff:ffff::"], ["fbff:ffff::", "fbff::1"]),
            (["fe80::", "febf:ffff::"], ["fe7f:ffff::", "fe00::"]),
            (["fec0::", "feff:ffff::"], ["fe7f:ffff::", "fe00::1"]),
            (["ff00::", "ff02::1"], ["fe00::2", "fe7f::"]),
        ] {
            for address in inside {
                assert!(!is_public(address.parse().unwrap()), "{address} is inside");
            }
            for address in outside {
                assert!(is_public(address.parse().unwrap()), "{address} is outside");
            }
        }
    }

    #[test]
    fn ipv4_addresses_in_other_forms() {
        let forms = |[a, b, c, d]: [u8; 4]| {
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            [
                format!("{a}.{b}.{c}.{d}"),
                format!("::ffff:{a}.{b}.{c}.{d}"),
                format!("64:ff9b::{a}.{b}.{c}.{d}"),
                format!("2002:{high:x}:{low:x}::1"),
                format!("2001:0:808:808::{:x}:{:x}", !high, !low),
            ]
        };
        for (address, public) in [
            ([10, 0, 0, 1], false),
            ([127, 0, 0, 1], false),
            ([224, 0, 0, 1], false),
            ([0, 0, 0, 0], false),
            ([8, 8, 8, 8], true),
            ([203, 0, 113, 7], true),
        ] {
            for form in forms(address) {
                assert_eq!(is_public(form.parse().unwrap()), public, "{form}");
            }
        }
    }
}
