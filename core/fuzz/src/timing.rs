//! The time limit for one input.
//!
//! Processor time counts, and the fastest of several runs, so that a busy machine causes no false alarm: a small
//! constant plus a time per byte. With inputs of a few kilobytes, anything quadratic that takes more than a few
//! instructions per step exceeds it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The time that any input may take.
const CONSTANT: Duration = Duration::from_millis(20);
/// The additional time per byte. Debug assertions and a sanitizer make code some 20 times slower.
const NANOS_A_BYTE: u64 = 2_000;
/// How many times an input must be slow to be reported.
const RUNS: usize = 3;

/// The slowest input so far, in microseconds.
static SLOWEST: AtomicU64 = AtomicU64::new(0);

/// Runs `work` for an input of this size, and fails if it takes too long. Prints every new slowest input.
pub fn timed<T>(size: usize, work: impl Fn() -> T) -> T {
    timed_with(Duration::ZERO, size, work)
}

/// The same with an additional budget.
pub fn timed_with<T>(budget: Duration, size: usize, work: impl Fn() -> T) -> T {
    let allowed = budget + CONSTANT + Duration::from_nanos(NANOS_A_BYTE * size as u64);
    let (mut result, mut taken) = measured(&work);
    for _ in 1..RUNS {
        if taken <= allowed && taken.as_micros() <= SLOWEST.load(Ordering::Relaxed).into() {
            break;
        }
        let (again, time) = measured(&work);
        (result, taken) = (again, taken.min(time));
    }
    let micros = taken.as_micros() as u64;
    if SLOWEST.fetch_max(micros, Ordering::Relaxed) < micros {
        eprintln!("slowest input: {micros} us, {size} bytes");
    }
    assert!(taken <= allowed, "{size} bytes took {taken:?}");
    result
}

fn measured<T>(work: impl Fn() -> T) -> (T, Duration) {
    let start = processor_time();
    let result = work();
    (result, processor_time().saturating_sub(start))
}

/// The processor time of this thread.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the function only fills the structure it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
