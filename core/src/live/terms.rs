//! The expiry and flags of an entry, packed into 32 bits beside its key.
//!
//! An IPv4 entry has a single word for address and terms, so 30 bits must do for the end: seconds since a base near
//! the set's first entry, exact for 17 years and in steps of 64 seconds beyond. Two bits say whether the refusal is
//! disguised and whether an operator made the entry. An end of zero marks a cell without an entry.

use super::end::Until;
use std::sync::atomic::{AtomicU64, Ordering};

/// The content of an entry, without its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When the entry expires.
    pub until: Until,
    /// Whether the refusal looks like the application's own login failure.
    pub stealth: bool,
    /// Whether an operator made the entry: it is never evicted, and always enforced.
    pub manual: bool,
}

impl Entry {
    /// An entry made by an operator, whose refusal is open.
    pub fn manual(until: Until) -> Self {
        Self { until, stealth: false, manual: true }
    }
}

impl Entry {
    /// Combines an entry with a newer one for the same key.
    pub fn joined(self, other: Self, now: u64) -> Self {
        match self.until.holds(now) {
            true => Self { until: self.until.max(other.until), manual: self.manual || other.manual, ..other },
            false => other,
        }
    }
}

const STEALTH: u32 = 1 << 31;
const MANUAL: u32 = 1 << 30;
const END: u32 = MANUAL - 1;
/// The first end that is counted in steps.
const EXACT: u32 = 1 << 29;
const STEP: u64 = 64;
/// The distance of the base before the first entry, in seconds.
const BEFORE: u64 = 1 << 24;

/// An entry packed into a number other than zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms(pub u32);

impl Terms {
    /// Marks a cell whose key is being written.
    pub const CLAIMED: Self = Self(MANUAL);
    /// Marks a cell whose entry was removed; its key stays.
    pub const GONE: Self = Self(STEALTH);

    /// Whether there is an entry, expired or not.
    pub fn are_of_an_entry(self) -> bool {
        self.0 & END != 0
    }

    /// Whether an operator made the entry.
    pub fn are_manual(self) -> bool {
        self.0 & MANUAL != 0
    }

    /// The packed end, which orders entries by their end.
    pub fn end(self) -> u32 {
        self.0 & END
    }
}

/// The time from which ends are counted, set by the first entry.
#[derive(Debug)]
pub struct Base(AtomicU64);

impl Default for Base {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl Base {
    /// Packs an entry that is made at `now`.
    pub fn terms(&self, entry: Entry, now: u64) -> Terms {
        let base = now.saturating_sub(BEFORE);
        let base = match self.0.compare_exchange(u64::MAX, base, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => base,
            Err(base) => base,
        };
        let end = match entry.until {
            Until::Forever => END,
            Until::Time(seconds) => {
                let from_base = seconds.saturating_sub(base).max(1);
                let steps = from_base.saturating_sub(EXACT.into()).div_ceil(STEP);
                let end = if steps == 0 { from_base } else { u64::from(EXACT) + steps };
                end.min(u64::from(END) - 1) as u32
            }
        };
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        Terms(end | flag(entry.stealth, STEALTH) | flag(entry.manual, MANUAL))
    }

    /// Whether no entry has been made yet.
    pub fn is_unused(&self) -> bool {
        self.0.load(Ordering::Relaxed) == u64::MAX
    }

    /// Unpacks an entry.
    pub fn entry(&self, terms: Terms) -> Entry {
        let base = self.0.load(Ordering::Relaxed);
        let until = match terms.end() {
            END => Until::Forever,
            end if end < EXACT => Until::Time(base.saturating_add(end.into())),
            end => Until::Time(base.saturating_add(u64::from(EXACT) + u64::from(end - EXACT) * STEP)),
        };
        Entry { until, stealth: terms.0 & STEALTH != 0, manual: terms.are_manual() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_exact_for_seventeen_years_and_never_early() {
        for now in [0, 100, 1_764_064_920] {
            let base = Base::default();
            let kept = |until| base.entry(base.terms(Entry::manual(until), now)).until;
            for seconds in [now + 1, now + 60, now + 43_200, now + 16 * 31_557_600] {
                assert_eq!(kept(Until::Time(seconds)), Until::Time(seconds));
            }
            for seconds in [now + 20 * 31_557_600, now + 1000 * 31_557_600] {
                let Until::Time(end) = kept(Until::Time(seconds)) else { panic!("{seconds}") };
                assert!((seconds..seconds + STEP).contains(&end), "{seconds}: {end}");
            }
            assert!(kept(Until::Time(u64::MAX)).holds(now + 1000 * 31_557_600));
            assert_eq!(kept(Until::Forever), Until::Forever);
            assert!(!kept(Until::Time(now.saturating_sub(BEFORE + 5))).holds(now + 2));
        }
    }

    #[test]
    fn flags_are_kept() {
        let base = Base::default();
        for (stealth, manual) in [(false, false), (false, true), (true, false), (true, true)] {
            let entry = Entry { until: Until::Time(1_000), stealth, manual };
            let terms = base.terms(entry, 900);
            assert_eq!(base.entry(terms), entry);
            assert!(terms.are_of_an_entry());
        }
        assert!(!Terms::CLAIMED.are_of_an_entry() && !Terms::GONE.are_of_an_entry());
    }
}
