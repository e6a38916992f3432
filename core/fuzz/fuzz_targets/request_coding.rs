//! Content codings, a line break, and a compressed body.
#![no_main]

use bartizan::internals::inbound::coding;
use bartizan_fuzz::timed_with;
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

/// What a body may decompress to, which takes time of its own.
const MOST: usize = 1 << 20;
const TIME: Duration = Duration::from_millis(200);

fuzz_target!(|data: &[u8]| {
    let end = memchr::memchr(b'\n', data).unwrap_or(data.len());
    let (codings, body) = (&data[..end], data.get(end + 1..).unwrap_or_default());
    let decoded = timed_with(TIME, data.len(), || coding::decode(body, codings, MOST));
    assert!(decoded.body.len() <= MOST.max(body.len()));
});
