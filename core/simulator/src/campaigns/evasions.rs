//! A10: attempts to mislead the detector.

use super::wave::{template, wave};
use super::{Campaign, MORNING, Script, aging, attempt, cover, crude, leaked, tool};
use crate::event::{Event, Label, Login, What};
use crate::people::World;
use crate::stream::Volley;
use crate::time::{HOUR, MINUTE, SECOND, TODAY};
use std::net::{IpAddr, Ipv6Addr};

pub const CAMPAIGNS: &[Campaign] = &[
    Campaign {
        id: "A10-padding",
        about: "own successes between failures",
        hostile: true,
        compared: true,
        script: padding,
    },
    Campaign {
        id: "A10-inflation",
        about: "A2 with own failing accounts",
        hostile: true,
        compared: true,
        script: inflation,
    },
    Campaign {
        id: "A10-spelling",
        about: "brute force, spelling varied",
        hostile: true,
        compared: false,
        script: spelling,
    },
    Campaign {
        id: "A10-ipv6",
        about: "stuffing from a rotating IPv6 /56",
        hostile: true,
        compared: false,
        script: ipv6,
    },
    Campaign {
        id: "A10-flood",
        about: "A5 in 1,000,000 single-use keys",
        hostile: true,
        compared: false,
        script: flood,
    },
    Campaign { id: "A10-time", about: "A5 with forged times", hostile: true, compared: false, script: time },
];

const START: u64 = TODAY + MORNING * HOUR;

/// 3,000 attempts in an hour from one address; after every third, one of ten aged accounts of the attacker's own succeeds.
fn padding(world: &World) -> Script<'_> {
    let ip = world.bot(10, 1);
    let volley = Volley::new(world.random("padding"), 4000, START, HOUR, move |shot| match shot.number % 4 {
        3 => cover(world, "A10-padding", shot.at_ms, shot.number / 4 % 10, ip, true),
        _ => attempt("A10-padding", shot.at_ms, leaked(world, 10, shot.number, shot.random), ip, tool(0, 7)),
    });
    Script::from_hour(MORNING, vec![aging(world, "A10-padding", 10, move |_| ip), Box::new(volley)])
}

/// A2, while 300 aged accounts of the attacker's own fail each 100 seconds from their own addresses, so that it looks as if
/// everybody failed.
fn inflation(world: &World) -> Script<'_> {
    let own = |number: u64| world.bot(11, number);
    let failing = Volley::new(world.random("inflation"), 300 * 360, START, 10 * HOUR, move |shot| {
        cover(world, "A10-inflation", shot.at_ms, shot.number % 300, own(shot.number % 300), false)
    });
    let wave = wave(world, "A10-inflation", 0, template(world));
    Script::from_hour(MORNING, vec![aging(world, "A10-inflation", 300, own), Box::new(failing), wave])
}

/// 2,000 guesses on one account, whose name is spelled with other capitals each time.
fn spelling(world: &World) -> Script<'_> {
    let volley = Volley::new(world.random("spelling"), 2000, START, HOUR, |shot| {
        let login = Login::Spelled(1234, shot.random.any() as u32);
        let ip = world.bot(12, 2 * shot.random.below(50) + 1);
        attempt("A10-spelling", shot.at_ms, (login, false), ip, tool(0, 2))
    });
    Script::from_hour(MORNING, vec![Box::new(volley)])
}

/// 8,000 attempts in three hours, each from a random address of an IPv6 /56.
fn ipv6(world: &World) -> Script<'_> {
    let volley = Volley::new(world.random("ipv6"), 8000, START, 3 * HOUR, |shot| {
        let network = 0x2a00_1234_5678_9a00_u64 | shot.random.below(256);
        let ip = IpAddr::V6(Ipv6Addr::from(u128::from(network) << 64 | u128::from(shot.random.any())));
        attempt("A10-ipv6", shot.at_ms, leaked(world, 13, shot.number, shot.random), ip, tool(0, 2))
    });
    Script::from_hour(MORNING, vec![Box::new(volley)])
}

/// A5 in a flood of failures with addresses and names that are used once.
fn flood(world: &World) -> Script<'_> {
    let flood = Volley::new(world.random("flood"), 1_000_000, START - 5 * MINUTE, HOUR + 5 * MINUTE, |shot| {
        let login = Login::Stranger(14 << 32 | shot.number);
        let (ip, label) = (world.bot(14, shot.number), Label::cover("A10-flood"));
        Event::new(shot.at_ms, What::Login { right: false }, login, ip, tool(0, 8), label)
    });
    let guesses = Volley::new(world.random("A5"), crude::GUESSES, START, HOUR, crude::guess(world, "A10-flood"));
    Script::from_hour(MORNING, vec![Box::new(flood), Box::new(guesses)])
}

/// A5, whose events claim times between ten minutes ago and an hour ahead.
fn time(world: &World) -> Script<'_> {
    let mut guess = crude::guess(world, "A10-time");
    let mut forged = world.random("forged");
    let guesses = Volley::new(world.random("A5"), crude::GUESSES, START, HOUR, move |shot| {
        let at_ms = shot.at_ms;
        let claimed_ms = at_ms - 10 * MINUTE + forged.below(70 * MINUTE / SECOND) * SECOND;
        Event { claimed_ms: Some(claimed_ms), ..guess(shot) }
    });
    Script::from_hour(MORNING, vec![Box::new(guesses)])
}
