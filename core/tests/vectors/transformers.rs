//! Transformers against answers recorded from the reference (libddwaf 2.1.0): `tests/vectors/transformers.jsonl`.
//!
//! A line is `{"transformer", "input", "output"}`, or `input_hex` and `output_hex` where either is not UTF-8. The lines
//! with many code points, one a line of the text, are the table of `unicode_normalize`: every code point that changes (of
//! Hangul a sample) and one in sixteen of those that stay.

use std::fs;
use std::path::Path;

use bartizan::Deadline;
use bartizan::internals::transform::{ByteClasses, Chain, Scratch, Transformer};
use serde_json::Value;

#[test]
fn recorded_answers() {
    let lines = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors"));
    assert!(lines > 2000, "only {lines} lines");
}

/// The complete recorded table, if it is available.
#[test]
#[ignore = "reads transformers.jsonl from the folder BARTIZAN_SPEC_DATA"]
fn all_recorded_answers() {
    check(Path::new(&std::env::var_os("BARTIZAN_SPEC_DATA").expect("BARTIZAN_SPEC_DATA")));
}

fn check(folder: &Path) -> usize {
    let text = fs::read_to_string(folder.join("transformers.jsonl")).expect("vectors");
    let mut scratch = Scratch::default();
    let mut failures = Vec::new();
    for line in text.lines() {
        let vector: Value = serde_json::from_str(line).expect("a JSON line");
        let name = vector["transformer"].as_str().expect("a name");
        let (input, expected) = (bytes(&vector, "input"), bytes(&vector, "output"));
        let chain = Chain::new([Transformer::from_name(name.as_bytes()).expect(name)]);
        let transformed = chain.apply(&input, &mut scratch, &mut Deadline::unlimited()).unwrap();
        assert!(transformed.is_none() || chain.may_change(ByteClasses::of(&input)), "{line}");
        let output = transformed.unwrap_or(&input);
        if output != expected {
            failures.push(format!("{name} {}: {}", input.escape_ascii(), output.escape_ascii()));
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
    text.lines().count()
}

fn bytes(vector: &Value, field: &str) -> Vec<u8> {
    match vector[field].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => crate::common::hex(vector[format!("{field}_hex")].as_str().expect("a text or its hex form")),
    }
}
