//! The detector's formulas on counts: windows of five minutes and the CUSUM, evaluated once in five minutes.

use super::counts::Counts;
use bartizan::internals::takeover::config::Documents;
use bartizan::internals::takeover::config::rule::Rule;
use bartizan::internals::takeover::rules::deviation::Deviation;
use bartizan::internals::takeover::series::expected::{Controls, Expected, Now, Tuning, expected};
use bartizan::internals::takeover::series::history::{Flags, History};
use bartizan::internals::takeover::series::live::Window;
use bartizan::internals::takeover::series::statistic::Cusum;
use bartizan::internals::takeover::series::{BUCKET_S, Name, Topic};
use std::collections::VecDeque;
use std::sync::Arc;

/// The buckets of an hour, and of the half hour after which a signal closes.
const HOUR: usize = 12;
const QUIET: u32 = 6;
/// When a series is usual again.
const USUAL: (f64, f64) = (2.0, 6.0);
/// The ceiling of the CUSUM, as in the detector.
const CEILING: f64 = 13.0;
/// The first bucket: a Monday, as the service's weeks begin on one.
const FIRST: u32 = (crate::time::EPOCH / 1000) as u32 / BUCKET_S;

/// Watches one series.
#[derive(Clone)]
pub struct Watch {
    rule: Arc<Rule>,
    history: History,
    controls: Controls,
    cusum: Cusum,
    /// The latest hour.
    recent: VecDeque<Counts>,
    bucket: u32,
    /// Since how many buckets the series has been usual, while a signal is open.
    open: Option<u32>,
}

impl Watch {
    /// A service without history.
    pub fn new() -> Self {
        let rules = Documents::default().merge().0.rules;
        let rule = rules.into_iter().find(|rule| rule.id == "ato-distributed-attempts").expect("a built-in rule");
        let mut history = History::default();
        history.begin(FIRST);
        let (controls, cusum, recent) = (Controls::default(), Cusum::default(), VecDeque::new());
        Watch { rule: Arc::new(rule), history, controls, cusum, recent, bucket: FIRST, open: None }
    }

    /// Takes a bucket; returns whether a signal opened.
    pub fn take(&mut self, counts: Counts) -> bool {
        self.recent.push_front(counts);
        self.recent.truncate(HOUR);
        if self.bucket.is_multiple_of(HOUR as u32) {
            self.controls = Controls::of(&self.history);
        }
        let quick = self.measure(1);
        self.cusum.add(quick.map_or(0.0, |quick| quick.z()), CEILING);
        let opened = quick.is_some_and(|quick| self.evaluate(quick));
        let mut row = [0; Name::ALL.len()];
        row[Name::Failures as usize] = counts.unfamiliar + counts.familiar;
        row[Name::Unfamiliar as usize] = counts.unfamiliar;
        row[Name::Familiar as usize] = counts.familiar;
        row[Name::Successes as usize] = counts.successes;
        row[Name::Users as usize] = counts.people;
        self.history.push(self.bucket, row, Flags::default());
        if self.open.is_some() {
            self.history.mark(self.bucket, self.bucket + 1, Flags::of_anomaly(Topic::Logins));
        }
        self.bucket += 1;
        opened
    }

    fn evaluate(&mut self, quick: Deviation) -> bool {
        let tuning = Tuning::default();
        if let Some(usual) = &mut self.open {
            let is_usual = quick.z() < USUAL.0 && self.cusum.get() < USUAL.1;
            *usual = if is_usual { *usual + 1 } else { 0 };
            if *usual >= QUIET {
                self.open = None;
            }
            return false;
        }
        let slow = self.measure(HOUR).map(|slow| Deviation { cusum: self.cusum.get(), ..slow });
        let opens = |deviation: Deviation| deviation.judge(&self.rule, &tuning).is_some();
        if opens(quick) || slow.is_some_and(opens) {
            self.open = Some(0);
            return true;
        }
        false
    }

    /// What happened in the latest buckets, and what was to be expected.
    fn measure(&self, buckets: usize) -> Option<Deviation> {
        let whole = self.measure_at(0, buckets)?;
        if buckets == 1 || !whole.expected.is_limited() {
            let expected = whole.expected.by_people(whole.window.count, whole.window.users);
            return Some(Deviation { expected, ..whole });
        }
        let parts = (0..buckets).filter_map(|ago| Some(self.measure_at(ago, 1)?.expected));
        let expected = whole.expected.raised_by(parts).by_people(whole.window.count, whole.window.users);
        Some(Deviation { expected, ..whole })
    }

    /// What happened in so many buckets that ended some buckets ago.
    fn measure_at(&self, ago: usize, buckets: usize) -> Option<Deviation> {
        let sum = |of: fn(&Counts) -> u32| self.recent.iter().skip(ago).take(buckets).map(of).sum::<u32>();
        let people = u64::from(sum(|counts| counts.people));
        let window = Window {
            count: sum(|counts| counts.unfamiliar),
            refused: 0,
            users: people,
            sources: people,
            largest: 1,
            ..Window::default()
        };
        let now = Now {
            end_s: (self.bucket + 1 - ago as u32) * BUCKET_S,
            minutes: 5 * buckets as u32,
            familiar: sum(|counts| counts.familiar),
            successes: sum(|counts| counts.successes),
            memory_is_cold: false,
        };
        let expected: Expected = expected(&self.history, Name::Unfamiliar, now, &self.controls, &Tuning::default())?;
        Some(Deviation { name: Name::Unfamiliar, window, expected, minutes: now.minutes, cusum: 0.0 })
    }
}
