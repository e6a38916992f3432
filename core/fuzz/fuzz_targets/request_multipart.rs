//! A content type, a line break, and a multipart body.
#![no_main]

use bartizan::internals::inbound::{media::Media, multipart};
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let end = memchr::memchr(b'\n', data).unwrap_or(data.len());
    let (kind, body) = (&data[..end], data.get(end + 1..).unwrap_or_default());
    timed(data.len(), || multipart::read(body, &Media::read(kind)).fault);
});
