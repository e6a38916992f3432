//! What callers of libddwaf 1.30 rely on and the 2.x interface no longer has.
//!
//! - A [`Ruleset`] keeps serving its last instance when all rules are removed, and redacts by patterns of its own.
//! - A [`Conversation`] takes *ephemeral* data, which are forgotten after the call, beside *persistent* ones.
//! - Results have another order of keys, and no numbers in paths: [`result`] writes them.
//!
//! The engine has no mark for ephemeral addresses. Ephemeral data are evaluated in a subcontext that is dropped after the
//! call, which gives the same findings in the same pass. The price is that persistent data are evaluated twice in the rare
//! call that brings both kinds.

mod conversation;
mod result;
mod ruleset;

#[cfg(test)]
mod tests;

pub use conversation::Conversation;
pub use result::result;
pub use ruleset::{Obfuscation, Ruleset};
