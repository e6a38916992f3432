//! The functions about users and HTTP, by name.

use crate::result::reply;
use crate::waf::{NativeContext, duration};
use crate::wire::{self, Malformed};
use engine::internals::sdk::{self, Arguments};
use engine::internals::shared::SharedScope;
use engine::protect::{self, Taken};
use engine::value::{Limits, Truncation, Value, json};
use napi::bindgen_prelude::{Array, ClassInstance};
use napi::{Env, Error, Result};
use napi_derive::napi;
use std::time::Duration;

/// Runs a stateless function; the result is JSON.
#[napi]
pub fn sdk_call(function: String, arguments: &[u8]) -> Result<String> {
    Ok(json::to_string(&sdk::call(&function, &*whole(arguments)?)))
}

/// The names of the stateless functions.
#[napi]
pub fn sdk_functions() -> Vec<String> {
    sdk::functions().map(String::from).collect()
}

/// The state of a process between requests: denylist, limits, learned responses.
#[napi]
pub struct NativeService(protect::Service);

#[napi]
impl NativeService {
    /// A service with these settings.
    #[napi(constructor)]
    pub fn new(settings: &[u8]) -> Result<Self> {
        sdk::new_service(&*whole(settings)?).map(NativeService).map_err(Error::from_reason)
    }

    /// Runs any function; the result is JSON.
    #[napi]
    pub fn call(&self, function: String, arguments: &[u8]) -> Result<String> {
        Ok(json::to_string(&sdk::call_service(&self.0, &function, &*whole(arguments)?)))
    }
}

/// The user state of a request without an engine.
#[napi]
#[derive(Default)]
pub struct NativeScope(SharedScope);

#[napi]
impl NativeScope {
    /// The scope of a new request.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a call about a user and evaluates its addresses in the context, within a budget in milliseconds. Returns an
    /// array of the call's result in JSON and, as for an evaluation, what was found, or null.
    #[napi]
    pub fn call<'e>(
        &self,
        env: &'e Env,
        function: String,
        arguments: &[u8],
        context: Option<ClassInstance<'e, NativeContext>>,
        budget: f64,
    ) -> Result<Array<'e>> {
        let context = context.as_ref().map(|context| (context.shared(), duration(budget)));
        let called = self.0.call(&function, &*whole(arguments)?, context);
        let (answer, found) = called.map_err(|error| Error::from_reason(error.to_string()))?;
        let found = found.map(|outcome| reply(env, &outcome, Truncation::default())).transpose()?;
        let mut both = env.create_array(0)?;
        both.set(0, json::to_string(&answer))?;
        both.set(1, found)?;
        Ok(both)
    }
}

/// How the arguments of a request's call are converted: which share the budget, which are converted as a whole, and the
/// bounds of each of the others.
#[napi(object)]
pub struct ArgumentRules {
    pub shared: Vec<String>,
    pub whole: Vec<String>,
    pub string_length: u32,
    pub container_size: u32,
    pub container_depth: u32,
    pub values: u32,
    pub text_bytes: u32,
}

/// The engine's rules.
#[napi]
pub fn argument_rules() -> ArgumentRules {
    let Limits { string_bytes, entries, depth, values, text_bytes } = Arguments::BOUNDS;
    ArgumentRules {
        shared: Arguments::SHARED.map(String::from).into(),
        whole: Arguments::WHOLE.map(String::from).into(),
        string_length: string_bytes as u32,
        container_size: entries as u32,
        container_depth: depth as u32,
        values: values as u32,
        text_bytes: text_bytes as u32,
    }
}

/// The arguments of a call that may lead to an evaluation, with what is left of its budget in milliseconds.
pub fn taken(bytes: &[u8], left: f64) -> Result<(Value, Taken)> {
    let left = Duration::try_from_secs_f64(left / 1000.0).unwrap_or_default();
    wire::read_arguments(bytes, left.into()).map_err(|Malformed| Error::from_reason("the encoded value is malformed"))
}

/// A value without limits.
pub fn whole(bytes: &[u8]) -> Result<Value> {
    let read = wire::read(bytes, Limits::WHOLE);
    read.map(|(value, _)| value).map_err(|Malformed| Error::from_reason("the encoded value is malformed"))
}
