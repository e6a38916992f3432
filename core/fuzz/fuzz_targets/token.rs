//! `jwt_decode`, as it finds tokens in headers.
#![no_main]

use bartizan::internals::processor::{Fragments, Generator, Scanners};
use bartizan::Deadline;
use bartizan::value::Value;
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let header = Value::from(text);
    timed(text.len(), || {
        Generator::JwtDecode.generate(
            &[Some((&*header).into())],
            &mut Fragments::default(),
            &Scanners::default(),
            &mut Deadline::unlimited(),
        )
    });
});
