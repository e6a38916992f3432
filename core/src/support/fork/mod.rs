//! State that is shared between threads and survives `fork`.
//!
//! A forked child has one thread, the one that forked. Whatever the others were doing is never finished: a lock that
//! one of them held stays locked, the data it guarded may be half changed, and a cell that one of them was filling
//! stays empty. Servers fork while threads run, so no thread of the engine may wait for another that may no longer
//! exist. Hence the one rule: **all mutable state shared between threads is of one of these four kinds**.
//!
//! | kind | for | what a child finds |
//! |---|---|---|
//! | [`Versioned`] | what must not be lost: configurations, rules | the version of the last finished change |
//! | [`Renewable`] | what can be made again: spare memory, samples, limits | what is there, or a new one where it was in use |
//! | [`OnceBox`](once_cell::race::OnceBox) | what is made once | what is there, or it makes its own |
//! | atomics | numbers | the number |
//!
//! `Mutex::try_lock` alone is fine as well, if a thread that does not get the lock goes on without it. `Mutex::lock`,
//! `RwLock`, `OnceLock` and `LazyLock` are not, outside this module; `clippy.toml` forbids them.
//!
//! `pthread_atfork` is not used: it would need `unsafe`, does not see every way to fork, and keeps a pointer into a
//! library that may be unloaded. Instead a lock remembers the process it was made in, and only a thread that would have
//! to wait compares it with its own, so uncontended locks cost nothing extra. Hosts with fork handlers of their own can
//! save us the system call ([`tell_process`]).

mod process;
mod renewable;
mod sync;
#[cfg(test)]
mod tests;
mod versioned;

pub use process::{process, tell_process};
pub use renewable::Renewable;
pub use versioned::Versioned;
