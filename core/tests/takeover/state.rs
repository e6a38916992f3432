//! Compares the bounded state with unbounded hash maps: below capacity both must give the same answers.
//!
//! `BARTIZAN_EVENTS=1000000 cargo test --release -p bartizan --test takeover bounded -- --nocapture` runs as many random
//! events, and shows the progress.

use crate::common::random::Random;
use bartizan::internals::takeover::state::model::Model;
use bartizan::internals::takeover::state::{
    Bounded, Counted, Key, Moment, Origin, Profile, Reading, State, Table, Update,
};

/// Random choices of the test.
trait Choices {
    fn choose(&mut self, bound: u64) -> u64;
    fn one_in(&mut self, chance: u64) -> bool;
    fn member(&mut self, kinds: u64) -> Option<u64>;
}

impl Choices for Random {
    fn choose(&mut self, bound: u64) -> u64 {
        self.below(bound as usize) as u64
    }

    fn one_in(&mut self, chance: u64) -> bool {
        self.choose(chance) == 0
    }

    fn member(&mut self, kinds: u64) -> Option<u64> {
        (!self.one_in(3)).then(|| hash(self.choose(kinds)))
    }
}

fn hash(number: u64) -> u64 {
    let mixed = (number ^ 0x5851_F42D).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (mixed ^ mixed >> 32).wrapping_mul(0xA076_1D64_78BD_642F).rotate_left(17)
}

/// Clears the estimate of missed events, which only the bounded state has.
fn comparable(counted: Counted) -> Counted {
    match counted {
        Counted::Yes(reading) => Counted::Yes(Reading { missed: 0, ..reading }),
        other => other,
    }
}

const TABLES: [Table; 8] = [
    Table::Ip,
    Table::Login,
    Table::Network,
    Table::Pair,
    Table::Event,
    Table::Window(60),
    Table::Window(3600),
    Table::Window(86_400),
];

struct Both {
    model: Model,
    bounded: Bounded,
    random: Random,
    now_s: u32,
    /// The first of the keys in use, which moves on as keys are retired.
    first: u64,
}

impl Both {
    fn new(seed: u64) -> Self {
        let (model, bounded) = (Model::default(), Bounded::new(Profile::STANDARD));
        Self { model, bounded, random: Random(seed), now_s: 1_764_064_920, first: 0 }
    }

    fn step(&mut self, nth: u64) {
        self.pass_time();
        if nth.is_multiple_of(64) {
            self.first += 1;
        }
        let key = Key::new(hash(self.first + self.random.choose(600)));
        let table = TABLES[self.random.choose(TABLES.len() as u64) as usize];
        match self.random.choose(16) {
            0..10 => self.add(table, key),
            10 | 11 => {
                let read = |state: &dyn State| state.read(table, key, self.now_s).map(Counted::Yes).map(comparable);
                assert_eq!(read(&self.bounded), read(&self.model), "{table:?} {key:?} at {}", self.now_s);
            }
            12 => {
                let member = hash(self.random.choose(20));
                let has = |state: &dyn State| state.has_member(table, key, member, self.now_s);
                assert_eq!(has(&self.bounded), has(&self.model), "{table:?} {key:?} {member} at {}", self.now_s);
            }
            13 if self.random.one_in(8) => {
                self.model.forget(table, key);
                self.bounded.forget(table, key);
            }
            _ => self.account(key),
        }
        self.bounded.sweep(self.now_s);
        if nth.is_multiple_of(1 << 18) {
            self.model.sweep(self.now_s);
        }
    }

    fn pass_time(&mut self) {
        let random = &mut self.random;
        self.now_s += match random.choose(1000) {
            0 => random.choose(100_000) as u32,
            1..5 => random.choose(2_000) as u32,
            5..200 => 1,
            _ => 0,
        };
        if random.one_in(20_000) {
            let by_s = random.choose(20_000) as i64 - 10_000;
            self.model.rebase(by_s);
            self.bounded.rebase(by_s);
            self.now_s = self.now_s.saturating_add_signed(by_s as i32);
        }
    }

