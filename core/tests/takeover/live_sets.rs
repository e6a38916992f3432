//! The run-time denylists: compared with maps, compared with the same entries in `rules_data`, and under several
//! threads.

use crate::common::random::Random;
use crate::common::values::parse;
use bartizan::internals::live::{Addresses, Entry, LiveSets, Prefix, Refused, Until, Users};
use bartizan::internals::support::{FixedClock, Ids};
use bartizan::{Builder, Waf};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

const NOW: u64 = 1_764_064_920;
const LIVE: u64 = NOW + 100;
const DEAD: u64 = NOW - 10;

fn network(text: &str) -> Prefix {
    Prefix::parse(text).unwrap_or_else(|| panic!("{text} is no network"))
}

fn refuses(set: &Addresses, address: &str, now: u64) -> bool {
    address.parse().is_ok_and(|address| set.find(address, now).is_some())
}

/// Entries of `blocked_ips` with their ends, addresses that match, and addresses that do not.
type Case = (&'static [(&'static str, u64)], &'static [&'static str], &'static [&'static str]);

const CASES: [Case; 9] = [
    (&[("10.0.0.0/8", LIVE), ("10.1.1.1", DEAD)], &["10.1.1.1", "10.1.1.2"], &[]),
    (&[("10.0.0.0/8", DEAD), ("10.1.1.1", LIVE)], &["10.1.1.1"], &["10.1.1.2"]),
    (&[("10.1.1.0/24", DEAD), ("10.1.0.0/16", LIVE), ("10.0.0.0/8", DEAD)], &["10.1.1.1", "10.1.2.1"], &["10.2.2.2"]),
    (&[("1.1.1.1", DEAD), ("1.1.1.1", LIVE)], &["1.1.1.1", "::ffff:1.1.1.1"], &["1.1.1.2"]),
    (&[("1.1.1.1", LIVE), ("1.1.1.1", 0), ("1.1.1.1", DEAD)], &["1.1.1.1"], &[]),
    (&[("::ffff:2.2.2.2", 0)], &["2.2.2.2", "::ffff:202:202"], &["::2.2.2.2"]),
    (&[("3.3.3.3/32", NOW)], &["3.3.3.3"], &["3.3.3.3:80", " 3.3.3.3", "3.3.3.4"]),
    (&[("::/0", 0)], &["4.4.4.4", "::1", "ffff::"], &[]),
    (
        &[("2001:db8::/48", LIVE), ("2001:db9::/64", LIVE), ("2001:dba::1", 0), ("2001:dbb::/112", LIVE)],
        &["2001:db8:0:9::1", "2001:db9::ffff", "2001:dba::1", "2001:dbb::1234"],
        &["2001:db8:1::", "2001:db9:0:1::", "2001:dba::2", "2001:dbb::1:0", "1.1.1.1"],
    ),
];

/// A constant id, so that results can be compared.
struct SameId;

impl Ids for SameId {
    fn uuid(&self) -> String {
        "id".into()
    }
}

/// Creates an instance with the built-in denylist rules, the entries of `data` and the sets of `live`.
fn waf(data: &str, live: Option<Arc<LiveSets>>) -> Waf {
    let clock = Arc::new(FixedClock::at_millis(NOW * 1000));
    let mut builder = Builder::with_sources(clock, Arc::new(SameId));
    if let Some(live) = live {
        builder.refer_to(live);
    }
    let rules = include_str!("../../rules/denylists.json");
    assert!(builder.add_or_update(b"rules", &parse(rules)).accepted);
    if !data.is_empty() {
        assert!(builder.add_or_update(b"data", &parse(data)).accepted, "{data}");
    }
    builder.build().expect("an instance")
}

/// Returns the printed result of a request.
fn result(waf: &Waf, input: &str) -> String {
    let outcome = waf.context().run(parse(input), Duration::from_secs(60)).expect("a result");
    let value = outcome.to_value();
    let entries = value.as_map().unwrap_or_default().iter();
    let kept = entries.filter(|pair| pair.key_bytes() != Some(b"duration"));
    let kept = kept.map(|pair| (pair.key_bytes().unwrap_or_default(), pair.value().to_value()));
    crate::common::values::canonical(&bartizan::value::Value::from_entries(kept))
}

