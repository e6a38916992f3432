//! `http_header_fingerprint`: the headers that a client sends.
//!
//! `hdr-` one bit per standard header `-` hash of the user agent `-` number of unknown headers `-` hash of their names.
//! Tracing headers and those with the client address are left out, as they say nothing about the client's software.

use super::collate::{HeaderNames, Sorter};
use super::digest::{Digest, Field, Folding, scalar_field};
use super::fingerprint::joined;
use super::headers::{Decimal, Header, Places, single_string};
use crate::support::{Deadline, Expired};
use crate::value::{Pair, Value};

pub(super) fn generate(headers: &[Pair], deadline: &mut Deadline) -> Result<Value, Expired> {
    let mut standard = Places::NONE;
    let mut user_agent: &[u8] = b"";
    let mut unknown = Sorter::<HeaderNames>::new();
    for (position, entry) in headers.iter().enumerate() {
        deadline.try_spend(1)?;
        let name = entry.key_bytes().unwrap_or_default();
        match Header::of(name) {
            Header::Standard(place) => standard.set(place),
            Header::UserAgent => user_agent = single_string(entry.value()),
            Header::Unknown => unknown.push(name, position),
            Header::Tracing | Header::Address(_) => {}
        }
    }

    let user_agent = scalar_field(user_agent, deadline)?;
    let count = unknown.len();
    let names = names_field(&mut unknown, deadline)?;
    let (standard, user_agent, count) = (standard.as_bytes(), user_agent.as_bytes(), Decimal::of(count));
    Ok(joined([b"hdr-", standard, b"-", user_agent, b"-", count.as_bytes(), b"-", names.as_bytes()]))
}

/// The hash of the sorted names; empty if there are none.
fn names_field(names: &mut Sorter<'_, HeaderNames>, deadline: &mut Deadline) -> Result<Field, Expired> {
    if names.len() == 0 {
        return Ok(Field::EMPTY);
    }
    let mut digest = Digest::new(Folding::HeaderName);
    let mut first = true;
    names.drain(deadline, |name, _, deadline| {
        if !std::mem::take(&mut first) {
            digest.separate();
        }
        digest.extend(name, deadline)
    })?;
    Ok(digest.finish())
}
