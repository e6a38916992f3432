//! The 16-byte tagged value that callers build and the engine reads in place.
//!
//! A tracer hands request data over as a tree of [`Object`]s that it laid out itself (the layout is the ABI of libddwaf
//! 2.x). Copying that tree into a Rust enum would cost more than evaluating it, so the engine reads it in place:
//! [`Object::view`] turns the raw bytes into a borrowed [`View`] in constant time.
//!
//! Three types share the layout and differ in who frees the memory:
//!
//! * [`Object`] is a node, reached only by reference; it owns nothing.
//! * [`Value`] is a tree that this process owns, built and freed with an [`Allocator`] (the Rust heap by default, a
//!   caller's own allocator when a result is handed out through the C ABI).
//! * [`Input`] is a caller's tree kept for the life of a context: owned with the caller's allocator, or borrowed.
//!
//! This is the only room of the crate where `unsafe` is allowed. The invariant behind all of it: **a `&Object`
//! guarantees that its pointers are valid**. Safe code cannot break it: objects are created only through [`Value`], the
//! JSON reader and the [`Intake`], and no code outside the crate can write one. The C boundary has a module of its own,
//! [`raw`], whose callers promise the same with `unsafe`.
//!
//! ```compile_fail
//! let mut value = bartizan::value::Value::from(4096);
//! value.set_tag(bartizan::value::tag::STRING); // would turn a number into a pointer
//! ```
//! ```compile_fail
//! let node: bartizan::value::Object = bartizan::value::Object::INVALID;
//! ```
//! ```compile_fail
//! fn write(value: &mut bartizan::value::Value, node: bartizan::value::Object) {
//!     **value = node; // would free a tree with the wrong allocator
//! }
//! ```
//!
//! Strings are byte strings: nothing here requires UTF-8. Trees may be arbitrarily deep, so every walk in this room
//! (clone, destroy, print) is iterative or bounded. What C lays out need not be a tree: the boundary checks
//! [`Object::is_endless`] before anything walks it.
#![allow(unsafe_code)]

mod allocator;
mod clone;
mod cursor;
mod destroy;
mod extent;
mod filling;
mod float_text;
mod growth;
mod input;
mod intake;
pub mod json;
mod limits;
mod object;
pub mod raw;
mod scalar_text;
mod setters;
mod step;
mod text;
mod tree;

pub use allocator::{Allocator, Heap, OutOfMemory};
pub(crate) use cursor::Cursor;
pub(crate) use filling::{Array, Key, Map};
pub use float_text::FloatStyle;
pub use input::Input;
pub use intake::Intake;
pub use limits::{Limits, Truncation};
pub use object::{Object, Pair, View, tag};
pub use scalar_text::scalar_text;
pub use step::Step;
pub use text::Text;
pub use tree::Value;
