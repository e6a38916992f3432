//! The client's address behind proxies.
//!
//! Every proxy product writes its own header, and none of them can be trusted by itself. The choice depends on what is
//! known of the proxies:
//!
//! * Nothing: as in the tracers, the first *public* address, in the priority of the headers and from left to right
//!   within one; private addresses only if there is no public one. The sender of the request can choose that address.
//! * The header's name: nothing else counts, not even the peer, because a fallback would let a client that connects
//!   directly choose its identity.
//! * The proxies' addresses: each proxy appends the address it was contacted from at the right end, so the chain is
//!   followed from the peer leftwards for as long as each hop is a trusted proxy. The first hop that is not is the
//!   client. Everything left of it may be forged.

mod node;
mod proxies;
mod public;

pub use proxies::{Proxies, ProxyError};
pub use public::is_public;

use node::parse_node;
use std::borrow::Cow;
use std::net::IpAddr;

/// The headers that may carry the client's address, in order of preference.
pub const ADDRESS_HEADERS: [&str; 10] = [
    "x-forwarded-for",
    "x-real-ip",
    "true-client-ip",
    "x-client-ip",
    "forwarded",
    "forwarded-for",
    "x-cluster-client-ip",
    "fastly-client-ip",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
];

type Headers<'a> = [(Cow<'a, str>, Cow<'a, str>)];

/// The origin of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientAddress {
    /// The resolved client: tag and engine address `http.client_ip`.
    pub client: Option<IpAddr>,
    /// The peer of the connection: tag `network.client.ip`.
    pub peer: Option<IpAddr>,
}

impl ClientAddress {
    /// The tags of a request from this origin.
    pub fn tags(self) -> impl Iterator<Item = (&'static str, String)> {
        let tags = [("http.client_ip", self.client), ("network.client.ip", self.peer)];
        tags.into_iter().filter_map(|(tag, address)| Some((tag, address?.to_string())))
    }
}

/// Determines the client's address from the headers, in the order received, and the peer's address as the host prints
/// it.
pub fn client_address(headers: &Headers<'_>, peer: Option<&str>, proxies: &Proxies) -> ClientAddress {
    let peer = peer.and_then(parse_node);
    let client = match (proxies.trusted(), proxies.header()) {
        (Some(trusted), Some(name)) => first_untrusted(headers, peer, &[name], trusted),
        (Some(trusted), None) => first_untrusted(headers, peer, &ADDRESS_HEADERS, trusted),
        (None, Some(name)) => first_public(headers, &[name]).map(Found::address),
        (None, None) => match first_public(headers, &ADDRESS_HEADERS) {
            Some(Found::Public(address)) => Some(address),
            Some(Found::Private(_)) | None if peer.is_some_and(is_public) => peer,
            Some(Found::Private(address)) => Some(address),
            None => peer,
        },
    };
    ClientAddress { client, peer }
}

/// Follows the chain of trusted proxies in the first header that has a list. A connection without an address, such as
/// that of a Unix socket, comes from this machine. The chain ends at a hop that hides its client, or that is not an
/// address.
fn first_untrusted(
    headers: &Headers<'_>,
    peer: Option<IpAddr>,
    names: &[&str],
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Option<IpAddr> {
    let mut client = peer;
    let written = names.iter().find_map(|name| Some((name, joined(headers, name).filter(|list| !is_blank(list))?)));
    let Some((name, list)) = written else { return client };
    let mut hops = node::from_right(name, &list);
    while client.is_none_or(&is_trusted) {
        let Some(next) = hops.next().and_then(|node| parse_node(&node?)) else { break };
        client = Some(next);
    }
    client
}

enum Found {
    Public(IpAddr),
    Private(IpAddr),
}

impl Found {
    fn address(self) -> IpAddr {
        match self {
            Self::Public(address) | Self::Private(address) => address,
        }
    }
}

fn first_public(headers: &Headers<'_>, names: &[&str]) -> Option<Found> {
    let mut first_private = None;
    for name in names {
        let Some(list) = joined(headers, name) else { continue };
        let addresses = node::from_left(name, &list).filter_map(|node| parse_node(&node?));
        for address in addresses {
            if is_public(address) {
                return Some(Found::Public(address));
            }
            first_private = first_private.or(Some(address));
        }
    }
    first_private.map(Found::Private)
}

/// The value of a header, joined to one list if it occurs several times.
fn joined<'a>(headers: &'a Headers<'_>, name: &str) -> Option<Cow<'a, str>> {
    let mut values = headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let mut list = Cow::Borrowed(values.next()?.as_ref());
    for value in values {
        let list = list.to_mut();
        list.push_str(", ");
        list.push_str(value);
    }
    Some(list)
}

fn is_blank(list: &str) -> bool {
    list.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b','))
}
