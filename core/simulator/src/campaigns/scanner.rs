//! B6: a security scanner at the login: 4,000 requests from one address, 300 of them with payloads in place of a name; the
//! firewall finds an attack in every third. That is an attack on something, but not on accounts.

use super::{Campaign, MORNING, Script, attempt, tool};
use crate::event::{Event, Login};
use crate::people::World;
use crate::stream::Volley;
use crate::time::{HOUR, SECOND, TODAY};

pub const CAMPAIGNS: &[Campaign] =
    &[Campaign { id: "B6", about: "scanner at the login, 4,000", hostile: true, compared: true, script: b6 }];

fn b6(world: &World) -> Script<'_> {
    let volley = Volley::new(world.random("B6"), 4000, TODAY + MORNING * HOUR, 1000 * SECOND, |shot| {
        let login = match shot.random.chance(300.0 / 4000.0) {
            true => Login::Payload(shot.number as u32),
            false => Login::Stranger((17 << 32) + shot.number % 40),
        };
        let waf = matches!(login, Login::Payload(_)) || shot.random.chance(0.3);
        Event { waf, ..attempt("B6", shot.at_ms, (login, false), world.bot(16, 1), tool(0, 10)) }
    });
    Script::from_hour(MORNING, vec![Box::new(volley)])
}
