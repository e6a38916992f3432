//! Machines that log in by themselves: monitors, and mobile apps that renew their tokens.

use super::World;
use crate::event::{Event, Label, Login, What, v4};
use crate::random::{Random, mix};
use crate::stream::Source;
use crate::time::{HOUR, MINUTE, SECOND};

/// Clients that log in at a constant period, each from its own phase.
pub struct Periodic<'w> {
    world: &'w World,
    random: Random,
    campaign: Option<&'static str>,
    /// The accounts, by number.
    account: Box<dyn Fn(u64) -> u64 + 'w>,
    clients: u64,
    period_ms: u64,
    from_ms: u64,
    end_ms: u64,
    sent: u64,
    /// Whether the password is right, by client.
    right: fn(u64) -> bool,
    is_monitor: bool,
}

/// Two monitors, which log in each minute from one address each; the second one's password is wrong on purpose.
pub fn monitors(world: &World, from_ms: u64, end_ms: u64) -> Periodic<'_> {
    let account = Box::new(|client| world.accounts + client);
    let right = |client: u64| client == 0;
    Periodic { clients: 2, period_ms: MINUTE, right, is_monitor: true, ..apps(world, from_ms, end_ms, account) }
}

/// A thousand apps, which renew their tokens each hour.
pub fn token_refresh(world: &World, from_ms: u64, end_ms: u64) -> Periodic<'_> {
    let account = Box::new(|client| mix(world.seed ^ 9, client) % world.accounts);
    apps(world, from_ms, end_ms, account)
}

/// Apps with a stale credential, which try again each minute.
pub fn stale_tokens<'w>(
    world: &'w World,
    campaign: &'static str,
    clients: u64,
    from_ms: u64,
    end_ms: u64,
) -> Periodic<'w> {
    let account = Box::new(move |client| crate::random::permuted(client, world.accounts, world.seed ^ 10));
    let stale = Periodic { clients, period_ms: MINUTE, right: |_| false, ..apps(world, from_ms, end_ms, account) };
    Periodic { campaign: Some(campaign), ..stale }
}

fn apps<'w>(world: &'w World, from_ms: u64, end_ms: u64, account: Box<dyn Fn(u64) -> u64 + 'w>) -> Periodic<'w> {
    Periodic {
        world,
        random: world.random("machines"),
        campaign: None,
        account,
        clients: 1000,
        period_ms: HOUR,
        from_ms,
        end_ms,
        sent: 0,
        right: |_| true,
        is_monitor: false,
    }
}

impl Source for Periodic<'_> {
    fn next(&mut self) -> Option<Event> {
        let (round, client) = (self.sent / self.clients, self.sent % self.clients);
        self.sent += 1;
        let gap = self.period_ms as f64 / self.clients as f64;
        let phase = (client as f64 + self.random.unit()) * gap;
        let jitter = if self.is_monitor { client * 20 * SECOND } else { phase as u64 };
        let at_ms = self.from_ms + round * self.period_ms + jitter;
        if at_ms >= self.end_ms {
            return None;
        }
        let (world, account) = (self.world, (self.account)(client));
        let ip = if self.is_monitor { v4(0x2D4F_0001 + client as u32 * 256) } else { world.home_ip(account) };
        let what = What::Login { right: (self.right)(client) };
        let label = Label::honest(account, self.campaign);
        let event = Event::new(at_ms, what, Login::Account(account), ip, world.client(account), label);
        Some(Event { device: (!self.is_monitor).then(|| world.device(account)), ..event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY, EPOCH};

    #[test]
    fn machines_keep_their_period() {
        let world = World::new(1, 10_000, 4000);
        let count = |mut source: Periodic<'_>| {
            let all: Vec<_> = std::iter::from_fn(|| source.next()).collect();
            assert!(all.windows(2).all(|two| two[0].at_ms <= two[1].at_ms));
            all.len()
        };
        assert_eq!(count(monitors(&world, EPOCH, EPOCH + DAY)), 2880);
        assert_eq!(count(token_refresh(&world, EPOCH, EPOCH + DAY)), 24_000);
        assert_eq!(count(stale_tokens(&world, "B2", 5000, EPOCH, EPOCH + 2 * HOUR)), 600_000);
    }
}
