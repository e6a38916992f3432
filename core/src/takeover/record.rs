//! Reading what was written as maps: texts, numbers and lists by their names.

use crate::value::{Object, View};

/// A text of a map; invalid encodings are replaced.
pub fn text(map: &Object, key: &str) -> Option<String> {
    map.get(key.as_bytes())?.as_bytes().map(lossy)
}

/// An unsigned integer of a map.
pub fn number(map: &Object, key: &str) -> Option<u64> {
    unsigned(map.get(key.as_bytes())?)
}

/// A number of any type in a map.
pub fn float(map: &Object, key: &str) -> Option<f64> {
    any_number(map.get(key.as_bytes())?)
}

/// Whether a map has a true value of this name.
pub fn flag(map: &Object, key: &str) -> bool {
    matches!(map.get(key.as_bytes()).map(Object::view), Some(View::Bool(true)))
}

/// The items of a list in a map; none if there is no list.
pub fn items<'a>(map: &'a Object, key: &str) -> &'a [Object] {
    map.get(key.as_bytes()).and_then(Object::as_array).unwrap_or_default()
}

/// The texts in a list of a map.
pub fn texts(map: &Object, key: &str) -> Vec<String> {
    items(map, key).iter().filter_map(Object::as_bytes).map(lossy).collect()
}

/// The pairs of a text and an unsigned integer in a list of a map.
pub fn pairs(map: &Object, key: &str) -> Vec<(String, u64)> {
    let pair = |item: &Object| match item.as_array()? {
        [name, count] => Some((lossy(name.as_bytes()?), unsigned(count)?)),
        _ => None,
    };
    items(map, key).iter().filter_map(pair).collect()
}

/// A text of a map that must be one of these.
pub fn known(map: &Object, key: &str, texts: &[&'static str]) -> Option<&'static str> {
    let found = text(map, key)?;
    texts.iter().copied().find(|known| *known == found)
}

/// An unsigned integer.
pub fn unsigned(object: &Object) -> Option<u64> {
    match object.view() {
        View::Unsigned(number) => Some(number),
        View::Signed(number) => u64::try_from(number).ok(),
        _ => None,
    }
}

/// A number of any type.
pub fn any_number(object: &Object) -> Option<f64> {
    match object.view() {
        View::Unsigned(number) => Some(number as f64),
        View::Signed(number) => Some(number as f64),
        View::Float(number) => Some(number),
        _ => None,
    }
}

/// A text of any bytes; invalid encodings are replaced.
pub fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
