//! Remote configuration: the files that arrive, their effect, and the states to report.
//!
//! The transport (polling, signatures, target files) is the tracer's. It passes *batches*: the difference between two
//! consecutive states, as removed paths and changed files. [`Updater::apply`] turns a batch into calls of a [`Target`]
//! (the engine's builder, or a test's) in the only correct order, and gives every file its apply state.
//!
//! The order matters because identifiers are unique across files: while one file defines an action, another that
//! defines it again fails, and does not come back when the first goes. So removals come before additions. The bundled
//! rules are a file like any other; they are removed before the first remote rule file arrives, and return when the
//! last one is gone or was refused.

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
