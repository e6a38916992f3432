//! C1 to C3: adversaries that adapt to the detector.

use super::{Campaign, MORNING, Script, attempt, leaked, own_account, tool};
use crate::defenders::Answer;
use crate::event::{Event, Label, What};
use crate::people::World;
use crate::random::Random;
use crate::stream::{Source, Volley};
use crate::time::{DAY, HOUR, MINUTE, TODAY};

pub const CAMPAIGNS: &[Campaign] = &[
    Campaign { id: "C1", about: "new template each 10 min if refused", hostile: true, compared: false, script: c1 },
    Campaign { id: "C2", about: "half of the logins of own aged accounts", hostile: true, compared: false, script: c2 },
    Campaign { id: "C3", about: "10 per 5 min for 14 days", hostile: true, compared: false, script: c3 },
    Campaign { id: "C3-slower", about: "2 per 5 min for 14 days", hostile: true, compared: false, script: c3_slower },
];

const ATTEMPTS: u64 = 20_000;
/// How often the first adversary reconsiders its template.
const CHANGE_MS: u64 = 10 * MINUTE;

/// A wave that changes its template when it was refused.
struct Changing<'w> {
    world: &'w World,
    random: Random,
    sent: u64,
    start_ms: u64,
    length_ms: u64,
    template: u16,
    changed_ms: u64,
    refused: bool,
}

fn c1(world: &World) -> Script<'_> {
    let start_ms = TODAY + MORNING * HOUR;
    let changing = Changing {
        world,
        random: world.random("C1"),
        sent: 0,
        start_ms,
        length_ms: 10 * HOUR,
        template: 20,
        changed_ms: start_ms,
        refused: false,
    };
    Script::from_hour(MORNING, vec![Box::new(changing)])
}

impl Source for Changing<'_> {
    fn next(&mut self) -> Option<Event> {
        if self.sent == ATTEMPTS {
            return None;
        }
        let place = (self.sent as f64 + self.random.unit()) / ATTEMPTS as f64;
        let at_ms = self.start_ms + (place * self.length_ms as f64) as u64;
        if at_ms >= self.changed_ms + CHANGE_MS {
            self.template += u16::from(self.refused);
            (self.refused, self.changed_ms) = (false, at_ms);
        }
        let client = tool(self.world.catalogue.honest_agent(self.random.any()), self.template);
        let (credentials, ip) = (leaked(self.world, 31, self.sent, &mut self.random), self.world.bot(31, self.sent));
        self.sent += 1;
        Some(attempt("C1", at_ms, credentials, ip, client))
    }

    fn told(&mut self, answer: Answer) {
        self.refused |= answer != Answer::Allow;
    }
}

/// The number of own accounts of the second adversary.
const OWN: u64 = 2000;

/// As A2, but between any two attempts an account of the attacker's own logs in with the same template. The accounts have
/// done so for three days before.
fn c2(world: &World) -> Script<'_> {
    let own = |number: u64| world.bot(33, number);
    let login = move |at_ms, number: u64, random: &mut Random| {
        let client = tool(world.catalogue.honest_agent(random.any()), 11);
        let (login, label) = (own_account(world, number % OWN), Label::cover("C2"));
        Event::new(at_ms, What::Login { right: true }, login, own(number % OWN), client, label)
    };
    let start_ms = TODAY + 3 * DAY + MORNING * HOUR;
    let before = Volley::new(world.random("C2 before"), 3 * OWN, TODAY + HOUR, 3 * DAY, move |shot| {
        login(shot.at_ms, shot.number, shot.random)
    });
    let mixed = Volley::new(world.random("C2"), 2 * ATTEMPTS, start_ms, 10 * HOUR, move |shot| {
        let number = shot.number / 2;
        if shot.number.is_multiple_of(2) {
            return login(shot.at_ms, number, shot.random);
        }
        let client = tool(world.catalogue.honest_agent(shot.random.any()), 11);
        attempt("C2", shot.at_ms, leaked(world, 32, number, shot.random), world.bot(32, number), client)
    });
    let script = Script::from_hour(MORNING, vec![Box::new(before), Box::new(mixed)]);
    Script { start_ms, until_ms: TODAY + 4 * DAY, ..script }
}

/// Half of the rate that is found at any time of day.
fn c3(world: &World) -> Script<'_> {
    steady(world, "C3", 10)
}

/// A rate that is not found at any time of day.
fn c3_slower(world: &World) -> Script<'_> {
    steady(world, "C3-slower", 2)
}

/// So many attempts in five minutes, each from another address, for fourteen days.
fn steady<'w>(world: &'w World, campaign: &'static str, rate: u64) -> Script<'w> {
    let count = 14 * DAY / (5 * MINUTE) * rate;
    let slow = Volley::new(world.random("C3"), count, TODAY + MORNING * HOUR, 14 * DAY, move |shot| {
        let client = tool(world.catalogue.honest_agent(shot.random.any()), 12);
        attempt(campaign, shot.at_ms, leaked(world, 34, shot.number, shot.random), world.bot(34, shot.number), client)
    });
    Script { until_ms: TODAY + 15 * DAY, ..Script::from_hour(MORNING, vec![Box::new(slow)]) }
}
