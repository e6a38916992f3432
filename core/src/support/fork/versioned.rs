//! Immutable versions, one after the other.

use super::Renewable;
use super::sync::{Arc, ArcSwap, Guard};

/// A value that is read without locks and changed as a whole.
///
/// A change is made to a copy, which then takes the value's place, so readers see each change entirely or not at all; and
/// so do forked children, and whoever comes after a change that panicked. `T` should be cheap to clone: many `Arc`s rather
/// than what is in them.
#[derive(Debug)]
pub struct Versioned<T> {
    current: ArcSwap<T>,
    /// Changes take turns so that none is made in vain; see [`Versioned::change`].
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

    /// The version of this moment, for a short while.
    pub fn load(&self) -> Guard<Arc<T>> {
        self.current.load()
    }
}

impl<T: Clone> Versioned<T> {
    /// Makes a new version out of the current one.
    ///
    /// In a forked child two threads can have their turn at the same time, once, if the lock was inherited. The change of
    /// the slower one is then made again.
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
