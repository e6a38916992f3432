//! Series: how much happens in a service as a whole, now and over four weeks.
//!
//! A botnet that tries every account once, each from another address, exceeds no threshold of an account or an
//! address. What it does change is the number of failures of the service. These numbers also change for harmless
//! reasons, so a series is compared to the same time of day in the previous four weeks, and to what familiar users do
//! at the moment: forced password resets, outages and rushes raise their failures and successes as well, an attack
//! does not.
//!
//! | file | concept |
//! |---|---|
//! | this file | the current minutes and the past of all series together |
//! | [`name`] | the series, and what they are about |
//! | [`live`] | the last 90 minutes |
//! | [`history`] | 28 days in buckets of five minutes |
//! | [`expected`] | the number of events to expect now, from history and familiar users |
//! | [`statistic`] | how unusual a number is: Z, and the CUSUM for slow attacks |
//! | [`resolution`] | how many failing accounts soon succeed, for services that know too little of their accounts |
//!
//! Medians over stored history tolerate attacks in up to half of it, which averages do not, and there is nothing to
//! tune per service.

pub mod expected;
pub mod history;
pub mod live;
pub mod name;
pub mod resolution;
pub mod statistic;

use expected::{Controls, Expected, Now, Tuning};
use history::{Flags, History};
use live::{Live, Window};
pub use name::{BUCKET_S, Name, Topic};
use resolution::Resolution;
use statistic::Cusum;

/// The ceiling of a CUSUM, just above the threshold of the built-in rules.
const CUSUM_CEILING: f64 = 13.0;
/// The minutes of the parts that longer windows are divided into.
const PART: u32 = BUCKET_S / 60;
/// A bucket is closed this long after its end, so that late events still count.
const CLOSED_AFTER_S: u32 = 120;

/// What an event adds to the series.
#[derive(Clone, Copy, Debug, Default)]
pub struct Note {
    /// The hash of the account.
    pub user: Option<u64>,
    /// The hash of the source.
    pub source: Option<u64>,
    /// Whether the origin is familiar to the account, if that can be known.
    pub familiar: Option<bool>,
}

/// The series of a service.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The last 90 minutes.
    pub live: Live,
    /// The previous 28 days.
    pub history: History,
    /// The failing accounts of the last minutes, and whether they have succeeded since.
    pub resolution: Resolution,
    /// The CUSUM of each series that is watched.
    cusums: [Cusum; Name::ALL.len()],
    /// The ratios to familiar users, and the hour of which they are.
    controls: Option<(u32, Controls)>,
    /// The minute that was evaluated last.
    evaluated: u32,
}

impl Series {
    /// Records a failed login that no signal explains.
    pub fn failed(&mut self, note: Note, at_s: u32) {
        self.live.add(Name::Failures, at_s);
        match note.familiar {
            Some(true) => {
                if note.user.is_none_or(|user| self.live.is_within_share(user, at_s)) {
                    self.live.add(Name::Familiar, at_s);
                }
            }
            known => {
                self.live.add(Name::Unfamiliar, at_s);
                self.live.seen(Name::Unfamiliar, note.user, note.source, at_s);
                if known.is_none() {
                    self.resolution.failed(note.user, note.source, at_s);
                }
            }
        }
    }

    /// Records a successful login; returns whether it counts.
    pub fn succeeded(&mut self, note: Note, at_s: u32) -> bool {
        self.resolution.succeeded(note.user, note.source, at_s);
        let counts = note.user.is_none_or(|user| self.live.is_success_within_share(user, at_s));
        if counts {
            self.live.add(Name::Successes, at_s);
        }
        counts
    }

    /// Records a password reset or a failed payment.
    pub fn happened(&mut self, name: Name, note: Note, at_s: u32) {
        self.live.add(name, at_s);
        self.live.seen(name, note.user, note.source, at_s);
    }

    /// Records an attempt that was refused.
    pub fn refused(&mut self, note: Note, at_s: u32) {
        if note.familiar != Some(true) {
            self.live.refuse(at_s);
        }
    }

    /// Whether the last hour has any event, so that time passing can change what the series show.
    pub fn is_moving(&self, now_s: u32) -> bool {
        self.live.is_moving(now_s)
    }

    /// Returns whether a minute has ended since the last call.
    pub fn minute_ended(&mut self, now_s: u32) -> bool {
        let (minute, before) = (now_s / 60, self.evaluated);
        self.evaluated = minute.max(before);
        minute > before
    }

