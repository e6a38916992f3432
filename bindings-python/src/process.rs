//! The engine of a process and its requests, by name; `python/bartizan/engine.py` has the typed interface.

use crate::detector::Detector;
use crate::diagnostics::{ConfigurationWarning, Diagnostics, log};
use crate::error::{configuration_error, run_error};
use crate::sdk::answer;
use crate::{convert, render};
use engine::Deadline;
use engine::internals::sdk::{self, EngineError};
use engine::internals::shared::SharedRequest;
use engine::protect;
use engine::value::View;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyDict, PyTuple};
use std::sync::Arc;

/// The engine of a process: rules, remote configuration, denylist and limits.
#[pyclass(frozen, module = "bartizan", name = "NativeEngine")]
pub struct Engine {
    engine: Arc<protect::Engine>,
    report: Py<PyAny>,
}

/// One request.
#[pyclass(frozen, module = "bartizan", name = "NativeRequest")]
pub struct Request {
    engine: Arc<protect::Engine>,
    request: SharedRequest,
}

#[pymethods]
impl Engine {
    #[new]
    fn new(py: Python<'_>, settings: &Bound<'_, PyAny>) -> PyResult<Self> {
        let converted = convert::configuration(settings)?;
        let refused = "the rules cannot be used";
        if let Some(rules) = converted.get(b"rules").filter(|rules| !rules.is_map() && rules.as_bytes().is_none()) {
            let given = settings.get_item("rules")?;
            if !matches!(rules.view(), View::Null) {
                return Err(convert::wrong_document(&given, rules, refused)?);
            }
        }
        let made = py.detach(|| sdk::new_engine(&converted));
        let (engine, report) = made.map_err(|error| match error {
            EngineError::Setting(message) => PyTypeError::new_err(message),
            EngineError::Rules(diagnostics) => {
                configuration_error(py, format!("{refused}: {diagnostics}"), *diagnostics)
            }
        })?;
        log(py, engine.diagnostics())?;
        Ok(Self { engine, report: render::value(py, &report)?.unbind() })
    }

    #[getter]
    fn diagnostics(&self) -> Diagnostics {
        self.engine.diagnostics().clone().into()
    }

    #[getter]
    fn takeover_diagnostics(&self) -> Diagnostics {
        self.engine.takeover_diagnostics().clone().into()
    }

    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let warnings = py.detach(|| self.engine.warnings());
        PyTuple::new(py, warnings.into_iter().map(ConfigurationWarning::from))
    }

    #[getter]
    fn report(&self, py: Python<'_>) -> Py<PyAny> {
        self.report.clone_ref(py)
    }

    fn call<'py>(&self, py: Python<'py>, function: &str, arguments: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let arguments = convert::configuration(arguments)?;
        let result = py.detach(move || sdk::call_engine(&self.engine, function, &arguments));
        answer(py, result)
    }

    fn takeover(&self) -> Option<Detector> {
        self.engine.takeover().map(|detector| detector.clone().into())
    }

    fn request(&self) -> Request {
        Request { engine: self.engine.clone(), request: SharedRequest::new(&self.engine) }
    }
}

#[pymethods]
impl Request {
    fn call<'py>(
        &self,
        py: Python<'py>,
        function: &str,
        arguments: &Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let deadline = Deadline::from(self.engine.budget());
        let (arguments, taken) = convert::arguments_within(arguments, deadline)?;
        let result = py.detach(move || self.request.call(function, &arguments, taken));
        answer(py, result.map_err(|error| run_error(py, error))?)
    }

    fn body(&self, py: Python<'_>, piece: PyBackedBytes) -> PyResult<bool> {
        py.detach(|| self.request.body(&piece)).map_err(|error| run_error(py, error))
    }
}
