//! A request and a response as the engine's addresses.
//!
//! Rules match names and values byte for byte, so the form is part of the contract: header names are in lower case,
//! cookies are separate, a status is text, and an address is absent rather than empty.

use super::client_ip::ClientAddress;
use super::target::path_and_query;
use crate::value::{Object, Value, View};
use std::borrow::Cow;

/// What a host knows of a request when it evaluates it; the rest can be submitted later. Values that are passed by
/// value are not copied.
#[derive(Default)]
pub struct RequestParts<'a> {
    /// The method as received.
    pub method: Option<&'a str>,
    /// The target as received, encoded; an absolute URL is reduced to its path and query.
    pub url: Option<&'a str>,
    /// The headers in the order received.
    pub headers: &'a [(Cow<'a, str>, Cow<'a, str>)],
    /// The decoded query.
    pub query: Option<Cow<'a, Object>>,
    /// The decoded cookies.
    pub cookies: Option<Cow<'a, Object>>,
    /// The parameters of the route.
    pub path_params: Option<Cow<'a, Object>>,
    /// The parsed body; never its raw bytes.
    pub body: Option<Cow<'a, Object>>,
    /// Where the request comes from.
    pub address: ClientAddress,
}

/// The addresses of a request.
pub fn request_addresses(parts: RequestParts<'_>) -> Value {
    let mut addresses = Value::map();
    if let Some(client) = parts.address.client {
        addresses.insert("http.client_ip", client.to_string());
    }
    if let Some(method) = parts.method {
        addresses.insert("server.request.method", method);
    }
    if let Some(url) = parts.url {
        addresses.insert("server.request.uri.raw", path_and_query(url));
    }
    insert_headers(&mut addresses, "server.request.headers.no_cookies", parts.headers);
    for (address, value) in [
        ("server.request.query", parts.query),
        ("server.request.cookies", parts.cookies),
        ("server.request.path_params", parts.path_params),
        ("server.request.body", parts.body),
    ] {
        insert_present(&mut addresses, address, value);
    }
    addresses
}

/// The addresses of a response whose head has not been sent yet.
pub fn response_addresses(
    status: u16,
    headers: &[(Cow<'_, str>, Cow<'_, str>)],
    body: Option<Cow<'_, Object>>,
) -> Value {
    let mut addresses = Value::map();
    addresses.insert("server.response.status", status.to_string());
    insert_headers(&mut addresses, "server.response.headers.no_cookies", headers);
    insert_present(&mut addresses, "server.response.body", body);
    addresses
}

fn insert_headers(addresses: &mut Value, address: &str, headers: &[(Cow<'_, str>, Cow<'_, str>)]) {
    let mut names: Vec<(String, Vec<&str>)> = Vec::new();
    let mut positions = std::collections::HashMap::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if name == "cookie" || name == "set-cookie" {
            continue;
        }
        let position = *positions.entry(name.clone()).or_insert(names.len());
        match names.get_mut(position) {
            Some((_, values)) => values.push(value),
            None => names.push((name, vec![value])),
        }
    }
    let entries = names.iter().map(|(name, values)| {
        let value = match values.as_slice() {
            [single] => Value::from(*single),
            several => several.iter().copied().collect(),
        };
        (name, value)
    });
    if !names.is_empty() {
        addresses.insert(address, Value::from_entries(entries));
    }
}

fn insert_present(addresses: &mut Value, address: &str, value: Option<Cow<'_, Object>>) {
    let Some(value) = value else { return };
    let absent = match value.view() {
        View::Invalid | View::Null | View::String(b"") => true,
        View::Array(_) | View::Map(_) => value.is_empty(),
        _ => false,
    };
    if !absent {
        addresses.insert(address, value.into_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A large body is copied once if it is borrowed, and not at all if it is passed by value.
    #[test]
    fn a_body_that_is_handed_over_is_not_copied() {
        let body = Value::from_entries([("text", "x".repeat(100))]);
        let place = |value: &Object| value.as_map().map(|entries| entries.as_ptr());
        let before = place(&body);
        let read =
            |body: Cow<'_, Object>| request_addresses(RequestParts { body: Some(body), ..RequestParts::default() });
        let copied = read(Cow::from(&*body));
        assert_ne!(copied.get(b"server.request.body").and_then(place), before);
        let moved = read(Cow::from(body));
        assert_eq!(moved.get(b"server.request.body").and_then(place), before);
    }
}
