//! The settings of an engine by name.
//!
//! | file | concept |
//! |---|---|
//! | [`table`] | names, types, defaults, and the environment variables that stand in for them |
//! | [`read`] | from a map to the typed settings |

mod read;
mod table;

pub(super) use read::{Both, read, read_exclusion, read_rules};
pub(super) use table::{Environment, from_environment, in_terms_of_variables, names};
pub use table::{Kind, SETTINGS, Setting};
