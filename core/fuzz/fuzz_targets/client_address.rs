//! Headers that say where a request comes from, one a line, the peer first; and `accept`.
#![no_main]

use bartizan::http::{client_address, negotiate::prefers_html};
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let peer = lines.next();
    let headers: Vec<_> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.into(), value.into())).collect();
    let configured = headers.first().map(|(name, _): &(std::borrow::Cow<'_, str>, _)| name.to_string());
    timed(data.len(), || {
        client_address(&headers, peer, None);
        client_address(&headers, peer, configured.as_deref());
        prefers_html(&text);
    });
});
