//! A lock around what can be made again.

use super::sync::{Mutex, MutexGuard, OnceBox, PoisonError, TryLockError, process};
use std::mem::{forget, take};

/// A mutex that a forked child need not wait for in vain.
///
/// Within the process that made it, it is a mutex. A child inherits it with what is in it; only if it is in use just when
/// the child asks for it, its holder may be a thread that was left behind, and the child goes on with a new `T::default()`
/// instead. Should the holder be a thread of the child after all, both are used from then on, so `T` must be something of
/// which a process may have several.
///
/// A process is told from its ancestors by its id, which may come again only after an ancestor has ended, and never is that of
/// the parent.
#[derive(Debug)]
pub struct Renewable<T: Default> {
    content: Mutex<T>,
    process: u32,
    /// What takes its place in a descendant of the process.
    pub(super) heir: OnceBox<Renewable<T>>,
}

impl<T: Default> Default for Renewable<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Default> Renewable<T> {
    /// A lock of this process.
    pub fn new(content: T) -> Self {
        Self::made_in(process(), content)
    }

    pub(super) fn made_in(process: u32, content: T) -> Self {
        Renewable { content: Mutex::new(content), process, heir: OnceBox::new() }
    }

    /// Waits for other threads of this process, and for nobody else.
    #[expect(clippy::disallowed_methods, reason = "this is the place that may")]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        let mut lock = self;
        loop {
            match lock.content.try_lock() {
                Ok(held) => return held,
                Err(TryLockError::Poisoned(held)) => return held.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
            lock = match lock.heir.get() {
                Some(heir) => heir,
                None if lock.process == process() => {
                    return lock.content.lock().unwrap_or_else(PoisonError::into_inner);
                }
                None => lock.heir.get_or_init(Box::default),
            }
        }
    }
}

impl<T: Default> Drop for Renewable<T> {
    fn drop(&mut self) {
        // Nobody has a reference to the lock any more, so whoever still holds it is gone, and was in the middle of a change.
        let in_use = matches!(self.content.try_lock(), Err(TryLockError::WouldBlock));
        if in_use {
            forget(take(self.content.get_mut().unwrap_or_else(PoisonError::into_inner)));
        }
    }
}
