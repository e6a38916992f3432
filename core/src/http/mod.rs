//! What surrounds the engine in a web process: where a request comes from, what a blocked client gets, what is reported.
//!
//! | file | concept |
//! |---|---|
//! | [`client_ip`] | the client's address behind proxies |
//! | [`addresses`] | a request and a response as engine addresses |
//! | [`block`], [`negotiate`], [`pages`] | the answer to a blocked client |
//! | [`stealth`] | an answer that looks like the application's own login failure |
//! | [`headers`] | header tags |
//! | [`report`] | event and engine tags, retention |
//! | [`body`], [`stacks`] | bounded copies of what a rule asks to attach |
//! | [`rate`], [`sampling`] | how often |
//! | [`quality`] | what makes a request's login events hard to use |
//! | [`settings`] | settings every binding reads alike |

pub mod addresses;
pub mod block;
pub mod body;
pub mod client_ip;
mod gzip;
pub mod headers;
pub mod negotiate;
pub mod pages;
pub mod quality;
pub mod rate;
pub mod report;
pub mod sampling;
pub mod settings;
pub mod stacks;
pub mod stealth;

pub use client_ip::{ADDRESS_HEADERS, ClientAddress, Proxies, ProxyError, client_address, is_public};
