//! Engine time: a clock that tolerates jumps of the system clock.
//!
//! It starts at the system time and advances with the monotonic clock; each tick compares the two. A small difference
//! is corrected gradually. A jump forward (or a suspended machine) is followed at once, and windows age as if that
//! time had passed. After a jump back, engine time stands still for up to a minute. If the system time has not caught
//! up by then, the engine follows it and reports by how much, so that all stored times can be
//! [shifted](super::State::rebase).
//!
//! Events carry their own time, which is accepted if it is at most five seconds ahead. How late they may be is up to
//! the code that counts them.

use crate::support::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// The largest difference that is corrected gradually.
const TOLERATED_MS: i64 = 2_000;
/// The rate of gradual correction, in milliseconds per second.
const SLEW_MS_PER_S: i64 = 1;
/// How long time stands still after a jump back.
const STAND_MS: u64 = 60_000;
/// How far ahead of the engine's time an event may be.
const AHEAD_MS: u64 = 5_000;
/// An event this much older than the latest one no longer changes closed buckets of the history.
pub const CLOSED_AFTER_MS: u64 = 120_000;
/// The last time that can be told, in 2106: what is kept has seconds of 32 bits.
pub const LATEST_MS: u64 = u32::MAX as u64 * 1000;

/// See the [module](self).
pub struct EngineTime {
    clock: Arc<dyn Clock>,
    /// The offset of engine time from the monotonic clock.
    ahead_ms: AtomicI64,
    /// The latest time that was returned; it remains the time while time stands still.
    latest_ms: AtomicU64,
    /// The system time at which time began to stand still, or zero.
    standing_since_ms: AtomicU64,
    /// The monotonic time of the last tick.
    ticked_ms: AtomicU64,
    /// The latest time of an event.
    watermark_ms: AtomicU64,
    jumps: AtomicU64,
    future_events: AtomicU64,
}

/// The result of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The clocks agree, or differ by a tolerated amount.
    Steady,
    /// Time jumped forward by this many milliseconds, during which no events were seen.
    Forward(u64),
    /// Time stands still.
    Standing,
    /// The engine follows a clock that was set back; all stored times must be shifted by this negative number of
    /// milliseconds.
    Back(i64),
}

/// The time of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTime {
    /// The accepted time of the event.
    pub at_ms: u64,
    /// The engine time.
    pub now_ms: u64,
    /// Whether the event claimed a time too far in the future.
    pub future: bool,
    /// Whether the event belongs to a closed bucket of the history.
    pub closed: bool,
}

impl EngineTime {
    /// Starts engine time at the system time.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (wall, mono) = (clock.unix_millis().min(LATEST_MS), clock.monotonic_millis());
        Self {
            ahead_ms: AtomicI64::new(difference(wall, mono)),
            latest_ms: AtomicU64::new(wall),
            standing_since_ms: AtomicU64::new(0),
            ticked_ms: AtomicU64::new(mono),
            watermark_ms: AtomicU64::new(0),
            jumps: AtomicU64::new(0),
            future_events: AtomicU64::new(0),
            clock,
        }
    }

    /// The engine time, in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> u64 {
        if self.standing_since_ms.load(Ordering::Relaxed) != 0 {
            return self.latest_ms.load(Ordering::Relaxed);
        }
        let now = moved(self.clock.monotonic_millis(), self.ahead_ms.load(Ordering::Relaxed)).min(LATEST_MS);
        self.latest_ms.fetch_max(now, Ordering::Relaxed).max(now)
    }

    /// The engine time, in seconds since the Unix epoch.
    pub fn now_s(&self) -> u32 {
        u32::try_from(self.now_ms() / 1000).unwrap_or(u32::MAX)
    }

    /// Compares the clocks. Call it about once a second, from one thread at a time.
    pub fn tick(&self) -> Step {
        let (wall, mono) = (self.clock.unix_millis().min(LATEST_MS), self.clock.monotonic_millis());
        let elapsed = mono.saturating_sub(self.ticked_ms.swap(mono, Ordering::Relaxed));
        let now = self.now_ms();
        let ahead = difference(wall, now);
        let standing_since = self.standing_since_ms.load(Ordering::Relaxed);
        if ahead >= -TOLERATED_MS {
            if standing_since != 0 {
                self.go_on_from(now, mono);
            }
            if ahead <= TOLERATED_MS {
                let most = (elapsed / 1000) as i64 * SLEW_MS_PER_S;
                self.ahead_ms.fetch_add(ahead.clamp(-most, most), Ordering::Relaxed);
                return Step::Steady;
            }
            self.jumps.fetch_add(1, Ordering::Relaxed);
            self.go_on_from(wall, mono);
            return Step::Forward(ahead.unsigned_abs());
        }
        // An earlier system time than at the start of the standstill means that it was set back once more.
        if standing_since == 0 || wall < standing_since {
            self.standing_since_ms.store(wall.max(1), Ordering::Relaxed);
            self.jumps.fetch_add(1, Ordering::Relaxed);
            return Step::Standing;
        }
        if wall - standing_since < STAND_MS {
            return Step::Standing;
        }
        self.latest_ms.store(wall, Ordering::Relaxed);
        let watermark = self.watermark_ms.load(Ordering::Relaxed);
        self.watermark_ms.store(moved(watermark, ahead), Ordering::Relaxed);
        self.go_on_from(wall, mono);
        Step::Back(ahead)
    }

    /// Returns the accepted time of an event that claims to be of `claimed_ms`, by default now.
    pub fn accept(&self, claimed_ms: Option<u64>) -> EventTime {
        let now_ms = self.now_ms();
        let claimed_ms = claimed_ms.unwrap_or(now_ms).min(LATEST_MS);
        let future = claimed_ms > now_ms + AHEAD_MS;
        if future {
            self.future_events.fetch_add(1, Ordering::Relaxed);
        }
        let at_ms = if future { now_ms } else { claimed_ms };
        let watermark = self.watermark_ms.fetch_max(at_ms, Ordering::Relaxed).max(at_ms);
        EventTime { at_ms, now_ms, future, closed: at_ms + CLOSED_AFTER_MS < watermark }
    }

    /// The number of times the clock jumped.
    pub fn jumps(&self) -> u64 {
        self.jumps.load(Ordering::Relaxed)
    }

    /// The number of events that claimed a time too far in the future.
    pub fn future_events(&self) -> u64 {
        self.future_events.load(Ordering::Relaxed)
    }

    fn go_on_from(&self, now: u64, mono: u64) {
        self.ahead_ms.store(difference(now, mono), Ordering::Relaxed);
        self.standing_since_ms.store(0, Ordering::Relaxed);
    }
}

