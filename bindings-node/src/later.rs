//! Work that takes longer than the event loop may stand still: building the rules of an engine anew takes tens of
//! milliseconds. It runs on a thread of libuv's pool, and JavaScript gets a promise.

use engine::internals::sdk;
use engine::protect;
use engine::takeover::Detector;
use engine::value::{Value, json};
use napi::{Env, Result, Task};
use std::sync::Arc;

/// A function of an engine; the result is JSON.
pub struct EngineCall {
    pub engine: Arc<protect::Engine>,
    pub function: String,
    pub arguments: Value,
}

impl Task for EngineCall {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        Ok(json::to_string(&sdk::call_engine(&self.engine, &self.function, &self.arguments)))
    }

    fn resolve(&mut self, _: Env, json: String) -> Result<String> {
        Ok(json)
    }
}

/// The pending work of a detector, which may publish rules.
pub struct Tick(pub Arc<Detector>);

impl Task for Tick {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> Result<()> {
        self.0.tick();
        Ok(())
    }

    fn resolve(&mut self, _: Env, (): ()) -> Result<()> {
        Ok(())
    }
}
