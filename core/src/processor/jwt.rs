//! `jwt_decode`: header and payload of a JSON Web Token, as maps that rules can examine.
//!
//! Nothing is verified. The signature is not decoded; the result only says whether there is one, because a token
//! without a signature is the attack that matters here.

use super::base64url;
use crate::support::Expired;
use crate::support::{Deadline, Stride};
use crate::value::{Key, Map, Object, Step, Value, View, json};

/// The cost of a kilobyte of blanks or digits, in units of [`Deadline::spend`].
const UNITS: u32 = 32;

pub(super) fn generate(input: &Object, key_path: &[Step], deadline: &mut Deadline) -> Result<Option<Value>, Expired> {
    let decoded = decoded(input, key_path, deadline);
    deadline.in_time().map(|()| decoded)
}

/// The token's parts. The result does not matter once the deadline is over.
fn decoded(input: &Object, key_path: &[Step], deadline: &mut Deadline) -> Option<Value> {
    let token = token(input.follow(key_path)?, deadline)?;
    let (header, rest) = split_at_dot(token)?;
    if rest.is_empty() {
        return None;
    }
    let (payload, signature) = split_at_dot(rest)?;

    let mut buffer = Vec::with_capacity(header.len().max(payload.len()));
    Some(Value::made(|place| {
        let mut decoded = Map::new(place, 3);
        *decoded.place(const { Key::new("header") }) = segment(header, &mut buffer, deadline).into_object();
        *decoded.place(const { Key::new("payload") }) = segment(payload, &mut buffer, deadline).into_object();
        let mut known = Map::new(decoded.place(const { Key::new("signature") }), 1);
        known.place(const { Key::new("available") }).set_bool(!signature.is_empty());
    }))
}

/// The token after the scheme of an authorization header, which is the value itself or the first of several.
fn token<'a>(value: &'a Object, deadline: &mut Deadline) -> Option<&'a [u8]> {
    let value = match value.view() {
        View::Array([first, ..]) => first,
        _ => value,
    };
    let credentials = value.as_bytes()?.strip_prefix(b"Bearer")?;
    let blanks = Stride::new(deadline, UNITS).run(credentials, 0, |byte| matches!(byte, b' ' | b'\t'..=b'\r'));
    credentials.get(blanks..)
}

/// The parts before and after the first dot.
fn split_at_dot(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = memchr::memchr(b'.', text)?;
    Some((&text[..dot], &text[dot + 1..]))
}

/// A segment's JSON. A malformed one is present as an invalid object.
fn segment(text: &[u8], buffer: &mut Vec<u8>, deadline: &mut Deadline) -> Value {
    let decoded = base64url::decode(text, std::mem::take(buffer), &mut Stride::new(deadline, UNITS));
    let value = decoded.as_deref().and_then(|text| json::parse_within(text, deadline).ok());
    *buffer = decoded.unwrap_or_default();
    value.unwrap_or_else(Value::invalid)
}
