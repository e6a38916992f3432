//! The functions about users and HTTP, by name.

use crate::wire::{self, Malformed};
use engine::sdk::{self, Taken};
use engine::value::{Limits, Value, json};
use napi::{Error, Result};
use napi_derive::napi;
use std::time::Duration;

/// Runs a function that remembers nothing; the result is JSON.
#[napi]
pub fn sdk_call(function: String, arguments: &[u8]) -> Result<String> {
    Ok(json::to_string(&sdk::call(&function, &*whole(arguments)?)))
}

/// The names of the functions that remember nothing.
#[napi]
pub fn sdk_functions() -> Vec<String> {
    sdk::functions().map(String::from).collect()
}

/// What a process remembers between requests: denylist, limits, learned answers.
#[napi]
pub struct NativeService(sdk::Service);

#[napi]
impl NativeService {
    /// A service with these settings.
    #[napi(constructor)]
    pub fn new(settings: &[u8]) -> Result<Self> {
        sdk::Service::new(&*whole(settings)?).map(NativeService).map_err(Error::from_reason)
    }

    /// Runs any function; the result is JSON.
    #[napi]
    pub fn call(&self, function: String, arguments: &[u8]) -> Result<String> {
        Ok(json::to_string(&self.0.call(&function, &*whole(arguments)?)))
    }
}

/// The arguments of a call that may lead to an evaluation, with what is left of its budget in milliseconds.
pub fn taken(bytes: &[u8], left: f64) -> Result<(Value, Taken)> {
    let malformed = |Malformed| Error::from_reason("the encoded value is malformed");
    let (value, truncation) = wire::read(bytes, Limits::WHOLE).map_err(malformed)?;
    let left = Duration::try_from_secs_f64(left / 1000.0).unwrap_or_default();
    Ok((value, Taken { truncation, deadline: Some(left.into()) }))
}

/// A value that is taken as it is.
pub fn whole(bytes: &[u8]) -> Result<Value> {
    let read = wire::read(bytes, Limits::WHOLE);
    read.map(|(value, _)| value).map_err(|Malformed| Error::from_reason("the encoded value is malformed"))
}
