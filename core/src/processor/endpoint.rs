//! `http_endpoint_fingerprint`: the endpoint and the names of its parameters.
//!
//! `http-` method `-` hash of the path `-` hash of the query's keys `-` hash of the body's keys.

use super::collate::{SignedLower, Sorter};
use super::digest::{Digest, Field, Folding, scalar_field};
use super::fingerprint::{Fragments, joined};
use crate::support::{Deadline, Expired};
use crate::value::{Pair, Value};

pub(super) fn generate(
    method: Option<&[u8]>,
    uri: Option<&[u8]>,
    query: Option<&[Pair]>,
    body: Option<&[Pair]>,
    fragments: &mut Fragments,
    deadline: &mut Deadline,
) -> Result<Value, Expired> {
    deadline.check()?;
    let Fragments { method: known_method, fields: [path_field, query_field, body_field, _] } = fragments;
    if let (None, Some(method)) = (&known_method, method) {
        *known_method = Some(method.to_ascii_lowercase().into());
    }
    if let (None, Some(uri)) = (&path_field, uri) {
        *path_field = Some(scalar_field(path(uri), deadline)?);
    }
    for (field, entries) in [(&mut *query_field, query), (&mut *body_field, body)] {
        if let (None, Some(entries)) = (&field, entries) {
            *field = Some(keys_field(entries, deadline)?);
        }
    }

    let text = |field: &Option<Field>| field.unwrap_or(Field::EMPTY);
    let [path, query, body] = [path_field, query_field, body_field].map(|field| text(field));
    let method = known_method.as_deref().unwrap_or_default();
    Ok(joined([b"http-", method, b"-", path.as_bytes(), b"-", query.as_bytes(), b"-", body.as_bytes()]))
}

/// The part before the first `?` or `#`.
fn path(uri: &[u8]) -> &[u8] {
    &uri[..memchr::memchr2(b'?', b'#', uri).unwrap_or(uri.len())]
}

/// The hash of a map's sorted keys, ignoring values; empty for an empty map.
fn keys_field(entries: &[Pair], deadline: &mut Deadline) -> Result<Field, Expired> {
    if entries.is_empty() {
        return Ok(Field::EMPTY);
    }
    let mut sorter = Sorter::<SignedLower>::new();
    for (position, entry) in entries.iter().enumerate() {
        deadline.try_spend(1)?;
        sorter.push(entry.key_bytes().unwrap_or_default(), position);
    }
    let mut digest = Digest::new(Folding::Key);
    let mut first = true;
    sorter.drain(deadline, |key, _, deadline| {
        if !std::mem::take(&mut first) {
            digest.separate();
        }
        digest.extend(key, deadline)
    })?;
    Ok(digest.finish())
}
