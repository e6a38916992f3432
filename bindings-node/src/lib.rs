//! The native half of the Node package `bartizan`.
//!
//! JavaScript writes its arguments into one buffer (`lib/encode.js`), which [`wire`] reads into the engine's values.
//! That takes one native call for a whole request instead of several for each string, leaves getters, proxies and
//! cycles to JavaScript, which can handle them, and needs no `unsafe`. Results are rare and are returned as JSON text,
//! which V8 parses faster than native code builds objects property by property.

mod detector;
mod later;
mod native_appsec;
mod process;
mod result;
mod sdk;
mod waf;
mod wire;
