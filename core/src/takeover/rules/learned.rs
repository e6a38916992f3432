//! Learned rates: how many events sources of a service usually cause in five minutes.
//!
//! A histogram per event and name counts how much single sources did in single windows. It is halved once a day, so
//! that old behavior fades. Events of an open signal are not learned.
//!
//! Whoever stays just below the threshold teaches a higher one, three times as high at most. So the threshold is learned
//! once a day only, and never becomes more than a hundred times the initial one.

use std::collections::hash_map::IntoIter;
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

/// The number of buckets: one for each count up to 16, then in steps of 25 % up to 65,535.
const BUCKETS: usize = 56;
/// The maximum number of names that are learned; others keep the initial threshold.
const NAMES: usize = 1024;
/// The maximum number of sources in the current window, over all names.
const SOURCES: usize = 65_536;
/// The number of observations from which a rate counts as learned.
const ENOUGH_WINDOWS: f32 = 1000.0;
/// The time from which a rate counts as learned, in seconds.
const ENOUGH_S: u32 = 86_400;
/// The smallest threshold.
const LEAST: u32 = 10;
/// The largest threshold, as a multiple of the initial one.
const MOST: u32 = 100;
/// The length of a window, in seconds.
const WINDOW_S: u32 = 300;

/// The learned rates of a service.
#[derive(Debug, Default)]
pub struct LearnedRates {
    names: BTreeMap<u64, Histogram>,
    /// The counts of the current window, by name and source.
    current: Counts,
    /// What is still to be learned of the window before.
    closing: Option<IntoIter<(u64, u64), u32>>,
    window: u32,
}

/// Counts by name and source.
type Counts = HashMap<(u64, u64), u32>;

#[derive(Clone, Debug, PartialEq)]
struct Histogram {
    since_s: u32,
    halved_s: u32,
    counts: [f32; BUCKETS],
    /// The threshold of the day, once it was needed.
    threshold: Option<u32>,
}

/// Returns the bucket of a count.
fn bucket(count: u32) -> usize {
    let mut at = count.min(16) as usize;
    let mut bound = 16.0;
    while f64::from(count) > bound && at < BUCKETS - 1 {
        bound *= 1.25;
        at += 1;
    }
    at
}

/// Returns the largest count of a bucket.
fn bound(bucket: usize) -> f64 {
    if bucket <= 16 { bucket as f64 } else { 16.0 * 1.25f64.powi(bucket as i32 - 16) }
}

impl LearnedRates {
    /// Counts an event of a source under a name.
    pub fn note(&mut self, name: u64, source: u64, now_s: u32) {
        self.close(now_s);
        if !self.names.contains_key(&name) {
            if self.names.len() >= NAMES {
                return;
            }
            self.names
                .insert(name, Histogram { since_s: now_s, halved_s: now_s, counts: [0.0; BUCKETS], threshold: None });
        }
        if let Some(count) = self.current.get_mut(&(name, source)) {
            *count += 1;
        } else if self.current.len() < SOURCES {
            self.current.insert((name, source), 1);
        }
    }

    /// Excludes the current window of a source from learning.
    pub fn discard(&mut self, name: u64, source: u64) {
        self.current.remove(&(name, source));
    }

    /// Whether the current window has something to be learned.
    pub fn is_counting(&self) -> bool {
        !self.current.is_empty() || self.closing.is_some()
    }

    /// Closes the current window if it is over, and learns from it until the slice ends. Returns whether everything is
    /// learned.
    pub fn roll(&mut self, now_s: u32, end: Option<Instant>) -> bool {
        self.close(now_s);
        self.learn(end)
    }

    fn close(&mut self, now_s: u32) {
        let window = now_s / WINDOW_S;
        if window <= self.window {
            return;
        }
        self.window = window;
        self.learn(None);
        self.closing = Some(std::mem::take(&mut self.current).into_iter());
        for histogram in self.names.values_mut() {
            let days = now_s.saturating_sub(histogram.halved_s) / ENOUGH_S;
            if days > 0 {
                histogram.halved_s += days * ENOUGH_S;
                let share = 0.5_f32.powi(days.min(1000) as i32);
                histogram.counts.iter_mut().for_each(|count| *count *= share);
                histogram.threshold = None;
            }
        }
    }

    fn learn(&mut self, end: Option<Instant>) -> bool {
        let Some(closing) = &mut self.closing else { return true };
        for (nth, ((name, _), count)) in closing.enumerate() {
            if let Some(histogram) = self.names.get_mut(&name) {
                histogram.counts[bucket(count)] += 1.0;
            }
            if nth % 256 == 255 && end.is_some_and(|end| Instant::now() >= end) {
                return false;
            }
        }
        self.closing = None;
        true
    }

    /// Returns the count above which a source is unusual.
    pub fn threshold(&mut self, name: u64, initial: u32, now_s: u32) -> u32 {
        match self.names.get_mut(&name).filter(|histogram| histogram.is_learned(now_s)) {
            Some(histogram) => histogram.threshold().min(initial.saturating_mul(MOST)),
            None => initial,
        }
    }