    fn add(&mut self, table: Table, key: Key) {
        let random = &mut self.random;
        let late = match random.choose(20) {
            0 => random.choose(u64::from(table.window_s()) * 2),
            1 => random.choose(100_000),
            2 => random.choose(60),
            _ => 0,
        };
        let at_s = self.now_s + if random.one_in(10) { random.choose(6) as u32 } else { 0 } - late as u32;
        let update = Update {
            counted: !random.one_in(4),
            all: !random.one_in(10),
            success: random.one_in(4),
            nonexistent: random.one_in(3),
            waf: random.one_in(9),
            flagged: random.one_in(5),
            member: random.member(15),
            second: random.member(40),
            third: random.member(5),
            familiar: random.member(90),
        };
        let when = Moment { at_s, now_s: self.now_s };
        let add = |state: &dyn State| comparable(state.add(table, key, when, &update));
        assert_eq!(add(&self.bounded), add(&self.model), "{table:?} {key:?} {when:?} {update:?}");
    }

    fn account(&mut self, key: Key) {
        let random = &mut self.random;
        let origin = Origin { network: random.member(12), device: random.member(12) };
        if random.one_in(3) {
            self.model.remember(key, origin, self.now_s);
            self.bounded.remember(key, origin, self.now_s);
        } else if random.one_in(100) {
            self.model.forget_account(key);
            self.bounded.forget_account(key);
        } else {
            let familiar = |state: &dyn State| state.familiar(key, origin, self.now_s);
            assert_eq!(familiar(&self.bounded), familiar(&self.model), "{key:?} {origin:?} at {}", self.now_s);
        }
    }

    /// Simulates a restart.
    fn restore(&mut self) {
        let mut saved = Vec::new();
        self.bounded.save(&mut saved);
        let restored = Bounded::new(Profile::SMALL);
        restored.load(&saved, self.now_s).unwrap();
        for nth in 0..2_000 {
            let key = Key::new(hash((self.first + 700).saturating_sub(nth)));
            for known in 0..12 {
                let origin = Origin { network: Some(hash(known)), device: None };
                let familiar = |state: &dyn State| state.familiar(key, origin, self.now_s);
                assert_eq!(familiar(&restored), familiar(&self.bounded), "{key:?}");
            }
        }
    }
}

#[test]
fn bounded_tables_answer_like_unbounded_maps() {
    let events = std::env::var("BARTIZAN_EVENTS").ok().and_then(|events| events.parse().ok()).unwrap_or(60_000);
    let mut both = Both::new(7);
    for nth in 0..events {
        both.step(nth);
        if nth % (events / 4) == events / 4 - 1 {
            both.restore();
        }
        if nth % 1_000_000 == 999_999 {
            println!("{} of {events} events", nth + 1);
        }
    }
    println!("{events} events, {} keys", both.first + 600);
}

#[test]
fn invalid_snapshots_change_nothing() {
    let (key, origin) = (Key::new(hash(1)), Origin { network: Some(hash(2)), device: None });
    let state = Bounded::new(Profile::SMALL);
    state.remember(key, origin, 1_000_000);
    let mut saved = Vec::new();
    state.save(&mut saved);
    let fresh = Bounded::new(Profile::SMALL);
    assert!(fresh.load(&saved[..saved.len() - 1], 1_000_000).is_err());
    assert!(fresh.load(b"BZAT", 1_000_000).is_err());
    assert_eq!(fresh.familiar(key, origin, 1_010_000), None);
    fresh.load(&saved, 1_000_000).unwrap();
    assert_eq!(fresh.familiar(key, origin, 1_003_599), Some(false));
    assert_eq!(fresh.familiar(key, origin, 1_003_600), Some(true));
    // Saved state ages while no process runs, and a clock that is behind does not rejuvenate it.
    let later = Bounded::new(Profile::SMALL);
    later.load(&saved, 1_000_000 + 60 * 86_400 + 1).unwrap();
    assert_eq!(later.familiar(key, origin, 1_000_000 + 60 * 86_400 + 1), None);
    let behind = Bounded::new(Profile::SMALL);
    behind.load(&saved, 500_000).unwrap();
    assert_eq!(behind.familiar(key, origin, 503_599), Some(false));
    assert_eq!(behind.familiar(key, origin, 503_600), Some(true));
}
