//! The engine of a process and its requests, by name.

use crate::detector::NativeDetector;
use crate::later::EngineCall;
use crate::sdk::{taken, whole};
use engine::internals::config::{Warning, warning};
use engine::internals::sdk::{self, EngineError};
use engine::protect;
use engine::value::{Value, json};
use napi::bindgen_prelude::AsyncTask;
use napi::{Error, Result};
use napi_derive::napi;
use std::sync::Arc;

/// The engine of a process, or the reason why there is none, as an exception thrown by a constructor can only hold a
/// message.
#[napi]
pub struct NativeEngine {
    engine: std::result::Result<Arc<protect::Engine>, EngineError>,
    report: String,
}

/// One request.
#[napi]
pub struct NativeRequest(protect::Request);

#[napi]
impl NativeEngine {
    /// An engine with these settings.
    #[napi(constructor)]
    pub fn new(settings: &[u8]) -> Result<Self> {
        Ok(match sdk::new_engine(&*whole(settings)?) {
            Ok((engine, report)) => Self { engine: Ok(engine), report: json::to_string(&report) },
            Err(error) => Self { report: json::to_string(&error.to_value()), engine: Err(error) },
        })
    }

    /// What was loaded and refused; JSON. `error` in it means that there is no engine; `diagnostics` beside it that the
    /// rules are the reason.
    #[napi(getter)]
    pub fn report(&self) -> String {
        self.report.clone()
    }

    /// How long an evaluation may take, in milliseconds.
    #[napi(getter)]
    pub fn budget(&self) -> Result<f64> {
        Ok(self.engine()?.budget().as_secs_f64() * 1000.0)
    }

    /// Warnings about all configurations; JSON.
    #[napi]
    pub fn warnings(&self) -> Result<String> {
        Ok(json::to_string(&self.engine()?.warnings().iter().map(Warning::to_value).collect::<Value>()))
    }

    /// Warnings about the initial rules in one line; empty if there are none.
    #[napi(getter)]
    pub fn doubts(&self) -> Result<String> {
        Ok(warning::summary(&self.engine()?.diagnostics().warnings))
    }

    /// Runs a function of the engine; the result is JSON.
    #[napi]
    pub fn call(&self, function: String, arguments: &[u8]) -> Result<String> {
        Ok(json::to_string(&sdk::call_engine(self.engine()?, &function, &*whole(arguments)?)))
    }

    /// Runs a function of the engine beside the event loop; the promise's result is JSON.
    #[napi]
    pub fn call_later(&self, function: String, arguments: &[u8]) -> Result<AsyncTask<EngineCall>> {
        let arguments = whole(arguments)?;
        Ok(AsyncTask::new(EngineCall { engine: self.engine()?.clone(), function, arguments }))
    }

    /// The detector of account takeover, or null where detection is turned off.
    #[napi]
    pub fn takeover(&self) -> Result<Option<NativeDetector>> {
        Ok(self.engine()?.takeover().map(|detector| detector.clone().into()))
    }

    /// Begins a request.
    #[napi]
    pub fn request(&self) -> Result<NativeRequest> {
        Ok(NativeRequest(self.engine()?.request()))
    }

    fn engine(&self) -> Result<&Arc<protect::Engine>> {
        self.engine.as_ref().map_err(|error| Error::from_reason(error.to_string()))
    }
}

#[napi]
impl NativeRequest {
    /// Runs a function of the request, with what is left of the budget in milliseconds; the result is JSON.
    #[napi]
    pub fn call(&mut self, function: String, arguments: &[u8], left: f64) -> Result<String> {
        let (arguments, taken) = taken(arguments, left)?;
        Ok(json::to_string(&sdk::call_request(&mut self.0, &function, &arguments, taken)))
    }

    /// The same, but null for an evaluation that found nothing.
    #[napi]
    pub fn call_briefly(&mut self, function: String, arguments: &[u8], left: f64) -> Result<Option<String>> {
        let (arguments, taken) = taken(arguments, left)?;
        let result = sdk::call_request_briefly(&mut self.0, &function, &arguments, taken);
        Ok(result.map(|result| json::to_string(&result)))
    }

    /// Names the route of the application that serves the request, for log lines.
    #[napi]
    pub fn route(&mut self, route: String) {
        self.0.set_route(route);
    }

    /// Takes the next piece of the body, which is read in place; false once no more is read.
    #[napi]
    pub fn body(&mut self, piece: &[u8]) -> bool {
        self.0.body(piece)
    }
}
