//! What is known of a request before its body.

use super::fields::Fields;
use super::{cookies, form, graphql, json};
use crate::http::client_ip::{ClientAddress, Proxies, client_address};
use crate::http::target::path_and_query_of_bytes;
use crate::users::text::utf8;
use crate::value::{Object, Value};
use std::borrow::Cow;

/// Names and values of headers.
type Headers<'a> = Vec<(Cow<'a, [u8]>, Cow<'a, [u8]>)>;

/// The head of a request as received: bytes, as headers need not be text.
///
/// ```
/// use bartizan::http::inbound::Head;
/// let head = Head::new(b"GET", b"/search?q=%3Cb%3E").header(b"Cookie", b"a=1").header(b"X-A", b"\xff");
/// assert_eq!(head.headers.len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Head<'a> {
    /// The method.
    pub method: Cow<'a, [u8]>,
    /// The target, encoded; an absolute URL counts with path and query only.
    pub target: Cow<'a, [u8]>,
    /// Names and values in the order received.
    pub headers: Headers<'a>,
    /// The address of the connection's other end, with or without a port.
    pub peer: Option<Cow<'a, str>>,
    /// The proxies of this request, in place of the engine's settings.
    pub proxies: Option<Proxies>,
}

impl<'a> Head<'a> {
    /// A head without headers.
    pub fn new(method: &'a [u8], target: &'a [u8]) -> Self {
        Self { method: method.into(), target: target.into(), ..Self::default() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'a [u8], value: &'a [u8]) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The address of the connection's other end.
    #[must_use]
    pub fn peer(self, address: &'a str) -> Self {
        Self { peer: Some(address.into()), ..self }
    }

    /// The headers as text; what is not UTF-8 in them is replaced.
    pub(crate) fn texts(&self) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        self.headers.iter().map(|(name, value)| (utf8(name), utf8(value))).collect()
    }

    /// Where the request comes from, with these proxies if it names none itself.
    pub(crate) fn client(&self, known: &Proxies) -> ClientAddress {
        client_address(&self.texts(), self.peer.as_deref(), self.proxies.as_ref().unwrap_or(known))
    }

    /// The addresses of a head, with where the request comes from.
    pub(crate) fn addresses(&self, client: ClientAddress) -> Value {
        let mut addresses = Value::map();
        if let Some(client) = client.client {
            addresses.insert("http.client_ip", client.to_string());
        }
        if !self.method.is_empty() {
            addresses.insert("server.request.method", &*self.method);
        }
        let target = path_and_query_of_bytes(&self.target);
        if !target.is_empty() {
            addresses.insert("server.request.uri.raw", target);
        }
        let (headers, cookies) = self.fields();
        let query = form::read(memchr::memchr(b'?', target).map_or(b"", |at| &target[at + 1..]));
        let parts = [
            ("server.request.headers.no_cookies", headers),
            ("server.request.query", query),
            ("server.request.cookies", cookies),
        ];
        for (address, fields) in parts {
            if !fields.is_empty() {
                addresses.insert(address, fields.into_value());
            }
        }
        if let Some(resolvers) = addresses.get(b"server.request.query").and_then(resolvers_of_fields) {
            addresses.insert("graphql.server.all_resolvers", resolvers);
        }
        addresses
    }

    /// The values of a header.
    pub(crate) fn values(&self, name: &'static str) -> impl Iterator<Item = &[u8]> {
        let named = self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
        named.map(|(_, value)| &**value)
    }

    /// Headers by their names in lower case, and cookies.
    fn fields(&self) -> (Fields<'_>, Fields<'_>) {
        let (mut headers, mut cookies) = (Fields::default(), Fields::default());
        for (name, value) in &self.headers {
            match name.to_ascii_lowercase() {
                name if name == b"cookie" => cookies::read(value, &mut cookies),
                name if name == b"set-cookie" => {}
                name => headers.add(name, &**value),
            }
        }
        (headers, cookies)
    }
}

/// The arguments in a GraphQL document that is the field `query`, with its `variables` as JSON text.
pub(super) fn resolvers_of_fields(fields: &Object) -> Option<Value> {
    let document = fields.get(b"query")?.as_bytes()?;
    let variables = fields.get(b"variables").and_then(Object::as_bytes).map(|text| json::read(text).value);
    graphql::resolvers(document, variables.as_deref())
}
