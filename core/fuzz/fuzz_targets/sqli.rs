//! `sqli_detector`: the first byte chooses the dialect.
#![no_main]

use bartizan::internals::exploit::Detector;
use bartizan::value::Value;
use bartizan_fuzz::{evaluate, parts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let db_type = ["", "mysql", "postgresql", "sqlite"][usize::from(choice % 4)];
    let parts = parts(data);
    evaluate(&Detector::Sqli, &Value::from(parts[0]), &parts[1..], db_type);
});
