//! The label of a charset, a line break, and a text.
#![no_main]

use bartizan::internals::inbound::charset;
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let end = memchr::memchr(b'\n', data).unwrap_or(data.len());
    let (label, text) = (&data[..end], data.get(end + 1..).unwrap_or_default());
    timed(data.len(), || {
        charset::decode_by_pattern(text, Some(label));
        charset::decode(text, Some(label)).text.len()
    });
});
