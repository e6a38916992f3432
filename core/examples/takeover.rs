//! How quick detection is: `cargo run --profile quick -p bartizan --example takeover [WORDS]`.
//!
//! Prints, of events and attempts of several kinds, how many a second one thread takes, and how long the median and the
//! slowest of a hundred take. With words, only those measurements whose name has one of them.

use bartizan::takeover::{Detector, Options};
use bartizan::value::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const EVENTS: u64 = 1_000_000;
const START_MS: u64 = 1_764_064_800_000;
const DAY_MS: u64 = 86_400_000;

fn address(n: u64) -> String {
    format!("{}.{}.{}.{}", 11 + n % 40, n / 40 % 256, n / 10_240 % 256, n % 251)
}

fn event(name: &str, login: u64, ip: String) -> Value {
    let mut event = Value::map();
    event.insert("event", name);
    event.insert("usr.login", format!("user{login}@example.com"));
    event.insert("usr.exists", !login.is_multiple_of(3));
    event.insert("ip", ip);
    event.insert("http.user_agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
    event.insert("http.accept_language", "en-US,en;q=0.5");
    event
}

fn failure(login: u64, ip: String) -> Value {
    event("users.login.failure", login, ip)
}

fn percentile(nanos: &mut [u64], share: f64) -> u64 {
    nanos.sort_unstable();
    nanos[((nanos.len() - 1) as f64 * share) as usize]
}

/// How long this thread has worked; where the system does not say, the time of day.
fn worked() -> Duration {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = schedule.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(), Duration::from_nanos)
}

/// Measures one kind of calls; the inputs are made before.
fn measure(name: &str, inputs: impl Iterator<Item = Value>, mut one: impl FnMut(u64, &Value)) {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if !words.is_empty() && words.iter().all(|word| !name.contains(word.as_str())) {
        return;
    }
    let inputs: Vec<Value> = inputs.collect();
    let mut nanos = Vec::with_capacity(inputs.len());
    let start = worked();
    for (n, input) in (0..).zip(&inputs) {
        let before = Instant::now();
        one(n, input);
        nanos.push(before.elapsed().as_nanos() as u64);
    }
    let rate = inputs.len() as f64 / (worked() - start).as_secs_f64();
    let (half, most) = (percentile(&mut nanos, 0.5), percentile(&mut nanos, 0.99));
    let last = nanos.last().copied().unwrap_or_default() / 1000;
    println!("{name:<55} {rate:>9.0} a second, median {half:>5} ns, p99 {most:>6} ns, most {last:>6} us");
}

fn manual() -> Detector {
    Detector::new(Options::manual(START_MS, "auth", "prod"))
}

/// Events within one window.
fn within_a_window(detector: &Detector, n: u64, event: &Value) {
    let _ = detector.event(event);
    if n.is_multiple_of(1000) {
        detector.advance(START_MS + n * 900 / 1000);
    }
}

/// A detector that has known these accounts for more than a week.
fn warm(accounts: u64) -> Detector {
    let detector = manual();
    for day in 0..9 {
        for n in 0..accounts {
            let _ = detector.event(&event("users.login.success", n, address(n)));
        }
        detector.advance(START_MS + (day + 1) * DAY_MS);
    }
    detector
}

fn main() {
    let keys = || (0..EVENTS).map(|n| failure(n, address(n)));
    let detector = manual();
    measure("event() at a million keys", keys(), |n, event| within_a_window(&detector, n, event));
    let detector = Detector::new(Options::system("auth", "prod"));
    measure("event() at a million keys, system clock", keys(), |_, event| drop(detector.event(event)));
    let detector = manual();
    measure("event() at a million keys, twice", keys().chain(keys()), |n, event| {
        within_a_window(&detector, n / 2, event)
    });
    let detector = manual();
    let ordinary = (0..EVENTS).map(|_| Value::from_entries([("event", "page.view")]));
    measure("event() that no rule is about", ordinary, |_, event| drop(detector.event(event)));
    let detector = manual();
    let stuffing = (0..EVENTS).map(|n| failure(n, "203.0.113.9".into()));
    measure("event() of one address with a million logins", stuffing, |n, event| within_a_window(&detector, n, event));
    let detector = manual();
    let guessing = (0..EVENTS).map(|n| failure(7, address(n)));
    measure("event() of one login from a million addresses", guessing, |n, event| within_a_window(&detector, n, event));
    let detector = manual();
    let many = (0..EVENTS).map(|n| failure(n, address(n % 20_000)));
    measure("event() of 20,000 addresses that attack", many, |n, event| within_a_window(&detector, n, event));
    let detector = manual();
    let successes = (0..EVENTS).map(|n| event("users.login.success", n % 50_000, address(n % 50_000)));
    measure("event() of successes", successes, |n, event| within_a_window(&detector, n, event));
    if std::env::args().len() == 1 || std::env::args().any(|word| word == "known") {
        let detector = warm(50_000);
        let failures = (0..EVENTS).map(|n| failure(n % 50_000, address(n)));
        measure("event() of known accounts", failures, |_, event| drop(detector.event(event)));
        println!("{}", json::to_string(&detector.health()));
    }
    if std::env::args().len() == 1 || std::env::args().any(|word| word == "assess") {
        assess();
    }
}

/// Answers to attempts while a million addresses are blocked.
fn assess() {
    let detector = manual();
    for n in 0..EVENTS {
        let ip = format!("{}.{}.{}.{}", 60 + n % 40, n / 40 % 256, n / 10_240 % 256, n % 251);
        let _ = detector.block(&Value::from_entries([("ip", ip)]));
    }
    let attempt = |n: u64, ip: String| {
        Value::from_entries([("ip", ip), ("usr.login", format!("user{n}")), ("usr.id", format!("{n}"))])
    };
    let free = (0..EVENTS).map(|n| attempt(n, address(n)));
    measure("assess() of who is not blocked, a million blocks", free, |_, attempt| drop(detector.assess(attempt)));
    let blocked =
        (0..EVENTS).map(|n| attempt(n, format!("{}.{}.{}.{}", 60 + n % 40, n / 40 % 256, n / 10_240 % 256, n % 251)));
    measure("assess() of who is blocked, a million blocks", blocked, |_, attempt| drop(detector.assess(attempt)));
}
