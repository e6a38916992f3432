//! The shell tokenizer.
#![no_main]

use bartizan::exploit::shell::{Kind, tokenize};
use bartizan::support::Deadline;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|command: &[u8]| {
    let mut end = 0;
    for token in tokenize(command, &mut Deadline::unlimited()).unwrap() {
        assert!(end <= token.start() && token.start() < token.end() && token.end() <= command.len());
        assert_ne!(token.kind, Kind::Whitespace);
        end = token.end();
    }
});
