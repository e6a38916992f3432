//! A value that is replaced as a whole.

use super::Renewable;
use super::sync::{Arc, ArcSwap, Guard};

/// A value that is read without locks and changed as a whole.
///
/// A change is made to a copy, which then replaces the value, so readers see each change entirely or not at all; the
/// same holds for forked children, and after a change that panicked. `T` should be cheap to clone: many `Arc`s rather
/// than what is in them.
#[derive(Debug)]
pub struct Versioned<T> {
    current: ArcSwap<T>,
    /// Serializes changes, so that none has to be repeated; see [`Versioned::change`].
    pub(super) turn: Renewable<()>,
}

impl<T: Default> Default for Versioned<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Versioned<T> {
    /// The first version.
    pub fn new(first: T) -> Self {
        Versioned { current: ArcSwap::from_pointee(first), turn: Renewable::new(()) }
    }

    /// The current version, to be held for a short while.
    pub fn load(&self) -> Guard<Arc<T>> {
        self.current.load()
    }

    /// The version of this moment, for longer.
    pub fn load_full(&self) -> Arc<T> {
        Arc::clone(&self.load())
    }
}

impl<T: Clone> Versioned<T> {
    /// Makes a new version out of the current one.
    ///
    /// If a forked child inherited the lock while it was held, two of its threads can make a change at the same time,
    /// once. The slower one then repeats its change.
    pub fn change<R>(&self, mut change: impl FnMut(&mut T) -> R) -> R {
        let _turn = self.turn.lock();
        loop {
            let before = self.current.load();
            let mut after = T::clone(&before);
            let result = change(&mut after);
            if Arc::ptr_eq(&before, &self.current.compare_and_swap(&*before, Arc::new(after))) {
                return result;
            }
        }
    }
}
