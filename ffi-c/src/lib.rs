//! The C library: the ABI of libddwaf 2.x (`include/ddwaf.h`) and bartizan's own additions (`include/bartizan.h`).
//!
//! Nothing is decided here. An entry point turns pointers into references, calls the engine behind a panic wall, and
//! turns the answer into what the ABI promises:
//!
//! * [`pointers`] is the only file where a caller's pointer becomes a reference; the promises callers make are written
//!   there, once. Every pointer may be null; each entry point says what null gives.
//! * [`wall`] is the panic boundary. A panic becomes a log line and the neutral answer of the entry point, and the
//!   object it happened in answers nothing any more.
//! * [`abi`] holds the types as C sees them. The engine's own [`Object`](engine::value::Object) has the same layout,
//!   which is checked at compile time.
//!
//! The remaining files hold one group of entry points each. Their doc comments are the documentation of the headers,
//! which cbindgen writes; a test fails when the committed headers differ from the source.
#![allow(unsafe_code)] // the boundary is made of it; every block names the invariant it rests on
#![allow(non_camel_case_types)] // the names are the ABI's
#![allow(clippy::missing_safety_doc)] // `pointers` states what callers promise; each comment adds what is special
#![allow(missing_docs)] // only C sees these names, and the headers carry their comments

pub mod abi;
mod allocator;
mod bartizan;
mod builder;
mod containers;
mod context;
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
