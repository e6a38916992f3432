//! The normalization of events before they are counted.

use super::address::LocalNetworks;
use super::login::LoginNormalization;

/// How logins and addresses are normalized.
#[derive(Clone, Debug)]
pub struct Normalization {
    /// The normalization of logins.
    pub login: LoginNormalization,
    /// The prefix length of an IPv6 source.
    pub ipv6_group: u8,
    /// The local networks.
    pub local: LocalNetworks,
}

impl Default for Normalization {
    fn default() -> Self {
        Normalization { login: LoginNormalization::CaseFold, ipv6_group: 64, local: LocalNetworks::default() }
    }
}
