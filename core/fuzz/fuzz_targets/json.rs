//! The JSON reader and writer: the reader accepts what the writer writes.
#![no_main]

use bartizan::value::json;
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Ok(value) = timed(text.len(), || json::parse(text)) else { return };
    json::parse(json::to_string(&value).as_bytes()).expect("JSON");
});
