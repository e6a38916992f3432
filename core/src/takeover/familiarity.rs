//! Whether enough is known of accounts to rely on familiarity, and which traits distinguish devices.

use super::state::snapshot::Fields;
use std::collections::{HashMap, VecDeque};

/// The age from which the state is warm, in seconds.
const WARM_AFTER_S: u32 = 7 * 86_400;
/// The share of succeeding accounts that must be known for the state to be warm.
const WARM_SHARE: f64 = 0.5;
/// The share of successes above which a trait is too common to distinguish devices.
const COMMON_SHARE: f64 = 0.01;
/// The maximum number of traits that are counted.
const TRAITS: usize = 4096;

/// How well a service knows its accounts.
#[derive(Clone, Debug, Default)]
pub struct Familiarity {
    /// The time of the first success, in seconds since the Unix epoch.
    since_s: Option<u32>,
    /// Per hour: its number, all successes, and those of known accounts.
    hours: VecDeque<(u32, u32, u32)>,
    traits: HashMap<u64, u32>,
    successes: u32,
    halved_s: u32,
}

impl Familiarity {
    /// Records a success, and whether its account was known.
    pub fn note(&mut self, known: bool, device_trait: Option<u64>, now_s: u32) {
        self.since_s.get_or_insert(now_s);
        let hour = now_s / 3600;
        if self.hours.back().is_none_or(|(at, ..)| *at != hour) {
            self.hours.push_back((hour, 0, 0));
        }
        if let Some((_, all, of_known)) = self.hours.back_mut() {
            *all += 1;
            *of_known += u32::from(known);
        }
        self.expire(hour);
        if now_s.saturating_sub(self.halved_s) >= 86_400 {
            self.halved_s = now_s;
            self.successes /= 2;
            self.traits.retain(|_, count| {
                *count /= 2;
                *count > 0
            });
        }
        self.successes += 1;
        if let Some(device) = device_trait {
            if let Some(count) = self.traits.get_mut(&device) {
                *count += 1;
            } else if self.traits.len() < TRAITS {
                self.traits.insert(device, 1);
            }
        }
    }

    fn expire(&mut self, hour: u32) {
        while self.hours.front().is_some_and(|(at, ..)| hour.saturating_sub(*at) >= 24) {
            self.hours.pop_front();
        }
    }

    /// Writes everything for a snapshot.
    pub fn save(&self, out: &mut Vec<u8>) {
        let Some(since_s) = self.since_s else { return };
        let mut number = |number: u32| out.extend(number.to_le_bytes());
        [since_s, self.successes, self.halved_s, self.hours.len() as u32].into_iter().for_each(&mut number);
        self.hours.iter().for_each(|(hour, all, known)| [*hour, *all, *known].into_iter().for_each(&mut number));
        let mut traits: Vec<_> = self.traits.iter().collect();
        traits.sort_unstable();
        for (device, count) in traits {
            out.extend(device.to_le_bytes());
            out.extend(count.to_le_bytes());
        }
    }

    /// Reads what [`Familiarity::save`] wrote, or only the time of the first success, as earlier versions wrote it.
    pub fn load(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let mut familiarity = Familiarity::default();
        if bytes.is_empty() {
            return Some(familiarity);
        }
        familiarity.since_s = Some(fields.u32().ok()?);
        if bytes.len() == 4 {
            return Some(familiarity);
        }
        (familiarity.successes, familiarity.halved_s) = (fields.u32().ok()?, fields.u32().ok()?);
        for _ in 0..fields.u32().ok()?.min(48) {
            familiarity.hours.push_back((fields.u32().ok()?, fields.u32().ok()?, fields.u32().ok()?));
        }
        while !fields.0.is_empty() && familiarity.traits.len() < TRAITS {
            familiarity.traits.insert(fields.u64().ok()?, fields.u32().ok()?);
        }
        fields.0.is_empty().then_some(familiarity)
    }

    /// Whether to rely on familiarity: the state is a week old and knows half of the accounts that succeeded within a
    /// day.
    pub fn is_warm(&self, now_s: u32) -> bool {
        let hour = now_s / 3600;
        let recent = self.hours.iter().filter(|(at, ..)| hour.saturating_sub(*at) < 24);
        let (all, known) = recent.fold((0, 0), |(all, known), (_, more, of_known)| (all + more, known + of_known));
        self.since_s.is_some_and(|since| now_s.saturating_sub(since) >= WARM_AFTER_S)
            && f64::from(known) >= WARM_SHARE * f64::from(all)
    }

    /// Whether a trait is rare enough to distinguish devices.
    pub fn is_rare(&self, device_trait: u64) -> bool {
        let count = self.traits.get(&device_trait).copied().unwrap_or(0);
        f64::from(count) <= COMMON_SHARE * f64::from(self.successes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_after_a_week_if_half_of_the_accounts_are_known() {
        let week = WARM_AFTER_S;
        let mut familiarity = Familiarity::default();
        assert!(!familiarity.is_warm(week));
        familiarity.note(false, None, 0);
        assert!(!familiarity.is_warm(week - 1) && familiarity.is_warm(week));
        familiarity.note(false, None, week);
        assert!(!familiarity.is_warm(week));
        familiarity.note(true, None, week);
        assert!(familiarity.is_warm(week));
    }

    #[test]
    fn traits_of_more_than_one_in_a_hundred_are_common() {
        let mut familiarity = Familiarity::default();
        for n in 0..1000 {
            familiarity.note(true, Some(n % 90), 0);
        }
        let mut bytes = vec![];
        familiarity.save(&mut bytes);
        let mut read = vec![];
        Familiarity::load(&bytes).unwrap().save(&mut read);
        assert_eq!(read, bytes);
        // Whole entries may be missing at the end.
        let is_whole = |length: usize| length == 4 || length >= 28 && (length - 28).is_multiple_of(12);
        (1..bytes.len()).for_each(|length| {
            assert_eq!(Familiarity::load(&bytes[..length]).is_some(), is_whole(length), "{length}");
        });
        assert!(familiarity.is_rare(1000) && familiarity.is_rare(5000) && !familiarity.is_rare(5));
    }
}
