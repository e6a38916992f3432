//! What `core/src/live` is made of, as loom models it: as few cells as show everything.

pub use crate::renewable::Renewable;
pub use crate::sync::Guard;
pub use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
pub use std::sync::Arc;

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Mutex;

/// The same in every run.
pub type Hashes = BuildHasherDefault<DefaultHasher>;
pub const SHARDS: usize = 1;
pub const FEWEST_CELLS: usize = 2;
pub const MOVED_AT_ONCE: usize = 1;

pub fn zeroed(words: usize) -> Box<[AtomicU64]> {
    (0..words).map(|_| AtomicU64::new(0)).collect()
}

/// A pointer that is exchanged as a whole. All that ever stood there is kept, and only its number is loom's, so that
/// reading it orders no more than a pointer would.
#[derive(Debug)]
pub struct ArcSwap<T> {
    current: AtomicUsize,
    versions: Mutex<Vec<Arc<T>>>,
}

impl<T> ArcSwap<T> {
    pub fn from_pointee(value: T) -> Self {
        ArcSwap { current: AtomicUsize::new(0), versions: Mutex::new(vec![Arc::new(value)]) }
    }

    pub fn load(&self) -> Guard<Arc<T>> {
        Guard(self.load_full())
    }

    pub fn load_full(&self) -> Arc<T> {
        let current = self.current.load(Ordering::Acquire);
        self.versions.lock().unwrap()[current].clone()
    }

    pub fn compare_and_swap(&self, expected: &Arc<T>, new: Arc<T>) -> Guard<Arc<T>> {
        let (expected, new) = {
            let mut versions = self.versions.lock().unwrap();
            versions.push(new);
            (versions.iter().position(|version| Arc::ptr_eq(version, expected)).unwrap(), versions.len() - 1)
        };
        let swapped = self.current.compare_exchange(expected, new, Ordering::AcqRel, Ordering::Acquire);
        let before = swapped.unwrap_or_else(|before| before);
        Guard(self.versions.lock().unwrap()[before].clone())
    }
}
