//! What tables are made of, in one place so that `core/loom` can put models there.

pub use crate::support::fork::Renewable;
pub use arc_swap::ArcSwap;
pub use std::sync::Arc;
pub use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Zeroed memory, of which the system gives pages when they are touched.
pub fn zeroed(words: usize) -> Box<[AtomicU64]> {
    use zerocopy::FromZeros;
    match AtomicU64::new_vec_zeroed(words) {
        Ok(words) => words.into(),
        Err(_) => (0..words).map(|_| AtomicU64::new(0)).collect(),
    }
}

/// Hashes of keys: SipHash with keys of this process, so nobody outside can aim at a cell.
pub type Hashes = std::hash::RandomState;
/// Parts of a table with a writer each; a power of two.
pub const SHARDS: usize = 64;
/// Cells of the smallest block; a power of two.
pub const FEWEST_CELLS: usize = 16;
/// Cells that every write takes over from a block that has grown too small.
pub const MOVED_AT_ONCE: usize = 64;