    /// Moves the buckets that are over into the history, and updates the CUSUMs.
    pub fn close(&mut self, now_s: u32, memory_is_cold: bool, tuning: &Tuning) {
        let end = now_s.saturating_sub(CLOSED_AFTER_S) / BUCKET_S;
        let Some(next) = self.history.next() else {
            if let Some(first_s) = self.live.first_s() {
                self.history.begin(first_s / BUCKET_S);
            }
            return;
        };
        for bucket in next.max(end.saturating_sub(history::BUCKETS as u32))..end {
            let end_s = (bucket + 1).saturating_mul(BUCKET_S);
            let counts = Name::ALL.map(|name| match name {
                Name::Failures | Name::Unfamiliar | Name::Users => self.window(name, end_s, 5).count,
                _ => self.live.sum(name, end_s, 5),
            });
            for name in Name::WATCHED {
                let (y, cusum) = (counts[name as usize], self.cusum(name));
                if y > 0 || cusum > 0.0 {
                    let expected = self.expected(name, end_s, 5, memory_is_cold, tuning);
                    let people = if name == Name::Unfamiliar { counts[Name::Users as usize] } else { y };
                    let z = expected.map_or(0.0, |expected| expected.by_people(y, people.into()).z(y.into()));
                    self.cusums[name as usize].add(z, CUSUM_CEILING * tuning.tolerance);
                }
            }
            let flags = Flags { cold: memory_is_cold, ..Flags::default() };
            self.history.push(bucket, counts, flags);
        }
    }

    /// Continues a history after a restart; the time since is a gap.
    pub fn resume(&mut self, history: History, now_s: u32) {
        self.history = history;
        if let Some(next) = self.history.next() {
            self.note_gap(next.saturating_mul(BUCKET_S), now_s);
        }
        self.controls = None;
    }

    /// Marks buckets in which nothing could be counted: they say nothing about what is usual.
    pub fn note_gap(&mut self, from_s: u32, to_s: u32) {
        self.history.gap(from_s / BUCKET_S, to_s / BUCKET_S);
    }

    /// Shifts all times after the clock was set back.
    pub fn rebase(&mut self, by_s: i64) {
        self.live.rebase(by_s);
        self.history.rebase(by_s);
        self.evaluated = 0;
    }

    /// Returns the CUSUM of a series.
    pub fn cusum(&self, name: Name) -> f64 {
        self.cusums[name as usize].get()
    }

    /// Returns what happened in the `minutes` before `end_s`. Of failures that may be an attack by many sources, those of
    /// a loud one do not count.
    pub fn window(&self, name: Name, end_s: u32, minutes: u32) -> Window {
        match name {
            Name::Users => {
                let window = self.live.window(Name::Unfamiliar, end_s, minutes);
                let count = (window.users as u32).saturating_sub(window.loud);
                Window { count, left_out: window.users as u32 - count, ..window }
            }
            Name::Failures => {
                let unfamiliar = self.live.window(Name::Unfamiliar, end_s, minutes);
                let unfamiliar = unfamiliar.of_many();
                let failures = self.live.sum(Name::Failures, end_s, minutes);
                Window { count: failures.saturating_sub(unfamiliar.left_out), ..unfamiliar }
            }
            Name::Unfamiliar => self.live.window(name, end_s, minutes).of_many(),
            _ => self.live.window(name, end_s, minutes),
        }
    }

    /// Whether [`Series::window`] counts so many events. What the window leaves out is looked at only if it matters.
    pub fn has_at_least(&self, least: u32, name: Name, end_s: u32, minutes: u32) -> bool {
        let counted = if name == Name::Users { Name::Unfamiliar } else { name };
        self.live.sum(counted, end_s, minutes) >= least && self.window(name, end_s, minutes).count >= least
    }

    /// Returns what to expect of a series in the `minutes` before `end_s`, or `None` while too little is known.
    pub fn expected(
        &mut self,
        name: Name,
        end_s: u32,
        minutes: u32,
        memory_is_cold: bool,
        tuning: &Tuning,
    ) -> Option<Expected> {
        let [familiar, successes] = [Name::Familiar, Name::Successes].map(|name| self.live.sum(name, end_s, minutes));
        let now = Now { end_s, minutes, familiar, successes, memory_is_cold };
        let controls = self.controls(end_s);
        let whole = expected::expected(&self.history, name, now, &controls, tuning)?;
        if now.minutes <= PART || !whole.is_limited() {
            return Some(whole);
        }
        let ends = (0..minutes / PART).map(|part| end_s.saturating_sub(part * PART * 60));
        let parts: Vec<_> = ends.filter_map(|end_s| self.expected(name, end_s, PART, memory_is_cold, tuning)).collect();
        Some(whole.raised_by(parts))
    }

