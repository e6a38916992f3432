//! `is_sqli`: the lexer, folding, and the quick scan that avoids both.
#![no_main]

use bartizan::internals::injection::is_sqli;
use bartizan::Deadline;
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    if let Some(fingerprint) = timed(text.len(), || is_sqli(text, &mut Deadline::unlimited())) {
        assert!((1..=5).contains(&fingerprint.as_bytes().len()));
    }
});
