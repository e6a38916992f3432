//! The last 90 minutes of the series, in buckets of one minute.

use super::name::{BUCKET_S, Name};
use crate::takeover::signal::distinct::Distinct;
use std::collections::VecDeque;

/// The number of minutes that are kept.
const MINUTES: u32 = 90;
/// The number of registers of the counters of accounts and sources: a standard error of 1.6 %.
const REGISTERS: usize = 4096;
/// The number of sources whose counts are tracked in a minute.
const SOURCES: usize = 32;
/// The number of cells that count the familiar failures of accounts, a power of two.
const SHARES: usize = 1 << 16;
/// The number of familiar failures of an account that count in five minutes.
const SHARE: u8 = 3;

/// The minutes, oldest first. Minutes without events have no bucket.
#[derive(Clone, Debug, Default)]
pub struct Live {
    minutes: VecDeque<Minute>,
    /// How many familiar failures accounts had in these five minutes, by hash.
    shares: Vec<u8>,
    shares_of: u32,
}

#[derive(Clone, Debug, Default)]
struct Minute {
    minute: u32,
    counts: [u32; Name::ALL.len()],
    refused: u32,
    /// Who did it, of the series that are watched by accounts and sources.
    who: Vec<(Name, Who)>,
}

#[derive(Clone, Debug, Default)]
struct Who {
    users: Distinct<REGISTERS>,
    sources: Distinct<REGISTERS>,
    /// The most frequent sources (Metwally et al., "Space-Saving"), with counts that are never too low.
    frequent: Vec<(u64, u32)>,
}

/// What happened in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// The number of events.
    pub count: u32,
    /// The number of refused attempts.
    pub refused: u32,
    /// The number of distinct accounts.
    pub users: u64,
    /// The number of distinct sources.
    pub sources: u64,
    /// An upper bound of the events of the most frequent source.
    pub largest: u32,
}

impl Live {
    /// Adds an event to a series.
    pub fn add(&mut self, name: Name, at_s: u32) {
        if let Some(minute) = self.minute(at_s) {
            minute.counts[name as usize] = minute.counts[name as usize].saturating_add(1);
        }
    }

    /// Counts a refused attempt.
    pub fn refuse(&mut self, at_s: u32) {
        if let Some(minute) = self.minute(at_s) {
            minute.refused = minute.refused.saturating_add(1);
        }
    }

    /// Counts the account and the source of an event.
    pub fn seen(&mut self, name: Name, user: Option<u64>, source: Option<u64>, at_s: u32) {
        let Some(minute) = self.minute(at_s) else { return };
        let at = minute.who.iter().position(|(known, _)| *known == name);
        let at = at.unwrap_or_else(|| {
            minute.who.push((name, Who::default()));
            minute.who.len() - 1
        });
        let who = &mut minute.who[at].1;
        user.into_iter().for_each(|user| who.users.insert(user));
        if let Some(source) = source {
            who.sources.insert(source);
            who.note_frequent(source);
        }
    }

    /// Takes events out of the unfamiliar failures, of which a signal turned out to be the explanation: `counts` per
    /// `sub_s` seconds, the newest first, the last of them ending at `end_s`. Their source is no longer one of those that
    /// the others could be from.
    pub fn explain(&mut self, counts: &[u16], sub_s: u32, end_s: u32, source: Option<u64>) {
        let who = self.minutes.iter_mut().flat_map(|minute| &mut minute.who);
        for (_, who) in who.filter(|(name, _)| *name == Name::Unfamiliar) {
            who.frequent.retain(|(known, _)| Some(*known) != source);
        }
        let newest = end_s / sub_s.max(1);
        for (age, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let start_s = newest.saturating_sub(age as u32) * sub_s;
            let mut left = u32::from(*count);
            for at_s in [0, sub_s / 2, sub_s.saturating_sub(1)].map(|offset_s| start_s.saturating_add(offset_s)) {
                let Some(minute) = self.minutes.iter_mut().find(|minute| minute.minute == at_s / 60) else { continue };
                let taken = left.min(minute.counts[Name::Unfamiliar as usize]);
                left -= taken;
                for name in [Name::Unfamiliar, Name::Failures] {
                    minute.counts[name as usize] = minute.counts[name as usize].saturating_sub(taken);
                }
            }
        }
    }

    /// Whether another familiar failure of an account still counts in these five minutes.
    pub fn is_within_share(&mut self, user: u64, at_s: u32) -> bool {
        let of = at_s / BUCKET_S;
        if self.shares_of != of {
            self.shares_of = of;
            self.shares.clear();
        }
        if self.shares.is_empty() {
            self.shares = vec![0; SHARES];
        }
        let share = &mut self.shares[(user >> 32) as usize % SHARES];
        *share += u8::from(*share <= SHARE);
        *share <= SHARE
    }

    /// Whether there was any event in the last hour.
    pub fn is_moving(&self, now_s: u32) -> bool {
        self.minutes.back().is_some_and(|minute| now_s / 60 <= minute.minute + 60)
    }

    /// The start of the first minute, in seconds.
    pub fn first_s(&self) -> Option<u32> {
        self.minutes.front().map(|minute| minute.minute * 60)
    }

    /// Returns the number of events of a series in the `minutes` before `end_s`.
    pub fn sum(&self, name: Name, end_s: u32, minutes: u32) -> u32 {
        self.within(end_s, minutes).map(|minute| minute.counts[name as usize]).fold(0, u32::saturating_add)
    }

