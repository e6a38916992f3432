//! How long evaluations take.

use crate::value::Value;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Upper bounds in microseconds, as numbers and as Prometheus writes them, in seconds.
pub(super) const BOUNDS: [(u64, f64); 10] = [
    (50, 0.00005),
    (100, 0.0001),
    (250, 0.00025),
    (500, 0.0005),
    (1_000, 0.001),
    (2_500, 0.0025),
    (5_000, 0.005),
    (10_000, 0.01),
    (50_000, 0.05),
    (250_000, 0.25),
];

/// Durations, counted by their size.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// The last has those above all bounds.
    counts: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Histogram {
    pub fn observe(&self, nanoseconds: u64) {
        let at = BOUNDS.partition_point(|(bound, _)| bound * 1000 < nanoseconds);
        self.counts[at].fetch_add(1, Relaxed);
        self.nanoseconds.fetch_add(nanoseconds, Relaxed);
    }

    /// `buckets` are cumulative, and do not have the one without a bound, which is `count`.
    pub fn snapshot(&self) -> Value {
        let mut count = 0;
        let counts = self.counts.iter().map(|bucket| {
            count += bucket.load(Relaxed);
            count
        });
        let counts: Vec<u64> = counts.collect();
        let bucket = |((_, bound), count): (&(u64, f64), &u64)| -> Value {
            [Value::from(*bound), Value::from(*count)].into_iter().collect()
        };
        Value::from_entries([
            ("count", Value::from(counts[BOUNDS.len()])),
            ("sum", Value::from(self.nanoseconds.load(Relaxed) as f64 / 1e9)),
            ("buckets", BOUNDS.iter().zip(&counts).map(bucket).collect()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_include_their_bound() {
        let histogram = Histogram::default();
        [50_000, 50_001, 2_000_000, 9_000_000_000].into_iter().for_each(|took| histogram.observe(took));
        let snapshot = crate::value::json::to_string(&histogram.snapshot());
        assert!(snapshot.starts_with(r#"{"count":4,"sum":9.002100001,"#), "{snapshot}");
        assert!(snapshot.contains("[5e-05,1],[0.0001,2]"), "{snapshot}");
        assert!(snapshot.ends_with("[0.25,3]]}"), "{snapshot}");
    }
}
