//! A9: 8,000 attempts in three hours from 250 addresses of one /24.

use super::{Campaign, MORNING, Script, attempt, leaked, tool};
use crate::event::v4;
use crate::people::World;
use crate::stream::Volley;
use crate::time::{HOUR, TODAY};

pub const CAMPAIGNS: &[Campaign] =
    &[Campaign { id: "A9", about: "250 addresses of a /24, 8,000 in 3 h", hostile: true, compared: true, script: a9 }];

/// 203.0.113.0/24.
const NETWORK: u32 = 0xCB00_7100;

fn a9(world: &World) -> Script<'_> {
    let volley = Volley::new(world.random("A9"), 8000, TODAY + MORNING * HOUR, 3 * HOUR, |shot| {
        let ip = v4(NETWORK + 1 + shot.random.below(250) as u32);
        let client = tool(world.catalogue.honest_agent(shot.random.any()), 6);
        attempt("A9", shot.at_ms, leaked(world, 9, shot.number, shot.random), ip, client)
    });
    Script::from_hour(MORNING, vec![Box::new(volley)])
}
