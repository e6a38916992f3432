//! Remote configuration: what files arrive, what they change, and what is answered.
//!
//! The transport (polling, signatures, target files) is the tracer's. It hands over *batches*: the difference between two
//! consecutive states, as removed paths and changed files. [`Updater::apply`] turns a batch into calls of a [`Target`] (the
//! engine's builder, or a test's) in the one order that works, and gives every file its apply state.
//!
//! The order matters because identifiers are unique across files: while one file defines an action, another that defines it
//! again fails, and is not revived when the first goes. So removals come before additions. The bundled rules are a file like
//! any other that leaves before the first remote rule file arrives and returns when the last has gone or was refused.

mod capabilities;
mod diagnostics;
mod features;
mod path;
mod update;

pub use capabilities::Abilities;
pub use diagnostics::LogLine;
pub use features::Features;
pub use path::{ConfigPath, Product};
pub use update::{ApplyState, BUNDLED_RULES, Batch, BatchReport, FileState, Loaded, Target, Updater};
