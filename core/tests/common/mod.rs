//! What the table-driven tests share.
#![allow(dead_code)] // each test binary uses some of it

pub mod random;
pub mod values;

use bartizan::internals::sdk;
use bartizan::value::{Object, json};
use serde_json::Value;

/// The lines of a table of recorded answers.
pub fn vectors(name: &str) -> Vec<Value> {
    let path = format!("{}/../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    table.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

/// The parts of rulesets that several tables share, in every language: `tests/vectors/rulesets.json`.
pub fn rulesets() -> bartizan::value::Value {
    values::parse(include_str!("../../../tests/vectors/rulesets.json"))
}

/// The result of a call of the dynamic interface, as JSON.
pub fn answer(function: &str, arguments: &Object) -> Value {
    serde_json::from_str(&json::to_string(&sdk::call(function, arguments))).expect("results print as JSON")
}

/// Bytes from their hexadecimal digits.
pub fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")).collect()
}

/// A string of a table that may hold any bytes: text, or `{"hex": digits}`.
pub fn text_or_hex(value: &Value) -> Vec<u8> {
    match value["hex"].as_str() {
        Some(digits) => hex(digits),
        None => value.as_str().expect("a text or its hex form").into(),
    }
}