    /// Writes the histograms for a snapshot.
    pub fn save(&self, out: &mut Vec<u8>) {
        out.extend((self.names.len() as u32).to_le_bytes());
        for (name, histogram) in &self.names {
            out.extend(name.to_le_bytes());
            out.extend(histogram.since_s.to_le_bytes());
            out.extend(histogram.halved_s.to_le_bytes());
            histogram.counts.iter().for_each(|count| out.extend(count.to_le_bytes()));
        }
    }

    /// Reads what [`LearnedRates::save`] wrote.
    pub fn load(bytes: &[u8]) -> Option<Self> {
        let (count, mut rest) = bytes.split_first_chunk::<4>()?;
        let mut names = BTreeMap::new();
        for _ in 0..u32::from_le_bytes(*count).min(NAMES as u32) {
            let (name, more) = rest.split_first_chunk::<8>()?;
            let (since, more) = more.split_first_chunk::<4>()?;
            let (halved, mut more) = more.split_first_chunk::<4>()?;
            let mut counts = [0.0; BUCKETS];
            for slot in &mut counts {
                let (count, after) = more.split_first_chunk::<4>()?;
                *slot = Some(f32::from_le_bytes(*count)).filter(|count| count.is_finite() && *count >= 0.0)?;
                more = after;
            }
            rest = more;
            let (since_s, halved_s) = (u32::from_le_bytes(*since), u32::from_le_bytes(*halved));
            names.insert(u64::from_le_bytes(*name), Histogram { since_s, halved_s, counts, threshold: None });
        }
        rest.is_empty().then(|| LearnedRates { names, ..LearnedRates::default() })
    }
}

impl Histogram {
    fn is_learned(&self, now_s: u32) -> bool {
        now_s.saturating_sub(self.since_s) >= ENOUGH_S && self.counts.iter().sum::<f32>() >= ENOUGH_WINDOWS
    }

    fn threshold(&mut self) -> u32 {
        if let Some(threshold) = self.threshold {
            return threshold;
        }
        let learned = LEAST.max((3.0 * self.quantile(0.999)).ceil() as u32);
        self.threshold = Some(learned);
        learned
    }

    fn quantile(&self, share: f64) -> f64 {
        let total: f64 = self.counts.iter().map(|count| f64::from(*count)).sum();
        let mut below = 0.0;
        for (at, count) in self.counts.iter().enumerate() {
            below += f64::from(*count);
            if below >= share * total {
                return bound(at);
            }
        }
        bound(BUCKETS - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_exact_to_16_and_cover_all_counts() {
        for count in 0..=16 {
            assert_eq!((bucket(count), bound(bucket(count))), (count as usize, f64::from(count)));
        }
        for count in [17, 20, 21, 100, 1000, 65_535] {
            assert!(bound(bucket(count)) >= f64::from(count) && bound(bucket(count) - 1) < f64::from(count), "{count}");
        }
        assert_eq!(bucket(u32::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_threshold_is_learned_within_a_day_of_enough_windows() {
        let mut rates = LearnedRates::default();
        let day = 86_400;
        for window in 0..288 {
            for source in 0..5 {
                for _ in 0..6 {
                    rates.note(1, source, window * 300);
                }
            }
        }
        assert_eq!(rates.threshold(1, 100, day - 1), 100);
        rates.roll(day - 1, None);
        assert_eq!(rates.threshold(1, 100, day), 18);
        let mut bytes = vec![];
        rates.save(&mut bytes);
        let mut restored = LearnedRates::load(&bytes).unwrap();
        assert_eq!(restored.threshold(1, 100, day), 18);
        assert!(LearnedRates::load(&bytes[..bytes.len() - 1]).is_none());
        // Once halving leaves too few observations, the rate counts as not learned again.
        rates.roll(2 * day, None);
        assert_eq!(rates.threshold(1, 100, 2 * day), 100);
    }

    #[test]
    fn whoever_teaches_higher_rates_needs_days_and_gets_to_a_limit() {
        let (mut rates, mut now_s, mut thresholds) = (LearnedRates::default(), 0, vec![]);
        for _day in 0..9 {
            for _window in 0..288 {
                // Five honest sources, and one that does as much as it may.
                let most = rates.threshold(1, 10, now_s);
                for (source, count) in [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, most)] {
                    (0..count).for_each(|_| rates.note(1, source, now_s));
                }
                now_s += WINDOW_S;
                rates.roll(now_s, None);
            }
            thresholds.push(rates.threshold(1, 10, now_s));
        }
        let allowed = |pair: &[u32]| pair[1] <= 4 * pair[0];
        assert!(thresholds[1..].windows(2).all(allowed) && thresholds[8] == 1000, "{thresholds:?}");
    }

    #[test]
    fn few_sources_of_many_names_are_bounded() {
        let mut rates = LearnedRates::default();
        for name in 0..5000 {
            rates.note(name, 0, 0);
        }
        assert_eq!(rates.names.len(), NAMES);
    }
}
