//! A7: 200 addresses that try once in twenty minutes each, for fourteen hours. A8: one address that tries once in three
//! minutes, each time on another account.

use super::{Campaign, Script, attempt, leaked, tool};
use crate::people::World;
use crate::random::permuted;
use crate::stream::Volley;
use crate::time::{HOUR, TODAY};

const MORNING: u64 = 8;
const LENGTH: u64 = 14 * HOUR;
const ADDRESSES: u64 = 200;

pub const CAMPAIGNS: &[Campaign] = &[
    Campaign { id: "A7", about: "200 slow addresses, 14 h", hostile: true, compared: true, script: a7 },
    Campaign { id: "A8", about: "1 slow address, 14 h", hostile: true, compared: true, script: a8 },
];

fn a7(world: &World) -> Script<'_> {
    // In each round of twenty minutes every address has its turn.
    let volley = Volley::new(world.random("A7"), ADDRESSES * 42, TODAY + MORNING * HOUR, LENGTH, |shot| {
        let address = permuted(shot.number % ADDRESSES, ADDRESSES, world.seed);
        let client = tool(world.catalogue.honest_agent(shot.random.any()), 4);
        attempt("A7", shot.at_ms, leaked(world, 7, shot.number, shot.random), world.bot(7, address), client)
    });
    Script::from_hour(MORNING, vec![Box::new(volley)])
}

fn a8(world: &World) -> Script<'_> {
    let volley = Volley::new(world.random("A8"), 280, TODAY + MORNING * HOUR, LENGTH, |shot| {
        attempt("A8", shot.at_ms, leaked(world, 8, shot.number, shot.random), world.bot(8, 1), tool(0, 5))
    });
    Script::from_hour(MORNING, vec![Box::new(volley)])
}
