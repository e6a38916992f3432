//! Text of configurations.

use std::sync::Arc;

/// An owned byte string of a configuration, shared by everything built from it.
pub type Text = Arc<[u8]>;
