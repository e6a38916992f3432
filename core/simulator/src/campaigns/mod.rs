//! The campaigns: attacks (A), honest events that look like attacks (B), and adversaries that adapt (C).
//!
//! | file | campaigns |
//! |---|---|
//! | `botnet` | A1: stuffing by a botnet; B7: the same while things go wrong around the detector |
//! | `wave` | A2: a wave with a template of its own, once and repeated; A3: full mimicry |
//! | `crude` | A4: stuffing, A5: brute force, both from few addresses |
//! | `account_botnet` | A6: brute force on one account by a botnet |
//! | `slow` | A7: many slow addresses, A8: one |
//! | `subnet` | A9: a /24 |
//! | `evasions` | A10: padding, control inflation, spellings, IPv6 rotation, flooding of tables, forged times |
//! | `abuse` | A11: sign-ups, card testing, enumeration by resets, coupons, privileges |
//! | `honest` | B1: an institution, B2: stale tokens, B3: a reset day, B4: a flash crowd, B5: an outage; quiet days |
//! | `scanner` | B6: a security scanner |
//! | `adaptive` | C1: changing templates, C2: half honest-looking, C3: slowly for two weeks |

mod abuse;
mod account_botnet;
mod adaptive;
mod botnet;
mod crude;
mod evasions;
mod honest;
mod scanner;
mod slow;
mod subnet;
#[cfg(test)]
mod tests;
mod wave;

use crate::client::Client;
use crate::defenders::Disturbance;
use crate::event::{Event, Label, Login, What};
use crate::people::World;
use crate::people::daily::{Daily, Spell};
use crate::random::{Random, mix, permuted};
use crate::stream::{Merged, Source};
use crate::time::{DAY, HOUR, MINUTE, TODAY};
use std::net::IpAddr;

/// A campaign.
#[derive(Clone, Copy)]
pub struct Campaign {
    /// Its name in tables and options.
    pub id: &'static str,
    /// What happens.
    pub about: &'static str,
    /// Whether there is an attack to detect.
    pub hostile: bool,
    /// Whether it belongs to the comparison with other tools; the others show how we deal with evasions.
    pub compared: bool,
    /// Prepares it for a world.
    pub script: for<'w> fn(&'w World) -> Script<'w>,
}

/// What happens in a campaign, from the beginning of the day on.
pub struct Script<'w> {
    /// The beginning of what is not everyday life.
    pub start_ms: u64,
    /// The end of the simulation.
    pub until_ms: u64,
    /// Who acts besides the people of everyday life.
    pub sources: Vec<Box<dyn Source + 'w>>,
    /// Times at which everyday life is different.
    pub spells: Vec<Spell>,
    /// What goes wrong around the detector, and when.
    pub disturbances: Vec<(u64, Disturbance)>,
}

impl<'w> Script<'w> {
    /// A script of these sources, from an hour of the day on, until midnight.
    fn from_hour(hour: u64, sources: Vec<Box<dyn Source + 'w>>) -> Self {
        let start_ms = TODAY + hour * HOUR;
        Script { start_ms, until_ms: TODAY + DAY, sources, spells: vec![], disturbances: vec![] }
    }

    /// All events, with those of everyday life.
    pub fn play(self, world: &'w World, campaign: &'static str) -> Merged<'w> {
        let daily = Daily::new(world, TODAY, self.until_ms).with_spells(campaign, self.spells);
        let mut sources: Vec<Box<dyn Source + 'w>> = vec![Box::new(daily)];
        sources.extend(self.sources);
        Merged::new(sources)
    }
}

/// All campaigns.
pub fn all() -> Vec<Campaign> {
    let files = [
        botnet::CAMPAIGNS,
        wave::CAMPAIGNS,
        crude::CAMPAIGNS,
        account_botnet::CAMPAIGNS,
        slow::CAMPAIGNS,
        subnet::CAMPAIGNS,
    ];
    let others = [evasions::CAMPAIGNS, abuse::CAMPAIGNS, scanner::CAMPAIGNS, honest::CAMPAIGNS, adaptive::CAMPAIGNS];
    let mut all: Vec<Campaign> = files.into_iter().chain(others).flatten().copied().collect();
    all.sort_by_key(|campaign| order(campaign.id));
    all
}

/// The order of tables: by letter, then by number, then as in the files.
fn order(id: &str) -> (char, u32) {
    let number: String = id.chars().skip(1).take_while(char::is_ascii_digit).collect();
    (id.chars().next().unwrap_or(' '), number.parse().unwrap_or(u32::MAX))
}

/// The hour at which most campaigns begin.
const MORNING: u64 = 10;
/// The share of a list of leaked credentials whose account exists here, and the share of these whose password is right.
const EXISTING: f64 = 0.4;
const RIGHT: f64 = 1.0 / 200.0;

/// The n-th entry of a list of leaked credentials: the name, and whether the password is right.
fn leaked(world: &World, list: u64, number: u64, random: &mut Random) -> (Login, bool) {
    match random.chance(EXISTING) {
        true => (Login::Account(permuted(number, world.accounts, world.seed ^ list)), random.chance(RIGHT)),
        false => (Login::Stranger(list << 32 | number), false),
    }
}

/// A login attempt of an attack.
fn attempt(campaign: &'static str, at_ms: u64, (login, right): (Login, bool), ip: IpAddr, client: Client) -> Event {
    Event::new(at_ms, What::Login { right }, login, ip, client, Label::attack(campaign, right))
}

/// The client of an attacker's tool: a user agent, and the n-th header set of its own.
fn tool(agent: u16, set: u16) -> Client {
    Client { agent, headers: crate::client::HEADER_SETS as u16 + set, language: 0 }
}

/// The n-th account that the attackers have opened for themselves.
fn own_account(world: &World, number: u64) -> Login {
    Login::Account(world.accounts + 1000 + number)
}

/// A successful login of an attacker's own account on its own device.
fn cover(world: &World, campaign: &'static str, at_ms: u64, number: u64, ip: IpAddr, right: bool) -> Event {
    let client = world.catalogue.honest(mix(world.seed ^ 5, number));
    Event::new(at_ms, What::Login { right }, own_account(world, number), ip, client, Label::cover(campaign))
}

/// Logins of `count` own accounts in the night before, from the addresses that they will be used from.
fn aging<'w>(
    world: &'w World,
    campaign: &'static str,
    count: u64,
    ip: impl Fn(u64) -> IpAddr + 'w,
) -> Box<dyn Source + 'w> {
    let random = world.random("aging");
    Box::new(crate::stream::Volley::new(random, count, TODAY + MINUTE, HOUR, move |shot| {
        cover(world, campaign, shot.at_ms, shot.number, ip(shot.number), true)
    }))
}
