//! GraphQL documents.
#![no_main]

use bartizan::internals::inbound::graphql;
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    timed(text.len(), || graphql::resolvers(text, None));
});
