//! A6: 3,000 guesses on one account in two hours, each from another address.

use super::{Campaign, MORNING, Script, attempt, tool};
use crate::event::Login;
use crate::people::World;
use crate::stream::Volley;
use crate::time::{HOUR, TODAY};

pub const CAMPAIGNS: &[Campaign] =
    &[Campaign { id: "A6", about: "brute force on 1 account by a botnet", hostile: true, compared: true, script: a6 }];

fn a6(world: &World) -> Script<'_> {
    let volley = Volley::new(world.random("A6"), 3000, TODAY + MORNING * HOUR, 2 * HOUR, |shot| {
        let client = tool(world.catalogue.honest_agent(shot.random.any()), 3);
        attempt("A6", shot.at_ms, (Login::Account(77), false), world.bot(6, shot.number), client)
    });
    Script::from_hour(MORNING, vec![Box::new(volley)])
}
