//! What the search for the traits of attackers costs: a whole search and its longest part on full samples, the samples
//! themselves, and the comparison of a request with a cluster.
//!
//! `cargo bench -p bartizan --bench mining [-- RUNS]`, 5 runs by default. In each, half of the attempts are an attack:
//! first by two programs, then by one that chooses each value among sixteen, which makes the search as long as it can be.

use bartizan::internals::takeover::event::Event;
use bartizan::internals::takeover::key::HashKey;
use bartizan::internals::takeover::mining::{Level, Mining, Traits};
use bartizan::internals::takeover::normalization::Normalization;
use bartizan::internals::takeover::subject::Subject;
use bartizan::value::Value;
use std::hint::black_box;
use std::time::{Duration, Instant};

const KEY: HashKey = HashKey([1, 2]);
const START_S: u32 = 1_764_064_800;

fn main() {
    let runs = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(5);
    let mut random = Random(1);
    let mut mining = Mining::new(KEY);
    let honest: Vec<Value> = (0..20_000).map(|_| request(&mut random, None)).collect();
    let mut attack = |programs: &[usize]| -> Vec<Value> {
        let attempts = (0..20_000).map(|nth| {
            let program = if nth % 2 == 0 { None } else { Some(programs[nth / 2 % programs.len()]) };
            request(&mut random, program)
        });
        attempts.collect()
    };
    let (attempts, varied) = (attack(&[0, 1]), attack(&[VARIED]));
    let took = offer(&honest, |traits| mining.success(traits, START_S));
    println!("a success, of which most are sampled: {took:?}");
    offer(&honest, |traits| mining.failure(traits, START_S));
    for _ in 0..20 {
        offer(&honest, |traits| mining.success(traits, START_S));
    }
    let took = offer(&honest, |traits| mining.success(traits, START_S));
    println!("a success, of which few are sampled: {took:?}");
    mining.begin_attack(START_S);
    let took = offer(&attempts, |traits| mining.attempt(traits, START_S));
    println!("an attempt of an attack: {took:?}");
    println!("memory: {:.1} MiB", mining.memory() as f64 / f64::from(1 << 20));
    searches(&mut mining, runs);
    let clusters: Vec<_> = mining.clusters().cloned().collect();
    for cluster in &clusters {
        println!("{}: {:?}, share {:.2}", cluster.id, cluster.items, cluster.metrics.share);
    }
    let compare = |traits: &Traits<'_>| {
        black_box(clusters.iter().filter(|cluster| cluster.matches(traits)).count());
    };
    let took = offer(&honest, compare);
    println!("the comparison of a request with {} clusters: {took:?}", clusters.len());
    mining.end_attack();
    mining.begin_attack(START_S);
    offer(&varied, |traits| mining.attempt(traits, START_S));
    println!("an attack that varies everything:");
    searches(&mut mining, runs);
}

/// Runs some searches and prints how long one takes. A part's time is the least of all runs, as other programs may have
/// interrupted it.
fn searches(mining: &mut Mining, runs: usize) {
    let mut least: Vec<Duration> = vec![];
    for _ in 0..=runs {
        let parts = search(mining);
        if least.len() != parts.len() {
            least = parts;
            continue;
        }
        least.iter_mut().zip(parts).for_each(|(least, part)| *least = part.min(*least));
    }
    let longest = least.iter().max().copied().unwrap_or_default();
    println!("a search: {:?} in {} parts, the longest of {longest:?}", least.iter().sum::<Duration>(), least.len());
}

/// Runs a search and returns how long each part took.
fn search(mining: &mut Mining) -> Vec<Duration> {
    mining.begin_search(START_S + 600, Level { share: 0.5, attempts_per_s: 30.0, legitimate_per_s: 5.0 });
    let mut parts = vec![];
    loop {
        let start = Instant::now();
        let is_done = mining.step();
        parts.push(start.elapsed());
        if is_done {
            return parts;
        }
    }
}

/// Runs a function on the traits of requests; returns the time per request.
fn offer(events: &[Value], mut run: impl FnMut(&Traits<'_>)) -> Duration {
    let normalization = Normalization::default();
    let read = events.iter().map(|event| Event::read(event).expect("an event"));
    let read: Vec<_> = read.collect();
    let subjects: Vec<_> = read.iter().map(|event| Subject::of(event, &normalization, &KEY)).collect();
    let start = Instant::now();
    for (event, subject) in read.iter().zip(&subjects) {
        run(&Traits::of(event, subject, false));
    }
    start.elapsed() / events.len() as u32
}

/// The program that varies everything.
const VARIED: usize = 2;

/// A request of an honest program, or of one of the attack's.
fn request(random: &mut Random, program: Option<usize>) -> Value {
    let agent = random.below(60).min(random.below(60));
    let set = match program {
        None => agent * 5 % 12,
        Some(VARIED) => random.below(16) + 12,
        Some(program) => 12 + program,
    };
    let names = ["host", "accept", "user-agent", "accept-language", "sec-ch-ua", "origin", "dnt", "te", "referer"];
    let has = |nth: &usize| *nth < 3 || (set * 7 + 3) >> (nth % 5) & 1 == 1;
    let names = (0..names.len()).filter(has).map(|nth| Value::from(names[nth])).chain([Value::from("cookie")]);
    let agent = match program {
        Some(0) => format!("Agent {:x}", random.next()),
        Some(_) => "Script/2.0".into(),
        None => format!("Mozilla/5.0 (Platform {}) Browser/1{}.0.0.{agent}", agent / 4, agent % 7),
    };
    let hash = agent.bytes().fold(set as u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
    let network = random.below(40_000);
    let varied = |random: &mut Random, usual: String| match program {
        Some(VARIED) => format!("{usual} {}", random.below(16)),
        _ => usual,
    };
    let agent = varied(random, agent);
    let accept = varied(random, ["*/*", "application/json", "text/html"][set % 3].into());
    let language = varied(random, ["en", "de", "fr"][set / 3 % 3].into());
    let encoding = varied(random, ["gzip", "gzip, br"][set % 2].into());
    let content_type = varied(random, "application/json".into());
    let proxies = varied(random, "net-1-1000000000".into());
    let endpoint = varied(random, "http-post-8a5edab2--".into());
    let address = format!("64.{}.{}.{}", network / 256, network % 256, random.below(250));
    Value::from_entries([
        ("event", Value::from("users.login.failure")),
        ("usr.login", Value::from(format!("user{}", random.below(100_000)))),
        ("ip", Value::from(address)),
        ("http.user_agent", Value::from(agent)),
        ("http.accept", Value::from(accept)),
        ("http.accept_language", Value::from(language)),
        ("http.accept_encoding", Value::from(encoding)),
        ("http.content_type", Value::from(content_type)),
        ("http.url_path", Value::from("/login")),
        ("http.header_names", names.collect::<Value>()),
        ("fp.header", Value::from(format!("hdr-{:010b}-{hash:08x}-3-{:08x}", set * 61 % 1024, set * 7919))),
        ("fp.network", Value::from(proxies)),
        ("fp.endpoint", Value::from(endpoint)),
    ])
}

/// A generator of numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
