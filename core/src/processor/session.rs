//! `session_fingerprint`: the user and the session.
//!
//! `ssn-` hash of the user id `-` hash of the cookies' names `-` hash of their values `-` hash of the session id.

use super::collate::{SignedLower, Sorter};
use super::digest::{Digest, Field, Folding, scalar_field};
use super::fingerprint::{Fragments, joined};
use super::headers::single_string;
use crate::support::{Deadline, Expired};
use crate::value::{Pair, Value};

pub(super) fn generate(
    cookies: Option<&[Pair]>,
    session_id: Option<&[u8]>,
    user_id: Option<&[u8]>,
    fragments: &mut Fragments,
    deadline: &mut Deadline,
) -> Result<Value, Expired> {
    deadline.check()?;
    let [user_field, names_field, values_field, session_field] = &mut fragments.fields;
    if let (None, Some(user_id)) = (&user_field, user_id) {
        *user_field = Some(scalar_field(user_id, deadline)?);
    }
    if let (None, Some(cookies)) = (&names_field, cookies) {
        let (names, values) = cookie_fields(cookies, deadline)?;
        *names_field = Some(names);
        *values_field = Some(values);
    }
    if let (None, Some(session_id)) = (&session_field, session_id) {
        *session_field = Some(scalar_field(session_id, deadline)?);
    }

    let [user, names, values, session] = fragments.fields.map(|field| field.unwrap_or(Field::EMPTY));
    let (user, names, values, session) = (user.as_bytes(), names.as_bytes(), values.as_bytes(), session.as_bytes());
    Ok(joined([b"ssn-", user, b"-", names, b"-", values, b"-", session]))
}

/// The hashes of names and values in the order of the names; empty for an empty map.
fn cookie_fields(cookies: &[Pair], deadline: &mut Deadline) -> Result<(Field, Field), Expired> {
    if cookies.is_empty() {
        return Ok((Field::EMPTY, Field::EMPTY));
    }
    let mut sorter = Sorter::<SignedLower>::new();
    for (position, cookie) in cookies.iter().enumerate() {
        deadline.try_spend(1)?;
        sorter.push(cookie.key_bytes().unwrap_or_default(), position);
    }
    let (mut names, mut values) = (Digest::new(Folding::Key), Digest::new(Folding::Value));
    let mut first = true;
    sorter.drain(deadline, |name, position, deadline| {
        if !std::mem::take(&mut first) {
            names.separate();
            values.separate();
        }
        names.extend(name, deadline)?;
        let value = cookies.get(position).map_or(&b""[..], |cookie| single_string(cookie.value()));
        values.extend(value, deadline)
    })?;
    Ok((names.finish(), values.finish()))
}
