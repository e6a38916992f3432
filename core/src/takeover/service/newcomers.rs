//! The accounts that first succeeded within a day. Somebody who is about to attack can make accounts and log in to
//! them, but not yesterday, so they do not protect an address from being blocked.

use crate::takeover::state::Key;
use crate::takeover::state::snapshot::{Fields, NEWER};
use std::collections::{HashMap, VecDeque};

/// The version of this part of snapshots.
const VERSION: u16 = 1;
/// The maximum number of accounts that are remembered as new.
const NEWCOMERS: usize = 65_536;
/// How long an account is new, in seconds.
const NEW_FOR_S: u32 = 86_400;

/// See the [module](self).
#[derive(Default)]
pub(in crate::takeover) struct Newcomers {
    /// The times of their first successes.
    since_s: HashMap<Key, u32>,
    /// The same in order.
    order: VecDeque<(u32, Key)>,
}

impl Newcomers {
    /// Notes the first success of an account. If there are too many, the oldest is no longer new.
    pub fn note(&mut self, account: Key, now_s: u32) {
        if self.since_s.insert(account, now_s).is_none() {
            self.order.push_back((now_s, account));
        }
        while self.order.front().is_some_and(|(at, _)| self.order.len() > NEWCOMERS || !is_new(*at, now_s)) {
            if let Some((_, account)) = self.order.pop_front() {
                self.since_s.remove(&account);
            }
        }
    }

    /// Writes the accounts for a snapshot: the version of this format, and of each account its time and its hash.
    pub fn save(&self, out: &mut Vec<u8>) {
        out.extend(VERSION.to_le_bytes());
        for (since_s, account) in &self.order {
            out.extend(since_s.to_le_bytes());
            out.extend(account.get().to_le_bytes());
        }
    }

    /// Reads what [`Newcomers::save`] wrote. Snapshots of earlier versions have no such part.
    pub fn load(bytes: &[u8]) -> Result<Self, &'static str> {
        let (mut newcomers, mut fields) = (Newcomers::default(), Fields(bytes));
        if bytes.is_empty() {
            return Ok(newcomers);
        }
        if fields.u16()? != VERSION {
            return Err(NEWER);
        }
        while !fields.0.is_empty() && newcomers.order.len() < NEWCOMERS {
            let (since_s, account) = (fields.u32()?, Key::new(fields.u64()?));
            if newcomers.since_s.insert(account, since_s).is_none() {
                newcomers.order.push_back((since_s, account));
            }
        }
        Ok(newcomers)
    }

    /// Whether an account is new.
    pub fn contains(&self, account: Key, now_s: u32) -> bool {
        self.since_s.get(&account).is_some_and(|since_s| is_new(*since_s, now_s))
    }
}

fn is_new(since_s: u32, now_s: u32) -> bool {
    now_s.saturating_sub(since_s) < NEW_FOR_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_new_for_a_day_across_restarts() {
        let mut newcomers = Newcomers::default();
        newcomers.note(Key::new(7), 1000);
        newcomers.note(Key::new(8), 80_000);
        let mut bytes = vec![];
        newcomers.save(&mut bytes);
        let restored = Newcomers::load(&bytes).unwrap();
        let are_new = |now_s| [7, 8].map(|account| restored.contains(Key::new(account), now_s));
        assert_eq!((are_new(87_399), are_new(87_400)), ([true, true], [false, true]));
        assert!(Newcomers::load(&[]).is_ok());
        assert!((1..bytes.len()).all(|length| Newcomers::load(&bytes[..length]).is_err() || (length - 2) % 12 == 0));
        bytes[0] += 1;
        assert_eq!(Newcomers::load(&bytes).err(), Some(NEWER));
    }
}
