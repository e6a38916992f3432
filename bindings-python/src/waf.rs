//! The engine and its contexts.

use crate::convert::{self, Converted};
use crate::diagnostics::{ConfigurationWarning, Diagnostics, log};
use crate::error::{configuration_error, run_error};
use crate::render;
use crate::result::Result;
use engine::internals::shared::{SharedContext, SharedWaf};
use engine::value::{Input, Limits};
use engine::{Deadline, Diagnostics as EngineDiagnostics, Outcome, RunError};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDelta, PyTuple};
use std::time::Duration;

/// Data with less text than this is evaluated with the GIL held: that takes some ten microseconds, while getting a
/// released GIL back may take milliseconds.
const KEEP_GIL_BELOW: usize = 16 * 1024;

/// The error for rules that do not make a Waf.
const REFUSED: &str = "the rules cannot be used";

/// Longer budgets are cut to this one.
const LONGEST_BUDGET: Duration = Duration::from_secs(3600);

/// What contexts inherit from their Waf.
#[derive(Clone, Copy)]
struct Settings {
    limits: Limits,
    budget: Duration,
}

/// A ruleset, ready to evaluate requests. One for the whole process; threads share it.
///
/// Waf(rules=None, *, timeout=0.005, max_string_length=4096, max_container_size=256, max_container_depth=20,
/// max_values=100000): without rules, the built-in ones are used.
#[pyclass(frozen, module = "bartizan")]
pub struct Waf {
    shared: SharedWaf,
    settings: Settings,
    diagnostics: Py<Diagnostics>,
}

#[pymethods]
impl Waf {
    #[new]
    #[pyo3(signature = (rules=None, *, timeout=None, max_string_length=4096, max_container_size=256,
                        max_container_depth=20, max_values=100_000))]
    fn new(
        py: Python<'_>,
        rules: Option<&Bound<'_, PyAny>>,
        timeout: Option<&Bound<'_, PyAny>>,
        max_string_length: usize,
        max_container_size: usize,
        max_container_depth: usize,
        max_values: usize,
    ) -> PyResult<Self> {
        let limits = Limits {
            string_bytes: max_string_length.min(Limits::WHOLE.string_bytes),
            entries: max_container_size.min(Limits::WHOLE.entries),
            depth: max_container_depth.min(Limits::WHOLE.depth),
            values: max_values.min(Limits::WHOLE.values),
            ..Limits::REQUEST
        };
        let settings = Settings { limits, budget: timeout.map_or(Ok(Duration::from_millis(5)), budget)? };
        let rules = rules.map(|rules| convert::document(rules, REFUSED)).transpose()?;
        let shared = SharedWaf::new();
        let diagnostics = py.detach(|| match &rules {
            Some(rules) => {
                let added = shared.set_rules(rules);
                if added.accepted { Ok(added.diagnostics) } else { Err(added.diagnostics) }
            }
            None => {
                shared.add_builtin();
                Ok(EngineDiagnostics::default())
            }
        });
        match diagnostics {
            Ok(diagnostics) => {
                log(py, &diagnostics)?;
                Ok(Waf { shared, settings, diagnostics: Py::new(py, Diagnostics::from(diagnostics))? })
            }
            Err(diagnostics) => Err(configuration_error(py, format!("{REFUSED}: {diagnostics}"), diagnostics)),
        }
    }

    /// Return a context for one request. It keeps the current rules.
    fn context(&self) -> Context {
        Context { shared: self.shared.context(), settings: self.settings }
    }

    /// Add a configuration, or replace the one under this path, and build a new instance; return the diagnostics.
    ///
    /// Contexts in flight keep the old instance. Raises ConfigurationError if nothing of it can be used.
    fn update(&self, py: Python<'_>, path: &str, config: &Bound<'_, PyAny>) -> PyResult<Diagnostics> {
        let refused = format!("the configuration '{path}' was refused");
        let config = convert::document(config, &refused)?;
        let added = py.detach(|| self.shared.update(path, &config));
        if !added.accepted {
            return Err(configuration_error(py, format!("{refused}: {}", added.diagnostics), added.diagnostics));
        }
        log(py, &added.diagnostics)?;
        Ok(added.diagnostics.into())
    }

    /// Remove a configuration and build a new instance; return whether there was one.
    fn remove(&self, py: Python<'_>, path: &str) -> bool {
        py.detach(|| self.shared.remove(path))
    }

    /// Return the paths of all configurations.
    fn paths(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| self.shared.paths())
    }

    /// The diagnostics of the initial rules.
    #[getter]
    fn diagnostics(&self, py: Python<'_>) -> Py<Diagnostics> {
        self.diagnostics.clone_ref(py)
    }

    /// Warnings about all current configurations.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let warnings = py.detach(|| self.shared.warnings());
        PyTuple::new(py, warnings.into_iter().map(ConfigurationWarning::from))
    }

    /// The addresses that the rules use. Others need not be computed.
    #[getter]
    fn known_addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        render::texts(py, &self.shared.known_addresses())
    }

    /// The types of actions that the rules can trigger.
    #[getter]
    fn known_actions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        render::texts(py, &self.shared.known_actions())
    }

    fn __repr__(&self) -> String {
        format!("<Waf: {}>", self.shared.paths().join(", "))
    }
}

