//! A [tower](https://docs.rs/tower) layer that protects a service: an example to start from.
//!
//! [`ProtectLayer`] evaluates the head of each request and its body before the service sees it, and the head of the response
//! before it is sent; it answers in the service's place where the engine, or a call of the service about a user, says so; and
//! it hands the report of each request to a function, which writes it to the span.
//!
//! The service finds its request in the extensions of the HTTP request, as [`Protected`]:
//!
//! ```
//! use bartizan::protect::{Login, User};
//! use bartizan_tower::Protected;
//!
//! fn log_in<B>(request: &http::Request<B>, login: &str) {
//!     if let Some(protected) = request.extensions().get::<Protected>() {
//!         protected.with(|request| request.login_success(&Login::of(login).user(User::new("u-1"))));
//!     }
//! }
//! ```
//!
//! Bodies are read up to a limit and then replayed. What is larger goes through unread, and is reported as not inspected.

mod body;
mod parse;
mod service;

pub use body::{Answered, Replayed};
pub use service::{Protect, ProtectLayer, Protected};