    /// Returns what happened in the `minutes` before `end_s`.
    pub fn window(&self, name: Name, end_s: u32, minutes: u32) -> Window {
        let mut window = Window::default();
        let (mut users, mut sources) = (Distinct::default(), Distinct::default());
        let mut frequent: Vec<(u64, u32)> = vec![];
        for minute in self.within(end_s, minutes) {
            window.count = window.count.saturating_add(minute.counts[name as usize]);
            window.refused = window.refused.saturating_add(minute.refused);
            if let Some((_, who)) = minute.who.iter().find(|(known, _)| *known == name) {
                users.merge(&who.users);
                sources.merge(&who.sources);
                for (source, count) in &who.frequent {
                    match frequent.iter_mut().find(|(known, _)| known == source) {
                        Some((_, sum)) => *sum += count,
                        None => frequent.push((*source, *count)),
                    }
                }
            }
        }
        window.users = users.count().min(window.count.into());
        window.sources = sources.count().min(window.count.into());
        window.largest = frequent.iter().map(|(_, count)| *count).max().unwrap_or(0);
        window
    }

    fn within(&self, end_s: u32, minutes: u32) -> impl Iterator<Item = &Minute> {
        let end = end_s / 60;
        self.minutes
            .iter()
            .rev()
            .skip_while(move |minute| minute.minute >= end)
            .take_while(move |minute| minute.minute + minutes >= end)
    }

    /// The bucket of a time, unless it is too old.
    fn minute(&mut self, at_s: u32) -> Option<&mut Minute> {
        let number = at_s / 60;
        let newest = self.minutes.back().map_or(0, |minute| minute.minute).max(number);
        while self.minutes.front().is_some_and(|minute| minute.minute + MINUTES <= newest) {
            self.minutes.pop_front();
        }
        if number + MINUTES <= newest {
            return None;
        }
        let at = self.minutes.partition_point(|minute| minute.minute < number);
        if self.minutes.get(at).is_none_or(|minute| minute.minute != number) {
            self.minutes.insert(at, Minute { minute: number, ..Minute::default() });
        }
        self.minutes.get_mut(at)
    }

    /// Shifts all times after the clock was set back.
    pub fn rebase(&mut self, by_s: i64) {
        let by = by_s / 60;
        for minute in &mut self.minutes {
            minute.minute = (i64::from(minute.minute) + by).max(0) as u32;
        }
    }
}

impl Who {
    fn note_frequent(&mut self, source: u64) {
        if let Some((_, count)) = self.frequent.iter_mut().find(|(known, _)| *known == source) {
            *count += 1;
        } else if self.frequent.len() < SOURCES {
            self.frequent.push((source, 1));
        } else if let Some(least) = self.frequent.iter_mut().min_by_key(|(_, count)| *count) {
            *least = (source, least.1 + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_hold_the_minutes_before_their_end() {
        let mut live = Live::default();
        for at_s in [0, 59, 60, 119, 120] {
            live.add(Name::Unfamiliar, at_s);
            live.seen(Name::Unfamiliar, Some(at_s.into()), Some(7), at_s);
        }
        let counts = |minutes| {
            let window = live.window(Name::Unfamiliar, 120, minutes);
            (window.count, window.users, window.sources, window.largest)
        };
        assert_eq!((counts(1), counts(2), counts(5)), ((2, 2, 1, 2), (4, 4, 1, 4), (4, 4, 1, 4)));
        assert_eq!(live.sum(Name::Unfamiliar, 180, 1), 1);
    }

    #[test]
    fn late_events_count_in_their_minute_and_old_ones_not_at_all() {
        let mut live = Live::default();
        live.add(Name::Resets, 6000);
        live.add(Name::Resets, 6000 - 89 * 60);
        live.add(Name::Resets, 6000 - 90 * 60);
        assert_eq!((live.sum(Name::Resets, 6060, 90), live.minutes.len()), (2, 2));
    }

    #[test]
    fn what_a_signal_explains_leaves_the_minutes_it_came_from() {
        let mut live = Live::default();
        for at_s in (0..900).step_by(3) {
            live.add(Name::Unfamiliar, at_s);
            live.add(Name::Failures, at_s);
        }
        // A group with ten failures in each of the last two sub-buckets of 75 seconds.
        live.explain(&[10, 10, 0], 75, 899, None);
        assert_eq!(live.sum(Name::Unfamiliar, 900, 15), 280);
        assert_eq!((live.sum(Name::Failures, 900, 3), live.sum(Name::Failures, 720, 12)), (40, 240));
        live.explain(&[u16::MAX; 13], 75, 899, None);
        assert_eq!(live.sum(Name::Unfamiliar, 900, 15), 0);
    }

    #[test]
    fn an_account_has_three_familiar_failures_in_five_minutes() {
        let mut live = Live::default();
        let counted =
            |live: &mut Live, user: u64, at_s| (0..9).filter(|_| live.is_within_share(user << 32, at_s)).count();
        assert_eq!((counted(&mut live, 1, 10), counted(&mut live, 2, 20), counted(&mut live, 1, 299)), (3, 3, 0));
        assert_eq!(counted(&mut live, 1, 300), 3);
    }

    #[test]
    fn the_most_frequent_source_is_found_among_many() {
        let mut live = Live::default();
        for n in 0..300u64 {
            live.add(Name::Unfamiliar, 5);
            live.seen(Name::Unfamiliar, None, Some(if n % 3 == 0 { 1 } else { n + 10 }), 5);
        }
        let window = live.window(Name::Unfamiliar, 60, 1);
        assert!((100..=110).contains(&window.largest), "{window:?}");
    }
}
