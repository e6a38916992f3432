//! What the fuzz targets share: building a detector's call from the fuzzer's bytes, properties of every result, and a
//! time limit.

mod timing;

pub use timing::{timed, timed_with};

use std::time::Duration;

use bartizan::internals::exploit::{Arguments, Detector, Finding, Param};
use bartizan::Deadline;
use bartizan::internals::transform::Scratch;
use bartizan::value::{Object, Value};
use memchr::memmem;

/// Separates the parts of a call. Texts, statements and URLs do not need it.
const SEPARATOR: u8 = 0x1E;

/// The budget of a large call. Searching a long resource for many parameters takes the product of both, which only a
/// deadline bounds.
const BUDGET: Duration = Duration::from_millis(100);
/// Calls up to this size have no budget.
const SMALL: usize = 1 << 13;

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

/// Evaluates a call and checks its properties: it ends in time, gives the same result twice, and reports part of a
/// parameter.
pub fn evaluate(detector: &Detector, resource: &Value, params: &[&[u8]], db_type: &str) -> Option<Finding> {
    let (object, db_type) = (array(params), Value::from(db_type));
    let all = [Param { value: &object, transformers: None }];
    let args = Arguments { resource, params: &all, db_type: Some(&db_type), excluded: &|_| false };
    let pieces = resource.as_array().unwrap_or(std::slice::from_ref(resource));
    let resource_size: usize = pieces.iter().filter_map(Object::as_bytes).map(<[u8]>::len).sum();
    let size = resource_size + params.iter().map(|param| param.len()).sum::<usize>();
    let budget = if size <= SMALL { Duration::MAX } else { BUDGET };
    let run = || {
        let mut deadline = Deadline::new(budget);
        let finding = detector.evaluate(&args, &mut deadline, &mut Scratch::default());
        (finding, deadline.was_expired())
    };
    let (first, expired) = if size <= SMALL { timed(size, run) } else { timed_with(budget, size, run) };
    let (again, expired_again) = run();
    assert!(expired || expired_again || first == again);
    if let Some(finding) = &first
        && finding.source.is_some()
    {
        assert!(params.iter().any(|param| memmem::find(param, &finding.highlight).is_some()));
    }
    first
}
