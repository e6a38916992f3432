//! B1 to B5: honest events that look like attacks; and quiet days, on which nothing happens.

use super::{Campaign, MORNING, Script};
use crate::event::{Event, v4};
use crate::people::World;
use crate::people::daily::Spell;
use crate::people::machines::{monitors, stale_tokens, token_refresh};
use crate::people::visit::{Agenda, Visit};
use crate::random::{Random, permuted};
use crate::stream::Source;
use crate::time::{DAY, HOUR, MINUTE, TODAY};

pub const CAMPAIGNS: &[Campaign] = &[
    honest("B1", "institution behind a new address", b1),
    honest("B2", "5,000 clients with stale tokens, 2 h", b2),
    honest("B3", "reset day, 30,000 users in 8 h", b3),
    honest("B4", "flash crowd, 10 x for 30 min", b4),
    honest("B5", "outage of the login, 30 min", b5),
    honest("Q", "quiet day", |_| Script::from_hour(MORNING, vec![])),
    Campaign { compared: false, ..honest("Q-machines", "quiet day with monitors and apps", machines) },
];

const fn honest(id: &'static str, about: &'static str, script: for<'w> fn(&'w World) -> Script<'w>) -> Campaign {
    Campaign { id, about, hostile: false, compared: true, script }
}

const START: u64 = TODAY + MORNING * HOUR;

/// Visits of different people, evenly over a time.
struct Crowd<'w, V> {
    world: &'w World,
    random: Random,
    agenda: Agenda,
    people: u64,
    came: u64,
    length_ms: u64,
    fails: f64,
    visit: V,
}

impl<'w, V: FnMut(u64, u64, &mut Random) -> Visit> Crowd<'w, V> {
    fn new(world: &'w World, campaign: &str, people: u64, length_ms: u64, fails: f64, visit: V) -> Self {
        let (random, agenda) = (world.random(campaign), Agenda::default());
        Crowd { world, random, agenda, people, came: 0, length_ms, fails, visit }
    }
}

impl<V: FnMut(u64, u64, &mut Random) -> Visit> Source for Crowd<'_, V> {
    fn next(&mut self) -> Option<Event> {
        loop {
            let place = self.came as f64 / self.people as f64;
            let next_ms = START + (place * self.length_ms as f64) as u64;
            let until_ms = if self.came < self.people { next_ms } else { u64::MAX };
            if let Some(event) = self.agenda.pop_before(until_ms) {
                return Some(event);
            }
            if self.came == self.people {
                return None;
            }
            let account = permuted(self.came, self.world.accounts, self.world.seed ^ 20);
            self.came += 1;
            let visit = (self.visit)(account, next_ms, &mut self.random);
            visit.tries(self.world, |_| self.fails, &mut self.random, |event| self.agenda.push(event));
        }
    }
}

/// 3,000 users of an institution within two hours, from an address that was never seen; 18 % of tries fail, and 85 % of the
/// users are on their known device.
fn b1(world: &World) -> Script<'_> {
    let ip = v4(0x8308_0001);
    let crowd = Crowd::new(world, "B1", 3000, 2 * HOUR, 0.18, move |account, at_ms, random| Visit {
        account,
        at_ms,
        ip,
        on_known_device: random.chance(0.85),
        campaign: Some("B1"),
    });
    Script::from_hour(MORNING, vec![Box::new(crowd)])
}

/// 5,000 clients with a stale credential, which try again each minute for two hours.
fn b2(world: &World) -> Script<'_> {
    let clients = stale_tokens(world, "B2", 5000, START, START + 2 * HOUR);
    Script::from_hour(MORNING, vec![Box::new(clients)])
}

/// After a forced reset of passwords, 30,000 users log in within eight hours; 60 % of tries fail.
fn b3(world: &World) -> Script<'_> {
    let crowd = Crowd::new(world, "B3", 30_000, 8 * HOUR, 0.6, move |account, at_ms, random| Visit {
        campaign: Some("B3"),
        ..Visit::usual(world, account, at_ms, random)
    });
    Script::from_hour(MORNING, vec![Box::new(crowd)])
}

/// Ten times as many logins for half an hour, and 12 % of tries fail.
fn b4(_world: &World) -> Script<'_> {
    let spell = Spell { from_ms: START, to_ms: START + 30 * MINUTE, times: 10.0, fails: 0.12 };
    Script { spells: vec![spell], ..Script::from_hour(MORNING, vec![]) }
}

/// All logins fail for half an hour.
fn b5(_world: &World) -> Script<'_> {
    let spell = Spell { from_ms: START, to_ms: START + 30 * MINUTE, times: 1.0, fails: 1.0 };
    Script { spells: vec![spell], ..Script::from_hour(MORNING, vec![]) }
}

fn machines(world: &World) -> Script<'_> {
    let end_ms = TODAY + DAY;
    let (probes, apps) = (monitors(world, TODAY, end_ms), token_refresh(world, TODAY, end_ms));
    Script::from_hour(0, vec![Box::new(probes), Box::new(apps)])
}
