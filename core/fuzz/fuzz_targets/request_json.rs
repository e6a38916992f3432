//! Documents and sequences of them, as requests carry them.
#![no_main]

use bartizan::internals::inbound::json;
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    timed(text.len(), || (json::read(text), json::read_lines(text)));
});
