//! What the samples are samples of: the numbers of logins per hour, and of attempts per minute of an attack.

use std::collections::VecDeque;

/// The number of hours that are kept.
const HOURS: usize = 48;
/// The number of minutes of an attack that are kept.
const MINUTES: usize = 1440;

/// The logins of an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// The number of the hour since the Unix epoch.
    pub hour: u32,
    /// The successes.
    pub successes: u32,
    /// The failures.
    pub failures: u32,
}

/// A minute of an attack.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Minute {
    /// The number of the minute since the Unix epoch.
    pub minute: u32,
    /// The attempts offered as samples.
    pub attempts: u32,
    /// The failures beyond the expected level.
    pub excess: f64,
}

/// The numbers, oldest first.
#[derive(Clone, Debug, Default)]
pub struct History {
    hours: VecDeque<Hour>,
    minutes: VecDeque<Minute>,
}

impl History {
    /// A history of these hours, oldest first.
    pub fn restored(hours: Vec<Hour>) -> Self {
        History { hours: hours.into(), minutes: VecDeque::new() }
    }

    /// Counts a login outside of attacks.
    pub fn note_login(&mut self, at_s: u32, succeeded: bool) {
        let hour = at_s / 3600;
        if self.hours.back().is_none_or(|last| last.hour < hour) {
            self.hours.push_back(Hour { hour, ..Hour::default() });
            if self.hours.len() > HOURS {
                self.hours.pop_front();
            }
        }
        if let Some(last) = self.hours.back_mut() {
            last.successes = last.successes.saturating_add(succeeded.into());
            last.failures = last.failures.saturating_add((!succeeded).into());
        }
    }

    /// Counts an attempt of an attack.
    pub fn note_attempt(&mut self, at_s: u32) {
        let last = self.minute(at_s / 60);
        last.attempts = last.attempts.saturating_add(1);
    }

    /// Stores the failures beyond the expected level in a minute.
    pub fn note_excess(&mut self, minute: u32, excess: f64) {
        if excess.is_finite() {
            self.minute(minute).excess = excess;
        }
    }

    /// The minute of this number, or the last one if that is later.
    fn minute(&mut self, minute: u32) -> &mut Minute {
        let at = self.minutes.iter().rposition(|known| known.minute <= minute);
        let exact = at.filter(|at| self.minutes[*at].minute == minute);
        if exact.is_none() && self.minutes.back().is_none_or(|last| last.minute < minute) {
            self.minutes.push_back(Minute { minute, ..Minute::default() });
            if self.minutes.len() > MINUTES {
                self.minutes.pop_front();
            }
        }
        let last = self.minutes.len() - 1;
        &mut self.minutes[exact.unwrap_or(last)]
    }

    /// Forgets the attack.
    pub fn end_attack(&mut self) {
        self.minutes.clear();
    }

    /// The hours, oldest first.
    pub fn hours(&self) -> impl Iterator<Item = &Hour> {
        self.hours.iter()
    }

    /// The minutes of the attack, oldest first.
    pub fn minutes(&self) -> impl Iterator<Item = &Minute> {
        self.minutes.iter()
    }

    /// The attempts per hour from `since_s` on, until now.
    pub fn attempts_per_hour(&self, since_s: u32, now_s: u32) -> f64 {
        let recent = self.minutes.iter().filter(|minute| minute.minute >= since_s / 60);
        let attempts: u64 = recent.map(|minute| u64::from(minute.attempts)).sum();
        attempts as f64 * 3600.0 / f64::from(now_s.saturating_sub(since_s).max(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_fall_into_their_hours_and_minutes() {
        let mut history = History::default();
        for (at_s, succeeded) in [(0, true), (3599, false), (3600, true), (10, true)] {
            history.note_login(at_s, succeeded);
        }
        let hours: Vec<_> = history.hours().map(|hour| (hour.hour, hour.successes, hour.failures)).collect();
        assert_eq!(hours, [(0, 1, 1), (1, 2, 0)], "one that comes late counts in the last hour");
        for at_s in [60, 61, 180] {
            history.note_attempt(at_s);
        }
        history.note_excess(1, 5.0);
        history.note_excess(9, f64::NAN);
        let minutes: Vec<_> = history.minutes().map(|minute| (minute.minute, minute.attempts, minute.excess)).collect();
        assert_eq!(minutes, [(1, 2, 5.0), (3, 1, 0.0)]);
        assert_eq!(history.attempts_per_hour(60, 240), 60.0);
        assert_eq!(history.attempts_per_hour(180, 180), 60.0);
        history.end_attack();
        assert_eq!(history.minutes().count(), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let mut history = History::default();
        for n in 0..10_000 {
            history.note_login(n * 3600, true);
            history.note_attempt(n * 60);
        }
        assert_eq!((history.hours().count(), history.minutes().count()), (HOURS, MINUTES));
    }
}
