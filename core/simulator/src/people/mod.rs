//! Honest people: who they are, where they log in from, and when.
//!
//! | file | concept |
//! |---|---|
//! | this file | accounts, their homes and devices |
//! | `visit` | one person's way through the login form: typing mistakes and retries |
//! | `daily` | the logins of a service over days |
//! | `machines` | monitors and mobile apps |

pub mod daily;
pub mod machines;
pub mod visit;

use crate::client::{Catalogue, Client};
use crate::event::v4;
use crate::random::{Random, mix, permuted, unit};
use std::net::IpAddr;

/// The simulated service and its accounts. Everything about an account follows from its number.
pub struct World {
    /// The seed of everything that is random.
    pub seed: u64,
    /// The number of accounts.
    pub accounts: u64,
    /// The number of logins on a weekday.
    pub logins_per_day: u64,
    /// The texts of clients.
    pub catalogue: Catalogue,
}

/// The kinds of homes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// A residential address, shared by two.
    Residential,
    /// One of 200 addresses of carriers, each shared by many customers.
    Carrier,
    /// One of 20 institutions.
    Institution,
}

const CARRIERS: u64 = 200;
const INSTITUTIONS: u64 = 20;
/// The residential addresses: 24.0.0.0/6.
const RESIDENTIAL: (u32, u64) = (24 << 24, 1 << 26);
/// Where people are when they are not at home: 60.0.0.0/7.
const ELSEWHERE: (u32, u64) = (60 << 24, 1 << 25);
/// Addresses of hosting and of residential proxies: 80.0.0.0/4.
const RENTED: (u32, u64) = (80 << 24, 1 << 28);

impl World {
    /// A service.
    pub fn new(seed: u64, accounts: u64, logins_per_day: u64) -> Self {
        World { seed, accounts, logins_per_day, catalogue: Catalogue::new() }
    }

    /// Random numbers for a purpose.
    pub fn random(&self, purpose: &str) -> Random {
        Random::new(self.seed, purpose)
    }

    /// Two neighbouring accounts share a household.
    fn household(account: u64) -> u64 {
        account / 2
    }

    /// The kind of an account's home.
    pub fn home(&self, account: u64) -> Home {
        match unit(mix(self.seed ^ 1, Self::household(account))) {
            share if share < 0.80 => Home::Residential,
            share if share < 0.93 => Home::Carrier,
            _ => Home::Institution,
        }
    }

    /// The address of an account's home.
    pub fn home_ip(&self, account: u64) -> IpAddr {
        let one_of = |many| mix(self.seed ^ 2, account) % many;
        match self.home(account) {
            Home::Residential => {
                let place = permuted(Self::household(account), RESIDENTIAL.1, self.seed);
                v4(RESIDENTIAL.0 + place as u32)
            }
            Home::Carrier => {
                let number = one_of(CARRIERS) as u32;
                v4(0x2E0A_0000 + number / 8 * 256 + number % 8 + 1)
            }
            Home::Institution => v4(0x8208_0001 + ((one_of(INSTITUTIONS) as u32) << 16)),
        }
    }

    /// The client on an account's usual device.
    pub fn client(&self, account: u64) -> Client {
        self.catalogue.honest(mix(self.seed ^ 3, account))
    }

    /// The number in the cookie on an account's usual device.
    pub fn device(&self, account: u64) -> u64 {
        mix(self.seed ^ 4, account)
    }

    /// An address that is not a home.
    pub fn elsewhere(&self, random: &mut Random) -> IpAddr {
        v4(ELSEWHERE.0 + random.below(ELSEWHERE.1) as u32)
    }

    /// The n-th address of a botnet. Half of them are infected homes, the others rented.
    pub fn bot(&self, botnet: u64, number: u64) -> IpAddr {
        let (first, many) = if number.is_multiple_of(2) { RESIDENTIAL } else { RENTED };
        v4(first + permuted(number / 2, many, self.seed ^ botnet) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn homes_are_shared_as_told() {
        let world = World::new(7, 200_000, 40_000);
        let mut kinds: HashMap<&str, HashMap<IpAddr, u32>> = HashMap::new();
        for account in 0..world.accounts {
            let kind = match world.home(account) {
                Home::Residential => "residential",
                Home::Carrier => "carrier",
                Home::Institution => "institution",
            };
            *kinds.entry(kind).or_default().entry(world.home_ip(account)).or_default() += 1;
        }
        let share = |kind| f64::from(kinds[kind].values().sum::<u32>()) / 200_000.0;
        assert!((share("residential") - 0.80).abs() < 0.01 && (share("carrier") - 0.13).abs() < 0.01);
        assert_eq!((kinds["carrier"].len(), kinds["institution"].len()), (200, 20));
        assert!(kinds["residential"].values().all(|users| *users == 2));
    }

    #[test]
    fn bots_have_an_address_each() {
        let world = World::new(7, 1000, 1000);
        let mut all: Vec<_> = (0..10_000).map(|number| world.bot(1, number)).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 10_000);
    }
}
