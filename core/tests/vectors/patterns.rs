//! The RE2 dialect against answers recorded from the reference (libddwaf 2.1.0): `tests/vectors/patterns.jsonl`.
//!
//! A line is `{"regex", "case_sensitive"?}` with either `"error"`, the fragment reported of a pattern that is refused, or
//! `"subjects"`: pairs of a subject and its first match, null where there is none. Bytes that are not UTF-8 stand as
//! `{"hex"}`.

use crate::common::text_or_hex;
use bartizan::internals::pattern::{Options, Pattern};

#[test]
fn recorded_answers() {
    let mut answers = 0;
    for line in crate::common::vectors("patterns.jsonl") {
        let options = Options { case_sensitive: line["case_sensitive"] == true };
        let pattern = match (Pattern::new(&text_or_hex(&line["regex"]), options), line.get("error")) {
            (Ok(pattern), None) => pattern,
            (Err(error), Some(fragment)) => {
                assert_eq!(error.fragment(), text_or_hex(fragment), "{line}");
                continue;
            }
            (result, _) => panic!("{line}: {:?}", result.map(|_| "accepted")),
        };
        for answer in line["subjects"].as_array().expect("subjects") {
            let subject = text_or_hex(&answer[0]);
            let found = pattern.find(&subject).map(|range| subject[range].to_vec());
            let expected = (!answer[1].is_null()).then(|| text_or_hex(&answer[1]));
            assert_eq!(found, expected, "{} on {}", line["regex"], answer[0]);
            assert_eq!(pattern.is_match(&subject), expected.is_some());
            answers += 1;
        }
    }
    assert!(answers > 700, "only {answers} answers");
}

#[test]
fn groups_are_found_from_an_offset() {
    let pattern = Pattern::new(br"token\s*=\s*(\w+)|sid=(?:(\d+)|(x))", Options { case_sensitive: false }).unwrap();
    let subject = b"TOKEN=abc; sid=12; sid=x";
    let mut start = 0;
    let mut found = Vec::new();
    while let Some(groups) = pattern.groups(subject, start) {
        start = groups.whole().end;
        found.extend(groups.iter().flatten().map(|range| &subject[range]));
    }
    assert_eq!(found, [&b"abc"[..], b"12", b"x"]);
    assert!(pattern.groups(subject, subject.len() + 1).is_none());
}

#[test]
fn hostile_patterns_are_bounded() {
    let options = Options { case_sensitive: false };
    let refused =
        |source: String| Pattern::new(source.as_bytes(), options).err().map(|error| error.fragment().to_vec());
    for (open, close) in [("(", ")"), ("(?:", ")"), ("(?:a|", ")"), ("(?:", "b)*")] {
        let nested = format!("{}a{}", open.repeat(100_000), close.repeat(100_000));
        if let Some(fragment) = refused(nested) {
            assert_eq!(fragment, b"");
        }
    }
    assert_eq!(refused("a".repeat(50_000)).as_deref(), Some(&b""[..]));
    assert_eq!(refused("(?:.{1000}){1}.{1000}.{1000}.{1000}".into()).as_deref(), Some(&b""[..]));
    assert_eq!(refused("[".repeat(100_000)).map(|fragment| fragment.len()), Some(100_000));
    let large = Pattern::new(br"\pL{28}", options).unwrap();
    assert!(large.is_match("é".repeat(28).as_bytes()));
}
