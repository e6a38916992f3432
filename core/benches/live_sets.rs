//! What sets of refused addresses and users cost: to fill, to ask, in memory; and what a full one costs that must make
//! room.
//!
//! `cargo bench -p bartizan --bench live_sets [-- ENTRIES]`, a million by default. Times are processor time of the thread.

use bartizan::internals::live::{Entry, LiveSets, Prefix, Until};
use std::hint::black_box;
use std::net::IpAddr;

const NOW: u64 = 1_764_064_920;
const AUTOMATIC: Entry = Entry { until: Until::Time(NOW + 43_200), stealth: false, manual: false };

fn main() {
    let entries: u32 = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    println!("{:>28}{:>12}{:>10}{:>10}{:>10}{:>10}", "", "insert ns", "hit ns", "miss ns", "MiB", "B/entry");
    for count in [entries / 100, entries / 10, entries] {
        addresses(&format!("{count} of IPv4"), count, |nth| Prefix::v4(scatter(nth), 32));
    }
    addresses(&format!("{entries} /64"), entries, |nth| Prefix::v6(u128::from(scatter(nth)) << 64, 64));
    addresses(&format!("{entries} of IPv6"), entries, |nth| Prefix::v6(u128::from(scatter(nth)) << 8, 128));
    addresses(&format!("{entries} /24 and others"), entries, |nth| Prefix::v4(scatter(nth), 32 - (nth % 9) as u8));
    users(entries);
    full(entries);
}

/// Different numbers for different ones.
fn scatter(nth: u32) -> u32 {
    nth.wrapping_mul(0x9E37_79B9).rotate_left(15).wrapping_mul(0x85EB_CA6B)
}

fn addresses(name: &str, count: u32, network: impl Fn(u32) -> Prefix) {
    let live = LiveSets::default();
    let filling = thread_ns();
    for nth in 0..count {
        live.addresses.insert(network(nth), AUTOMATIC, NOW).expect("room");
    }
    let filling = thread_ns() - filling;
    let find = |first: u32| {
        let hosts: Vec<IpAddr> = (0..count).map(|nth| network(first + scatter(nth) % count).address()).collect();
        let start = thread_ns();
        let found = hosts.iter().filter(|host| live.addresses.find(black_box(**host), NOW).is_some()).count();
        ((thread_ns() - start) / u64::from(count), found)
    };
    let ((hit, hits), (miss, _)) = (find(0), find(count));
    assert_eq!(hits, count as usize);
    report(name, filling, count, hit, miss, live.addresses.memory());
}

fn users(count: u32) {
    let live = LiveSets::default();
    let ids: Vec<String> = (0..2 * count).map(|nth| format!("user-{}@example.com", scatter(nth))).collect();
    let (known, strangers) = ids.split_at(count as usize);
    let filling = thread_ns();
    for id in known {
        live.users.insert(id, AUTOMATIC, NOW).expect("room");
    }
    let filling = thread_ns() - filling;
    let find = |ids: &[String]| {
        let start = thread_ns();
        let found = ids.iter().filter(|id| live.users.find(black_box(id.as_bytes()), NOW).is_some()).count();
        ((thread_ns() - start) / u64::from(count), found)
    };
    let ((hit, hits), (miss, misses)) = (find(known), find(strangers));
    assert_eq!((hits, misses), (known.len(), 0));
    report(&format!("{count} users"), filling, count, hit, miss, live.users.memory());
}

/// Ten times as many entries as there is room for.
fn full(limit: u32) {
    let live = LiveSets::with_limit(limit as usize);
    let mut worst = 0;
    let start = thread_ns();
    for nth in 0..10 * limit {
        let before = thread_ns();
        let entry = Entry { until: Until::Time(NOW + 3_600 + u64::from(nth % 5_000)), ..AUTOMATIC };
        live.addresses.insert(Prefix::v4(scatter(nth), 32), entry, NOW).expect("room is made");
        worst = worst.max(thread_ns() - before);
    }
    let each = (thread_ns() - start) / (10 * u64::from(limit));
    println!("\n{limit} have room, {} came: {each} ns an entry, {} us the slowest", 10 * limit, worst / 1_000);
}

fn report(name: &str, filling: u64, count: u32, hit: u64, miss: u64, memory: usize) {
    let (mib, each) = (memory as f64 / 1_048_576.0, memory as f64 / f64::from(count));
    println!("{name:>28}{:>12}{hit:>10}{miss:>10}{mib:>10.1}{each:>10.1}", filling / u64::from(count));
}

/// Processor time of this thread, so that others on the machine do not count.
fn thread_ns() -> u64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    used.tv_sec as u64 * 1_000_000_000 + used.tv_nsec as u64
}
