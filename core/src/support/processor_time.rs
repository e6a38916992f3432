//! How long a thread has run.
//!
//! A thread that waits for a processor, or sleeps, does not spend any of it. Systems that cannot tell have no answer.

use std::time::Duration;

/// The processor time that the calling thread has used since it began.
#[cfg(all(unix, not(miri)))]
pub fn of_this_thread() -> Option<Duration> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(Duration::new(u64::try_from(used.tv_sec).ok()?, u32::try_from(used.tv_nsec).ok()?))
}

/// The processor time that the calling thread has used since it began.
#[cfg(any(not(unix), miri))]
pub fn of_this_thread() -> Option<Duration> {
    None
}
