//! Telling the engine about forks.

use engine::internals::support::fork::tell_process;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Registers a fork handler, so that the engine need not ask the system for its process id.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // Only systems that fork have it.
    let Ok(register) = module.py().import("os")?.getattr("register_at_fork") else { return Ok(()) };
    let handlers = PyDict::new(module.py());
    handlers.set_item("after_in_child", wrap_pyfunction!(enter_process, module)?)?;
    register.call((), Some(&handlers))?;
    enter_process();
    Ok(())
}

/// Runs first thing in every forked child.
#[pyfunction]
fn enter_process() {
    tell_process();
}
