//! The C library: the ABI of libddwaf 2.x (`include/ddwaf.h`) and bartizan's own additions (`include/bartizan.h`).
//!
//! Nothing is decided here. An entry point turns pointers into references, calls the engine behind a panic wall, and
//! converts the result as the ABI promises:
//!
//! * [`pointers`] is the only file in which a caller's pointer becomes a reference, and states the promises of callers
//!   once. Every pointer may be null; each entry point says what happens then.
//! * [`wall`] is the panic boundary. A panic becomes a log line and the neutral result of the entry point, and the
//!   object in which it happened can no longer be used.
//! * [`abi`] has the types as C sees them. The engine's own [`Object`](engine::value::Object) has the same layout,
//!   which is checked at compile time.
//!
//! The remaining files hold one group of entry points each. Their doc comments, without the sections on safety, are the
//! documentation of the headers, which cbindgen writes; a test fails when the committed headers differ from the source.
#![allow(unsafe_code)] // the C boundary needs it; every block names its invariant
#![allow(non_camel_case_types)] // the names are the ABI's
#![allow(missing_docs)] // only C sees these names, and the headers carry their comments

pub mod abi;
mod allocator;
mod bartizan;
mod builder;
mod containers;
mod context;
mod detector;
mod handle;
mod inspect;
mod json;
mod log;
mod pointers;
mod scalars;
mod sdk;
mod version;
mod wall;
mod warnings;
