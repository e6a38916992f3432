//! The primitives that the locks are made of, in one place so that `core/loom` can substitute models.

pub use super::process::process;
pub use arc_swap::{ArcSwap, Guard};
pub use once_cell::race::OnceBox;
pub use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
