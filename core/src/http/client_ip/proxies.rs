//! The operator's settings about the proxies in front of the service.

use crate::matcher::ip_match::IpSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// How to find the clients' addresses. By default nothing is known of the proxies.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// In lower case.
    header: Option<String>,
    trusted: Option<Arc<IpSet>>,
}

/// Why a setting about proxies cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyError {
    /// This is not the name of a header.
    Header(String),
    /// This is neither an address nor a network.
    Network(String),
}

impl Proxies {
    /// Sets the header that the proxies write (`_` may stand for `-`); an empty name means none.
    pub fn with_header(mut self, name: &str) -> Result<Self, ProxyError> {
        let name = name.to_ascii_lowercase().replace('_', "-");
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^`|~".contains(&byte)) {
            return Err(ProxyError::Header(name));
        }
        self.header = Some(name).filter(|name| !name.is_empty());
        Ok(self)
    }

    /// Sets the addresses and networks (`10.0.0.0/8`) of the proxies. An empty list means that clients connect
    /// directly.
    pub fn with_trusted<T: AsRef<str>>(mut self, networks: &[T]) -> Result<Self, ProxyError> {
        let unusable = networks.iter().find(|network| !is_network(network.as_ref()));
        if let Some(network) = unusable {
            return Err(ProxyError::Network(network.as_ref().into()));
        }
        let set = IpSet::new(networks.iter().map(|network| (network.as_ref(), NEVER_EXPIRES)));
        self.trusted = Some(Arc::new(set));
        Ok(self)
    }

    /// Whether the operator said anything about proxies, so that what their headers say of clients can be believed.
    pub fn are_known(&self) -> bool {
        self.header.is_some() || self.trusted.is_some()
    }

    /// The configured header, if any.
    pub(super) fn header(&self) -> Option<&str> {
        self.header.as_deref()
    }

    /// Whether an address is a trusted proxy, if the operator named them.
    pub(super) fn trusted(&self) -> Option<impl Fn(IpAddr) -> bool> {
        self.trusted.as_ref().map(|set| |address| set.contains(address, 0))
    }
}

const NEVER_EXPIRES: u64 = 0;

fn is_network(text: &str) -> bool {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let is_length = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse().is_ok_and(|bits: u8| bits <= longest)
    };
    length.is_none_or(is_length)
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "`client_ip_header` is not the name of a header: `{name}`"),
            Self::Network(text) => {
                write!(f, "`trusted_proxies` has an entry that is neither an IP address nor a network: `{text}`")
            }
        }
    }
}

impl std::error::Error for ProxyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_strictly() {
        for text in ["10.0.0.0/8", "10.1.2.3", "::1", "fd00::/8", "0.0.0.0/0", "::ffff:10.0.0.0/104", "1.2.3.4/32"] {
            assert!(Proxies::default().with_trusted(&[text]).is_ok(), "{text}");
        }
        for text in
            ["", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0/8", "10.0.0.1:80", "::/129", " ::1", "proxy"]
        {
            let refused = Proxies::default().with_trusted(&["10.0.0.0/8", text]).unwrap_err();
            assert_eq!(refused, ProxyError::Network(text.into()));
        }
        assert!(Proxies::default().with_header("x forwarded").is_err());
        assert_eq!(Proxies::default().with_header("X_Real_IP").unwrap().header(), Some("x-real-ip"));
        assert_eq!(Proxies::default().with_header("").unwrap().header(), None);
    }
}
