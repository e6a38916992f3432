//! The conditions of a rule that match what items of a cluster match.

use super::super::dimension::Dimension;
use super::super::item::Item;
use super::escape;
use super::lists::Lists;
use crate::value::Value;

const HEADERS: &str = "server.request.headers.no_cookies";
const URI: &str = "server.request.uri.raw";
const HEADER_FINGERPRINT: &str = "_dd.appsec.fp.http.header";
const SESSION_FINGERPRINT: &str = "_dd.appsec.fp.session";
/// What follows a path.
const PATH_END: &str = "(?:[?#]|$)";

/// The error for a value that no condition can have.
const INEXPRESSIBLE: &str = "a trait has no condition";
/// The error for a value whose pattern would be too long.
const TOO_LONG: &str = "a trait is too long for a condition";

/// The condition that a request goes to one of these paths.
pub fn route(routes: &[String], lists: &mut Lists<'_>) -> Value {
    match escape::any_of("^", routes, PATH_END) {
        Some(pattern) => matches(URI, None, &pattern),
        // The list lacks requests with a query, which is better than a rule for the whole site.
        None => equals(URI, None, lists.texts("url", routes)),
    }
}

/// The conditions for the items of a cluster, in their order.
pub fn of_items(items: &[Item], lists: &mut Lists<'_>) -> Result<Vec<Value>, &'static str> {
    if !items.iter().all(Item::has_condition) {
        return Err(INEXPRESSIBLE);
    }
    let value_of = |dimension| items.iter().find(|item| item.dimension == dimension && item.values.len() == 1);
    let both = value_of(Dimension::HeaderBits).zip(value_of(Dimension::HeaderUnknown));
    let has_agent =
        items.iter().any(|item| matches!(item.dimension, Dimension::UserAgent | Dimension::UserAgentFamily));
    // The hash of the user agent is empty if there is none.
    let agent = if has_agent { "[0-9a-f]{8}" } else { "[0-9a-f]*" };
    let mut conditions = vec![];
    for item in items {
        let condition = match item.dimension {
            // One condition reads both parts of the fingerprint.
            Dimension::HeaderBits if both.is_some() => {
                let Some((bits, unknown)) = both else { continue };
                let middle = format!("-{agent}-");
                matches(HEADER_FINGERPRINT, None, &format!("^hdr-{}{middle}{}$", bits.values[0], unknown.values[0]))
            }
            Dimension::HeaderUnknown if both.is_some() => continue,
            _ => of_item(item, agent, lists)?,
        };
        conditions.push(condition);
    }
    Ok(conditions)
}

fn of_item(item: &Item, agent: &str, lists: &mut Lists<'_>) -> Result<Value, &'static str> {
    let name = item.key();
    let listed = |address, header, lists: &mut Lists<'_>| equals(address, header, lists.texts(&name, &item.values));
    let header = Some(item.header.as_str());
    Ok(match item.dimension {
        Dimension::Path => match escape::any_of("^", &item.values, PATH_END) {
            Some(pattern) => matches(URI, None, &pattern),
            None => listed(URI, None, lists),
        },
        Dimension::HeaderBits => {
            matches(HEADER_FINGERPRINT, None, &escape::any_of("^hdr-", &item.values, "-").ok_or(TOO_LONG)?)
        }
        Dimension::HeaderUnknown => {
            let start = format!("^hdr-[01]{{10}}-{agent}-");
            matches(HEADER_FINGERPRINT, None, &escape::any_of(&start, &item.values, "$").ok_or(TOO_LONG)?)
        }
        Dimension::HeaderFull => listed(HEADER_FINGERPRINT, None, lists),
        Dimension::UserAgent => listed(HEADERS, Some("user-agent"), lists),
        Dimension::UserAgentFamily => match item.values.as_slice() {
            [family] => matches(HEADERS, Some("user-agent"), &escape::family(family).ok_or(TOO_LONG)?),
            _ => return Err(INEXPRESSIBLE),
        },
        Dimension::Missing => condition("!exists", HEADERS, header, []),
        Dimension::Present => condition("exists", HEADERS, header, []),
        Dimension::Value => listed(HEADERS, header, lists),
        Dimension::Proxies => listed("_dd.appsec.fp.http.network", None, lists),
        Dimension::Endpoint => listed("_dd.appsec.fp.http.endpoint", None, lists),
        Dimension::Cookies => match item.values.as_slice() {
            [value] if value == "none" => matches(SESSION_FINGERPRINT, None, "^ssn-[0-9a-f]*---[0-9a-f]*$"),
            [value] if value == "some" => matches(SESSION_FINGERPRINT, None, "^ssn-[0-9a-f]*-[0-9a-f]+-"),
            _ => return Err(INEXPRESSIBLE),
        },
        Dimension::Network => {
            let data = [("data", Value::from(lists.networks(&name, &item.values)))];
            condition("ip_match", "http.client_ip", None, data)
        }
        Dimension::Order => return Err(INEXPRESSIBLE),
    })
}

fn condition<const N: usize>(operator: &str, address: &str, header: Option<&str>, more: [(&str, Value); N]) -> Value {
    let mut input = Value::from_entries([("address", address)]);
    if let Some(header) = header {
        input.insert("key_path", [Value::from(header)].into_iter().collect::<Value>());
    }
    let mut parameters = Value::from_entries([("inputs", [input].into_iter().collect::<Value>())]);
    more.into_iter().for_each(|(key, value)| parameters.insert(key, value));
    Value::from_entries([("operator", Value::from(operator)), ("parameters", parameters)])
}

fn matches(address: &str, header: Option<&str>, pattern: &str) -> Value {
    let options = Value::from_entries([("case_sensitive", true)]);
    condition("match_regex", address, header, [("regex", Value::from(pattern)), ("options", options)])
}

fn equals(address: &str, header: Option<&str>, list: String) -> Value {
    condition("exact_match", address, header, [("data", Value::from(list))])
}
