//! `uri_parse`: the components of a URI, as a map that rules can examine.
//!
//! Nothing is decoded or normalised. Every component is present, empty if the URI does not have it.

use super::collate::{Bytes, Sorter};
use crate::exploit::uri::{self, Part};
use crate::support::Expired;
use crate::support::{Deadline, words};
use crate::value::{Array, Key, Map, Object, Value};
use memchr::{memchr, memchr2};
use std::cmp::Ordering;

pub(super) fn generate(text: &[u8], deadline: &mut Deadline) -> Result<Option<Value>, Expired> {
    let Some(uri) = uri::parse(text, deadline) else {
        return deadline.in_time().map(|()| None);
    };
    let authority = uri.authority.unwrap_or_default();
    let mut done = Ok(());
    let value = Value::made(|place| {
        let mut components = Map::new(place, 7);
        components.place(const { Key::new("scheme") }).put_text(uri.scheme.unwrap_or_default());
        components.place(const { Key::new("userinfo") }).put_text(authority.userinfo.unwrap_or_default());
        components.place(const { Key::new("host") }).put_text(text_of(authority.host));
        components.place(const { Key::new("port") }).set_unsigned(authority.port.unwrap_or_default().into());
        components.place(const { Key::new("path") }).put_text(text_of(uri.path));
        done = parameters(text_of(uri.query), components.place(const { Key::new("query") }), deadline);
        components.place(const { Key::new("fragment") }).put_text(text_of(uri.fragment));
    });
    done.map(|()| Some(value))
}

fn text_of<'a>(part: Option<Part<'a>>) -> &'a [u8] {
    part.unwrap_or_default().text
}

/// The most parameters that are sorted on the stack.
const FEW: usize = 8;

/// A parameter: a key, and the text after its `=` if it has one.
#[derive(Clone, Copy)]
struct Parameter<'a> {
    /// The start of the key, which decides most comparisons.
    prefix: u64,
    key: &'a [u8],
    value: Option<&'a [u8]>,
}

/// The parameters of a query by key; a repeated key has an array of its values, in order.
fn parameters(query: &[u8], place: &mut Object, deadline: &mut Deadline) -> Result<(), Expired> {
    let (mut few, mut many) = ([Parameter { prefix: 0, key: b"", value: None }; FEW], vec![]);
    let mut count = 0;
    let mut rest = query;
    while !rest.is_empty() {
        deadline.try_spend(1)?;
        let parameter;
        (parameter, rest) = Parameter::split_off(rest);
        let Some(parameter) = parameter else { continue };
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
    if count <= FEW {
        let few = &mut few[..count];
        // Stable, so that the values of a key stay in order.
        few.sort_by(Parameter::compare);
        by_key(few, place, deadline)
    } else {
        by_key(&sorted(&many, deadline)?, place, deadline)
    }
}

/// Sorts parameters by key; those with equal keys stay in order.
fn sorted<'a>(parameters: &[Parameter<'a>], deadline: &mut Deadline) -> Result<Vec<Parameter<'a>>, Expired> {
    let mut sorter = Sorter::<Bytes>::new();
    for (position, parameter) in parameters.iter().enumerate() {
        deadline.try_spend(1)?;
        sorter.push(parameter.key, position);
    }
    let mut sorted = Vec::with_capacity(parameters.len());
    sorter.drain(deadline, |_, position, _| {
        sorted.extend(parameters.get(position));
        Ok(())
    })?;
    Ok(sorted)
}

/// Makes a map of sorted parameters.
fn by_key(parameters: &[Parameter<'_>], place: &mut Object, deadline: &mut Deadline) -> Result<(), Expired> {
    let mut keys = 0;
    for _ in parameters.chunk_by(Parameter::same_key) {
        deadline.try_spend(1)?;
        keys += 1;
    }
    let mut map = Map::new(place, keys);
    for same in parameters.chunk_by(Parameter::same_key) {
        deadline.try_spend(1)?;
        match same {
            [only] => only.put_value(map.place_at(only.key)),
            [first, ..] => {
                let mut values = Array::new(map.place_at(first.key), same.len());
                for parameter in same {
                    deadline.try_spend(1)?;
                    parameter.put_value(values.place());
                }
            }
            [] => {}
        }
    }
    Ok(())
}

impl<'a> Parameter<'a> {
    /// The first parameter, and the rest. Parameters without a key are dropped, except that a lone `[]` has the empty
    /// key.
    fn split_off(query: &'a [u8]) -> (Option<Self>, &'a [u8]) {
        let key_end = memchr2(b'&', b'=', query).unwrap_or(query.len());
        let (key, behind) = query.split_at(key_end);
        let (value, rest) = match behind {
            [b'=', behind @ ..] => {
                let end = memchr(b'&', behind).unwrap_or(behind.len());
                (Some(&behind[..end]), behind.get(end + 1..))
            }
            _ => (None, behind.get(1..)),
        };
        let parameter = (!key.is_empty()).then(|| {
            let key = key.strip_suffix(b"[]").unwrap_or(key);
            Parameter { prefix: words::first(key).swap_bytes(), key, value }
        });
        (parameter, rest.unwrap_or_default())
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.prefix.cmp(&other.prefix).then_with(|| self.key.cmp(other.key))
    }

    fn same_key(&self, other: &Self) -> bool {
        self.compare(other).is_eq()
    }

    fn put_value(&self, place: &mut Object) {
        match self.value {
            Some(value) => place.put_text(value),
            None => place.set_bool(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    fn read(query: &str) -> String {
        let deadline = &mut Deadline::unlimited();
        json::to_string(&Value::made(|place| assert!(parameters(query.as_bytes(), place, deadline).is_ok())))
    }

    #[test]
    fn queries() {
        for (query, expected) in [
            ("", "{}"),
            ("x=1&y&x=2&z[]=3", r#"{"x":["1","2"],"y":true,"z":"3"}"#),
            ("[]=1&=2&&b[]", r#"{"":"1","b":true}"#),
            ("a=1&a&a[]=2", r#"{"a":["1",true,"2"]}"#),
            ("a[][]=1&a[0]=&b==", r#"{"a[0]":"","a[]":"1","b":"="}"#),
        ] {
            assert_eq!(read(query), expected, "{query}");
        }
        let many: String = (0..40).map(|n| format!("&k{}={n}", n % 2)).collect();
        let values =
            |rest: usize| (0..40).filter(|n| n % 2 == rest).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",");
        let expected = format!(r#"{{"k0":[{}],"k1":[{}]}}"#, values(0), values(1));
        assert_eq!(read(&many), expected);
    }
}
