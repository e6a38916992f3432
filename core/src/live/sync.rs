//! The atomics, locks and constants of tables, in one module so that `core/loom` can substitute its models.

pub use crate::support::fork::Renewable;
pub use arc_swap::ArcSwap;
pub use std::sync::Arc;
pub use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Allocates zeroed memory, whose pages the system provides on first touch.
pub fn zeroed(words: usize) -> Box<[AtomicU64]> {
    use zerocopy::FromZeros;
    match AtomicU64::new_vec_zeroed(words) {
        Ok(words) => words.into(),
        Err(_) => (0..words).map(|_| AtomicU64::new(0)).collect(),
    }
}

/// The hash function of keys: SipHash with keys of this process, so that nobody can construct collisions.
pub type Hashes = std::hash::RandomState;
/// The number of shards of a table, each with its own writer lock; a power of two.
pub const SHARDS: usize = 64;
/// The number of cells in the smallest block; a power of two.
pub const FEWEST_CELLS: usize = 16;
/// The number of cells that each write migrates from the former block while a shard grows.
pub const MOVED_AT_ONCE: usize = 64;
