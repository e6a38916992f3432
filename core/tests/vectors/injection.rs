//! `is_sqli` and `is_xss` against answers recorded from the reference.
//!
//! A line of `tests/vectors/injection.jsonl` is `{"operator", "value", "highlight"}`; the highlight is null where the reference
//! found nothing, the fingerprint for `is_sqli`, and an empty string for `is_xss`.

use bartizan::Deadline;
use bartizan::internals::injection::{is_sqli, is_xss};
use serde_json::Value;
use std::path::Path;

fn check(text: &str) {
    let (mut lines, mut wrong) = (0, Vec::new());
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).expect("a line is JSON");
        let value = case["value"].as_str().expect("a value is a string");
        let found = match case["operator"].as_str() {
            Some("is_sqli") => {
                is_sqli(value.as_bytes(), &mut Deadline::unlimited()).map(|fingerprint| fingerprint.to_string())
            }
            Some("is_xss") => is_xss(value.as_bytes(), &mut Deadline::unlimited()).then(String::new),
            other => panic!("unknown operator {other:?}"),
        };
        lines += 1;
        if found.as_deref() != case["highlight"].as_str() {
            wrong.push(format!("{line}\n  found {found:?}"));
        }
    }
    assert!(lines > 0);
    assert!(wrong.is_empty(), "{} of {lines} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn agrees_with_the_reference() {
    check(include_str!("../../../tests/vectors/injection.jsonl"));
}

/// The same for the complete recorded table, if it is available.
#[test]
#[ignore = "needs BARTIZAN_SPEC_DATA, a folder of recorded answers"]
fn agrees_with_the_recorded_table() {
    let folder = std::env::var("BARTIZAN_SPEC_DATA").expect("BARTIZAN_SPEC_DATA is set");
    check(&std::fs::read_to_string(Path::new(&folder).join("libinjection.jsonl")).expect("the table is readable"));
}

/// Each input is long enough for anything worse than linear to be noticed.
#[test]
fn long_inputs_take_linear_time() {
    let parts: [&[u8]; 24] = [
        b"'",
        b"\\",
        b"''",
        b"\\'",
        b"`",
        b"$a$",
        b"$a",
        b"$$",
        b"q'(",
        b"[",
        b"/*",
        b"*/",
        b"--x\n",
        b"1,",
        b"@",
        b"a.",
        b"<",
        b"<a b=",
        b"<iframe ",
        b"<!--",
        b"-\0",
        b"&#x",
        b"<a style=/*",
        b"a=\"",
    ];
    for part in parts {
        for start in [&b""[..], b"'", b"<a href=", b"1 "] {
            let input = [start, &part.repeat(200_000 / part.len())].concat();
            is_sqli(&input, &mut Deadline::unlimited());
            is_xss(&input, &mut Deadline::unlimited());
        }
    }
}
