//! What the table-driven tests share.
#![allow(dead_code)] // each test binary uses some of it

pub mod values;

use bartizan::sdk;
use bartizan::value::{Object, json};
use serde_json::Value;

/// The lines of a table of recorded answers.
pub fn vectors(name: &str) -> Vec<Value> {
    let path = format!("{}/../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    table.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

/// A call of the dynamic interface, with its result as JSON.
pub fn answer(function: &str, arguments: &Object) -> Value {
    serde_json::from_str(&json::to_string(&sdk::call(function, arguments))).expect("results print as JSON")
}
