//! The engine of a process and its requests, by name. Their typed faces are in `python/bartizan/engine.py`.

use crate::error::run_error;
use crate::sdk::answer;
use crate::{convert, render};
use engine::shared::SharedRequest;
use engine::{Deadline, sdk};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::sync::Arc;

/// The engine of a process: rules, remote configuration, denylist and limits.
#[pyclass(frozen, module = "bartizan", name = "NativeEngine")]
pub struct Engine {
    engine: Arc<sdk::Engine>,
    report: Py<PyAny>,
}

/// One request.
#[pyclass(frozen, module = "bartizan", name = "NativeRequest")]
pub struct Request {
    engine: Arc<sdk::Engine>,
    request: SharedRequest,
}

#[pymethods]
impl Engine {
    #[new]
    fn new(py: Python<'_>, settings: &Bound<'_, PyAny>) -> PyResult<Self> {
        let settings = convert::configuration(settings)?;
        let (engine, report) = sdk::Engine::new(&settings).map_err(PyTypeError::new_err)?;
        Ok(Self { engine, report: render::value(py, &report)?.unbind() })
    }

    #[getter]
    fn report(&self, py: Python<'_>) -> Py<PyAny> {
        self.report.clone_ref(py)
    }

    fn call<'py>(&self, py: Python<'py>, function: &str, arguments: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let arguments = convert::configuration(arguments)?;
        let result = py.detach(move || self.engine.call(function, &arguments));
        answer(py, result)
    }

    fn request(&self) -> Request {
        Request { engine: self.engine.clone(), request: SharedRequest::new(&self.engine) }
    }
}

#[pymethods]
impl Request {
    fn call<'py>(&self, py: Python<'py>, function: &str, arguments: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let deadline = Deadline::from(self.engine.budget());
        let (arguments, taken) = convert::arguments_within(arguments, deadline)?;
        let result = py.detach(move || self.request.call(function, &arguments, taken));
        answer(py, result.map_err(|error| run_error(py, error))?)
    }
}
