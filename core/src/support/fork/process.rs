//! Which process this is.

use std::process::id;
use std::sync::atomic::{AtomicU32, Ordering};

/// 0 where the host does not tell.
static TOLD: AtomicU32 = AtomicU32::new(0);

/// The id of this process.
///
/// It may come again only after the process that had it has ended, and never is that of the parent.
pub fn process() -> u32 {
    match TOLD.load(Ordering::Relaxed) {
        0 => id(),
        told => told,
    }
}

/// Saves later questions the system call. For hosts that run code in every child they fork: to be called when the library is
/// loaded, and first thing in each child.
pub fn tell_process() {
    TOLD.store(id(), Ordering::Relaxed);
}
