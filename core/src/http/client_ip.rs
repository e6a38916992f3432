//! Which address the client has, when proxies stand between it and the service.
//!
//! Every proxy product writes its own header, and none of them can be trusted by itself. The choice here is the one the
//! tracers agree on: the first *public* address, in the priority of the headers and from left to right inside one; private
//! addresses only when nothing better is found. An operator who knows which proxy stands in front names its header; then
//! nothing else counts, not even the peer, because a fallback would let a direct client choose its identity.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The headers that may carry the client's address, most trusted first.
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

/// What the request tells about where it comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientAddress {
    /// The resolved client: tag and engine address `http.client_ip`.
    pub client: Option<IpAddr>,
    /// The peer of the connection: tag `network.client.ip`.
    pub peer: Option<IpAddr>,
}

/// Resolves the client's address from the headers, in the order received, and the peer's address as the host prints it.
///
/// `configured` is the header an operator named, if any (`_` may stand for `-`).
pub fn client_address(
    headers: &[(Cow<'_, str>, Cow<'_, str>)],
    peer: Option<&str>,
    configured: Option<&str>,
) -> ClientAddress {
    let peer = peer.and_then(parse_node);
    let configured = configured.filter(|name| !name.is_empty()).map(|name| name.to_ascii_lowercase().replace('_', "-"));
    let client = match &configured {
        Some(name) => in_headers(headers, &[name]).map(Found::address),
        None => match in_headers(headers, &ADDRESS_HEADERS) {
            Some(Found::Public(address)) => Some(address),
            Some(Found::Private(_)) | None if peer.is_some_and(|peer| !is_private(peer)) => peer,
            Some(Found::Private(address)) => Some(address),
            None => peer,
        },
    };
    ClientAddress { client, peer }
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

fn in_headers(headers: &[(Cow<'_, str>, Cow<'_, str>)], names: &[&str]) -> Option<Found> {
    let mut first_private = None;
    for name in names {
        let Some(value) = joined(headers, name) else { continue };
        let mut public = None;
        candidates(name, &value, |candidate| {
            let Some(address) = parse_node(candidate) else { return false };
            if is_private(address) {
                first_private = first_private.or(Some(address));
                return false;
            }
            public = Some(address);
            true
        });
        if let Some(address) = public {
            return Some(Found::Public(address));
        }
    }
    first_private.map(Found::Private)
}

/// The value of a header; one that occurs several times is one list.
fn joined<'a>(headers: &'a [(Cow<'_, str>, Cow<'_, str>)], name: &str) -> Option<Cow<'a, str>> {
    let mut values = headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let mut list = Cow::Borrowed(values.next()?.as_ref());
    for value in values {
        let list = list.to_mut();
        list.push_str(", ");
        list.push_str(value);
    }
    Some(list)
}

/// Offers each candidate of a header's value until `take` returns true.
fn candidates(name: &str, value: &str, mut take: impl FnMut(&str) -> bool) {
    if name == "forwarded" {
        split_outside_quotes(value, ',').find(|element| forwarded_node(element).is_some_and(|node| take(&node)));
    } else {
        value.split(',').find(|candidate| take(candidate));
    }
}

/// The node of one element of `Forwarded` (RFC 7239): its first `for` pair, or the whole of an element without pairs.
fn forwarded_node(element: &str) -> Option<Cow<'_, str>> {
    if !element.contains('=') {
        return Some(Cow::Borrowed(element));
    }
    split_outside_quotes(element, ';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        trim(name).eq_ignore_ascii_case("for").then(|| unquote(trim(value)))
    })
}

fn unquote(value: &str) -> Cow<'_, str> {
    let Some(quoted) = value.strip_prefix('"') else { return Cow::Borrowed(value) };
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => text.extend(characters.next()),
            _ => text.push(character),
        }
    }
    Cow::Owned(text)
}

fn split_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character: char| {
        if escaped {
            escaped = false;
        } else if character == '"' {
            quoted = !quoted;
        } else if quoted && character == '\\' {
            escaped = true;
        }
        character == separator && !quoted
    })
}

/// An address as proxies write it: quotes, brackets, a port or a zone may surround it.
fn parse_node(text: &str) -> Option<IpAddr> {
    let text = trim(text);
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).map_or(text, trim);
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => host,
            _ => text,
        },
    };
    if let Ok(address) = bare.parse::<Ipv4Addr>() {
        return Some(IpAddr::V4(address));
    }
    let without_zone = bare.split_once('%').filter(|_| bare.contains(':')).map_or(bare, |(address, _)| address);
    let address: Ipv6Addr = without_zone.parse().ok()?;
    Some(IpAddr::V6(address).to_canonical())
}

/// Whether an address belongs to somebody's internal network and so says nothing about the client.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [first, second, ..] = four.octets();
            four.is_private() || four.is_loopback() || four.is_link_local() || first == 100 && second & 0xc0 == 64
        }
        IpAddr::V6(six) => {
            let first = six.segments()[0];
            six.is_loopback() || matches!(first & 0xffc0, 0xfe80 | 0xfec0) || first & 0xfe00 == 0xfc00
        }
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
