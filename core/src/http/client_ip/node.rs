//! Parsing addresses as proxies write them, and the headers that list them.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The nodes of a header's list from left to right; `None` for an element without an address.
pub(super) fn from_left<'a>(name: &str, list: &'a str) -> impl Iterator<Item = Option<Cow<'a, str>>> {
    let is_forwarded = name == "forwarded";
    let pairs = is_forwarded.then(|| split_outside_quotes(list, ',').map(forwarded_node));
    let plain = (!is_forwarded).then(|| list.split(',').map(|node| Some(Cow::Borrowed(node))));
    pairs.into_iter().flatten().chain(plain.into_iter().flatten())
}

/// The same from right to left, without empty elements. Quotes are paired from the right, so that a quote that the
/// client left open cannot swallow what the proxies appended after it.
pub(super) fn from_right<'a>(name: &str, list: &'a str) -> impl Iterator<Item = Option<Cow<'a, str>>> {
    let is_forwarded = name == "forwarded";
    let says_something = |element: &&str| !trim(element).is_empty();
    let pairs = is_forwarded.then(|| rsplit_outside_quotes(list, b',').filter(says_something).map(forwarded_node));
    let plain = (!is_forwarded).then(|| list.rsplit(',').filter(says_something).map(|node| Some(Cow::Borrowed(node))));
    pairs.into_iter().flatten().chain(plain.into_iter().flatten())
}

/// An address as proxies write it, possibly with quotes, brackets, a port or a zone.
pub(super) fn parse_node(text: &str) -> Option<IpAddr> {
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

/// The node of one element of `Forwarded` (RFC 7239): its first `for` pair, or the whole element if it has no pairs.
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

fn rsplit_outside_quotes(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let whole = rest?;
        let bytes = whole.as_bytes();
        let mut quoted = false;
        let at = (0..bytes.len()).rev().find(|&at| {
            if bytes[at] == b'"' && !(quoted && is_escaped(bytes, at)) {
                quoted = !quoted;
            }
            bytes[at] == separator && !quoted
        });
        rest = at.map(|at| &whole[..at]);
        Some(at.map_or(whole, |at| &whole[at + 1..]))
    })
}

/// Whether an odd number of backslashes precedes.
fn is_escaped(bytes: &[u8], at: usize) -> bool {
    bytes[..at].iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
