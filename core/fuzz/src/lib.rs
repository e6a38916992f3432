//! What the fuzz targets share: a call of a detector cut out of the fuzzer's bytes, and what must hold for every
//! answer.

use std::time::{Duration, Instant};

use bartizan::exploit::{Arguments, Detector, Finding, Param};
use bartizan::support::Deadline;
use bartizan::transform::Scratch;
use bartizan::value::Value;

/// Separates the parts of a call. No text, statement or URL needs it.
const SEPARATOR: u8 = 0x1E;

/// The parts of a call: the resource first, then parameters.
pub fn parts(data: &[u8]) -> Vec<&[u8]> {
    data.split(|&byte| byte == SEPARATOR).collect()
}

/// An array of the texts.
pub fn array(texts: &[&[u8]]) -> Value {
    let mut array = Value::array();
    for text in texts {
        array.push(*text);
    }
    array
}

/// Evaluates a call and checks what holds for each: it ends in time, twice the same, and what it reports stems from a
/// parameter.
pub fn evaluate(detector: &Detector, resource: &Value, params: &[&[u8]], db_type: &str) -> Option<Finding> {
    let (object, db_type) = (array(params), Value::from(db_type));
    let all = [Param { value: &object, transformers: None }];
    let args = Arguments { resource, params: &all, db_type: Some(&db_type), excluded: &|_| false };
    let budget = Duration::from_millis(100);
    let started = Instant::now();
    let first = detector.evaluate(&args, &mut Deadline::new(budget), &mut Scratch::default());
    assert!(started.elapsed() < 10 * budget, "the deadline was missed");
    let again = detector.evaluate(&args, &mut Deadline::unlimited(), &mut Scratch::default());
    assert!(first.is_none() || first == again);
    if let Some(finding) = &again
        && finding.source.is_some()
    {
        let highlight = finding.highlight.as_slice();
        assert!(params.iter().any(|param| param.windows(highlight.len().max(1)).any(|part| part == highlight)));
    }
    again
}
