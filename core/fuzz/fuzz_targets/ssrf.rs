//! `ssrf_detector`: the first byte chooses the options.
#![no_main]

use bartizan::internals::exploit::{Detector, ssrf};
use bartizan::value::Value;
use bartizan_fuzz::{evaluate, parts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((flags, data)) = data.split_first() else { return };
    let options = ssrf::Options {
        authority_inspection: flags & 1 == 0,
        path_inspection: flags & 2 != 0,
        query_inspection: flags & 4 != 0,
        forbid_full_url_injection: flags & 8 != 0,
        enforce_policy_without_injection: flags & 16 != 0,
        policy: ssrf::Policy::default(),
    };
    let parts = parts(data);
    evaluate(&Detector::Ssrf(Box::new(options)), &Value::from(parts[0]), &parts[1..], "");
});
