//! How quick detection is: `cargo run --profile quick -p bartizan --example takeover`.
//!
//! Prints events a second at a million different keys in a window (CPU time of this thread counts, not the machine's), the
//! slowest of a thousand, and what an answer to an attempt costs with a million blocks.

use bartizan::internals::takeover::detector::{Detector, Options};
use bartizan::value::{Value, json};
use std::time::Instant;

const EVENTS: u64 = 1_000_000;

fn address(n: u64) -> String {
    format!("{}.{}.{}.{}", 11 + n % 40, n / 40 % 256, n / 10_240 % 256, n % 251)
}

fn failure(n: u64) -> Value {
    let mut event = Value::map();
    event.insert("event", "users.login.failure");
    event.insert("usr.login", format!("user{n}@example.com"));
    event.insert("usr.exists", n.is_multiple_of(3));
    event.insert("ip", address(n));
    event.insert("http.user_agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
    event.insert("http.accept_language", "en-US,en;q=0.5");
    event
}

fn percentile(nanos: &mut [u64], share: f64) -> u64 {
    nanos.sort_unstable();
    nanos[((nanos.len() - 1) as f64 * share) as usize]
}

fn measure(name: &str, count: u64, mut one: impl FnMut(u64)) {
    let mut nanos = Vec::with_capacity(count as usize);
    let start = Instant::now();
    for n in 0..count {
        let before = Instant::now();
        one(n);
        nanos.push(before.elapsed().as_nanos() as u64);
    }
    let rate = count as f64 / start.elapsed().as_secs_f64();
    let (half, most) = (percentile(&mut nanos, 0.5), percentile(&mut nanos, 0.99));
    println!("{name}: {rate:.0} a second, median {half} ns, p99 {most} ns");
}

fn main() {
    let detector = Detector::new(Options::manual(1_764_064_800_000, "auth", "prod"));
    let events: Vec<Value> = (0..EVENTS).map(failure).collect();
    measure("event(), a million keys", EVENTS, |n| {
        let _ = detector.event(&events[n as usize]);
        if n % 1000 == 0 {
            detector.advance(1_764_064_800_000 + n * 900 / 1000);
        }
    });
    let ordinary = Value::from_entries([("event", "page.view")]);
    measure("event() that no rule is about", EVENTS, |_| drop(detector.event(&ordinary)));
    for n in 0..EVENTS {
        let block =
            Value::from_entries([("ip", format!("{}.{}.{}.{}", 60 + n % 40, n / 40 % 256, n / 10_240 % 256, n % 251))]);
        let _ = detector.block(&block);
    }
    println!("{}", json::to_string(&detector.health()));
    let attempts: Vec<Value> = (0..EVENTS)
        .map(|n| {
            Value::from_entries([("ip", address(n)), ("usr.login", format!("user{n}")), ("usr.id", format!("{n}"))])
        })
        .collect();
    measure("assess() of who is not blocked", EVENTS, |n| drop(detector.assess(&attempts[n as usize])));
}
