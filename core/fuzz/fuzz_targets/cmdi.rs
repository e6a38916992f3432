//! `cmdi_detector`: the lower half of the first byte is the number of arguments.
#![no_main]

use bartizan::internals::exploit::Detector;
use bartizan_fuzz::{array, evaluate, parts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let parts = parts(data);
    let (argv, params) = parts.split_at(usize::from(choice % 16).min(parts.len()));
    evaluate(&Detector::Cmdi, &array(argv), params, "");
});