fn difference(one: u64, other: u64) -> i64 {
    (one as i64).wrapping_sub(other as i64)
}

fn moved(millis: u64, by_ms: i64) -> u64 {
    millis.saturating_add_signed(by_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system clock and a monotonic clock that are set independently.
    #[derive(Default)]
    struct Clocks {
        wall: AtomicU64,
        mono: AtomicU64,
    }

    impl Clock for Clocks {
        fn unix_millis(&self) -> u64 {
            self.wall.load(Ordering::Relaxed)
        }

        fn monotonic_millis(&self) -> u64 {
            self.mono.load(Ordering::Relaxed)
        }
    }

    impl Clocks {
        fn pass(&self, millis: u64) {
            self.wall.fetch_add(millis, Ordering::Relaxed);
            self.mono.fetch_add(millis, Ordering::Relaxed);
        }

        fn set(&self, by: i64) {
            self.wall.store(moved(self.unix_millis(), by), Ordering::Relaxed);
        }
    }

    const START: u64 = 1_764_064_920_000;

    fn clocks() -> (Arc<Clocks>, EngineTime) {
        let clocks = Arc::new(Clocks::default());
        clocks.pass(50);
        clocks.set(START as i64 - 50);
        (clocks.clone(), EngineTime::new(clocks))
    }

    #[test]
    fn small_differences_are_corrected_gradually() {
        let (clocks, time) = clocks();
        clocks.set(2_000);
        for second in 1..=10 {
            clocks.pass(1_000);
            assert_eq!(time.tick(), Step::Steady);
            assert_eq!(time.now_ms(), START + second * 1_001);
        }
        clocks.set(-2_000 - 1_500);
        clocks.pass(1_000);
        assert_eq!(time.tick(), Step::Steady);
        assert_eq!(time.now_ms(), START + 11_010, "what was told is not taken back");
        clocks.pass(1_000);
        assert_eq!(time.now_ms(), START + 12_009);
    }

    #[test]
    fn a_jump_forward_is_followed_at_once() {
        let (clocks, time) = clocks();
        clocks.set(2_001);
        assert_eq!(time.tick(), Step::Forward(2_001));
        assert_eq!((time.now_ms(), time.jumps()), (START + 2_001, 1));
    }

    #[test]
    fn a_short_jump_back_is_waited_out() {
        let (clocks, time) = clocks();
        clocks.set(-30_000);
        assert_eq!(time.tick(), Step::Standing);
        for _ in 0..27 {
            clocks.pass(1_000);
            assert_eq!((time.tick(), time.now_ms()), (Step::Standing, START));
        }
        clocks.pass(1_000);
        assert_eq!(time.tick(), Step::Steady);
        assert_eq!(time.now_ms(), START);
        clocks.pass(1_000);
        assert_eq!(time.now_ms(), START + 999, "two seconds too late, it goes slowly");
    }

    #[test]
    fn a_long_jump_back_is_followed_after_a_minute() {
        let (clocks, time) = clocks();
        time.accept(None);
        clocks.set(-3_600_000);
        assert_eq!(time.tick(), Step::Standing);
        clocks.pass(59_999);
        assert_eq!(time.tick(), Step::Standing);
        clocks.pass(1);
        assert_eq!(time.tick(), Step::Back(-3_540_000));
        assert_eq!(time.now_ms(), START - 3_540_000);
        assert_eq!(time.accept(None).at_ms, START - 3_540_000);
        assert!(!time.accept(None).closed, "the watermark moved along");
        clocks.pass(1_000);
        assert_eq!((time.tick(), time.now_ms()), (Step::Steady, START - 3_539_000));
    }

    #[test]
    fn event_times_are_accepted_within_bounds() {
        let (_, time) = clocks();
        let accept = |ms| {
            let accepted = time.accept(Some(ms));
            (accepted.at_ms, accepted.future, accepted.closed)
        };
        assert_eq!(accept(START + 5_000), (START + 5_000, false, false));
        assert_eq!(accept(START + 5_001), (START, true, false));
        assert_eq!(accept(START + 5_000 - CLOSED_AFTER_MS), (START + 5_000 - CLOSED_AFTER_MS, false, false));
        assert_eq!(accept(START + 4_999 - CLOSED_AFTER_MS), (START + 4_999 - CLOSED_AFTER_MS, false, true));
        assert_eq!((time.future_events(), accept(0)), (1, (0, false, true)));
    }
}
