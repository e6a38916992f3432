//! The exceptions of the package, which are written in Python.

use engine::{Diagnostics as EngineDiagnostics, RunError};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use crate::diagnostics::Diagnostics;

/// A configuration that was refused, with its diagnostics.
pub fn configuration_error(py: Python<'_>, message: &str, diagnostics: EngineDiagnostics) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    raise(py, &CLASS, "ConfigurationError", |class| {
        class.call1((format!("{message}: {diagnostics}"), Diagnostics::from(diagnostics)))
    })
}

/// A call that the engine refused.
pub fn run_error(py: Python<'_>, error: RunError) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    match error {
        RunError::InvalidObject => PyTypeError::new_err(error.to_string()),
        RunError::Internal => raise(py, &CLASS, "InternalError", |class| class.call1((error.to_string(),))),
    }
}

/// Arguments that a function about users or HTTP can't use.
pub fn argument_error(py: Python<'_>, message: &str) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    raise(py, &CLASS, "ArgumentError", |class| class.call1((message,)))
}

fn raise<'py>(
    py: Python<'py>,
    class: &'static PyOnceLock<Py<PyType>>,
    name: &str,
    make: impl FnOnce(&Bound<'py, PyType>) -> PyResult<Bound<'py, PyAny>>,
) -> PyErr {
    class.import(py, "bartizan._errors", name).and_then(make).map_or_else(|error| error, PyErr::from_value)
}