/// The evaluation of one request. It keeps its data and what matched; a rule fires at most once in it.
///
/// Threads may share it; calls are serialized. As a context manager it is closed at the end.
#[pyclass(frozen, module = "bartizan")]
pub struct Context {
    shared: SharedContext,
    settings: Settings,
}

impl Context {
    /// The context, and the budget of an evaluation in it.
    pub fn within(&self) -> (&SharedContext, Duration) {
        (&self.shared, self.settings.budget)
    }
}

#[pymethods]
impl Context {
    /// Evaluate data, a dict from addresses to values, within a budget in seconds or as a timedelta.
    ///
    /// Nothing in the data raises; Result.truncated says what was left out. The GIL is released while data with more
    /// than 16 KiB of text is evaluated.
    #[pyo3(signature = (data, *, timeout=None))]
    fn run(&self, py: Python<'_>, data: &Bound<'_, PyAny>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Result> {
        let deadline = Deadline::from(timeout.map_or(Ok(self.settings.budget), budget)?);
        let converted = convert::request_data(data, self.settings.limits, deadline)?;
        if !converted.value.is_map() {
            let kind = data.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "the data must be a dict from addresses to values, not '{kind}'"
            )));
        }
        evaluate(py, converted, |data, deadline| self.shared.run(data, deadline))
    }

    /// Evaluate several batches of data in order within one budget.
    #[pyo3(signature = (batches, *, timeout=None))]
    fn run_batches(
        &self,
        py: Python<'_>,
        batches: &Bound<'_, PyAny>,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Result> {
        let deadline = Deadline::from(timeout.map_or(Ok(self.settings.budget), budget)?);
        // The list around the batches does not count as a level.
        let limits = Limits { depth: self.settings.limits.depth.saturating_add(1), ..self.settings.limits };
        let converted = convert::request_data(batches, limits, deadline)?;
        if !converted.value.as_array().is_some_and(|maps| maps.iter().all(|map| map.is_map())) {
            return Err(PyTypeError::new_err("the batches must be a list of dicts from addresses to values"));
        }
        evaluate(py, converted, |batches, deadline| self.shared.run_batches(batches, deadline))
    }

    /// Return a context that starts with everything this one knows; from then on the two are independent.
    fn subcontext(&self, py: Python<'_>) -> Context {
        Context { shared: py.detach(|| self.shared.subcontext()), settings: self.settings }
    }

    /// Free the data now. Later calls find nothing.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.shared.close());
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) {
        self.close(py);
    }
}

fn evaluate(
    py: Python<'_>,
    converted: Converted,
    run: impl FnOnce(Input, Deadline) -> std::result::Result<Outcome, RunError> + Send,
) -> PyResult<Result> {
    let Converted { value, truncation, deadline, text_bytes } = converted;
    let data = Input::from(value);
    let outcome = match text_bytes < KEEP_GIL_BELOW {
        true => run(data, deadline),
        false => py.detach(|| run(data, deadline)),
    };
    let mut outcome = outcome.map_err(|error| run_error(py, error))?;
    outcome.incomplete.truncation = truncation;
    Ok(Result::new(outcome))
}

/// Seconds as a number, or a `timedelta`.
fn budget(timeout: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let seconds: f64 = match timeout.is_instance_of::<PyDelta>() {
        true => timeout.call_method0("total_seconds")?.extract()?,
        false => timeout.extract().map_err(|_| PyTypeError::new_err("timeout must be seconds or a timedelta"))?,
    };
    match seconds >= 0.0 {
        true => Ok(Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_BUDGET).min(LONGEST_BUDGET)),
        false => Err(PyValueError::new_err(format!("timeout must not be negative: {seconds}"))),
    }
}
