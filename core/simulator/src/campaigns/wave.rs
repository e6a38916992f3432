//! A2: 20,000 attempts in ten hours, each from another address, with honest-looking user agents but a header set of its
//! own; once, and repeated after three days. A3: the same with user agent and headers of honest people.

use super::{Campaign, MORNING, Script, attempt, leaked, tool};
use crate::client::Client;
use crate::people::World;
use crate::random::Random;
use crate::stream::{Source, Volley};
use crate::time::{DAY, HOUR, TODAY};

const ATTEMPTS: u64 = 20_000;
const LENGTH: u64 = 10 * HOUR;

pub const CAMPAIGNS: &[Campaign] = &[
    Campaign { id: "A2", about: "wave of 20,000 in 10 h", hostile: true, compared: true, script: a2 },
    Campaign { id: "A2-twice", about: "A2, repeated after 3 days", hostile: true, compared: false, script: a2_twice },
    Campaign { id: "A3", about: "full mimicry, 20,000 in 10 h", hostile: true, compared: true, script: a3 },
];

/// One wave, which begins on a day after today.
pub fn wave<'w>(
    world: &'w World,
    campaign: &'static str,
    days: u64,
    client: impl Fn(&mut Random) -> Client + 'w,
) -> Box<dyn Source + 'w> {
    let start_ms = TODAY + days * DAY + MORNING * HOUR;
    let random = world.random(&format!("{campaign} {days}"));
    Box::new(Volley::new(random, ATTEMPTS, start_ms, LENGTH, move |shot| {
        let (number, ip) = (days * ATTEMPTS + shot.number, world.bot(2 + days, shot.number));
        let client = client(shot.random);
        attempt(campaign, shot.at_ms, leaked(world, 2, number, shot.random), ip, client)
    }))
}

/// A user agent as popular as among honest people, and the template's own header set.
pub fn template(world: &World) -> impl Fn(&mut Random) -> Client + '_ {
    |random| tool(world.catalogue.honest_agent(random.any()), 1)
}

fn a2(world: &World) -> Script<'_> {
    Script::from_hour(MORNING, vec![wave(world, "A2", 0, template(world))])
}

fn a2_twice(world: &World) -> Script<'_> {
    let waves = [0, 3].map(|days| wave(world, "A2-twice", days, template(world)));
    Script { until_ms: TODAY + 4 * DAY, ..Script::from_hour(MORNING, waves.into()) }
}

fn a3(world: &World) -> Script<'_> {
    let mimicry = |random: &mut Random| world.client(random.below(world.accounts));
    Script::from_hour(MORNING, vec![wave(world, "A3", 0, mimicry)])
}
