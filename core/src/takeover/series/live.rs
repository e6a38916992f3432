//! The last 90 minutes of the series, in buckets of one minute.

use super::name::{BUCKET_S, Name};
use crate::support::NumberMap;
use crate::takeover::signal::distinct::Distinct;
use std::collections::VecDeque;

/// The number of minutes that are kept.
const MINUTES: u32 = 90;
/// The number of registers of the counters of accounts and sources: a standard error of 1.6 %.
const REGISTERS: usize = 4096;
/// The number of sources whose counts are tracked in a minute.
const SOURCES: usize = 32;
/// The number of events of a source that count in a window of events by many sources.
const PER_SOURCE: u32 = 10;
/// The number of cells that count the events of accounts, a power of two.
const SHARES: usize = 1 << 16;
/// The number of familiar failures, and of successes, of an account that count in five minutes.
const SHARE: u8 = 3;

/// The minutes, oldest first. Minutes without events have no bucket.
#[derive(Clone, Debug, Default)]
pub struct Live {
    minutes: VecDeque<Minute>,
    /// The familiar failures of accounts, and their successes.
    familiar: Shares,
    successes: Shares,
}

/// How many events accounts had in these five minutes, by hash.
#[derive(Clone, Debug, Default)]
struct Shares {
    counts: Vec<u8>,
    of: u32,
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
    /// The most frequent sources (Metwally et al., "Space-Saving").
    frequent: Vec<Frequent>,
}

#[derive(Clone, Copy, Debug)]
struct Frequent {
    source: u64,
    /// The number of events, which is never too low.
    count: u32,
    /// By how much it may be too high.
    error: u32,
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
    /// The events of the sources with more than ten, beyond these ten; never too many.
    pub loud: u32,
    /// The events that [`Window::of_many`] left out.
    pub left_out: u32,
    /// An upper bound of the events of the most frequent source.
    pub largest: u32,
}

impl Window {
    /// The same with at most ten events a source. So neither does a loud source look like many, nor do many hide behind
    /// a loud one.
    #[must_use]
    pub fn of_many(self) -> Self {
        let most = u64::from(PER_SOURCE) * self.sources;
        let count = self.count.saturating_sub(self.loud).min(most.try_into().unwrap_or(u32::MAX));
        Window { count, left_out: self.count - count, ..self }
    }
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

    /// Takes a failure out of the unfamiliar ones, of which a signal turned out to be the explanation.
    pub fn explain(&mut self, at_s: u32, source: Option<u64>) {
        let Some(minute) = self.minutes.iter_mut().find(|minute| minute.minute == at_s / 60) else { return };
        for name in [Name::Unfamiliar, Name::Failures] {
            minute.counts[name as usize] = minute.counts[name as usize].saturating_sub(1);
        }
        let who = minute.who.iter_mut().find(|(name, _)| *name == Name::Unfamiliar);
        let frequent = who.and_then(|(_, who)| who.frequent.iter_mut().find(|known| Some(known.source) == source));
        if let Some(known) = frequent {
            known.count = known.count.saturating_sub(1);
        }
    }

    /// Whether another familiar failure of an account still counts in these five minutes.
    pub fn is_within_share(&mut self, user: u64, at_s: u32) -> bool {
        self.familiar.take(user, at_s)
    }

    /// Whether another success of an account still counts in these five minutes. Otherwise a single account could make
    /// up a rush, which would explain an attack, and most of the honest logins that attacks are compared with.
    pub fn is_success_within_share(&mut self, user: u64, at_s: u32) -> bool {
        self.successes.take(user, at_s)
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
        let mut frequent: NumberMap<u64, (u32, u32)> = NumberMap::default();
        for minute in self.within(end_s, minutes) {
            window.count = window.count.saturating_add(minute.counts[name as usize]);
            window.refused = window.refused.saturating_add(minute.refused);
            if let Some((_, who)) = minute.who.iter().find(|(known, _)| *known == name) {
                users.merge(&who.users);
                sources.merge(&who.sources);
                for known in &who.frequent {
                    let (upper, lower) = frequent.entry(known.source).or_default();
                    *upper = upper.saturating_add(known.count);
                    *lower = lower.saturating_add(known.count.saturating_sub(known.error));
                }
            }
        }
        window.users = users.count().min(window.count.into());
        window.sources = sources.count().min(window.count.into());
        for (upper, lower) in frequent.into_values() {
            let loud = lower.saturating_sub(PER_SOURCE);
            window.loud = window.loud.saturating_add(loud);
            window.largest = window.largest.max(upper);
        }
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
        (self.familiar, self.successes) = Default::default();
    }
}

impl Shares {
    /// Whether another event of an account counts.
    fn take(&mut self, user: u64, at_s: u32) -> bool {
        // Late events count in the later five minutes.
        let of = at_s / BUCKET_S;
        if of > self.of || self.counts.is_empty() {
            self.of = of;
            self.counts.clear();
            self.counts.resize(SHARES, 0);
        }
        let share = &mut self.counts[(user >> 32) as usize % SHARES];
        *share += u8::from(*share <= SHARE);
        *share <= SHARE
    }
}

impl Who {
    fn note_frequent(&mut self, source: u64) {
        if let Some(known) = self.frequent.iter_mut().find(|known| known.source == source) {
            known.count = known.count.saturating_add(1);
        } else if self.frequent.len() < SOURCES {
            self.frequent.push(Frequent { source, count: 1, error: 0 });
        } else if let Some(least) = self.frequent.iter_mut().min_by_key(|known| known.count) {
            *least = Frequent { source, count: least.count.saturating_add(1), error: least.count };
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
        live.seen(Name::Unfamiliar, Some(1), Some(7), 60);
        (60..80).for_each(|at_s| live.explain(at_s, Some(7)));
        assert_eq!(live.sum(Name::Unfamiliar, 900, 15), 280);
        assert_eq!((live.sum(Name::Failures, 120, 1), live.sum(Name::Failures, 900, 13)), (0, 260));
        (0..1000).for_each(|_| live.explain(899, None));
        assert_eq!((live.sum(Name::Unfamiliar, 900, 1), live.sum(Name::Unfamiliar, 900, 15)), (0, 260));
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
        assert_eq!((window.count, window.loud), (300, 90), "{window:?}");
        assert!((100..=110).contains(&window.largest), "{window:?}");
        assert_eq!(window.of_many().count, 210);
    }

    #[test]
    fn many_sources_are_seen_beside_loud_ones() {
        let mut live = Live::default();
        let mut add = |source: u64| {
            let source = source.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            live.add(Name::Unfamiliar, 5);
            live.seen(Name::Unfamiliar, Some(source), Some(source), 5);
        };
        (1000..1200).for_each(&mut add);
        (0..50_000).for_each(|n| add(n % 3 + 1));
        let window = live.window(Name::Unfamiliar, 60, 1).of_many();
        assert!((200..300).contains(&window.count), "{window:?}");
    }

    #[test]
    fn single_use_sources_are_not_loud() {
        let mut live = Live::default();
        for n in 0..50_000u64 {
            live.add(Name::Unfamiliar, 5);
            let source = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            live.seen(Name::Unfamiliar, Some(source), Some(source), 5);
        }
        assert_eq!(live.window(Name::Unfamiliar, 60, 1).of_many().count, 50_000);
    }
}
