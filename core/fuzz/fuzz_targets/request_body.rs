//! A whole request: content type, content codings and target, one per line, and the body, in two pieces.
#![no_main]

use bartizan::http::inbound::{Head, Held, Limits, Room};
use bartizan_fuzz::timed_with;
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

/// What a body may decompress to takes time of its own.
const TIME: Duration = Duration::from_millis(500);

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(4, |byte| *byte == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let (kind, coding, target, body) = (part(), part(), part(), part());
    let head = Head::new(b"POST", target).header(b"content-type", kind).header(b"content-encoding", coding);
    timed_with(TIME, data.len(), || {
        let mut held = Held::new(&head, Limits::default(), Room::default().into());
        let (first, second) = body.split_at(body.len() / 2);
        held.push(first);
        held.push(second);
        held.finish().fault
    });
});
