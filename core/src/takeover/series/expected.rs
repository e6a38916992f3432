//! The number of events to expect: from the same time of day in the history, and from what familiar users do now.

use super::history::{DAY, Flags, History};
use super::name::{BUCKET_S, Name};
use super::statistic::z;

/// The level below which no service is expected to be, per five minutes.
const FLOOR: f64 = 0.5;
/// Familiar users can raise the expected level to this many times the usual one.
const RAISED_TIMES: f64 = 20.0;
/// And by this many events beyond that.
const RAISED_BY: f64 = 20.0;
/// The bounds of the dispersion.
const DISPERSION: (f64, f64) = (1.0, 50.0);
/// The smallest dispersion while the history is shorter than three days.
const YOUNG_DISPERSION: f64 = 3.0;
/// The number of values that a set of weekdays or of weekends needs; otherwise they are one.
const ENOUGH_VALUES: usize = 20;
/// The number of days after which weekdays and weekends are told apart: three weekends.
const WEEKENDS_AFTER: u32 = 21;
/// The number of familiar failures, or of successes, that an hour needs to count in a ratio.
const ENOUGH_IN_HOUR: u32 = 20;
/// The number of hours that a ratio needs.
const ENOUGH_HOURS: usize = 6;
/// By how much random counts are overestimated when the rest of a ratio's variance is called drift.
const RANDOM: f64 = 1.25;
/// The largest drift: a standard deviation of a tenth of the ratio.
const MOST_DRIFT: f64 = 0.01;
/// The time after which an anomaly counts as normal, in buckets.
const ANOMALOUS_FOR: u32 = 7 * DAY as u32;
/// The logins of a day below which a service is too small for deviations.
const ENOUGH_LOGINS: u32 = 100;
/// The least median of successes by which an outage can be recognized.
const MEASURABLE: f64 = 20.0;

/// What a deviation depends on besides the counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// The offset of the service's time of day from UTC, in seconds.
    pub zone_s: i32,
    /// The time before anything is compared to the history, in seconds.
    pub learning_s: u32,
    /// The number of events per five minutes to expect during that time.
    pub learning_baseline: Option<f64>,
    /// The factor by which thresholds of Z and CUSUM are multiplied.
    pub tolerance: f64,
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning { zone_s: 0, learning_s: 86_400, learning_baseline: None, tolerance: 1.0 }
    }
}

/// The time that a number of events is expected for, and the circumstances.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The end of the time, in seconds since the Unix epoch.
    pub end_s: u32,
    /// Its length.
    pub minutes: u32,
    /// The familiar failures in that time.
    pub familiar: u32,
    /// The successes in that time.
    pub successes: u32,
    /// Whether too little is known of where accounts log in from.
    pub memory_is_cold: bool,
}

/// The expected number of events, with how it came about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// The number.
    pub mu: f64,
    /// The dispersion: the variance divided by the mean.
    pub phi: f64,
    /// The level at this time of day in the history.
    pub level: f64,
    /// The level that familiar users indicate, if it is known how they relate to the series.
    pub control: Option<f64>,
    /// The ratios of the series to familiar failures and to successes.
    pub ratios: [Option<f64>; 2],
    /// The drift of the ratio behind `control`; see `Ratio::drift`.
    pub drift: f64,
    /// What it is based on.
    pub baseline: &'static str,
}

impl Expected {
    /// The deviation of a count.
    pub fn z(&self, y: f64) -> f64 {
        z(y, self.mu, self.phi)
    }

    /// Whether familiar users indicate more than they may raise the level to.
    pub fn is_limited(&self) -> bool {
        self.control.is_some_and(|control| control > self.mu)
    }

    /// The same, raised by as much as parts of the time are. An outage lifts the limit, but one that is shorter than the time
    /// is recognized only in its parts.
    #[must_use]
    pub fn raised_by(self, parts: impl IntoIterator<Item = Expected>) -> Self {
        let raised: f64 = parts.into_iter().map(|part| part.mu - part.level.max(FLOOR)).sum();
        let mu = self.mu.max(self.level.max(FLOOR) + raised);
        // What the level was raised by before is in `phi` already.
        let phi = self.phi - self.uncertainty() + Expected { mu, ..self }.uncertainty();
        Expected { mu, phi, ..self }
    }

    /// The same if the events are tries of so many people. When everybody tries again and again, as in outages, the number of
    /// events varies more than that of people; what is usual is in the dispersion already.
    #[must_use]
    pub fn by_people(self, events: u32, people: u64) -> Self {
        let tries = f64::from(events) / (people.max(1) as f64);
        let raised = (self.mu - self.level.max(FLOOR)) / self.mu;
        // Of 1 + Poisson(tries - 1) tries each, the variance of the sum divided by its mean is tries + 1 - 1 / tries.
        let repeated = if tries > 1.0 { tries - 1.0 / tries } else { 0.0 };
        Expected { phi: self.phi + raised.max(0.0) * repeated, ..self }
    }

