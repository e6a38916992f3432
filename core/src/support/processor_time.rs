//! The processor time of a thread.
//!
//! Time in which a thread is descheduled or sleeps does not count. Systems that cannot measure it return `None`.

use std::time::Duration;

/// The processor time that the calling thread has used since it began.
#[cfg(all(unix, not(miri)))]
pub fn of_this_thread() -> Option<Duration> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(Duration::new(u64::try_from(used.tv_sec).ok()?, u32::try_from(used.tv_nsec).ok()?))
}

/// No answer on this system.
#[cfg(any(not(unix), miri))]
pub fn of_this_thread() -> Option<Duration> {
    None
}
