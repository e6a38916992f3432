//! The operations of a detector for operators and bindings, with maps as arguments and results.

mod arguments;
mod blocks;
mod clusters;
mod forget;
mod health;
mod rules_data;
mod signals;

use super::detector::Detector;

/// A result with an error message.
pub type Result<T> = std::result::Result<T, String>;

impl Detector {
    /// The prefix length of an IPv6 source.
    fn group_bits(&self) -> u8 {
        self.plan().config.settings.normalization.ipv6_group
    }
}