    /// The dispersion due to the ratio to familiar users: of a level that they raise to many times the usual one, its
    /// error is far larger than random variation. Near the usual level it is next to nothing.
    fn uncertainty(&self) -> f64 {
        let raised = self.mu - self.level.max(FLOOR);
        self.drift * raised * raised / self.mu
    }
}

/// How a series relates to what familiar users do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ratio {
    /// The median over the hours of the history.
    median: f64,
    /// The variance of the ratio from hour to hour, beyond that of random counts, divided by the square of the ratio.
    drift: f64,
}

impl Ratio {
    /// Of hours, each with the two counts.
    fn of(hours: &[(u32, u32)]) -> Self {
        let median_of = |value: &dyn Fn(f64, f64) -> f64| {
            median(&mut hours.iter().map(|(count, base)| value((*count).into(), (*base).into())).collect::<Vec<_>>())
        };
        let ratio = median_of(&|count, base| count / base);
        if ratio == 0.0 {
            return Ratio::default();
        }
        let spread = 1.4826 * median_of(&|count, base| (count / base - ratio).abs()) / ratio;
        let random = median_of(&|count, base| 1.0 / count.max(1.0) + 1.0 / base);
        Ratio { median: ratio, drift: (spread * spread - RANDOM * random).clamp(0.0, MOST_DRIFT) }
    }
}

/// The ratios of the series to familiar failures and to successes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Controls([[Option<Ratio>; 2]; Name::ALL.len()]);

impl Controls {
    /// Computes the ratios.
    pub fn of(history: &History) -> Self {
        let mut hours: [[Vec<(u32, u32)>; 2]; Name::ALL.len()] = Default::default();
        let mut cold_hours = hours.clone();
        let per_hour = 3600 / BUCKET_S;
        let kept = history.kept();
        for hour in kept.start.div_ceil(per_hour)..kept.end / per_hour {
            let mut sums = [0_u32; Name::ALL.len()];
            let mut seen = Flags::default();
            for bucket in hour * per_hour..(hour + 1) * per_hour {
                for name in Name::ALL {
                    match history.get(bucket, name) {
                        Some((count, flags)) => {
                            sums[name as usize] = sums[name as usize].saturating_add(count);
                            seen.logins |= flags.logins;
                            seen.resets |= flags.resets;
                            seen.payments |= flags.payments;
                            seen.cold |= flags.cold;
                        }
                        None => seen.gap = true,
                    }
                }
            }
            if seen.gap {
                continue;
            }
            for name in Name::ALL.into_iter().filter(|name| !seen.anomalous(name.topic())) {
                let into = if seen.cold { &mut cold_hours } else { &mut hours };
                for (by, base) in [Name::Familiar, Name::Successes].into_iter().enumerate() {
                    if sums[base as usize] >= ENOUGH_IN_HOUR {
                        into[name as usize][by].push((sums[name as usize], sums[base as usize]));
                    }
                }
            }
        }
        // Hours in which all failures counted as unfamiliar are used only as long as there are no others.
        Controls(std::array::from_fn(|name| {
            std::array::from_fn(|by| {
                let kinds = [&hours[name][by], &cold_hours[name][by]];
                kinds.into_iter().find(|hours| hours.len() >= ENOUGH_HOURS).map(|hours| Ratio::of(hours))
            })
        }))
    }
}

