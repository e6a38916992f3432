//! XML, and the charset that it declares.
#![no_main]

use bartizan::internals::inbound::xml;
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    timed(text.len(), || {
        xml::declared_charset(text);
        xml::read(text)
    });
});
