//! Which values can be ids.
//!
//! An id is converted to text before anything else happens to it: lists of the engine hold text, and a pseudonym is the
//! hash of text. Values that cannot identify anybody (nothing, zero, booleans, containers) count as *absent*; a request
//! must never be tagged with the id `false`.

use super::text::utf8;
use crate::value::FloatStyle;
use crate::value::{Object, View};
use std::borrow::Cow;

/// The fields of a user object that may contain its id, in order of preference.
const ID_FIELDS: [&[u8]; 6] = [b"id", b"_id", b"email", b"username", b"login", b"user"];

/// The text of an id, or `None` for a value that identifies nobody.
pub fn id_text(value: &Object, floats: FloatStyle) -> Option<Cow<'_, str>> {
    match value.view() {
        View::String(bytes) if bytes.is_empty() || is_object_as_text(bytes) => None,
        View::String(bytes) => Some(utf8(bytes)),
        View::Signed(0) | View::Unsigned(0) => None,
        View::Signed(number) => Some(Cow::Owned(number.to_string())),
        View::Unsigned(number) => Some(Cow::Owned(number.to_string())),
        View::Float(number) if number != 0.0 => Some(Cow::Owned(floats.print(number))),
        _ => None,
    }
}

/// The text of host objects without a string form. All users converted like this would share one id.
fn is_object_as_text(text: &[u8]) -> bool {
    text == b"[object Object]"
        || (text.starts_with(b"<") && text.ends_with(b">") && text.windows(13).any(|part| part == b" object at 0x"))
}

/// Why a value is not an id; `None` if it is one.
pub fn unusable_id(id: &Object, floats: FloatStyle) -> Option<&'static str> {
    match id.view() {
        View::String(bytes) if is_object_as_text(bytes) => {
            Some("the user id is an object that was turned into text; pass the id of the object")
        }
        _ if id_text(id, floats).is_none() => {
            Some("a user id must be a string that is not empty, or a number other than 0")
        }
        _ => None,
    }
}

/// Why an id, or a map with `id`, does not name a user; `None` if it does, or if there is no value.
pub fn unusable_user(user: &Object, floats: FloatStyle) -> Option<&'static str> {
    match user.view() {
        View::Null | View::Invalid => None,
        View::Map(_) => match user.get(b"id") {
            Some(id) if !matches!(id.view(), View::Null | View::Invalid) => unusable_id(id, floats),
            _ => Some("the user has no `id`"),
        },
        _ => unusable_id(user, floats),
    }
}

/// The id of a user seen by automation: the value itself, or the first usable field of an object.
pub fn best_effort_id(user: &Object, floats: FloatStyle) -> Option<Cow<'_, str>> {
    match user.view() {
        View::Map(_) => ID_FIELDS.iter().find_map(|field| id_text(user.get(field)?, floats)),
        _ => id_text(user, floats),
    }
}

/// A login or session id, which must be a non-empty string.
pub fn non_empty_text(value: &Object) -> Option<Cow<'_, str>> {
    value.as_bytes().filter(|bytes| !bytes.is_empty()).map(utf8)
}

/// The text of a scalar in a tag; `None` for null and for containers.
pub fn tag_text(value: &Object, floats: FloatStyle) -> Option<Cow<'_, str>> {
    match value.view() {
        View::String(bytes) => Some(utf8(bytes)),
        View::Bool(true) => Some(Cow::Borrowed("true")),
        View::Bool(false) => Some(Cow::Borrowed("false")),
        View::Signed(number) => Some(Cow::Owned(number.to_string())),
        View::Unsigned(number) => Some(Cow::Owned(number.to_string())),
        View::Float(number) => Some(Cow::Owned(floats.print(number))),
        View::Null | View::Invalid | View::Array(_) | View::Map(_) => None,
    }
}
