//! The functions about users and HTTP, by name; `python/bartizan/sdk.py` has the typed interface.

use crate::error::{argument_error, run_error};
use crate::result::Result;
use crate::waf::Context;
use crate::{convert, render};
use engine::internals::sdk;
use engine::internals::shared::SharedScope;
use engine::protect;
use engine::value::{Object, Value};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// Runs a stateless function.
#[pyfunction]
pub fn sdk_call<'py>(py: Python<'py>, function: &str, arguments: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    answer(py, sdk::call(function, &*convert::arguments(arguments)?))
}

/// The names of the stateless functions.
#[pyfunction]
pub fn sdk_functions() -> Vec<&'static str> {
    sdk::functions().collect()
}

/// The state of a process between requests: denylist, limits, learned responses.
#[pyclass(frozen, module = "bartizan")]
pub struct Service(protect::Service);

#[pymethods]
impl Service {
    #[new]
    #[pyo3(signature = (settings=None))]
    fn new(settings: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let settings = settings.map(convert::configuration).transpose()?.unwrap_or_else(Value::map);
        sdk::new_service(&settings).map(Service).map_err(PyTypeError::new_err)
    }

    fn call<'py>(&self, py: Python<'py>, function: &str, arguments: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        answer(py, sdk::call_service(&self.0, function, &*convert::arguments(arguments)?))
    }
}

/// The user state of a request without an engine.
#[pyclass(frozen, module = "bartizan", name = "NativeScope")]
pub struct Scope(SharedScope);

#[pymethods]
impl Scope {
    #[new]
    fn new() -> Self {
        Scope(SharedScope::new())
    }

    /// Runs a call about a user and evaluates its addresses in the context; returns both results. Keeps the GIL, as the
    /// data of such calls is small.
    fn call<'py>(
        &self,
        py: Python<'py>,
        function: &str,
        arguments: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, Context>>,
    ) -> PyResult<(Bound<'py, PyAny>, Option<Result>)> {
        let arguments = convert::arguments(arguments)?;
        let called = self.0.call(function, &arguments, context.map(|context| context.get().within()));
        let (said, found) = called.map_err(|error| run_error(py, error))?;
        Ok((answer(py, said)?, found.map(Result::new)))
    }
}

pub fn answer<'py>(py: Python<'py>, result: Value) -> PyResult<Bound<'py, PyAny>> {
    match result.get(b"error").and_then(Object::as_bytes) {
        Some(error) => Err(argument_error(py, &String::from_utf8_lossy(error))),
        None => render::value(py, &result),
    }
}
