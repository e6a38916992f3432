//! The shell tokenizer.
#![no_main]

use bartizan::internals::exploit::shell::{ShellTokenKind, tokenize};
use bartizan::Deadline;
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|command: &[u8]| {
    let mut end = 0;
    for token in timed(command.len(), || tokenize(command, &mut Deadline::unlimited())).unwrap() {
        assert!(end <= token.start() && token.start() < token.end() && token.end() <= command.len());
        assert_ne!(token.kind, ShellTokenKind::Whitespace);
        end = token.end();
    }
});
