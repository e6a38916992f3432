//! The native half of the Node package `bartizan`.
//!
//! JavaScript writes what it passes into one buffer (`lib/encode.js`), which [`wire`] reads into the engine's values. That
//! takes one call into native code for a whole request instead of several for each string, keeps getters, proxies and
//! cycles on the side of the language that can deal with them, and needs no `unsafe`. Results are rare and go back as
//! JSON text, which V8 reads faster than it takes objects built one property at a time.

mod process;
mod result;
mod sdk;
mod waf;
mod wire;
