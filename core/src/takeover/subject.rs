//! The account and the source of an event, in the forms that are counted.

use super::address::{Network, Prefix};
use super::event::Event;
use super::key::HashKey;
use super::normalization::Normalization;
use super::state::{Key, Origin};
use super::text::mask_digits;
use std::borrow::Cow;

/// The normalized account and source of an event, with the hashes that rules count by, each computed once.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The normalized login.
    pub login: Option<Cow<'a, str>>,
    /// The client address.
    pub address: Option<Prefix>,
    /// The address as a source: the IPv4 address or the IPv6 prefix.
    pub group: Option<Prefix>,
    /// The network of the address.
    pub network: Option<Network>,
    /// Whether the address is local.
    pub local: bool,
    login_hash: Option<u64>,
    group_hash: Option<u64>,
    network_hash: Option<u64>,
}

impl<'a> Subject<'a> {
    /// Normalizes the account and the source of an event.
    pub fn of(event: &'a Event<'_>, how: &Normalization, hash: &HashKey) -> Self {
        let address = event.ip.map(Prefix::host);
        let login = event.login.as_deref().and_then(|login| how.login.apply(login));
        let group = address.map(|address| address.source(how.ipv6_group));
        // All clients behind a NAT64 would otherwise be one source, which none of them is responsible for.
        let source = address.map(|address| address.translated().unwrap_or(address));
        let network = source.map(|address| Network::of(address, event.geo.as_ref().and_then(|geo| geo.asn)));
        Subject {
            local: source.is_some_and(|address| how.local.contains(address)),
            login_hash: login.as_ref().map(|login| hash.hash(login.as_bytes())),
            group_hash: group.map(|group| hash.hash(&group.bytes())),
            network_hash: network.map(|network| hash.hash(&network.bytes())),
            login,
            address,
            group,
            network,
        }
    }

    /// Returns the account, identified by the login.
    pub fn account(&self) -> Option<&str> {
        self.login.as_deref()
    }

    /// Returns the key of the account's familiar origins.
    pub fn account_key(&self, hash: &HashKey) -> Option<Key> {
        self.login_hash.map(|login| hash.account(login))
    }

    /// Returns the hash of the source, unless it is local.
    pub fn source(&self) -> Option<u64> {
        self.group_hash.filter(|_| !self.local)
    }

    /// Returns the hash of the source's network, unless it is local.
    pub fn source_network(&self) -> Option<u64> {
        self.network_hash.filter(|_| !self.local)
    }

    /// Returns the hash of the login.
    pub fn login_hash(&self) -> Option<u64> {
        self.login_hash
    }

    /// Returns the hash of the source, even if it is local.
    pub fn group_hash(&self) -> Option<u64> {
        self.group_hash
    }

    /// Returns the hash of the network, even if it is local.
    pub fn network_hash(&self) -> Option<u64> {
        self.network_hash
    }

    /// Returns the origin, for familiarity. `trait_is_rare` says whether the device's traits distinguish it from
    /// others.
    pub fn origin(&self, event: &Event<'_>, hash: &HashKey, trait_is_rare: impl FnOnce(u64) -> bool) -> Origin {
        // A local address is that of a proxy, and does not distinguish clients.
        let network = self.address.filter(|_| !self.local).map(|address| address.source(56).cut_by_family(24, 56));
        let device = match &event.device_id {
            Some(id) => Some(hash.hasher().part(b"device").part(id.as_bytes()).finish()),
            None => device_trait(event, hash).filter(|device| trait_is_rare(*device)),
        };
        Origin { network: network.map(|network| hash.hash(&network.bytes())), device }
    }
}

/// Returns a hash of the traits that a device reveals unasked: its user agent without versions, the headers it sends,
/// and its language.
pub fn device_trait(event: &Event<'_>, hash: &HashKey) -> Option<u64> {
    let agent = event.user_agent.as_deref()?;
    let bits = event.fp_header.as_deref().and_then(|fingerprint| fingerprint.split('-').nth(1)).unwrap_or_default();
    let language = event.accept_language.as_deref().unwrap_or_default();
    let family = mask_digits(agent);
    Some(hash.hasher().part(family.as_bytes()).part(bits.as_bytes()).part(language.as_bytes()).finish())
}
