//! Outcomes as typed objects. Parts are made on first use, as most calls find nothing.

use crate::render;
use engine::Outcome;
use engine::report::{ArgumentMatch, ConditionMatch, Event as EngineEvent, EventRule};
use engine::value::Truncation;
use once_cell::race::OnceBox;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::sync::Arc;

/// What a call found, and what the caller should do.
#[pyclass(frozen, module = "bartizan")]
pub struct Result {
    outcome: Outcome,
    events: OnceBox<Py<PyTuple>>,
}

impl Result {
    pub fn new(outcome: Outcome) -> Self {
        Result { outcome, events: OnceBox::new() }
    }

    fn part<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let whole = self.outcome.to_value();
        whole.get(name.as_bytes()).map_or_else(|| Ok(PyDict::new(py).into_any()), |part| render::value(py, part))
    }
}

#[pymethods]
impl Result {
    #[getter]
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let make = || {
            let events = self.outcome.events.iter().map(|event| Event(event.clone()));
            PyTuple::new(py, events.collect::<Vec<_>>()).map(|events| Box::new(events.unbind()))
        };
        Ok(self.events.get_or_try_init(make)?.bind(py).clone())
    }

    #[getter]
    fn actions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.outcome.actions.is_empty() {
            true => Ok(PyDict::new(py).into_any()),
            false => self.part(py, "actions"),
        }
    }

    #[getter]
    fn attributes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let attributes = PyDict::new(py);
        for (name, value) in &self.outcome.attributes {
            attributes.set_item(render::text(py, name)?, render::value(py, value)?)?;
        }
        Ok(attributes)
    }

    #[getter]
    fn duration(&self) -> f64 {
        self.outcome.duration.as_secs_f64()
    }

    #[getter]
    fn timeout(&self) -> bool {
        self.outcome.timeout
    }

    #[getter]
    fn keep(&self) -> bool {
        self.outcome.keep
    }

    #[getter]
    fn evaluated(&self) -> u64 {
        self.outcome.evaluated
    }

    #[getter]
    fn matched(&self) -> bool {
        self.outcome.is_match()
    }

    #[getter]
    fn blocked(&self) -> bool {
        self.outcome.blocking_action().is_some()
    }

    #[getter]
    fn truncated(&self) -> Option<Truncated> {
        let truncation = self.outcome.incomplete.truncation;
        truncation.any().then_some(Truncated(truncation))
    }

    #[getter]
    fn incomplete<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.outcome.incomplete.reasons().collect::<Vec<_>>())
    }

    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        render::value(py, &self.outcome.to_value())
    }

    fn __repr__(&self) -> String {
        let ids = self.outcome.events.iter().map(|event| String::from_utf8_lossy(&event.rule.id));
        let kinds = self.outcome.actions.iter().map(|action| String::from_utf8_lossy(&action.kind));
        let (ids, kinds) = (ids.collect::<Vec<_>>().join(", "), kinds.collect::<Vec<_>>().join(", "));
        format!("<Result: events [{ids}], actions [{kinds}], {:?}>", self.outcome.duration)
    }
}

/// What was left out of the data of a call.
#[pyclass(frozen, module = "bartizan")]
pub struct Truncated(Truncation);

#[pymethods]
impl Truncated {
    #[getter]
    fn string_length(&self) -> u64 {
        self.0.string_length
    }

    #[getter]
    fn container_size(&self) -> u64 {
        self.0.container_size
    }

    #[getter]
    fn container_depth(&self) -> u64 {
        self.0.container_depth
    }

    #[getter]
    fn unfinished(&self) -> bool {
        self.0.unfinished
    }

    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let sizes = PyDict::new(py);
        sizes.set_item("string_length", self.0.string_length)?;
        sizes.set_item("container_size", self.0.container_size)?;
        sizes.set_item("container_depth", self.0.container_depth)?;
        sizes.set_item("unfinished", self.0.unfinished)?;
        Ok(sizes)
    }

    fn __repr__(&self) -> String {
        let Truncation { string_length, container_size, container_depth, unfinished } = self.0;
        let unfinished = if unfinished { "True" } else { "False" };
        format!(
            "Truncated(string_length={string_length}, container_size={container_size}, \
             container_depth={container_depth}, unfinished={unfinished})"
        )
    }
}

/// A rule that matched.
#[pyclass(frozen, module = "bartizan")]
pub struct Event(EngineEvent);

#[pymethods]
impl Event {
    #[getter]
    fn rule(&self) -> Rule {
        Rule(self.0.rule.clone())
    }

    #[getter]
    fn matches<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.matches.iter().map(|found| Match(found.clone())).collect::<Vec<_>>())
    }

    #[getter]
    fn stack_id(&self) -> Option<&str> {
        self.0.stack_id.as_deref()
    }

    #[getter]
    fn security_response_id(&self) -> Option<&str> {
        self.0.security_response_id.as_deref()
    }

    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        render::value(py, &self.0.to_value())
    }

    fn __repr__(&self) -> String {
        format!("<Event: rule '{}'>", String::from_utf8_lossy(&self.0.rule.id))
    }
}

/// What an event shows of its rule.
#[pyclass(frozen, module = "bartizan")]
pub struct Rule(Arc<EventRule>);

#[pymethods]
impl Rule {
    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        render::text(py, &self.0.id)
    }

    #[getter]
    fn name<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        render::text(py, &self.0.name)
    }

    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let tags = PyDict::new(py);
        for (name, value) in &self.0.tags {
            tags.set_item(render::text(py, name)?, render::text(py, value)?)?;
        }
        Ok(tags)
    }

    #[getter]
    fn on_match<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        render::texts(py, &self.0.on_match)
    }

    fn __repr__(&self) -> String {
        format!("<Rule '{}'>", String::from_utf8_lossy(&self.0.id))
    }
}

/// One condition that held.
#[pyclass(frozen, module = "bartizan")]
pub struct Match(ConditionMatch);

#[pymethods]
impl Match {
    #[getter]
    fn operator(&self) -> String {
        self.0.operator.to_string()
    }

    #[getter]
    fn operator_value<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        render::text(py, &self.0.operator_value)
    }

    #[getter]
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.arguments.iter().map(|argument| Argument(argument.clone())).collect::<Vec<_>>())
    }

    #[getter]
    fn highlight<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        render::texts(py, &self.0.highlight)
    }

    fn __repr__(&self) -> String {
        format!("<Match: {}>", self.0.operator)
    }
}

/// A value that took part in a match.
#[pyclass(frozen, module = "bartizan")]
pub struct Argument(ArgumentMatch);

#[pymethods]
impl Argument {
    #[getter]
    fn name(&self) -> &str {
        self.0.name
    }

    #[getter]
    fn address<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        render::text(py, &self.0.address)
    }

    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        render::text(py, &self.0.value)
    }

    #[getter]
    fn key_path<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        render::key_path(py, &self.0.key_path)
    }

    fn __repr__(&self) -> String {
        format!("<Argument: {} of {}>", self.0.name, String::from_utf8_lossy(&self.0.address))
    }
}
