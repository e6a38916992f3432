//! Forms, cookies, and headers with parameters.
#![no_main]

use bartizan::internals::inbound::{cookies, fields::Fields, form, media::Media};
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    timed(text.len(), || {
        let mut fields = Fields::default();
        cookies::read(text, &mut fields);
        Media::read(text);
        (form::read(text).into_value(), fields.into_value())
    });
});
