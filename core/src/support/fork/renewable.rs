//! A lock around content that can be made again.

use super::sync::{Mutex, MutexGuard, OnceBox, PoisonError, TryLockError, process};
use std::mem::{forget, take};

/// A mutex on which a forked child never deadlocks.
///
/// Within the process that made it, it is a plain mutex. A child inherits it with its content. Only if the lock is held
/// when the child asks for it, the holder may be a thread that no longer exists, and the child goes on with a new
/// `T::default()` instead. If the holder is a thread of the child after all, both are used from then on, so `T` must be
/// something of which a process may have several.
#[derive(Debug)]
pub struct Renewable<T: Default> {
    content: Mutex<T>,
    process: u32,
    /// The replacement in a descendant of the process.
    pub(super) heir: OnceBox<Renewable<T>>,
}

impl<T: Default> Default for Renewable<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Default> Renewable<T> {
    /// A lock owned by this process.
    pub fn new(content: T) -> Self {
        Self::made_in(process(), content)
    }

    pub(super) fn made_in(process: u32, content: T) -> Self {
        Renewable { content: Mutex::new(content), process, heir: OnceBox::new() }
    }

    /// Locks; waits only for other threads of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the place that may")]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.free().unwrap_or_else(|held| held.content.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Locks, unless another thread of this process holds the lock.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.free().ok()
    }

    /// The lock if it is free, or else the one that a thread of this process holds.
    fn free(&self) -> Result<MutexGuard<'_, T>, &Self> {
        let mut lock = self;
        loop {
            match lock.content.try_lock() {
                Ok(held) => return Ok(held),
                Err(TryLockError::Poisoned(held)) => return Ok(held.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
            lock = match lock.heir.get() {
                Some(heir) => heir,
                None if lock.process == process() => return Err(lock),
                None => lock.heir.get_or_init(Box::default),
            }
        }
    }
}

impl<T: Default> Drop for Renewable<T> {
    fn drop(&mut self) {
        // The lock is being dropped, so no thread refers to it. If it is still held, its holder no longer exists and
        // may have left the content half changed.
        let in_use = matches!(self.content.try_lock(), Err(TryLockError::WouldBlock));
        if in_use {
            forget(take(self.content.get_mut().unwrap_or_else(PoisonError::into_inner)));
        }
    }
}
