//! `lfi_detector`: the parameter it reports is at the end of the path.
#![no_main]

use bartizan::internals::exploit::Detector;
use bartizan::value::Value;
use bartizan_fuzz::{evaluate, parts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let parts = parts(data);
    if let Some(finding) = evaluate(&Detector::Lfi, &Value::from(parts[0]), &parts[1..], "") {
        assert!(parts[0].ends_with(&finding.highlight));
    }
});
