//! What the locks are made of, in one place so that `core/loom` can put models there.

pub use arc_swap::{ArcSwap, Guard};
pub use once_cell::race::OnceBox;
pub use std::process::id as process;
pub use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
