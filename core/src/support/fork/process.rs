//! The id of the current process.

use std::process::id;
use std::sync::atomic::{AtomicU32, Ordering};

/// The process id that the host told us, 0 if it did not.
static TOLD: AtomicU32 = AtomicU32::new(0);

/// The id of this process.
///
/// It differs from the parent's, and is only reused once the process that had it has ended.
pub fn process() -> u32 {
    match TOLD.load(Ordering::Relaxed) {
        0 => id(),
        told => told,
    }
}

/// Tells the engine its process id, which saves later system calls. Hosts that run code in every child they fork call
/// this when the library is loaded, and first thing in each child.
pub fn tell_process() {
    TOLD.store(id(), Ordering::Relaxed);
}
