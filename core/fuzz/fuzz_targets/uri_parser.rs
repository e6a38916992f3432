//! The URI parser: every part is at its reported position.
#![no_main]

use bartizan::internals::exploit::uri;
use bartizan::Deadline;
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Some(uri) = timed(text.len(), || uri::parse(text, &mut Deadline::unlimited())) else { return };
    let authority = uri.authority.as_ref();
    let host = authority.and_then(|authority| authority.host);
    for part in
        [authority.map(|authority| authority.whole), host, uri.path, uri.query, uri.fragment].into_iter().flatten()
    {
        assert_eq!(&text[part.start..part.end()], part.text);
    }
    assert!(text.starts_with(uri.scheme_and_authority()));
    assert!(text.starts_with(uri.scheme.unwrap_or_default()));
});
