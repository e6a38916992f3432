//! A11: abuse of other functions than the login.

use super::{Campaign, MORNING, Script, tool};
use crate::event::{Event, Label, Login, What};
use crate::people::World;
use crate::random::permuted;
use crate::stream::{Shot, Volley};
use crate::time::{HOUR, MINUTE, TODAY};

pub const CAMPAIGNS: &[Campaign] = &[
    Campaign {
        id: "A11-signups",
        about: "300 sign-ups from one address",
        hostile: true,
        compared: false,
        script: signups,
    },
    Campaign {
        id: "A11-cards",
        about: "card testing, 2,000 over 1,500",
        hostile: true,
        compared: false,
        script: cards,
    },
    Campaign {
        id: "A11-resets",
        about: "reset enumeration of 500 users",
        hostile: true,
        compared: false,
        script: resets,
    },
    Campaign { id: "A11-coupons", about: "one coupon 500 times", hostile: true, compared: false, script: coupons },
    Campaign {
        id: "A11-privilege",
        about: "20 privileged activities",
        hostile: true,
        compared: false,
        script: privilege,
    },
];

fn script<'w>(
    world: &'w World,
    campaign: &'static str,
    count: u64,
    length_ms: u64,
    make: impl FnMut(Shot<'_>) -> Event + 'w,
) -> Script<'w> {
    let volley = Volley::new(world.random(campaign), count, TODAY + MORNING * HOUR, length_ms, make);
    Script::from_hour(MORNING, vec![Box::new(volley)])
}

fn event(world: &World, campaign: &'static str, at_ms: u64, what: What, login: Login, address: u64) -> Event {
    let label = Label::attack(campaign, false);
    Event::new(at_ms, what, login, world.bot(15, 2 * address + 1), tool(0, 9), label)
}

fn signups(world: &World) -> Script<'_> {
    script(world, "A11-signups", 300, HOUR, |shot| {
        event(world, "A11-signups", shot.at_ms, What::SignUp, Login::Stranger(15 << 32 | shot.number), 0)
    })
}

/// 2,000 payments over 1,500 addresses in two hours; one in fifty is accepted.
fn cards(world: &World) -> Script<'_> {
    script(world, "A11-cards", 2000, 2 * HOUR, |shot| {
        let what = What::Payment { accepted: shot.random.chance(0.02), card: 1 << 40 | shot.number };
        let login = Login::Account(world.accounts + 5000 + shot.number % 1500);
        event(world, "A11-cards", shot.at_ms, what, login, 100 + shot.number % 1500)
    })
}

fn resets(world: &World) -> Script<'_> {
    script(world, "A11-resets", 500, HOUR, |shot| {
        let login = match shot.random.chance(0.4) {
            true => Login::Account(permuted(shot.number, world.accounts, 16)),
            false => Login::Stranger(16 << 32 | shot.number),
        };
        event(world, "A11-resets", shot.at_ms, What::Reset, login, 2)
    })
}

fn coupons(world: &World) -> Script<'_> {
    script(world, "A11-coupons", 500, 20 * MINUTE, |shot| {
        let what = What::Activity { name: "coupon_use", needs: None };
        event(world, "A11-coupons", shot.at_ms, what, Login::Account(world.accounts + 5000), 3)
    })
}

fn privilege(world: &World) -> Script<'_> {
    script(world, "A11-privilege", 20, 10 * MINUTE, |shot| {
        let what = What::Activity { name: "export_users", needs: Some("admin") };
        event(world, "A11-privilege", shot.at_ms, what, Login::Account(shot.number % 3), 4)
    })
}
