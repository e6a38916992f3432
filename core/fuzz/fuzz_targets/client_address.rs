//! Headers with the client's address, one per line, after the peer; and `accept`.
#![no_main]

use bartizan::http::{Proxies, client_address, negotiate::prefers_html};
use bartizan_fuzz::timed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let peer = lines.next();
    let headers: Vec<_> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.into(), value.into())).collect();
    let configured = headers.first().map(|(name, _): &(std::borrow::Cow<'_, str>, _)| name.to_string());
    let named = Proxies::default().with_header(configured.as_deref().unwrap_or_default()).unwrap_or_default();
    let trusted = Proxies::default().with_trusted(&["0.0.0.0/1", "::/1"]).unwrap_or_default();
    timed(data.len(), || {
        for proxies in [&Proxies::default(), &named, &trusted] {
            client_address(&headers, peer, proxies);
        }
        prefers_html(&text);
    });
});
