//! The parts of a request and of its response that a host passes.

use crate::http::Proxies;
use crate::support::Deadline;
use crate::value::{Object, Truncation};
use std::borrow::Cow;

/// Names and values, in the order received.
pub(super) type Headers<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;
pub(super) type OwnedHeaders = Headers<'static>;

/// What is known at the beginning of a request. The rest can be evaluated later.
///
/// Values are passed without a copy, or borrowed (`&Object`) and then copied once.
///
/// ```
/// use bartizan::protect::Start;
/// use bartizan::value::Value;
/// let start = Start::new("POST", "/login?next=%2F")
///     .header("User-Agent", "Mozilla/5.0")
///     .peer("192.0.2.1")
///     .query(Value::from_entries([("next", "/")]));
/// assert_eq!(start.headers.len(), 1);
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Start<'a> {
    /// The method as received.
    pub method: Option<Cow<'a, str>>,
    /// The target as received, encoded.
    pub url: Option<Cow<'a, str>>,
    /// The headers in the order received.
    pub headers: Headers<'a>,
    /// The address of the connection's other end, with or without a port.
    pub peer: Option<Cow<'a, str>>,
    /// The proxies of this request, in place of the engine's settings.
    pub proxies: Option<Proxies>,
    /// The decoded query. It is not read from `url`: without it, rules about parameters find nothing.
    pub query: Option<Cow<'a, Object>>,
    /// The decoded cookies.
    pub cookies: Option<Cow<'a, Object>>,
    /// The parameters of the route.
    pub path_params: Option<Cow<'a, Object>>,
    /// The parsed body; never its raw bytes.
    pub body: Option<Cow<'a, Object>>,
}

impl<'a> Start<'a> {
    /// A request with this method and target.
    pub fn new(method: impl Into<Cow<'a, str>>, url: impl Into<Cow<'a, str>>) -> Self {
        Self { method: Some(method.into()), url: Some(url.into()), ..Self::default() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// All headers, in the order received.
    #[must_use]
    pub fn with_headers(self, headers: Headers<'a>) -> Self {
        Self { headers, ..self }
    }

    /// The address of the connection's other end.
    #[must_use]
    pub fn peer(self, address: impl Into<Cow<'a, str>>) -> Self {
        Self { peer: Some(address.into()), ..self }
    }

    /// The decoded query, which is not read from the target: without it, rules about parameters find nothing.
    #[must_use]
    pub fn query(self, query: impl Into<Cow<'a, Object>>) -> Self {
        Self { query: Some(query.into()), ..self }
    }

    /// The decoded cookies.
    #[must_use]
    pub fn cookies(self, cookies: impl Into<Cow<'a, Object>>) -> Self {
        Self { cookies: Some(cookies.into()), ..self }
    }

    /// The parameters of the route.
    #[must_use]
    pub fn path_params(self, params: impl Into<Cow<'a, Object>>) -> Self {
        Self { path_params: Some(params.into()), ..self }
    }

    /// The parsed body.
    #[must_use]
    pub fn body(self, body: impl Into<Cow<'a, Object>>) -> Self {
        Self { body: Some(body.into()), ..self }
    }
}

/// The response whose head is about to be sent.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Response<'a> {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Headers<'a>,
    /// The body, as far as it is known and parsed.
    pub body: Option<Cow<'a, Object>>,
}

impl<'a> Response<'a> {
    /// A response without headers.
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// All headers.
    #[must_use]
    pub fn with_headers(self, headers: Headers<'a>) -> Self {
        Self { headers, ..self }
    }

    /// The parsed body.
    #[must_use]
    pub fn body(self, body: impl Into<Cow<'a, Object>>) -> Self {
        Self { body: Some(body.into()), ..self }
    }
}

/// How the arguments of a call were converted.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// What was cut from them.
    pub truncation: Truncation,
    /// Whether data that identifies the client was cut, so that the client is unknown.
    pub client_cut: bool,
    /// What is left of the budget of the evaluation they lead to; `None` for the engine's whole budget.
    pub deadline: Option<Deadline>,
}

/// Headers that outlive the call.
pub(super) fn owned(headers: Headers<'_>) -> OwnedHeaders {
    let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
    headers.into_iter().map(|(name, value)| (own(name), own(value))).collect()
}
