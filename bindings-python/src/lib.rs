//! The native half of the Python package `bartizan`.
//!
//! It only converts: Python objects become the engine's values ([`convert`]), outcomes become typed, frozen objects
//! ([`result`], [`diagnostics`]), and calls are forwarded ([`waf`]). `python/bartizan/_native.pyi` declares the types
//! for Python and must be kept in step.

mod convert;
mod detector;
mod diagnostics;
mod error;
mod fork;
mod process;
mod render;
mod result;
mod sdk;
mod waf;

/// `gil_used = false`: all classes are frozen and contain only what threads may share.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::detector::{Detector, Export, Inbox};
    #[pymodule_export]
    use crate::diagnostics::{ConfigurationWarning, Diagnostics, Section};
    #[pymodule_export]
    use crate::process::{Engine, Request};
    #[pymodule_export]
    use crate::result::{Argument, Event, Match, Result, Rule, Truncated};
    #[pymodule_export]
    use crate::sdk::{Scope, Service, sdk_call, sdk_functions};
    #[pymodule_export]
    use crate::waf::{Context, Waf};
    use pyo3::prelude::*;
    #[pymodule_export]
    const ENGINE_VERSION: &str = engine::ENGINE_VERSION;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::fork::register(module)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
