//! What the tables of account-takeover detection find under floods of single-use keys, what an update costs, and how much
//! memory they take.
//!
//! `cargo bench -p bartizan --bench takeover_state [-- LARGEST_FLOOD]`, ten million by default. A thousand keys get about
//! sixty failures each in a quarter of an hour; those that really get more than forty should be found, among so many
//! others that come once.

use bartizan::internals::takeover::state::table::{HotTable, TableSize};
use bartizan::internals::takeover::state::{Bounded, Counted, Key, Moment, Origin, Profile, State, Table, Update};
use std::time::Instant;

const ATTACKED: u64 = 1_000;
const FAILURES: u64 = 60;
const THRESHOLD: u32 = 40;
const WINDOW_S: u32 = 900;
const START_S: u32 = 1_764_064_800;

/// A counted failure.
fn failure() -> Update {
    Update { counted: true, all: true, ..Update::default() }
}

fn main() {
    let largest = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000_000);
    floods(largest);
    memory();
}

/// A generator whose numbers are as good as keyed hashes (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }
}

fn floods(largest: u64) {
    let sizes = [(1 << 12, 1 << 17), (1 << 16, 1 << 20), (1 << 18, 1 << 22), (1 << 20, 1 << 24)];
    println!(
        "found of {ATTACKED} attacked keys (failures beyond the threshold before detection), nanoseconds an update"
    );
    print!("{:>26}", "slots (MiB)");
    let floods: Vec<_> = (3..=9).map(|power| 10_u64.pow(power)).take_while(|flood| *flood <= largest).collect();
    floods.iter().for_each(|flood| print!("{:>28}", format!("flood of {flood}")));
    println!();
    for (slots, cells) in sizes {
        let size = TableSize { slots, cells };
        print!("{:>26}", format!("{slots} ({})", (slots * 128) >> 20));
        for flood in &floods {
            print!("{:>28}", one_flood(size, *flood));
        }
        println!();
    }
}

fn one_flood(size: TableSize, flood: u64) -> String {
    let table = HotTable::new(WINDOW_S, WINDOW_S / 12, size, 4);
    let mut random = Random(flood ^ size.slots as u64);
    let attacked: Vec<_> = (0..ATTACKED).map(|_| Key::new(random.next())).collect();
    let (mut counts, mut found_at) = (vec![0; attacked.len()], vec![None; attacked.len()]);
    let total = flood + ATTACKED * FAILURES;
    let (mut wrong, start) = (0, Instant::now());
    for nth in 0..total {
        let seconds = START_S + (u128::from(nth) * u128::from(WINDOW_S) / u128::from(total)) as u32;
        let when = Moment { at_s: seconds, now_s: seconds };
        let choice = random.next();
        let victim = (choice % total < ATTACKED * FAILURES).then(|| (random.next() % ATTACKED) as usize);
        let key = victim.map_or(Key::new(choice.rotate_left(32) ^ nth), |victim| attacked[victim]);
        let counted = match table.add(key, when, &failure()) {
            Counted::Yes(reading) => reading.window(),
            _ => 0,
        };
        match victim {
            Some(victim) => {
                counts[victim] += 1;
                wrong += u32::from(counted > counts[victim]);
                if counted > THRESHOLD && found_at[victim].is_none() {
                    found_at[victim] = Some(counts[victim]);
                }
            }
            None => wrong += u32::from(counted > 1),
        }
    }
    let nanoseconds = start.elapsed().as_nanos() as u64 / total;
    assert_eq!(wrong, 0, "a count is never more than what came");
    let attackable = counts.iter().filter(|count| **count > THRESHOLD).count();
    let found: Vec<_> = found_at.into_iter().flatten().collect();
    let late: u32 = found.iter().map(|at| at - THRESHOLD - 1).sum();
    let late = f64::from(late) / found.len().max(1) as f64;
    format!("{}/{attackable} (+{late:.2}) {nanoseconds} ns", found.len())
}

/// Fills the state of each profile and asks how much memory it has.
fn memory() {
    const MIB: f64 = 1_048_576.0;
    println!("\nMiB of a state in which everything is in use");
    for (name, sizes) in [("small", Profile::SMALL), ("standard", Profile::STANDARD), ("large", Profile::LARGE)] {
        let state = Bounded::new(sizes);
        let mut random = Random(1);
        let when = Moment { at_s: START_S, now_s: START_S };
        for _ in 0..sizes.spellings / 40 {
            let key = Key::new(random.next());
            for table in [Table::Ip, Table::Login, Table::Network, Table::Pair, Table::Event] {
                state.add(table, key, when, &failure());
            }
            state.remember(key, Origin { network: Some(random.next()), device: None }, START_S);
            state.spell(key, "somebody.or.other@example.com");
        }
        let (allocated, computed) = (state.memory() as f64 / MIB, sizes.memory() as f64 / MIB);
        println!("{name:>10}: {allocated:.1} allocated, {computed:.1} computed");
    }
    for power in 3..=7 {
        let keys = 10_usize.pow(power);
        println!("{:>10}: {:.1} computed", format!("10^{power} keys"), Profile::for_keys(keys).memory() as f64 / MIB);
    }
}
