//! A4: 50,000 attempts in two hours from five addresses. A5: 10,000 guesses on five accounts in an hour from three.

use super::{Campaign, MORNING, Script, attempt, leaked, tool};
use crate::event::{Event, Login};
use crate::people::World;
use crate::stream::{Shot, Volley};
use crate::time::{HOUR, TODAY};

pub const CAMPAIGNS: &[Campaign] = &[
    Campaign { id: "A4", about: "stuffing from 5 addresses, 50,000 in 2 h", hostile: true, compared: true, script: a4 },
    Campaign { id: "A5", about: "brute force on 5 accounts, 10,000 in 1 h", hostile: true, compared: true, script: a5 },
];

fn a4(world: &World) -> Script<'_> {
    let volley = Volley::new(world.random("A4"), 50_000, TODAY + MORNING * HOUR, 2 * HOUR, |shot| {
        let ip = world.bot(4, 2 * shot.random.below(5) + 1);
        attempt("A4", shot.at_ms, leaked(world, 4, shot.number, shot.random), ip, tool(0, 2))
    });
    Script::from_hour(MORNING, vec![Box::new(volley)])
}

fn a5(world: &World) -> Script<'_> {
    let volley = Volley::new(world.random("A5"), GUESSES, TODAY + MORNING * HOUR, HOUR, guess(world, "A5"));
    Script::from_hour(MORNING, vec![Box::new(volley)])
}

/// The number of guesses of A5.
pub const GUESSES: u64 = 10_000;

/// Guesses on five accounts from three addresses; none is right.
pub fn guess<'w>(world: &'w World, campaign: &'static str) -> impl FnMut(Shot<'_>) -> Event + 'w {
    move |shot| {
        let account = shot.random.below(5) * world.accounts / 5 + 11;
        let ip = world.bot(5, 2 * shot.random.below(3) + 1);
        attempt(campaign, shot.at_ms, (Login::Account(account), false), ip, tool(0, 2))
    }
}
