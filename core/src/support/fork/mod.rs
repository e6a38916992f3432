//! State that is shared between threads and survives `fork`.
//!
//! A forked child has one thread, the one that forked. What the others were doing stops where it stood: a lock that one of
//! them held is held for ever, what it guarded may be half changed, and a cell that one of them was filling never gets
//! full. Servers fork while threads run, so no thread of the engine may wait for another that may not exist any more.
//! Hence the one rule: **everything that threads share and change is of one of these four kinds**.
//!
//! | kind | for | what a child finds |
//! |---|---|---|
//! | [`Versioned`] | what must not be lost: configurations, rules | the version of the last finished change |
//! | [`Renewable`] | what can be made again: spare memory, samples, limits | what is there, or a new one where it was in use |
//! | [`OnceBox`](once_cell::race::OnceBox) | what is made once | what is there, or it makes its own |
//! | atomics | numbers | the number |
//!
//! `Mutex::try_lock` alone is fine as well: who does not get it goes on without. `Mutex::lock`, `RwLock`, `OnceLock` and
//! `LazyLock` are not, outside this module; `clippy.toml` forbids them.
//!
//! Nothing is registered with `pthread_atfork`, which would need `unsafe`, does not see every way to fork, and keeps a
//! pointer into a library that may be unloaded. Instead a lock knows the process it was made in, and who would have to wait for it
//! compares; so the way without waiting asks for nothing.

mod renewable;
mod sync;
#[cfg(test)]
mod tests;
mod versioned;

pub use renewable::Renewable;
pub use versioned::Versioned;
