//! An example [tower](https://docs.rs/tower) layer that protects a service.
//!
//! [`ProtectLayer`] evaluates the head of each request and its body before the service sees it, and the head of the
//! response before it is sent. It responds in place of the service if the engine, or a call of the service about a
//! user, requires it, and passes the report of each request to a function, which writes it to the span.
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
//! Bodies are read up to a limit and then replayed. Larger ones pass unread, and are reported as not inspected.

mod body;
mod parse;
mod service;

pub use body::{Answered, Replayed};
pub use service::{Protect, ProtectLayer, Protected};
