//! The functions about users and HTTP, by name.

use crate::wire::{self, Malformed};
use engine::sdk;
use engine::value::{Limits, Value, json};
use napi::{Error, Result};
use napi_derive::napi;

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

/// A value that is taken as it is.
pub fn whole(bytes: &[u8]) -> Result<Value> {
    let read = wire::read(bytes, Limits::WHOLE);
    read.map(|(value, _)| value).map_err(|Malformed| Error::from_reason("the encoded value is malformed"))
}
