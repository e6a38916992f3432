//! Numbers and booleans as text, in the form of events, ids and tags.

use super::{FloatStyle, Object, View};
use std::borrow::Cow;

/// A scalar as text: strings unchanged, booleans as `true`/`false`, integers in decimal, floats in the
/// [style](FloatStyle::Reference) of the reference. `None` for null, invalid objects and containers.
pub fn scalar_text(object: &Object) -> Option<Cow<'_, [u8]>> {
    Some(match object.view() {
        View::String(bytes) => Cow::Borrowed(bytes),
        View::Bool(true) => Cow::Borrowed(b"true"),
        View::Bool(false) => Cow::Borrowed(b"false"),
        View::Signed(value) => Cow::Owned(value.to_string().into_bytes()),
        View::Unsigned(value) => Cow::Owned(value.to_string().into_bytes()),
        View::Float(value) => Cow::Owned(FloatStyle::Reference.print(value).into_bytes()),
        View::Null | View::Invalid | View::Array(_) | View::Map(_) => return None,
    })
}