    /// The ratios to familiar users, computed once an hour.
    fn controls(&mut self, end_s: u32) -> Controls {
        let hour = end_s / 3600;
        match &self.controls {
            Some((at, controls)) if *at == hour => *controls,
            _ => {
                let controls = Controls::of(&self.history);
                self.controls = Some((hour, controls));
                controls
            }
        }
    }

    /// Forgets the ratios to familiar users, after the history has changed.
    pub fn renew(&mut self) {
        self.controls = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_of_some_minutes_explains_its_failures_in_the_hour() {
        let mut series = Series::default();
        let days = 28 * history::DAY as u32;
        series.history.begin(0);
        for bucket in 0..days {
            let counts = Name::ALL.map(|name| match name {
                Name::Unfamiliar => 2 + bucket % 3,
                Name::Familiar => 34,
                Name::Successes => 349,
                Name::Failures => 37,
                _ => 0,
            });
            series.history.push(bucket, counts, Flags::default());
        }
        // For twenty minutes of the hour nobody succeeds and everybody tries again and again.
        let (from_s, end_s) = (days * BUCKET_S, days * BUCKET_S + 3600);
        let each_minute = |series: &mut Series, from_s: u32, to_s: u32, counts: [(Name, u32); 3]| {
            for at_s in (from_s..to_s).step_by(60) {
                counts.iter().for_each(|(name, count)| (0..*count).for_each(|_| series.live.add(*name, at_s)));
            }
        };
        let (failures, successes, unfamiliar) = (Name::Familiar, Name::Successes, Name::Unfamiliar);
        each_minute(&mut series, from_s, from_s + 2400, [(failures, 7), (successes, 70), (unfamiliar, 1)]);
        each_minute(&mut series, from_s + 2400, end_s, [(failures, 1000), (successes, 0), (unfamiliar, 88)]);
        let expected = series.expected(unfamiliar, end_s, 60, false, &Tuning::default()).unwrap();
        let y = f64::from(series.live.sum(unfamiliar, end_s, 60));
        assert!(expected.is_limited() && y == 1800.0, "{expected:?}");
        assert!(expected.z(y) < 2.0, "{expected:?}");
        // The same failures while people succeed are an attack.
        each_minute(&mut series, from_s + 2400, end_s, [(failures, 0), (successes, 70), (unfamiliar, 0)]);
        let expected = series.expected(unfamiliar, end_s, 60, false, &Tuning::default()).unwrap();
        assert!(expected.z(y) > 6.0, "{expected:?}");
    }

    #[test]
    fn one_account_makes_up_no_rush() {
        let days = 28 * history::DAY as u32;
        let mut series = Series::default();
        series.history.begin(0);
        for bucket in 0..days {
            let counts = Name::ALL.map(|name| match name {
                Name::Unfamiliar => 3,
                Name::Successes => 349,
                _ => 0,
            });
            series.history.push(bucket, counts, Flags::default());
        }
        let (at_s, end_s) = (days * BUCKET_S, (days + 1) * BUCKET_S);
        let (one, many) = ((0..20_000).map(|_| 1), 2..20_002);
        let counted = |series: &mut Series, users: &mut dyn Iterator<Item = u64>| {
            let note = |user: u64| Note { user: Some(user << 32), familiar: Some(true), ..Note::default() };
            let counted = users.filter(|user| series.succeeded(note(*user), at_s)).count();
            (counted, series.expected(Name::Unfamiliar, end_s, 5, false, &Tuning::default()).unwrap().mu)
        };
        assert_eq!(counted(&mut series, &mut one.into_iter()), (3, 3.0));
        assert_eq!(counted(&mut series, &mut many.into_iter()), (20_000, 80.0), "a rush of many people");
    }

    #[test]
    fn a_loud_source_is_not_what_is_usual() {
        let mut series = Series::default();
        series.close(0, false, &Tuning::default());
        for at_s in 0..BUCKET_S {
            let note = |n: u32| Note { user: None, source: Some(n.into()), familiar: Some(false) };
            (0..100).for_each(|_| series.failed(note(7), at_s));
            series.failed(note(1000 + at_s), at_s);
        }
        (0..3).for_each(|n| series.close(BUCKET_S * 2 + n, false, &Tuning::default()));
        let (count, _) = series.history.get(0, Name::Unfamiliar).expect("a bucket");
        assert!((300..400).contains(&count), "{count}");
    }
}
