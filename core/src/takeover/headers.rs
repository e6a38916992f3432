//! The headers of an event's request, which are read only if the event is sampled for the traits of attackers.

use super::text::clean;
use crate::value::{Object, Pair};
use std::borrow::Cow;

/// A header as received: its name and its value.
pub type Received = (Cow<'static, str>, Cow<'static, str>);

/// The headers of a request, borrowed from where the host has them.
#[derive(Clone, Copy, Default)]
pub enum Headers<'a> {
    /// Nothing is known of them.
    #[default]
    Unknown,
    /// The fields of an event: `http.header_names`, in the order received or sorted, and the map `http.headers` with
    /// the values of further headers by lower-case name.
    Named {
        /// The names.
        names: &'a [Object],
        /// The values.
        values: &'a [Pair],
    },
    /// All headers, in the order received.
    Received(&'a [Received]),
}

impl<'a> Headers<'a> {
    /// Sets the names that an event gives.
    pub fn set_names(&mut self, names: &'a [Object]) {
        let values: &[Pair] = if let Headers::Named { values, .. } = *self { values } else { &[] };
        *self = Headers::Named { names, values };
    }

    /// Sets the values that an event gives.
    pub fn set_values(&mut self, values: &'a [Pair]) {
        let names: &[Object] = if let Headers::Named { names, .. } = *self { names } else { &[] };
        *self = Headers::Named { names, values };
    }

    /// The names as received; none if they are not known.
    pub fn names(&self) -> impl Iterator<Item = Cow<'a, str>> {
        let (names, received): (&[Object], &[Received]) = match *self {
            Headers::Unknown => (&[], &[]),
            Headers::Named { names, .. } => (names, &[]),
            Headers::Received(all) => (&[], all),
        };
        let named = names.iter().filter_map(|name| clean(name.as_bytes()?));
        named.chain(received.iter().filter_map(|(name, _)| clean(name.as_bytes())))
    }

    /// The value of a header, by its lower-case name.
    pub fn value(&self, wanted: &str) -> Option<Cow<'a, str>> {
        let bytes = match *self {
            Headers::Unknown => None,
            Headers::Named { values, .. } => {
                let found = values.iter().find(|pair| is(pair.key_bytes().unwrap_or_default(), wanted));
                found.and_then(|pair| pair.value().as_bytes())
            }
            Headers::Received(all) => {
                all.iter().find(|(name, _)| is(name.as_bytes(), wanted)).map(|(_, value)| value.as_bytes())
            }
        };
        bytes.and_then(clean)
    }
}

impl std::fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

fn is(name: &[u8], wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn names_and_values_come_from_either_form() {
        let names = json::parse(br#"["host", 7, "b\u0007"]"#).unwrap();
        let values = json::parse(br#"{"X-App": "1", "empty": "", "list": []}"#).unwrap();
        let mut named = Headers::default();
        named.set_values(values.as_map().unwrap());
        named.set_names(names.as_array().unwrap());
        let received = [("Host".into(), "h".into()), ("x-app".into(), "1".into())];
        let received = Headers::Received(&received);
        assert_eq!(named.names().collect::<Vec<_>>(), ["host", "b"]);
        assert_eq!(received.names().collect::<Vec<_>>(), ["Host", "x-app"]);
        for headers in [named, received] {
            assert_eq!(headers.value("x-app").as_deref(), Some("1"));
            assert_eq!((headers.value("empty"), headers.value("list"), headers.value("x")), (None, None, None));
        }
        assert_eq!((Headers::Unknown.names().count(), Headers::Unknown.value("host")), (0, None));
    }
}
