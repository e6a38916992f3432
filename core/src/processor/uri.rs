//! `uri_parse`: the components of a URI, as a map that rules can look into.
//!
//! Nothing is decoded or normalised. Every component is always there, empty where the URI has none.

use crate::exploit::uri::{self, Part};
use crate::value::{Key, Value};

pub(super) fn generate(text: &[u8]) -> Option<Value> {
    let uri = uri::parse(text)?;
    let authority = uri.authority.unwrap_or_default();
    let text_of = |part: Option<Part<'_>>| Value::from(part.unwrap_or_default().text);
    let mut components = Value::map_with_capacity(7);
    components.put(const { Key::new("scheme") }, uri.scheme.unwrap_or_default());
    components.put(const { Key::new("userinfo") }, authority.userinfo.unwrap_or_default());
    components.put(const { Key::new("host") }, text_of(authority.host));
    components.put(const { Key::new("port") }, u64::from(authority.port.unwrap_or_default()));
    components.put(const { Key::new("path") }, text_of(uri.path));
    components.put(const { Key::new("query") }, parameters(uri.query.unwrap_or_default().text));
    components.put(const { Key::new("fragment") }, text_of(uri.fragment));
    Some(components)
}

/// Parameters that are sorted on the stack.
const FEW: usize = 16;

/// A piece of a query: a key, and what follows its `=` if it has one.
#[derive(Clone, Copy, Default)]
struct Parameter<'a> {
    key: &'a [u8],
    value: Option<&'a [u8]>,
}

/// The parameters of a query by key; a key that occurs again holds an array of its values, in order.
fn parameters(query: &[u8]) -> Value {
    let pieces = query.split(|&byte| byte == b'&').filter_map(Parameter::of);
    let (mut few, mut many) = ([Parameter::default(); FEW], vec![]);
    let mut count = 0;
    for parameter in pieces {
        match few.get_mut(count) {
            Some(slot) => *slot = parameter,
            None => {
                if count == FEW {
                    many.extend_from_slice(&few);
                }
                many.push(parameter);
            }
        }
        count += 1;
    }
    by_key(if count <= FEW { &mut few[..count] } else { &mut many })
}

fn by_key(parameters: &mut [Parameter<'_>]) -> Value {
    // Stable, so that the values of a key stay in order.
    parameters.sort_by_key(|parameter| parameter.key);
    let keys = || parameters.chunk_by(|a, b| a.key == b.key);
    let mut map = Value::map_with_capacity(keys().count());
    for same in keys() {
        match same {
            [only] => map.insert(only.key, only.value()),
            [first, ..] => {
                let mut values = Value::array_with_capacity(same.len());
                same.iter().for_each(|parameter| values.push(parameter.value()));
                map.insert(first.key, values);
            }
            [] => {}
        }
    }
    map
}

impl<'a> Parameter<'a> {
    /// Pieces without a key are dropped, but one that is only `[]` has the empty key.
    fn of(piece: &'a [u8]) -> Option<Self> {
        let (key, value) = match memchr::memchr(b'=', piece) {
            Some(equals) => (&piece[..equals], Some(&piece[equals + 1..])),
            None => (piece, None),
        };
        (!key.is_empty()).then(|| Parameter { key: key.strip_suffix(b"[]").unwrap_or(key), value })
    }

    fn value(&self) -> Value {
        self.value.map_or_else(|| Value::from(true), Value::from)
    }
}

#[cfg(test)]
mod tests {
    use super::parameters;
    use crate::value::json;

    #[test]
    fn queries() {
        for (query, expected) in [
            ("", "{}"),
            ("x=1&y&x=2&z[]=3", r#"{"x":["1","2"],"y":true,"z":"3"}"#),
            ("[]=1&=2&&b[]", r#"{"":"1","b":true}"#),
            ("a=1&a&a[]=2", r#"{"a":["1",true,"2"]}"#),
            ("a[][]=1&a[0]=&b==", r#"{"a[0]":"","a[]":"1","b":"="}"#),
        ] {
            assert_eq!(json::to_string(&parameters(query.as_bytes())), expected, "{query}");
        }
        let many: String = (0..40).map(|n| format!("&k{}={n}", n % 2)).collect();
        let values =
            |rest: usize| (0..40).filter(|n| n % 2 == rest).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",");
        let expected = format!(r#"{{"k0":[{}],"k1":[{}]}}"#, values(0), values(1));
        assert_eq!(json::to_string(&parameters(many.as_bytes())), expected);
    }
}
