//! Values in the tables, with wrappers for what JSON cannot express, and the form in which results are compared.
//!
//! `{"$b": hex}` is a byte string, `{"$f": "nan" | "inf" | "-inf"}` a float, `{"$u": n}` an UNSIGNED integer (plain
//! ones are SIGNED if they fit), `{"$m": [[key, value]...]}` a map whose keys repeat or are bytes, `{"$repeat": [text,
//! n]}` a text so many times, `{"$invalid": true}` the invalid object.

use super::hex;
use bartizan::value::{Object, Pair, Value, View};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A line of a table. Keeps the order of keys, which can affect the evaluation, and nests deeper than the library's own
/// reader.
pub fn parse(line: &str) -> Value {
    serde_json::from_str::<Json>(line).unwrap_or_else(|error| panic!("{line}: {error}")).0
}

struct Json(Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Json)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::null())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Value::array();
        while let Some(Json(element)) = elements.next_element()? {
            array.push(element);
        }
        Ok(array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Value::map();
        while let Some((key, Json(value))) = entries.next_entry::<String, Json>()? {
            map.insert(key, value);
        }
        Ok(map)
    }
}

/// The value that a table means.
pub fn unwrap(object: &Object) -> Value {
    match object.view() {
        View::Null | View::Invalid => Value::null(),
        View::Bool(value) => Value::from(value),
        View::Signed(value) => Value::from(value),
        View::Unsigned(value) => i64::try_from(value).map_or(Value::from(value), Value::from),
        View::Float(value) => Value::from(value),
        View::String(bytes) => Value::from(bytes),
        View::Array(elements) => elements.iter().map(unwrap).collect(),
        View::Map([pair]) => wrapped(pair).unwrap_or_else(|| Value::from_entries([(key(pair), unwrap(pair.value()))])),
        View::Map(pairs) => Value::from_entries(pairs.iter().map(|pair| (key(pair), unwrap(pair.value())))),
    }
}

fn wrapped(pair: &Pair) -> Option<Value> {
    let inner = pair.value();
    Some(match key(pair) {
        b"$b" => Value::from(&hex(text(inner))[..]),
        b"$f" => Value::from(text(inner).parse::<f64>().expect("a float")),
        b"$u" => match inner.view() {
            View::Unsigned(value) => Value::from(value),
            _ => panic!("$u wraps an unsigned integer"),
        },
        b"$invalid" => Value::invalid(),
        b"$repeat" => match array(inner) {
            [text, times] => match times.view() {
                View::Unsigned(times) => Value::from(unwrap(text).as_bytes().expect("a text").repeat(times as usize)),
                _ => panic!("a text is repeated so many times"),
            },
            _ => panic!("$repeat holds a text and a number"),
        },
        b"$m" => Value::from_entries(array(inner).iter().map(|entry| {
            let [name, value] = array(entry) else { panic!("$m holds pairs") };
            (unwrap(name).as_bytes().expect("a key").to_vec(), unwrap(value))
        })),
        _ => return None,
    })
}

/// A comparable form of a value: maps sorted, integers without signedness, run-time identifiers as `<uuid>`.
pub fn canonical(object: &Object) -> String {
    write(object, false)
}

/// The same for a schema, in which the types of an array are a set.
pub fn canonical_schema(object: &Object) -> String {
    write(object, true)
}

fn write(object: &Object, schema: bool) -> String {
    match object.view() {
        View::Null | View::Invalid => "null".into(),
        View::Bool(value) => value.to_string(),
        View::Signed(value) => value.to_string(),
        View::Unsigned(value) => value.to_string(),
        View::Float(value) => format!("{value:?}f"),
        View::String(bytes) if is_uuid(bytes) => "\"<uuid>\"".into(),
        View::String(bytes) => format!("\"{}\"", bytes.escape_ascii()),
        View::Array(elements) => {
            let mut items: Vec<String> = elements.iter().map(|element| write(element, schema)).collect();
            if schema && elements.iter().all(Object::is_array) {
                items.sort();
            }
            format!("[{}]", items.join(","))
        }
        View::Map(pairs) => {
            let entry = |pair: &Pair| format!("\"{}\":{}", key(pair).escape_ascii(), write(pair.value(), schema));
            let mut items: Vec<String> = pairs.iter().map(entry).collect();
            items.sort();
            format!("{{{}}}", items.join(","))
        }
    }
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase(),
        })
}

/// The key of an entry.
pub fn key(pair: &Pair) -> &[u8] {
    pair.key_bytes().expect("keys are strings")
}

/// A string that must be text.
pub fn text(object: &Object) -> &str {
    std::str::from_utf8(object.as_bytes().expect("a string")).expect("UTF-8")
}

/// The elements of an array; none for anything else.
pub fn array(object: &Object) -> &[Object] {
    object.as_array().unwrap_or_default()
}
