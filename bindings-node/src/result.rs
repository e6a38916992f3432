//! What native calls return to `lib/`.

use engine::internals::config::warning;
use engine::value::{Truncation, json};
use engine::{Added, Diagnostics, Outcome};
use napi::bindgen_prelude::{Array, Either};
use napi::{Env, Result};
use napi_derive::napi;

/// The outcome of a call: only the figures if nothing was found and nothing cut; otherwise an array of
///
/// - the figures,
/// - the number of batches evaluated completely,
/// - the whole outcome as JSON, or nothing,
/// - and, if anything was cut, the sizes: string length, container size, container depth, and 1 if time ran out before
///   everything was converted.
///
/// It is this compact because a property of an object costs as much as evaluating a short string.
pub type Reply<'e> = Either<f64, Array<'e>>;

/// The bits below the nanoseconds in the figures of a call.
const TIMEOUT: u64 = 1;
const KEEP: u64 = 2;
const BLOCKED: u64 = 4;
const EVALUATED: u64 = 8;
const FLAGS: u64 = 16;

/// The outcome in the form that `lib/result.js` reads.
pub fn reply<'e>(env: &'e Env, outcome: &Outcome, truncation: Truncation) -> Result<Reply<'e>> {
    let flag = |set: bool, bit: u64| if set { bit } else { 0 };
    let flags = flag(outcome.timeout, TIMEOUT)
        + flag(outcome.keep, KEEP)
        + flag(outcome.blocking_action().is_some(), BLOCKED)
        + flag(outcome.evaluated == 1, EVALUATED);
    let figures = outcome.duration.as_nanos() as f64 * FLAGS as f64 + flags as f64;
    let found = outcome.is_match();
    if !found && !truncation.any() && outcome.evaluated <= 1 {
        return Ok(Either::A(figures));
    }
    let mut reply = env.create_array(0)?;
    reply.set(0, figures)?;
    reply.set(1, outcome.evaluated as f64)?;
    reply.set(2, found.then(|| json::to_string(&outcome.to_value())))?;
    if truncation.any() {
        let Truncation { string_length, container_size, container_depth, unfinished } = truncation;
        let sizes = [string_length, container_size, container_depth, u64::from(unfinished)];
        for (at, size) in (3..).zip(sizes) {
            reply.set(at, size as f64)?;
        }
    }
    Ok(Either::B(reply))
}

/// The outcome of adding a configuration.
#[napi(object)]
pub struct NativeAdded {
    /// Whether it is in use.
    pub accepted: bool,
    /// What was wrong, in one line.
    pub message: String,
    /// The diagnostics as JSON, with the warnings.
    pub diagnostics: String,
    /// Warnings in one line; empty if there are none.
    pub doubts: String,
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
            diagnostics: json::to_string(&diagnostics.to_value_with_warnings()),
            doubts: warning::summary(&diagnostics.warnings),
        }
    }
}
