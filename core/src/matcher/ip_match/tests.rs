use super::*;
use crate::support::test_random::Random;

#[test]
fn addresses() {
    let v4 = |a, b, c, d| Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d)));
    for (text, expected) in [
        ("1.2.3.4", v4(1, 2, 3, 4)),
        ("::ffff:1.2.3.4", v4(1, 2, 3, 4)),
        ("::FFFF:102:304", v4(1, 2, 3, 4)),
        ("1.2.3.4\0junk", v4(1, 2, 3, 4)),
        ("1.2.3.4\0far too long", None),
        ("::1.2.3.4", Some(IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0x102, 0x304)))),
        ("::", Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED))),
        ("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", Some(IpAddr::V6(Ipv6Addr::from_bits(u128::MAX)))),
        ("", None),
        ("\0", None),
        ("1.2.3", None),
        ("1.2.3.04", None),
        (" 1.2.3.4", None),
        ("1.2.3.4:80", None),
        ("1.2.3.4/32", None),
        ("[::1]", None),
        ("fe80::1%eth0", None),
        ("g::", None),
    ] {
        assert_eq!(parse_address(text.as_bytes()), expected, "{text:?}");
    }
    assert_eq!(parse_address(&[b'1'; 46]), None);
    assert_eq!(parse_address(b"1.2.3.\xFF"), None);
}

#[test]
fn prefix_lengths_are_read_leniently() {
    for entry in ["1.2.3.4/8", "1.2.3.4/+8", "1.2.3.4/ 8", "1.2.3.4/8x", "1.2.3.4/08", "1.2.3.4/008", "1.2.3.4/8/8"] {
        let set = IpSet::new([(entry, 0)]);
        assert!(set.matches(b"1.255.0.1", 0), "{entry}");
        assert!(!set.matches(b"2.2.3.4", 0), "{entry}");
    }
    assert!(IpSet::new([("1.2.3.4/0x8", 0)]).matches(b"9.9.9.9", 0));
    for entry in
        ["1.2.3.4/", "1.2.3.4/0008", "1.2.3.4/-1", "1.2.3.4/33", "1.2.3.4/x8", "1.2.3.4/+", "::/129", "junk", ""]
    {
        let set = IpSet::new([(entry, 0)]);
        assert!(!set.matches(b"1.2.3.4", 0) && !set.matches(b"::", 0), "{entry}");
    }
}

#[test]
fn families_meet_only_in_mapped_addresses() {
    for (entry, inside, outside) in [
        ("0.0.0.0/0", &["1.2.3.4", "::ffff:9.9.9.9"][..], &["::1.2.3.4", "::1"][..]),
        ("::/0", &["1.2.3.4", "::1", "ffff::"], &[]),
        ("::ffff:0:0/96", &["1.2.3.4", "255.255.255.255"], &["::1", "::fffe:ffff:ffff", "::1:0:0:0"]),
        ("::ffff:1.2.3.4/32", &["9.9.9.9", "::1"], &["1::"]),
        ("::ffff:1.2.3.4/120", &["1.2.3.0", "1.2.3.255"], &["1.2.4.0", "::1.2.3.4"]),
        ("255.255.255.255", &["255.255.255.255"], &["255.255.255.254", "0.0.0.0"]),
        ("ffff::/16", &["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], &["fffe::", "255.255.255.255"]),
    ] {
        let set = IpSet::new([(entry, 0)]);
        for text in inside {
            assert!(set.matches(text.as_bytes(), 0), "{text} in {entry}");
        }
        for text in outside {
            assert!(!set.matches(text.as_bytes(), 0), "{text} in {entry}");
        }
    }
}

#[test]
fn ranges_answer_like_the_list_they_were_built_from() {
    let mut random = Random(7);
    let mut random = |bound: u32| random.below(bound as usize) as u32;
    for _ in 0..2_000 {
        // Few addresses and lives, so that networks nest, touch and repeat; both ends of the space included.
        let networks: Vec<_> = (0..random(12))
            .map(|_| {
                let base = if random(2) == 0 { 0 } else { u32::MAX - 15 };
                Network::<u32>::new(
                    base + random(16),
                    32 - [0, 1, 2, 3, 4, 32][random(6) as usize],
                    Life::until(random(4).into()),
                )
            })
            .collect();
        let ranges = Ranges::new(networks.clone());
        for address in (0..20).chain(u32::MAX - 20..=u32::MAX) {
            let around = networks.iter().filter(|network| (network.first..=network.last).contains(&address));
            assert_eq!(ranges.life_of(address), around.map(|network| network.life).max(), "{address} in {networks:?}");
        }
        for pair in ranges.firsts.windows(2).zip(&ranges.lasts) {
            assert!(pair.0[0] <= *pair.1 && *pair.1 < pair.0[1]);
        }
    }
}
