//! `shi_detector`: the lower half of the first byte is the number of elements that the command is joined from; 0 stands
//! for a plain string.
#![no_main]

use bartizan::internals::exploit::Detector;
use bartizan::value::Value;
use bartizan_fuzz::{array, evaluate, parts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let parts = parts(data);
    let (elements, params) = parts.split_at(usize::from(choice % 16).clamp(1, parts.len()));
    let resource = if choice % 16 == 0 { Value::from(parts[0]) } else { array(elements) };
    evaluate(&Detector::Shi, &resource, params, "");
});
