//! The arguments of functions about users and HTTP.

use super::{Converted, request_data};
use engine::Deadline;
use engine::internals::sdk::Arguments;
use engine::protect::Taken;
use engine::value::{Limits, Value};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// The limits on arguments.
const LIMITS: Limits = Limits { depth: 100_000, values: 1_000_000, text_bytes: 64 << 20, ..Limits::WHOLE };

/// Converts arguments as a whole, coercing other types.
pub fn arguments(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    Ok(request_data(object, LIMITS, Deadline::unlimited())?.value)
}

/// The same within the budget of the evaluation that they lead to, by the rules of [`Arguments`].
pub fn arguments_within(given: &Bound<'_, PyDict>, deadline: Deadline) -> PyResult<(Value, Taken)> {
    let mut arguments = Arguments::default();
    let shared = PyDict::new(given.py());
    // All entries are copied first: converting runs code of the application, which may change the dict.
    for (name, argument) in given.iter().collect::<Vec<_>>() {
        let own = name.cast::<PyString>().ok().and_then(|name| name.to_str().ok());
        match own.map(str::as_bytes).filter(|name| !Arguments::share_budget(name)) {
            Some(name) => {
                let taken = request_data(&argument, Arguments::bounds(name), Deadline::unlimited())?;
                arguments.add(name, taken.value, taken.truncation);
            }
            None => shared.set_item(name, argument)?,
        }
    }
    let Converted { value, truncation, deadline, .. } = request_data(shared.as_any(), LIMITS, deadline)?;
    Ok(arguments.with(value, truncation, deadline))
}
