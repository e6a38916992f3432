//! Simulated time, in milliseconds since the Unix epoch. Days begin at midnight in UTC, and day 0 is a Monday.

/// A second.
pub const SECOND: u64 = 1000;
/// A minute.
pub const MINUTE: u64 = 60 * SECOND;
/// An hour.
pub const HOUR: u64 = 60 * MINUTE;
/// A day.
pub const DAY: u64 = 24 * HOUR;
/// The beginning of day 0: Monday, 5 January 2026.
pub const EPOCH: u64 = 1_767_571_200 * SECOND;
/// The number of days of honest traffic that precede a campaign.
pub const LEARNED: u64 = 28;

/// The beginning of the day of the campaigns, a Monday.
pub const TODAY: u64 = EPOCH + LEARNED * DAY;

/// The hour of a day, with its fraction.
pub fn hour_of_day(at_ms: u64) -> f64 {
    ((at_ms - EPOCH) % DAY) as f64 / HOUR as f64
}

/// The number of a day.
pub fn day(at_ms: u64) -> u64 {
    (at_ms - EPOCH) / DAY
}

/// Whether a day is a Saturday or a Sunday.
pub fn is_weekend(day: u64) -> bool {
    day % 7 >= 5
}
