//! How the texts of events become what is counted.

use super::address::LocalNetworks;
use super::login::LoginNormalization;

/// What makes two spellings of a login, or two addresses, the same.
#[derive(Clone, Debug)]
pub struct Normalization {
    /// How logins are compared.
    pub login: LoginNormalization,
    /// Bits of an IPv6 address that are one source.
    pub ipv6_group: u8,
    /// Which addresses are inside.
    pub local: LocalNetworks,
}

impl Default for Normalization {
    fn default() -> Self {
        Normalization { login: LoginNormalization::CaseFold, ipv6_group: 64, local: LocalNetworks::default() }
    }
}
