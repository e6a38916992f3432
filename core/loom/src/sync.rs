//! The primitives of `support::fork`, modelled with loom.

pub use loom::sync::{Mutex, MutexGuard};
pub use std::sync::{Arc, PoisonError, TryLockError};

use loom::sync::atomic::AtomicBool;
use loom::sync::atomic::Ordering::{AcqRel, Acquire};
use std::ops::Deref;
use std::sync::OnceLock;

/// The processes of the models. The running code is always the child.
pub const PARENT: u32 = 1;
pub const CHILD: u32 = 2;

pub fn process() -> u32 {
    CHILD
}

/// A cell that keeps the first value set.
#[derive(Debug)]
pub struct OnceBox<T> {
    filled: AtomicBool,
    content: OnceLock<Box<T>>,
}

impl<T> OnceBox<T> {
    pub fn new() -> Self {
        OnceBox { filled: AtomicBool::new(false), content: OnceLock::new() }
    }

    pub fn get(&self) -> Option<&T> {
        self.filled.load(Acquire).then(|| &**self.content.get().unwrap())
    }

    pub fn get_or_init(&self, make: impl FnOnce() -> Box<T>) -> &T {
        let made = make();
        if self.filled.compare_exchange(false, true, AcqRel, Acquire).is_ok() {
            // Loom runs no other thread before the next atomic operation.
            assert!(self.content.set(made).is_ok());
        }
        self.content.get().unwrap()
    }
}

/// A pointer that is replaced atomically.
#[derive(Debug)]
pub struct ArcSwap<T>(Mutex<Arc<T>>);

/// A loaded value.
pub struct Guard<T>(pub(crate) T);

impl<T> Deref for Guard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> ArcSwap<T> {
    pub fn from_pointee(value: T) -> Self {
        ArcSwap(Mutex::new(Arc::new(value)))
    }

    pub fn load(&self) -> Guard<Arc<T>> {
        Guard(self.0.lock().unwrap().clone())
    }

    pub fn compare_and_swap(&self, current: &Arc<T>, new: Arc<T>) -> Guard<Arc<T>> {
        let mut held = self.0.lock().unwrap();
        let previous = held.clone();
        if Arc::ptr_eq(&previous, current) {
            *held = new;
        }
        Guard(previous)
    }
}
