//! Impossible travel: successes of one account in places too far apart for the time between them.

use crate::takeover::state::Key;
use std::collections::HashMap;

/// The maximum number of accounts whose places are stored.
const ACCOUNTS: usize = 65_536;
/// The learning period of an account, in seconds.
const LEARNING_S: u32 = 86_400;
/// The time after which places are forgotten, in seconds.
const FORGOTTEN_S: u32 = 30 * 86_400;
/// The longest time between the two successes, in seconds.
const WITHIN_S: u32 = 86_400;
/// The shortest distance that counts, in kilometres.
const FAR_KM: f64 = 500.0;
/// The speed above which travel is impossible, in kilometres per hour.
const FAST_KMH: f64 = 1000.0;

/// The last place of each account.
#[derive(Clone, Debug, Default)]
pub struct Travel(HashMap<Key, Place>);

#[derive(Clone, Copy, Debug)]
struct Place {
    since_s: u32,
    at_s: u32,
    position: (f64, f64),
}

impl Travel {
    /// Records where an account succeeded; returns whether travel from its previous place was impossible.
    pub fn note(&mut self, account: Key, position: (f64, f64), now_s: u32) -> bool {
        if self.0.len() >= ACCOUNTS && !self.0.contains_key(&account) {
            self.0.retain(|_, place| now_s.saturating_sub(place.at_s) < FORGOTTEN_S);
            if self.0.len() >= ACCOUNTS {
                return false;
            }
        }
        let fresh = Place { since_s: now_s, at_s: now_s, position };
        let place = self.0.entry(account).or_insert(fresh);
        let elapsed_s = now_s.saturating_sub(place.at_s);
        if elapsed_s >= FORGOTTEN_S {
            *place = fresh;
            return false;
        }
        let distance = kilometres(place.position, position);
        let hours = f64::from(elapsed_s.max(1)) / 3600.0;
        let learned = now_s.saturating_sub(place.since_s) >= LEARNING_S;
        let impossible = elapsed_s <= WITHIN_S && distance > FAR_KM && distance / hours > FAST_KMH;
        (place.at_s, place.position) = (now_s, position);
        learned && impossible
    }

    /// Forgets an account.
    pub fn forget(&mut self, account: Key) {
        self.0.remove(&account);
    }
}

/// The great-circle distance, by the haversine formula.
fn kilometres(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (from, to) = ((from.0.to_radians(), from.1.to_radians()), (to.0.to_radians(), to.1.to_radians()));
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let chord = half(to.0 - from.0) + from.0.cos() * to.0.cos() * half(to.1 - from.1);
    2.0 * 6371.0 * chord.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARIS: (f64, f64) = (48.86, 2.35);
    const NEW_YORK: (f64, f64) = (40.71, -74.01);
    const BRUSSELS: (f64, f64) = (50.85, 4.35);

    #[test]
    fn distances() {
        assert!((kilometres(PARIS, NEW_YORK) - 5837.0).abs() < 10.0);
        assert!((kilometres(PARIS, BRUSSELS) - 264.0).abs() < 5.0);
        assert!(kilometres((0.0, 179.9), (0.0, -179.9)) < 30.0);
    }

    #[test]
    fn too_far_too_fast_after_a_day_of_learning() {
        let (bob, hour, day) = (Key::new(1), 3600, 86_400);
        let mut travel = Travel::default();
        assert!(!travel.note(bob, PARIS, 0));
        assert!(!travel.note(bob, NEW_YORK, hour), "still learning");
        assert!(!travel.note(bob, NEW_YORK, day));
        assert!(travel.note(bob, PARIS, day + hour));
        assert!(!travel.note(bob, NEW_YORK, day + 8 * hour), "a flight of seven hours");
        assert!(!travel.note(bob, PARIS, 3 * day), "more than a day later");
        assert!(!travel.note(bob, BRUSSELS, 3 * day + 60), "near");
        assert!(!travel.note(bob, NEW_YORK, 40 * day), "forgotten");
        assert!(!travel.note(bob, PARIS, 40 * day + 60), "learning again");
    }
}
