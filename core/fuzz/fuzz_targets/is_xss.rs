//! `is_xss`: the HTML lexer and the verdict on its tokens.
#![no_main]

use bartizan::internals::injection::is_xss;
use bartizan::Deadline;
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    if timed(text.len(), || is_xss(text, &mut Deadline::unlimited())) {
        assert!(text.iter().any(|byte| matches!(byte, b'<' | b'=')));
    }
});
