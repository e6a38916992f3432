//! The exceptions of the package, which are written in Python.

use engine::{Diagnostics as EngineDiagnostics, RunError};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::diagnostics::Diagnostics;

/// A configuration that was refused, with its diagnostics.
pub fn configuration_error(py: Python<'_>, message: String, diagnostics: EngineDiagnostics) -> PyErr {
    raise(py, "ConfigurationError", |class| class.call1((message, Diagnostics::from(diagnostics))))
}

/// A call that the engine refused.
pub fn run_error(py: Python<'_>, error: RunError) -> PyErr {
    match error {
        RunError::InvalidObject => PyTypeError::new_err(error.to_string()),
        _ => raise(py, "InternalError", |class| class.call1((error.to_string(),))),
    }
}

/// Arguments that a function about users or HTTP can't use.
pub fn argument_error(py: Python<'_>, message: &str) -> PyErr {
    raise(py, "ArgumentError", |class| class.call1((message,)))
}

fn raise<'py>(
    py: Python<'py>,
    name: &str,
    make: impl FnOnce(Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
) -> PyErr {
    // Looked up each time: errors are rare, and a cache would have to survive a fork.
    let class = py.import("bartizan._errors").and_then(|module| module.getattr(name));
    class.and_then(make).map_or_else(|error| error, PyErr::from_value)
}
