//! The SQL tokenizers: the first byte chooses the dialect.
#![no_main]

use bartizan::internals::exploit::sql::{Dialect, tokenize};
use bartizan::Deadline;
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, statement)) = data.split_first() else { return };
    let dialect = [Dialect::Generic, Dialect::MySql, Dialect::Postgres, Dialect::Sqlite][usize::from(choice % 4)];
    let tokens = timed(statement.len(), || tokenize(statement, dialect, &mut Deadline::unlimited()));
    let Ok(tokens) = tokens else { return };
    let mut end = 0;
    for token in tokens {
        assert!(end <= token.start() && token.start() < token.end() && token.end() <= statement.len());
        end = token.end();
    }
});
