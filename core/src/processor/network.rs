//! `http_network_fingerprint`: the proxies that a request came through.
//!
//! `net-` number of addresses in the header with the highest precedence `-` one bit per header that carries a client
//! address. Nothing is parsed: the addresses are counted by their commas. The result depends on the order of the
//! headers: one of higher precedence without a usable value discards the count of a lower one, unless it came first.

use super::fingerprint::joined;
use super::headers::{Decimal, Header, Places, single_string};
use crate::support::{Deadline, Expired};
use crate::value::{Pair, Value};

pub(super) fn generate(headers: &[Pair], deadline: &mut Deadline) -> Result<Value, Expired> {
    let mut present = Places::NONE;
    let mut best = usize::MAX;
    let mut chain: &[u8] = b"";
    for entry in headers {
        deadline.try_spend(1)?;
        let Some(place) = Header::address_place(entry.key_bytes().unwrap_or_default()) else { continue };
        present.set(place);
        if place < best {
            chain = single_string(entry.value());
            if !chain.is_empty() {
                best = place;
            }
        }
    }

    let hops = if chain.is_empty() { 0 } else { 1 + memchr::memchr_iter(b',', chain).count() };
    Ok(joined([b"net-", Decimal::of(hops).as_bytes(), b"-", present.as_bytes()]))
}
