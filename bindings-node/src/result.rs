//! What native calls hand back to `lib/`.

use engine::value::{Truncation, json};
use engine::{Added, Diagnostics, Outcome};
use napi_derive::napi;

/// The outcome of a call. What is empty most of the time comes as JSON, or not at all.
#[napi(object)]
pub struct NativeResult {
    /// Nanoseconds.
    pub duration: f64,
    /// The budget was used up.
    pub timeout: bool,
    /// The trace should be kept.
    pub keep: bool,
    /// Batches evaluated completely.
    pub evaluated: f64,
    /// A blocking action is asked for.
    pub blocked: bool,
    /// The whole outcome, if there is anything in it.
    pub found: Option<String>,
    /// Sizes of what was cut, if anything was: string length, container size, container depth.
    pub truncated: Option<Vec<f64>>,
}

impl NativeResult {
    /// The outcome as JavaScript takes it.
    pub fn new(outcome: &Outcome, truncation: Truncation) -> Self {
        let sizes = [truncation.string_length, truncation.container_size, truncation.container_depth];
        NativeResult {
            duration: outcome.duration.as_nanos() as f64,
            timeout: outcome.timeout,
            keep: outcome.keep,
            evaluated: outcome.evaluated as f64,
            blocked: outcome.blocking_action().is_some(),
            found: outcome.is_match().then(|| json::to_string(&outcome.to_value())),
            truncated: truncation.any().then(|| sizes.iter().map(|size| *size as f64).collect()),
        }
    }
}

/// What became of a configuration.
#[napi(object)]
pub struct NativeAdded {
    /// It is in use.
    pub accepted: bool,
    /// What was wrong, in a line.
    pub message: String,
    /// The diagnostics as JSON.
    pub diagnostics: String,
}

impl From<Added> for NativeAdded {
    fn from(added: Added) -> Self {
        NativeAdded { accepted: added.accepted, ..NativeAdded::from(&added.diagnostics) }
    }
}

impl From<&Diagnostics> for NativeAdded {
    fn from(diagnostics: &Diagnostics) -> Self {
        NativeAdded {
            accepted: true,
            message: diagnostics.to_string(),
            diagnostics: json::to_string(&diagnostics.to_value()),
        }
    }
}
