//! One person's way through the login form.

use super::World;
use crate::event::{Event, Label, Login, What};
use crate::random::{Random, mix};
use crate::time::SECOND;
use std::net::IpAddr;

/// How often people mistype their password, in everyday life.
pub const MISTYPED: f64 = 0.08;
/// How often they misspell their name.
pub const MISSPELLED: f64 = 0.01;
/// How often they are not at home.
const AWAY: f64 = 0.07;
/// How often they then use the device they also use at home.
const DEVICE_ALONG: f64 = 0.5;
/// How often they try again.
const RETRIES: u32 = 6;
/// How long they take for that, in seconds.
const PAUSE_S: (u64, u64) = (4, 25);

/// A person who wants to log in.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    /// The account.
    pub account: u64,
    /// When.
    pub at_ms: u64,
    /// From where.
    pub ip: IpAddr,
    /// Whether the device is the usual one.
    pub on_known_device: bool,
    /// What is not everyday life.
    pub campaign: Option<&'static str>,
}

impl Visit {
    /// A visit from where people usually are: at home, or sometimes elsewhere, and then on another device half of the
    /// time.
    pub fn usual(world: &World, account: u64, at_ms: u64, random: &mut Random) -> Self {
        let away = random.chance(AWAY);
        let ip = if away { world.elsewhere(random) } else { world.home_ip(account) };
        let on_known_device = !away || random.chance(DEVICE_ALONG);
        Visit { account, at_ms, ip, on_known_device, campaign: None }
    }

    /// The tries, given the share of them that fail at a time. If all fail, as in an outage, the person gives up after
    /// some; otherwise the last one succeeds.
    pub fn tries(self, world: &World, fails: impl Fn(u64) -> f64, random: &mut Random, mut push: impl FnMut(Event)) {
        let account = self.account;
        let client = match self.on_known_device {
            true => world.client(account),
            false => world.catalogue.honest(mix(account, random.any())),
        };
        let label = Label::honest(account, self.campaign);
        let device = self.on_known_device.then(|| world.device(account));
        let mut at_ms = self.at_ms;
        let mut push = |at_ms, login, right| {
            let event = Event::new(at_ms, What::Login { right }, login, self.ip, client, label);
            push(Event { device, ..event });
        };
        if random.chance(MISSPELLED) {
            push(at_ms, Login::Misspelled(account, random.below(4) as u32), false);
            at_ms += pause_ms(random);
        }
        for left in (0..=RETRIES).rev() {
            let share = fails(at_ms);
            let is_last = left == 0 && share < 1.0;
            let right = !random.chance(share) || is_last;
            push(at_ms, Login::Account(account), right);
            if right {
                return;
            }
            at_ms += pause_ms(random);
        }
    }
}

fn pause_ms(random: &mut Random) -> u64 {
    random.between(PAUSE_S.0 * SECOND, PAUSE_S.1 * SECOND)
}

/// Events that are not yet due, in the order of time; equal times in the order made.
#[derive(Default)]
pub struct Agenda {
    heap: std::collections::BinaryHeap<Due>,
    made: u64,
}

struct Due(u64, u64, Event);

impl Agenda {
    /// Adds an event.
    pub fn push(&mut self, event: Event) {
        self.made += 1;
        self.heap.push(Due(event.at_ms, self.made, event));
    }

    /// The next event before a time.
    pub fn pop_before(&mut self, end_ms: u64) -> Option<Event> {
        if self.heap.peek()?.0 >= end_ms {
            return None;
        }
        self.heap.pop().map(|due| due.2)
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.0, other.1).cmp(&(self.0, self.1))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

impl Eq for Due {}
