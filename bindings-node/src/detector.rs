//! Detection of account takeover, by name.

use crate::later::Tick;
use crate::sdk::whole;
use engine::internals::sdk;
use engine::takeover::{Detector, Export};
use engine::value::{Value, json};
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi::{Error, Result};
use napi_derive::napi;
use std::sync::Arc;

/// A detector of account takeover, of its own or that of an engine.
#[napi]
pub struct NativeDetector(Arc<Detector>);

impl From<Arc<Detector>> for NativeDetector {
    fn from(detector: Arc<Detector>) -> Self {
        NativeDetector(detector)
    }
}

#[napi]
impl NativeDetector {
    /// A detector with these settings.
    #[napi(constructor)]
    pub fn new(settings: &[u8]) -> Result<Self> {
        let made = sdk::new_detector(&*whole(settings)?).map_err(Error::from_reason)?;
        Ok(NativeDetector(Arc::new(made.0)))
    }

    /// A detector that continues where another one stopped.
    #[napi(factory)]
    pub fn restore(settings: &[u8], snapshot: &[u8]) -> Result<Self> {
        let made = sdk::restore_detector(&*whole(settings)?, snapshot).map_err(Error::from_reason)?;
        Ok(NativeDetector(Arc::new(made.0)))
    }

    /// Sets the document of a path; returns its diagnostics and warnings as JSON.
    #[napi]
    pub fn apply(&self, path: String, document: &[u8]) -> Result<String> {
        Ok(json::to_string(&self.0.apply(&path, &*whole(document)?).to_value_with_warnings()))
    }

    /// Runs a function of the detector; the result is JSON.
    #[napi]
    pub fn call(&self, function: String, arguments: &[u8]) -> Result<String> {
        Ok(json::to_string(&sdk::call_detector(&self.0, &function, &*whole(arguments)?)))
    }

    /// Does pending work beside the event loop; returns a promise.
    #[napi]
    pub fn tick_later(&self) -> AsyncTask<Tick> {
        AsyncTask::new(Tick(self.0.clone()))
    }

    /// The state to keep across a restart.
    #[napi]
    pub fn snapshot(&self) -> Buffer {
        self.0.snapshot().into()
    }

    /// A file about a signal, or null without such a signal.
    #[napi]
    pub fn export(&self, id: String, file: String) -> Result<Option<NativeExport>> {
        let arguments = Value::from_entries([("id", id), ("file", file)]);
        Ok(sdk::export(&self.0, &arguments).map_err(Error::from_reason)?.map(NativeExport))
    }

    /// Collects notifications until JavaScript reads them, as other threads cannot call it.
    #[napi]
    pub fn inbox(&self, wanted: &[u8]) -> Result<NativeInbox> {
        sdk::Inbox::open(&self.0, &*whole(wanted)?).map(NativeInbox).map_err(Error::from_reason)
    }
}

/// A file about a signal, piece by piece.
#[napi]
pub struct NativeExport(Export);

#[napi]
impl NativeExport {
    /// The next piece, null after the last.
    #[napi]
    pub fn next(&mut self) -> Option<Buffer> {
        self.0.next().map(Buffer::from)
    }
}

/// Notifications that wait to be read.
#[napi]
pub struct NativeInbox(sdk::Inbox);

#[napi]
impl NativeInbox {
    /// Removes and returns the oldest one as JSON, or null.
    #[napi]
    pub fn take(&self) -> Option<String> {
        self.0.take().map(|notification| json::to_string(&notification))
    }

    /// How many were dropped because the queue was full.
    #[napi(getter)]
    pub fn dropped(&self) -> f64 {
        self.0.dropped() as f64
    }

    /// The number that `unsubscribe` takes.
    #[napi(getter)]
    pub fn subscription(&self) -> f64 {
        self.0.subscription() as f64
    }
}
