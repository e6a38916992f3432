//! The rule about services as a whole, over simulated years: how often it opens without an attack, and which steady attacks
//! it finds. Only counts are simulated, as a year of a large service has a billion events.
//!
//! | file | concept |
//! |---|---|
//! | this file | the runs and their table |
//! | `counts` | the counts of a service |
//! | `watch` | the detector's formulas on them |

mod counts;
mod watch;

use crate::options::Options;
use crate::parallel::work;
use counts::{Counts, DAY, LEARNED, Memory, SCORED, Year};
use watch::Watch;

/// A kind of service, and the smallest attacks that must be found in all of its starts: attempts per five minutes.
#[derive(Clone, Copy)]
struct Service {
    logins: f64,
    memory: Memory,
    /// The most false openings a year.
    false_openings: f64,
    smallest: Option<u32>,
}

const fn service(logins: f64, memory: Memory, false_openings: f64, smallest: Option<u32>) -> Service {
    Service { logins, memory, false_openings, smallest }
}

const SERVICES: [Service; 8] = [
    service(4e3, Memory::Good, 1.0, Some(20)),
    service(4e4, Memory::Good, 1.0, Some(20)),
    service(4e5, Memory::Good, 1.0, Some(20)),
    service(4e6, Memory::Good, 1.0, Some(160)),
    service(4e4, Memory::Poor(0.2), 1.0, None),
    service(4e4, Memory::Poor(0.4), 2.0, None),
    service(4e5, Memory::Poor(0.2), 1.0, None),
    service(4e5, Memory::Poor(0.4), 1.0, None),
];

/// The attacks, in attempts per five minutes, and how much larger than the smallest one may be that is found.
const RATES: [u32; 9] = [5, 10, 20, 40, 80, 160, 320, 640, 1280];
const TOLERANCE: f64 = 1.25;
/// The number of times at which each attack starts, and how long it lasts, in buckets.
const STARTS: u32 = 10;
const LENGTH: u32 = 48;
const SEEDS: u64 = 3;

/// What a year brought.
struct Outcome {
    false_openings: u32,
    /// For each rate and start, after how many buckets the attack was found.
    delays: Vec<Vec<Option<u32>>>,
    /// The same for the least rate that has to be found, with its tolerance.
    wanted: Vec<Option<u32>>,
}

/// Simulates years of services of all sizes and prints what was found; returns whether all figures are reached.
pub fn series(options: &Options) -> Result<bool, String> {
    let seeds = options.seeds.min(SEEDS);
    let jobs: Vec<(Service, u64)> =
        SERVICES.iter().flat_map(|service| (1..=seeds).map(move |seed| (*service, seed))).collect();
    let outcomes = work(
        options.threads,
        &jobs,
        |(service, seed)| format!("{} logins a day, {:?} memory, seed {seed}", service.logins, service.memory),
        |(service, seed)| year(service, *seed),
    );
    println!("{seeds} years of {SCORED} days each, after {LEARNED} days of learning; steady attacks of four hours\n");
    println!(
        "| logins a day | memory | false openings a year | found in all starts from, per 5 min (median delay) | |"
    );
    println!("|---|---|---|---|---|");
    let mut all = true;
    for (at, service) in SERVICES.iter().enumerate() {
        let years = &outcomes[at * seeds as usize..(at + 1) * seeds as usize];
        let false_openings = f64::from(years.iter().map(|year| year.false_openings).sum::<u32>()) / seeds as f64;
        let wanted = years.iter().flat_map(|year| &year.wanted).all(Option::is_some);
        let reached = false_openings <= service.false_openings && wanted;
        all &= reached;
        println!(
            "| {} | {:?} | {false_openings:.2}, at most {} | {}{} | {} |",
            service.logins,
            service.memory,
            service.false_openings,
            found(years),
            service.smallest.map_or(String::new(), |rate| format!("; to find: {}", f64::from(rate) * TOLERANCE)),
            if reached { "reached" } else { "missed" }
        );
    }
    Ok(all)
}

/// The smallest rates that are found in all starts, with the delays.
fn found(years: &[Outcome]) -> String {
    let mut list = vec![];
    for (at, rate) in RATES.iter().enumerate() {
        let delays: Vec<Option<u32>> = years.iter().flat_map(|year| year.delays[at].iter().copied()).collect();
        let mut known: Vec<u32> = delays.iter().flatten().copied().collect();
        known.sort_unstable();
        if known.len() == delays.len() {
            list.push(format!("{rate} ({} min)", known[known.len() / 2] * 5));
        }
    }
    list.truncate(2);
    if list.is_empty() { "none".into() } else { list.join(", ") }
}

fn year(service: &Service, seed: u64) -> Outcome {
    let (mut year, mut watch) = (Year::new(seed, service.logins, service.memory), Watch::new());
    let mut outcome = Outcome { false_openings: 0, delays: vec![vec![]; RATES.len()], wanted: vec![] };
    for bucket in 0..(LEARNED + SCORED) * DAY {
        if let Some(start) = bucket.checked_sub(LEARNED * DAY)
            && start % (SCORED * DAY / STARTS) == start_of_day(start)
        {
            for (at, rate) in RATES.iter().enumerate() {
                outcome.delays[at].push(attack(year.clone(), watch.clone(), *rate));
            }
            let least = service.smallest.map(|rate| (f64::from(rate) * TOLERANCE) as u32);
            outcome.wanted.extend(least.map(|rate| attack(year.clone(), watch.clone(), rate)));
        }
        let opened = watch.take(year.next());
        outcome.false_openings += u32::from(opened && bucket >= LEARNED * DAY);
    }
    outcome
}

/// The bucket within each tenth of the year at which attacks start: another time of day each.
fn start_of_day(start: u32) -> u32 {
    let tenth = start / (SCORED * DAY / STARTS);
    5 * DAY + tenth * 61 % DAY
}

/// Attacks steadily; returns after how many buckets that was found.
fn attack(mut year: Year, mut watch: Watch, rate: u32) -> Option<u32> {
    (1..=LENGTH).find(|_| {
        let honest = year.next();
        let attempts = Counts { unfamiliar: honest.unfamiliar + rate, people: honest.people + rate, ..honest };
        watch.take(attempts)
    })
}
