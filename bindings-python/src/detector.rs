//! Detection of account takeover. Its typed face is in `python/bartizan/takeover`.

use crate::diagnostics::{Diagnostics, log};
use crate::error::argument_error;
use crate::sdk::answer;
use crate::{convert, render};
use engine::internals::sdk;
use engine::internals::support::fork::Renewable;
use engine::takeover::{self, Notification};
use engine::value::Value;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::Arc;

/// A detector of account takeover, of its own or that of an engine.
#[pyclass(frozen, module = "bartizan", name = "NativeDetector")]
pub struct Detector(Arc<takeover::Detector>);

impl From<Arc<takeover::Detector>> for Detector {
    fn from(detector: Arc<takeover::Detector>) -> Self {
        Detector(detector)
    }
}

#[pymethods]
impl Detector {
    #[new]
    fn new(py: Python<'_>, settings: &Bound<'_, PyAny>) -> PyResult<Self> {
        let settings = convert::configuration(settings)?;
        let made = py.detach(|| sdk::new_detector(&settings)).map_err(PyTypeError::new_err)?;
        Ok(Detector(Arc::new(made.0)))
    }

    #[staticmethod]
    fn restore(py: Python<'_>, settings: &Bound<'_, PyAny>, snapshot: &[u8]) -> PyResult<Self> {
        let settings = convert::configuration(settings)?;
        let made = py.detach(|| sdk::restore_detector(&settings, snapshot));
        made.map(|(detector, _)| Detector(Arc::new(detector))).map_err(|error| argument_error(py, &error))
    }

    fn apply(&self, py: Python<'_>, path: &str, document: &Bound<'_, PyAny>) -> PyResult<Diagnostics> {
        let document = convert::configuration(document)?;
        let diagnostics = py.detach(|| self.0.apply(path, &document));
        log(py, &diagnostics)?;
        Ok(diagnostics.into())
    }

    /// Keeps the GIL: events and attempts take microseconds, but getting a released GIL back may take milliseconds.
    fn judge<'py>(&self, py: Python<'py>, function: &str, given: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        render::value(py, &sdk::call_detector(&self.0, function, &*convert::arguments(given)?))
    }

    fn call<'py>(&self, py: Python<'py>, function: &str, arguments: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let arguments = convert::arguments(arguments)?;
        answer(py, py.detach(|| sdk::call_detector(&self.0, function, &arguments)))
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &py.detach(|| self.0.snapshot()))
    }

    fn export(&self, py: Python<'_>, id: &str, file: &str) -> PyResult<Option<Export>> {
        let arguments = Value::from_entries([("id", id), ("file", file)]);
        let export = py.detach(|| sdk::export(&self.0, &arguments)).map_err(|error| argument_error(py, &error))?;
        Ok(export.map(|export| Export(Renewable::new(Some(export)))))
    }

    /// The callback runs on the thread that ticks or ends a request, while no lock is held.
    fn subscribe(&self, py: Python<'_>, wanted: &Bound<'_, PyAny>, callback: Py<PyAny>) -> PyResult<u64> {
        let wanted = convert::arguments(wanted)?;
        let hand_over = move |notification: &Notification| {
            // The interpreter may be gone already when a process ends.
            Python::try_attach(|py| {
                let told = render::value(py, &notification.to_value()).and_then(|told| callback.call1(py, (told,)));
                if let Err(error) = told {
                    error.write_unraisable(py, Some(callback.bind(py)));
                }
            });
        };
        sdk::subscribe(&self.0, &wanted, Arc::new(hand_over)).map_err(|error| argument_error(py, &error))
    }

    fn inbox(&self, py: Python<'_>, wanted: &Bound<'_, PyAny>) -> PyResult<Inbox> {
        let wanted = convert::arguments(wanted)?;
        sdk::Inbox::open(&self.0, &wanted).map(Inbox).map_err(|error| argument_error(py, &error))
    }
}

/// A file about a signal, piece by piece.
#[pyclass(frozen, module = "bartizan", name = "NativeExport")]
pub struct Export(Renewable<Option<takeover::Export>>);

#[pymethods]
impl Export {
    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let piece = py.detach(|| self.0.lock().as_mut().and_then(Iterator::next));
        piece.map(|piece| PyBytes::new(py, &piece))
    }
}

/// Notifications that wait to be read.
#[pyclass(frozen, module = "bartizan", name = "NativeInbox")]
pub struct Inbox(sdk::Inbox);

#[pymethods]
impl Inbox {
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.take().map(|notification| render::value(py, &notification)).transpose()
    }

    fn clear(&self) {
        self.0.clear();
    }

    #[getter]
    fn dropped(&self) -> u64 {
        self.0.dropped()
    }

    #[getter]
    fn subscription(&self) -> u64 {
        self.0.subscription()
    }
}
