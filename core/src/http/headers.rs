//! Which headers are reported as tags.
//!
//! A few headers identify the client and are always collected; an event adds those that tell where the request came
//! from; extended collection, which a rule can request, adds the rest up to a limit, with credentials redacted.

use super::client_ip::ADDRESS_HEADERS;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

const REQUEST_ALWAYS: [&str; 13] = [
    "content-type",
    "user-agent",
    "accept",
    "x-amzn-trace-id",
    "cloudfront-viewer-ja3-fingerprint",
    "cf-ray",
    "x-cloud-trace-context",
    "x-appgw-trace-id",
    "x-sigsci-requestid",
    "x-sigsci-tags",
    "akamai-user-risk",
    "x-datadog-endpoint-scan",
    "x-datadog-security-test",
];
const REQUEST_ON_EVENT: [&str; 8] = [
    "x-forwarded",
    "via",
    "content-length",
    "content-encoding",
    "content-language",
    "host",
    "accept-encoding",
    "accept-language",
];
const RESPONSE_ALWAYS: [&str; 2] = ["content-type", "content-length"];
const RESPONSE_ON_EVENT: [&str; 2] = ["content-encoding", "content-language"];
const CREDENTIALS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "www-authenticate",
    "proxy-authenticate",
    "authentication-info",
    "proxy-authentication-info",
    "cookie",
    "set-cookie",
];
const REDACTED: &str = "<redacted>";
const LONGEST_NAME: usize = 200;

/// Request or response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Direction {
    Request,
    Response,
}

impl Direction {
    fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

/// The header tags of one message, and the number of headers that an extended collection left out.
///
/// `event` means that the request has an engine event or reports a user event; `extended` is the number of headers that
/// a rule's action `extended_data_collection` allows.
pub fn header_tags(
    direction: Direction,
    headers: &[(Cow<'_, str>, Cow<'_, str>)],
    event: bool,
    extended: Option<usize>,
) -> (BTreeMap<String, String>, usize) {
    let event = event || extended.is_some();
    let named: Vec<_> = headers.iter().map(|(name, value)| (tag_name(name), value.as_ref())).collect();
    let mut collected: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in named.iter().filter(|(name, _)| is_listed(direction, name, event)) {
        collect(&mut collected, name, value);
    }
    if let Some(limit) = extended {
        for (name, value) in named.iter().filter(|(name, _)| !is_listed(direction, name, event)) {
            if collected.len() < limit || collected.contains_key(name.as_str()) {
                collect(&mut collected, name, value);
            }
        }
    }
    let distinct = named.iter().map(|(name, _)| name).collect::<BTreeSet<_>>().len();
    let prefix = direction.name();
    let tags = collected.into_iter().map(|(name, value)| (format!("http.{prefix}.headers.{name}"), value)).collect();
    (tags, extended.map_or(0, |limit| distinct.saturating_sub(limit)))
}

fn collect<'a>(collected: &mut BTreeMap<&'a str, String>, name: &'a str, value: &str) {
    let value = if CREDENTIALS.contains(&name) { REDACTED } else { value };
    collected
        .entry(name)
        .and_modify(|list| {
            list.push(',');
            list.push_str(value);
        })
        .or_insert_with(|| value.into());
}

/// The metric for the headers that an extended collection left out.
pub fn discarded_metric(direction: Direction) -> String {
    format!("_dd.appsec.{}.header_collection.discarded", direction.name())
}

fn is_listed(direction: Direction, name: &str, event: bool) -> bool {
    match direction {
        Direction::Request => {
            REQUEST_ALWAYS.contains(&name)
                || event && (REQUEST_ON_EVENT.contains(&name) || ADDRESS_HEADERS.contains(&name))
        }
        Direction::Response => RESPONSE_ALWAYS.contains(&name) || event && RESPONSE_ON_EVENT.contains(&name),
    }
}

/// A header's name as part of a tag.
fn tag_name(name: &str) -> String {
    name.trim()
        .chars()
        .take(LONGEST_NAME)
        .map(|character| match character.to_ascii_lowercase() {
            kept @ ('a'..='z' | '0'..='9' | '_' | '-' | ':' | '/') => kept,
            _ => '_',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
        pairs.iter().map(|(name, value)| (Cow::Borrowed(*name), Cow::Borrowed(*value))).collect()
    }

    #[test]
    fn names_and_lists() {
        let all = headers(&[("User-Agent", "x"), ("Host", "h"), ("Accept", "a"), ("accept", "b"), ("X Odd.Name", "1")]);
        let (tags, _) = header_tags(Direction::Request, &all, false, None);
        let expected = [("http.request.headers.accept", "a,b"), ("http.request.headers.user-agent", "x")];
        assert_eq!(tags, expected.map(|(name, value)| (name.to_string(), value.to_string())).into());
        let (tags, discarded) = header_tags(Direction::Request, &all, false, Some(50));
        assert_eq!((tags.len(), discarded), (4, 0));
        assert_eq!(tags["http.request.headers.x_odd_name"], "1");
    }

    #[test]
    fn extended_collection_is_bounded_and_redacted() {
        let all = headers(&[("Cookie", "s=1"), ("a", "1"), ("b", "2"), ("user-agent", "u"), ("a", "3")]);
        let (tags, discarded) = header_tags(Direction::Request, &all, false, Some(3));
        assert_eq!(discarded, 1);
        assert_eq!(tags["http.request.headers.cookie"], REDACTED);
        assert_eq!(tags["http.request.headers.a"], "1,3");
        assert_eq!(tags.len(), 3);
    }
}
