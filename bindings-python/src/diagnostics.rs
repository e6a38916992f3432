//! Diagnostics as typed objects.

use crate::render;
use engine::Diagnostics as EngineDiagnostics;
use engine::Section as EngineSection;
use engine::internals::config::warning::{self, Warning};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::sync::Arc;

/// The diagnostics of a configuration, element by element.
#[pyclass(frozen, module = "bartizan")]
pub struct Diagnostics(Arc<EngineDiagnostics>);

impl From<EngineDiagnostics> for Diagnostics {
    fn from(diagnostics: EngineDiagnostics) -> Self {
        Diagnostics(Arc::new(diagnostics))
    }
}

#[pymethods]
impl Diagnostics {
    #[getter]
    fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    #[getter]
    fn ruleset_version<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.ruleset_version.as_ref().map(|version| render::text(py, version)).transpose()
    }

    #[getter]
    fn sections<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let sections = PyDict::new(py);
        for name in self.0.sections.keys().copied() {
            sections.set_item(name, Section { of: self.0.clone(), name })?;
        }
        Ok(sections)
    }

    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.warnings.iter().cloned().map(ConfigurationWarning::from).collect::<Vec<_>>())
    }

    #[getter]
    fn has_errors(&self) -> bool {
        self.0.has_errors()
    }

    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        render::value(py, &self.0.to_value())
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Diagnostics: {}>", self.0)
    }
}

/// A warning about a configuration.
#[pyclass(frozen, eq, module = "bartizan")]
#[derive(PartialEq)]
pub struct ConfigurationWarning(Warning);

impl From<Warning> for ConfigurationWarning {
    fn from(warning: Warning) -> Self {
        ConfigurationWarning(warning)
    }
}

#[pymethods]
impl ConfigurationWarning {
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind.name()
    }

    #[getter]
    fn path<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        render::text(py, &self.0.path)
    }

    #[getter]
    fn section(&self) -> &'static str {
        self.0.section
    }

    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        render::text(py, &self.0.id)
    }

    #[getter]
    fn message(&self) -> &str {
        &self.0.message
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<ConfigurationWarning {}: {}>", self.0.kind.name(), self.0)
    }
}

/// Logs the warnings, in one line, to the logger of the package.
pub fn log(py: Python<'_>, diagnostics: &EngineDiagnostics) -> PyResult<()> {
    if diagnostics.warnings.is_empty() {
        return Ok(());
    }
    let logger = py.import("logging")?.call_method1("getLogger", ("bartizan",))?;
    logger.call_method1("warning", ("%s", warning::summary(&diagnostics.warnings)))?;
    Ok(())
}

/// The outcome for the elements of one section.
#[pyclass(frozen, module = "bartizan")]
pub struct Section {
    of: Arc<EngineDiagnostics>,
    name: &'static str,
}

impl Section {
    fn section(&self) -> Option<&EngineSection> {
        self.of.sections.get(self.name)
    }

    fn names<'py>(
        &self,
        py: Python<'py>,
        pick: impl FnOnce(&EngineSection) -> &Vec<engine::value::Text>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        self.section().map_or_else(|| Ok(PyTuple::empty(py)), |section| render::texts(py, pick(section)))
    }

    fn by_text<'py>(
        &self,
        py: Python<'py>,
        pick: impl FnOnce(&EngineSection) -> &Vec<(Vec<u8>, Vec<engine::value::Text>)>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        for (text, ids) in self.section().map(pick).into_iter().flatten() {
            all.set_item(render::text(py, text)?, render::texts(py, ids)?)?;
        }
        Ok(all)
    }
}

#[pymethods]
impl Section {
    #[getter]
    fn error<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.section().and_then(|section| section.error.as_ref()).map(|error| render::text(py, error)).transpose()
    }

    #[getter]
    fn loaded<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.names(py, |section| &section.loaded)
    }

    #[getter]
    fn failed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.names(py, |section| &section.failed)
    }

    #[getter]
    fn skipped<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.names(py, |section| &section.skipped)
    }

    #[getter]
    fn errors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.by_text(py, |section| &section.errors)
    }

    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.by_text(py, |section| &section.warnings)
    }

    fn __repr__(&self) -> String {
        let count = |pick: fn(&EngineSection) -> usize| self.section().map_or(0, pick);
        let (loaded, failed) = (count(|section| section.loaded.len()), count(|section| section.failed.len()));
        format!("<Section {}: {loaded} loaded, {failed} failed>", self.name)
    }
}