fn rules_data(id: &str, kind: &str, entries: &[(&str, u64)]) -> String {
    let entry = |(value, end): &(&str, u64)| format!(r#"{{"value": "{value}", "expiration": {end}}}"#);
    let entries: Vec<_> = entries.iter().map(entry).collect();
    format!(r#"{{"rules_data": [{{"id": "{id}", "type": "{kind}", "data": [{}]}}]}}"#, entries.join(","))
}

fn filled(entries: &[(&str, u64)]) -> Arc<LiveSets> {
    let live = LiveSets::default();
    for (value, end) in entries {
        live.addresses.insert(network(value), Entry::manual(Until::from_seconds(*end)), NOW).unwrap();
    }
    Arc::new(live)
}

#[test]
fn live_entries_match_like_those_of_configurations() {
    for (entries, inside, outside) in CASES {
        let set = filled(entries);
        let of_data = waf(&rules_data("blocked_ips", "ip_with_expiration", entries), None);
        let of_set = waf("", Some(set.clone()));
        for (address, expected) in inside.iter().map(|it| (it, true)).chain(outside.iter().map(|it| (it, false))) {
            assert_eq!(refuses(&set.addresses, address, NOW), expected, "{address} in {entries:?}");
            let input = format!(r#"{{"http.client_ip": "{address}"}}"#);
            let (of_data, of_set) = (result(&of_data, &input), result(&of_set, &input));
            assert_eq!(of_set, of_data, "{address} in {entries:?}");
            assert_eq!(of_set.contains("block_request"), expected, "{address} in {entries:?}");
        }
    }
}

#[test]
fn entries_of_several_origins_are_one_list() {
    let input = r#"{"http.client_ip": "1.1.1.1"}"#;
    let live = filled(&[("1.1.1.1", LIVE)]);
    let waf = waf(&rules_data("blocked_ips", "ip_with_expiration", &[("1.1.1.1", DEAD)]), Some(live.clone()));
    assert!(result(&waf, input).contains("block_request"));
    assert!(live.addresses.remove(network("1.1.1.1")));
    assert!(!result(&waf, input).contains("block_request"), "the instance sees changes at once");
}

#[test]
fn users_are_texts() {
    let live = Arc::new(LiveSets::default());
    live.users.insert("5", Entry::manual(Until::Forever), NOW).unwrap();
    let waf = waf("", Some(live));
    assert!(result(&waf, r#"{"usr.id": "5"}"#).contains("block_request"));
    assert!(!result(&waf, r#"{"usr.id": 5}"#).contains("block_request"));
    assert!(!result(&waf, r#"{"usr.id": "55"}"#).contains("block_request"));
}

#[test]
fn exclusions_apply_to_live_entries() {
    let passlist = |on_match: &str, key: &str| {
        format!(
            r#"{{"exclusions": [{{"id": "pass", "rules_target": [{{"tags": {{"category": "security_response"}}}}],
                "conditions": [{{"operator": "ip_match", "parameters": {{"inputs": [{{"address": "http.client_ip"}}],
                "data": "ato_passlist"}}}}], "on_match": "{on_match}"}}],
                "actions": [{{"id": "ato_stealth", "type": "block_request", "parameters": {{"status_code": 401}}}}],
                "{key}": [{{"id": "ato_passlist", "type": "ip_with_expiration", "data": [{{"value": "192.0.2.0/24"}}]}}]}}"#
        )
    };
    let of = |on_match, key, address: &str| {
        let live = filled(&[("192.0.2.7", LIVE), ("198.51.100.1", LIVE)]);
        result(&waf(&passlist(on_match, key), Some(live)), &format!(r#"{{"http.client_ip": "{address}"}}"#))
    };
    let monitored = of("monitor", "exclusion_data", "192.0.2.7");
    assert!(monitored.contains("bz-deny-ip") && monitored.contains("monitor"), "{monitored}");
    assert!(!monitored.contains("block_request"), "{monitored}");
    assert!(of("monitor", "exclusion_data", "198.51.100.1").contains("block_request"));
    assert!(!of("bypass", "exclusion_data", "192.0.2.7").contains("bz-deny-ip"));
    assert!(of("monitor", "rules_data", "192.0.2.7").contains("block_request"), "exclusions do not see rules_data");
    let stealth = of("ato_stealth", "exclusion_data", "192.0.2.7");
    assert!(stealth.contains("401") && stealth.contains("ato_stealth"), "{stealth}");
}

#[test]
fn invalid_addresses_and_networks_are_refused() {
    for text in [
        "",
        "nope",
        "999.1.1.1",
        "1.1.1",
        "1.1.1.1/33",
        "1.1.1.1/",
        "1.1.1.1/+8",
        "1.1.1.1:80",
        "::/129",
        "::ffff:1.1.1.1/64",
    ] {
        assert_eq!(Prefix::parse(text), None, "{text}");
    }
    assert_eq!(network("::ffff:9.9.9.9/120"), network("9.9.9.0/24"));
    assert_eq!(Users::with_limit(1).insert("", Entry::manual(Until::Forever), 0), Err(Refused::Empty));
}

#[test]
fn entries_are_extended_and_removed() {
    let users = Users::with_limit(2);
    let until = |seconds| Entry::manual(Until::Time(seconds));
    let end = |id: &str, now| users.find(id.as_bytes(), now).map(|entry| entry.until);
    users.insert("bob", until(10), 0).unwrap();
    users.insert("bob", until(5), 0).unwrap();
    assert_eq!((end("bob", 10), end("bob", 11), end("Bob", 0)), (Some(Until::Time(10)), None, None));
    assert!(!users.extend("bob", Until::Time(30), 11));
    assert!(users.extend("bob", Until::Time(30), 10));
    users.insert("eve", until(12), 11).unwrap();
    assert_eq!(users.insert("max", Entry::manual(Until::Forever), 12), Err(Refused::Full));
    assert_eq!(users.insert("max", Entry::manual(Until::Forever), 13), Ok(()));
    assert!(users.remove("bob") && !users.remove("bob"));
    assert_eq!(users.entries(13), [("max".to_string(), Entry::manual(Until::Forever))]);
    assert_eq!(users.insert("bob", until(99), 13), Ok(()), "room was made");
    assert_eq!(end("bob", 50), Some(Until::Time(99)));
}

#[test]
fn automatic_entries_are_evicted_and_can_be_disarmed() {
    let live = LiveSets::with_limit(1_000);
    let automatic = |end| Entry { until: Until::Time(end), stealth: false, manual: false };
    let address = |nth: u32| Prefix::v4(nth.wrapping_mul(0x9E37_79B9), 32);
    for nth in 0..500 {
        live.addresses.insert(address(nth), Entry::manual(Until::Time(NOW + 5)), NOW).unwrap();
    }
    for nth in 500..10_000 {
        live.addresses.insert(address(nth), automatic(NOW + 1_000 + u64::from(nth)), NOW).unwrap();
    }
    assert!((900..=1_000).contains(&live.addresses.len()), "{}", live.addresses.len());
    assert!((0..500).all(|nth| live.addresses.get(address(nth), NOW).is_some()), "persons' entries stay");
    let newest = (9_000..10_000).filter(|nth| live.addresses.get(address(*nth), NOW).is_some()).count();
    assert!(newest > 100, "{newest}: what ends first goes first");
    live.arm(false);
    assert!(refuses(&live.addresses, &address(1).to_string(), NOW));
    assert!(!(500..10_000).any(|nth| refuses(&live.addresses, &address(nth).to_string(), NOW)));
    live.arm(true);
    assert!((500..10_000).any(|nth| refuses(&live.addresses, &address(nth).to_string(), NOW)));
    for _ in 0..2_000 {
        live.sweep(NOW + 20_000);
    }
    assert_eq!(live.addresses.len(), 0);
}

#[test]
fn hold_any_covers_both_families_and_notices_new_entries() {
    for text in ["1.1.1.1", "10.0.0.0/8", "2001:db8::/48", "2001:db8::1"] {
        let live = LiveSets::default();
        assert!(!live.addresses.hold_any(NOW));
        live.addresses.insert(network(text), Entry::manual(Until::Time(NOW + 5)), NOW).unwrap();
        assert!(live.addresses.hold_any(NOW + 5), "{text}");
        assert!(!live.addresses.hold_any(NOW + 6), "{text}");
        assert!(!live.addresses.hold_any(NOW + 6), "{text}");
        live.addresses.insert(network("9.9.9.9"), Entry::manual(Until::Forever), NOW).unwrap();
        assert!(live.addresses.hold_any(NOW + 6), "{text}");
        live.addresses.remove(network("9.9.9.9"));
        assert!(!live.addresses.hold_any(NOW + 6), "{text}");
    }
}

/// A generator of random numbers below a bound.
fn random(seed: u64) -> impl FnMut(u32) -> u32 {
    let mut random = Random(seed);
    move |bound| random.below(bound as usize) as u32
}

/// A reference implementation of a set of networks, as a map.
#[derive(Default)]
struct Model(HashMap<Prefix, Until>);

impl Model {
    fn insert(&mut self, network: Prefix, until: Until, now: u64) {
        let known = self.0.get(&network).filter(|known| known.holds(now));
        let until = known.map_or(until, |known| until.max(*known));
        self.0.insert(network, until);
    }

    fn extend(&mut self, network: Prefix, until: Until, now: u64) -> bool {
        let known = self.0.get_mut(&network).filter(|known| known.holds(now));
        known.map(|known| *known = until).is_some()
    }

    fn find(&self, host: Prefix, now: u64) -> Option<Until> {
        let around = (0..=host.length()).map(|length| host.cut(length));
        let mapped = (0..96).filter(|_| !host.is_v6()).map(|length| Prefix::v6(0xFFFF << 32, length));
        around.chain(mapped).filter_map(|network| self.0.get(&network)).filter(|until| until.holds(now)).max().copied()
    }
}

#[test]
fn sets_answer_like_maps() {
    let (mut random, live, mut model) = (random(99), LiveSets::default(), Model::default());
    let mut now = NOW;
    for _ in 0..60_000 {
        now += u64::from(random(50) == 0);
        let until = if random(9) == 0 { Until::Forever } else { Until::Time(now + u64::from(random(400))) };
        let host = match random(3) {
            0 => Prefix::v4(random(1 << 10) << 18 | random(4), 32),
            1 => Prefix::v6(u128::from(random(2_000)) << 64, 128),
            _ => Prefix::v6(u128::from(random(30)) << 100 | u128::from(random(50)), 128),
        };
        let network = match random(4) {
            0 if !host.is_v6() => host.cut(8 + random(24) as u8),
            0 if random(40) == 0 => host.cut(random(96) as u8),
            0 => host.cut(90 + random(38) as u8),
            _ => host.cut_by_family(32, 64),
        };
        match random(8) {
            0..3 => {
                live.addresses.insert(network, Entry::manual(until), now).unwrap();
                model.insert(network, until, now);
            }
            3 => assert_eq!(live.addresses.extend(network, until, now), model.extend(network, until, now)),
            4 => {
                let held = model.0.remove(&network).is_some_and(|until| until.holds(now));
                let removed = live.addresses.remove(network);
                assert!(removed || !held, "{network}: expired ones may have been swept");
            }
            5 => live.sweep(now),
            _ => {
                let found = live.addresses.find(host.address(), now).map(|entry| entry.until);
                assert_eq!(found, model.find(host, now), "{host} at {now}");
            }
        }
    }
    let mut entries: Vec<_> =
        live.addresses.entries(now).into_iter().map(|(network, entry)| (network, entry.until)).collect();
    let mut expected: Vec<_> = model.0.into_iter().filter(|(_, until)| until.holds(now)).collect();
    entries.sort();
    expected.sort();
    assert_eq!(entries, expected);
    assert!(entries.len() > 1_000, "{}", entries.len());
}

/// Readers find everything that was inserted before they ask, and nothing else, while tables grow.
#[test]
fn readers_miss_nothing_while_tables_grow() {
    let (live, inserted, done) = (LiveSets::default(), AtomicU32::new(0), AtomicBool::new(false));
    const ENTRIES: u32 = 100_000;
    let address = |nth: u32| Prefix::v4(nth.wrapping_mul(0x9E37_79B9) & !1, 32);
    let six = |nth: u32| Prefix::v6(u128::from(nth + 1) << 64, 64);
    std::thread::scope(|scope| {
        for seed in 0..2 {
            let (live, inserted, done) = (&live, &inserted, &done);
            scope.spawn(move || {
                let mut random = random(seed);
                while !done.load(Ordering::Relaxed) {
                    let known = inserted.load(Ordering::Acquire);
                    if known > 0 {
                        let nth = random(known);
                        assert!(live.addresses.find(address(nth).address(), NOW).is_some(), "{nth} of {known}");
                        assert!(live.addresses.find(six(nth).address(), NOW).is_some(), "{nth} of {known}");
                    }
                    let stranger = Prefix::v4(random(u32::MAX) | 1, 32);
                    assert!(live.addresses.find(stranger.address(), NOW).is_none());
                }
            });
        }
        for nth in 0..ENTRIES {
            live.addresses.insert(address(nth), Entry::manual(Until::Forever), NOW).unwrap();
            live.addresses.insert(six(nth), Entry::manual(Until::Forever), NOW).unwrap();
            inserted.store(nth + 1, Ordering::Release);
        }
        done.store(true, Ordering::Relaxed);
    });
}
