//! Addresses that are not judged, or never refused: an operator's own offices, monitors and scanners.

use super::exclusion::FILTERS;
use crate::http::{ClientAddress, Proxies};
use crate::live::Prefix;
use crate::matcher::ip_match::IpSet;
use crate::value::{Value, json};
use std::fmt;

pub(super) const ALLOW_PATH: &str = "bartizan/allow";
/// The address that tells rules' filters about an allowed client. Only this crate submits it.
pub(super) const ALLOWED: &str = "bartizan.allowed";

/// What becomes of requests from allowed addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allowance {
    /// No rule is evaluated, except those about refused users.
    #[default]
    Bypass,
    /// Rules report, whatever the mode.
    Monitor,
}

/// Addresses and networks from which requests are never refused because of where they come from or what they contain.
/// Refused users stay refused.
///
/// What headers say of the client counts only if the settings say how to believe them (see [`Proxies`]): else anybody
/// could write an allowed address into `X-Forwarded-For`, and the address of the connection's other end counts.
///
/// ```
/// use bartizan::protect::{AllowList, Allowance};
/// assert!(AllowList::new(&["10.0.0.0/8", "2001:db8::1"], Allowance::Monitor).is_ok());
/// assert_eq!(AllowList::new(&["office"], Allowance::Bypass).unwrap_err().to_string(),
///     "neither an IP address nor a network: `office`");
/// ```
#[derive(Debug)]
pub struct AllowList {
    set: IpSet,
    allowance: Allowance,
}

/// This is neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotANetwork(pub String);

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "neither an IP address nor a network: `{}`", self.0)
    }
}

impl std::error::Error for NotANetwork {}

impl AllowList {
    /// A list of addresses (`192.0.2.1`) and networks (`192.0.2.0/24`).
    ///
    /// # Errors
    ///
    /// The first entry that is neither.
    pub fn new<T: AsRef<str>>(networks: &[T], allowance: Allowance) -> Result<Self, NotANetwork> {
        if let Some(wrong) = networks.iter().find(|network| Prefix::parse(network.as_ref()).is_none()) {
            return Err(NotANetwork(wrong.as_ref().into()));
        }
        Ok(Self { set: IpSet::new(networks.iter().map(|network| (network.as_ref(), 0))), allowance })
    }

    /// Whether a client is on the list.
    pub(super) fn has(&self, client: ClientAddress, proxies: &Proxies) -> bool {
        let address = if proxies.are_known() { client.client } else { client.peer };
        address.is_some_and(|address| self.set.contains(address, 0))
    }

    /// The filters: one for all rules but those of decisions, and one for those about refused addresses.
    pub(super) fn document(&self) -> Value {
        let on_match = match self.allowance {
            Allowance::Bypass => "bypass",
            Allowance::Monitor => "monitor",
        };
        let condition = format!(r#"{{"operator":"exists","parameters":{{"inputs":[{{"address":"{ALLOWED}"}}]}}}}"#);
        let document = format!(
            r#"{{"exclusions":[
                {{"id":"{FILTERS}allow","conditions":[{condition}],"on_match":"{on_match}"}},
                {{"id":"bartizan-allow-address","conditions":[{condition}],"on_match":"{on_match}",
                  "rules_target":[{{"tags":{{"module":"network-acl"}}}}]}}]}}"#
        );
        json::parse(document.as_bytes()).unwrap_or_else(|_| Value::map())
    }
}