/// Returns the number of events to expect of a series, or `None` while the history is too short or the service too
/// small to tell.
pub fn expected(history: &History, name: Name, now: Now, controls: &Controls, tuning: &Tuning) -> Option<Expected> {
    let bucket = now.end_s.saturating_sub(1) / BUCKET_S;
    let age = history.age(bucket);
    let scale = f64::from(now.minutes) / 5.0;
    if u64::from(age) * u64::from(BUCKET_S) < tuning.learning_s.into() {
        let level = tuning.learning_baseline? * scale;
        let mu = level.max(FLOOR);
        return Some(Expected {
            mu,
            phi: YOUNG_DISPERSION,
            level,
            control: None,
            ratios: [None; 2],
            drift: 0.0,
            baseline: "given",
        });
    }
    if !had_enough_logins(history, bucket) {
        return None;
    }
    let is_young = age < 3 * DAY as u32;
    let mut values = reference(history, name, bucket, age, tuning.zone_s);
    if values.is_empty() {
        return None;
    }
    let level = median(&mut values);
    let mut distances: Vec<f64> = values.iter().map(|value| (value - level).abs()).collect();
    let (spread, level) = (1.4826 * median(&mut distances) * scale, level * scale);
    let least = if is_young { YOUNG_DISPERSION } else { DISPERSION.0 };
    let phi = (spread * spread / level.max(1.0)).clamp(least, DISPERSION.1);
    let mut ratios = controls.0[name as usize];
    if now.memory_is_cold || matches!(name, Name::Resets | Name::Payments | Name::Failures) {
        ratios[0] = None;
    }
    let bases = [f64::from(now.familiar), f64::from(now.successes)];
    let levels = ratios
        .iter()
        .zip(bases)
        .filter_map(|(ratio, base)| Some((ratio.as_ref()?.median * base, ratio.as_ref()?.drift)));
    let highest = levels.reduce(|one, other| if other.0 > one.0 { other } else { one });
    let (control, drift) = (highest.map(|(level, _)| level), highest.map_or(0.0, |(_, drift)| drift));
    let base = level.max(FLOOR);
    let most = RAISED_TIMES * base + RAISED_BY * scale.max(1.0);
    let raised = control.unwrap_or(0.0);
    let is_limited = raised > most && !is_outage(history, bucket, age, now, tuning.zone_s);
    let mu = base.max(if is_limited { most } else { raised });
    let baseline = match age / DAY as u32 {
        0..3 => "1d",
        3..7 => "3d",
        7..14 => "7d",
        14..28 => "14d",
        _ => "28d",
    };
    let ratios = ratios.map(|ratio| ratio.map(|ratio| ratio.median));
    let expected = Expected { mu, phi, level, control, ratios, drift, baseline };
    Some(Expected { phi: phi + expected.uncertainty(), ..expected })
}

/// Whether successes have collapsed: then everybody fails.
fn is_outage(history: &History, bucket: u32, age: u32, now: Now, zone_s: i32) -> bool {
    let mut usual = reference(history, Name::Successes, bucket, age, zone_s);
    let usual = median(&mut usual);
    usual >= MEASURABLE && f64::from(now.successes) * 5.0 / f64::from(now.minutes) < 0.2 * usual
}

/// Whether the service is large enough for deviations, by the day before.
fn had_enough_logins(history: &History, bucket: u32) -> bool {
    let count = |bucket, name| history.get(bucket, name).map_or(0, |(count, _)| count);
    let of = |bucket| count(bucket, Name::Failures).saturating_add(count(bucket, Name::Successes));
    let kept = history.kept();
    let last = kept.end.min(bucket);
    let mut logins = 0_u32;
    (last.saturating_sub(DAY as u32).max(kept.start)..last).rev().any(|bucket| {
        logins = logins.saturating_add(of(bucket));
        logins >= ENOUGH_LOGINS
    })
}

/// The counts at this time of day on earlier days.
fn reference(history: &History, name: Name, bucket: u32, age: u32, zone_s: i32) -> Vec<f64> {
    let is_young = age < 3 * DAY as u32;
    let (days, around) = if is_young { (3, 12) } else { (28, 2) };
    let splits = age >= WEEKENDS_AFTER * DAY as u32;
    let is_weekend = |bucket: u32| {
        let day = (i64::from(bucket) * i64::from(BUCKET_S) + i64::from(zone_s)).div_euclid(86_400);
        // The Unix epoch was a Thursday.
        (day + 3).rem_euclid(7) >= 5
    };
    let mut found: Vec<(u32, Flags, bool, bool)> = Vec::with_capacity(140);
    for day in 1..=days {
        for offset in 0..=2 * around {
            let Some(other) = (bucket + offset).checked_sub(day * DAY as u32 + around) else { continue };
            let Some((count, flags)) = history.get(other, name) else { continue };
            let anomalous = flags.anomalous(name.topic()) && bucket - other < ANOMALOUS_FOR;
            found.push((count, flags, anomalous, is_weekend(other) == is_weekend(bucket)));
        }
    }
    // While few buckets tell familiar from unfamiliar failures, those that do not are better than none: they
    // overestimate.
    let by_familiarity = matches!(name, Name::Unfamiliar | Name::Users | Name::Familiar);
    let warm = found.iter().filter(|(_, flags, ..)| !flags.cold).count();
    if by_familiarity && warm >= 3 * (2 * around as usize + 1) {
        found.retain(|(_, flags, ..)| !flags.cold);
    }
    if splits && found.iter().filter(|(.., same_kind)| *same_kind).count() >= ENOUGH_VALUES {
        found.retain(|(.., same_kind)| *same_kind);
    }
    let anomalous = found.iter().filter(|(_, _, anomalous, _)| *anomalous).count();
    if anomalous * 2 <= found.len() {
        found.retain(|(_, _, anomalous, _)| !anomalous);
    }
    found.into_iter().map(|(count, ..)| count.into()).collect()
}

/// The median; zero of nothing.
fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    match below.iter().copied().reduce(f64::max) {
        Some(lower) if below.len() * 2 == values.len() => (lower + upper) / 2.0,
        _ => upper,
    }
}

#[cfg(test)]
mod tests;
