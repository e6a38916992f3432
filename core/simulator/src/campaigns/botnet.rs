//! A1: 500,000 attempts in six hours by a botnet, about 1.01 per address and one per account; five outdated user agents
//! and one header set. B7: the same while the process restarts and the clock jumps.

use super::{Campaign, MORNING, Script, attempt, leaked, tool};
use crate::client::AGENTS;
use crate::defenders::Disturbance;
use crate::people::World;
use crate::stream::Volley;
use crate::time::{HOUR, MINUTE, SECOND, TODAY};

const ATTEMPTS: u64 = 500_000;
/// Of this many attempts, two come from one address.
const SHARED: u64 = 101;

pub const CAMPAIGNS: &[Campaign] = &[
    Campaign { id: "A1", about: "botnet stuffing, 500,000 in 6 h", hostile: true, compared: true, script: a1 },
    Campaign { id: "B7", about: "A1 with restart and clock jumps", hostile: true, compared: false, script: b7 },
];

fn a1(world: &World) -> Script<'_> {
    stuffing(world, "A1")
}

fn b7(world: &World) -> Script<'_> {
    let start_ms = TODAY + MORNING * HOUR;
    let disturbances = vec![
        (start_ms + HOUR, Disturbance::Restart),
        (start_ms + 2 * HOUR, Disturbance::Jump(90 * SECOND)),
        (start_ms + 3 * HOUR, Disturbance::Jump(30 * MINUTE)),
    ];
    Script { disturbances, ..stuffing(world, "B7") }
}

fn stuffing<'w>(world: &'w World, campaign: &'static str) -> Script<'w> {
    let volley = Volley::new(world.random(campaign), ATTEMPTS, TODAY + MORNING * HOUR, 6 * HOUR, move |shot| {
        let client = tool(AGENTS as u16 + shot.random.below(5) as u16, 0);
        let ip = world.bot(1, shot.number - shot.number / SHARED);
        attempt(campaign, shot.at_ms, leaked(world, 1, shot.number, shot.random), ip, client)
    });
    Script::from_hour(MORNING, vec![Box::new(volley)])
}
