//! Which of the values an application hands over is somebody's id.
//!
//! An id must be text before anything else happens to it: lists of the engine hold text, and a pseudonym is the hash of text.
//! Values that cannot identify anybody (nothing, zero, booleans, containers) are *absent*; a request must never be tagged
//! with the id `false`.

use super::text::{FloatStyle, float, utf8};
use crate::value::{Object, View};
use std::borrow::Cow;

/// The fields of a user object that may hold its id, best first.
const ID_FIELDS: [&[u8]; 6] = [b"id", b"_id", b"email", b"username", b"login", b"user"];

/// The text of an id, or `None` for a value that identifies nobody.
pub fn id_text(value: &Object, floats: FloatStyle) -> Option<Cow<'_, str>> {
    match value.view() {
        View::String(b"") => None,
        View::String(bytes) => Some(utf8(bytes)),
        View::Signed(0) | View::Unsigned(0) => None,
        View::Signed(number) => Some(Cow::Owned(number.to_string())),
        View::Unsigned(number) => Some(Cow::Owned(number.to_string())),
        View::Float(number) if number != 0.0 => Some(Cow::Owned(float(number, floats))),
        _ => None,
    }
}

/// The id of a user that automation came across: the value itself, or the first usable field of a structured object.
pub fn best_effort_id(user: &Object, floats: FloatStyle) -> Option<Cow<'_, str>> {
    match user.view() {
        View::Map(_) => ID_FIELDS.iter().find_map(|field| id_text(user.get(field)?, floats)),
        _ => id_text(user, floats),
    }
}

/// A login or session id: only non-empty strings are.
pub fn non_empty_text(value: &Object) -> Option<Cow<'_, str>> {
    value.as_bytes().filter(|bytes| !bytes.is_empty()).map(utf8)
}

/// The text of a scalar in a tag; nothing for null and for containers.
pub fn tag_text(value: &Object, floats: FloatStyle) -> Option<Cow<'_, str>> {
    match value.view() {
        View::String(bytes) => Some(utf8(bytes)),
        View::Bool(true) => Some(Cow::Borrowed("true")),
        View::Bool(false) => Some(Cow::Borrowed("false")),
        View::Signed(number) => Some(Cow::Owned(number.to_string())),
        View::Unsigned(number) => Some(Cow::Owned(number.to_string())),
        View::Float(number) => Some(Cow::Owned(float(number, floats))),
        View::Null | View::Invalid | View::Array(_) | View::Map(_) => None,
    }
}
