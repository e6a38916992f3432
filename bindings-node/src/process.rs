//! The engine of a process and its requests, by name.

use crate::sdk::{taken, whole};
use engine::sdk;
use engine::value::json;
use napi::{Error, Result};
use napi_derive::napi;
use std::sync::Arc;

/// The engine of a process: rules, remote configuration, denylist and limits.
#[napi]
pub struct NativeEngine {
    engine: Arc<sdk::Engine>,
    report: String,
}

/// One request.
#[napi]
pub struct NativeRequest(sdk::Request);

#[napi]
impl NativeEngine {
    /// An engine with these settings.
    #[napi(constructor)]
    pub fn new(settings: &[u8]) -> Result<Self> {
        let (engine, report) = sdk::Engine::new(&*whole(settings)?).map_err(Error::from_reason)?;
        Ok(Self { engine, report: json::to_string(&report) })
    }

    /// What was loaded and refused; JSON.
    #[napi(getter)]
    pub fn report(&self) -> String {
        self.report.clone()
    }

    /// How long an evaluation may take, in milliseconds.
    #[napi(getter)]
    pub fn budget(&self) -> f64 {
        self.engine.budget().as_secs_f64() * 1000.0
    }

    /// Runs a function of the engine; the result is JSON.
    #[napi]
    pub fn call(&self, function: String, arguments: &[u8]) -> Result<String> {
        Ok(json::to_string(&self.engine.call(&function, &*whole(arguments)?)))
    }

    /// Begins a request.
    #[napi]
    pub fn request(&self) -> NativeRequest {
        NativeRequest(self.engine.request())
    }
}

#[napi]
impl NativeRequest {
    /// Runs a function of the request, with what is left of the budget in milliseconds; the result is JSON.
    #[napi]
    pub fn call(&mut self, function: String, arguments: &[u8], left: f64) -> Result<String> {
        let (arguments, taken) = taken(arguments, left)?;
        Ok(json::to_string(&self.0.call_taken(&function, &arguments, taken)))
    }
}
